//! Uploads in two steps: a signed link that takes the bytes, then a call that makes a file of them.
//!
//! The link stays good for a while after the second step, so the bytes are copied to a place that it does not lead to
//! before anybody sees them.

use super::{
    Kind, StoredFile,
    keep::{self, Incoming},
    names, uses,
};
use crate::{app::App, identity::Caller, tables::UPLOADS};
use base::{
    Cx, Error, Field, Result, Time,
    id::{FileId, MemberId},
    secret,
    time::{HOUR, MINUTE},
};
use bytes::Bytes;
use ports::{
    items::{Key, Query, When, Write},
    objects::{Upload, is_content_type},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where bytes wait until their upload is completed.
pub(super) const FOLDER: &str = "uploads/";
/// How long an upload can be completed.
pub(super) const OPEN: i64 = HOUR;
/// How long its link takes bytes.
const LINK: i64 = 15 * MINUTE;
/// Open uploads of a member at most.
const AT_ONCE: usize = 10;
/// Characters of a content type at most.
const MIME: usize = 127;

/// An upload to begin.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewUpload {
    /// `audio` is understood as `voice`, `file` as `document`.
    pub kind: Kind,
    #[serde(default)]
    #[schema(max_length = 255)]
    pub name: Option<String>,
    /// Bytes, exactly.
    #[schema(minimum = 1, maximum = 26_214_400)]
    pub size: u64,
    /// The Content-Type that the bytes will be sent with. What they are, their content says.
    #[schema(min_length = 3, max_length = 127, pattern = "^[!-.0-~]+/[!-~ ]*[!-~]$")]
    pub mime: String,
}

/// What completes an upload.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct CompleteUpload {
    /// Seconds of a video whose container does not tell.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 86_400)]
    pub duration_s: Option<f64>,
}

/// Where to send the bytes.
#[derive(Debug, Serialize, ToSchema)]
pub struct BegunUpload {
    /// The id of the file to be.
    pub id: FileId,
    /// Takes the bytes, of this size and Content-Type, until `expires_at`.
    pub url: String,
    /// Always `PUT`.
    pub method: &'static str,
    pub content_type: String,
    pub expires_at: Time,
}

/// As its item keeps it.
#[derive(Debug, Serialize, Deserialize)]
struct Open {
    kind: Kind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    object: String,
}

fn key(owner: MemberId, id: FileId) -> Key {
    UPLOADS.key(owner.bytes(), id.bytes())
}

impl NewUpload {
    fn check(&self) -> Result<Option<String>> {
        let mut wrong = Vec::new();
        if self.size == 0 || self.size > self.kind.largest() as u64 {
            let detail = format!("Such a file has 1 to {} bytes.", self.kind.largest());
            wrong.push(Field::new("/size", "out_of_range", detail));
        }
        let mime = &self.mime;
        let named = mime.split_once('/').is_some_and(|(kind, of)| !kind.is_empty() && !of.is_empty());
        if !named || mime.len() > MIME || mime.trim() != mime || !is_content_type(mime) {
            wrong.push(Field::new("/mime", "unknown_value", "This is not a content type."));
        }
        if wrong.is_empty() { names::chosen(self.name.as_deref(), "/name") } else { Err(Error::invalid(wrong)) }
    }
}

pub(super) async fn begin(app: &App, cx: &Cx, caller: &Caller, input: &NewUpload) -> Result<(BegunUpload, Write)> {
    let name = input.check()?;
    let owner = caller.member;
    keep::fits(app, cx, owner, i64::try_from(input.size).unwrap_or(i64::MAX)).await?;
    let open = app.ports.items.query(Query::partition(UPLOADS, owner.bytes()).limit(AT_ONCE)).await?;
    if open.items.len() >= AT_ONCE {
        return Err(Error::conflict("too_many_uploads", "Too many uploads are open. Complete them first."));
    }
    let id: FileId = cx.id();
    let object = format!("{FOLDER}{id}/{}", secret::token());
    let expires_at = cx.now().plus(LINK);
    let upload = Upload {
        key: object.clone(),
        content_type: input.mime.clone(),
        min_bytes: input.size,
        max_bytes: input.size,
        expires_at,
    };
    let url = app.ports.objects.presign_put(&upload, cx.now()).await?;
    let open = Open { kind: input.kind, name, object };
    let body = serde_json::to_vec(&open).map_err(|e| Error::bug("write an upload", e))?;
    let write = Write::Put {
        key: key(owner, id),
        number: 0,
        body: Bytes::from(body),
        expires_at: Some(cx.now().plus(OPEN)),
        when: When::Absent,
    };
    Ok((BegunUpload { id, url, method: "PUT", content_type: upload.content_type, expires_at }, write))
}

/// The file of an upload; the same again when it was completed before.
pub(super) async fn complete(
    app: &App,
    cx: &Cx,
    caller: &Caller,
    id: FileId,
    input: &CompleteUpload,
) -> Result<StoredFile> {
    let duration_s = super::seconds(input.duration_s, "/duration_s")?;
    let owner = caller.member;
    let Some(item) = app.ports.items.get(&key(owner, id)).await? else { return uses::own(app, owner, id).await };
    let open: Open = serde_json::from_slice(&item.body).map_err(|e| Error::bug("read an upload", e))?;
    let Some((_, bytes)) = app.ports.objects.get(&open.object, None).await? else {
        // Somebody else may just have completed it.
        let file = uses::own(app, owner, id).await;
        return file.map_err(|_| Error::conflict("not_uploaded", "The bytes of this file have not arrived yet."));
    };
    let incoming = Incoming { id, owner, kind: open.kind, name: open.name, duration_s, bytes };
    // An upload becomes a file once: one that was completed, and whose file was removed since, does not come again.
    let done = Write::Delete { key: item.key, when: When::Present };
    let file = keep::keep(app, cx, incoming, &[done], None).await?;
    // If this fails, the sweep finds them.
    drop(app.ports.objects.delete(&open.object).await);
    Ok(file)
}
