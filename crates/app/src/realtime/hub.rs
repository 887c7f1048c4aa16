//! The node's ear: one subscription, one look for silent devices.

use super::{CHANNEL, Logged, connection::close, decode, frame};
use crate::{app::App, notes};
use base::{
    Result,
    error::Chain,
    id::{NoteId, SessionId},
};
use bytes::{BufMut as _, Bytes, BytesMut};
use ports::fanout::Heard;
use serde::Deserialize;
use std::{sync::Arc, time::Duration};

/// Runs until the soft stop; then every socket is told that the server goes away.
pub async fn run(app: Arc<App>) {
    while !app.tasks.is_stopping() {
        let subscription = match app.ports.fanout.subscribe(CHANNEL).await {
            Ok(subscription) => subscription,
            Err(error) => {
                tracing::warn!(error = %error, "live events are not heard; trying again");
                tokio::time::sleep(Duration::from_secs(1)).await;
                continue;
            }
        };
        // Between two subscriptions nothing is heard: devices come back and resume from their logs.
        app.rooms.close_all(close::GOING_AWAY);
        listen(&app, subscription).await;
    }
    app.rooms.close_all(close::GOING_AWAY);
}

async fn listen(app: &Arc<App>, mut subscription: Box<dyn ports::fanout::Subscription>) {
    let heartbeat = Duration::from_secs(app.settings.realtime.heartbeat_seconds.max(1));
    let mut sweep = tokio::time::interval(heartbeat / 2);
    loop {
        tokio::select! {
            heard = subscription.next() => match heard {
                Some(Heard::Message(mut message)) => {
                    while let Some(event) = decode(&mut message) {
                        hand_out(app, event).await;
                    }
                }
                // What was lost is in the log: devices come back and resume from it.
                Some(Heard::Lost(_)) => app.rooms.close_all(close::GOING_AWAY),
                None => {
                    tracing::warn!("the fan-out ended; listening anew");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                    return;
                }
            },
            _ = sweep.tick() => app.rooms.sweep(heartbeat),
            () = app.tasks.stopping() => return,
        }
    }
}

async fn hand_out(app: &Arc<App>, event: Logged) {
    if event.body.starts_with(b"{\"type\":\"session.revoked\"") {
        revoked(app, &event);
    }
    if !app.rooms.is_here(event.member) {
        return;
    }
    let body = hydrate(app, &event).await;
    let count = app.rooms.deliver(event.member, event.id, &frame(event.id, &body));
    app.metrics.events_published.add(count);
}

/// A session ended, maybe on another node.
fn revoked(app: &App, event: &Logged) {
    #[derive(Deserialize)]
    struct Body {
        data: Data,
    }
    #[derive(Deserialize)]
    struct Data {
        session_id: SessionId,
    }
    if let Ok(body) = serde_json::from_slice::<Body>(&event.body) {
        app.identity.tokens.revoke(body.data.session_id, app.world.now());
        app.rooms.close_session(event.member, body.data.session_id);
    }
}

/// The log carries ids; the frame to the authorised device carries the resource, as it is now: the whole of a received
/// note, and what its author posts of a note that went out by its schedule.
pub(super) async fn hydrate(app: &App, event: &Logged) -> Bytes {
    const RECEIVED: &[u8] = b"{\"type\":\"note.received\"";
    const SENT: &[u8] = b"{\"type\":\"note.sent\"";
    let hydrated = if event.body.starts_with(RECEIVED) {
        received(app, event, RECEIVED).await
    } else if event.body.starts_with(SENT) {
        handed(app, event).await
    } else {
        return event.body.clone();
    };
    match hydrated {
        Ok(frame) => frame.unwrap_or_else(|| event.body.clone()),
        Err(error) => {
            tracing::warn!(error = %Chain(&error), "an event goes out with ids only");
            event.body.clone()
        }
    }
}

async fn received(app: &App, event: &Logged, start: &[u8]) -> Result<Option<Bytes>> {
    #[derive(Deserialize)]
    struct Body<'a> {
        occurred_at: &'a str,
        data: Data,
    }
    #[derive(Deserialize)]
    struct Data {
        note_id: NoteId,
    }
    let Ok(body) = serde_json::from_slice::<Body<'_>>(&event.body) else { return Ok(None) };
    let Some(note) = notes::received_json(app, event.member, body.data.note_id).await? else { return Ok(None) };
    let mut out = BytesMut::with_capacity(note.len() + 96);
    out.put_slice(start);
    out.put_slice(b",\"occurred_at\":\"");
    out.put_slice(body.occurred_at.as_bytes());
    out.put_slice(b"\",\"data\":");
    out.put_slice(&note);
    out.put_slice(b"}");
    Ok(Some(out.freeze()))
}

async fn handed(app: &App, event: &Logged) -> Result<Option<Bytes>> {
    // Few are scheduled and fewer shared; the others are not parsed.
    const SCHEDULED: &[u8] = b"\"scheduled_note_id\"";
    if !event.body.windows(SCHEDULED.len()).any(|part| part == SCHEDULED) {
        return Ok(None);
    }
    let Ok(mut body) = serde_json::from_slice::<serde_json::Value>(&event.body) else { return Ok(None) };
    let id = body["data"]["note_id"].as_str().and_then(|id| id.parse::<NoteId>().ok());
    let Some(id) = id else { return Ok(None) };
    let Some(share) = notes::share(app, event.member, id).await? else { return Ok(None) };
    body["data"]["share"] = serde_json::json!(share);
    Ok(Some(Bytes::from(body.to_string())))
}
