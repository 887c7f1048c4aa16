//! HTTP of calls.

use super::{
    history::{self, Call, CallPage, ListCalls},
    model::Act,
    relay::{self, RelayCredentials},
    signal::{self, ReportMedia, Signal},
    start::{self, StartCall},
    turn::turn,
};
use crate::{
    app::{App, AppState},
    edge::{
        gate::empty,
        input::{OptionalInput, Params, Place},
        once::{self, Create},
        problem::Answer,
        request::Unit,
    },
    identity::Caller,
};
use axum::{
    Json,
    body::Body,
    extract::State,
    http::{Response, StatusCode},
};
use base::{id::CallId, page::Page};
use std::sync::Arc;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(start_call, list_calls))
        .routes(routes!(read_call))
        .routes(routes!(accept_call))
        .routes(routes!(reject_call))
        .routes(routes!(cancel_call))
        .routes(routes!(end_call))
        .routes(routes!(send_signal))
        .routes(routes!(report_media))
        .routes(routes!(read_relay))
}

/// Call somebody. A callee who is in another call is `busy`, and the call is over at once.
#[utoipa::path(post, path = "/v1/calls", tag = "Calls", request_body = StartCall,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of this call harmless for 24 h.")),
    responses((status = 201, body = Call)))]
async fn start_call(
    State(app): AppState,
    caller: Caller,
    Unit(cx): Unit,
    create: Create<StartCall>,
) -> Answer<Response<Body>> {
    once::run(&app, &create.once, async || start::start(&app, &cx, &caller, &create.input, &create.once).await).await
}

/// The caller's calls, made and received, the newest first.
#[utoipa::path(get, path = "/v1/calls", tag = "Calls", params(ListCalls), responses((status = 200, body = CallPage)))]
async fn list_calls(
    State(app): AppState,
    caller: Caller,
    Unit(cx): Unit,
    Params(asked): Params<ListCalls>,
) -> Answer<Json<Page<Call>>> {
    Ok(Json(history::list(&app, &cx, &caller, &asked).await?))
}

/// One call.
#[utoipa::path(get, path = "/v1/calls/{id}", tag = "Calls", params(("id" = CallId, Path)),
    responses((status = 200, body = Call)))]
async fn read_call(
    State(app): AppState,
    caller: Caller,
    Unit(cx): Unit,
    Place(id): Place<CallId>,
) -> Answer<Json<Call>> {
    Ok(Json(history::one(&app, &cx, &caller, id).await?))
}

/// Answer a call. Of several devices the first one wins; the others stop ringing.
#[utoipa::path(post, path = "/v1/calls/{id}/accept", tag = "Calls", params(("id" = CallId, Path)),
    responses((status = 200, body = Call)))]
async fn accept_call(
    State(app): AppState,
    caller: Caller,
    Unit(cx): Unit,
    Place(id): Place<CallId>,
) -> Answer<Json<Call>> {
    Ok(Json(turn(&app, &cx, &caller, id, Act::Accept).await?))
}

/// Turn a call down.
#[utoipa::path(post, path = "/v1/calls/{id}/reject", tag = "Calls", params(("id" = CallId, Path)),
    responses((status = 200, body = Call)))]
async fn reject_call(
    State(app): AppState,
    caller: Caller,
    Unit(cx): Unit,
    Place(id): Place<CallId>,
) -> Answer<Json<Call>> {
    Ok(Json(turn(&app, &cx, &caller, id, Act::Reject).await?))
}

/// Stop calling, while it rings.
#[utoipa::path(post, path = "/v1/calls/{id}/cancel", tag = "Calls", params(("id" = CallId, Path)),
    responses((status = 200, body = Call)))]
async fn cancel_call(
    State(app): AppState,
    caller: Caller,
    Unit(cx): Unit,
    Place(id): Place<CallId>,
) -> Answer<Json<Call>> {
    Ok(Json(turn(&app, &cx, &caller, id, Act::Cancel).await?))
}

/// Hang up. Either party may, and both at once.
#[utoipa::path(post, path = "/v1/calls/{id}/end", tag = "Calls", params(("id" = CallId, Path)),
    responses((status = 200, body = Call)))]
async fn end_call(
    State(app): AppState,
    caller: Caller,
    Unit(cx): Unit,
    Place(id): Place<CallId>,
) -> Answer<Json<Call>> {
    Ok(Json(turn(&app, &cx, &caller, id, Act::End).await?))
}

/// Pass something on to the device of the other party, while the call is live.
#[utoipa::path(post, path = "/v1/calls/{id}/signal", tag = "Calls", request_body = Signal,
    params(("id" = CallId, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of this call harmless for 24 h.")),
    responses((status = 204)),
    extensions(("x-rate-limit" = json!("chat"))))]
async fn send_signal(
    State(app): AppState,
    caller: Caller,
    Unit(cx): Unit,
    Place(id): Place<CallId>,
    create: Create<Signal>,
) -> Answer<Response<Body>> {
    let sent = async || signal::send(&app, &cx, &caller, id, &create.input, &create.once).await;
    once::run(&app, &create.once, sent).await
}

/// Tell the other party what one has switched off. What is not named stays.
#[utoipa::path(post, path = "/v1/calls/{id}/media", tag = "Calls", params(("id" = CallId, Path)),
    request_body(content = Option<ReportMedia>), responses((status = 204)),
    extensions(("x-rate-limit" = json!("chat"))))]
async fn report_media(
    State(app): AppState,
    caller: Caller,
    Unit(cx): Unit,
    Place(id): Place<CallId>,
    OptionalInput(asked): OptionalInput<ReportMedia>,
) -> Answer<Response<Body>> {
    signal::report(&app, &cx, &caller, id, &asked).await?;
    Ok(empty(StatusCode::NO_CONTENT))
}

/// Credentials for the servers that relay what two devices cannot send each other directly, while the call is live.
#[utoipa::path(get, path = "/v1/calls/{id}/relay", tag = "Calls", params(("id" = CallId, Path)),
    responses((status = 200, body = RelayCredentials)))]
async fn read_relay(
    State(app): AppState,
    caller: Caller,
    Unit(cx): Unit,
    Place(id): Place<CallId>,
) -> Answer<Json<RelayCredentials>> {
    Ok(Json(relay::credentials(&app, &cx, &caller, id).await?))
}
