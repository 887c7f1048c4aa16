//! The gate: evidence that a member may use a feature, or the refusal that says what would open it.

use super::{Feature, Plan};
use crate::{
    app::App,
    cards::{self, Card},
};
use base::{Cx, Error, Result, Time, id::MemberId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where an entitlement comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// Of the effective plan.
    Plan,
    /// Earned by points.
    Unlock,
    /// Granted by staff.
    Staff,
}

impl Source {
    pub const fn key(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Unlock => "unlock",
            Self::Staff => "staff",
        }
    }
}

/// A feature held besides the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Grant {
    pub feature: Feature,
    /// `unlock` or `staff`.
    pub source: Source,
    /// Null: for good.
    pub expires_at: Option<Time>,
}

impl Grant {
    pub fn is_live(&self, now: Time) -> bool {
        self.expires_at.is_none_or(|end| end > now)
    }
}

/// What a member may use at one moment: effective plan ∪ unlocks ∪ staff grants.
#[derive(Debug, Clone, Copy)]
pub struct Entitlements<'a> {
    pub plan: Plan,
    grants: &'a [Grant],
    now: Time,
}

impl<'a> Entitlements<'a> {
    pub fn new(plan: Plan, grants: &'a [Grant], now: Time) -> Self {
        Self { plan, grants, now }
    }

    /// The grants that are in force.
    pub fn grants(&self) -> impl Iterator<Item = &'a Grant> {
        let now = self.now;
        self.grants.iter().filter(move |grant| grant.is_live(now))
    }

    /// Why the feature is open, and until when as far as that is known here; none when it is closed. The plan first.
    pub fn holds(&self, feature: Feature) -> Option<Held> {
        if feature.cheapest().is_some_and(|cheapest| cheapest <= self.plan) {
            return Some(Held { source: Source::Plan, expires_at: None });
        }
        // Of several the one that lasts longest.
        let of_it = self.grants().filter(|grant| grant.feature == feature);
        let longest = of_it.max_by_key(|grant| grant.expires_at.unwrap_or(Time(i64::MAX)))?;
        Some(Held { source: longest.source, expires_at: longest.expires_at })
    }

    /// Every entitlement key in force, in the order of the product's table.
    pub fn keys(&self) -> Vec<Feature> {
        Feature::all().filter(|feature| feature.is_key() && self.holds(*feature).is_some()).collect()
    }

    /// The refusal of a feature that is not held: the cheapest plan with it, or that only points or staff open it.
    fn refusal(&self, feature: Feature) -> Error {
        match feature.cheapest() {
            Some(cheapest) => Error::plan_required(feature.key(), cheapest.key(), self.plan.key()),
            None => Error::forbidden("This is unlocked by points.")
                .reason("unlock_required")
                .with("feature", feature.key())
                .with("current_plan", self.plan.key()),
        }
    }
}

/// How a feature is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    pub source: Source,
    pub expires_at: Option<Time>,
}

/// Evidence that a member's entitlements held a feature when it was made. Only [`require`] makes one.
#[derive(Debug, Clone, Copy)]
#[must_use = "this is the evidence that the gate was passed"]
pub struct Entitled {
    feature: Feature,
    held: Held,
}

impl Entitled {
    pub fn feature(&self) -> Feature {
        self.feature
    }
    pub fn held(&self) -> Held {
        self.held
    }
}

/// Passes a card that holds the feature; otherwise `plan_required` with the cheapest plan that has it.
pub fn require(card: &Card, feature: Feature, now: Time) -> Result<Entitled> {
    let entitlements = card.entitlements(now);
    let held = entitlements.holds(feature).ok_or_else(|| entitlements.refusal(feature))?;
    Ok(Entitled { feature, held })
}

/// The member's card with the evidence. What was granted this moment counts: a refusal asks `sql` first, because the
/// card may be a moment behind.
pub async fn gate(app: &App, cx: &Cx, member: MemberId, feature: Feature) -> Result<(Card, Entitled)> {
    let card = cards::load(app, cx, member).await?;
    if let Ok(entitled) = require(&card, feature, cx.now()) {
        return Ok((card, entitled));
    }
    let card = cards::fresh(app, cx, member).await?;
    let entitled = require(&card, feature, cx.now())?;
    Ok((card, entitled))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn grants() -> impl Strategy<Value = Vec<Grant>> {
        let one = (prop::sample::select(Feature::all().filter(|f| f.is_key()).collect::<Vec<_>>()), any::<bool>());
        let one = (one, prop::option::of(0..200_i64)).prop_map(|((feature, staff), end)| Grant {
            feature,
            source: if staff { Source::Staff } else { Source::Unlock },
            expires_at: end.map(Time),
        });
        prop::collection::vec(one, 0..6)
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn entitlements_are_the_union_of_their_sources(
            plan in prop::sample::select(Plan::ALL.to_vec()), grants in grants(), now in 0..200_i64,
        ) {
            let now = Time(now);
            let held = Entitlements::new(plan, &grants, now);
            for feature in Feature::all() {
                let of_plan = feature.cheapest().is_some_and(|cheapest| cheapest <= plan);
                let granted = grants.iter().any(|g| g.feature == feature && g.expires_at.is_none_or(|end| end > now));
                prop_assert_eq!(held.holds(feature).is_some(), of_plan || granted);
                prop_assert_eq!(held.keys().contains(&feature), (of_plan || granted) && feature.is_key());
                if let Some(Held { source, expires_at }) = held.holds(feature) {
                    prop_assert_eq!(source == Source::Plan, of_plan);
                    prop_assert!(expires_at.is_none_or(|end| end > now));
                }
            }
        }
    }

    #[test]
    fn a_refusal_names_the_cheapest_plan_or_that_none_would_do() {
        let basic = Entitlements::new(Plan::Basic, &[], Time(0));
        let refused = basic.refusal(Feature::VipBadge);
        assert_eq!(refused.code(), "plan_required");
        let members = refused.members();
        assert_eq!(
            (&members["feature"], &members["required_plan"], &members["current_plan"]),
            (&"vip_badge".into(), &"exclusive".into(), &"basic".into())
        );
        assert_eq!(basic.refusal(Feature::CouplesDashboard).members()["required_plan"], "premiere");
        let unlock = basic.refusal(Feature::CustomTheme);
        assert_eq!((unlock.code(), unlock.reason_code()), ("forbidden", Some("unlock_required")));
    }
}
