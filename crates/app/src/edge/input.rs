//! Extractors: every rejection is a problem with a pointer, in one shape.

use super::{problem::Problem, request::Facts};
use crate::app::App;
use axum::{
    extract::{FromRequest, FromRequestParts, Path, Request},
    http::{HeaderMap, header, request::Parts},
};
use base::{Error, Field, Kind};
use bytes::Bytes;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde::de::DeserializeOwned;
use std::{sync::Arc, time::Duration};

/// A JSON body, with the bytes it was read from.
pub struct Input<T> {
    pub value: T,
    pub bytes: Bytes,
}

/// A JSON body whose members are all optional: it may be absent, then without Content-Type.
pub struct OptionalInput<T>(pub T);

/// A query string.
pub struct Params<T>(pub T);

/// What the path names. What cannot be an id names nothing: 404.
pub struct Place<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Arc<App>> for Input<T> {
    type Rejection = Problem;
    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Problem> {
        check_type(request.headers())?;
        let bytes = collect(request, app).await?;
        let value = object(&bytes)?;
        Ok(Self { value, bytes })
    }
}

impl<T: DeserializeOwned + Default> FromRequest<Arc<App>> for OptionalInput<T> {
    type Rejection = Problem;
    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Problem> {
        let typed = check_type(request.headers());
        let bytes = collect(request, app).await?;
        if bytes.is_empty() {
            return Ok(Self(T::default()));
        }
        typed?;
        Ok(Self(object(&bytes)?))
    }
}

fn check_type(headers: &HeaderMap) -> Result<(), Error> {
    let named = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let mime = named.split(';').next().unwrap_or_default().trim();
    if mime.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    Err(Error::new(
        Kind::MediaType,
        "unsupported_media_type",
        "The body must be JSON (Content-Type: application/json).",
    ))
}

/// The whole body, within the size and time the settings allow.
pub(super) async fn collect(request: Request, app: &App) -> Result<Bytes, Error> {
    let stated = request.extensions().get::<Arc<Facts>>().and_then(|f| f.body_limit);
    collect_within(request, app, stated.unwrap_or(app.settings.edge.body_limit)).await
}

/// The whole body, within this many bytes and the time the settings allow.
pub(super) async fn collect_within(request: Request, app: &App, limit: usize) -> Result<Bytes, Error> {
    let edge = &app.settings.edge;
    let body = Limited::new(request.into_body(), limit);
    let collected = tokio::time::timeout(Duration::from_secs(edge.body_seconds), body.collect()).await;
    match collected {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            Err(Error::new(Kind::TooLarge, "payload_too_large", format!("The body may have {limit} bytes.")))
        }
        Ok(Err(error)) => Err(malformed("The body broke off.").because(error)),
        Err(_) => Err(Error::new(Kind::Slow, "request_timeout", "The body did not arrive in time.")),
    }
}

fn malformed(detail: &'static str) -> Error {
    Error::new(Kind::Malformed, "malformed", detail)
}

/// A body is an object. Without this an array would be read by position, past the names of its members.
fn object<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    if bytes.trim_ascii_start().first() == Some(&b'{') {
        return parse(bytes);
    }
    match serde_json::from_slice::<serde::de::IgnoredAny>(bytes) {
        Ok(_) => Err(Error::field("", "wrong_type", "The body must be a JSON object.")),
        Err(error) => Err(malformed("The body is not valid JSON.").because(error)),
    }
}

/// Parses once; only a body that fails is parsed again to find the pointer.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    refuse_nul(bytes)?;
    match serde_json::from_slice(bytes) {
        Ok(value) => Ok(value),
        Err(error) if error.classify() != serde_json::error::Category::Data => {
            Err(malformed("The body is not valid JSON.").because(error))
        }
        Err(_) => Err(explain::<T>(bytes)),
    }
}

fn explain<T: DeserializeOwned>(bytes: &[u8]) -> Error {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let Err(error) = serde_path_to_error::deserialize::<_, T>(&mut reader) else {
        return malformed("The body is not valid JSON.");
    };
    Error::invalid(vec![field_of(&error.path().to_string(), &error.inner().to_string(), "")])
}

/// A field problem from a path of `serde_path_to_error` and the message of the format.
fn field_of(path: &str, message: &str, prefix: &str) -> Field {
    let mut pointer = prefix.to_owned();
    for part in path.split(['.', '[', ']']).filter(|p| !p.is_empty() && *p != "?") {
        pointer.push('/');
        pointer.push_str(&part.replace('~', "~0").replace('/', "~1"));
    }
    if let Some(name) = message.strip_prefix("missing field `").and_then(|rest| rest.split('`').next()) {
        // The path already ends with the missing member in some formats.
        if !pointer.ends_with(&format!("/{name}")) {
            pointer.push('/');
            pointer.push_str(name);
        }
        return Field::new(pointer, "required", "This is required.");
    }
    let code = if message.starts_with("unknown variant") { "unknown_value" } else { "wrong_type" };
    Field::new(pointer, code, "This does not have the expected form.")
}

/// PostgreSQL text holds no NUL, and no person types one: refused before it reaches a store.
fn refuse_nul(bytes: &[u8]) -> Result<(), Error> {
    if !bytes.windows(6).any(|w| w == b"\\u0000") {
        return Ok(());
    }
    let Ok(value) = serde_json::from_slice::<serde_json::Value>(bytes) else {
        return Ok(()); // malformed for another reason, found by the caller
    };
    match find_nul(&value, String::new()) {
        Some(pointer) => Err(Error::field(pointer, "unknown_value", "This holds a character that is not allowed.")),
        None => Ok(()),
    }
}

fn find_nul(value: &serde_json::Value, at: String) -> Option<String> {
    match value {
        serde_json::Value::String(text) => text.contains('\0').then_some(at),
        serde_json::Value::Array(list) => list.iter().enumerate().find_map(|(i, v)| find_nul(v, format!("{at}/{i}"))),
        serde_json::Value::Object(map) => map
            .iter()
            .find_map(|(k, v)| if k.contains('\0') { Some(at.clone()) } else { find_nul(v, format!("{at}/{k}")) }),
        _ => None,
    }
}

impl<T: DeserializeOwned> FromRequestParts<Arc<App>> for Params<T> {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, Problem> {
        let query = parts.uri.query().unwrap_or_default();
        if query.contains("%00") {
            return Err(Error::field("/query", "unknown_value", "This holds a character that is not allowed.").into());
        }
        let reader = serde_urlencoded::Deserializer::new(form_pairs(query));
        match serde_path_to_error::deserialize(reader) {
            Ok(value) => Ok(Self(value)),
            Err(error) => {
                let field = field_of(&error.path().to_string(), &error.inner().to_string(), "/query");
                Err(Error::invalid(vec![field]).into())
            }
        }
    }
}

fn form_pairs(query: &str) -> form_urlencoded::Parse<'_> {
    form_urlencoded::parse(query.as_bytes())
}

impl<T: DeserializeOwned + Send> FromRequestParts<Arc<App>> for Place<T> {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        match Path::<T>::from_request_parts(parts, app).await {
            Ok(Path(value)) => Ok(Self(value)),
            Err(_) => Err(Error::not_found().into()),
        }
    }
}
