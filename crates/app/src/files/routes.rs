//! HTTP of files.

use super::{
    Kind, LARGEST,
    begin::{self, BegunUpload, CompleteUpload, NewUpload},
    keep::{self, Incoming},
    model::{self, File},
    names, uses,
};
use crate::{
    app::{App, AppState},
    edge::{
        gate::empty,
        input::{OptionalInput, Params, Place},
        once::{self, Create},
        problem::Answer,
        request::Unit,
        upload::{FORM, Sent},
    },
    identity::Caller,
};
use axum::{
    Json,
    body::Body,
    extract::State,
    http::{Response, StatusCode},
};
use base::{Error, Result, id::FileId};
use bytes::Bytes;
use ports::items::Commit;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(upload_file))
        .routes(routes!(begin_upload))
        .routes(routes!(complete_upload))
        .routes(routes!(read_file, delete_file))
}

/// About a file that is the body.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct NewFile {
    /// `audio` is understood as `voice`, `file` as `document`.
    #[param(inline)]
    kind: Kind,
    /// What it is called; without one it gets a name.
    #[serde(default)]
    #[param(max_length = 255)]
    name: Option<String>,
    /// Seconds of a video whose container does not tell.
    #[serde(default)]
    #[param(minimum = 0, maximum = 86_400)]
    duration_s: Option<f64>,
}

/// The bytes of a file.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "only its schema is used")]
pub struct FileBytes(Vec<u8>);

/// A form with a file.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only its schema is used")]
pub struct FileForm {
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

const _: () = assert!(LARGEST + FORM == 26_279_936, "the limit of the operation below");

/// JSON of an answer.
fn written(answer: &impl Serialize) -> Result<Bytes> {
    Ok(Bytes::from(serde_json::to_vec(answer).map_err(|e| Error::bug("write an answer", e))?))
}

/// Upload a file in one step, as the body itself or as a file in a form. Images (10 MiB; JPEG, PNG, WebP, GIF) are made
/// smaller than 2560 pixels and lose their metadata; voice notes (5 MiB, 10 minutes; webm, ogg, mp4), videos and
/// documents (25 MiB; anything but programs) stay as they are, but images among them lose their metadata, too. The type is found in the content. It counts against the
/// storage of the plan, and goes after a day when no message uses it.
#[utoipa::path(post, path = "/v1/files", tag = "Files",
    params(NewFile,
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of this call harmless for 24 h.")),
    request_body(content((FileBytes = "application/octet-stream"), (FileForm = "multipart/form-data"))),
    responses((status = 201, body = File)),
    extensions(("x-body-limit" = json!(26_279_936))))]
async fn upload_file(
    State(app): AppState,
    caller: Caller,
    Unit(cx): Unit,
    Params(about): Params<NewFile>,
    sent: Sent,
) -> Answer<Response<Body>> {
    once::run(&app, &sent.once, async || {
        let (of_part, bytes) = sent.file.clone().unwrap_or_default();
        let name = match names::chosen(about.name.as_deref(), "/query/name")? {
            Some(name) => Some(name),
            None => names::sent(of_part.as_deref(), "/file")?,
        };
        let duration_s = super::seconds(about.duration_s, "/query/duration_s")?;
        let incoming = Incoming { id: cx.id(), owner: caller.member, kind: about.kind, name, duration_s, bytes };
        let file = keep::keep(&app, &cx, incoming, &[], Some(&sent.once)).await?;
        Ok((StatusCode::CREATED, written(&model::present(&app, &cx, &file).await?)?))
    })
    .await
}

/// Begin an upload in two steps: the answer says where to PUT the bytes. Complete it within an hour.
#[utoipa::path(post, path = "/v1/uploads", tag = "Files", request_body = NewUpload,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of this call harmless for 24 h.")),
    responses((status = 201, body = BegunUpload)))]
async fn begin_upload(
    State(app): AppState,
    caller: Caller,
    Unit(cx): Unit,
    create: Create<NewUpload>,
) -> Answer<Response<Body>> {
    once::run(&app, &create.once, async || {
        let (begun, write) = begin::begin(&app, &cx, &caller, &create.input).await?;
        let json = written(&begun)?;
        let mut writes = vec![write];
        writes.extend(create.once.write(&cx, StatusCode::CREATED, &json)?);
        match app.ports.items.commit(Commit { writes, ..Commit::default() }).await? {
            ports::items::Outcome::Applied { .. } => Ok((StatusCode::CREATED, json)),
            ports::items::Outcome::Refused(_) => Err(once::in_progress()),
        }
    })
    .await
}

/// Make a file of the bytes that the link took. Once it has been made, the same file again.
#[utoipa::path(post, path = "/v1/uploads/{id}/complete", tag = "Files", params(("id" = FileId, Path)),
    request_body = Option<CompleteUpload>, responses((status = 201, body = File)))]
async fn complete_upload(
    State(app): AppState,
    caller: Caller,
    Unit(cx): Unit,
    Place(id): Place<FileId>,
    OptionalInput(input): OptionalInput<CompleteUpload>,
) -> Answer<(StatusCode, Json<File>)> {
    let file = begin::complete(&app, &cx, &caller, id, &input).await?;
    Ok((StatusCode::CREATED, Json(model::present(&app, &cx, &file).await?)))
}

/// One of the caller's files, with fresh links.
#[utoipa::path(get, path = "/v1/files/{id}", tag = "Files", params(("id" = FileId, Path)),
    responses((status = 200, body = File)))]
async fn read_file(
    State(app): AppState,
    caller: Caller,
    Unit(cx): Unit,
    Place(id): Place<FileId>,
) -> Answer<Json<File>> {
    let file = uses::own(&app, caller.member, id).await?;
    Ok(Json(model::present(&app, &cx, &file).await?))
}

/// Remove a file that no message uses. One that a message uses goes with the last of them.
#[utoipa::path(delete, path = "/v1/files/{id}", tag = "Files", params(("id" = FileId, Path)),
    responses((status = 204)))]
async fn delete_file(State(app): AppState, caller: Caller, Place(id): Place<FileId>) -> Answer<Response<Body>> {
    uses::remove(&app, caller.member, id).await?;
    Ok(empty(StatusCode::NO_CONTENT))
}
