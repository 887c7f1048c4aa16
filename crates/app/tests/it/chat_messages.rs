//! What can be said, changed and taken back, and until when.

use crate::{
    chat::{list, says, unread, with},
    profiles_pictures::png,
    sockets::{Device, stop},
};
use base::time::{DAY, HOUR, MINUTE};
use serde_json::{Value, json};
use testkit::{Actor, Couple, TestApp};

fn path(chat: &str, rest: &str) -> String {
    format!("/v1/conversations/{chat}{rest}")
}

fn of(message: &Value, rest: &str) -> String {
    format!("/v1/messages/{}{rest}", message["id"].as_str().unwrap())
}

async fn couple() -> (Couple, String) {
    let couple = TestApp::couple().await;
    let chat = with(&couple.alice, &couple.bob).await;
    (couple, chat)
}

/// The same actor after the clock moved past the life of the access token.
async fn later(app: &TestApp, millis: i64, who: &Actor) -> Actor {
    app.advance(millis);
    who.another_device().await
}

#[tokio::test]
async fn offending_messages_are_refused_and_named() {
    let (Couple { alice, former, .. }, chat) = couple().await;
    let elsewhere = with(&alice, &former).await;
    let foreign = says(&alice, &elsewhere, "Not for you").await;
    for (body, pointer, code) in [
        (json!({}), "/content", "required"),
        (json!({ "content": " \n\u{3000} " }), "/content", "required"),
        (json!({ "content": "x".repeat(4_001) }), "/content", "too_long"),
        (json!({ "content": "Hi", "kind": "poll" }), "/kind", "unknown_value"),
        (json!({ "content": "Hi", "kind": "call" }), "/kind", "unknown_value"),
        (json!({ "content": "Hi", "client_id": "" }), "/client_id", "required"),
        (json!({ "content": "Hi", "client_id": "x".repeat(101) }), "/client_id", "too_long"),
        (json!({ "kind": "location" }), "/location", "required"),
        (json!({ "kind": "location", "location": { "lat": 90.1, "lng": 0 } }), "/location/lat", "out_of_range"),
        (json!({ "kind": "location", "location": { "lat": 0, "lng": -180.1 } }), "/location/lng", "out_of_range"),
        (json!({ "kind": "image" }), "/file", "required"),
        (json!({ "content": "Hi", "reply_to_id": foreign["id"] }), "/reply_to_id", "unknown_value"),
    ] {
        alice.post(&path(&chat, "/messages"), body).await.invalid(&[(pointer, code)]);
    }
    // Whatever the kind was, nothing came of it.
    assert!(list(&alice, &chat, "").await.is_empty());
    let longest = "\u{1f970}".repeat(4_000);
    assert_eq!(says(&alice, &chat, &longest).await["content"], longest);
    let place = json!({ "lat": 38.736_946_123_456, "lng": -9.142_685, "address": " Rossio " });
    let there =
        alice.post(&path(&chat, "/messages"), json!({ "kind": "location", "location": place })).await.expect(201);
    assert_eq!(there.at("/location"), json!({ "lat": 38.736_946_12, "lng": -9.142_685, "address": "Rossio" }));
    assert_eq!(there.at("/content"), "Rossio");
    let counts = alice.get(&path(&chat, "/media?kind=location")).await.expect(200);
    assert_eq!((counts.at("/counts/location"), counts.data().len()), (json!(1), 1));
    alice.app.settle().await;
}

#[tokio::test]
async fn a_sender_edits_and_takes_back_for_two_days() {
    let (Couple { app, alice, bob, .. }, chat) = couple().await;
    let (first, second) = (says(&alice, &chat, "Frist").await, says(&alice, &chat, "Second").await);
    let answer = bob.post(&path(&chat, "/messages"), json!({ "content": "What?", "reply_to_id": first["id"] })).await;
    assert_eq!(answer.at("/reply_to/content"), "Frist");
    assert_eq!(answer.at("/reply_to/sender_name"), "Alice");
    let alice = later(&app, 48 * HOUR, &alice).await;
    let bob = bob.another_device().await;
    let edited = alice.patch(&of(&first, ""), json!({ "content": " First " })).await.expect(200);
    assert_eq!((edited.at("/content"), edited.at("/edited_at")), (json!("First"), json!(app.now().to_string())));
    alice.patch(&of(&first, ""), json!({ "content": "First" })).await.invalid(&[("/content", "unchanged")]);
    bob.patch(&of(&first, ""), json!({ "content": "Mine" })).await.problem(403, "forbidden");
    // The answer shows what it answers as it is now.
    assert_eq!(list(&bob, &chat, "?limit=1").await[0]["reply_to"]["content"], "First");

    bob.delete(&of(&first, "?for=everyone")).await.problem(403, "forbidden");
    bob.call("PUT", &of(&first, "/star")).await.expect(200);
    bob.call("PUT", &of(&first, "/pin")).await.expect(200);
    alice.delete(&of(&first, "?for=everyone")).await.expect(204);
    alice.delete(&of(&first, "?for=everyone")).await.expect(204);
    let seen = list(&bob, &chat, "").await;
    let gone = &seen[2];
    assert_eq!((&gone["deleted"], &gone["content"], &gone["seq"]), (&json!(true), &Value::Null, &json!(1)));
    assert_eq!(seen[0]["reply_to"], Value::Null);
    assert!(bob.get("/v1/me/starred-messages").await.expect(200).data().is_empty());
    assert!(bob.get(&path(&chat, "/pins")).await.expect(200).data().is_empty());
    for (method, rest) in [("PUT", "/star"), ("PUT", "/pin"), ("PUT", "/reactions/👍")] {
        assert_eq!(bob.call(method, &of(&first, rest)).await.problem(409, "conflict")["reason"], "message_deleted");
    }

    let alice = later(&app, 1, &alice).await;
    let refused = alice.patch(&of(&second, ""), json!({ "content": "Third" })).await;
    assert_eq!(refused.problem(409, "conflict")["reason"], "window_over");
    let refused = alice.delete(&of(&second, "?for=everyone")).await;
    assert_eq!(refused.problem(409, "conflict")["reason"], "window_over");
    alice.delete(&of(&second, "?for=me")).await.expect(204);
    assert_eq!(list(&alice, &chat, "").await.len(), 2);
    alice.get(&of(&second, "")).await.problem(404, "not_found");
    bob.get(&of(&second, "")).await.expect(200);
    app.settle().await;
}

#[tokio::test]
async fn pages_lead_through_a_conversation_in_both_directions() {
    let (Couple { app, alice, bob, .. }, chat) = couple().await;
    for n in 1..=7 {
        says(if n % 2 == 0 { &alice } else { &bob }, &chat, &format!("Número {n}")).await;
    }
    let seqs = |page: &[Value]| page.iter().map(|m| m["seq"].as_u64().unwrap()).collect::<Vec<_>>();
    assert_eq!(seqs(&list(&alice, &chat, "?limit=3").await), [7, 6, 5]);
    assert_eq!(seqs(&list(&alice, &chat, "?limit=3&before_seq=5").await), [4, 3, 2]);
    assert_eq!(seqs(&list(&alice, &chat, "?limit=3&after_seq=2").await), [3, 4, 5]);
    assert_eq!(seqs(&list(&alice, &chat, "?before_seq=1").await), Vec::<u64>::new());
    assert_eq!(seqs(&list(&alice, &chat, "?after_seq=7").await), Vec::<u64>::new());
    let first = alice.get(&path(&chat, "/messages?limit=5")).await.expect(200);
    let cursor = first.text("/next_cursor");
    let rest = alice.get(&path(&chat, &format!("/messages?limit=5&cursor={cursor}"))).await.expect(200);
    assert_eq!((seqs(&rest.data()), rest.at("/next_cursor")), (vec![2, 1], Value::Null));
    bob.get(&path(&chat, &format!("/messages?cursor={cursor}"))).await.invalid(&[("/query/cursor", "invalid_cursor")]);
    assert_eq!(seqs(&list(&alice, &chat, "?before_seq=5&after_seq=2").await), [3, 4]);

    assert_eq!(seqs(&list(&alice, &chat, "?q=NUMERO%204").await), [4]);
    assert_eq!(seqs(&list(&alice, &chat, "?q=numero&limit=2").await), [7, 6]);
    assert!(list(&alice, &chat, "?q=%25").await.is_empty(), "a search is literal");
    alice.post(&path(&chat, "/clear"), Value::Null).await.expect(200);
    assert!(list(&alice, &chat, "?q=numero").await.is_empty());
    assert_eq!(list(&bob, &chat, "").await.len(), 7);
    app.settle().await;
}

#[tokio::test]
async fn counters_previews_and_marks_follow_what_happens() {
    let (Couple { app, alice, bob, .. }, chat) = couple().await;
    let seen = async |who: &Actor| who.get(&path(&chat, "")).await.expect(200).json();
    for text in ["One", "Two", "Three"] {
        says(&alice, &chat, text).await;
    }
    assert_eq!(seen(&bob).await["unread_count"], 3);
    bob.post(&path(&chat, "/read"), json!({ "seq": 1 })).await.expect(200);
    assert_eq!((seen(&bob).await["unread_count"].clone(), unread(&bob).await), (json!(2), 2));
    // Backwards, beyond the end, and twice.
    bob.post(&path(&chat, "/read"), json!({ "seq": 0 })).await.expect(200);
    assert_eq!(unread(&bob).await, 2);
    bob.post(&path(&chat, "/read"), json!({ "seq": 99 })).await.expect(200);
    assert_eq!(unread(&bob).await, 0);
    assert_eq!(seen(&alice).await["read_up_to_seq"], 3);
    bob.patch(&path(&chat, ""), json!({ "marked_unread": true, "muted": true, "pinned": true })).await.expect(200);
    assert_eq!(unread(&bob).await, 1);
    let conversations = bob.get("/v1/unread").await.expect(200);
    assert_eq!(conversations.at("/conversations/0/marked_unread"), json!(true));
    // A muted one counts all the same; what is marked counts once.
    says(&alice, &chat, "Four").await;
    assert_eq!(unread(&bob).await, 1);
    bob.post(&path(&chat, "/read"), json!({ "seq": 4 })).await.expect(200);
    assert_eq!(unread(&bob).await, 0);

    bob.patch(&path(&chat, ""), json!({ "archived": true })).await.expect(200);
    assert!(bob.get("/v1/conversations").await.expect(200).data().is_empty());
    assert_eq!(bob.get("/v1/conversations?view=archived").await.expect(200).data().len(), 1);
    let last = says(&alice, &chat, &"Long ".repeat(100)).await;
    let back = bob.get("/v1/conversations").await.expect(200);
    assert_eq!(back.text("/data/0/last_message_preview").chars().count(), 200);
    assert_eq!(back.at("/data/0/last_message_id"), last["id"]);
    alice.delete(&of(&last, "?for=everyone")).await.expect(204);
    assert_eq!(seen(&bob).await["last_message_preview"], "Four");
    assert_eq!(unread(&bob).await, 0);
    bob.delete(&path(&chat, "")).await.expect(204);
    let hidden = bob.get("/v1/conversations?view=hidden").await.expect(200);
    assert_eq!(hidden.at("/data/0/last_message_preview"), Value::Null);
    says(&alice, &chat, "Still there?").await;
    assert_eq!(list(&bob, &chat, "").await.len(), 1);
    // When neither has it any more, the messages go, and the numbers go on.
    bob.delete(&path(&chat, "")).await.expect(204);
    alice.delete(&path(&chat, "")).await.expect(204);
    app.settle().await;
    assert_eq!(says(&bob, &chat, "Anew").await["seq"], 7);
    assert_eq!(list(&alice, &chat, "").await.len(), 1);
    app.settle().await;
}

#[tokio::test]
async fn receipts_are_told_as_far_as_the_receiver_allows() {
    let (Couple { app, alice, bob, .. }, chat) = couple().await;
    bob.patch("/v1/me/privacy", json!({ "read_receipts": false })).await.expect(200);
    let said = says(&alice, &chat, "Read me").await;
    bob.post(&path(&chat, "/read"), json!({ "seq": 1 })).await.expect(200);
    assert_eq!(alice.get(&of(&said, "")).await.expect(200).at("/status"), "delivered");
    assert_eq!(alice.get(&of(&said, "/info")).await.expect(200).at("/read_at"), Value::Null);
    assert_eq!(unread(&bob).await, 0);
    bob.patch("/v1/me/privacy", json!({ "read_receipts": true })).await.expect(200);
    let next = says(&alice, &chat, "And me").await;
    app.advance(MINUTE);
    let at = app.now().to_string();
    bob.post(&path(&chat, "/delivered"), json!({ "seq": 2 })).await.expect(200);
    app.advance(MINUTE);
    bob.post(&path(&chat, "/read"), json!({ "seq": 2 })).await.expect(200);
    let info = alice.get(&of(&next, "/info")).await.expect(200);
    assert_eq!((info.at("/delivered_at"), info.at("/read_at")), (json!(at), json!(app.now().to_string())));
    assert_eq!((info.at("/sender/name"), info.at("/receiver/name")), (json!("Alice"), json!("Bob")));
    app.settle().await;
}

#[tokio::test]
async fn whoever_is_blocked_gets_nothing_and_is_not_told() {
    let (Couple { app, alice, bob, stranger, .. }, chat) = couple().await;
    let theirs = with(&stranger, &bob).await;
    says(&stranger, &theirs, "Hello?").await;
    bob.call("PUT", &format!("/v1/members/{}/block", stranger.id)).await.expect(204);
    let blocks = bob.get("/v1/me/blocks").await.expect(200);
    assert_eq!(blocks.at("/data/0/member/name"), "Stranger");
    // The same words as for somebody who takes messages from the partner alone.
    let refused = stranger.post(&path(&theirs, "/messages"), json!({ "content": "Hello??" })).await;
    let blocked = refused.problem(403, "forbidden");
    alice.patch("/v1/me/privacy", json!({ "messages_from": "partner" })).await.expect(200);
    let refused = stranger.post("/v1/conversations", json!({ "member_id": alice.id })).await;
    let private = refused.problem(403, "forbidden");
    assert_eq!((&blocked["detail"], &blocked["reason"]), (&private["detail"], &private["reason"]));
    says(&bob, &chat, "You may").await;
    let refused = bob.post(&path(&theirs, "/messages"), json!({ "content": "Go" })).await;
    assert_eq!(refused.problem(409, "conflict")["reason"], "blocked");
    assert_eq!(list(&bob, &theirs, "").await.len(), 1);

    // Nor does a frame pass.
    app.settle().await;
    let address = app.serve().await;
    let mut device = Device::connect(address, &bob, None).await;
    stranger.post(&path(&theirs, "/typing"), json!({ "typing": true })).await.expect(204);
    says(&alice, &chat, "The next thing he hears").await;
    assert_eq!(device.event().await["data"]["content"], "The next thing he hears");
    bob.delete(&format!("/v1/members/{}/block", stranger.id)).await.expect(204);
    says(&stranger, &theirs, "Better?").await;
    drop(device);
    stop(&app).await;
}

#[tokio::test]
async fn pins_last_as_long_as_they_should() {
    let (Couple { app, alice, bob, .. }, chat) = couple().await;
    let mut said = Vec::new();
    for text in ["day", "week", "for ever"] {
        said.push(says(&alice, &chat, text).await);
    }
    alice.put(&of(&said[0], "/pin"), json!({ "hours": 24 })).await.expect(200);
    bob.call("PUT", &of(&said[1], "/pin")).await.expect(200);
    bob.put(&of(&said[2], "/pin"), json!({ "hours": null })).await.expect(200);
    alice.put(&of(&said[0], "/pin"), json!({ "hours": 721 })).await.invalid(&[("/hours", "out_of_range")]);
    let pins = async |who: &Actor| who.get(&path(&chat, "/pins")).await.expect(200).data();
    let names = |pins: &[Value]| pins.iter().map(|pin| pin["message"]["content"].clone()).collect::<Vec<_>>();
    assert_eq!(pins(&alice).await.len(), 3);
    let alice = later(&app, DAY, &alice).await;
    assert_eq!(names(&pins(&alice).await), ["for ever", "week"]);
    let alice = later(&app, 6 * DAY, &alice).await;
    assert_eq!(names(&pins(&alice).await), ["for ever"]);
    // An expired pin is no pin, and can be set again.
    let bob = bob.another_device().await;
    assert_eq!(bob.get(&of(&said[0], "")).await.expect(200).at("/pinned"), json!(false));
    bob.put(&of(&said[0], "/pin"), json!({ "hours": 720 })).await.expect(200);
    assert_eq!(names(&pins(&bob).await), ["day", "for ever"]);
    alice.delete(&of(&said[0], "/pin")).await.expect(200);
    assert_eq!(names(&pins(&bob).await), ["for ever"]);
    app.settle().await;
}

#[tokio::test]
async fn forwarding_has_a_result_for_each_target() {
    let (Couple { app, alice, bob, stranger, former, .. }, chat) = couple().await;
    let said = says(&bob, &chat, "Pass it on").await;
    stranger.call("PUT", &format!("/v1/members/{}/block", alice.id)).await.expect(204);
    let body = json!({ "message_ids": [said["id"]], "member_ids": [former.id, stranger.id, bob.id, former.id] });
    let call = || alice.post("/v1/messages/forward", body.clone()).header("idempotency-key", "f-1");
    let done = call().await.expect(200);
    let results = done.at("/results");
    let results = results.as_array().unwrap();
    let statuses: Vec<_> = results.iter().map(|r| (r["status"].clone(), r["code"].clone())).collect();
    assert_eq!(
        statuses,
        [("sent", Value::Null), ("failed", json!("forbidden")), ("sent", Value::Null)].map(|(s, c)| (json!(s), c))
    );
    let copy = &results[0]["messages"][0];
    assert_eq!((&copy["content"], &copy["sender_id"]), (&json!("Pass it on"), &json!(alice.id)));
    assert_eq!(copy["forwarded_from"]["message_id"], said["id"]);
    assert_eq!(call().await.expect(200).json(), done.json());
    let theirs = with(&former, &alice).await;
    assert_eq!(list(&former, &theirs, "").await.len(), 1);
    former
        .post("/v1/messages/forward", json!({ "message_ids": [said["id"]], "member_ids": [bob.id] }))
        .await
        .problem(404, "not_found");
    let many: Vec<_> = (0..21).map(|_| bob.id.clone()).collect();
    let refused = alice.post("/v1/messages/forward", json!({ "message_ids": [said["id"]], "member_ids": many })).await;
    refused.invalid(&[("/member_ids", "too_long")]);
    app.settle().await;
}

#[tokio::test]
async fn a_file_goes_with_its_message_and_with_the_last_copy_of_it() {
    let (Couple { app, alice, bob, stranger, former, .. }, chat) = couple().await;
    let form = |name: &str| {
        let mut body = Vec::new();
        for (field, value) in [("client_id", name), ("kind", "image"), ("content", "Us")] {
            body.extend_from_slice(
                format!("--b\r\ncontent-disposition: form-data; name=\"{field}\"\r\n\r\n{value}\r\n").as_bytes(),
            );
        }
        body.extend_from_slice(b"--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"us.png\"\r\n\r\n");
        body.extend_from_slice(&png(40, 30));
        body.extend_from_slice(b"\r\n--b--\r\n");
        body
    };
    let send = async |who: &Actor, name: &str| {
        let call = who.call("POST", &path(&chat, "/messages"));
        call.header("content-type", "multipart/form-data; boundary=b").bytes(form(name)).await
    };
    let said = send(&alice, "a").await.expect(201);
    assert_eq!(
        (said.at("/file/width"), said.at("/file/height"), said.at("/content")),
        (json!(40), json!(30), json!("Us"))
    );
    // A retry keeps nothing a second time.
    assert_eq!(send(&alice, "a").await.expect(200).at("/id"), said.at("/id"));
    let used = async |who: &Actor| {
        let plan = who.get("/v1/me/plan").await.expect(200).json();
        let meters = plan["usage"].as_array().or(plan["meters"].as_array()).unwrap().clone();
        meters.iter().find(|m| m["meter"] == "file_storage").unwrap()["used"].as_i64().unwrap()
    };
    let once = used(&alice).await;
    assert!(once > 0);
    let seen = list(&bob, &chat, "").await;
    let url = seen[0]["file"]["url"].as_str().unwrap().to_owned();
    let at = |url: &str| url[url.find("/objects/").expect("a link to the store")..].to_owned();
    app.get(&at(&url)).await.expect(200);
    stranger.get(&format!("/v1/messages/{}", said.text("/id"))).await.problem(404, "not_found");
    stranger.get(&format!("/v1/files/{}", said.text("/file/id"))).await.problem(404, "not_found");

    // Sent again by its id: only by its owner, only as what it is.
    let again = json!({ "kind": "image", "file": { "id": said.at("/file/id") } });
    bob.post(&path(&chat, "/messages"), again.clone()).await.invalid(&[("/file/id", "unknown_value")]);
    let as_voice = json!({ "kind": "voice", "file": { "id": said.at("/file/id") } });
    alice.post(&path(&chat, "/messages"), as_voice).await.invalid(&[("/file/id", "unknown_value")]);
    let body = json!({ "message_ids": [said.at("/id")], "member_ids": [former.id] });
    let copy = alice.post("/v1/messages/forward", body).await.expect(200).at("/results/0/messages/0");
    assert_eq!(copy["file"]["id"], said.at("/file/id"));
    let media = bob.get(&path(&chat, "/media")).await.expect(200);
    assert_eq!((media.at("/counts/image"), media.data().len()), (json!(1), 1));

    alice.delete(&format!("/v1/messages/{}?for=everyone", said.text("/id"))).await.expect(204);
    app.settle().await;
    app.get(&at(&url)).await.expect(200);
    assert_eq!(bob.get(&path(&chat, "/media")).await.expect(200).at("/counts/image"), json!(0));
    alice.delete(&format!("/v1/messages/{}?for=everyone", copy["id"].as_str().unwrap())).await.expect(204);
    app.settle().await;
    app.get(&at(&url)).await.expect(404);
    assert_eq!(used(&alice).await, 0);
}

#[tokio::test]
async fn typing_is_told_and_stops() {
    let (Couple { app, alice, bob, .. }, chat) = couple().await;
    let address = app.serve().await;
    let mut his = Device::connect(address, &bob, None).await;
    let mut hers = Device::connect(address, &alice, None).await;
    hers.say(&json!({ "type": "typing", "conversation_id": chat, "typing": true }).to_string()).await;
    let event = his.expect("typing").await;
    assert_eq!(event["data"], json!({ "conversation_id": chat, "member_id": alice.id, "typing": true }));
    assert!(event.get("id").is_none(), "{event}");
    alice.post(&path(&chat, "/typing"), json!({ "typing": false })).await.expect(204);
    assert_eq!(his.expect("typing").await["data"]["typing"], json!(false));
    // Without a word of hers it ends by itself.
    alice.post(&path(&chat, "/typing"), json!({ "typing": true })).await.expect(204);
    assert_eq!(his.expect("typing").await["data"]["typing"], json!(true));
    assert_eq!(his.expect("typing").await["data"]["typing"], json!(false));
    drop((his, hers));
    stop(&app).await;
}

#[tokio::test]
async fn a_pushed_message_counts_as_delivered_and_a_read_one_is_told() {
    let (Couple { app, alice, bob, .. }, chat) = couple().await;
    let address = app.serve().await;
    let mut his = Device::connect(address, &bob, None).await;
    let mut hers = Device::connect(address, &alice, None).await;
    let said = says(&alice, &chat, "Are you there?").await;
    let event = his.expect("message.created").await;
    assert_eq!((&event["data"]["id"], &event["data"]["content"]), (&said["id"], &json!("Are you there?")));
    assert_eq!(his.expect("conversation.updated").await["data"]["unread_count"], 1);
    assert_eq!(his.expect("unread.total").await["data"], json!({ "total": 1 }));
    hers.expect("message.created").await;
    hers.expect("conversation.updated").await;
    let status = hers.expect("message.status").await;
    assert_eq!((&status["data"]["status"], &status["data"]["up_to_seq"]), (&json!("delivered"), &json!(1)));
    bob.post(&path(&chat, "/read"), json!({ "seq": 1 })).await.expect(200);
    let status = hers.expect("message.status").await;
    assert_eq!((&status["data"]["status"], &status["data"]["up_to_seq"]), (&json!("read"), &json!(1)));
    assert_eq!(his.expect("conversation.updated").await["data"]["unread_count"], 0);
    assert_eq!(his.expect("unread.total").await["data"], json!({ "total": 0 }));
    drop((his, hers));
    stop(&app).await;
}
