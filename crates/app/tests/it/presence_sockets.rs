//! Presence on sockets: who comes and goes, and what watchers are told.

use crate::{
    presence::{beats, chooses, seen, unknown},
    sockets::{Device, stop},
};
use base::time::{MINUTE, SECOND};
use serde_json::{Value, json};
use testkit::{Actor, Couple, TestApp};

async fn watch(device: &mut Device, kind: &str, members: &[&Actor]) {
    let ids: Vec<_> = members.iter().map(|member| &member.id).collect();
    device.say(&json!({ "type": kind, "member_ids": ids }).to_string()).await;
}

/// The next event, a change of this member: what it says.
async fn told(device: &mut Device, member: &Actor) -> Value {
    let event = device.expect("presence.changed").await;
    assert!(event.get("id").is_none(), "{event}");
    assert_eq!(event["data"]["member_id"], member.id.as_str(), "{event}");
    event["data"].clone()
}

/// Waits for what other nodes and the loops do by themselves.
async fn until(mut reached: impl AsyncFnMut() -> bool) {
    for _ in 0..2_000 {
        if reached().await {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("it never came");
}

#[tokio::test]
async fn a_socket_is_a_sign_of_life_and_a_goodbye_ends_it() {
    let Couple { app, alice, bob, .. } = TestApp::couple().await;
    let address = app.serve().await;
    let hers = Device::connect(address, &alice, None).await;
    until(async || seen(&bob, &alice).await["online"] == true).await;
    hers.close().await;
    until(async || seen(&bob, &alice).await["online"] == false).await;
    // Without a word nothing changes until the time is over.
    let mut dropped = Device::connect(address, &alice, None).await;
    until(async || seen(&bob, &alice).await["online"] == true).await;
    app.advance(MINUTE);
    dropped.say(r#"{"type":"heartbeat"}"#).await;
    let now = app.now().to_string();
    until(async || seen(&bob, &alice).await["last_seen"] == now.as_str()).await;
    drop(dropped);
    app.advance(5 * MINUTE);
    assert_eq!(seen(&bob, &alice).await["online"], true);
    app.advance(1);
    assert_eq!(seen(&bob, &alice).await["online"], false);
    stop(&app).await;
}

#[tokio::test]
async fn watchers_are_told_at_once_and_then_of_every_change() {
    let Couple { app, alice, bob, stranger, .. } = TestApp::couple().await;
    let address = app.serve().await;
    let mut his = Device::connect(address, &bob, None).await;
    watch(&mut his, "watch", &[&alice, &stranger]).await;
    assert_eq!(told(&mut his, &alice).await, unknown(&alice.id));
    assert_eq!(told(&mut his, &stranger).await, unknown(&stranger.id));
    beats(&alice).await;
    assert_eq!(told(&mut his, &alice).await["status"], "online");
    // Within five seconds only how it ended.
    for status in ["away", "busy", "online", "away", "busy"] {
        chooses(&alice, status).await;
    }
    app.advance(5 * SECOND);
    assert_eq!(told(&mut his, &alice).await["status"], "busy");
    // Heartbeats are no change; that time ran out is one.
    app.advance(MINUTE);
    beats(&alice).await;
    app.advance(5 * MINUTE + 1);
    assert_eq!(told(&mut his, &alice).await["status"], "offline");
    stop(&app).await;
}

#[tokio::test]
async fn two_watches_of_one_member_end_one_by_one() {
    let Couple { app, alice, bob, stranger, .. } = TestApp::couple().await;
    let address = app.serve().await;
    let mut his = Device::connect(address, &bob, None).await;
    watch(&mut his, "watch", &[&alice]).await;
    watch(&mut his, "watch", &[&alice, &alice]).await;
    for _ in 0..3 {
        told(&mut his, &alice).await;
    }
    watch(&mut his, "unwatch", &[&alice, &alice, &stranger]).await;
    // A frame of another kind is answered only after those before it.
    watch(&mut his, "watch", &[&stranger]).await;
    told(&mut his, &stranger).await;
    beats(&alice).await;
    assert_eq!(told(&mut his, &alice).await["status"], "online", "one watch is left");
    watch(&mut his, "unwatch", &[&alice, &alice]).await;
    watch(&mut his, "watch", &[&bob]).await;
    told(&mut his, &bob).await;
    app.advance(5 * SECOND);
    chooses(&alice, "busy").await;
    beats(&stranger).await;
    told(&mut his, &stranger).await;
    stop(&app).await;
}

#[tokio::test]
async fn a_connection_watches_five_hundred_and_no_more() {
    let Couple { app, alice, bob, .. } = TestApp::couple().await;
    let address = app.serve().await;
    let mut his = Device::connect(address, &bob, None).await;
    let mut ids: Vec<String> = (0..500).map(|n| format!("mem_01kjxe1000000000000000{n:04}")).collect();
    ids.push(alice.id.clone());
    ids.push("no id".to_owned());
    his.say(&json!({ "type": "watch", "member_ids": ids }).to_string()).await;
    for id in &ids[..500] {
        assert_eq!(his.expect("presence.changed").await["data"]["member_id"], id.as_str());
    }
    his.say(&json!({ "type": "unwatch", "member_ids": &ids[..1] }).to_string()).await;
    watch(&mut his, "watch", &[&alice, &bob]).await;
    told(&mut his, &alice).await;
    beats(&bob).await;
    beats(&alice).await;
    assert_eq!(told(&mut his, &alice).await["status"], "online");
    // To look at many costs as much as many frames.
    for _ in 0..40 {
        if !his.try_say(&json!({ "type": "watch", "member_ids": &ids[1..500] }).to_string()).await {
            break;
        }
    }
    assert_eq!(his.close_code().await, 4429);
    stop(&app).await;
}

#[tokio::test]
async fn the_switch_and_a_block_are_told_at_once_and_nothing_after() {
    let Couple { app, alice, bob, stranger, .. } = TestApp::couple().await;
    let address = app.serve().await;
    beats(&alice).await;
    let mut his = Device::connect(address, &bob, None).await;
    let mut other = Device::connect(address, &stranger, None).await;
    for device in [&mut his, &mut other] {
        watch(device, "watch", &[&alice]).await;
        assert_eq!(told(device, &alice).await["status"], "online");
    }
    let block = format!("/v1/members/{}/block", stranger.id);
    alice.call("PUT", &block).await;
    assert_eq!(told(&mut other, &alice).await, unknown(&alice.id));
    // What happens now is his to know, not hers.
    app.advance(5 * SECOND);
    chooses(&alice, "busy").await;
    assert_eq!(told(&mut his, &alice).await["status"], "busy");
    alice.patch("/v1/me/privacy", json!({ "presence_visible": false })).await.expect(200);
    assert_eq!(told(&mut his, &alice).await, unknown(&alice.id));
    app.advance(5 * SECOND);
    chooses(&alice, "online").await;
    app.advance(5 * SECOND);
    alice.patch("/v1/me/privacy", json!({ "presence_visible": true })).await.expect(200);
    assert_eq!(told(&mut his, &alice).await["status"], "online");
    alice.delete(&block).await;
    assert_eq!(told(&mut other, &alice).await["status"], "online");
    stop(&app).await;
}

#[tokio::test]
async fn watchers_on_another_node_hear_it_too() {
    let Couple { app, alice, bob, .. } = TestApp::couple().await;
    let node = app.another_node().await;
    let (here, there) = (app.serve().await, node.serve().await);
    let mut his = Device::connect(there, &bob.on(&node), None).await;
    watch(&mut his, "watch", &[&alice]).await;
    told(&mut his, &alice).await;
    let hers = Device::connect(here, &alice, None).await;
    assert_eq!(told(&mut his, &alice).await["status"], "online");
    let count = bob.on(&node).get("/v1/presence/online/count").await.expect(200).at("/count");
    assert_eq!(count, 2);
    app.advance(5 * SECOND);
    hers.close().await;
    assert_eq!(told(&mut his, &alice).await["status"], "offline");
    stop(&node).await;
    stop(&app).await;
}

#[tokio::test]
async fn a_node_that_came_later_learns_who_is_here_within_a_minute() {
    // The clock moves by a minute until it has heard.
    let app = TestApp::with(|s| s.identity.access_minutes = 10_000).await;
    let Couple { app, alice, bob, .. } = app.with_couple().await;
    beats(&alice).await;
    app.settle().await;
    let node = app.another_node().await;
    node.serve().await;
    let bob = bob.on(&node);
    // Somebody speaks up until the node listens.
    until(async || {
        app.advance(MINUTE);
        beats(&alice).await;
        app.settle().await;
        let listed = bob.get("/v1/presence/online").await.expect(200).data();
        listed.iter().any(|presence| presence["member_id"] == alice.id.as_str())
    })
    .await;
    stop(&node).await;
}

#[tokio::test]
async fn a_stop_writes_down_what_was_only_remembered() {
    let Couple { app, alice, bob, .. } = TestApp::couple().await;
    let address = app.serve().await;
    let _hers = Device::connect(address, &alice, None).await;
    until(async || seen(&bob, &alice).await["online"] == true).await;
    chooses(&alice, "away").await;
    stop(&app).await;
    let restarted = app.copy().await;
    let back = seen(&bob.on(&restarted), &alice).await;
    assert_eq!((&back["status"], &back["last_seen"]), (&json!("offline"), &json!(app.now().to_string())));
    let alice = alice.on(&restarted);
    assert_eq!(alice.get("/v1/me/presence").await.expect(200).at("/chosen_status"), "away");
    restarted.settle().await;
}
