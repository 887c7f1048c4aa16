//! Languages of the product and the choice among them (product/languages.md).

use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// An active language. `nl` and `pt` are listed but not enabled, so they are not a value here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    #[default]
    En,
    Es,
    Fr,
    It,
    De,
}

/// One row of the languages list.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Listed {
    pub code: &'static str,
    /// The language's own name.
    pub name: &'static str,
    pub active: bool,
}

/// What the product lists, active or not.
pub const LISTED: &[Listed] = &[
    Listed { code: "en", name: "English", active: true },
    Listed { code: "es", name: "Español", active: true },
    Listed { code: "fr", name: "Français", active: true },
    Listed { code: "it", name: "Italiano", active: true },
    Listed { code: "de", name: "Deutsch", active: true },
    Listed { code: "nl", name: "Nederlands", active: false },
    Listed { code: "pt", name: "Português", active: false },
];

impl Lang {
    pub const ALL: [Self; 5] = [Self::En, Self::Es, Self::Fr, Self::It, Self::De];

    pub const fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Es => "es",
            Self::Fr => "fr",
            Self::It => "it",
            Self::De => "de",
        }
    }

    /// Whether `code` is a listed language, active or not: input that is accepted, though it may be ignored.
    pub fn is_listed(code: &str) -> bool {
        LISTED.iter().any(|l| l.code == code)
    }

    /// The best active language of an `Accept-Language` header (RFC 9110 §12.5.4), by weight, then by order.
    pub fn negotiate(header: &str) -> Option<Self> {
        let mut best: Option<(Self, u16)> = None;
        for entry in header.split(',').take(32) {
            let mut parts = entry.split(';');
            let tag = parts.next().unwrap_or_default().trim();
            let weight = parts
                .find_map(|p| p.trim().strip_prefix("q="))
                .map_or(Some(1000), |q| q.trim().parse::<f32>().ok().filter(|q| (0.0..=1.0).contains(q)).map(millis));
            let (Some(weight), Some(lang)) = (weight, Self::of_tag(tag)) else { continue };
            if weight > 0 && best.is_none_or(|(_, w)| weight > w) {
                best = Some((lang, weight));
            }
        }
        best.map(|(lang, _)| lang)
    }

    /// `de-AT` is German; `*` is English.
    fn of_tag(tag: &str) -> Option<Self> {
        if tag == "*" {
            return Some(Self::En);
        }
        tag.split('-').next().and_then(|primary| primary.to_ascii_lowercase().parse().ok())
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0.0..=1.0 was checked")]
fn millis(q: f32) -> u16 {
    (q * 1000.0) as u16
}

#[derive(Debug, thiserror::Error)]
#[error("not an active language")]
pub struct UnknownLang;

impl FromStr for Lang {
    type Err = UnknownLang;
    fn from_str(code: &str) -> Result<Self, UnknownLang> {
        Self::ALL.into_iter().find(|l| l.code() == code).ok_or(UnknownLang)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn negotiation_takes_the_heaviest_active_language() {
        assert_eq!(Lang::negotiate("nl, de-AT;q=0.8, fr;q=0.9"), Some(Lang::Fr));
        assert_eq!(Lang::negotiate("ES"), Some(Lang::Es));
        assert_eq!(Lang::negotiate("nl"), None);
        assert_eq!(Lang::negotiate("it;q=0, *;q=0.1"), Some(Lang::En));
        assert_eq!(Lang::negotiate("de;q=nonsense, it;q=0.2"), Some(Lang::It));
        assert_eq!(Lang::negotiate(""), None);
    }
}
