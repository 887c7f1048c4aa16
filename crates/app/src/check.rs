//! Checks of what people type: each collects every offending field, so that one answer names them all.

use base::{Error, Field, Lang, Result, zone};
use serde::{Deserialize, Deserializer, de::Error as _};
use std::{borrow::Cow, fmt::Display, str::FromStr};

/// The offending fields found so far.
#[derive(Default)]
pub struct Checks(Vec<Field>);

impl Checks {
    pub fn refuse(&mut self, pointer: impl Into<Cow<'static, str>>, code: &'static str, detail: &'static str) {
        self.0.push(Field::new(pointer, code, detail));
    }

    /// Nothing was refused so far.
    pub fn is_clean(&self) -> bool {
        self.0.is_empty()
    }

    pub fn done(self) -> Result<()> {
        if self.0.is_empty() { Ok(()) } else { Err(Error::invalid(self.0)) }
    }

    /// Length in code points.
    pub fn length(&mut self, pointer: &'static str, text: &str, min: usize, max: usize) {
        // A text longer than max × 4 bytes is too long without counting it.
        let count = if text.len() > max.saturating_mul(4) { usize::MAX } else { text.chars().count() };
        if count < min {
            self.refuse(pointer, if count == 0 { "required" } else { "too_short" }, "This is too short.");
        } else if count > max {
            self.refuse(pointer, "too_long", "This is too long.");
        }
    }

    /// An optional text: trimmed, empty means clear.
    pub fn optional(&mut self, pointer: &'static str, text: Option<&str>, max: usize) -> Option<String> {
        let text = text.map(str::trim).filter(|t| !t.is_empty())?;
        self.length(pointer, text, 0, max);
        Some(text.to_owned())
    }

    pub fn email(&mut self, pointer: &'static str, text: &str) -> String {
        let text = text.trim();
        if text.is_empty() {
            self.refuse(pointer, "required", "This is required.");
        } else if !is_email(text) {
            self.refuse(pointer, "invalid_email", "This is not an e-mail address.");
        }
        text.to_owned()
    }

    /// A telephone number, as [`e164`] reads it.
    pub fn phone(&mut self, pointer: &'static str, text: &str) -> String {
        let number = e164(text);
        if text.trim().is_empty() {
            self.refuse(pointer, "required", "This is required.");
        } else if number.is_none() {
            self.refuse(pointer, "invalid_phone", "This is not a telephone number such as +351 912 345 678.");
        }
        number.unwrap_or_default()
    }

    /// What `inner` found, in a member of the body that `prefix` names.
    pub fn within(&mut self, prefix: &str, inner: Self) {
        let moved = |field: Field| Field { pointer: format!("{prefix}{}", field.pointer).into(), ..field };
        self.0.extend(inner.0.into_iter().map(moved));
    }

    pub fn password(&mut self, pointer: &'static str, text: &str) {
        self.length(pointer, text, 8, 128);
    }

    pub fn must_be_true(&mut self, pointer: &'static str, value: Option<bool>) {
        match value {
            Some(true) => {}
            Some(false) => self.refuse(pointer, "must_be_true", "This is needed."),
            None => self.refuse(pointer, "required", "This is required."),
        }
    }

    pub fn one_of(&mut self, pointer: &'static str, value: Option<&str>, allowed: &[&str]) -> Option<String> {
        let value = value.filter(|v| !v.is_empty())?;
        if !allowed.contains(&value) {
            self.refuse(pointer, "unknown_value", "This is not one of the possible values.");
        }
        Some(value.to_owned())
    }

    pub fn zone(&mut self, pointer: &'static str, name: Option<&str>) -> Option<zone::Zone> {
        let name = name.filter(|n| !n.is_empty())?;
        let parsed = name.parse().ok();
        if parsed.is_none() {
            self.refuse(pointer, "invalid_zone", "This is not an IANA time zone such as Europe/Lisbon.");
        }
        parsed
    }

    pub fn date(&mut self, pointer: &'static str, text: Option<&str>) -> Option<String> {
        let text = text.filter(|t| !t.is_empty())?;
        if zone::date(text).is_none() {
            self.refuse(pointer, "invalid_date", "This is not a date such as 2026-11-22.");
        }
        Some(text.to_owned())
    }

    /// An active language; a listed one that is not enabled is ignored.
    pub fn lang(&mut self, pointer: &'static str, code: Option<&str>) -> Option<Lang> {
        let code = code.filter(|c| !c.is_empty())?;
        if !Lang::is_listed(code) {
            self.refuse(pointer, "unknown_value", "This language is not on the list.");
        }
        code.parse().ok()
    }
}

/// Empty means none, for an optional field of any type (product/README.md).
pub fn id_or_empty<'de, D, T>(input: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: Display>,
{
    let text = Option::<Cow<'de, str>>::deserialize(input)?;
    text.filter(|t| !t.is_empty()).map(|t| t.parse().map_err(D::Error::custom)).transpose()
}

/// The number of something, 0 to 2^63 - 1; JSON may write a whole number with a fraction of zero.
pub fn whole<'de, D: Deserializer<'de>>(input: D) -> Result<u64, D::Error> {
    struct Whole;
    impl serde::de::Visitor<'_> for Whole {
        type Value = u64;
        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a whole number")
        }
        fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<u64, E> {
            i64::try_from(number).map(i64::unsigned_abs).map_err(|_| E::custom("out of range"))
        }
        fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<u64, E> {
            u64::try_from(number).map_err(|_| E::custom("out of range"))
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole and within 53 bits")]
        fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<u64, E> {
            let fits = number.fract() == 0.0 && (0.0..=9_007_199_254_740_992.0).contains(&number);
            if fits { Ok(number as u64) } else { Err(E::custom("not a whole number")) }
        }
    }
    input.deserialize_u64(Whole)
}

/// The same, where it may be absent.
pub fn whole_opt<'de, D: Deserializer<'de>>(input: D) -> Result<Option<u64>, D::Error> {
    whole(input).map(Some)
}

/// An address of RFC 5321's shape in practice: one `@`, a local part of 1 to 64, a domain of labels, 3 to 254 in all.
/// ASCII, as mail can reach it; a domain in another script has its `xn--` form.
pub fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let local_ok = !local.is_empty()
        && local.len() <= 64
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
        && local.bytes().all(|b| b.is_ascii_graphic() && !b"@<>()[],;:\\\"".contains(&b));
    let label_ok = |l: &str| {
        (1..=63).contains(&l.len())
            && !l.starts_with('-')
            && !l.ends_with('-')
            && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    text.len() <= 254 && local_ok && domain.split('.').all(label_ok)
}

/// A number as people write it, in E.164: `+` and 10 to 15 digits, the first not zero. `00` stands for `+`; a number
/// without either is read as beginning with its country code. A zero in brackets after the country code is for callers
/// at home and goes.
pub fn e164(text: &str) -> Option<String> {
    let text = text.trim().replace("(0)", "");
    if text.len() > 40 {
        return None;
    }
    let digits: String = text.chars().filter(|c| !matches!(c, ' ' | '\u{a0}' | '-' | '.' | '/' | '(' | ')')).collect();
    let digits = digits.strip_prefix('+').or_else(|| digits.strip_prefix("00")).unwrap_or(&digits);
    let fits =
        (10..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0');
    fits.then(|| format!("+{digits}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn addresses() {
        for good in
            ["a@b.c", "ana+notes@example.com", "o'neil@mail.example.co.uk", "zoe@xn--exmple-cua.org", "a@localhost"]
        {
            assert!(is_email(good), "{good}");
        }
        for bad in [
            "",
            "a",
            "@b.c",
            "a@",
            "a b@c.d",
            "zoë@example.org",
            "a@b..c",
            "a@-b.c",
            ".a@b.c",
            "a\r\nBcc: x@y.z",
            "a@b.c>",
            "a@b@c d",
        ] {
            assert!(!is_email(bad), "{bad}");
        }
    }

    #[test]
    fn numbers() {
        for (typed, number) in [
            ("+351912345678", "+351912345678"),
            (" +351 912 345 678 ", "+351912345678"),
            ("00351 912-345-678", "+351912345678"),
            ("+44 (0)20 7946 0958", "+442079460958"),
            ("+1 (555) 010-0199", "+15550100199"),
            ("15550100199", "+15550100199"),
            ("+1234567890", "+1234567890"),
            ("+123456789012345", "+123456789012345"),
        ] {
            assert_eq!(e164(typed).as_deref(), Some(number), "{typed}");
        }
        for bad in [
            "",
            "+",
            "123456789",
            "+1234567890123456",
            "0912345678",
            "+0912345678",
            "000912345678",
            "+351 912 345 67a",
            "++351912345678",
            "351+912345678",
            "٣٥١٩١٢٣٤٥٦٧٨",
            "+351 912 345 678\r\nx",
        ] {
            assert_eq!(e164(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn every_number_that_is_read_can_be_sent_to(text in "[+0-9 ().-]{0,24}") {
            if let Some(number) = e164(&text) {
                prop_assert!(ports::sms::is_e164(&number));
                prop_assert_eq!(e164(&number), Some(number.clone()), "reading it again changes nothing");
            }
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,300}") {
            let mut checks = Checks::default();
            checks.email("/email", &text);
            checks.phone("/phone", &text);
            checks.password("/password", &text);
            checks.zone("/timezone", Some(&text));
            checks.date("/date", Some(&text));
            checks.lang("/language", Some(&text));
            let _ = checks.done();
        }
    }
}
