//! Real time: tickets, what devices hear, and why sockets close. Resuming is in `realtime_resume`.

use crate::{
    schedule::{at, cancel, premiere, schedule},
    sockets::{Device, close_code, dial, stop, ticket},
};
use base::{id::MemberId, time::HOUR};
use bytes::Bytes;
use serde_json::{Value, json};
use testkit::{Actor, Couple, TestApp};

fn member(actor: &Actor) -> MemberId {
    actor.id.parse().expect("a member's id")
}

#[tokio::test]
async fn a_note_arrives_whole_at_every_device_of_the_receiver_and_nowhere_else() {
    let Couple { app, alice, bob, stranger, former, .. } = TestApp::couple().await;
    let phone = bob.another_device().await;
    let (third, spare) = (stranger.another_device().await, former.another_device().await);
    let address = app.serve().await;
    let mut hers = Device::connect(address, &alice, None).await;
    let mut his = [Device::connect(address, &bob, None).await, Device::connect(address, &phone, None).await];
    let mut others = [Device::connect(address, &stranger, None).await, Device::connect(address, &former, None).await];

    let note = alice.post("/v1/notes", json!({ "channel": "partner", "content": "Now \u{1f970}" })).await.expect(201);
    let mut ids = Vec::new();
    for device in &mut his {
        let event = device.expect("note.received").await;
        assert_eq!(event["data"], note.json());
        assert_eq!(event["occurred_at"], app.now().to_string());
        assert_eq!(event.as_object().unwrap().len(), 4, "{event}");
        assert!(event["id"].as_u64().unwrap() > device.ready);
        ids.push(event["id"].clone());
    }
    assert_eq!(ids[0], ids[1]);
    let sent = hers.expect("note.sent").await;
    let told = json!({ "note_id": note.text("/id"), "sender_id": alice.id, "recipient_id": bob.id, "channel": "partner",
                "status": "delivered" });
    assert_eq!(sent["data"], told);

    bob.post(&format!("/v1/notes/{}/open", note.text("/id")), Value::Null).await.expect(200);
    let opened = hers.expect("note.opened").await;
    assert_eq!(opened["data"]["note_id"], note.text("/id"));
    assert_eq!(opened["data"]["opened_at"], app.now().to_string());
    assert!(opened["id"].as_u64() > sent["id"].as_u64());

    // The first that the others hear is of themselves.
    for (device, own) in others.iter_mut().zip([third, spare]) {
        own.post("/v1/auth/logout", Value::Null).await.expect(204);
        device.expect("session.revoked").await;
    }
    stop(&app).await;
}

#[tokio::test]
async fn what_happens_to_scheduled_notes_and_the_couple_is_told() {
    let Couple { app, alice, bob, .. } = premiere().await;
    let address = app.serve().await;
    let mut hers = Device::connect(address, &alice, None).await;
    let mut his = Device::connect(address, &bob, None).await;
    let due = schedule(&alice, at("2026-11-22", "12:10", "UTC")).await.expect(201).text("/id");
    let made = hers.expect("note.scheduled").await;
    assert_eq!(made["data"]["scheduled_note_id"], due);
    assert_eq!(made["data"]["due_at"], "2026-11-22T12:10:00.000Z");
    let dropped = schedule(&alice, at("2026-11-22", "18:00", "UTC")).await.expect(201).text("/id");
    let waiting = schedule(&alice, at("2026-11-22", "19:00", "UTC")).await.expect(201).text("/id");
    cancel(&alice, &dropped).await.expect(204);
    hers.expect("note.scheduled").await;
    hers.expect("note.scheduled").await;
    let cancelled = hers.expect("note.cancelled").await;
    assert_eq!(
        (&cancelled["data"]["scheduled_note_id"], &cancelled["data"]["status"]),
        (&json!(dropped), &json!("cancelled"))
    );

    app.advance(HOUR / 6);
    let received = his.expect("note.received").await;
    assert_eq!(received["data"]["content"], "Later");
    let sent = hers.expect("note.sent").await;
    assert_eq!(sent["data"]["scheduled_note_id"], due);
    assert_eq!(sent["data"]["note_id"], received["data"]["id"]);

    bob.delete("/v1/couple").await.expect(204);
    let mut heard = [hers.event().await, hers.event().await];
    heard.sort_by_key(|event| event["type"].to_string());
    assert_eq!((&heard[0]["type"], &heard[1]["type"]), (&json!("couple.ended"), &json!("note.failed")));
    let failed = &heard[1]["data"];
    assert_eq!((&failed["scheduled_note_id"], &failed["status"]), (&json!(waiting), &json!("paused")));
    assert_eq!(failed["reason"], "partner_gone");
    his.expect("couple.ended").await;
    stop(&app).await;
}

#[tokio::test]
async fn a_ticket_opens_one_socket_within_a_minute() {
    let Couple { app, alice, .. } = TestApp::couple().await;
    let address = app.serve().await;
    let once = ticket(&alice).await;
    assert!(once.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)), "{once} is safe in a URL");
    let mut first = dial(address, &format!("?ticket={once}")).await;
    let mut second = dial(address, &format!("?ticket={once}")).await;
    assert_eq!(close_code(&mut second).await, 4401);
    let (late, timely) = (ticket(&alice).await, ticket(&alice).await);
    app.advance(59_999);
    // The last millisecond of one, and it takes the place of the first.
    let mut third = dial(address, &format!("?ticket={timely}")).await;
    assert_eq!(close_code(&mut first).await, 4409);
    app.advance(1);
    let long = "x".repeat(10_000);
    for bad in [&*format!("?ticket={late}"), "?ticket=", "", "?ticket=nonsense", &format!("?ticket={long}")] {
        assert_eq!(close_code(&mut dial(address, bad).await).await, 4401, "{bad}");
    }
    let ended = ticket(&alice).await;
    alice.post("/v1/auth/logout", Value::Null).await.expect(204);
    assert_eq!(close_code(&mut dial(address, &format!("?ticket={ended}")).await).await, 4401);
    assert_eq!(close_code(&mut third).await, 4401);
    app.anonymous().post("/v1/realtime/tickets", Value::Null).await.problem(401, "unauthenticated");
    app.anonymous().get("/v1/realtime?ticket=x").await.problem(400, "malformed");
    stop(&app).await;
}

#[tokio::test]
async fn of_many_who_show_one_ticket_one_gets_in() {
    let Couple { app, alice, .. } = TestApp::couple().await;
    let address = app.serve().await;
    let query = format!("?ticket={}", ticket(&alice).await);
    let dials = (0..10).map(|_| dial(address, &query));
    let mut sockets = futures_util::future::join_all(dials).await;
    let first = futures_util::future::join_all(sockets.iter_mut().map(futures_util::StreamExt::next)).await;
    let open = first.iter().flatten().flatten().filter(|message| message.is_text()).count();
    assert_eq!(open, 1);
    stop(&app).await;
}

#[tokio::test]
async fn a_session_that_ends_takes_its_socket_with_it() {
    let Couple { app, alice, .. } = TestApp::couple().await;
    let phone = alice.another_device().await;
    let address = app.serve().await;
    let mut here = Device::connect(address, &alice, None).await;
    let mut there = Device::connect(address, &phone, None).await;
    let sessions = alice.get("/v1/auth/sessions").await.expect(200).data();
    let other = sessions.iter().find(|s| s["current"] == false).expect("another session")["id"].as_str().unwrap();
    alice.delete(&format!("/v1/auth/sessions/{other}")).await.expect(204);
    assert_eq!(there.close_code().await, 4401);
    let told = here.expect("session.revoked").await;
    assert_eq!(told["data"]["session_id"], other);
    // Ended by another node, it is closed when the event arrives.
    let node = app.another_node().await;
    Actor { app: node.clone(), ..alice.clone() }.post("/v1/auth/logout", Value::Null).await.expect(204);
    assert_eq!(here.close_code().await, 4401);
    stop(&app).await;
    node.leave();
}

#[tokio::test]
async fn a_newer_socket_of_a_device_and_one_device_too_many_replace_an_older() {
    let Couple { app, alice, .. } = TestApp::with(|s| s.realtime.max_sockets_per_member = 2).await.with_couple().await;
    let (phone, tablet) = (alice.another_device().await, alice.another_device().await);
    let address = app.serve().await;
    let mut first = Device::connect(address, &alice, None).await;
    let mut again = Device::connect(address, &alice, None).await;
    assert_eq!(first.close_code().await, 4409);
    let mut second = Device::connect(address, &phone, None).await;
    let mut third = Device::connect(address, &tablet, None).await;
    assert_eq!(again.close_code().await, 4409);
    alice.sends("To both").await;
    second.expect("note.sent").await;
    third.expect("note.sent").await;
    stop(&app).await;
}

#[tokio::test]
async fn a_device_may_say_so_much_and_no_more() {
    let Couple { app, alice, bob, .. } = TestApp::couple().await;
    let address = app.serve().await;
    let mut device = Device::connect(address, &alice, None).await;
    for _ in 0..40 {
        device.say(r#"{"type":"heartbeat"}"#).await;
    }
    device.say("not even JSON").await;
    bob.sends("Still there?").await;
    device.expect("note.received").await;
    for _ in 0..2_000 {
        if !device.try_say(r#"{"type":"heartbeat"}"#).await {
            break;
        }
    }
    assert_eq!(device.close_code().await, 4429);
    stop(&app).await;
}

#[tokio::test]
async fn a_device_that_does_not_read_is_told_why_it_goes() {
    let Couple { app, alice, .. } = TestApp::couple().await;
    let address = app.serve().await;
    let mut device = Device::connect(address, &alice, None).await;
    // More than the system takes for a socket that nobody reads: the server is stuck in the middle of the first.
    let big = Bytes::from(format!("{{\"id\":1,\"x\":\"{}\"}}", "x".repeat(4_000_000)));
    let first = 1_000_000;
    let mut delivered = 0;
    while app.core().rooms.deliver(member(&alice), &[(first + delivered, big.clone())]) == 1 {
        delivered += 1;
        assert!(delivered < 1_000, "the queue has no end");
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
    }
    assert_eq!(device.close_code().await, 4408);
    stop(&app).await;
}

#[tokio::test]
async fn above_ten_frames_a_second_events_are_joined() {
    let Couple { app, alice, .. } = TestApp::couple().await;
    let address = app.serve().await;
    let mut device = Device::connect(address, &alice, None).await;
    let first = 1_000_000;
    for id in first..first + 1_000 {
        let frame = Bytes::from(format!("{{\"id\":{id},\"type\":\"x\"}}"));
        assert_eq!(app.core().rooms.deliver(member(&alice), &[(id, frame.clone())]), 1);
    }
    // A second time, as after a resume: dropped.
    app.core().rooms.deliver(member(&alice), &[(first + 10, Bytes::from_static(b"{}"))]);
    let single = device.frame().await;
    assert_eq!((&single["type"], single["id"].as_u64()), (&json!("x"), Some(first)));
    for id in first + 1..first + 1_000 {
        assert_eq!(device.event().await["id"].as_u64(), Some(id));
    }
    assert!(device.frames < 20, "{} frames", device.frames);
    stop(&app).await;
}

#[tokio::test]
async fn a_server_that_stops_says_so() {
    let Couple { app, alice, .. } = TestApp::couple().await;
    let address = app.serve().await;
    let mut device = Device::connect(address, &alice, None).await;
    let (stopped, code) = tokio::join!(app.stop(), device.close_code());
    assert!(stopped);
    assert_eq!(code, 1001);
}
