//! The ways a note can take, and whom each of them needs.

use crate::check::Checks;
use ports::sms::is_e164;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = NoteChannel)]
pub enum Channel {
    /// In the app, to the linked partner.
    Partner,
    Sms,
    Email,
    Whatsapp,
    Facebook,
    Instagram,
    Twitter,
    Tiktok,
    Linkedin,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = NoteRecipientType)]
pub enum RecipientType {
    Partner,
    Sms,
    Email,
    /// With the platform beside it.
    SocialMedia,
}

impl Channel {
    pub const ALL: [Self; 9] = [
        Self::Partner,
        Self::Sms,
        Self::Email,
        Self::Whatsapp,
        Self::Facebook,
        Self::Instagram,
        Self::Twitter,
        Self::Tiktok,
        Self::Linkedin,
    ];

    pub const NAMES: &[&str] =
        &["partner", "sms", "email", "whatsapp", "facebook", "instagram", "twitter", "tiktok", "linkedin"];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Partner => "partner",
            Self::Sms => "sms",
            Self::Email => "email",
            Self::Whatsapp => "whatsapp",
            Self::Facebook => "facebook",
            Self::Instagram => "instagram",
            Self::Twitter => "twitter",
            Self::Tiktok => "tiktok",
            Self::Linkedin => "linkedin",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.name() == name)
    }

    pub const fn recipient_type(self) -> RecipientType {
        match self {
            Self::Partner => RecipientType::Partner,
            Self::Sms => RecipientType::Sms,
            Self::Email => RecipientType::Email,
            _ => RecipientType::SocialMedia,
        }
    }

    /// The platform, where the sender posts with the own hand.
    pub fn platform(self) -> Option<Self> {
        (self.recipient_type() == RecipientType::SocialMedia).then_some(self)
    }

    /// Delivered by a gateway of ours, in a job after the commit.
    pub const fn has_gateway(self) -> bool {
        matches!(self, Self::Sms | Self::Email)
    }

    /// Can be scheduled.
    pub const fn is_method(self) -> bool {
        matches!(self, Self::Partner | Self::Sms | Self::Email | Self::Whatsapp)
    }
}

/// Longest recipient as typed, in code points: an address of 254 with room for spaces around it. The document says it too.
const LONGEST: usize = 320;

/// Whom a note goes to. A partner is found when it is sent; a phone is E.164.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    pub channel: Channel,
    /// Phone or e-mail address.
    pub recipient: Option<String>,
}

impl Address {
    /// The address as typed, checked. Where the channel has none only its length is looked at.
    pub fn check(checks: &mut Checks, channel: &str, recipient: Option<&str>) -> Option<Self> {
        let Some(channel) = Channel::parse(channel) else {
            checks.refuse("/channel", "unknown_value", "This is not one of the channels.");
            return None;
        };
        if let Some(typed) = recipient {
            checks.length("/recipient", typed, 0, LONGEST);
        }
        let recipient = recipient.map(str::trim).filter(|text| !text.is_empty());
        let recipient = match (channel, recipient) {
            (Channel::Sms, None) => {
                checks.refuse("/recipient", "required", "A text message needs a phone number.");
                None
            }
            (Channel::Email, None) => {
                checks.refuse("/recipient", "required", "A mail needs an address.");
                None
            }
            (Channel::Sms | Channel::Whatsapp, Some(phone)) => Some(phone_of(checks, phone)),
            (Channel::Email, Some(address)) => Some(checks.email("/recipient", address)),
            _ => None,
        };
        Some(Self { channel, recipient })
    }
}

/// A phone in E.164, with its `+`; what people put between the digits is left out.
fn phone_of(checks: &mut Checks, text: &str) -> String {
    let number: String = text.chars().filter(|c| !matches!(c, ' ' | '\u{a0}' | '-' | '.' | '/' | '(' | ')')).collect();
    if !is_e164(&number) {
        checks.refuse("/recipient", "invalid_phone", "This is not a phone number such as +351 912 345 678.");
    }
    number
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_api() {
        for (channel, name) in Channel::ALL.into_iter().zip(Channel::NAMES) {
            assert_eq!((channel.name(), Channel::parse(name)), (*name, Some(channel)));
            assert_eq!(serde_json::to_value(channel).unwrap(), *name);
        }
        assert_eq!(Channel::NAMES.len(), Channel::ALL.len());
        assert_eq!(Channel::parse(""), None);
    }

    #[test]
    fn only_what_a_channel_needs_is_asked_and_kept() {
        let of = |channel: &str, recipient: Option<&str>| {
            let mut checks = Checks::default();
            let address = Address::check(&mut checks, channel, recipient);
            checks.done().map(|()| address.unwrap().recipient).map_err(|e| e.fields()[0].code)
        };
        assert_eq!(of("partner", Some("mem_x")), Ok(None));
        assert_eq!(of("sms", Some(" +351 910-000.000 ")), Ok(Some("+351910000000".to_owned())));
        assert_eq!(of("sms", Some(" ")), Err("required"));
        assert_eq!(of("sms", Some("910000000")), Err("invalid_phone"));
        assert_eq!(of("whatsapp", None), Ok(None));
        assert_eq!(of("whatsapp", Some("+35191")), Err("invalid_phone"));
        assert_eq!(of("email", None), Err("required"));
        assert_eq!(of("email", Some("a@b@c d")), Err("invalid_email"));
        assert_eq!(of("tiktok", Some("whoever")), Ok(None));
        for channel in Channel::NAMES {
            assert_eq!(of(channel, Some(&"0".repeat(LONGEST + 1))), Err("too_long"), "{channel}");
        }
        assert_eq!(of("partner", Some(&"0".repeat(LONGEST))), Ok(None));
        assert_eq!(of("pigeon", None), Err("unknown_value"));
    }
}
