//! A member's own plan: what is in force, what is stored, what it opens and how much of it is used; and the check of
//! one feature.

use super::{
    Feature, Grant, Included, Meter, Plan, Source, Status, Usage, Window,
    catalogue::{QUIZZES, quizzes},
    gate::{Entitlements, gate},
    store,
};
use crate::{app::App, identity::Caller, notes};
use base::{Cx, Error, Result, Time};
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Debug, Serialize, ToSchema)]
pub struct MyPlan {
    /// The one in force.
    pub plan: Plan,
    /// The one that is subscribed to; in force while the subscription is live.
    pub stored_plan: Plan,
    pub status: Status,
    /// Null: the plan does not end by itself.
    pub current_period_end: Option<Time>,
    /// Whether the plan in force is a paid one.
    pub paid: bool,
    pub higher_plan_exists: bool,
    /// The next higher plan, if there is one.
    pub next_plan: Option<Plan>,
    /// Every entitlement key in force: of the plan, unlocked by points, granted by staff.
    pub entitlements: Vec<Feature>,
    /// Those among them that are unlocked or granted. All others come with the plan.
    pub grants: Vec<Grant>,
    pub usage: Vec<Usage>,
}

pub(super) async fn read(app: &App, cx: &Cx, caller: &Caller) -> Result<MyPlan> {
    let mut tx = app.ports.sql.read().await?;
    let stored = store::subscription(&mut tx, caller.member).await?.ok_or_else(Error::not_found)?;
    let grants = store::grants(cx, &mut tx, caller.member).await?;
    drop(tx);
    let plan = stored.effective(cx.now());
    let entitlements = Entitlements::new(plan, &grants, cx.now());
    let usage = usage(app, cx, caller, &entitlements).await?;
    let next_plan = plan.above().next();
    Ok(MyPlan {
        plan,
        stored_plan: stored.plan,
        status: stored.status,
        current_period_end: stored.period_end,
        paid: plan > Plan::Basic,
        higher_plan_exists: next_plan.is_some(),
        next_plan,
        entitlements: entitlements.keys(),
        usage,
        grants,
    })
}

/// Every meter, those of areas to come among them: they have counted nothing yet.
async fn usage(app: &App, cx: &Cx, caller: &Caller, entitlements: &Entitlements<'_>) -> Result<Vec<Usage>> {
    let of_plan = Included::ALL.map(|it| (it.meter(), it.limit(&app.settings.plans, entitlements)));
    let meters: Vec<_> = of_plan.into_iter().chain(notes::sending(&app.settings.notes, entitlements.plan)).collect();
    let mut usage = Vec::with_capacity(meters.len() + 1);
    for (meter, limit) in meters {
        usage.push(meter.usage(app, cx, caller.member, limit).await?);
    }
    // A set, not a number: nothing of it is used up.
    let meter = Meter { name: QUIZZES, window: Window::Standing };
    let scope = Some(quizzes(entitlements.holds(Feature::AdvancedQuizzes).is_some()));
    usage.insert(3, Usage { scope, ..Usage::new(meter, 0, None, cx.now()) });
    Ok(usage)
}

/// A feature that is open.
#[derive(Debug, Serialize, ToSchema)]
pub struct FeatureCheck {
    pub feature: Feature,
    /// Always true: otherwise the answer is `plan_required`, `limit_reached` or `forbidden`.
    pub allowed: bool,
    pub source: Source,
    /// When an unlock or a grant ends; null: not by itself.
    pub expires_at: Option<Time>,
    /// Of what the feature uses up, if it is metered.
    pub usage: Option<Usage>,
}

/// Whether the caller could use a feature now; otherwise the refusal that using it would get.
pub(super) async fn check(app: &App, cx: &Cx, caller: &Caller, feature: Feature) -> Result<FeatureCheck> {
    let (card, entitled) = gate(app, cx, caller.member, feature).await?;
    let mut usage = None;
    if let Some(included) = Included::by(feature) {
        let entitlements = card.entitlements(cx.now());
        let (meter, limit) = (included.meter(), included.limit(&app.settings.plans, &entitlements));
        let now = meter.usage(app, cx, caller.member, limit).await?;
        if limit.is_some_and(|limit| now.used >= limit) {
            let of_plan = |plan| included.of_plan(&app.settings.plans, plan);
            return Err(meter.reached(cx, entitlements.plan, (1, limit), now.used, of_plan));
        }
        usage = Some(now);
    }
    let held = entitled.held();
    Ok(FeatureCheck { feature, allowed: true, source: held.source, expires_at: held.expires_at, usage })
}
