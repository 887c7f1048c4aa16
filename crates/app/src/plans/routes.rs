//! HTTP of plans.

use super::{
    Feature,
    catalogue::{self, Catalogue},
    me::{self, FeatureCheck, MyPlan},
};
use crate::{
    app::{App, AppState},
    cards,
    check::Checks,
    edge::{
        input::{Params, Place},
        problem::Answer,
        request::{About, Unit},
    },
    identity::Caller,
};
use axum::{Json, extract::State};
use serde::Deserialize;
use std::sync::Arc;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(list_plans)).routes(routes!(read_my_plan)).routes(routes!(check_feature))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListPlans {
    /// Language of names and texts; the account's, or that of `Accept-Language`, unless said.
    #[param(schema_with = language)]
    pub language: Option<String>,
}

/// A listed language, active or not, or empty.
fn language() -> utoipa::openapi::schema::Schema {
    let codes = base::lang::LISTED.iter().map(|listed| listed.code).chain([""]);
    utoipa::openapi::ObjectBuilder::new()
        .schema_type(utoipa::openapi::Type::String)
        .enum_values(Some(codes.collect::<Vec<_>>()))
        .into()
}

/// The plans, with prices and what each opens.
#[utoipa::path(get, path = "/v1/plans", tag = "Plans", security(()), params(ListPlans),
    responses((status = 200, body = Catalogue)))]
async fn list_plans(
    State(app): AppState,
    Unit(cx): Unit,
    About(about): About,
    Params(asked): Params<ListPlans>,
) -> Answer<Json<Catalogue>> {
    let mut checks = Checks::default();
    let asked = checks.lang("/query/language", asked.language.as_deref());
    checks.done()?;
    let lang = match (asked, about.caller) {
        (Some(lang), _) => lang,
        (None, Some(caller)) => cards::load(&app, &cx, caller.member).await?.lang,
        (None, None) => cx.lang(),
    };
    Ok(Json(catalogue::catalogue(&app, lang)))
}

/// The caller's plan, entitlements and usage.
#[utoipa::path(get, path = "/v1/me/plan", tag = "Plans", responses((status = 200, body = MyPlan)))]
async fn read_my_plan(State(app): AppState, caller: Caller, Unit(cx): Unit) -> Answer<Json<MyPlan>> {
    Ok(Json(me::read(&app, &cx, &caller).await?))
}

/// Whether the caller could use a feature now. The refusal is the one that using it would get: `plan_required` with
/// the cheapest plan, or `limit_reached`.
#[utoipa::path(get, path = "/v1/me/plan/features/{key}", tag = "Plans", params(("key" = Feature, Path)),
    responses((status = 200, body = FeatureCheck)))]
async fn check_feature(
    State(app): AppState,
    caller: Caller,
    Unit(cx): Unit,
    Place(feature): Place<Feature>,
) -> Answer<Json<FeatureCheck>> {
    Ok(Json(me::check(&app, &cx, &caller, feature).await?))
}
