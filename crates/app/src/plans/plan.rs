//! The three plans, and when a stored one is in force.

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

    /// The plans above this one, the cheapest first.
    pub fn above(self) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |plan| *plan > self)
    }
}

/// State of a subscription (product/payments.md).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Active,
    Trialing,
    PastDue,
    Canceled,
    Expired,
    Inactive,
}

impl Status {
    pub const ALL: [Self; 6] =
        [Self::Active, Self::Trialing, Self::PastDue, Self::Canceled, Self::Expired, Self::Inactive];

    pub const fn key(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Trialing => "trialing",
            Self::PastDue => "past_due",
            Self::Canceled => "canceled",
            Self::Expired => "expired",
            Self::Inactive => "inactive",
        }
    }

    /// A stored status, or the provider's word for it; one that nobody knows opens nothing.
    pub fn read(word: &str) -> Self {
        match word {
            "active" => Self::Active,
            "trialing" | "trial" => Self::Trialing,
            "past_due" => Self::PastDue,
            "canceled" | "cancelled" => Self::Canceled,
            "expired" | "incomplete_expired" => Self::Expired,
            _ => Self::Inactive,
        }
    }
}

/// What is stored of a member's subscription, as far as it decides the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subscription {
    pub plan: Plan,
    pub status: Status,
    pub period_end: Option<Time>,
}

impl Subscription {
    /// A plan that lasts until somebody changes it.
    pub const fn lasting(plan: Plan) -> Self {
        Self { plan, status: Status::Active, period_end: None }
    }

    /// The stored plan while the subscription is live, otherwise Basic (product/plans-and-entitlements.md).
    pub fn effective(&self, now: Time) -> Plan {
        let live = match self.status {
            Status::Active | Status::Trialing | Status::PastDue => self.ends_at().is_none_or(|end| end > now),
            Status::Canceled | Status::Expired | Status::Inactive => false,
        };
        if live { self.plan } else { Plan::Basic }
    }

    /// When the plan lapses to Basic without another change; none when time alone changes nothing.
    pub fn lapses_at(&self, now: Time) -> Option<Time> {
        self.ends_at().filter(|_| self.effective(now) > Plan::Basic)
    }

    /// The period's end, or that of the days of grace after it.
    fn ends_at(&self) -> Option<Time> {
        let grace = if self.status == Status::PastDue { GRACE } else { 0 };
        self.period_end.map(|end| end.plus(grace))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_plan_lapses_to_basic() {
        let now = Time(1_000 * DAY);
        let plan = |status, period_end| {
            Subscription { plan: Plan::Premiere, status: Status::read(status), period_end }.effective(now)
        };
        for status in ["active", "trialing"] {
            assert_eq!(plan(status, None), Plan::Premiere);
            assert_eq!(plan(status, Some(now.plus(1))), Plan::Premiere);
            assert_eq!(plan(status, Some(now)), Plan::Basic);
        }
        assert_eq!(plan("past_due", Some(now.minus(7 * DAY - 1))), Plan::Premiere);
        assert_eq!(plan("past_due", Some(now.minus(7 * DAY))), Plan::Basic);
        for status in ["canceled", "expired", "inactive", "whatever comes"] {
            assert_eq!(plan(status, None), Plan::Basic);
            assert_eq!(plan(status, Some(now.plus(DAY))), Plan::Basic);
        }
        assert_eq!(Plan::parse("BASIS"), Some(Plan::Basic));
        assert_eq!(Plan::parse("gold"), None);
    }

    #[test]
    fn words_of_the_provider_have_their_status() {
        for (word, stored) in [
            ("cancelled", "canceled"),
            ("trial", "trialing"),
            ("unpaid", "inactive"),
            ("incomplete", "inactive"),
            ("incomplete_expired", "expired"),
            ("paused", "inactive"),
        ] {
            assert_eq!(Status::read(word).key(), stored, "{word}");
        }
        for status in Status::ALL {
            assert_eq!(Status::read(status.key()), status);
            assert_eq!(serde_json::to_value(status).unwrap(), status.key());
        }
    }

    prop_compose! {
        fn subscriptions()(
            plan in prop::sample::select(Plan::ALL.to_vec()),
            status in prop::sample::select(Status::ALL.to_vec()),
            end in prop::option::of(0..100 * DAY),
        ) -> Subscription {
            Subscription { plan, status, period_end: end.map(Time) }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// Time alone never gives; it takes once, at the moment that was foretold.
        #[test]
        fn time_takes_a_plan_once_and_when_it_said(sub in subscriptions(), at in 0..120 * DAY, later in 0..120 * DAY) {
            let (now, then) = (Time(at), Time(at + later));
            let (before, after) = (sub.effective(now), sub.effective(then));
            prop_assert!(before == Plan::Basic || before == sub.plan);
            prop_assert!(after <= before);
            if let Some(lapse) = sub.lapses_at(now) {
                prop_assert!(lapse > now);
                prop_assert_eq!(sub.effective(lapse.minus(1)), before);
                prop_assert_eq!(sub.effective(lapse), Plan::Basic);
            } else {
                prop_assert_eq!(after, before);
            }
        }

        #[test]
        fn grace_is_seven_days_more_than_an_active_period(plan in prop::sample::select(Plan::ALL.to_vec()), end: i32, at: i32) {
            let (end, now) = (i64::from(end), Time(i64::from(at)));
            let sub = |status, end| Subscription { plan, status, period_end: Some(Time(end)) };
            let active = sub(Status::Active, end + 7 * DAY).effective(now);
            prop_assert_eq!(sub(Status::PastDue, end).effective(now), active);
        }

        #[test]
        fn no_text_is_more_than_a_plan(text in "\\PC{0,12}") {
            let known = ["basic", "basis", "premiere", "exclusive"].contains(&&*text.trim().to_ascii_lowercase());
            prop_assert_eq!(Plan::parse(&text).is_some(), known);
        }
    }
}
