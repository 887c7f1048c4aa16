//! Love notes: sending, reading, answering, opening.

use serde_json::{Value, json};
use testkit::{Actor, Couple, TestApp};

fn to_partner(content: &str) -> Value {
    json!({ "channel": "partner", "content": content })
}

async fn ids(actor: &Actor, query: &str) -> Vec<String> {
    let page = actor.get(&format!("/v1/notes{query}")).await.expect(200);
    page.data().iter().map(|note| note["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_note_lies_in_both_boxes_when_201_is_answered() {
    let Couple { app, alice, bob, stranger, former, anon, .. } = TestApp::couple().await;
    let body = json!({
        "channel": "partner", "title": " For you ", "content": "  Morning! ", "language": "pt",
        // Not ours to set: ignored.
        "id": "note_01hf7yat0000000000000000zz", "sender_id": bob.id, "recipient": stranger.id, "status": "opened",
        "sent_at": "2020-01-01T00:00:00Z", "opened_at": "2020-01-01T00:00:00Z", "platform": "x",
    });
    let sent = alice.post("/v1/notes", body).await.expect(201);
    let now = app.now().to_string();
    let id = sent.text("/id");
    assert!(id.starts_with("note_") && id != "note_01hf7yat0000000000000000zz");
    let expected = json!({
        "id": id, "sender_id": alice.id, "recipient_type": "partner", "recipient": bob.id, "title": " For you ",
        "content": "  Morning! ", "channel": "partner", "language": "en", "status": "delivered", "sent_at": now,
        "delivered_at": now, "opened_at": null, "created_at": now, "updated_at": now,
    });
    assert_eq!(sent.json(), expected);
    // Before any background work.
    for (actor, query) in [(&alice, "?box=sent"), (&bob, ""), (&bob, "?box=received")] {
        let page = actor.get(&format!("/v1/notes{query}")).await.expect(200);
        assert_eq!(page.json(), json!({ "data": [expected], "next_cursor": null }));
        assert_eq!(page.header("cache-control"), Some("no-store"));
    }
    for (actor, query) in [(&alice, ""), (&bob, "?box=sent"), (&stranger, ""), (&former, ""), (&former, "?box=sent")] {
        assert!(ids(actor, query).await.is_empty());
    }
    let path = format!("/v1/notes/{id}");
    for actor in [&alice, &bob] {
        assert_eq!(actor.get(&path).await.expect(200).json(), expected);
    }
    for actor in [&stranger, &former] {
        actor.get(&path).await.problem(404, "not_found");
        actor.post(&format!("{path}/open"), Value::Null).await.problem(404, "not_found");
    }
    anon.get(&path).await.problem(401, "unauthenticated");
    anon.get("/v1/notes").await.problem(401, "unauthenticated");
    alice.get("/v1/notes/note_nonsense").await.problem(404, "not_found");
    alice.get(&format!("/v1/notes/{}", id.replace("note_", "sch_"))).await.problem(404, "not_found");
    app.settle().await;
}

#[tokio::test]
async fn content_is_stored_and_returned_as_sent() {
    let Couple { app, alice, bob, .. } = TestApp::couple().await;
    app.grant_plan(&alice, "premiere").await;
    let longest = "😀".repeat(10_000);
    let odd = [
        "line\nbreak\r\n\ttab",
        "זה מתחיל כאן \u{202e}mixed",
        "👩‍❤️‍👩 e\u{301} \u{feff}\u{2028}",
        "<script>alert('x')</script> & \"quotes\" \\ \\u0041 %00 {{name}}",
        "\u{1}\u{7f}",
        &longest,
    ];
    for content in odd {
        let id = alice.sends(content).await;
        assert_eq!(bob.get(&format!("/v1/notes/{id}")).await.expect(200).text("/content"), content);
    }
    let titled = |title: Value| json!({ "channel": "partner", "content": "x", "title": title });
    for (title, stored) in [(json!(null), Value::Null), (json!(""), Value::Null), (json!("  "), Value::Null)] {
        assert_eq!(alice.post("/v1/notes", titled(title)).await.expect(201).at("/title"), stored);
    }
    let answer = alice.post("/v1/notes", titled(json!("é".repeat(10_000)))).await.expect(201);
    assert_eq!(answer.text("/title"), "é".repeat(10_000));
    app.settle().await;
}

#[tokio::test]
async fn what_cannot_be_sent_names_every_field() {
    let Couple { app, alice, bob, .. } = TestApp::couple().await;
    let long = "x".repeat(10_001);
    let cases: &[(Value, &[(&str, &str)])] = &[
        (to_partner(""), &[("/content", "required")]),
        (to_partner(" \n\u{a0} "), &[("/content", "required")]),
        (to_partner(&long), &[("/content", "too_long")]),
        (to_partner("a\0b"), &[("/content", "unknown_value")]),
        (json!({ "channel": "partner" }), &[("/content", "required")]),
        (json!({ "content": "x" }), &[("/channel", "required")]),
        (json!({ "channel": "pigeon", "content": "x" }), &[("/channel", "unknown_value")]),
        (json!({ "channel": "sms", "content": "x" }), &[("/recipient", "required")]),
        (json!({ "channel": "partner", "content": 7 }), &[("/content", "wrong_type")]),
        (json!({ "channel": "partner", "content": "x", "title": long }), &[("/title", "too_long")]),
        (json!({ "channel": "partner", "content": "x", "reply_to": "note_1" }), &[("/reply_to", "wrong_type")]),
        (json!({ "channel": "partner", "content": "x", "template_id": 1 }), &[("/template_id", "wrong_type")]),
        (
            json!({ "channel": "", "content": "", "title": long, "language": "klingon" }),
            &[
                ("/channel", "unknown_value"),
                ("/content", "required"),
                ("/title", "too_long"),
                ("/language", "unknown_value"),
            ],
        ),
    ];
    for (body, fields) in cases {
        alice.post("/v1/notes", body.clone()).await.invalid(fields);
    }
    assert!(ids(&bob, "").await.is_empty());
    assert_eq!(alice.get("/v1/notes/allowance").await.expect(200).at("/channels/0/used"), json!(0));
    // An empty optional is none.
    let body = json!({ "channel": "partner", "content": "x", "reply_to": "", "template_id": "", "language": "" });
    alice.post("/v1/notes", body).await.expect(201);
    app.settle().await;
}

#[tokio::test]
async fn only_the_receiver_answers_a_note_and_only_to_the_partner() {
    let Couple { app, alice, bob, stranger, .. } = TestApp::couple().await;
    let reply = |to: &str| json!({ "channel": "partner", "content": "You too", "reply_to": to });
    let first = alice.sends("Love you").await;
    let answer = bob.post("/v1/notes", reply(&first)).await.expect(201);
    assert_eq!(answer.text("/reply_to"), first);
    assert_eq!(alice.get(&format!("/v1/notes/{}", answer.text("/id"))).await.expect(200).text("/reply_to"), first);
    alice.post("/v1/notes", reply(&first)).await.problem(403, "forbidden");
    stranger.post("/v1/notes", reply(&first)).await.problem(409, "conflict");
    app.settle().await;

    // A note of a former partner is still Bob's to read, and answered to nobody else.
    bob.delete("/v1/couple").await.expect(204);
    app.settle().await;
    app.link(&bob, &stranger).await;
    bob.get(&format!("/v1/notes/{first}")).await.expect(200);
    let refused = bob.post("/v1/notes", reply(&first)).await.problem(409, "conflict");
    assert_eq!(refused["reason"], "no_partner");
    let theirs = stranger.sends("Hello").await;
    alice.post("/v1/notes", reply(&theirs)).await.problem(409, "conflict");
    app.link(&alice, &app.member("Carol").await).await;
    alice.post("/v1/notes", reply(&theirs)).await.problem(404, "not_found");
    app.settle().await;
}

#[tokio::test]
async fn without_a_partner_nothing_is_sent() {
    let Couple { app, alice, bob, stranger, former, .. } = TestApp::couple().await;
    for nobody in [&stranger, &former] {
        let refused = nobody.post("/v1/notes", to_partner("Hello?")).await.problem(409, "conflict");
        assert_eq!(refused["reason"], "no_partner");
    }
    bob.delete("/v1/couple").await.expect(204);
    // Before the end of the couple has reached anything else.
    for was in [&alice, &bob] {
        was.post("/v1/notes", to_partner("Wait!")).await.problem(409, "conflict");
    }
    app.settle().await;
    for was in [&alice, &bob] {
        was.post("/v1/notes", to_partner("Wait!")).await.problem(409, "conflict");
        assert!(ids(was, "").await.is_empty() && ids(was, "?box=sent").await.is_empty());
    }
}

#[tokio::test]
async fn opening_is_the_receivers_and_happens_once() {
    let Couple { app, alice, bob, .. } = TestApp::couple().await;
    let id = alice.sends("Open me").await;
    let path = format!("/v1/notes/{id}");
    app.advance(60_000);
    alice.post(&format!("{path}/open"), Value::Null).await.problem(403, "forbidden");
    let opened = bob.post(&format!("{path}/open"), Value::Null).await.expect(200);
    let at = app.now().to_string();
    assert_eq!((opened.text("/status"), opened.text("/opened_at")), ("opened".to_owned(), at.clone()));
    app.advance(60_000);
    let again = bob.post(&format!("{path}/open"), Value::Null).await.expect(200);
    assert_eq!(again.json(), opened.json());
    for actor in [&alice, &bob] {
        assert_eq!(actor.get(&path).await.expect(200).json(), opened.json());
    }
    app.settle().await;

    // Once the couple has ended, opening stays the receiver's own matter.
    let late = alice.sends("Late").await;
    alice.delete("/v1/couple").await.expect(204);
    app.settle().await;
    bob.post(&format!("/v1/notes/{late}/open"), Value::Null).await.expect(200);
    assert_eq!(alice.get(&format!("/v1/notes/{late}")).await.expect(200).at("/opened_at"), Value::Null);
    app.settle().await;
}

#[tokio::test]
async fn devices_that_open_at_once_agree() {
    let Couple { app, alice, bob, .. } = TestApp::couple().await;
    let id = alice.sends("Open me").await;
    let opens =
        (0..8).map(|_| async { bob.post(&format!("/v1/notes/{id}/open"), Value::Null).await.expect(200).json() });
    let opened = futures_util::future::join_all(opens).await;
    assert!(opened.iter().all(|note| *note == opened[0] && note["status"] == "opened"));
    assert_eq!(alice.get(&format!("/v1/notes/{id}")).await.expect(200).json(), opened[0]);
    app.settle().await;
}

#[tokio::test]
async fn a_note_read_again_is_not_sent_again() {
    let Couple { app, alice, bob, .. } = TestApp::couple().await;
    let path = format!("/v1/notes/{}", alice.sends("Hello").await);
    let first = bob.get(&path).await.expect(200);
    let tag = first.header("etag").expect("a tag").to_owned();
    assert!(tag.starts_with('"'), "a strong tag");
    for known in [tag.clone(), format!("\"other\", {tag}"), format!("W/{tag}"), "*".to_owned()] {
        let unchanged = bob.get(&path).header("if-none-match", &known).await.expect(304);
        assert_eq!((unchanged.body(), unchanged.header("etag")), ("", Some(&*tag)));
    }
    bob.post(&format!("{path}/open"), Value::Null).await.expect(200);
    let changed = bob.get(&path).header("if-none-match", &tag).await.expect(200);
    assert_ne!(changed.header("etag"), Some(&*tag));
    app.settle().await;
}
