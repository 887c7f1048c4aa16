//! Calls: who may ring whom, and every step of a call by each of the two and by others.

use base::time::SECOND;
use serde_json::{Value, json};
use testkit::{Actor, Answer, Call, Couple, TestApp};

/// Rings a member; the call's id.
pub(crate) async fn rings(who: &Actor, whom: &Actor) -> String {
    let answer = who.post("/v1/calls", json!({ "member_id": whom.id, "type": "video" })).await.expect(201);
    assert_eq!(answer.at("/state"), "ringing", "{answer:?}");
    answer.text("/id")
}

pub(crate) fn act(who: &Actor, call: &str, act: &str) -> Call {
    who.post(&format!("/v1/calls/{call}/{act}"), Value::Null)
}

pub(crate) async fn seen(who: &Actor, call: &str) -> Value {
    who.get(&format!("/v1/calls/{call}")).await.expect(200).json()
}

/// Entries of calls in the conversation with a member, oldest first.
pub(crate) async fn traces(who: &Actor, other: &Actor) -> Vec<Value> {
    let conversation = crate::chat::with(who, other).await;
    let mut found = crate::chat::list(who, &conversation, "?limit=100").await;
    found.retain(|message| message["kind"] == "call");
    found.reverse();
    found
}

#[track_caller]
pub(crate) fn refused(answer: &Answer, reason: &str) {
    assert_eq!(answer.problem(409, "conflict")["reason"], reason, "{answer:?}");
}

/// A call between these two in this state.
async fn call_in(state: &str, app: &TestApp, caller: &Actor, callee: &Actor) -> String {
    let call = rings(caller, callee).await;
    let step = async |who: &Actor, what| drop(act(who, &call, what).await.expect(200));
    match state {
        "ringing" => {}
        "accepted" => step(callee, "accept").await,
        "ended" => {
            step(callee, "accept").await;
            step(caller, "end").await;
        }
        "rejected" => step(callee, "reject").await,
        "cancelled" => step(caller, "cancel").await,
        "missed" => app.advance(45 * SECOND),
        _ => unreachable!("{state}"),
    }
    app.settle().await;
    call
}

#[tokio::test]
async fn a_call_is_rung_answered_spoken_and_ended() {
    let Couple { app, alice, bob, stranger, .. } = TestApp::couple().await;
    let conversation = crate::chat::with(&alice, &bob).await;
    let body = json!({ "conversation_id": conversation, "type": "voice" });
    let rung = alice.post("/v1/calls", body).await.expect(201);
    let id = rung.text("/id");
    let now = app.now().to_string();
    let expected = json!({
        "id": id, "conversation_id": conversation, "caller_id": alice.id, "callee_id": bob.id,
        "member": { "id": bob.id, "name": "Bob", "avatar_url": null, "avatar_thumbnail_url": null },
        "direction": "outgoing", "type": "voice", "state": "ringing", "started_at": now,
        "rings_until": app.now().plus(45 * SECOND).to_string(), "answered_at": null, "ended_at": null,
        "duration_s": null, "end_reason": null, "on_this_device": true,
        "my_media": { "muted": false, "camera_off": false }, "their_media": { "muted": false, "camera_off": false },
    });
    assert_eq!(rung.json(), expected);
    assert_eq!(seen(&alice, &id).await, expected);
    let his = seen(&bob, &id).await;
    assert_eq!((&his["direction"], &his["member"]["name"]), (&json!("incoming"), &json!("Alice")));
    assert_eq!(his["on_this_device"], false, "his devices only ring");
    stranger.get(&format!("/v1/calls/{id}")).await.problem(404, "not_found");

    app.advance(7 * SECOND);
    let answered = act(&bob, &id, "accept").await.expect(200);
    assert_eq!(answered.at("/state"), "accepted");
    assert_eq!(answered.at("/answered_at"), app.now().to_string());
    assert_eq!(answered.at("/on_this_device"), true);
    // Longer than it would have rung: whoever answered is not missed.
    app.advance(65 * SECOND + 900);
    app.settle().await;
    let ended = act(&bob, &id, "end").await.expect(200);
    assert_eq!(ended.at("/state"), "ended");
    assert_eq!(ended.at("/duration_s"), json!(65));
    assert_eq!(ended.at("/end_reason"), "hung_up");
    app.settle().await;
    assert_eq!(seen(&alice, &id).await["ended_at"], ended.at("/ended_at"));

    let traces = traces(&bob, &alice).await;
    assert_eq!(traces.len(), 1);
    assert_eq!(traces[0]["call"], json!({ "id": id, "type": "voice", "state": "ended", "duration_s": 65 }));
    assert_eq!(traces[0]["sender_id"], alice.id.as_str());
    assert_eq!(crate::chat::unread(&bob).await, 0, "a call is nothing to read");
    let list = bob.get("/v1/conversations").await.expect(200);
    assert_eq!(list.at("/data/0/last_message_preview"), "Call");
    app.settle().await;
}

/// State, who, act: the status, and the reason of a refusal. Whoever is not in the call learns nothing of it.
#[tokio::test]
async fn every_act_in_every_state_by_everybody() {
    const DONE: (u16, &str) = (200, "");
    const OVER: (u16, &str) = (409, "call_over");
    const ANSWERED: (u16, &str) = (409, "call_answered");
    const NOT_YET: (u16, &str) = (409, "call_not_answered");
    const NEVER: (u16, &str) = (403, "");
    // Accept and reject by the callee, cancel by the caller, end by either.
    let table = [
        ("ringing", [DONE, DONE, DONE, NOT_YET]),
        ("accepted", [DONE, ANSWERED, ANSWERED, DONE]),
        ("ended", [OVER, OVER, OVER, DONE]),
        ("rejected", [OVER, DONE, OVER, OVER]),
        ("cancelled", [OVER, OVER, DONE, OVER]),
        ("missed", [OVER; 4]),
    ];
    let Couple { app, alice, bob, stranger, .. } = TestApp::couple().await;
    for (state, [accept, reject, cancel, end]) in table {
        let cells = [
            (&bob, "accept", accept),
            (&bob, "reject", reject),
            (&alice, "cancel", cancel),
            (&alice, "end", end),
            (&bob, "end", end),
            (&alice, "accept", NEVER),
            (&alice, "reject", NEVER),
            (&bob, "cancel", NEVER),
            (&stranger, "accept", (404, "")),
            (&stranger, "reject", (404, "")),
            (&stranger, "cancel", (404, "")),
            (&stranger, "end", (404, "")),
        ];
        for (who, what, (status, reason)) in cells {
            let call = call_in(state, &app, &alice, &bob).await;
            let before = seen(&bob, &call).await;
            let answer = act(who, &call, what).await;
            assert_eq!(answer.status(), status, "{what} by {} when {state}: {answer:?}", who.name);
            if status == 409 {
                refused(&answer, reason);
            }
            // Again, or refused: nothing has changed.
            if status != 200 || !["ringing", "accepted"].contains(&state) || what == "accept" && state == "accepted" {
                assert_eq!(seen(&bob, &call).await, before, "{what} by {} when {state}", who.name);
            }
            // Whatever it is now, it ends.
            for (who, what) in [(&bob, "accept"), (&bob, "end")] {
                drop(act(who, &call, what).await);
            }
            app.settle().await;
        }
    }
    // Each of them is in the conversation, once.
    let history = alice.get("/v1/calls?limit=100").await.expect(200).data();
    assert_eq!((history.len(), traces(&alice, &bob).await.len()), (72, 72));
}

#[tokio::test]
async fn whom_to_call_is_named_once() {
    let Couple { app, alice, bob, stranger, .. } = TestApp::couple().await;
    let conversation = crate::chat::with(&alice, &bob).await;
    let start = async |body| alice.post("/v1/calls", body).await;
    start(json!({ "type": "voice" })).await.invalid(&[("/conversation_id", "required")]);
    let both = json!({ "type": "voice", "conversation_id": conversation, "member_id": bob.id });
    start(both).await.invalid(&[("/member_id", "unknown_value")]);
    start(json!({ "type": "voice", "conversation_id": "", "member_id": "" }))
        .await
        .invalid(&[("/conversation_id", "required")]);
    start(json!({ "member_id": bob.id })).await.invalid(&[("/type", "required")]);
    start(json!({ "member_id": bob.id, "type": "smoke" })).await.invalid(&[("/type", "unknown_value")]);
    start(json!({ "member_id": alice.id, "type": "voice" })).await.invalid(&[("/member_id", "own_id")]);
    start(json!({ "member_id": "mem_01hf7yat00000000000000000a", "type": "voice" })).await.problem(404, "not_found");
    let theirs = crate::chat::with(&bob, &stranger).await;
    start(json!({ "conversation_id": theirs, "type": "voice" })).await.problem(404, "not_found");
    // A conversation that was not there is opened.
    let call = rings(&alice, &stranger).await;
    assert_eq!(seen(&stranger, &call).await["conversation_id"], crate::chat::with(&stranger, &alice).await);
    app.settle().await;
}

#[tokio::test]
async fn a_repeated_start_is_one_call() {
    let Couple { app, alice, bob, .. } = TestApp::couple().await;
    let body = json!({ "member_id": bob.id, "type": "voice" });
    let first = alice.post("/v1/calls", body.clone()).key("ring").await.expect(201);
    let again = alice.post("/v1/calls", body.clone()).key("ring").await.expect(201);
    assert_eq!(first.json(), again.json());
    let other = alice.post("/v1/calls", json!({ "member_id": bob.id, "type": "video" })).key("ring").await;
    other.problem(422, "idempotency_key_reused");
    assert_eq!(alice.get("/v1/calls").await.expect(200).data().len(), 1);
    app.settle().await;
}

#[tokio::test]
async fn one_call_at_a_time() {
    let Couple { app, alice, bob, stranger, former, .. } = TestApp::couple().await;
    let call = rings(&alice, &bob).await;
    // Neither of the two starts another one, not even with each other.
    for (who, whom) in [(&alice, &stranger), (&bob, &stranger), (&bob, &alice), (&alice, &bob)] {
        let answer = who.post("/v1/calls", json!({ "member_id": whom.id, "type": "voice" })).await;
        refused(&answer, "in_call");
        assert_eq!(answer.at("/call_id"), call.as_str());
    }
    // To others each of them is busy, whether it rings or is spoken in.
    act(&bob, &call, "accept").await.expect(200);
    for (who, whom) in [(&stranger, &bob), (&former, &alice)] {
        let busy = who.post("/v1/calls", json!({ "member_id": whom.id, "type": "voice" })).await.expect(201);
        assert_eq!(busy.at("/state"), "busy");
        assert_eq!(busy.at("/end_reason"), "busy");
        assert_eq!(busy.at("/duration_s"), json!(0));
        assert_eq!(busy.at("/ended_at"), busy.at("/started_at"));
        app.settle().await;
        assert_eq!(traces(whom, who).await[0]["call"]["state"], "busy");
        refused(&act(whom, &busy.text("/id"), "accept").await, "call_over");
    }
    // Being busy keeps nobody busy.
    let free = rings(&stranger, &former).await;
    act(&former, &free, "reject").await.expect(200);
    act(&alice, &call, "end").await.expect(200);
    let next = rings(&stranger, &bob).await;
    act(&stranger, &next, "cancel").await.expect(200);
    app.settle().await;
}

#[tokio::test]
async fn a_call_is_refused_as_a_message_would_be() {
    let Couple { app, alice, bob, stranger, former, .. } = TestApp::couple().await;
    let body = |whom: &Actor| json!({ "member_id": whom.id, "type": "voice" });
    alice.call("PUT", &format!("/v1/members/{}/block", stranger.id)).await.expect(204);
    refused(&alice.post("/v1/calls", body(&stranger)).await, "blocked");
    stranger.post("/v1/calls", body(&alice)).await.problem(403, "forbidden");
    bob.patch("/v1/me/privacy", json!({ "messages_from": "partner" })).await.expect(200);
    app.settle().await;
    former.post("/v1/calls", body(&bob)).await.problem(403, "forbidden");
    let call = rings(&alice, &bob).await;
    act(&bob, &call, "reject").await.expect(200);
    // In a conversation that there is, too.
    let conversation = crate::chat::with(&alice, &former).await;
    former.call("PUT", &format!("/v1/members/{}/block", alice.id)).await.expect(204);
    let started = alice.post("/v1/calls", json!({ "conversation_id": conversation, "type": "voice" })).await;
    started.problem(403, "forbidden");
    assert_eq!(alice.get("/v1/calls").await.expect(200).data().len(), 1, "a refusal is no call");
    app.settle().await;
}

#[tokio::test]
async fn history_is_paged_newest_first_and_each_has_its_own() {
    let Couple { app, alice, bob, stranger, .. } = TestApp::couple().await;
    let mut calls = Vec::new();
    for nth in 0..7 {
        let (who, whom) = if nth % 2 == 0 { (&alice, &bob) } else { (&bob, &alice) };
        let call = rings(who, whom).await;
        act(whom, &call, "reject").await.expect(200);
        calls.insert(0, call);
        app.advance(SECOND);
    }
    let other = rings(&stranger, &bob).await;
    act(&bob, &other, "accept").await.expect(200);
    app.settle().await;
    let (mut seen, mut path) = (Vec::new(), "/v1/calls?limit=3".to_owned());
    let cursor = loop {
        let page = alice.get(&path).await.expect(200);
        seen.extend(page.data().iter().map(|call| call["id"].as_str().unwrap().to_owned()));
        let Some(cursor) = page.at("/next_cursor").as_str().map(str::to_owned) else { break path };
        path = format!("/v1/calls?limit=3&cursor={cursor}");
    };
    assert_eq!(seen, calls);
    let foreign = cursor.replace("limit=3", "limit=2");
    bob.get(&foreign).await.invalid(&[("/query/cursor", "invalid_cursor")]);
    let his = bob.get("/v1/calls").await.expect(200).data();
    assert_eq!((his.len(), his[0]["id"].as_str()), (8, Some(&*other)));
    assert_eq!(his[0]["state"], "accepted");
    assert_eq!(stranger.get("/v1/calls").await.expect(200).data().len(), 1);
    alice.get("/v1/calls?limit=0").await.invalid(&[("/query/limit", "out_of_range")]);
    act(&bob, &other, "end").await.expect(200);
    app.settle().await;
}

#[tokio::test]
async fn what_a_call_left_is_neither_edited_nor_forwarded_nor_taken_back() {
    let Couple { app, alice, bob, stranger, .. } = TestApp::couple().await;
    let call = rings(&alice, &bob).await;
    act(&bob, &call, "reject").await.expect(200);
    app.settle().await;
    let trace = traces(&alice, &bob).await.remove(0);
    let path = format!("/v1/messages/{}", trace["id"].as_str().unwrap());
    refused(&alice.patch(&path, json!({ "content": "No" })).await, "not_editable");
    refused(&alice.delete(&format!("{path}?for=everyone")).await, "not_editable");
    bob.delete(&format!("{path}?for=everyone")).await.problem(403, "forbidden");
    let forward = json!({ "message_ids": [trace["id"]], "member_ids": [stranger.id] });
    alice.post("/v1/messages/forward", forward).await.invalid(&[("/message_ids", "unknown_value")]);
    bob.delete(&path).await.expect(204);
    app.settle().await;
    assert_eq!((traces(&alice, &bob).await.len(), traces(&bob, &alice).await.len()), (1, 0));
    // Nobody sends one.
    let conversation = crate::chat::with(&alice, &bob).await;
    let path = format!("/v1/conversations/{conversation}/messages");
    alice.post(&path, json!({ "kind": "call" })).await.invalid(&[("/kind", "unknown_value")]);
    app.settle().await;
}
