//! The socket as a document for machines (AsyncAPI 3.0), made from the list of events and the shapes of the OpenAPI
//! document. `docs/REALTIME.md` says the same to people.

mod frames;
mod kinds;

pub use kinds::{ALL, Data, Told};

use kinds::{Member, Needed, Shape};
use serde_json::{Map, Value, json};

const ABOUT: &str = "One WebSocket per session, opened with a ticket of POST /v1/realtime/tickets; the same frames as \
    server-sent events where no WebSocket passes. Events of the log have ids that grow per member; a device may get one \
    twice and drops it by its id. Events without an id are told to whoever listens and kept nowhere. Close codes: 4401 \
    session revoked or ticket invalid, 4408 slow consumer, 4409 replaced, 4429 too many frames. Types and members that \
    a client does not know are to be ignored.";

/// The document. `openapi` is where the resources are described.
pub fn document(openapi: &Value) -> Value {
    let named = |(name, frame): (&str, Value)| (name.to_owned(), frame);
    let events = ALL.iter().map(|told| (name(told.kind), event(told)));
    let server: Vec<_> = events.chain(frames::of_server().into_iter().map(named)).collect();
    let device: Vec<_> = frames::of_device().into_iter().map(named).collect();
    let names = |of: &[(String, Value)]| of.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    let (from_server, from_device) = (names(&server), names(&device));
    let messages: Map<_, _> = server.into_iter().chain(device).collect();
    let mut document = json!({
        "asyncapi": "3.0.0",
        "info": { "title": "One 2 One Love, real time", "version": "1", "license": { "name": "Apache-2.0" }, "description": ABOUT },
        "defaultContentType": "application/json",
        "channels": {
            "socket": channel(frames::SOCKET, &frames::socket(), from_server.iter().chain(&from_device)),
            "stream": channel(frames::STREAM, &frames::stream(), from_server.iter()),
        },
        "operations": {
            "tell": operation("send", "What the server sends", "socket", &from_server),
            "stream": operation("send", "The same as server-sent events", "stream", &from_server),
            "hear": operation("receive", "What a device sends", "socket", &from_device),
        },
        "components": { "schemas": {}, "messages": messages },
    });
    let schemas = needed(&document, openapi);
    document["components"]["schemas"] = Value::Object(schemas);
    document
}

/// `message.created` as a key: `messageCreated`.
fn name(kind: &str) -> String {
    let mut parts = kind.split('.');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |name, part| {
        let (head, tail) = part.split_at(1.min(part.len()));
        name + &head.to_uppercase() + tail
    })
}

fn channel<'a>(address: &str, bindings: &Value, names: impl Iterator<Item = &'a String>) -> Value {
    let to = |name: &String| (name.clone(), json!({ "$ref": format!("#/components/messages/{name}") }));
    json!({ "address": address, "bindings": bindings, "messages": names.map(to).collect::<Map<_, _>>() })
}

fn operation(action: &str, title: &str, channel: &str, names: &[String]) -> Value {
    let to = |name: &String| json!({ "$ref": format!("#/channels/{channel}/messages/{name}") });
    json!({
        "action": action, "title": title, "channel": { "$ref": format!("#/channels/{channel}") },
        "messages": names.iter().map(to).collect::<Vec<_>>(),
    })
}

fn schema(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn event(told: &Told) -> Value {
    let data = match told.data {
        Data::Whole(of) => schema(of),
        Data::Members(members) => of_members(members),
    };
    let mut properties = json!({ "type": { "const": told.kind }, "occurred_at": schema("Time"), "data": data });
    let mut required = vec!["type", "occurred_at", "data"];
    if told.logged {
        properties["id"] = schema(frames::EVENT_ID);
        required.insert(0, "id");
    }
    let kept = if told.logged { "" } else { " Kept in no log: without an id." };
    json!({
        "name": told.kind, "title": told.kind, "summary": format!("{}.{kept}", told.summary),
        "payload": { "type": "object", "required": required, "properties": properties },
    })
}

fn of_members(members: &[Member]) -> Value {
    let required: Vec<_> = members.iter().filter(|m| m.needed != Needed::Sometimes).map(|m| m.name).collect();
    let properties: Map<_, _> = members.iter().map(|m| (m.name.to_owned(), of_member(m))).collect();
    json!({ "type": "object", "required": required, "properties": properties })
}

fn of_member(member: &Member) -> Value {
    let shape = match member.shape {
        Shape::Of(name) => schema(name),
        Shape::ListOf(name) => json!({ "type": "array", "items": schema(name) }),
        Shape::Text => json!({ "type": "string" }),
        Shape::Yes => json!({ "type": "boolean" }),
        Shape::Count => json!({ "type": "integer", "minimum": 0 }),
        Shape::Any => json!({}),
        Shape::OneOf(words) => json!({ "enum": words }),
        Shape::Emojis => json!({ "type": "array", "items": {
            "type": "object", "required": ["emoji", "count"],
            "properties": { "emoji": { "type": "string" }, "count": { "type": "integer", "minimum": 1 } },
        } }),
    };
    if member.needed == Needed::Always { shape } else { json!({ "oneOf": [shape, { "type": "null" }] }) }
}

/// The schemas that a document refers to, and what they refer to in turn.
fn needed(document: &Value, openapi: &Value) -> Map<String, Value> {
    let mut found = Map::new();
    found.insert(frames::EVENT_ID.to_owned(), frames::event_id());
    let mut wanted = Vec::new();
    refers(document, &mut wanted);
    while let Some(name) = wanted.pop() {
        if !found.contains_key(&name)
            && let Some(schema) = openapi.pointer(&format!("/components/schemas/{name}"))
        {
            refers(schema, &mut wanted);
            found.insert(name, schema.clone());
        }
    }
    found
}

fn refers(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            let to = map.get("$ref").and_then(Value::as_str);
            found.extend(to.and_then(|to| to.strip_prefix("#/components/schemas/")).map(str::to_owned));
            map.values().for_each(|value| refers(value, found));
        }
        Value::Array(list) => list.iter().for_each(|value| refers(value, found)),
        _ => {}
    }
}
