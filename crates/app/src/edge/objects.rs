//! The folder of objects over HTTP: signed URLs only. A CDN in front of S3 does this on the cloud.

use super::{
    gate::empty,
    input::collect_within,
    problem::{Answer, Problem},
    request::header,
};
use crate::app::App;
use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header as names},
    response::IntoResponse,
    routing::get,
};
use base::{Cx, Error, Kind};
use ports::objects::{Grant, Meta, PutWhen, Range};
use std::sync::Arc;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route("/objects/{*key}", get(serve).put(serve))
}

/// Everything a signature does not allow looks the same from outside.
async fn serve(State(app): State<Arc<App>>, request: Request) -> Answer<Response<Body>> {
    let cx = Cx::new(&app.world);
    let Some(signer) = &app.signer else { return Err(Error::not_found().into()) };
    let method = if request.method() == Method::PUT { "PUT" } else { "GET" };
    let query = request.uri().query().unwrap_or_default();
    let grant = signer
        .verify(method, request.uri().path(), query, cx.now())
        .map_err(|e| Error::forbidden("This link does not open anything.").because(format!("{e:?}")))?;
    match grant {
        Grant::Get { key } => read(&app, &key, request.headers()).await,
        Grant::Put(upload) => {
            let kind = header(request.headers(), "content-type").unwrap_or_default().to_owned();
            // The signature says how much: a link for a large file takes more than a usual call.
            let most = usize::try_from(upload.max_bytes).unwrap_or(usize::MAX);
            let body = collect_within(request, &app, most).await?;
            if !upload.admits(&kind, body.len() as u64) {
                let detail = "Size or type is not what this link is for.";
                return Err(Error::new(Kind::TooLarge, "payload_too_large", detail).into());
            }
            app.ports.objects.put(&upload.key, body, &upload.content_type, PutWhen::Always, cx.now()).await?;
            Ok(empty(StatusCode::NO_CONTENT))
        }
    }
}

async fn read(app: &App, key: &str, headers: &HeaderMap) -> Answer<Response<Body>> {
    let meta = app.ports.objects.head(key).await?.ok_or_else(Error::not_found)?;
    let range = match header(headers, "range").map(|r| parse_range(r, meta.size)) {
        None | Some(Asked::Whole) => None,
        Some(Asked::Part(range)) => Some(range),
        Some(Asked::Beyond) => {
            let mut response = empty(StatusCode::RANGE_NOT_SATISFIABLE);
            if let Ok(value) = HeaderValue::from_str(&format!("bytes */{}", meta.size)) {
                response.headers_mut().insert(names::CONTENT_RANGE, value);
            }
            return Ok(response);
        }
    };
    let (meta, bytes) = app.ports.objects.get(key, range).await?.ok_or_else(Error::not_found)?;
    Ok(answer(&meta, range, bytes).unwrap_or_else(|| Problem::from(Error::not_found()).into_response()))
}

fn answer(meta: &Meta, range: Option<Range>, bytes: bytes::Bytes) -> Option<Response<Body>> {
    let length = bytes.len() as u64;
    let mut response = Response::new(Body::from(bytes));
    let headers = response.headers_mut();
    headers.insert(names::CONTENT_TYPE, HeaderValue::from_str(&meta.content_type).ok()?);
    headers.insert(names::ETAG, HeaderValue::from_str(&format!("\"{}\"", meta.etag)).ok()?);
    headers.insert(names::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(names::CACHE_CONTROL, HeaderValue::from_static("private, max-age=300"));
    // Uploads are people's files: never run as part of our origin.
    headers.insert(names::CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox; default-src 'none'"));
    if let Some(range) = range {
        let value = format!("bytes {}-{}/{}", range.start, (range.start + length).saturating_sub(1), meta.size);
        headers.insert(names::CONTENT_RANGE, HeaderValue::from_str(&value).ok()?);
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    Some(response)
}

#[derive(Debug, PartialEq, Eq)]
enum Asked {
    Whole,
    Part(Range),
    Beyond,
}

/// A single byte range (RFC 9110 §14); what is not one is ignored, as the RFC allows.
fn parse_range(text: &str, size: u64) -> Asked {
    let Some((from, to)) = text.strip_prefix("bytes=").and_then(|r| r.split_once('-')) else { return Asked::Whole };
    let (from, to) = (from.trim(), to.trim());
    match (from.parse::<u64>(), to.parse::<u64>()) {
        (Ok(start), _) if start >= size => Asked::Beyond,
        (Ok(start), Ok(last)) if last >= start => {
            Asked::Part(Range { start, end: Some(last.saturating_add(1).min(size)) })
        }
        (Ok(start), Err(_)) if to.is_empty() => Asked::Part(Range { start, end: None }),
        (Err(_), Ok(0)) if from.is_empty() => Asked::Beyond,
        (Err(_), Ok(tail)) if from.is_empty() && size > 0 => {
            Asked::Part(Range { start: size.saturating_sub(tail), end: None })
        }
        _ => Asked::Whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        let part = |start, end| Asked::Part(Range { start, end });
        assert_eq!(parse_range("bytes=0-3", 10), part(0, Some(4)));
        assert_eq!(parse_range("bytes=5-", 10), part(5, None));
        assert_eq!(parse_range("bytes=-3", 10), part(7, None));
        assert_eq!(parse_range("bytes=0-99", 10), part(0, Some(10)));
        assert_eq!(parse_range("bytes=10-", 10), Asked::Beyond);
        assert_eq!(parse_range("bytes=-0", 10), Asked::Beyond);
        for ignored in ["bytes=3-1", "lines=1-2", "bytes=0-1,3-4", ""] {
            assert_eq!(parse_range(ignored, 10), Asked::Whole, "{ignored}");
        }
    }
}
