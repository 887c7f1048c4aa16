//! The socket as it is described: for machines at `/asyncapi.json`, for people in docs/REALTIME.md. Both are held against
//! the source and against what devices really get.

use crate::{
    sockets::{Device, stop},
    work_golden::{everything, names_in_source},
};
use app::realtime::{asyncapi, close};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};
use testkit::{Actor, Couple, TestApp};

const CODES: [u16; 5] = [close::UNAUTHENTICATED, close::SLOW, close::REPLACED, close::TOO_MANY, close::GOING_AWAY];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}

fn page() -> String {
    fs::read_to_string(root().join("docs/REALTIME.md")).unwrap()
}

fn kinds() -> BTreeSet<String> {
    asyncapi::ALL.iter().map(|told| told.kind.to_owned()).collect()
}

/// What is wrong with a value by its schema; the part of JSON Schema that the document uses.
fn wrong(document: &Value, schema: &Value, value: &Value, at: &str) -> Option<String> {
    if let Some(to) = schema["$ref"].as_str() {
        let Some(schema) = document.pointer(to.trim_start_matches('#')) else {
            return Some(format!("{to} is nowhere"));
        };
        return wrong(document, schema, value, at);
    }
    if let Some(choices) = schema["oneOf"].as_array() {
        let all: Option<Vec<_>> = choices.iter().map(|one| wrong(document, one, value, at)).collect();
        return all.map(|all| all.join("; or "));
    }
    let is = |kind: &Value| match kind.as_str().unwrap_or_default() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "null" => value.is_null(),
        other => panic!("{other} at {at} is no type"),
    };
    let fits = match &schema["type"] {
        Value::Null => true,
        Value::Array(kinds) => kinds.iter().any(is),
        kind => is(kind),
    };
    let chosen = schema["enum"].as_array().is_none_or(|list| list.contains(value));
    if !fits || !chosen || schema.get("const").is_some_and(|only| only != value) {
        return Some(format!("{at} is {value}, not {schema}"));
    }
    let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    if let Some(name) = required.into_iter().find(|name| value.get(name).is_none()) {
        return Some(format!("{at} lacks {name}: {value}"));
    }
    let mut members = schema["properties"].as_object().into_iter().flatten();
    let member = |(name, schema): (&String, &Value)| wrong(document, schema, value.get(name)?, &format!("{at}/{name}"));
    let mut items = value.as_array().into_iter().flatten().filter(|_| schema.get("items").is_some());
    members.find_map(member).or_else(|| items.find_map(|one| wrong(document, &schema["items"], one, at)))
}

/// The payload's schema of an event, or of a frame of the server.
fn payload<'a>(document: &'a Value, kind: &str) -> &'a Value {
    let listed = document["operations"]["tell"]["messages"].as_array().unwrap();
    let found = listed.iter().find_map(|one| {
        let via = document.pointer(one["$ref"].as_str().unwrap().trim_start_matches('#')).unwrap();
        let message = document.pointer(via["$ref"].as_str().unwrap().trim_start_matches('#')).unwrap();
        (message["name"] == kind).then_some(&message["payload"])
    });
    found.unwrap_or_else(|| panic!("{kind} is not in the document"))
}

#[tokio::test]
async fn the_document_is_served_as_it_is_made_and_is_whole() {
    fn refs<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Object(map) => {
                found.extend(map.get("$ref").and_then(Value::as_str));
                map.values().for_each(|v| refs(v, found));
            }
            Value::Array(list) => list.iter().for_each(|v| refs(v, found)),
            _ => {}
        }
    }
    let served = TestApp::new().await.get("/asyncapi.json").await.expect(200);
    assert_eq!(served.header("content-type"), Some("application/json"));
    let document = served.json();
    assert_eq!(document, app::edge::socket_document());
    assert_eq!(document["asyncapi"], "3.0.0");
    let mut found = Vec::new();
    refs(&document, &mut found);
    assert!(found.len() > 150, "{found:?}");
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
    // A resource is described once: here as in the other document.
    let openapi = serde_json::to_value(app::edge::document()).unwrap();
    for name in ["Message", "Conversation", "Note", "MemberPresence", "mem_id"] {
        let here = &document["components"]["schemas"][name];
        assert!(here.is_object() && *here == openapi["components"]["schemas"][name], "{name}");
    }
    assert!(document["components"]["schemas"].get("Register").is_none(), "only what is referred to");
}

/// `docs/asyncapi.json` is what clients are made from. `cargo xtask openapi` writes it anew.
#[test]
fn the_committed_copy_is_current() {
    let path = root().join("docs/asyncapi.json");
    let mut text = serde_json::to_string_pretty(&app::edge::socket_document()).unwrap();
    text.push('\n');
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some_and(|v| v == "1") {
        fs::write(&path, &text).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == text, "docs/asyncapi.json is not what the code says; run `cargo xtask openapi` and commit it");
}

/// A name of the source that is told to devices is on the list, and what is on the list is in the source.
#[test]
fn the_list_has_every_event_of_the_source() {
    let source = names_in_source(&["presence", "unread"]);
    let facts: BTreeSet<_> = source.iter().filter(|n| n.starts_with("account.") || *n == "profile.completed").collect();
    let kinds = kinds();
    assert_eq!(kinds.len(), asyncapi::ALL.len(), "each once");
    let unlisted: Vec<_> = source.iter().filter(|name| !facts.contains(name) && !kinds.contains(*name)).collect();
    assert!(unlisted.is_empty(), "told to devices but not in realtime/asyncapi/kinds.rs: {unlisted:?}");
    let unknown: Vec<_> = kinds.iter().filter(|kind| *kind != "typing" && !source.contains(*kind)).collect();
    assert!(unknown.is_empty(), "in realtime/asyncapi/kinds.rs but told by nobody: {unknown:?}");
}

#[test]
fn the_page_for_people_has_every_event_frame_and_code() {
    let (page, document) = (page(), app::edge::socket_document());
    for message in document["components"]["messages"].as_object().unwrap().values() {
        let name = message["name"].as_str().unwrap();
        let said = page.contains(&format!("`{name}`")) || page.contains(&format!("\"type\": \"{name}\""));
        assert!(said, "{name} is not in docs/REALTIME.md");
    }
    let described = document["info"]["description"].as_str().unwrap();
    for code in CODES {
        assert!(page.contains(&format!("| {code} |")), "{code} is not in docs/REALTIME.md");
        assert!(code < 4000 || described.contains(&code.to_string()), "{code} is not in the document");
    }
    // No code of the source is missing above.
    let source = fs::read_to_string(root().join("crates/app/src/realtime/connection.rs")).unwrap();
    assert_eq!(source.matches(": u16 = ").count(), CODES.len());
}

/// What stands as an example on the page is what the document allows.
#[test]
fn the_examples_of_the_page_fit_the_document() {
    let (page, document) = (page(), app::edge::socket_document());
    let mut seen = 0;
    for line in page.lines().filter(|line| line.starts_with("{\"")) {
        let frame: Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{line}: {e}"));
        let events = frame["events"].as_array().cloned().unwrap_or_default();
        for one in [&frame].into_iter().chain(&events) {
            let kind = one["type"].as_str().unwrap();
            assert_eq!(wrong(&document, payload(&document, kind), one, kind), None);
            seen += 1;
        }
    }
    assert!(seen > 20, "the page is not read: {seen}");
}

/// Everything that happens is told as the document says, to every member whom it concerns.
#[tokio::test]
async fn every_event_that_a_device_gets_is_as_the_document_says() {
    let Couple { app, alice, bob, stranger, former, .. } = everything(TestApp::new().await).await;
    let document = app::edge::socket_document();
    let address = app.serve().await;
    let mut seen = BTreeSet::new();
    // The reset has ended the former partner's sessions.
    let body = json!({ "email": former.email, "password": "another horse battery", "client": "native" });
    let former = Actor::signed_in(&app, &app.anonymous().post("/v1/auth/login", body).await.expect(200));
    let mut devices = Vec::new();
    for actor in [&alice, &bob, &stranger, &former] {
        devices.push(Device::connect(address, actor, Some(0)).await);
    }
    // What is kept nowhere.
    let chat = crate::chat::with(&alice, &bob).await;
    let typing = json!({ "type": "typing", "conversation_id": chat, "typing": true });
    devices[0].say(&json!({ "type": "watch", "member_ids": [bob.id] }).to_string()).await;
    devices[0].say(&typing.to_string()).await;
    for device in &mut devices {
        while let Some(event) = device.waiting(Duration::from_secs(2)).await {
            check(&document, &event, &mut seen);
        }
    }
    stop(&app).await;
    let missing: Vec<_> = kinds().into_iter().filter(|kind| !seen.contains(kind)).collect();
    assert!(missing.is_empty(), "never told here: {missing:?}; told are {seen:?}");
}

fn check(document: &Value, event: &Value, seen: &mut BTreeSet<String>) {
    let kind = event["type"].as_str().unwrap();
    assert_eq!(wrong(document, payload(document, kind), event, kind), None, "{event}");
    let known = payload(document, kind);
    let told: Vec<_> = event.as_object().unwrap().keys().filter(|m| known["properties"].get(m).is_none()).collect();
    assert!(told.is_empty(), "{kind} has {told:?}, which the document does not");
    seen.insert(kind.to_owned());
}
