//! Which pages may call us: our own origin, and the allow-list of the configuration. And what protects the refresh
//! cookie from other people's pages.

use super::{gate::empty, request::header};
use crate::app::App;
use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, Response, StatusCode, header as names},
};
use base::{Error, Kind, Result};

fn allowed(app: &App, origin: &str) -> bool {
    origin == app.public_url() || app.settings.edge.cors_origins.iter().any(|o| o == origin)
}

/// Our own origin as the browser sees it: the host it asked, whatever the public URL says.
fn own(headers: &HeaderMap, origin: &str) -> bool {
    let host = header(headers, "host").unwrap_or_default();
    !host.is_empty() && origin.split_once("://").is_some_and(|(_, rest)| rest == host)
}

pub(super) fn is_preflight(headers: &HeaderMap) -> bool {
    headers.contains_key(names::ORIGIN) && headers.contains_key(names::ACCESS_CONTROL_REQUEST_METHOD)
}

pub(super) fn preflight(app: &App, headers: &HeaderMap) -> Response<Body> {
    let mut response = empty(StatusCode::NO_CONTENT);
    if header(headers, "origin").is_some_and(|origin| allowed(app, origin)) {
        let out = response.headers_mut();
        for (name, value) in [
            (names::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, PUT, PATCH, DELETE"),
            (
                names::ACCESS_CONTROL_ALLOW_HEADERS,
                "authorization, content-type, idempotency-key, if-match, if-none-match, x-o2o-csrf, x-request-id, accept-language, last-event-id, traceparent",
            ),
            (names::ACCESS_CONTROL_MAX_AGE, "600"),
        ] {
            out.insert(name, HeaderValue::from_static(value));
        }
    }
    response
}

/// Lets the page of an allowed origin read the answer.
pub(super) fn allow(app: &App, origin: &HeaderValue, headers: &mut HeaderMap) {
    headers.append(names::VARY, HeaderValue::from_static("origin"));
    if !origin.to_str().is_ok_and(|o| allowed(app, o)) {
        return;
    }
    headers.insert(names::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    headers.insert(names::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    headers.insert(
        names::ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("x-request-id, etag, retry-after, ratelimit, ratelimit-policy, location"),
    );
}

/// A request that only the cookie authenticates comes from our own pages: it carries a header that a foreign form
/// cannot set, and an origin that is ours or allowed.
pub fn check_csrf(app: &App, headers: &HeaderMap) -> Result<()> {
    let refused = |detail: &'static str| Err(Error::new(Kind::Forbidden, "forbidden", detail).reason("csrf"));
    if header(headers, "x-o2o-csrf") != Some("1") {
        return refused("A request with the cookie carries X-O2O-CSRF: 1.");
    }
    match header(headers, "origin") {
        Some(origin) if allowed(app, origin) || own(headers, origin) => Ok(()),
        _ => refused("This origin is not allowed."),
    }
}
