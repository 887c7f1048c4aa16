//! The frames that are no events, and how a connection is opened.

use super::schema;
use serde_json::{Value, json};

pub(super) const SOCKET: &str = "/v1/realtime";
pub(super) const STREAM: &str = "/v1/realtime/events";
pub(super) const EVENT_ID: &str = "EventId";

pub(super) fn event_id() -> Value {
    json!({
        "type": "integer", "format": "int64", "minimum": 1,
        "description": "Grows within the events of a member; gaps are usual.",
    })
}

fn last_event_id() -> Value {
    json!({
        "type": "integer", "format": "int64", "minimum": 0,
        "description": "The last event the device has; what came after it within five minutes is sent first.",
    })
}

pub(super) fn socket() -> Value {
    let ticket = json!({ "type": "string", "description": "Works once, for 60 seconds." });
    json!({ "ws": { "method": "GET", "query": {
        "type": "object", "required": ["ticket"], "properties": { "ticket": ticket, "last_event_id": last_event_id() },
    } } })
}

/// The AsyncAPI binding of HTTP describes messages; of a channel it has nothing to say.
pub(super) fn stream() -> Value {
    json!({ "http": {} })
}

type Frame = (&'static str, Value);

fn frame(kind: &str, summary: &str, members: &[(&str, Value)]) -> Value {
    let mut properties = json!({ "type": { "const": kind } });
    let mut required = vec!["type"];
    for (name, shape) in members {
        properties[*name] = shape.clone();
        required.push(name);
    }
    let payload = json!({ "type": "object", "required": required, "properties": properties });
    json!({ "name": kind, "title": kind, "summary": summary, "payload": payload })
}

pub(super) fn of_server() -> Vec<Frame> {
    let after = json!({
        "type": "integer", "format": "int64", "minimum": 0,
        "description": "Every event after this one follows; 0 when there is none.",
    });
    let event = json!({ "type": "object", "required": ["type", "occurred_at", "data"] });
    let events = json!({ "type": "array", "minItems": 2, "items": event });
    let ready = "The first frame: connected. Missed events follow.";
    let batch = "Several events, in order, where each in a frame of its own were more than ten frames a second.";
    vec![
        ("ready", frame("ready", ready, &[("last_event_id", after)])),
        ("resync", frame("resync", "What was missed is not known any more: load again what is shown.", &[])),
        ("batch", frame("batch", batch, &[("events", events)])),
    ]
}

/// The event `typing` has its name from what the other one says: as messages of the document they are two.
pub(super) fn of_device() -> Vec<Frame> {
    let members = || [("member_ids", json!({ "type": "array", "items": schema("mem_id") }))];
    let typing = [("conversation_id", schema("cnv_id")), ("typing", json!({ "type": "boolean" }))];
    let watch = "Tell me how these members are, now and from now on. 500 members per connection.";
    vec![
        ("heartbeat", frame("heartbeat", "The member is here, for five minutes.", &[])),
        (
            "sayTyping",
            frame("typing", "The member writes, or has stopped; it stops by itself after five seconds.", &typing),
        ),
        ("watch", frame("watch", watch, &members())),
        ("unwatch", frame("unwatch", "Takes one watch of each of these members away.", &members())),
    ]
}
