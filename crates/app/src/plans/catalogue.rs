//! The catalogue of plans as people choose from it: prices from the configuration, words in their language.

use super::{Feature, Included, Plan, Window, words};
use crate::{app::App, notes, settings::Settings};
use base::{Lang, money::Money};
use serde::Serialize;
use utoipa::ToSchema;

/// Something with a key for programs and a name for people.
#[derive(Debug, Serialize, ToSchema)]
pub struct Named {
    pub key: &'static str,
    /// In the caller's language.
    pub name: &'static str,
}

/// How much of something a plan includes.
#[derive(Debug, Serialize, ToSchema)]
pub struct Quota {
    pub meter: &'static str,
    /// Null: unlimited.
    pub limit: Option<i64>,
    pub window: Window,
    /// Which set is included, where it is a set instead of a number: `basic` or `all`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<&'static str>,
}

/// One plan.
#[derive(Debug, Serialize, ToSchema)]
pub struct Offer {
    pub key: Plan,
    pub name: &'static str,
    pub tagline: &'static str,
    /// Per month.
    pub price: Money,
    /// Per year; null: annual billing is not offered.
    pub annual_price: Option<Money>,
    pub popular: bool,
    /// Entitlement keys.
    pub features: Vec<Named>,
    /// What comes with it besides.
    pub benefits: Vec<Named>,
    pub limits: Vec<Quota>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Catalogue {
    /// The cheapest first.
    pub data: Vec<Offer>,
    pub next_cursor: Option<String>,
    pub guarantees: Vec<Named>,
    #[schema(value_type = String)]
    pub language: Lang,
}

/// Benefits of Exclusive that have no entitlement key.
const BENEFITS: [&str; 6] = [
    "monthly_contest_entry",
    "lgbtq_resources",
    "whatsapp_support",
    "monthly_consultation",
    "store_discounts",
    "lifetime_premium_content",
];
const GUARANTEES: [&str; 2] = ["money_back_14_days", "cancel_any_time"];

fn named<const N: usize>(keys: [&'static str; N], names: [&'static str; N]) -> Vec<Named> {
    keys.into_iter().zip(names).map(|(key, name)| Named { key, name }).collect()
}

/// The set of quizzes that a plan includes.
pub(super) fn quizzes(advanced: bool) -> &'static str {
    if advanced { "all" } else { "basic" }
}

/// What quizzes are listed as among limits and usage.
pub(super) const QUIZZES: &str = "quizzes";

fn limits(settings: &Settings, plan: Plan) -> Vec<Quota> {
    let of_plan = Included::ALL.map(|included| (included.meter(), included.of_plan(&settings.plans, plan)));
    let meters = of_plan.into_iter().chain(notes::sending(&settings.notes, plan));
    let mut limits: Vec<_> =
        meters.map(|(m, limit)| Quota { meter: m.name, limit, window: m.window, scope: None }).collect();
    let advanced = Feature::AdvancedQuizzes.cheapest().is_some_and(|cheapest| cheapest <= plan);
    let scope = Some(quizzes(advanced));
    limits.insert(3, Quota { meter: QUIZZES, limit: None, window: Window::Standing, scope });
    limits
}

fn offer(settings: &Settings, plan: Plan, lang: Lang) -> Offer {
    let (words, of) = (words::of(lang), settings.plans.of(plan));
    let money = |amount| Money { amount, currency: settings.plans.currency };
    let name = |feature: Feature| words.features.get(feature as usize).copied().unwrap_or(feature.key());
    Offer {
        key: plan,
        name: ["Basic", "Premiere", "Exclusive"][plan as usize],
        tagline: words.taglines[plan as usize],
        price: money(of.price),
        annual_price: (of.annual_price >= 0).then(|| money(of.annual_price)),
        popular: plan == Plan::Premiere,
        features: Feature::of(plan).map(|f| Named { key: f.key(), name: name(f) }).collect(),
        benefits: if plan == Plan::Exclusive { named(BENEFITS, words.benefits) } else { Vec::new() },
        limits: limits(settings, plan),
    }
}

pub(super) fn catalogue(app: &App, lang: Lang) -> Catalogue {
    Catalogue {
        data: Plan::ALL.map(|plan| offer(&app.settings, plan, lang)).into(),
        next_cursor: None,
        guarantees: named(GUARANTEES, words::of(lang).guarantees),
        language: lang,
    }
}
