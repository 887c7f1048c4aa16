//! The log carries ids; the frames to the authorised device carry the resource, as it is now: the whole of a received
//! note, who calls, what its author posts of a note that went out by its schedule, a message with what it changed.

use super::{Logged, body, connection::Event, frame};
use crate::{
    app::App,
    calls,
    chat::{self, Follow},
    notes,
};
use base::{
    Result, Time,
    error::Chain,
    id::{ConversationId, NoteId},
};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

/// What a record of the log tells a device: one event, or one and what follows from it.
pub(super) async fn events(app: &App, logged: &Logged, follow: Follow) -> Vec<Event> {
    let plain = |body: &Bytes| Event::from((logged.id, frame(logged.id, body)));
    let hydrated = match kind(&logged.body) {
        _ if logged.id == 0 => Ok(None),
        "note.received" => received(app, logged).await,
        "note.sent" => handed(app, logged).await,
        calls::INCOMING => rings(app, logged).await,
        kind if chat::tells(kind) => match told(app, logged, kind, follow).await {
            Ok(Some(events)) => return events,
            other => other.map(|_| None),
        },
        _ => Ok(None),
    };
    match hydrated {
        Ok(body) => vec![plain(&body.unwrap_or_else(|| logged.body.clone()))],
        Err(error) => {
            tracing::warn!(error = %Chain(&error), "an event goes out with ids only");
            vec![plain(&logged.body)]
        }
    }
}

/// The conversation about which a record tells more than itself.
pub(super) fn conversation(logged: &Logged) -> Option<ConversationId> {
    #[derive(Deserialize)]
    struct About {
        conversation_id: ConversationId,
    }
    if !chat::tells(kind(&logged.body)) {
        return None;
    }
    let stored = serde_json::from_slice::<Stored<'_>>(&logged.body).ok()?;
    serde_json::from_str::<About>(stored.data.get()).ok().map(|about| about.conversation_id)
}

/// The type of an event, read from the stored form without parsing it.
pub(super) fn kind(body: &[u8]) -> &str {
    let rest = body.strip_prefix(b"{\"type\":\"").unwrap_or_default();
    let end = rest.iter().position(|b| *b == b'"').unwrap_or(0);
    std::str::from_utf8(&rest[..end]).unwrap_or_default()
}

/// A stored event, its data unparsed.
#[derive(Deserialize)]
struct Stored<'a> {
    occurred_at: Time,
    #[serde(borrow)]
    data: &'a RawValue,
}

async fn told(app: &App, logged: &Logged, kind: &str, follow: Follow) -> Result<Option<Vec<Event>>> {
    let Ok(stored) = serde_json::from_slice::<Stored<'_>>(&logged.body) else { return Ok(None) };
    // In a box of its own: what it may ask of the stores is deep.
    let tellings = Box::pin(chat::tell(app, logged.member, kind, stored.data, follow)).await?;
    let Some(tellings) = tellings else { return Ok(None) };
    let event = |(id, telling): (u64, chat::Telling)| Event {
        id,
        frame: frame(id, &body(telling.kind, stored.occurred_at, &telling.data)),
        receipt: telling.receipt,
    };
    Ok(Some((logged.id..).zip(tellings).map(event).collect()))
}

async fn received(app: &App, logged: &Logged) -> Result<Option<Bytes>> {
    #[derive(Deserialize)]
    struct Body {
        occurred_at: Time,
        data: Data,
    }
    #[derive(Deserialize)]
    struct Data {
        note_id: NoteId,
    }
    let Ok(body) = serde_json::from_slice::<Body>(&logged.body) else { return Ok(None) };
    let note = notes::received_json(app, logged.member, body.data.note_id).await?;
    Ok(note.map(|note| super::body("note.received", body.occurred_at, &note)))
}

async fn rings(app: &App, logged: &Logged) -> Result<Option<Bytes>> {
    let Ok(stored) = serde_json::from_slice::<Stored<'_>>(&logged.body) else { return Ok(None) };
    let data = Box::pin(calls::incoming(app, logged.member, stored.data.get().as_bytes())).await?;
    Ok(data.map(|data| body(calls::INCOMING, stored.occurred_at, &data)))
}

async fn handed(app: &App, logged: &Logged) -> Result<Option<Bytes>> {
    // Few are scheduled and fewer shared; the others are not parsed.
    const SCHEDULED: &[u8] = b"\"scheduled_note_id\"";
    if !logged.body.windows(SCHEDULED.len()).any(|part| part == SCHEDULED) {
        return Ok(None);
    }
    let Ok(mut body) = serde_json::from_slice::<serde_json::Value>(&logged.body) else { return Ok(None) };
    let id = body["data"]["note_id"].as_str().and_then(|id| id.parse::<NoteId>().ok());
    let Some(id) = id else { return Ok(None) };
    let Some(share) = notes::share(app, logged.member, id).await? else { return Ok(None) };
    body["data"]["share"] = serde_json::json!(share);
    Ok(Some(Bytes::from(body.to_string())))
}
