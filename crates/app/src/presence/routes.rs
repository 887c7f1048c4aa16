//! HTTP of presence.

use super::{
    list::{self, ListOnline, OnlineCount, OnlinePage, PresenceMap, ReadMany},
    live,
    model::{MemberPresence, Record, Status},
    view,
};
use crate::{
    app::{App, AppState},
    check::Checks,
    edge::{
        gate::empty,
        input::{Input, Params, Place},
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
use base::{Cx, Error, id::MemberId, page::Page};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(read_own, choose))
        .routes(routes!(heartbeat))
        .routes(routes!(read_one))
        .routes(routes!(read_many))
        .routes(routes!(list_online))
        .routes(routes!(count_online))
}

/// The caller's own presence as others see it, and what the caller chose.
#[derive(Serialize, ToSchema)]
pub struct OwnPresence {
    #[serde(flatten)]
    pub seen: MemberPresence,
    /// Shown while a device is here.
    pub chosen_status: Status,
}

impl OwnPresence {
    fn new(caller: &Caller, record: &Record, cx: &Cx) -> Json<Self> {
        Json(Self { seen: record.view(caller.member, cx.now()), chosen_status: record.chosen })
    }
}

/// How the caller wants to be seen.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "status": "busy" }))]
pub struct ChooseStatus {
    /// `offline` hides that the caller is here.
    #[schema(value_type = Status)]
    pub status: String,
}

/// The caller's own presence.
#[utoipa::path(get, path = "/v1/me/presence", tag = "Presence", responses((status = 200, body = OwnPresence)))]
async fn read_own(State(app): AppState, caller: Caller, Unit(cx): Unit) -> Answer<Json<OwnPresence>> {
    let record = live::load(&app, caller.member, cx.now()).await?;
    Ok(OwnPresence::new(&caller, &record, &cx))
}

/// Choose how to be seen. It stays until the next choice, and is shown while a device of the caller is here.
#[utoipa::path(put, path = "/v1/me/presence", tag = "Presence", request_body = ChooseStatus,
    responses((status = 200, body = OwnPresence)))]
async fn choose(
    State(app): AppState,
    caller: Caller,
    Unit(cx): Unit,
    input: Input<ChooseStatus>,
) -> Answer<Json<OwnPresence>> {
    let mut checks = Checks::default();
    checks.one_of("/status", Some(&input.value.status), Status::NAMES);
    checks.done()?;
    let status = Status::parse(&input.value.status);
    let status = status.ok_or_else(|| Error::field("/status", "required", "This is required."))?;
    let to = |record: &mut Record| record.choose(status, cx.now());
    let record = live::change(&app, &cx, caller.member, to).await?;
    Ok(OwnPresence::new(&caller, &record, &cx))
}

/// This device is here, for five minutes. What the caller chose stays.
#[utoipa::path(post, path = "/v1/presence/heartbeat", tag = "Presence", responses((status = 204)),
    extensions(("x-rate-limit" = json!("chat"))))]
async fn heartbeat(State(app): AppState, caller: Caller, Unit(cx): Unit) -> Answer<Response<Body>> {
    live::beat(&app, &cx, caller.member, caller.session).await?;
    Ok(empty(StatusCode::NO_CONTENT))
}

/// The presence of one member. Of somebody who does not show it, and of nobody, it is `offline`, long ago.
#[utoipa::path(get, path = "/v1/members/{id}/presence", tag = "Presence", params(("id" = MemberId, Path)),
    responses((status = 200, body = MemberPresence)))]
async fn read_one(
    State(app): AppState,
    caller: Caller,
    Unit(cx): Unit,
    Place(id): Place<MemberId>,
) -> Answer<Json<MemberPresence>> {
    Ok(Json(view::of(&app, &cx, caller.member, id).await?))
}

/// The presence of several members: an entry for each id.
#[utoipa::path(get, path = "/v1/presence", tag = "Presence", params(ReadMany),
    responses((status = 200, body = PresenceMap)))]
async fn read_many(
    State(app): AppState,
    caller: Caller,
    Unit(cx): Unit,
    Params(query): Params<Vec<(String, String)>>,
) -> Answer<Json<PresenceMap>> {
    let ids = list::ids(&query)?;
    Ok(Json(list::many(&app, &cx, &caller, &ids).await?))
}

/// Members who are online and show it.
#[utoipa::path(get, path = "/v1/presence/online", tag = "Presence", params(ListOnline),
    responses((status = 200, body = OnlinePage)))]
async fn list_online(
    State(app): AppState,
    caller: Caller,
    Unit(cx): Unit,
    Params(asked): Params<ListOnline>,
) -> Answer<Json<Page<MemberPresence>>> {
    Ok(Json(list::online(&app, &cx, &caller, &asked).await?))
}

/// How many members are online and show it.
#[utoipa::path(get, path = "/v1/presence/online/count", tag = "Presence",
    responses((status = 200, body = OnlineCount)))]
async fn count_online(State(app): AppState, caller: Caller, Unit(cx): Unit) -> Answer<Json<OnlineCount>> {
    Ok(Json(list::count(&app, &cx, &caller).await?))
}
