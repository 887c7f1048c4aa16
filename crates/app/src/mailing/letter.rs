//! The letters the product writes, and the facts in each.

use super::{
    layout::{one_line, paragraphs},
    words::{Language, Letters, Words},
};

/// A mail to one person. Names are as their owners typed them; `link` is absolute and made by us
/// (`{edge.public_url}/verify?token=…` and its kin, product/api.md).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Letter<'a> {
    /// After signing up, and on demand.
    VerifyEmail { name: &'a str, link: &'a str },
    /// On demand; the link is good for 24 hours.
    ResetPassword { name: &'a str, link: &'a str },
    /// Notice after a change with the old password.
    PasswordChanged { name: &'a str },
    /// Notice after a reset by link; all sessions have ended.
    PasswordReset { name: &'a str },
    /// To an address that may have no account.
    PartnerInvitation { inviter: &'a str, link: &'a str, code: &'a str },
    /// To a member.
    PartnerInvitationKnown { name: &'a str, inviter: &'a str, link: &'a str, code: &'a str },
    /// To the inviter.
    InvitationAccepted { name: &'a str, partner: &'a str },
    /// To the inviter. `partner` may be the invited address when there is no name.
    InvitationDeclined { name: &'a str, partner: &'a str },
    /// To either side; it does not say who ended the link.
    CoupleEnded { name: &'a str },
    /// To the address that is to be replaced.
    EmailChangeOld { name: &'a str, link: &'a str },
    /// To the address that is to become the account's.
    EmailChangeNew { name: &'a str, link: &'a str },
    /// Notice to both addresses after a change.
    EmailChanged { name: &'a str },
    /// To a new member whose account was made without a password; the link is good for 7 days.
    SetUpPassword { name: &'a str, link: &'a str },
    /// Proof of a contact address; `minutes` is how long the code is good.
    ContactCode { code: &'a str, minutes: u32 },
    /// A note sent by mail to someone who may have no account.
    LoveNote { sender: &'a str, title: Option<&'a str>, content: &'a str, join_link: &'a str },
    /// Security notice. `device` is the session's description; empty when nothing is known.
    NewSignIn { name: &'a str, device: &'a str },
}

/// What a letter says, cleaned for prose: names are one line and hold no address that a mail program would make a link.
#[derive(Default)]
pub(super) struct Facts<'a> {
    /// Whom the letter greets.
    pub(super) name: Option<String>,
    /// What the sentences may name.
    pub(super) values: Vec<(&'static str, String)>,
    pub(super) link: Option<&'a str>,
    pub(super) code: Option<&'a str>,
    /// Title and content of a note.
    pub(super) quote: Option<(Option<String>, String)>,
}

impl<'a> Facts<'a> {
    fn to(name: &str) -> Self {
        Self { name: Some(one_line(name)), ..Self::default() }
    }
    fn value(mut self, key: &'static str, value: &str) -> Self {
        self.values.push((key, one_line(value)));
        self
    }
    fn link(mut self, link: &'a str) -> Self {
        self.link = Some(link);
        self
    }
    fn code(mut self, code: &'a str) -> Self {
        self.code = Some(code);
        self
    }
}

impl<'a> Letter<'a> {
    /// The stable name of this kind of letter, for the outbox and for feedback.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::VerifyEmail { .. } => "verify_email",
            Self::ResetPassword { .. } => "reset_password",
            Self::PasswordChanged { .. } => "password_changed",
            Self::PasswordReset { .. } => "password_reset",
            Self::PartnerInvitation { .. } => "partner_invitation",
            Self::PartnerInvitationKnown { .. } => "partner_invitation_known",
            Self::InvitationAccepted { .. } => "invitation_accepted",
            Self::InvitationDeclined { .. } => "invitation_declined",
            Self::CoupleEnded { .. } => "couple_ended",
            Self::EmailChangeOld { .. } => "email_change_old",
            Self::EmailChangeNew { .. } => "email_change_new",
            Self::EmailChanged { .. } => "email_changed",
            Self::SetUpPassword { .. } => "set_up_password",
            Self::ContactCode { .. } => "contact_code",
            Self::LoveNote { .. } => "love_note",
            Self::NewSignIn { .. } => "new_sign_in",
        }
    }

    pub(super) const fn words<'w>(&self, letters: &'w Letters) -> &'w Words {
        match self {
            Self::VerifyEmail { .. } => &letters.verify_email,
            Self::ResetPassword { .. } => &letters.reset_password,
            Self::PasswordChanged { .. } => &letters.password_changed,
            Self::PasswordReset { .. } => &letters.password_reset,
            Self::PartnerInvitation { .. } => &letters.partner_invitation,
            Self::PartnerInvitationKnown { .. } => &letters.partner_invitation_known,
            Self::InvitationAccepted { .. } => &letters.invitation_accepted,
            Self::InvitationDeclined { .. } => &letters.invitation_declined,
            Self::CoupleEnded { .. } => &letters.couple_ended,
            Self::EmailChangeOld { .. } => &letters.email_change_old,
            Self::EmailChangeNew { .. } => &letters.email_change_new,
            Self::EmailChanged { .. } => &letters.email_changed,
            Self::SetUpPassword { .. } => &letters.set_up_password,
            Self::ContactCode { .. } => &letters.contact_code,
            Self::LoveNote { .. } => &letters.love_note,
            Self::NewSignIn { .. } => &letters.new_sign_in,
        }
    }

    pub(super) fn facts(&self, language: &Language) -> Facts<'a> {
        match *self {
            Self::VerifyEmail { name, link }
            | Self::ResetPassword { name, link }
            | Self::SetUpPassword { name, link }
            | Self::EmailChangeOld { name, link }
            | Self::EmailChangeNew { name, link } => Facts::to(name).link(link),
            Self::PasswordChanged { name }
            | Self::PasswordReset { name }
            | Self::EmailChanged { name }
            | Self::CoupleEnded { name } => Facts::to(name),
            Self::PartnerInvitation { inviter, link, code } => {
                Facts::default().value("inviter", inviter).link(link).code(code)
            }
            Self::PartnerInvitationKnown { name, inviter, link, code } => {
                Facts::to(name).value("inviter", inviter).link(link).code(code)
            }
            Self::InvitationAccepted { name, partner } | Self::InvitationDeclined { name, partner } => {
                Facts::to(name).value("partner", partner)
            }
            Self::ContactCode { code, minutes } => Facts::default().value("minutes", &minutes.to_string()).code(code),
            Self::LoveNote { sender, title, content, join_link } => {
                let mut facts = Facts::default().value("sender", sender).link(join_link);
                let title = title.map(one_line).filter(|title| !title.is_empty());
                facts.quote = Some((title, paragraphs(content)));
                facts
            }
            Self::NewSignIn { name, device } => {
                let device = if device.trim().is_empty() { language.some_device } else { device };
                Facts::to(name).value("device", device)
            }
        }
    }
}
