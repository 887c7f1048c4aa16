//! What people read when the API refuses: a title per code and a sentence per code, reason or field code, in each
//! language. Programs decide by the code; nothing here is part of the contract except that every code has its words.
//!
//! Tone (design/README.md): what happened, that nothing was lost, what to do; no blame, no jargon, informal "you".
//! `docs/ERRORS.md` explains the same codes to authors of clients, and the tests hold the two together.

mod de;
mod en;
mod es;
mod fr;
mod it;

#[cfg(test)]
mod tests;

use base::Lang;

/// Every `code` of a problem document. Append-only: clients decide by them.
pub const CODES: &[&str] = &[
    "unauthenticated",
    "mfa_required",
    "forbidden",
    "not_found",
    "method_not_allowed",
    "validation",
    "malformed",
    "conflict",
    "limit_reached",
    "plan_required",
    "rate_limited",
    "payment_required",
    "unavailable",
    "internal",
    "precondition_failed",
    "precondition_required",
    "unsupported_media_type",
    "payload_too_large",
    "request_timeout",
    "header_too_large",
    "idempotency_key_reused",
    "idempotency_in_progress",
    "csrf",
    "account_locked",
    "account_inactive",
    "wrong_credentials",
];

/// Every finer `reason` that may stand beside a code. Append-only.
pub const REASONS: &[&str] = &[
    "email_taken",
    "already_linked",
    "already_answered",
    "invitation_pending",
    "cooldown",
    "not_editable",
    "partner_gone",
    "invitation_expired",
    "own_address",
    "too_soon",
    "too_far",
    "in_past",
    "too_many_open",
    "already_used",
    "token_invalid",
    "no_partner",
    "unlock_required",
    "code_invalid",
    "receipt_invalid",
    "regular_members_only",
    "mfa_enabled",
    "mfa_not_started",
    "wrong_code",
    "second_factor_needed",
    "message_deleted",
    "window_over",
    "blocked",
    "no_room",
    "own_message",
    "file_in_use",
    "not_uploaded",
    "too_many_uploads",
    "in_call",
    "call_over",
    "call_answered",
    "call_not_answered",
];

/// Every `code` inside `errors`, about one field. A reason may stand there too, where a field is its cause. Append-only.
pub const FIELD_CODES: &[&str] = &[
    "required",
    "too_short",
    "too_long",
    "out_of_range",
    "wrong_type",
    "unknown_value",
    "invalid_email",
    "invalid_zone",
    "invalid_date",
    "invalid_time",
    "invalid_cursor",
    "invalid_id",
    "must_be_true",
    "unknown_member",
    "invalid_phone",
    "unchanged",
    "invalid_image",
    "own_id",
    "invalid_emoji",
    "executable",
    "invalid_file",
];

/// The words of one language.
struct Words {
    /// Code, title, sentence.
    codes: &'static [(&'static str, &'static str, &'static str)],
    /// Reason or field code, sentence.
    finer: &'static [(&'static str, &'static str)],
}

const fn of(lang: Lang) -> &'static Words {
    match lang {
        Lang::En => &en::WORDS,
        Lang::Es => &es::WORDS,
        Lang::Fr => &fr::WORDS,
        Lang::It => &it::WORDS,
        Lang::De => &de::WORDS,
    }
}

/// A short heading for the problem. A code that is not in [`CODES`] reads like `internal`.
pub fn title(code: &str, lang: Lang) -> &'static str {
    let titled = |code: &str| of(lang).codes.iter().find(|(known, _, _)| *known == code).map(|(_, title, _)| *title);
    titled(code).or_else(|| titled("internal")).unwrap_or_default()
}

/// A sentence for a code, a reason or a field code; `None` when there is no such key.
pub fn detail(key: &str, lang: Lang) -> Option<&'static str> {
    let words = of(lang);
    let finer = words.finer.iter().find(|(known, _)| *known == key).map(|(_, detail)| *detail);
    finer.or_else(|| words.codes.iter().find(|(known, _, _)| *known == key).map(|(_, _, detail)| *detail))
}
