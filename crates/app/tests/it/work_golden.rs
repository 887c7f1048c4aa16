//! What is stored and read by a later release: names and shapes of jobs, timers and events only grow.
//!
//! A new name gets an entry in `tests/golden/`; an entry there is never changed or taken away.

use app::{
    tables::{EVENTS, NOTES, SCHEDULED},
    work::{jobs::Job, outbox::Relayed, timers::Timer},
};
use base::id::{MemberId, NoteId, ScheduledId};
use ports::items::{Query, When, Write};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};
use testkit::{Couple, TestApp};

fn parse(text: &str) -> Value {
    serde_json::from_str(text).expect("golden files are JSON")
}

/// Every shape can be read and is written the same.
fn reads<T: DeserializeOwned + Serialize>(shapes: &Value) -> Vec<T> {
    let shapes = shapes.as_array().expect("a list of shapes");
    let read = |shape: &Value| {
        let value: T = serde_json::from_value(shape.clone()).unwrap_or_else(|error| panic!("{shape}: {error}"));
        assert_eq!(serde_json::to_value(&value).unwrap(), *shape);
        value
    };
    shapes.iter().map(read).collect()
}

/// A new job does not compile until it has a number here, and does not pass until it has a golden shape.
fn number(job: &Job) -> usize {
    match job {
        Job::VerifyEmail { .. } => 0,
        Job::VerificationRequested { .. } => 1,
        Job::ResetRequested { .. } => 2,
        Job::ResetPassword { .. } => 3,
        Job::PasswordNotice { .. } => 4,
        Job::EndSessions { .. } => 5,
        Job::ProjectCard { .. } => 6,
        Job::InvitationMail { .. } => 7,
        Job::AnswerMail { .. } => 8,
        Job::CoupleLinked { .. } => 9,
        Job::CoupleEnded { .. } => 10,
        Job::CoupleEndedMail { .. } => 11,
        Job::EmailChange { .. } => 12,
        Job::EmailChanged { .. } => 13,
        Job::ContactCode { .. } => 14,
        Job::SetUpPassword { .. } => 15,
        Job::RemovePicture { .. } => 16,
        Job::DeliverNote(_) => 17,
        Job::Audit { .. } => 18,
        Job::PurgeConversation { .. } => 19,
        Job::RemoveFile { .. } => 20,
        Job::CallEntry { .. } => 21,
        Job::CallBlocked { .. } => 22,
    }
}

/// The same for timers.
fn kind(timer: &Timer) -> usize {
    match timer {
        Timer::ScheduledNote { .. } => 0,
        Timer::Call { .. } => 1,
    }
}

#[test]
fn every_job_and_timer_that_was_ever_stored_can_be_read() {
    let jobs: Vec<Job> = reads(&parse(include_str!("../golden/jobs.json")));
    let numbers: BTreeSet<_> = jobs.iter().map(number).collect();
    assert_eq!(numbers, (0..23).collect());
    let timers: Vec<Timer> = reads(&parse(include_str!("../golden/timers.json")));
    let kinds: BTreeSet<_> = timers.iter().map(kind).collect();
    assert_eq!(kinds, (0..2).collect());
    let stored = parse(include_str!("../golden/stored.json"));
    for event in stored["event"].as_array().unwrap() {
        let text = event.to_string();
        let read: Relayed = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(serde_json::to_value(&read).unwrap(), *event);
    }
}

#[tokio::test]
async fn notes_that_were_ever_stored_can_be_read() {
    let Couple { app, alice, .. } = TestApp::couple().await;
    let stored = parse(include_str!("../golden/stored.json"));
    let member: MemberId = alice.id.parse().unwrap();
    let put = |key, note: &Value| Write::Put {
        key,
        number: 0,
        body: note.to_string().into(),
        expires_at: None,
        when: When::Absent,
    };
    let (note, scheduled, outside) = (&stored["note"], &stored["scheduled"], &stored["note_outside"]);
    let to_sms = &stored["scheduled_outside"];
    let (note_id, scheduled_id) = (note["id"].as_str().unwrap(), scheduled["id"].as_str().unwrap());
    let received = [&member.bytes()[..], b"r"].concat();
    let writes = vec![
        put(NOTES.key(received, note_id.parse::<NoteId>().unwrap().bytes()), note),
        put(SCHEDULED.key(member.bytes(), scheduled_id.parse::<ScheduledId>().unwrap().bytes()), scheduled),
        put(NOTES.key([&member.bytes()[..], b"o"].concat(), note_id.parse::<NoteId>().unwrap().bytes()), outside),
        put(
            SCHEDULED.key(member.bytes(), to_sms["id"].as_str().unwrap().parse::<ScheduledId>().unwrap().bytes()),
            to_sms,
        ),
    ];
    app.core().ports.items.try_commit(writes).await.unwrap().expect("they are new");
    assert_eq!(alice.get("/v1/notes?status=opened").await.expect(200).at("/data/0"), *note);
    // Written again by this release, it is the same.
    let opened = alice.post(&format!("/v1/notes/{note_id}/open"), Value::Null).await.expect(200);
    assert_eq!(opened.json(), *note);
    let read = alice.get(&format!("/v1/scheduled-notes/{scheduled_id}")).await.expect(200);
    assert_eq!(read.json(), *scheduled);
    assert_eq!(alice.get("/v1/notes?box=sent&status=delivered").await.expect(200).at("/data/0"), *outside);
    let read = alice.get(&format!("/v1/scheduled-notes/{}", to_sms["id"].as_str().unwrap())).await.expect(200);
    assert_eq!(read.json(), *to_sms);
}

/// Every name of an event in the source: words of the areas, with a dot between. The list of what devices hear is not
/// asked: it is held against this.
pub(crate) fn names_in_source(more_areas: &[&str]) -> BTreeSet<String> {
    fn walk(folder: &Path, more: &[&str], found: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).expect("the source can be read") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                if !path.ends_with("realtime/asyncapi") {
                    walk(&path, more, found);
                }
            } else if path.extension().is_some_and(|e| e == "rs") {
                let text = fs::read_to_string(&path).expect("source is text");
                // Pieces between quotes are literals, or code between two literals: only names fit.
                found.extend(text.split(['"', '\\']).filter(|piece| is_event(piece, more)).map(str::to_owned));
            }
        }
    }
    fn is_event(text: &str, more: &[&str]) -> bool {
        let Some((area, what)) = text.split_once('.') else { return false };
        let areas = [
            "account",
            "call",
            "conversation",
            "couple",
            "entitlements",
            "message",
            "note",
            "pin",
            "profile",
            "reaction",
            "session",
        ];
        (areas.contains(&area) || more.contains(&area))
            && !what.is_empty()
            && what.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
    }
    let mut found = BTreeSet::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), more_areas, &mut found);
    found
}

/// The members of an event's data with the kind of each.
fn shape(data: &Value) -> BTreeMap<String, &'static str> {
    let kind = |value: &Value| match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "text",
        Value::Array(_) => "list",
        Value::Object(_) => "object",
    };
    data.as_object().expect("data is an object").iter().map(|(name, value)| (name.clone(), kind(value))).collect()
}

/// Does everything that makes an event.
pub(crate) async fn everything(app: TestApp) -> Couple {
    let couple = app.with_couple().await;
    let Couple { app, alice, bob, stranger, former, .. } = &couple;
    app.grant_plan(alice, "premiere").await;
    let note = alice.sends("Hello").await;
    bob.post(&format!("/v1/notes/{note}/open"), Value::Null).await.expect(200);
    let sms = |to| json!({ "channel": "sms", "recipient": to, "content": "Hello" });
    alice.post("/v1/notes", sms("+351910007867")).await.expect(201);
    app.settle().await;
    // That number has said STOP.
    alice.post("/v1/notes", sms("+351910007867")).await.expect(201);
    let later = |time| json!({ "channel": "partner", "content": "x", "date": "2026-11-22", "time": time });
    let id = alice.post("/v1/scheduled-notes", later("18:00")).await.expect(201).text("/id");
    alice.delete(&format!("/v1/scheduled-notes/{id}")).await.expect(204);
    alice.post("/v1/scheduled-notes", later("19:00")).await.expect(201);
    let conversation = alice.get("/v1/conversations").await.expect(200).text("/data/0/id");
    let said = crate::chat::says(alice, &conversation, "Hello").await;
    bob.post(&format!("/v1/conversations/{conversation}/read"), json!({ "seq": 1 })).await.expect(200);
    let message = format!("/v1/messages/{}", said["id"].as_str().unwrap());
    bob.call("PUT", &format!("{message}/reactions/%F0%9F%91%8D")).await.expect(200);
    bob.call("PUT", &format!("{message}/pin")).await.expect(200);
    alice.patch(&message, json!({ "content": "Hello again" })).await.expect(200);
    alice.delete(&format!("{message}?for=everyone")).await.expect(204);
    let call = alice.post("/v1/calls", json!({ "conversation_id": conversation, "type": "voice" })).await.expect(201);
    let call = format!("/v1/calls/{}", call.text("/id"));
    bob.post(&format!("{call}/accept"), Value::Null).await.expect(200);
    alice.post(&format!("{call}/signal"), json!({ "kind": "offer", "payload": { "sdp": "v=0" } })).await.expect(204);
    bob.post(&format!("{call}/media"), json!({ "muted": true })).await.expect(204);
    app.settle().await;
    bob.post(&format!("{call}/end"), Value::Null).await.expect(200);
    bob.patch("/v1/me", crate::profiles::full()).await.expect(200);
    let picture = bob.call("PUT", "/v1/me/picture").header("content-type", "image/png");
    picture.bytes(crate::profiles_pictures::png(4, 4)).await.expect(200);
    bob.delete("/v1/couple").await.expect(204);
    app.settle().await;
    let invitation = former.post("/v1/couple/invitations", json!({ "email": stranger.email })).await.expect(201);
    stranger.post(&format!("/v1/couple/invitations/{}/decline", invitation.text("/id")), Value::Null).await;
    stranger.another_device().await.post("/v1/auth/logout", Value::Null).await.expect(204);
    app.anonymous().post("/v1/auth/password/forgot", json!({ "email": former.email })).await.expect(202);
    app.settle().await;
    let token = app.mailed(&former.email, "/reset?token=");
    let body = json!({ "token": token, "password": "another horse battery" });
    let reset = app.anonymous().post("/v1/auth/password/reset", body).await;
    assert!(matches!(reset.status(), 200 | 204), "{reset:?}");
    app.settle().await;
    couple
}

#[tokio::test]
async fn every_event_has_its_name_and_shape() {
    let Couple { app, alice, bob, .. } = everything(TestApp::new().await).await;
    let golden: BTreeMap<String, BTreeMap<String, String>> =
        serde_json::from_str(include_str!("../golden/events.json")).expect("golden files are JSON");
    let mut seen: BTreeMap<String, BTreeMap<String, &'static str>> = BTreeMap::new();
    for topic in app::topics::ALL {
        for partition in 0..topic.partitions {
            let records = app.core().ports.stream.read(*topic, partition, "golden", None, 10_000).await.unwrap();
            for record in records {
                let fact: Value = serde_json::from_slice(&record.body).unwrap();
                assert!(fact["seq"].as_u64().is_some() && fact["at"].is_string(), "{fact}");
                let shape = shape(&fact["data"]);
                seen.entry(fact["fact"].as_str().unwrap().to_owned()).or_default().extend(shape.clone());
                for to in fact["to"].as_array().unwrap() {
                    seen.entry(to[1].as_str().unwrap().to_owned()).or_default().extend(shape.clone());
                }
            }
        }
    }
    // What is for devices alone stands in their logs.
    for member in [&alice, &bob] {
        let member: MemberId = member.id.parse().unwrap();
        let log = app.core().ports.items.query(Query::partition(EVENTS, member.bytes()).limit(1_000)).await.unwrap();
        for item in log.items {
            let event: Value = serde_json::from_slice(&item.body).unwrap();
            seen.entry(event["type"].as_str().unwrap().to_owned()).or_default().extend(shape(&event["data"]));
        }
    }
    let told = serde_json::to_string_pretty(&seen).unwrap();
    for name in names_in_source(&[]) {
        assert!(golden.contains_key(&name), "{name} has no golden shape; seen are {told}");
    }
    for (name, shape) in &golden {
        let seen = seen.get(name).unwrap_or_else(|| panic!("{name} is never told any more; seen are {told}"));
        for (member, kind) in shape {
            assert_eq!(seen.get(member), Some(&kind.as_str()), "{member} of {name}; seen are {told}");
        }
    }
}
