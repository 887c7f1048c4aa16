//! HTTP of the second factor. No idempotency keys: answers that hold secrets are stored nowhere.

use super::{
    Caller,
    second_factor::{self, ConfirmSecondFactor, EndSecondFactor, NewSecret, RecoveryCodes, SecondFactor},
};
use crate::{
    app::{App, AppState},
    edge::{gate::empty, input::Input, problem::Answer, request::Unit},
};
use axum::{
    Json,
    body::Body,
    extract::State,
    http::{Response, StatusCode},
};
use std::sync::Arc;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(offer_second_factor, read_second_factor, end_second_factor))
        .routes(routes!(confirm_second_factor))
}

/// A secret for an authenticator app. The second factor is on once a code confirms it; ask again for another secret.
#[utoipa::path(post, path = "/v1/auth/totp", tag = "Identity", responses((status = 200, body = NewSecret)))]
async fn offer_second_factor(State(app): AppState, caller: Caller, Unit(cx): Unit) -> Answer<Json<NewSecret>> {
    Ok(Json(second_factor::offer(&app, &cx, &caller).await?))
}

/// Whether the second factor is on, and how many recovery codes are left.
#[utoipa::path(get, path = "/v1/auth/totp", tag = "Identity", responses((status = 200, body = SecondFactor)))]
async fn read_second_factor(State(app): AppState, caller: Caller) -> Answer<Json<SecondFactor>> {
    Ok(Json(second_factor::read(&app, &caller).await?))
}

/// Switch the second factor on by a code of the app. Sign-in asks for a code from then on.
#[utoipa::path(post, path = "/v1/auth/totp/confirm", tag = "Identity", request_body = ConfirmSecondFactor,
    responses((status = 200, body = RecoveryCodes)))]
async fn confirm_second_factor(
    State(app): AppState,
    caller: Caller,
    Unit(cx): Unit,
    input: Input<ConfirmSecondFactor>,
) -> Answer<Json<RecoveryCodes>> {
    Ok(Json(second_factor::confirm(&app, &cx, &caller, &input.value).await?))
}

/// Switch the second factor off, with its recovery codes.
#[utoipa::path(delete, path = "/v1/auth/totp", tag = "Identity", request_body = EndSecondFactor,
    responses((status = 204)))]
async fn end_second_factor(
    State(app): AppState,
    caller: Caller,
    Unit(cx): Unit,
    input: Input<EndSecondFactor>,
) -> Answer<Response<Body>> {
    second_factor::end(&app, &cx, &caller, &input.value).await?;
    Ok(empty(StatusCode::NO_CONTENT))
}
