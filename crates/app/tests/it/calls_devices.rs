//! Calls on devices: who is rung and told, what the two say to each other through us, and the servers that relay.

use crate::{
    calls::{act, refused, rings, seen},
    sockets::{Device, stop},
};
use app::tables::EVENTS;
use base::{
    Secret, Time,
    id::MemberId,
    time::{MINUTE, SECOND},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use ports::items::Query;
use serde_json::{Value, json};
use testkit::{Actor, Answer, Couple, TestApp};

async fn signals(who: &Actor, call: &str, body: Value) -> Answer {
    who.post(&format!("/v1/calls/{call}/signal"), body).await
}

fn candidate() -> Value {
    json!({ "kind": "candidate", "payload": { "candidate": "candidate:1 1 UDP 1 192.0.2.1 50000 typ host" } })
}

async fn sees(device: &mut Device, state: &str) -> Value {
    let event = device.expect("call.state").await;
    assert_eq!(event["data"]["state"], state, "{event}");
    event["data"].clone()
}

#[tokio::test]
async fn devices_ring_hear_every_step_and_speak_to_each_other() {
    let Couple { app, alice, bob, .. } = TestApp::couple().await;
    let tablet = bob.another_device().await;
    let address = app.serve().await;
    let mut hers = Device::connect(address, &alice, None).await;
    let mut his = Device::connect(address, &bob, None).await;
    let mut other = Device::connect(address, &tablet, None).await;

    let call = rings(&alice, &bob).await;
    sees(&mut hers, "ringing").await;
    for device in [&mut his, &mut other] {
        let rung = device.expect("call.incoming").await;
        assert_eq!(rung["data"]["call_id"], call.as_str());
        assert_eq!(rung["data"]["type"], "video");
        assert_eq!(rung["data"]["caller"]["name"], "Alice");
        assert_eq!(rung["data"]["caller_id"], alice.id.as_str());
    }
    act(&tablet, &call, "accept").await.expect(200);
    let answered = sees(&mut hers, "accepted").await;
    assert_eq!(answered["call_id"], call.as_str());
    // The one that answered, and the one that stops ringing.
    sees(&mut other, "accepted").await;
    sees(&mut his, "accepted").await;

    let offer = json!({ "sdp": "v=0\r\n", "n": 1.50, "list": [null, true, "\u{1F600}"] });
    let body = json!({ "kind": "offer", "payload": offer });
    signals(&alice, &call, body).await.expect(204);
    let session = tablet.get("/v1/auth/sessions").await.expect(200).data();
    let session = session.iter().find(|session| session["current"] == true).unwrap()["id"].clone();
    for device in [&mut his, &mut other] {
        let said = device.expect("call.signal").await;
        assert_eq!(
            said["data"],
            json!({
                "call_id": call, "from": alice.id, "session_id": session, "kind": "offer", "payload": offer,
            })
        );
    }
    signals(&tablet, &call, json!({ "kind": "answer", "payload": "v=0" })).await.expect(204);
    let said = hers.expect("call.signal").await;
    assert_eq!((&said["data"]["kind"], &said["data"]["payload"]), (&json!("answer"), &json!("v=0")));
    assert_eq!(said["data"]["from"], bob.id.as_str());

    let media = format!("/v1/calls/{call}/media");
    tablet.post(&media, json!({ "muted": true })).await.expect(204);
    let expected = json!({ "call_id": call, "member_id": bob.id, "muted": true, "camera_off": false });
    assert_eq!(hers.expect("call.media").await["data"], expected);
    // What has not changed is not told.
    tablet.post(&media, json!({ "muted": true })).await.expect(204);
    tablet.post(&media, Value::Null).await.expect(204);
    tablet.post(&media, json!({ "camera_off": true })).await.expect(204);
    assert_eq!(hers.expect("call.media").await["data"]["camera_off"], true);
    let now = seen(&alice, &call).await;
    assert_eq!(now["their_media"], json!({ "muted": true, "camera_off": true }));
    assert_eq!(now["my_media"], json!({ "muted": false, "camera_off": false }));

    act(&alice, &call, "end").await.expect(200);
    for device in [&mut hers, &mut his, &mut other] {
        let over = sees(device, "ended").await;
        assert_eq!(over["end_reason"], "hung_up");
        let left = device.expect("message.created").await;
        assert_eq!(left["data"]["call"]["id"], call.as_str());
        assert_eq!(left["data"]["kind"], "call");
    }
    stop(&app).await;
}

#[tokio::test]
async fn a_device_that_comes_late_hears_that_the_call_is_over() {
    let Couple { app, alice, bob, .. } = TestApp::couple().await;
    let address = app.serve().await;
    let mut his = Device::connect(address, &bob, None).await;
    let first = rings(&alice, &bob).await;
    let last = his.expect("call.incoming").await["id"].as_u64().unwrap();
    act(&alice, &first, "cancel").await.expect(200);
    sees(&mut his, "cancelled").await;
    drop(his);
    let second = rings(&alice, &bob).await;
    act(&alice, &second, "cancel").await.expect(200);
    let mut his = Device::connect(address, &bob, Some(last)).await;
    let mut missed = Vec::new();
    while missed.len() < 3 {
        let event = his.event().await;
        if event["type"].as_str().unwrap().starts_with("call.") {
            missed.push((event["type"].clone(), event["data"]["call_id"].clone(), event["data"]["state"].clone()));
        }
    }
    let told = |kind: &str, call: &str| (json!(kind), json!(call), json!("cancelled"));
    assert_eq!(
        missed,
        [
            told("call.state", &first),
            // It does not ring: it is told as it is now.
            told("call.incoming", &second),
            told("call.state", &second),
        ]
    );
    stop(&app).await;
}

#[tokio::test]
async fn signals_pass_between_the_two_and_only_while_the_call_is_live() {
    let Couple { app, alice, bob, stranger, .. } = TestApp::couple().await;
    let call = rings(&alice, &bob).await;
    // An offer may come while it rings.
    for who in [&alice, &bob] {
        signals(who, &call, candidate()).await.expect(204);
    }
    for kind in ["offer", "answer", "candidate", "renegotiate"] {
        signals(&alice, &call, json!({ "kind": kind, "payload": null })).await.expect(204);
    }
    let media = format!("/v1/calls/{call}/media");
    signals(&stranger, &call, candidate()).await.problem(404, "not_found");
    stranger.post(&media, json!({ "muted": true })).await.problem(404, "not_found");
    signals(&alice, &call, json!({ "kind": "wave", "payload": 1 })).await.invalid(&[("/kind", "unknown_value")]);
    signals(&alice, &call, json!({ "kind": "offer" })).await.invalid(&[("/payload", "required")]);
    signals(&alice, &call, json!({ "payload": {} })).await.invalid(&[("/kind", "required")]);
    alice.post(&media, json!({ "muted": "yes" })).await.invalid(&[("/muted", "wrong_type")]);
    act(&bob, &call, "accept").await.expect(200);
    signals(&bob, &call, candidate()).await.expect(204);
    act(&bob, &call, "end").await.expect(200);
    for who in [&alice, &bob] {
        refused(&signals(who, &call, candidate()).await, "call_over");
        refused(&who.post(&media, json!({ "muted": true })).await, "call_over");
    }
    app.settle().await;
    let none = "call_01hf7yat00000000000000000a";
    signals(&alice, none, candidate()).await.problem(404, "not_found");
}

#[tokio::test]
async fn a_payload_has_at_most_64_kb() {
    let Couple { app, alice, bob, .. } = TestApp::couple().await;
    let call = rings(&alice, &bob).await;
    let text = |bytes| json!({ "kind": "offer", "payload": "x".repeat(bytes) });
    signals(&alice, &call, text(64 * 1024)).await.expect(204);
    signals(&alice, &call, text(64 * 1024 + 1)).await.invalid(&[("/payload", "too_long")]);
    let object = |bytes: usize| json!({ "kind": "offer", "payload": { "sdp": "x".repeat(bytes - 10) } });
    signals(&alice, &call, object(64 * 1024)).await.expect(204);
    signals(&alice, &call, object(64 * 1024 + 1)).await.invalid(&[("/payload", "too_long")]);
    app.settle().await;
    let heard = log(&app, &bob).await.into_iter().filter(|event| event["type"] == "call.signal").count();
    assert_eq!(heard, 2);
}

#[tokio::test]
async fn a_repeated_signal_is_sent_once() {
    let Couple { app, alice, bob, .. } = TestApp::couple().await;
    let call = rings(&alice, &bob).await;
    let path = format!("/v1/calls/{call}/signal");
    for _ in 0..3 {
        alice.post(&path, candidate()).key("ice-1").await.expect(204);
    }
    app.settle().await;
    let heard = log(&app, &bob).await.into_iter().filter(|event| event["type"] == "call.signal").count();
    assert_eq!(heard, 1);
}

/// The event log of a member.
async fn log(app: &TestApp, member: &Actor) -> Vec<Value> {
    let member: MemberId = member.id.parse().unwrap();
    let found = app.core().ports.items.query(Query::partition(EVENTS, member.bytes()).limit(1_000)).await.unwrap();
    found.items.iter().map(|item| serde_json::from_slice(&item.body).unwrap()).collect()
}

#[tokio::test]
async fn signals_are_soon_forgotten_and_never_facts() {
    let Couple { app, alice, bob, .. } = TestApp::couple().await;
    let call = rings(&alice, &bob).await;
    signals(&alice, &call, candidate()).await.expect(204);
    act(&bob, &call, "accept").await.expect(200);
    alice.post(&format!("/v1/calls/{call}/media"), json!({ "muted": true })).await.expect(204);
    app.settle().await;
    let kinds = async || {
        let log = log(&app, &bob).await;
        log.iter()
            .map(|event| event["type"].as_str().unwrap().to_owned())
            .filter(|kind| kind.starts_with("call."))
            .collect::<Vec<_>>()
    };
    app.advance(10 * MINUTE - 1);
    assert_eq!(kinds().await, ["call.incoming", "call.signal", "call.state", "call.media"]);
    app.advance(1);
    assert_eq!(kinds().await, ["call.incoming", "call.state"]);
    for topic in app::topics::ALL {
        for partition in 0..topic.partitions {
            for record in app.core().ports.stream.read(*topic, partition, "t", None, 10_000).await.unwrap() {
                let fact = String::from_utf8(record.body.to_vec()).unwrap();
                assert!(!fact.contains("candidate:1"), "{fact}");
            }
        }
    }
}

/// HMAC-SHA1 by its definition (RFC 2104), from nothing but a hash.
fn hmac_sha1(key: &[u8], message: &[u8]) -> Vec<u8> {
    let sha1 = |parts: &[&[u8]]| {
        let mut context = ring::digest::Context::new(&ring::digest::SHA1_FOR_LEGACY_USE_ONLY);
        for part in parts {
            context.update(part);
        }
        context.finish().as_ref().to_vec()
    };
    let mut block = [0_u8; 64];
    if key.len() > 64 {
        block[..20].copy_from_slice(&sha1(&[key]));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let padded = |pad: u8| block.map(|byte| byte ^ pad);
    sha1(&[&padded(0x5c), &sha1(&[&padded(0x36), message])])
}

#[tokio::test]
async fn credentials_for_relays_are_short_lived_and_open_in_a_call_only() {
    // A known one: RFC 2202, case 2.
    let known = hmac_sha1(b"Jefe", b"what do ya want for nothing?");
    assert_eq!(
        known,
        [
            0xef, 0xfc, 0xdf, 0x6a, 0xe5, 0xeb, 0x2f, 0xa2, 0xd2, 0x74, 0x16, 0xd5, 0xf1, 0x84, 0xdf, 0x9c, 0x25, 0x9a,
            0x7c, 0x79
        ]
    );
    let app = TestApp::with(|settings| {
        settings.calls.relay_secret = Secret::new("north wind");
        settings.calls.relay_urls = vec!["turn:a.example:3478".to_owned(), "turns:a.example:5349".to_owned()];
        settings.calls.relay_seconds = 300;
    });
    let Couple { app, alice, bob, stranger, .. } = app.await.with_couple().await;
    let call = rings(&alice, &bob).await;
    let path = format!("/v1/calls/{call}/relay");
    for who in [&alice, &bob] {
        let given = who.get(&path).await.expect(200);
        let until = app.now().seconds() + 300;
        let username = format!("{until}:{}", who.id);
        assert_eq!(
            given.json(),
            json!({
                "urls": ["turn:a.example:3478", "turns:a.example:5349"], "username": username, "ttl": 300,
                "credential": STANDARD.encode(hmac_sha1(b"north wind", username.as_bytes())),
                "expires_at": Time(until * SECOND).to_string(),
            })
        );
        assert_eq!(given.header("cache-control"), Some("no-store"));
    }
    stranger.get(&path).await.problem(404, "not_found");
    act(&bob, &call, "accept").await.expect(200);
    alice.get(&path).await.expect(200);
    act(&bob, &call, "end").await.expect(200);
    for who in [&alice, &bob] {
        refused(&who.get(&path).await, "call_over");
    }
    app.settle().await;
}

#[tokio::test]
async fn without_a_secret_a_key_of_our_own_signs_and_without_servers_nothing_does() {
    let Couple { app, alice, bob, .. } = TestApp::couple().await;
    let call = rings(&alice, &bob).await;
    let path = format!("/v1/calls/{call}/relay");
    let given = alice.get(&path).await.expect(200);
    assert_eq!(given.at("/urls"), json!(["turn:localhost:3478"]));
    assert_eq!(STANDARD.decode(given.text("/credential")).unwrap().len(), 20);
    // Every node has the same.
    let node = app.another_node().await;
    assert_eq!(alice.on(&node).get(&path).await.expect(200).json(), given.json());
    app.settle().await;

    let Couple { app, alice, bob, .. } = TestApp::with(|s| s.calls.relay_urls.clear()).await.with_couple().await;
    let call = rings(&alice, &bob).await;
    alice.get(&format!("/v1/calls/{call}/relay")).await.problem(503, "unavailable");
    app.settle().await;
}
