//! The edge: everything between a socket and a feature. Routing, the gate, problems, idempotency, rates, entity tags,
//! the OpenAPI document, pages, health and metrics.

pub mod access_log;
pub mod cors;
mod deadline;
mod dev;
pub mod etag;
pub mod gate;
mod health;
pub mod input;
mod limits;
pub mod metrics;
mod objects;
pub mod once;
mod openapi;
mod operations;
mod pages;
pub mod problem;
mod rates;
pub mod request;
pub mod serve;
pub mod site;
pub mod upload;

use crate::{
    app::App, audit, calls, chat, console, couples, files, identity, languages, notes, plans, presence, profiles,
    realtime,
};
use axum::{
    Router,
    body::Body,
    extract::{DefaultBodyLimit, State},
    http::{HeaderValue, Response, StatusCode, header},
    routing::get,
};
use gate::Gate;
use operations::Operations;
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;

/// The API as a document, without a server.
pub fn document() -> utoipa::openapi::OpenApi {
    features().1
}

/// The socket as a document.
pub fn socket_document() -> serde_json::Value {
    described(&document())
}

fn described(document: &utoipa::openapi::OpenApi) -> serde_json::Value {
    realtime::asyncapi::document(&serde_json::to_value(document).unwrap_or_default())
}

fn features() -> (Router<Arc<App>>, utoipa::openapi::OpenApi) {
    let (router, document) = OpenApiRouter::with_openapi(openapi::frame())
        .merge(identity::routes())
        .merge(profiles::routes())
        .merge(languages::routes())
        .merge(couples::routes())
        .merge(plans::routes())
        .merge(notes::routes())
        .merge(notes::library_routes())
        .merge(chat::routes())
        .merge(calls::routes())
        .merge(files::routes())
        .merge(presence::routes())
        .merge(realtime::routes())
        .merge(audit::routes())
        .merge(console::routes())
        .split_for_parts();
    (router, openapi::finish(document))
}

/// The whole application behind its gate, with the app for couples where there is one.
pub fn gate(app: &Arc<App>, site: Option<site::Site>) -> Arc<Gate> {
    let (router, document) = features();
    let operations = Arc::new(Operations::of(&document));
    let json = serde_json::to_string(&document).unwrap_or_default();
    let socket = described(&document).to_string();
    let counted = operations.clone();
    let router = router
        .route("/openapi.json", get(|| async move { once::json(StatusCode::OK, json) }))
        .route("/asyncapi.json", get(|| async move { once::json(StatusCode::OK, socket) }))
        .route(
            "/metrics",
            get(move |State(app): State<Arc<App>>, about: request::About, headers: axum::http::HeaderMap| async move {
                health::metrics(&app, &about.0, &headers, &counted)
            }),
        )
        .merge(pages::routes())
        .merge(health::routes())
        .merge(objects::routes())
        .merge(dev::routes(app));
    let router = match site.map(|site| Arc::new(site.behind(app.public_url()))) {
        Some(site) => router.fallback(move |request| site.clone().answer(request)),
        None => router.merge(pages::front_door()).fallback(gate::nowhere),
    };
    let router = router
        .method_not_allowed_fallback(gate::wrong_method)
        .layer(DefaultBodyLimit::disable())
        .with_state(app.clone());
    Arc::new(Gate::new(app.clone(), router, operations))
}

/// A page: HTML with the headers that keep it harmless.
fn page(html: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(html.into());
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; script-src 'self'; \
             frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
        ),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
    headers.insert("permissions-policy", HeaderValue::from_static("geolocation=(), microphone=(), camera=()"));
    response
}
