//! Typed ids: a UUIDv7 inside, a prefix and Crockford base32 outside (`note_01hf7yat00…`), the same text in SQL,
//! items, URLs and logs. The text sorts by time.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{borrow::Cow, fmt, hash::Hash, marker::PhantomData, str::FromStr};
use uuid::Uuid;

/// A kind of thing that has ids. `PREFIX` is part of the public API: never change one.
pub trait IdKind {
    const PREFIX: &'static str;
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident $alias:ident $prefix:literal),* $(,)?) => {
        $($(#[$doc])* pub struct $kind; impl IdKind for $kind { const PREFIX: &'static str = $prefix; }
          pub type $alias = Id<$kind>;)*
        /// Every prefix in use. Append-only: an id once published keeps its meaning.
        pub const PREFIXES: &[&str] = &[$($prefix),*];
    };
}

kinds! {
    /// A member: the account.
    Member MemberId "mem",
    /// A session: one sign-in on one device, a family of refresh credentials.
    Session SessionId "ses",
    /// An invitation to become a couple.
    Invitation InvitationId "inv",
    /// A couple link.
    Couple CoupleId "cpl",
    /// A love note.
    Note NoteId "note",
    /// A scheduled love note.
    Scheduled ScheduledId "sch",
    /// A one-time token (verification, reset).
    Token TokenId "tok",
    /// A job or a timer.
    Job JobId "job",
    /// A mail, SMS or push that was sent.
    Sent SentId "out",
    /// A love-note template.
    Template TemplateId "tpl",
    /// A conversation.
    Conversation ConversationId "cnv",
    /// A chat message.
    Message MessageId "msg",
    /// An audit entry.
    Audit AuditId "aud",
    /// A queued message.
    Queued QueuedId "que",
    /// A recorded consent.
    Consent ConsentId "con",
    /// A report to the moderators.
    Report ReportId "rpt",
    /// A feature granted to a member besides the plan.
    EntitlementGrant EntitlementGrantId "grt",
    /// A file that somebody sent.
    File FileId "fil",
    /// A call.
    Call CallId "call",
}

pub struct Id<K> {
    raw: Uuid,
    kind: PhantomData<fn() -> K>,
}

/// Length of the part after the underscore.
const DIGITS: usize = 26;
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

impl<K> Id<K> {
    pub const fn from_raw(raw: Uuid) -> Self {
        Self { raw, kind: PhantomData }
    }

    /// The 16 bytes, in time order: the form of binary keys.
    pub fn bytes(&self) -> &[u8; 16] {
        self.raw.as_bytes()
    }

    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self::from_raw(Uuid::from_bytes(bytes))
    }

    pub fn raw(&self) -> Uuid {
        self.raw
    }

    /// The 16 bytes of a key part, when that is what `part` is.
    pub fn from_slice(part: &[u8]) -> Option<Self> {
        Uuid::from_slice(part).ok().map(Self::from_raw)
    }
}

impl<K> Clone for Id<K> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<K> Copy for Id<K> {}
impl<K> PartialEq for Id<K> {
    fn eq(&self, other: &Self) -> bool {
        self.raw == other.raw
    }
}
impl<K> Eq for Id<K> {}
impl<K> PartialOrd for Id<K> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<K> Ord for Id<K> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.raw.cmp(&other.raw)
    }
}
impl<K> Hash for Id<K> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.raw.hash(state);
    }
}

impl<K: IdKind> Id<K> {
    /// The text without an allocation of its own, in a buffer that fits every prefix of the registry.
    fn text(self) -> ([u8; 40], usize) {
        let mut out = [0; 40];
        let prefix = K::PREFIX.as_bytes();
        out[..prefix.len()].copy_from_slice(prefix);
        out[prefix.len()] = b'_';
        let start = prefix.len() + 1;
        let value = self.raw.as_u128();
        for (i, byte) in out[start..start + DIGITS].iter_mut().enumerate() {
            let digit = (value >> ((DIGITS - 1 - i) * 5)) & 31;
            *byte = ALPHABET[usize::try_from(digit).unwrap_or(0)];
        }
        (out, start + DIGITS)
    }
}

impl<K: IdKind> fmt::Display for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (out, len) = self.text();
        f.write_str(std::str::from_utf8(&out[..len]).unwrap_or_default())
    }
}
impl<K: IdKind> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[derive(Debug, thiserror::Error)]
#[error("not a valid `{0}_` id")]
pub struct BadId(pub &'static str);

impl<K: IdKind> FromStr for Id<K> {
    type Err = BadId;
    fn from_str(text: &str) -> Result<Self, BadId> {
        let bad = || BadId(K::PREFIX);
        let body = text.strip_prefix(K::PREFIX).and_then(|rest| rest.strip_prefix('_')).ok_or_else(bad)?;
        if body.len() != DIGITS || body.as_bytes()[0] > b'7' {
            return Err(bad());
        }
        let mut value: u128 = 0;
        for byte in body.bytes() {
            let digit = ALPHABET.iter().position(|a| *a == byte).ok_or_else(bad)?;
            value = (value << 5) | digit as u128;
        }
        Ok(Self::from_raw(Uuid::from_u128(value)))
    }
}

impl<K: IdKind> Serialize for Id<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (out, len) = self.text();
        serializer.serialize_str(std::str::from_utf8(&out[..len]).unwrap_or_default())
    }
}

impl<'de, K: IdKind> Deserialize<'de> for Id<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn prefixes_are_unique() {
        let unique: std::collections::BTreeSet<_> = PREFIXES.iter().collect();
        assert_eq!(unique.len(), PREFIXES.len());
    }

    proptest! {
        #[test]
        fn text_round_trips_and_sorts_like_the_bytes(a: u128, b: u128) {
            let (a, b) = (NoteId::from_raw(Uuid::from_u128(a)), NoteId::from_raw(Uuid::from_u128(b)));
            prop_assert_eq!(a.to_string().parse::<NoteId>().unwrap(), a);
            prop_assert_eq!(a.to_string().cmp(&b.to_string()), a.cmp(&b));
            prop_assert!(a.to_string().parse::<MemberId>().is_err());
        }

        #[test]
        fn no_text_panics_the_parser(text in ".{0,60}") {
            let _ = text.parse::<NoteId>();
            let _ = format!("note_{text}").parse::<NoteId>();
        }
    }
}
