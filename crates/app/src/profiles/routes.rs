//! HTTP of profiles.

use super::{
    activity::{self, Activity, ActivityPage, ListActivity},
    change::{self, ChangeMe},
    me::{self, Me},
    pictures,
    preferences::{self, ChangePreferences, Preferences},
    privacy::{self, ChangePrivacy, Privacy},
    public::{self, PublicProfile},
    suggestions::{self, CompletionView},
};
use crate::{
    app::{App, AppState},
    edge::{
        etag,
        gate::empty,
        input::{Input, Params, Place},
        once::json,
        problem::Answer,
        request::{Unit, header},
        upload::{FORM, Upload},
    },
    identity::Caller,
};
use axum::{
    Json,
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderValue, Response, StatusCode, header as names},
};
use base::{Error, id::MemberId, page::Page};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(read_me, change_me))
        .routes(routes!(read_completion, recompute_completion))
        .routes(routes!(put_picture, delete_picture))
        .routes(routes!(read_preferences, change_preferences))
        .routes(routes!(read_privacy, change_privacy))
        .routes(routes!(list_activity))
        .routes(routes!(read_member))
}

/// JSON with this entity tag.
fn tagged(resource: &impl Serialize, tag: &str) -> Answer<Response<Body>> {
    let body = serde_json::to_vec(resource).map_err(|e| Error::bug("write an answer", e))?;
    Ok(with_tag(json(StatusCode::OK, body), tag))
}

fn with_tag(mut response: Response<Body>, tag: &str) -> Response<Body> {
    if let Ok(value) = HeaderValue::from_str(tag) {
        response.headers_mut().insert(names::ETAG, value);
    }
    response
}

/// The current member: account, profile, plan, completion and statistics. Always fresh.
#[utoipa::path(get, path = "/v1/me", tag = "Members", responses((status = 200, body = Me)))]
async fn read_me(State(app): AppState, caller: Caller, Unit(cx): Unit) -> Answer<Response<Body>> {
    let me = me::read(&app, &cx, &caller).await?;
    tagged(&me, &me.tag()?)
}

/// Change name, language, time zone and profile. Everything else in the body is ignored.
#[utoipa::path(patch, path = "/v1/me", tag = "Members", request_body = ChangeMe,
    params(("If-Match" = Option<String>, Header, description = "The ETag last seen; 412 when it has changed.")),
    responses((status = 200, body = Me)))]
async fn change_me(
    State(app): AppState,
    caller: Caller,
    Unit(cx): Unit,
    headers: HeaderMap,
    input: Input<ChangeMe>,
) -> Answer<Response<Body>> {
    let me = change::change(&app, &cx, &caller, &input.value, header(&headers, "if-match")).await?;
    tagged(&me, &me.tag()?)
}

/// How much of the profile is filled, what is missing, and what could be done next.
#[utoipa::path(get, path = "/v1/me/completion", tag = "Members", responses((status = 200, body = CompletionView)))]
async fn read_completion(State(app): AppState, caller: Caller) -> Answer<Json<CompletionView>> {
    Ok(Json(suggestions::read(&app, &caller).await?))
}

/// Count the filled fields anew.
#[utoipa::path(post, path = "/v1/me/completion", tag = "Members", responses((status = 200, body = CompletionView)))]
async fn recompute_completion(State(app): AppState, caller: Caller, Unit(cx): Unit) -> Answer<Json<CompletionView>> {
    Ok(Json(suggestions::recompute(&app, &cx, &caller).await?))
}

/// The bytes of an image.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "only its schema is used")]
pub struct ImageBytes(Vec<u8>);

/// A form with an image.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only its schema is used")]
pub struct PictureForm {
    #[schema(value_type = String, format = Binary)]
    picture: Vec<u8>,
}

const _: () = assert!(pictures::LARGEST + FORM == 5_308_416, "the limit of the operation below");

/// Take another picture: at most 5 MiB of JPEG, PNG, WebP or GIF, as the body itself or as a file in a form. It is
/// made smaller and loses its metadata; the one before is removed.
#[utoipa::path(put, path = "/v1/me/picture", tag = "Members",
    request_body(content(
        (ImageBytes = "image/jpeg"), (ImageBytes = "image/png"), (ImageBytes = "image/webp"), (ImageBytes = "image/gif"),
        (ImageBytes = "application/octet-stream"), (PictureForm = "multipart/form-data"))),
    responses((status = 200, body = Me)),
    extensions(("x-body-limit" = json!(5_308_416))))]
async fn put_picture(
    State(app): AppState,
    caller: Caller,
    Unit(cx): Unit,
    Upload(bytes): Upload,
) -> Answer<Response<Body>> {
    let me = pictures::put(&app, &cx, &caller, bytes).await?;
    tagged(&me, &me.tag()?)
}

/// Remove the picture.
#[utoipa::path(delete, path = "/v1/me/picture", tag = "Members", responses((status = 204)))]
async fn delete_picture(State(app): AppState, caller: Caller, Unit(cx): Unit) -> Answer<Response<Body>> {
    pictures::remove(&app, &cx, &caller).await?;
    Ok(empty(StatusCode::NO_CONTENT))
}

/// Preferences: how notes are made personal, kinds of activity, emojis used lately, the language.
#[utoipa::path(get, path = "/v1/me/preferences", tag = "Members", responses((status = 200, body = Preferences)))]
async fn read_preferences(State(app): AppState, caller: Caller, Unit(cx): Unit) -> Answer<Response<Body>> {
    let preferences = preferences::read(&app, &cx, &caller).await?;
    tagged(&preferences, &etag::of(&preferences)?)
}

/// Change preferences. Everything else in the body is ignored.
#[utoipa::path(patch, path = "/v1/me/preferences", tag = "Members", request_body = ChangePreferences,
    params(("If-Match" = Option<String>, Header, description = "The ETag last seen; 412 when it has changed.")),
    responses((status = 200, body = Preferences)))]
async fn change_preferences(
    State(app): AppState,
    caller: Caller,
    Unit(cx): Unit,
    headers: HeaderMap,
    input: Input<ChangePreferences>,
) -> Answer<Response<Body>> {
    let expected = header(&headers, "if-match");
    let preferences = preferences::change(&app, &cx, &caller, &input.value, expected).await?;
    tagged(&preferences, &etag::of(&preferences)?)
}

/// What the caller lets others know and do.
#[utoipa::path(get, path = "/v1/me/privacy", tag = "Members", responses((status = 200, body = Privacy)))]
async fn read_privacy(State(app): AppState, caller: Caller) -> Answer<Json<Privacy>> {
    Ok(Json(privacy::read(&app, &caller).await?))
}

/// Change what others may know and do. It takes effect at once.
#[utoipa::path(patch, path = "/v1/me/privacy", tag = "Members", request_body = ChangePrivacy,
    responses((status = 200, body = Privacy)))]
async fn change_privacy(
    State(app): AppState,
    caller: Caller,
    Unit(cx): Unit,
    input: Input<ChangePrivacy>,
) -> Answer<Json<Privacy>> {
    Ok(Json(privacy::change(&app, &cx, &caller, &input.value).await?))
}

/// What the caller did lately, the latest first.
#[utoipa::path(get, path = "/v1/me/activity", tag = "Members", params(ListActivity),
    responses((status = 200, body = ActivityPage)))]
async fn list_activity(
    State(app): AppState,
    caller: Caller,
    Unit(cx): Unit,
    Params(asked): Params<ListActivity>,
) -> Answer<Json<Page<Activity>>> {
    Ok(Json(activity::list(&app, &cx, &caller, &asked).await?))
}

/// What members may see of a member.
#[utoipa::path(get, path = "/v1/members/{id}", tag = "Members", params(("id" = MemberId, Path)),
    responses((status = 200, body = PublicProfile), (status = 304)))]
async fn read_member(
    State(app): AppState,
    caller: Caller,
    Unit(cx): Unit,
    headers: HeaderMap,
    Place(id): Place<MemberId>,
) -> Answer<Response<Body>> {
    let profile = public::read(&app, &cx, &caller, id).await?;
    let tag = etag::of(&profile)?;
    if etag::unchanged(header(&headers, "if-none-match"), &tag) {
        return Ok(with_tag(empty(StatusCode::NOT_MODIFIED), &tag));
    }
    tagged(&profile, &tag)
}
