//! Love notes on every channel but the partner's: what goes out, what is answered, what is remembered.

use futures_util::future::join_all;
use serde_json::{Value, json};
use testkit::{Actor, Answer, Call, Couple, TestApp};

pub(crate) const PHONE: &str = "+351910000000";
pub(crate) const MUM: &str = "mum@example.com";

pub(crate) fn note(channel: &str, recipient: Option<&str>) -> Value {
    json!({ "channel": channel, "recipient": recipient, "title": "For you", "content": "Tea is ready." })
}

pub(crate) fn send(actor: &Actor, channel: &str, recipient: Option<&str>) -> Call {
    actor.post("/v1/notes", note(channel, recipient))
}

pub(crate) async fn read(actor: &Actor, id: &str) -> Answer {
    actor.another_device().await.get(&format!("/v1/notes/{id}")).await.expect(200)
}

/// One channel of the allowance: used and limit.
pub(crate) async fn allowance(actor: &Actor, channel: &str) -> (i64, Value) {
    let view = actor.another_device().await.get("/v1/notes/allowance").await.expect(200);
    let channels = view.at("/channels").as_array().cloned().unwrap();
    let one = channels.into_iter().find(|c| c["channel"] == channel).unwrap();
    (one["used"].as_i64().unwrap(), one["limit"].clone())
}

#[tokio::test]
async fn a_text_message_leaves_after_the_answer_and_invites_its_reader() {
    let Couple { app, stranger, .. } = TestApp::couple().await;
    let sent = send(&stranger, "sms", Some(PHONE)).await.expect(201);
    let (id, now) = (sent.text("/id"), app.now().to_string());
    let expected = json!({
        "id": id, "sender_id": stranger.id, "recipient_type": "sms", "recipient": PHONE, "title": "For you",
        "content": "Tea is ready.", "channel": "sms", "language": "en", "status": "sent", "sent_at": now,
        "delivered_at": null, "opened_at": null, "created_at": now, "updated_at": now,
    });
    assert_eq!(sent.json(), expected);
    assert!(app.texts_to(PHONE).is_empty(), "nothing leaves before the commit");
    app.advance(1_500);
    app.settle().await;
    let texts = app.texts_to(PHONE);
    assert_eq!(texts.len(), 1);
    let text = &texts[0].text;
    for part in ["Stranger", "For you", "Tea is ready.", "One 2 One Love", "http://o2o.test/join", "STOP"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert_eq!((&texts[0].meta["note_id"], &texts[0].meta["segments"]), (&json!(id), &json!(1)));
    let delivered = read(&stranger, &id).await;
    assert_eq!(
        (delivered.text("/status"), delivered.text("/delivered_at")),
        ("delivered".into(), app.now().to_string())
    );
    assert!(delivered.text("/provider_message_id").starts_with("local-"));
    // Content is kept as sent: our words are only in the message.
    assert_eq!(delivered.text("/content"), "Tea is ready.");
    app.settle().await;
}

#[tokio::test]
async fn a_mail_is_written_in_the_language_of_the_note() {
    let Couple { app, alice, .. } = TestApp::couple().await;
    let mut body = note("email", Some(" Mum@Example.com "));
    body["language"] = json!("de");
    let sent = alice.post("/v1/notes", body).await.expect(201);
    assert_eq!((sent.text("/recipient_type"), sent.text("/recipient")), ("email".into(), "Mum@Example.com".into()));
    app.settle().await;
    let mails = app.mails_to(MUM);
    assert_eq!(mails.len(), 1);
    let mail = &mails[0];
    assert!(mail.subject.as_deref().is_some_and(|s| s.contains("Alice") && !s.contains("Tea")), "{mail:?}");
    for part in ["geschrieben", "For you", "Tea is ready.", "One 2 One Love", "http://o2o.test/join"] {
        assert!(mail.text.contains(part), "{part} in {}", mail.text);
        assert!(mail.html.as_deref().is_some_and(|html| html.contains(part)), "{part}");
    }
    assert_eq!((&mail.meta["note_id"], &mail.meta["language"]), (&json!(sent.text("/id")), &json!("de")));
    assert_eq!(read(&alice, &sent.text("/id")).await.text("/status"), "delivered");
    app.settle().await;
}

#[tokio::test]
async fn platforms_answer_what_to_post() {
    let Couple { app, alice, stranger, .. } = TestApp::couple().await;
    app.grant_plan(&stranger, "premiere").await;
    let cases = [
        ("whatsapp", Some("https://wa.me/?text=For%20you")),
        ("facebook", Some("https://www.facebook.com/sharer/sharer.php?u=http%3A%2F%2Fo2o.test%2Fjoin")),
        ("twitter", Some("https://x.com/intent/tweet?text=For%20you")),
        ("linkedin", Some("https://www.linkedin.com/sharing/share-offsite/?url=http%3A%2F%2Fo2o.test%2Fjoin")),
        ("instagram", None),
        ("tiktok", None),
    ];
    for (channel, url) in cases {
        let sent = send(&stranger, channel, None).await.expect(201);
        assert_eq!(sent.text("/recipient_type"), "social_media");
        assert_eq!((sent.text("/platform"), sent.text("/channel")), (channel.into(), channel.into()));
        assert_eq!((sent.text("/status"), sent.at("/recipient")), ("sent".into(), Value::Null));
        assert_eq!(sent.text("/share/text"), "For you\n\nTea is ready.\n\nWritten with love on One 2 One Love");
        match url {
            Some(url) => assert!(sent.text("/share/url").starts_with(url), "{sent:?}"),
            None => assert_eq!(sent.at("/share/url"), Value::Null),
        }
        assert_eq!(read(&stranger, &sent.text("/id")).await.json(), sent.json());
    }
    let sent = send(&alice, "whatsapp", Some(PHONE)).await.expect(201);
    assert!(sent.text("/share/url").starts_with("https://wa.me/351910000000?text=For%20you%0A%0ATea%20is%20ready."));
    assert_eq!(sent.text("/recipient"), PHONE);
    app.settle().await;
    assert!(app.texts_to(PHONE).is_empty(), "we post in nobody's name");
    app.settle().await;
}

#[tokio::test]
async fn a_recipient_is_checked_where_there_is_one() {
    let Couple { app, alice, .. } = TestApp::couple().await;
    let cases: &[(&str, Option<&str>, &str)] = &[
        ("sms", None, "required"),
        ("sms", Some(" "), "required"),
        ("sms", Some("910000000"), "invalid_phone"),
        ("sms", Some("351910000000"), "invalid_phone"),
        ("sms", Some("+0123456789"), "invalid_phone"),
        ("sms", Some("mum@example.com"), "invalid_phone"),
        ("whatsapp", Some("+35191"), "invalid_phone"),
        ("email", None, "required"),
        ("email", Some("mum"), "invalid_email"),
        ("email", Some("a@b.c\r\nBcc: x@y.z"), "invalid_email"),
    ];
    for (channel, recipient, code) in cases {
        send(&alice, channel, *recipient).await.invalid(&[("/recipient", *code)]);
    }
    let wrong = json!({ "channel": "sms", "recipient": 7, "content": "x" });
    alice.post("/v1/notes", wrong).await.invalid(&[("/recipient", "wrong_type")]);
    // The whole text counts, ours too.
    let long = |n: usize| json!({ "channel": "sms", "recipient": PHONE, "content": "x".repeat(n) });
    alice.post("/v1/notes", long(1_590)).await.invalid(&[("/content", "too_long")]);
    assert_eq!(allowance(&alice, "sms").await.0, 0, "what is refused uses nothing");
    alice.post("/v1/notes", long(1_400)).await.expect(201);
    // Where there is none, one is ignored.
    let ignored = send(&alice, "tiktok", Some("whoever")).await.expect(201);
    assert_eq!(ignored.at("/recipient"), Value::Null);
    app.settle().await;
}

#[tokio::test]
async fn each_channel_has_its_own_allowance() {
    let Couple { app, stranger, .. } = TestApp::couple().await;
    for channel in ["whatsapp", "facebook", "instagram", "twitter", "tiktok", "linkedin", "email"] {
        assert_eq!(allowance(&stranger, channel).await, (0, json!(1)));
        let to = (channel == "email").then_some(MUM);
        send(&stranger, channel, to).await.expect(201);
        let problem = send(&stranger, channel, to).await.problem(403, "limit_reached");
        assert_eq!((&problem["limit"], &problem["used"]), (&json!(1), &json!(1)));
        assert_eq!(problem["required_plan"], "premiere");
        assert_eq!(problem["resets_at"], "2026-12-01T00:00:00.000Z");
        assert_eq!(allowance(&stranger, channel).await.0, 1);
    }
    // At once: three get through.
    let answers = join_all((0..30).map(|_| send(&stranger, "sms", Some(PHONE)).into_future())).await;
    let (sent, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|a| a.status() == 201);
    assert_eq!(sent.len(), 3);
    for answer in &refused {
        assert_eq!(answer.problem(403, "limit_reached")["limit"], 3);
    }
    app.settle().await;
    assert_eq!(app.texts_to(PHONE).len(), 3);
    assert_eq!(app.mails_to(MUM).len(), 1);
    app.grant_plan(&stranger, "premiere").await;
    for _ in 0..27 {
        send(&stranger, "sms", Some(PHONE)).await.expect(201);
    }
    let problem = send(&stranger, "sms", Some(PHONE)).await.problem(403, "limit_reached");
    assert_eq!((&problem["limit"], &problem["required_plan"]), (&json!(30), &json!("exclusive")));
    app.settle().await;
}

#[tokio::test]
async fn a_repeated_call_sends_one_message() {
    let Couple { app, alice, .. } = TestApp::couple().await;
    for (channel, to) in [("sms", Some(PHONE)), ("email", Some(MUM)), ("facebook", None)] {
        let first = send(&alice, channel, to).key(channel).await.expect(201);
        app.settle().await;
        let again = send(&alice, channel, to).key(channel).await.expect(201);
        assert_eq!(first.json(), again.json());
        let mut other = note(channel, to);
        other["content"] = json!("Other words");
        alice.post("/v1/notes", other).key(channel).await.problem(422, "idempotency_key_reused");
        assert_eq!(allowance(&alice, channel).await.0, 1);
    }
    app.settle().await;
    assert_eq!((app.texts_to(PHONE).len(), app.mails_to(MUM).len()), (1, 1));
    // Many at once with one key: one of them, and the others are told to wait or get its answer.
    let bob = app.member("Zed").await;
    let calls = join_all((0..8).map(|_| send(&bob, "sms", Some("+351920000000")).key("one").into_future())).await;
    assert!(calls.iter().all(|a| matches!(a.status(), 201 | 409)), "{calls:?}");
    app.settle().await;
    assert_eq!(app.texts_to("+351920000000").len(), 1);
    app.settle().await;
}

#[tokio::test]
async fn only_what_was_received_is_answered_outside_too() {
    let Couple { app, alice, bob, stranger, .. } = TestApp::couple().await;
    let first = alice.sends("Hello").await;
    let reply = |channel: &str| json!({ "channel": channel, "content": "You too", "reply_to": first });
    assert_eq!(bob.post("/v1/notes", reply("whatsapp")).await.expect(201).text("/reply_to"), first);
    alice.post("/v1/notes", reply("facebook")).await.problem(403, "forbidden");
    stranger.post("/v1/notes", reply("facebook")).await.problem(404, "not_found");
    app.settle().await;
}

#[tokio::test]
async fn the_longest_notes_fit_on_every_channel() {
    let Couple { app, alice, .. } = TestApp::couple().await;
    for (n, filling) in ["😀", "\u{1}", "\"", "é"].into_iter().enumerate() {
        app.grant_plan(&alice, "premiere").await;
        let longest = filling.repeat(10_000);
        for (channel, to) in
            [("whatsapp", Some(PHONE)), ("facebook", None), ("twitter", None), ("tiktok", None), ("email", Some(MUM))]
        {
            let body = json!({ "channel": channel, "recipient": to, "title": longest, "content": longest });
            let sent = alice.post("/v1/notes", body).key(&format!("{n}-{channel}")).await.expect(201);
            assert_eq!(sent.text("/content"), longest);
        }
        app.settle().await;
    }
    app.settle().await;
}
