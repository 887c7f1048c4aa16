//! HTTP of love notes.

use super::{
    allowance::{self, AllowanceView},
    boxes,
    list::{self, ListNotes},
    model::{NewNote, Note},
    open,
    schedule::{self, ChangeScheduled, ListScheduled, NewScheduled, Scheduled},
    send,
    stats::{self, NoteStatistics},
};
use crate::{
    app::{App, AppState},
    edge::{
        etag,
        gate::empty,
        input::{Input, Params, Place},
        once::{self, Bare, Create, json},
        problem::Answer,
        request::{Unit, header},
    },
    identity::Caller,
};
use axum::{
    Json,
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderValue, Response, StatusCode, header as names},
};
use base::{
    id::{NoteId, ScheduledId},
    page::Page,
};
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(send_note, list_notes))
        .routes(routes!(read_allowance))
        .routes(routes!(read_statistics))
        .routes(routes!(read_note))
        .routes(routes!(open_note))
        .routes(routes!(create_scheduled, list_scheduled))
        .routes(routes!(read_scheduled, change_scheduled, cancel_scheduled))
        .routes(routes!(retry_scheduled))
}

/// A list of notes.
#[derive(serde::Serialize, ToSchema)]
pub struct NotePage {
    pub data: Vec<Note>,
    pub next_cursor: Option<String>,
}

/// A list of scheduled notes.
#[derive(serde::Serialize, ToSchema)]
pub struct ScheduledPage {
    pub data: Vec<Scheduled>,
    pub next_cursor: Option<String>,
}

/// Send a love note now. A partner note is in the receiver's box when 201 is answered; a text message or a mail leaves
/// right after it, and the note says how far it has come. Platforms answer a `share` for the sender to post. A visitor
/// shares by links that the app builds by itself: nothing of that reaches the server.
#[utoipa::path(post, path = "/v1/notes", tag = "Love notes", request_body = NewNote,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of this call harmless for 24 h.")),
    responses((status = 201, body = Note)))]
async fn send_note(
    State(app): AppState,
    caller: Caller,
    Unit(cx): Unit,
    create: Create<NewNote>,
) -> Answer<Response<Body>> {
    once::run(&app, &create.once, async || send::send(&app, &cx, &caller, &create.input, &create.once).await).await
}

/// Sent or received notes, newest first.
#[utoipa::path(get, path = "/v1/notes", tag = "Love notes", params(ListNotes),
    responses((status = 200, body = NotePage)))]
async fn list_notes(State(app): AppState, caller: Caller, Params(asked): Params<ListNotes>) -> Answer<Response<Body>> {
    Ok(json(StatusCode::OK, list::list(&app, &caller, &asked).await?))
}

/// What the caller's plan lets send, and how much of it is used.
#[utoipa::path(get, path = "/v1/notes/allowance", tag = "Love notes",
    responses((status = 200, body = AllowanceView)))]
async fn read_allowance(State(app): AppState, caller: Caller, Unit(cx): Unit) -> Answer<Json<AllowanceView>> {
    Ok(Json(allowance::read(&app, &cx, &caller).await?))
}

/// What became of the caller's own notes.
#[utoipa::path(get, path = "/v1/notes/statistics", tag = "Love notes",
    responses((status = 200, body = NoteStatistics)))]
async fn read_statistics(State(app): AppState, caller: Caller, Unit(cx): Unit) -> Answer<Json<NoteStatistics>> {
    Ok(Json(stats::read(&app, &cx, &caller).await?))
}

/// One note of the caller's boxes.
#[utoipa::path(get, path = "/v1/notes/{id}", tag = "Love notes", params(("id" = NoteId, Path)),
    responses((status = 200, body = Note), (status = 304)))]
async fn read_note(
    State(app): AppState,
    caller: Caller,
    headers: HeaderMap,
    Place(id): Place<NoteId>,
) -> Answer<Response<Body>> {
    let (_, item) = boxes::find(&app, &caller, id).await?;
    Ok(tagged(&headers, item.version, item.body))
}

/// JSON with a strong tag made of the item's version; 304 when the caller has it.
fn tagged(headers: &HeaderMap, version: u64, body: bytes::Bytes) -> Response<Body> {
    let tag = format!("\"{version}\"");
    let unchanged = etag::unchanged(header(headers, "if-none-match"), &tag);
    let mut response = if unchanged { empty(StatusCode::NOT_MODIFIED) } else { json(StatusCode::OK, body) };
    if let Ok(value) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(names::ETAG, value);
    }
    response
}

/// The receiver opens a note; the sender is told.
#[utoipa::path(post, path = "/v1/notes/{id}/open", tag = "Love notes", params(("id" = NoteId, Path)),
    responses((status = 200, body = Note)))]
async fn open_note(
    State(app): AppState,
    caller: Caller,
    Unit(cx): Unit,
    Place(id): Place<NoteId>,
) -> Answer<Response<Body>> {
    Ok(json(StatusCode::OK, open::open(&app, &cx, &caller, id).await?))
}

/// Schedule a love note for a wall clock in a time zone.
#[utoipa::path(post, path = "/v1/scheduled-notes", tag = "Love notes", request_body = NewScheduled,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of this call harmless for 24 h.")),
    responses((status = 201, body = Scheduled)))]
async fn create_scheduled(
    State(app): AppState,
    caller: Caller,
    Unit(cx): Unit,
    create: Create<NewScheduled>,
) -> Answer<Response<Body>> {
    once::run(&app, &create.once, async || schedule::create(&app, &cx, &caller, &create.input, &create.once).await)
        .await
}

/// The caller's scheduled notes of one state, the earliest first.
#[utoipa::path(get, path = "/v1/scheduled-notes", tag = "Love notes", params(ListScheduled),
    responses((status = 200, body = ScheduledPage)))]
async fn list_scheduled(
    State(app): AppState,
    caller: Caller,
    Params(asked): Params<ListScheduled>,
) -> Answer<Json<Page<Scheduled>>> {
    Ok(Json(schedule::list(&app, &caller, &asked).await?))
}

/// JSON of a scheduled note with its tag.
fn answer(scheduled: &Scheduled) -> Answer<Response<Body>> {
    let mut response = json(StatusCode::OK, scheduled.json()?);
    if let Ok(value) = HeaderValue::from_str(&etag::of(scheduled)?) {
        response.headers_mut().insert(names::ETAG, value);
    }
    Ok(response)
}

/// One scheduled note of the caller.
#[utoipa::path(get, path = "/v1/scheduled-notes/{id}", tag = "Love notes", params(("id" = ScheduledId, Path)),
    responses((status = 200, body = Scheduled)))]
async fn read_scheduled(State(app): AppState, caller: Caller, Place(id): Place<ScheduledId>) -> Answer<Response<Body>> {
    answer(&schedule::own(&app, &caller, id).await?.1)
}

/// Change a scheduled note that waits; address a paused one anew.
#[utoipa::path(patch, path = "/v1/scheduled-notes/{id}", tag = "Love notes", request_body = ChangeScheduled,
    params(("id" = ScheduledId, Path), ("If-Match" = Option<String>, Header, description = "The ETag last seen; 412 when it has changed.")),
    responses((status = 200, body = Scheduled)))]
async fn change_scheduled(
    State(app): AppState,
    caller: Caller,
    Unit(cx): Unit,
    headers: HeaderMap,
    Place(id): Place<ScheduledId>,
    input: Input<ChangeScheduled>,
) -> Answer<Response<Body>> {
    let if_match = header(&headers, "if-match");
    answer(&schedule::change(&app, &cx, &caller, id, &input.value, if_match).await?)
}

/// Cancel a scheduled note. Final.
#[utoipa::path(delete, path = "/v1/scheduled-notes/{id}", tag = "Love notes",
    params(("id" = ScheduledId, Path), ("If-Match" = Option<String>, Header, description = "The ETag last seen; 412 when it has changed.")),
    responses((status = 204)))]
async fn cancel_scheduled(
    State(app): AppState,
    caller: Caller,
    Unit(cx): Unit,
    headers: HeaderMap,
    Place(id): Place<ScheduledId>,
) -> Answer<Response<Body>> {
    schedule::cancel(&app, &cx, &caller, id, header(&headers, "if-match")).await?;
    Ok(empty(StatusCode::NO_CONTENT))
}

/// Try a failed scheduled note again, now.
#[utoipa::path(post, path = "/v1/scheduled-notes/{id}/retry", tag = "Love notes",
    params(("id" = ScheduledId, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of this call harmless for 24 h.")),
    responses((status = 200, body = Scheduled)))]
async fn retry_scheduled(
    State(app): AppState,
    caller: Caller,
    Unit(cx): Unit,
    Place(id): Place<ScheduledId>,
    Bare(once): Bare,
) -> Answer<Response<Body>> {
    once::run(&app, &once, async || schedule::retry(&app, &cx, &caller, id, &once).await).await
}
