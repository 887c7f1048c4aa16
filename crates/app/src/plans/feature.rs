//! What a plan opens, by key. Keys are stored and returned: append-only.

use super::Plan;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An entitlement key, or a gate that follows the plan without a key of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Feature {
    LoveNotesLimited,
    BasicQuizzes,
    DateIdeasLimited,
    AnniversaryReminders,
    MemoryTimeline,
    MobileApp,
    EmailSupport,
    LoveNotesExtended,
    AiCoachLimited,
    UnlimitedDateIdeas,
    GoalsTracker,
    AdvancedQuizzes,
    /// Scheduled notes.
    SurpriseMessages,
    AdFree,
    PrioritySupport,
    EarlyAccess,
    UnlimitedLoveNotes,
    UnlimitedAiCoach,
    AiContentCreator,
    PersonalizedReports,
    ExclusiveCommunity,
    ExpertConsultation,
    PremiumSupport,
    VipBadge,
    /// From here on: unlocked by points or granted, part of no plan.
    CustomTheme,
    AdvancedAnalytics,
    ExclusiveDatePackage,
    GuidedMeditation,
    PremiumContent,
    VipSupport,
    /// Follows the plan and has no key.
    CouplesDashboard,
}

use Feature as F;

/// Key and cheapest plan of every feature, in the order of the product's table. `None`: no plan has it.
const TABLE: [(Feature, &str, Option<Plan>); 31] = [
    (F::LoveNotesLimited, "love_notes_limited", Some(Plan::Basic)),
    (F::BasicQuizzes, "basic_quizzes", Some(Plan::Basic)),
    (F::DateIdeasLimited, "date_ideas_limited", Some(Plan::Basic)),
    (F::AnniversaryReminders, "anniversary_reminders", Some(Plan::Basic)),
    (F::MemoryTimeline, "memory_timeline", Some(Plan::Basic)),
    (F::MobileApp, "mobile_app", Some(Plan::Basic)),
    (F::EmailSupport, "email_support", Some(Plan::Basic)),
    (F::LoveNotesExtended, "love_notes_extended", Some(Plan::Premiere)),
    (F::AiCoachLimited, "ai_coach_limited", Some(Plan::Premiere)),
    (F::UnlimitedDateIdeas, "unlimited_date_ideas", Some(Plan::Premiere)),
    (F::GoalsTracker, "goals_tracker", Some(Plan::Premiere)),
    (F::AdvancedQuizzes, "advanced_quizzes", Some(Plan::Premiere)),
    (F::SurpriseMessages, "surprise_messages", Some(Plan::Premiere)),
    (F::AdFree, "ad_free", Some(Plan::Premiere)),
    (F::PrioritySupport, "priority_support", Some(Plan::Premiere)),
    (F::EarlyAccess, "early_access", Some(Plan::Premiere)),
    (F::UnlimitedLoveNotes, "unlimited_love_notes", Some(Plan::Exclusive)),
    (F::UnlimitedAiCoach, "unlimited_ai_coach", Some(Plan::Exclusive)),
    (F::AiContentCreator, "ai_content_creator", Some(Plan::Exclusive)),
    (F::PersonalizedReports, "personalized_reports", Some(Plan::Exclusive)),
    (F::ExclusiveCommunity, "exclusive_community", Some(Plan::Exclusive)),
    (F::ExpertConsultation, "expert_consultation", Some(Plan::Exclusive)),
    (F::PremiumSupport, "premium_support", Some(Plan::Exclusive)),
    (F::VipBadge, "vip_badge", Some(Plan::Exclusive)),
    (F::CustomTheme, "custom_theme", None),
    (F::AdvancedAnalytics, "advanced_analytics", None),
    (F::ExclusiveDatePackage, "exclusive_date_package", None),
    (F::GuidedMeditation, "guided_meditation", None),
    (F::PremiumContent, "premium_content", None),
    (F::VipSupport, "vip_support", None),
    (F::CouplesDashboard, "couples_dashboard", Some(Plan::Premiere)),
];

impl Feature {
    /// Every feature.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.into_iter().map(|(feature, ..)| feature)
    }

    pub fn key(self) -> &'static str {
        self.row().1
    }

    /// A key as stored or typed.
    pub fn parse(key: &str) -> Option<Self> {
        TABLE.into_iter().find(|(_, known, _)| *known == key).map(|(feature, ..)| feature)
    }

    /// The cheapest plan that opens it; none when no plan does.
    pub fn cheapest(self) -> Option<Plan> {
        self.row().2
    }

    /// Whether it is an entitlement key, which can be listed, granted and unlocked.
    pub fn is_key(self) -> bool {
        self != Self::CouplesDashboard
    }

    /// The entitlement keys of a plan.
    pub fn of(plan: Plan) -> impl Iterator<Item = Self> {
        let opens = move |(feature, _, cheapest): &(Self, &str, Option<Plan>)| {
            feature.is_key() && cheapest.is_some_and(|cheapest| cheapest <= plan)
        };
        TABLE.into_iter().filter(opens).map(|(feature, ..)| feature)
    }

    fn row(self) -> (Self, &'static str, Option<Plan>) {
        // The table follows the order of the enum; a test says so.
        TABLE[self as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_table_is_in_order_and_its_keys_are_the_ones_on_the_wire() {
        for (feature, key, cheapest) in TABLE {
            assert_eq!(feature.row(), (feature, key, cheapest));
            assert_eq!(serde_json::to_value(feature).unwrap(), key);
            assert_eq!(serde_json::from_value::<Feature>(key.into()).unwrap(), feature);
            assert_eq!(Feature::parse(key), Some(feature));
        }
        assert_eq!(Feature::all().collect::<BTreeSet<_>>().len(), TABLE.len());
        assert_eq!(Feature::parse("Ad_free"), None);
    }

    #[test]
    fn the_plans_have_7_16_and_24_keys_and_each_has_those_below() {
        let keys = |plan| Feature::of(plan).collect::<BTreeSet<_>>();
        let [basic, premiere, exclusive] = Plan::ALL.map(keys);
        assert_eq!([basic.len(), premiere.len(), exclusive.len()], [7, 16, 24]);
        assert!(basic.is_subset(&premiere) && premiere.is_subset(&exclusive));
        assert!(premiere.contains(&Feature::SurpriseMessages) && !basic.contains(&Feature::SurpriseMessages));
        assert!(!exclusive.contains(&Feature::CouplesDashboard), "a gate without a key");
    }
}
