//! For development: what a local mail or SMS adapter "sent", and a clock that can be moved. Neither exists with a real
//! provider or without its configuration.

use super::{
    input::{Input, Params},
    page,
    problem::Answer,
    request::{About, header},
};
use crate::app::App;
use axum::{
    Json, Router,
    body::Body,
    extract::State,
    http::{HeaderMap, Response},
    response::IntoResponse,
    routing::{get, post},
};
use base::{Error, Time};
use ports::embedded::outbox::Entry;
use serde::{Deserialize, Serialize};
use std::{fmt::Write as _, sync::Arc};

/// Entries of one look.
const SHOWN: usize = 100;

pub(super) fn routes(app: &App) -> Router<Arc<App>> {
    let mut router = Router::new();
    if app.dev_outbox.is_some() {
        router = router.route("/dev/outbox", get(outbox));
    }
    if app.settings.dev.clock {
        router = router.route("/dev/clock", post(clock));
    }
    router
}

#[derive(Deserialize)]
struct Asked {
    to: Option<String>,
    channel: Option<String>,
}

#[derive(Serialize)]
struct Shown {
    data: Vec<Entry>,
}

async fn outbox(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Params(asked): Params<Asked>,
) -> Answer<Response<Body>> {
    let outbox = app.dev_outbox.as_ref().ok_or_else(Error::not_found)?;
    let to = asked.to.as_deref().filter(|t| !t.is_empty());
    let channel = asked.channel.as_deref().filter(|c| !c.is_empty());
    let data = outbox.list(to, channel, SHOWN, app.world.now())?;
    if prefers_html(header(&headers, "accept").unwrap_or_default()) {
        return Ok(page(list(&data)));
    }
    Ok(Json(Shown { data }).into_response())
}

/// A browser names HTML before it names anything.
fn prefers_html(accept: &str) -> bool {
    let place = |kind: &str| accept.find(kind).unwrap_or(usize::MAX);
    place("text/html") < place("application/json")
}

/// `&`, `<`, `>` and quotes as text.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

fn list(entries: &[Entry]) -> String {
    let mut out = String::from(include_str!("pages/outbox.html"));
    if entries.is_empty() {
        out.push_str("<p>Nothing was sent yet.</p>");
    }
    for entry in entries {
        let value = serde_json::to_value(entry).unwrap_or_default();
        let text = |name: &str| escape(value.get(name).and_then(|v| v.as_str()).unwrap_or_default());
        let _infallible = write!(
            out,
            "<article><header><b>{}</b> <span>{} · {}</span></header><h2>{}</h2><pre>{}</pre></article>",
            text("to"),
            text("channel"),
            text("sent_at"),
            text("subject"),
            link(&text("text"))
        );
    }
    out.push_str("</main></body></html>");
    out
}

/// Links of an escaped text, made clickable.
fn link(escaped: &str) -> String {
    let word = |word: &str| {
        if word.starts_with("http://") || word.starts_with("https://") {
            format!("<a href=\"{word}\">{word}</a>")
        } else {
            word.to_owned()
        }
    };
    escaped
        .split_inclusive([' ', '\n'])
        .map(|w| {
            let trimmed = w.trim_end();
            w.replacen(trimmed, &word(trimmed), 1)
        })
        .collect()
}

#[derive(Deserialize)]
struct Advance {
    advance_ms: i64,
}

#[derive(Serialize)]
struct Now {
    now: Time,
}

/// Moves the clock forward. Loopback callers only.
async fn clock(State(app): State<Arc<App>>, About(about): About, input: Input<Advance>) -> Answer<Json<Now>> {
    if !about.client.is_loopback() {
        return Err(Error::not_found().into());
    }
    if input.value.advance_ms < 0 {
        return Err(Error::field("/advance_ms", "out_of_range", "The clock only moves forward.").into());
    }
    app.world.advance(input.value.advance_ms);
    for bell in [&app.bells.timers, &app.bells.jobs, &app.bells.relay, &app.bells.sql] {
        bell.notify_one();
    }
    Ok(Json(Now { now: app.world.now() }))
}
