//! The one place where an [`Error`] becomes an HTTP response (RFC 9457).

use crate::problem_texts;
use axum::{
    body::Body,
    http::{HeaderValue, Response, StatusCode, header},
    response::IntoResponse,
};
use base::{Error, Field, Kind, Lang, error::Chain};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// What a handler returns: [`Error`] with a way into a response. The gate fills in what only it knows.
pub struct Problem(Error);

pub type Answer<T> = Result<T, Problem>;

impl<E: Into<Error>> From<E> for Problem {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

/// A refused response on its way to the gate, which renders it with request id, path and language.
#[derive(Clone)]
pub(super) struct Refused(pub(super) std::sync::Arc<Error>);

impl IntoResponse for Problem {
    fn into_response(self) -> Response<Body> {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = status(self.0.kind());
        response.extensions_mut().insert(Refused(std::sync::Arc::new(self.0)));
        response
    }
}

/// Problem details. `code` is stable; callers decide by it, never by the message.
#[derive(Serialize, ToSchema)]
pub struct ProblemDetails<'a> {
    #[serde(rename = "type")]
    kind: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    instance: &'a str,
    code: &'a str,
    request_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldProblem<'a>>,
    #[serde(flatten)]
    #[schema(ignore)]
    members: &'a Map<String, Value>,
}

#[derive(Serialize, ToSchema)]
pub struct FieldProblem<'a> {
    /// JSON pointer (RFC 6901) of the offending member.
    pointer: &'a str,
    code: &'a str,
    detail: &'a str,
}

pub(super) fn status(kind: Kind) -> StatusCode {
    match kind {
        Kind::Malformed => StatusCode::BAD_REQUEST,
        Kind::Unauthenticated => StatusCode::UNAUTHORIZED,
        Kind::PaymentRequired => StatusCode::PAYMENT_REQUIRED,
        Kind::Forbidden => StatusCode::FORBIDDEN,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::Method => StatusCode::METHOD_NOT_ALLOWED,
        Kind::Slow => StatusCode::REQUEST_TIMEOUT,
        Kind::Conflict => StatusCode::CONFLICT,
        Kind::Precondition => StatusCode::PRECONDITION_FAILED,
        Kind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Kind::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Kind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        Kind::TooMany => StatusCode::TOO_MANY_REQUESTS,
        Kind::HeadTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        Kind::Bug => StatusCode::INTERNAL_SERVER_ERROR,
        Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// The message in the caller's language; English keeps the more specific text of the place that refused.
fn localised<'a>(own: &'a str, keys: [Option<&str>; 2], lang: Lang) -> &'a str
where
    'static: 'a,
{
    if lang == Lang::En {
        return own;
    }
    keys.into_iter().flatten().find_map(|key| problem_texts::detail(key, lang)).unwrap_or(own)
}

/// Renders the problem document. Causes go to the log only.
pub(super) fn render(error: &Error, instance: &str, request_id: &str, lang: Lang) -> Response<Body> {
    let hidden = error.kind() == Kind::Bug;
    if hidden {
        tracing::error!(request_id, code = error.code(), error = %Chain(error), "request failed");
    } else if error.kind() == Kind::Unavailable {
        tracing::warn!(request_id, code = error.code(), error = %Chain(error), "request refused");
    }
    let own = if hidden { "Something went wrong on our side." } else { error.detail() };
    let status = status(error.kind());
    let field = |f: &'_ Field| -> (String, &'static str, String) {
        (f.pointer.to_string(), f.code, localised(&f.detail, [Some(f.code), None], lang).to_owned())
    };
    let fields: Vec<_> = error.fields().iter().map(field).collect();
    let first = error.fields().first().map(|f| f.code);
    let document = ProblemDetails {
        kind: format!("/problems/{}", error.code()),
        title: problem_texts::title(error.code(), lang),
        status: status.as_u16(),
        detail: localised(own, [error.reason_code().or(first), Some(error.code())], lang),
        instance,
        code: error.code(),
        request_id,
        reason: error.reason_code(),
        errors: fields.iter().map(|(pointer, code, detail)| FieldProblem { pointer, code, detail }).collect(),
        members: error.members(),
    };
    let body = serde_json::to_vec(&document).unwrap_or_default();
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(lang.code()));
    if let Some(seconds) = error.retry_after_seconds() {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}
