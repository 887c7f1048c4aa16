//! A file in a request: the body itself, or a part of a form. What it is, its bytes say; headers only say how it came.

use super::{input::collect, problem::Problem, request::header};
use crate::app::App;
use axum::extract::{FromRequest, Request};
use base::{Error, Kind};
use bytes::Bytes;
use std::{convert::Infallible, sync::Arc};

/// Bytes that a form may have around its file.
pub const FORM: usize = 64 * 1024;
/// Parts of a form at most.
const PARTS: usize = 16;

/// The bytes of an uploaded file: the whole body of an `image/…` or `application/octet-stream`, or the first part
/// with a file name of `multipart/form-data`.
pub struct Upload(pub Bytes);

impl FromRequest<Arc<App>> for Upload {
    type Rejection = Problem;
    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Problem> {
        let named = header(request.headers(), "content-type").unwrap_or_default().to_owned();
        let mime = named.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if mime == "multipart/form-data" {
            let boundary = multer::parse_boundary(&named).map_err(|e| malformed().because(e))?;
            return Ok(Self(file(collect(request, app).await?, boundary).await?));
        }
        if mime.starts_with("image/") || mime == "application/octet-stream" {
            return Ok(Self(collect(request, app).await?));
        }
        let detail = "Send the file itself, or a form with it (multipart/form-data).";
        Err(Error::new(Kind::MediaType, "unsupported_media_type", detail).into())
    }
}

fn malformed() -> Error {
    Error::new(Kind::Malformed, "malformed", "The form cannot be read.")
}

/// The first file of a form. Without one, nothing.
async fn file(body: Bytes, boundary: String) -> Result<Bytes, Error> {
    let body = futures_util::stream::iter([Ok::<_, Infallible>(body)]);
    let mut form = multer::Multipart::new(body, boundary);
    for _ in 0..PARTS {
        let Some(part) = form.next_field().await.map_err(|e| malformed().because(e))? else { break };
        let is_file = part.file_name().is_some();
        let bytes = part.bytes().await.map_err(|e| malformed().because(e))?;
        if is_file {
            return Ok(bytes);
        }
    }
    Ok(Bytes::new())
}
