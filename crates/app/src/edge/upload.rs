//! A file in a request: the body itself, or a part of a form. What it is, its bytes say; headers only say how it came.

use super::{
    input::collect,
    once::Once,
    problem::Problem,
    request::{About, header},
};
use crate::app::App;
use axum::{
    extract::{FromRequest, FromRequestParts as _, Request},
    http::HeaderMap,
};
use base::{Error, Kind};
use bytes::Bytes;
use std::{collections::BTreeMap, convert::Infallible, sync::Arc};

/// Bytes that a form may have around its file.
pub const FORM: usize = 64 * 1024;
/// Parts of a form at most.
const PARTS: usize = 16;
const FORM_DATA: &str = "multipart/form-data";

/// The bytes of an uploaded file: the whole body of an `image/…` or `application/octet-stream`, or the first part
/// with a file name of `multipart/form-data`.
pub struct Upload(pub Bytes);

impl FromRequest<Arc<App>> for Upload {
    type Rejection = Problem;
    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Problem> {
        let mime = mime(request.headers());
        if mime == FORM_DATA {
            let boundary = boundary(request.headers())?;
            let parts = Parts::read(collect(request, app).await?, boundary).await?;
            return Ok(Self(parts.file.map(|(_, bytes)| bytes).unwrap_or_default()));
        }
        if mime.starts_with("image/") || mime == "application/octet-stream" {
            return Ok(Self(collect(request, app).await?));
        }
        let detail = "Send the file itself, or a form with it (multipart/form-data).";
        Err(Error::new(Kind::MediaType, "unsupported_media_type", detail).into())
    }
}

/// A form: its fields of text, and its file.
pub struct Form {
    pub fields: BTreeMap<String, String>,
    /// The file's name as it was sent, and its bytes.
    pub file: Option<(Option<String>, Bytes)>,
    /// Another form with the same fields and file is a repeat, whatever its boundary.
    pub once: Once,
}

/// A file as the body itself, of whatever type, or in a form.
pub struct Sent {
    pub file: Option<(Option<String>, Bytes)>,
    /// Of the query and the file.
    pub once: Once,
}

impl FromRequest<Arc<App>> for Form {
    type Rejection = Problem;
    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Problem> {
        if !is_form(request.headers()) {
            let detail = "Send a form (multipart/form-data).";
            return Err(Error::new(Kind::MediaType, "unsupported_media_type", detail).into());
        }
        let (request, about) = about(request, app).await;
        let key = Once::sent(request.headers())?;
        let boundary = boundary(request.headers())?;
        let Parts { fields, file } = Parts::read(collect(request, app).await?, boundary).await?;
        let once = Once::of(key, &about, app, &parts(&fields, file.as_ref()));
        Ok(Self { fields, file, once })
    }
}

impl FromRequest<Arc<App>> for Sent {
    type Rejection = Problem;
    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Problem> {
        let query = request.uri().query().unwrap_or_default().to_owned();
        let (request, about) = about(request, app).await;
        let key = Once::sent(request.headers())?;
        let file = if is_form(request.headers()) {
            let boundary = boundary(request.headers())?;
            Parts::read(collect(request, app).await?, boundary).await?.file
        } else {
            Some((None, collect(request, app).await?))
        };
        let fields = BTreeMap::from([(String::new(), query)]);
        let once = Once::of(key, &about, app, &parts(&fields, file.as_ref()));
        Ok(Self { file, once })
    }
}

async fn about(request: Request, app: &Arc<App>) -> (Request, About) {
    let (mut parts, body) = request.into_parts();
    let Ok(about) = About::from_request_parts(&mut parts, app).await;
    (Request::from_parts(parts, body), about)
}

/// What a form says, in an order that does not depend on how it was sent; each piece after its length.
fn parts<'a>(fields: &'a BTreeMap<String, String>, file: Option<&'a (Option<String>, Bytes)>) -> Vec<&'a [u8]> {
    let mut parts: Vec<&[u8]> = Vec::new();
    for (name, text) in fields {
        parts.extend([name.as_bytes(), text.as_bytes()]);
    }
    if let Some((name, bytes)) = file {
        parts.extend([name.as_deref().unwrap_or_default().as_bytes(), bytes]);
    }
    parts
}

/// Whether the body is said to be a form.
pub fn is_form(headers: &HeaderMap) -> bool {
    mime(headers) == FORM_DATA
}

fn mime(headers: &HeaderMap) -> String {
    let named = header(headers, "content-type").unwrap_or_default();
    named.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn boundary(headers: &HeaderMap) -> Result<String, Error> {
    let named = header(headers, "content-type").unwrap_or_default();
    multer::parse_boundary(named).map_err(|e| malformed().because(e))
}

fn malformed() -> Error {
    Error::new(Kind::Malformed, "malformed", "The form cannot be read.")
}

/// What a form holds.
struct Parts {
    fields: BTreeMap<String, String>,
    file: Option<(Option<String>, Bytes)>,
}

impl Parts {
    /// Fields, and the first file: a part with a file name, or called `file`. Of fields with one name the last counts.
    async fn read(body: Bytes, boundary: String) -> Result<Self, Error> {
        let body = futures_util::stream::iter([Ok::<_, Infallible>(body)]);
        let mut form = multer::Multipart::new(body, boundary);
        let (mut fields, mut file) = (BTreeMap::new(), None);
        for _ in 0..PARTS {
            let Some(part) = form.next_field().await.map_err(|e| malformed().because(e))? else { break };
            let (name, file_name) = (part.name().unwrap_or_default().to_owned(), part.file_name().map(str::to_owned));
            let bytes = part.bytes().await.map_err(|e| malformed().because(e))?;
            if file_name.is_some() || name == "file" {
                file = file.or(Some((file_name, bytes)));
                continue;
            }
            // No person types a NUL, and no store of text takes one.
            let text = String::from_utf8(bytes.to_vec()).ok().filter(|text| !text.contains('\0'));
            fields.insert(name, text.ok_or_else(malformed)?);
        }
        Ok(Self { fields, file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(parts: &[(&str, &[u8])]) -> Result<Parts, Error> {
        let mut body = Vec::new();
        for (head, bytes) in parts {
            body.extend_from_slice(format!("--b\r\nContent-Disposition: form-data; {head}\r\n\r\n").as_bytes());
            body.extend_from_slice(bytes);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(b"--b--\r\n");
        Parts::read(body.into(), "b".to_owned()).await
    }

    #[tokio::test]
    async fn a_form_has_fields_and_a_file() {
        let photo = (r#"name="photo"; filename="us.jpg""#, &b"\xff\xd8\0"[..]);
        let form =
            read(&[(r#"name="caption""#, "Você".as_bytes()), photo, (r#"name="kind""#, b"image")]).await.unwrap();
        assert_eq!(form.fields, [("caption", "Você"), ("kind", "image")].map(|(a, b)| (a.into(), b.into())).into());
        assert_eq!(form.file, Some((Some("us.jpg".into()), Bytes::from_static(b"\xff\xd8\0"))));
        // The part of this name is the file, with a name of its own or without; of several the first.
        let form = read(&[(r#"name="file""#, b"one"), (r#"name="x"; filename="two""#, b"two")]).await.unwrap();
        assert_eq!((form.file, form.fields.len()), (Some((None, Bytes::from_static(b"one"))), 0));
        assert!(read(&[(r#"name="caption""#, b"hi")]).await.unwrap().file.is_none());
    }

    #[tokio::test]
    async fn what_no_person_writes_is_refused() {
        for text in [&b"a\0b"[..], b"\xff\xfe"] {
            let refused = read(&[(r#"name="caption""#, text)]).await.err();
            assert_eq!(refused.map(|error| error.code()), Some("malformed"));
        }
        assert!(Parts::read(Bytes::from_static(b"--b\r\nbroken"), "b".to_owned()).await.is_err());
    }
}
