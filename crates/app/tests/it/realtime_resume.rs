//! Coming back: exactly what was missed, or `resync`. And the same as server-sent events.

use crate::sockets::{Device, stop};
use app::tables::EVENTS;
use axum::body::Body;
use base::{id::MemberId, time::MINUTE};
use http_body_util::BodyExt as _;
use ports::items::Query;
use rand::{Rng as _, SeedableRng as _, rngs::SmallRng};
use serde_json::{Value, json};
use testkit::{Actor, Couple, TestApp};

/// The ids and types of a member's log.
async fn log(actor: &Actor) -> Vec<(u64, String)> {
    let member: MemberId = actor.id.parse().unwrap();
    let query = Query::partition(EVENTS, member.bytes()).limit(1_000);
    let found = actor.app.core().ports.items.query(query).await.unwrap();
    assert!(found.next.is_none());
    let read = |item: &ports::items::Item| {
        let body: Value = serde_json::from_slice(&item.body).unwrap();
        (u64::from_be_bytes(item.key.sk[..].try_into().unwrap()), body["type"].as_str().unwrap().to_owned())
    };
    found.items.iter().map(read).collect()
}

fn seen(event: &Value) -> (u64, String) {
    (event["id"].as_u64().unwrap(), event["type"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn whatever_breaks_a_device_sees_its_log_once_and_in_order() {
    let seed: u64 = rand::random();
    let mut random = SmallRng::seed_from_u64(seed);
    let Couple { app, alice, bob, .. } = TestApp::couple().await;
    app.grant_plan(&alice, "premiere").await;
    let before = log(&bob).await;
    let address = app.serve().await;
    let mut device = Device::connect(address, &bob, None).await;
    assert_eq!(Some(device.ready), before.last().map(|(id, _)| *id));
    let (mut last, mut union, mut sent) = (device.ready, Vec::new(), 0);
    for _ in 0..40 {
        let burst = random.random_range(0..6);
        for _ in 0..burst {
            sent += 1;
            alice.sends(&format!("Note {sent}")).await;
        }
        // Reads some of what came, then maybe drops the socket with the rest unread.
        for _ in 0..random.random_range(0..=burst) {
            let event = device.event().await;
            let id = event["id"].as_u64().unwrap();
            assert!(id > last, "seed {seed}: {id} after {last}");
            last = id;
            union.push(seen(&event));
        }
        if random.random_bool(0.5) {
            drop(device);
            for _ in 0..random.random_range(0..3) {
                sent += 1;
                alice.sends(&format!("Note {sent}")).await;
            }
            device = Device::connect(address, &bob, Some(last)).await;
            assert_eq!(device.ready, last, "seed {seed}: events follow after what the device has");
        }
    }
    while union.len() < sent {
        union.push(seen(&device.event().await));
    }
    assert_eq!(union, log(&bob).await[before.len()..], "seed {seed}");
    stop(&app).await;
}

#[tokio::test]
async fn a_gap_is_filled_for_five_minutes() {
    let Couple { app, alice, bob, .. } = TestApp::couple().await;
    app.grant_plan(&alice, "premiere").await;
    let address = app.serve().await;
    let device = Device::connect(address, &bob, None).await;
    let last = device.ready;
    drop(device);
    // Away for long, but nothing was missed until a moment ago.
    app.advance(12 * MINUTE);
    let mut sent = Vec::new();
    for n in 0..3 {
        sent.push(alice.sends(&format!("Note {n}")).await);
    }
    // They are in the log when the sender's own device hears of them.
    let mut hers = Device::connect(address, &alice, Some(0)).await;
    assert_eq!(hers.event().await["type"], "resync", "the beginning of her log is older than five minutes");
    while log(&bob).await.last().is_none_or(|(id, _)| *id < last + 3) {
        tokio::task::yield_now().await;
    }
    app.advance(5 * MINUTE);
    let bob = bob.another_device().await;
    let mut back = Device::connect(address, &bob, Some(last)).await;
    for id in &sent {
        assert_eq!(back.expect("note.received").await["data"]["id"], **id);
    }
    app.advance(1);
    let mut late = Device::connect(address, &bob, Some(last)).await;
    assert_eq!(late.frame().await, json!({ "type": "resync" }));
    let newest = log(&bob).await.last().unwrap().0;
    assert_eq!(late.ready, newest);
    // From there on it goes on as ever.
    alice.another_device().await.sends("News").await;
    assert_eq!(late.expect("note.received").await["data"]["content"], "News");
    stop(&app).await;
}

#[tokio::test]
async fn an_id_that_is_not_in_the_log_gives_resync() {
    let Couple { app, alice, bob, stranger, .. } = TestApp::couple().await;
    let address = app.serve().await;
    let ids: Vec<u64> = log(&bob).await.iter().map(|(id, _)| *id).collect();
    let newest = *ids.last().unwrap();
    let foreign = (1..newest).rev().find(|id| !ids.contains(id)).expect("an id of somebody else");
    // A record may tell several things: ids next to a known one belong to it.
    for unknown in [foreign, newest + 8, u64::MAX / 2] {
        let mut device = Device::connect(address, &bob, Some(unknown)).await;
        assert_eq!(device.ready, newest);
        assert_eq!(device.frame().await, json!({ "type": "resync" }), "{unknown}");
    }
    // Nothing missed: nothing comes until something happens.
    let mut device = Device::connect(address, &bob, Some(newest)).await;
    alice.sends("Something").await;
    device.expect("note.received").await;
    // One who never had an event begins at 0, and gets the first from there.
    let nobody = app.newcomer("Nobody").await;
    let fresh = Device::connect(address, &nobody, None).await;
    let from = fresh.ready;
    assert_eq!(from, log(&nobody).await.last().map_or(0, |(id, _)| *id));
    drop(fresh);
    let phone = nobody.another_device().await;
    phone.post("/v1/auth/logout", Value::Null).await.expect(204);
    let mut back = Device::connect(address, &nobody, Some(from)).await;
    back.expect("session.revoked").await;
    drop(stranger);
    stop(&app).await;
}

/// A stream of server-sent events.
struct Stream {
    body: Body,
    text: String,
}

impl Stream {
    async fn open(actor: &Actor, last: Option<&str>) -> Self {
        let call = actor.get("/v1/realtime/events");
        let call = match last {
            Some(last) => call.header("last-event-id", last),
            None => call,
        };
        let response = call.open().await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["cache-control"], "no-store");
        Self { body: response.into_body(), text: String::new() }
    }

    /// The next event with the stream's id; none when the stream ended.
    async fn next(&mut self) -> Option<(u64, Value)> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.text = rest;
                if let Some((id, data)) = event.strip_prefix("id: ").and_then(|e| e.split_once("\ndata: ")) {
                    return Some((id.parse().unwrap(), serde_json::from_str(data).unwrap()));
                }
                assert!(event.starts_with(':'), "{event:?}");
                continue;
            }
            let frame = self.body.frame().await?.expect("the stream is whole");
            self.text.push_str(std::str::from_utf8(frame.data_ref().unwrap()).unwrap());
        }
    }

    async fn expect(&mut self, kind: &str) -> (u64, Value) {
        let (id, event) = self.next().await.expect("an event");
        assert_eq!(event["type"], kind, "{event}");
        (id, event)
    }
}

#[tokio::test]
async fn server_sent_events_are_the_same_frames() {
    let Couple { app, alice, bob, .. } = TestApp::couple().await;
    app.grant_plan(&alice, "premiere").await;
    let address = app.serve().await;
    let mut socket = Device::connect(address, &bob, None).await;
    let mut stream = Stream::open(&bob, None).await;
    let (from, ready) = stream.expect("ready").await;
    assert_eq!((ready["last_event_id"].as_u64(), from), (Some(from), socket.ready));
    let note = alice.sends("Both ways").await;
    let (id, event) = stream.expect("note.received").await;
    assert_eq!((event["id"].as_u64(), &event["data"]["id"]), (Some(id), &json!(note)));
    assert_eq!(socket.event().await, event);

    // The browser comes back with the last id it saw.
    drop(stream);
    let missed = [alice.sends("One").await, alice.sends("Two").await];
    socket.expect("note.received").await;
    socket.expect("note.received").await;
    let mut back = Stream::open(&bob, Some(&id.to_string())).await;
    assert_eq!(back.expect("ready").await.0, id);
    for note in missed {
        assert_eq!(back.expect("note.received").await.1["data"]["id"], note);
    }
    let mut lost = Stream::open(&bob, Some("999999999")).await;
    lost.expect("ready").await;
    lost.expect("resync").await;
    Stream::open(&bob, Some("")).await.expect("ready").await;
    bob.get("/v1/realtime/events")
        .header("last-event-id", "x")
        .await
        .invalid(&[("/header/last-event-id", "wrong_type")]);
    app.anonymous().get("/v1/realtime/events").await.problem(401, "unauthenticated");

    // A session that ends takes its streams with it.
    bob.post("/v1/auth/logout", Value::Null).await.expect(204);
    assert!(back.next().await.is_none());
    assert_eq!(socket.close_code().await, 4401);
    drop(lost);
    stop(&app).await;
}
