//! Plans as far as gates and allowances need them. Prices, the catalogue and billing come with their own areas.

use base::{Time, time::DAY};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Plan {
    #[default]
    Basic,
    Premiere,
    Exclusive,
}

/// A lapsed payment is forgiven this long.
const GRACE: i64 = 7 * DAY;

impl Plan {
    pub const ALL: [Self; 3] = [Self::Basic, Self::Premiere, Self::Exclusive];

    pub const fn key(self) -> &'static str {
        match self {
            Self::Basic => "basic",
            Self::Premiere => "premiere",
            Self::Exclusive => "exclusive",
        }
    }

    /// A plan as a person types it: any case, and `basis` for Basic.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_lowercase();
        if text == "basis" {
            return Some(Self::Basic);
        }
        Self::ALL.into_iter().find(|p| p.key() == text)
    }

    /// A stored key; what cannot be read grants the least.
    pub(crate) fn read(key: &str) -> Self {
        Self::parse(key).unwrap_or_default()
    }

    /// The stored plan while its subscription is live, otherwise Basic (product/plans-and-entitlements.md).
    pub fn effective(stored: Self, status: &str, period_end: Option<Time>, now: Time) -> Self {
        let live = match status {
            "active" | "trialing" => period_end.is_none_or(|end| end > now),
            "past_due" => period_end.is_none_or(|end| end.plus(GRACE) > now),
            _ => false,
        };
        if live { stored } else { Self::Basic }
    }

    /// Scheduled notes (`surprise_messages`).
    pub fn may_schedule(self) -> bool {
        self >= Self::Premiere
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_lapses_to_basic() {
        let now = Time(1_000 * DAY);
        let plan = |status, end| Plan::effective(Plan::Premiere, status, end, now);
        assert_eq!(plan("active", None), Plan::Premiere);
        assert_eq!(plan("active", Some(now)), Plan::Basic);
        assert_eq!(plan("past_due", Some(now.minus(6 * DAY))), Plan::Premiere);
        assert_eq!(plan("past_due", Some(now.minus(7 * DAY))), Plan::Basic);
        assert_eq!(plan("canceled", None), Plan::Basic);
        assert_eq!(Plan::parse("BASIS"), Some(Plan::Basic));
        assert_eq!(Plan::parse("gold"), None);
    }
}
