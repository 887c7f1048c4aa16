//! Presence by HTTP: what is shown of what was chosen and who is here, to whom, and what survives. Sockets and watches
//! are in `presence_sockets`.

use base::time::{HOUR, MINUTE, SECOND};
use serde_json::{Value, json};
use testkit::{Actor, Couple, TestApp};

/// One heartbeat of the actor's device.
pub(crate) async fn beats(who: &Actor) {
    who.post("/v1/presence/heartbeat", Value::Null).await.expect(204);
}

pub(crate) async fn chooses(who: &Actor, status: &str) {
    let own = who.put("/v1/me/presence", json!({ "status": status })).await.expect(200);
    assert_eq!(own.at("/chosen_status"), status);
}

/// A member's presence as `viewer` sees it.
pub(crate) async fn seen(viewer: &Actor, member: &Actor) -> Value {
    viewer.get(&format!("/v1/members/{}/presence", member.id)).await.expect(200).json()
}

async fn status(viewer: &Actor, member: &Actor) -> Value {
    seen(viewer, member).await["status"].clone()
}

/// Of nobody, and of somebody who does not show it.
pub(crate) fn unknown(id: &str) -> Value {
    json!({ "member_id": id, "status": "offline", "online": false, "last_seen": null, "last_seen_bucket": "long_ago" })
}

#[tokio::test]
async fn what_is_chosen_is_shown_while_somebody_is_here() {
    let Couple { app, alice, bob, .. } = TestApp::with(|s| s.identity.access_minutes = 600).await.with_couple().await;
    assert_eq!(seen(&bob, &alice).await, unknown(&alice.id));
    beats(&alice).await;
    let now = app.now().to_string();
    let shown = json!({ "member_id": alice.id, "status": "online", "online": true, "last_seen": now,
                        "last_seen_bucket": "just_now" });
    assert_eq!(seen(&bob, &alice).await, shown);
    for chosen in ["away", "busy", "offline"] {
        chooses(&alice, chosen).await;
        beats(&alice).await;
        let shown = seen(&bob, &alice).await;
        assert_eq!((&shown["status"], &shown["online"]), (&json!(chosen), &json!(false)));
    }
    // Under offline nothing shows, not even that time goes on.
    app.advance(MINUTE);
    beats(&alice).await;
    assert_eq!(seen(&bob, &alice).await["last_seen"], now);
    chooses(&alice, "busy").await;
    assert_eq!(status(&bob, &alice).await, "busy");
    // A heartbeat under busy keeps her busy and here.
    for _ in 0..4 {
        app.advance(3 * MINUTE);
        beats(&alice).await;
        assert_eq!(status(&bob, &alice).await, "busy");
    }
    app.advance(5 * MINUTE);
    assert_eq!(status(&bob, &alice).await, "busy");
    app.advance(1);
    let gone = seen(&bob, &alice).await;
    assert_eq!((&gone["status"], &gone["last_seen_bucket"]), (&json!("offline"), &json!("minutes")));
    // Choosing is no sign of life, and the choice is still there with the next one.
    chooses(&alice, "away").await;
    assert_eq!(status(&bob, &alice).await, "offline");
    beats(&alice).await;
    assert_eq!(status(&bob, &alice).await, "away");
    app.settle().await;
}

#[tokio::test]
async fn somebody_is_here_on_any_device_and_gone_with_the_last() {
    let Couple { app, alice, bob, .. } = TestApp::couple().await;
    let phone = alice.another_device().await;
    beats(&alice).await;
    app.advance(4 * MINUTE);
    beats(&phone).await;
    app.advance(4 * MINUTE);
    assert_eq!(status(&bob, &alice).await, "online", "the phone is here");
    beats(&alice).await;
    phone.post("/v1/auth/logout", Value::Null).await.expect(204);
    assert_eq!(status(&bob, &alice).await, "online", "the other device is here");
    alice.post("/v1/auth/logout", Value::Null).await.expect(204);
    let gone = seen(&bob, &alice).await;
    assert_eq!((&gone["status"], &gone["last_seen_bucket"]), (&json!("offline"), &json!("just_now")));
    app.settle().await;
}

#[tokio::test]
async fn what_cannot_be_meant_is_refused() {
    let Couple { app, alice, bob, .. } = TestApp::couple().await;
    let path = "/v1/me/presence";
    for bad in ["invisible", "ONLINE"] {
        alice.put(path, json!({ "status": bad })).await.invalid(&[("/status", "unknown_value")]);
    }
    alice.put(path, json!({})).await.invalid(&[("/status", "required")]);
    alice.put(path, json!({ "status": "" })).await.invalid(&[("/status", "required")]);
    alice.put(path, json!({ "status": null })).await.invalid(&[("/status", "wrong_type")]);
    // Whoever is named in the body, it is the caller's own.
    alice.put(path, json!({ "status": "busy", "member_id": bob.id })).await.expect(200);
    beats(&bob).await;
    assert_eq!(status(&alice, &bob).await, "online");
    alice.get("/v1/members/nobody/presence").await.problem(404, "not_found");
    alice.get("/v1/presence").await.invalid(&[("/query/member_ids", "required")]);
    alice.get("/v1/presence?member_ids=").await.invalid(&[("/query/member_ids", "required")]);
    let gap = format!("/v1/presence?member_ids={},", bob.id);
    alice.get(&gap).await.invalid(&[("/query/member_ids", "wrong_type")]);
    alice.get("/v1/presence?member_ids=nobody").await.invalid(&[("/query/member_ids", "wrong_type")]);
    let many = vec![bob.id.as_str(); 101].join(",");
    alice.get(&format!("/v1/presence?member_ids={many}")).await.invalid(&[("/query/member_ids", "too_long")]);
    alice.get("/v1/presence/online?limit=0").await.invalid(&[("/query/limit", "out_of_range")]);
    alice.get("/v1/presence/online?cursor=x").await.invalid(&[("/query/cursor", "invalid_cursor")]);
    app.settle().await;
}

#[tokio::test]
async fn many_are_read_at_once_with_an_entry_for_each() {
    let Couple { app, alice, bob, stranger, .. } = TestApp::couple().await;
    beats(&bob).await;
    beats(&alice).await;
    chooses(&alice, "busy").await;
    let nobody = "mem_01kjxe100000000000000000zz";
    let query = format!("/v1/presence?member_ids={},{nobody}&member_ids={}", bob.id, alice.id);
    let found = stranger.get(&query).await.expect(200).at("/data");
    assert_eq!(found.as_object().unwrap().len(), 3);
    assert_eq!(found[nobody], unknown(nobody));
    assert_eq!((&found[&bob.id]["status"], &found[&alice.id]["status"]), (&json!("online"), &json!("busy")));
    app.settle().await;
}

#[tokio::test]
async fn who_is_online_can_be_listed_and_counted() {
    let Couple { app, alice, bob, stranger, former, .. } = TestApp::couple().await;
    for who in [&alice, &bob, &stranger, &former] {
        beats(who).await;
    }
    chooses(&former, "away").await;
    let mut listed = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = alice.get(&format!("/v1/presence/online?limit=1{cursor}")).await.expect(200);
        listed.extend(page.data().iter().map(|p| p["member_id"].as_str().unwrap().to_owned()));
        let next = page.at("/next_cursor");
        let Some(next) = next.as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    let mut online = vec![alice.id.clone(), bob.id.clone(), stranger.id.clone()];
    online.sort();
    assert_eq!(listed, online);
    let count = async |who: &Actor| who.get("/v1/presence/online/count").await.expect(200).at("/count");
    assert_eq!(count(&alice).await, 3);
    // A block, in either direction, and the privacy switch.
    alice.call("PUT", &format!("/v1/members/{}/block", stranger.id)).await;
    bob.patch("/v1/me/privacy", json!({ "presence_visible": false })).await.expect(200);
    assert_eq!(count(&alice).await, 1);
    assert_eq!(count(&stranger).await, 1);
    assert_eq!(count(&former).await, 2);
    let listed = former.get("/v1/presence/online").await.expect(200).data();
    assert_eq!(listed.len(), 2);
    app.advance(5 * MINUTE + 1);
    app.settle().await;
    assert_eq!(count(&former).await, 0);
    assert!(former.get("/v1/presence/online").await.expect(200).data().is_empty());
}

#[tokio::test]
async fn whoever_does_not_show_it_is_like_nobody() {
    let Couple { app, alice, bob, stranger, .. } = TestApp::couple().await;
    beats(&alice).await;
    alice.patch("/v1/me/privacy", json!({ "presence_visible": false })).await.expect(200);
    for who in [&bob, &stranger] {
        assert_eq!(seen(who, &alice).await, unknown(&alice.id));
    }
    assert_eq!(status(&alice, &alice).await, "online");
    assert_eq!(alice.get("/v1/me/presence").await.expect(200).at("/status"), "online");
    alice.patch("/v1/me/privacy", json!({ "presence_visible": true })).await.expect(200);
    assert_eq!(status(&bob, &alice).await, "online");

    beats(&stranger).await;
    let block = format!("/v1/members/{}/block", stranger.id);
    let blocked = alice.call("PUT", &block).await;
    assert!([200, 204].contains(&blocked.status()), "{blocked:?}");
    assert_eq!(seen(&stranger, &alice).await, unknown(&alice.id));
    assert_eq!(seen(&alice, &stranger).await, unknown(&stranger.id));
    alice.delete(&block).await;
    assert_eq!(status(&stranger, &alice).await, "online");
    app.settle().await;
}

#[tokio::test]
async fn a_conversation_says_who_is_here() {
    let Couple { app, alice, bob, .. } = TestApp::couple().await;
    beats(&bob).await;
    let chat = crate::chat::with(&alice, &bob).await;
    let path = format!("/v1/conversations/{chat}");
    assert_eq!(alice.get(&path).await.expect(200).at("/presence"), seen(&alice, &bob).await);
    let listed = alice.get("/v1/conversations").await.expect(200).data();
    let ours = listed.iter().find(|c| c["id"] == chat.as_str()).unwrap();
    assert_eq!(ours["presence"]["status"], "online");
    bob.patch("/v1/me/privacy", json!({ "presence_visible": false })).await.expect(200);
    assert_eq!(alice.get(&path).await.expect(200).at("/presence"), unknown(&bob.id));
    app.settle().await;
}

#[tokio::test]
async fn the_last_activity_and_the_choice_are_written_behind() {
    let Couple { app, alice, bob, .. } = TestApp::couple().await;
    app.settle().await;
    let commits = || app.faults().commits();
    let before = commits();
    beats(&alice).await;
    for _ in 0..9 {
        app.advance(30 * SECOND);
        beats(&alice).await;
        app.settle().await;
    }
    assert_eq!(commits(), before, "five minutes are not over");
    app.advance(30 * SECOND);
    app.settle().await;
    assert_eq!(commits(), before + 1);
    // Without a cache, as after a restart, what was written is there.
    let restarted = app.copy().await;
    let back = seen(&bob.on(&restarted), &alice).await;
    assert_eq!(back["status"], "offline");
    assert_eq!(back["last_seen"], seen(&bob, &alice).await["last_seen"]);

    // A goodbye is written at once, a choice soon.
    chooses(&alice, "busy").await;
    app.advance(10 * SECOND);
    alice.post("/v1/auth/logout", Value::Null).await.expect(204);
    app.settle().await;
    let restarted = app.copy().await;
    let bob = bob.on(&restarted);
    assert_eq!(seen(&bob, &alice).await["last_seen"], app.now().to_string());
    let alice = alice.on(&restarted).another_device().await;
    beats(&alice).await;
    assert_eq!(status(&bob, &alice).await, "busy");
    restarted.settle().await;
}

#[tokio::test]
async fn what_could_not_be_written_is_written_later() {
    let Couple { app, alice, bob, .. } = TestApp::couple().await;
    beats(&alice).await;
    app.advance(5 * MINUTE);
    app.faults().items.fail_after(0, testkit::Fail::Fault(ports::Fault::Unavailable));
    assert!(app::work::settle(app.core()).await.is_err());
    app.faults().items.heal();
    app.settle().await;
    let restarted = app.copy().await;
    assert!(seen(&bob.on(&restarted), &alice).await["last_seen"].is_string());
}

#[tokio::test]
async fn twenty_thousand_changes_write_nothing() {
    let Couple { app, alice, bob, .. } = TestApp::couple().await;
    beats(&alice).await;
    beats(&bob).await;
    app.settle().await;
    let before = app.faults().commits();
    for _ in 0..2_500 {
        for who in [&alice, &bob] {
            chooses(who, "offline").await;
            chooses(who, "online").await;
            beats(who).await;
            seen(who, &bob).await;
        }
    }
    assert_eq!(app.faults().commits(), before);
    app.settle().await;
    // What is left of it in the end: both members in one commit.
    assert!(app.faults().commits() <= before + 1);
}

#[tokio::test]
async fn two_nodes_know_the_same() {
    let Couple { app, alice, bob, .. } = TestApp::couple().await;
    let node = app.another_node().await;
    let phone = alice.another_device().await.on(&node);
    beats(&alice).await;
    assert_eq!(status(&bob.on(&node), &alice).await, "online");
    beats(&phone).await;
    chooses(&phone, "busy").await;
    assert_eq!(status(&bob, &alice).await, "busy");
    alice.post("/v1/auth/logout", Value::Null).await.expect(204);
    assert_eq!(status(&bob, &alice).await, "busy", "the phone is here");
    phone.post("/v1/auth/logout", Value::Null).await.expect(204);
    assert_eq!(status(&bob, &alice).await, "offline");
    // Many at once on both: no device is lost.
    let devices = [bob.another_device().await, bob.another_device().await.on(&node), bob.clone(), bob.on(&node)];
    crate::raced(devices.clone().map(|device| async move { beats(&device).await })).await;
    for device in &devices[..2] {
        device.post("/v1/auth/logout", Value::Null).await.expect(204);
    }
    assert_eq!(status(&alice.another_device().await, &bob).await, "online");
    devices[2].post("/v1/auth/logout", Value::Null).await.expect(204);
    let alice = alice.another_device().await;
    assert_eq!(status(&alice, &bob).await, "offline");
    app.advance(HOUR);
    app.settle().await;
    node.leave();
}
