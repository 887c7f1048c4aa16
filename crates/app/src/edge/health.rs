//! Health and figures for operators.

use super::{
    operations::Operations,
    problem::Problem,
    request::{Facts, header},
};
use crate::{app::App, tables};
use axum::{
    Json, Router,
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderValue, Response, StatusCode, header as names},
    response::IntoResponse,
    routing::get,
};
use base::{Cx, Error, time::DAY};
use bytes::Bytes;
use ports::{
    PortResult,
    items::{Commit, When, Write},
};
use serde::Serialize;
use std::sync::{Arc, atomic::Ordering::Relaxed};

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/livez", get(|| async { Json(Status { status: "ok", checks: Vec::new() }) }))
        .route("/readyz", get(ready))
}

#[derive(Serialize)]
pub struct Status {
    pub status: &'static str,
    pub checks: Vec<Check>,
}

/// One dependency.
#[derive(Debug, Serialize)]
pub struct Check {
    pub name: &'static str,
    pub ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// Whether this process should get traffic: its stores answer and take writes, its schema is
/// current, it is not stopping.
async fn ready(State(app): State<Arc<App>>) -> Response<Body> {
    let mut checks = checks(&app).await;
    checks.push(Check { name: "running", ok: !app.tasks.is_stopping(), detail: None });
    let ok = checks.iter().all(|c| c.ok);
    let status = if ok { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let mut response = (status, Json(Status { status: if ok { "ok" } else { "unavailable" }, checks })).into_response();
    if !ok {
        response.headers_mut().insert(names::RETRY_AFTER, HeaderValue::from_static("5"));
    }
    response
}

/// Asks every store something small.
pub async fn checks(app: &App) -> Vec<Check> {
    let cx = Cx::new(&app.world);
    let check = |name, outcome: Result<(), String>| Check { name, ok: outcome.is_ok(), detail: outcome.err() };
    let sql = ports::sql::migrate::status(&app.ports.sql).await;
    let sql = sql.map_err(|e| e.to_string()).and_then(|status| {
        if status.is_current() { Ok(()) } else { Err("migrations are pending or foreign".to_owned()) }
    });
    let items = app.ports.items.outbox(0, 1).await.map(drop).map_err(|e| e.to_string());
    let writes = writes(app, &cx).await.map_err(|e| e.to_string());
    let cache = app.ports.cache.get("ready", cx.now()).await.map(drop).map_err(|e| e.to_string());
    let queue = app.ports.queue.parked(crate::topics::JOBS, 1).await.map(drop).map_err(|e| e.to_string());
    let objects = app.ports.objects.head("ready").await.map(drop).map_err(|e| e.to_string());
    vec![
        check("sql", sql),
        check("items", items),
        check("writes", writes),
        check("cache", cache),
        check("queue", queue),
        check("objects", objects),
    ]
}

/// Milliseconds for which a probe that was stored stands for the next ones: whoever asks often costs nothing.
const WRITTEN: i64 = 2_000;

/// Whether the disk takes what is written: a store that only reads is of no use to a couple.
async fn writes(app: &App, cx: &Cx) -> PortResult<()> {
    const KEPT: &str = "ready-writes";
    if app.ports.cache.get(KEPT, cx.now()).await?.is_some() {
        return Ok(());
    }
    let probe = Write::Put {
        key: tables::STRIKES.key("ready", "probe"),
        number: 0,
        body: Bytes::new(),
        expires_at: Some(cx.now().plus(DAY)),
        when: When::Always,
    };
    app.ports.items.commit(Commit { writes: vec![probe], ..Commit::default() }).await?;
    app.ports.cache.set(KEPT, Bytes::from_static(b"1"), WRITTEN, cx.now()).await
}

/// Prometheus' page: for this machine, or with the token of the configuration.
pub(super) fn metrics(app: &App, about: &Facts, headers: &HeaderMap, operations: &Operations) -> Response<Body> {
    let token = app.settings.edge.metrics_token.reveal();
    let given = header(headers, "authorization").and_then(|h| h.strip_prefix("Bearer ")).unwrap_or_default();
    let by_token = !token.is_empty() && bool::from(subtle::ConstantTimeEq::ct_eq(given.as_bytes(), token.as_bytes()));
    if !by_token && !about.client.is_loopback() {
        return Problem::from(Error::not_found()).into_response();
    }
    app.metrics.hashes_waiting.value.store(app.identity.passwords.waiting(), Relaxed);
    let mut response = Response::new(Body::from(app.metrics.render(operations)));
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    response.headers_mut().insert(names::CONTENT_TYPE, kind);
    response
}
