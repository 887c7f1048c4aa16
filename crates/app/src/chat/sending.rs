//! A message as it comes: JSON, or a form with its file.

use super::{
    model::{FileToSend, NewMessage},
    post::Incoming,
};
use crate::{
    app::App,
    edge::{
        once::{Create, Once},
        problem::Problem,
        upload::{Form, is_form},
    },
    files,
};
use axum::extract::{FromRequest, Request};
use base::{Error, Result};
use std::{str::FromStr, sync::Arc};
use utoipa::ToSchema;

/// A message with its file.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only its schema is used")]
pub struct MessageForm {
    #[schema(min_length = 1, max_length = 100)]
    client_id: Option<String>,
    #[schema(pattern = "^(image|video|voice|audio|document|file)$")]
    /// `image`, `video`, `voice` or `document`.
    kind: String,
    /// A caption.
    #[schema(max_length = 4_000)]
    content: Option<String>,
    #[schema(pattern = "^(msg_[0-7][0-9a-hjkmnp-tv-z]{25})?$")]
    reply_to_id: Option<String>,
    /// Seconds of a video whose container does not tell.
    #[schema(minimum = 0, maximum = 86_400)]
    duration_s: Option<f64>,
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

pub(super) struct Sending {
    pub message: NewMessage,
    pub file: Option<Incoming>,
    pub once: Once,
}

impl FromRequest<Arc<App>> for Sending {
    type Rejection = Problem;
    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Problem> {
        if !is_form(request.headers()) {
            let Create { input, once } = Create::<NewMessage>::from_request(request, app).await?;
            return Ok(Self { message: input, file: None, once });
        }
        let mut form = Box::pin(Form::from_request(request, app)).await?;
        let duration_s = files::seconds(read(&mut form, "duration_s", "/duration_s")?, "/duration_s")?;
        let file_id = read(&mut form, "file_id", "/file/id")?;
        let reply_to_id = read(&mut form, "reply_to_id", "/reply_to_id")?;
        let mut text = |name: &str| form.fields.remove(name);
        let message = NewMessage {
            client_id: text("client_id"),
            kind: text("kind"),
            content: text("content"),
            location: None,
            file: file_id.map(|id| FileToSend { id }),
            reply_to_id,
        };
        let file = form.file.take().map(|(name, bytes)| Incoming { name, duration_s, bytes });
        Ok(Self { message, file, once: form.once })
    }
}

/// A field that is more than a text; empty is none.
fn read<T: FromStr>(form: &mut Form, name: &str, pointer: &'static str) -> Result<Option<T>> {
    let text = form.fields.remove(name).filter(|text| !text.trim().is_empty());
    let wrong = |_| Error::field(pointer, "wrong_type", "This does not have the expected form.");
    text.map(|text| text.trim().parse().map_err(wrong)).transpose()
}
