//! Scheduled notes to the world outside: text messages, mails, and shares that are handed to their author.

use crate::{
    notes_channels::{MUM, PHONE, allowance, read},
    notes_delivery::told,
    schedule::{cancel, get, list, patch, premiere, schedule},
};
use app::topics::JOBS;
use base::time::{DAY, HOUR, MINUTE};
use ports::Fault;
use serde_json::{Value, json};
use testkit::{Actor, Answer, Couple, Fail};

/// At 12:30; it is noon.
fn soon(channel: &str, recipient: Option<&str>) -> Value {
    json!({ "channel": channel, "recipient": recipient, "content": "Later", "date": "2026-11-22", "time": "12:30",
            "timezone": "UTC" })
}

const SOON: i64 = 30 * MINUTE;

async fn now(actor: &Actor, id: &str) -> Answer {
    get(&actor.another_device().await, id).await.expect(200)
}

async fn retry(actor: &Actor, id: &str) -> Answer {
    actor.another_device().await.post(&format!("/v1/scheduled-notes/{id}/retry"), Value::Null).await
}

#[tokio::test]
async fn each_method_asks_for_what_it_needs() {
    let Couple { app, stranger, .. } = premiere().await;
    app.grant_plan(&stranger, "premiere").await;
    for (channel, recipient, field) in [
        ("sms", None, ("/recipient", "required")),
        ("sms", Some("12345"), ("/recipient", "invalid_phone")),
        ("email", None, ("/recipient", "required")),
        ("email", Some("mum"), ("/recipient", "invalid_email")),
        ("whatsapp", Some("mum"), ("/recipient", "invalid_phone")),
        ("facebook", None, ("/channel", "unknown_value")),
        ("tiktok", None, ("/channel", "unknown_value")),
        ("", None, ("/channel", "unknown_value")),
    ] {
        schedule(&stranger, soon(channel, recipient)).await.invalid(&[field]);
    }
    let mut long = soon("sms", Some(PHONE));
    long["content"] = json!("x".repeat(1_590));
    schedule(&stranger, long).await.invalid(&[("/content", "too_long")]);
    // Nobody needs a partner for these.
    let sms = schedule(&stranger, soon("sms", Some(PHONE))).await.expect(201);
    assert_eq!((sms.text("/recipient_type"), sms.text("/recipient")), ("sms".into(), PHONE.into()));
    let email = schedule(&stranger, soon("email", Some(MUM))).await.expect(201);
    assert_eq!((email.text("/recipient_type"), email.text("/recipient")), ("email".into(), MUM.into()));
    let share = schedule(&stranger, soon("whatsapp", None)).await.expect(201);
    assert_eq!((share.text("/recipient_type"), share.text("/platform")), ("social_media".into(), "whatsapp".into()));
    assert_eq!((share.at("/recipient"), share.at("/couple_id")), (Value::Null, Value::Null));
    assert_eq!(allowance(&stranger, "sms").await.0, 0, "it counts when it goes out");
    app.settle().await;
}

#[tokio::test]
async fn a_due_message_is_sending_until_a_gateway_has_it() {
    for (channel, to) in [("sms", PHONE), ("email", MUM)] {
        let Couple { app, alice, .. } = premiere().await;
        let id = schedule(&alice, soon(channel, Some(to))).await.expect(201).text("/id");
        app.settle().await;
        app.advance(SOON - 1);
        app.settle().await;
        assert!(app.texts_to(PHONE).is_empty() && app.mails_to(MUM).is_empty());
        app.advance(1);
        app.settle().await;
        assert_eq!(app.texts_to(PHONE).len() + app.mails_to(MUM).len(), 1);
        let it = now(&alice, &id).await;
        assert_eq!((it.text("/status"), it.at("/attempts")), ("sent".into(), json!(1)));
        assert_eq!((it.text("/sent_at"), it.at("/share")), (app.now().to_string(), Value::Null));
        let note = read(&alice, &it.text("/note_id")).await;
        assert_eq!((note.text("/status"), note.text("/channel")), ("delivered".into(), channel.into()));
        assert_eq!(allowance(&alice, channel).await.0, 1);
        let mut events = told(&app, &alice).await;
        let (delivered, sent) = (events.pop().unwrap(), events.pop().unwrap());
        assert_eq!((&*sent.0, &*delivered.0), ("note.sent", "note.delivered"));
        for data in [&sent.1, &delivered.1] {
            assert_eq!((&data["scheduled_note_id"], &data["note_id"]), (&json!(id), &it.at("/note_id")));
        }
        // Done with.
        app.advance(DAY);
        app.settle().await;
        assert_eq!(app.texts_to(PHONE).len() + app.mails_to(MUM).len(), 1);
        assert_eq!(list(&alice.another_device().await, "sent").await, [id]);
        app.settle().await;
    }
}

#[tokio::test]
async fn a_due_share_is_handed_to_its_author() {
    let Couple { app, alice, .. } = premiere().await;
    let id = schedule(&alice, soon("whatsapp", Some(PHONE))).await.expect(201).text("/id");
    app.settle().await;
    let address = app.serve().await;
    let mut device = crate::sockets::Device::connect(address, &alice, None).await;
    app.advance(SOON);
    let sent = device.expect("note.sent").await;
    crate::sockets::stop(&app).await;
    let alice = alice.another_device().await;
    let it = now(&alice, &id).await;
    assert_eq!(it.text("/status"), "sent");
    assert!(it.text("/share/url").starts_with("https://wa.me/351910000000?text=Later"), "{it:?}");
    assert!(it.text("/share/text").starts_with("Later\n\n"));
    assert_eq!((&sent["data"]["share"], &sent["data"]["scheduled_note_id"]), (&it.at("/share"), &json!(id)));
    assert_eq!(read(&alice, &it.text("/note_id")).await.at("/share"), it.at("/share"));
    assert!(app.texts_to(PHONE).is_empty());
    app.settle().await;
}

#[tokio::test]
async fn a_gateway_that_is_away_is_asked_after_1_5_and_30_minutes() {
    let Couple { app, alice, .. } = premiere().await;
    let id = schedule(&alice, soon("sms", Some(PHONE))).await.expect(201).text("/id");
    app.settle().await;
    app.faults().sms.fail(Fail::Fault(Fault::Unavailable));
    app.advance(SOON);
    for (n, pause) in [MINUTE, 5 * MINUTE, 30 * MINUTE].into_iter().enumerate() {
        assert_eq!(app.settle_with_failures().await, 1);
        let it = now(&alice, &id).await;
        assert_eq!((it.text("/status"), it.at("/attempts")), ("sending".into(), json!(n + 1)));
        assert_eq!(it.text("/next_attempt_at"), app.now().plus(pause).to_string());
        let device = alice.another_device().await;
        for refused in
            [cancel(&device, &id).await, patch(&device, &id, json!({ "content": "x" })).await, retry(&alice, &id).await]
        {
            refused.problem(409, "conflict");
        }
        app.advance(pause - 1);
        assert_eq!(app.settle_with_failures().await, 0, "not before its time");
        app.advance(1);
    }
    assert_eq!(app.settle_with_failures().await, 1);
    let failed = now(&alice, &id).await;
    assert_eq!((failed.text("/status"), failed.at("/attempts")), ("failed".into(), json!(4)));
    assert_eq!(failed.text("/failure_reason"), "unavailable");
    assert_eq!(read(&alice, &failed.text("/note_id")).await.text("/status"), "failed");
    assert_eq!(allowance(&alice, "sms").await.0, 0, "given back");
    app.settle().await;
    let (kind, data) = told(&app, &alice).await.pop().unwrap();
    assert_eq!(
        (&*kind, &data["scheduled_note_id"], &data["reason"]),
        ("note.failed", &json!(id), &json!("unavailable"))
    );

    app.faults().sms.heal();
    app.core().ports.queue.redrive(JOBS, app.now()).await.unwrap();
    app.settle().await;
    assert!(app.texts_to(PHONE).is_empty(), "what has failed waits for its author");
    assert_eq!(retry(&alice, &id).await.expect(200).at("/note_id"), Value::Null);
    app.settle().await;
    let sent = now(&alice, &id).await;
    assert_eq!((sent.text("/status"), sent.at("/attempts")), ("sent".into(), json!(1)));
    assert_eq!((app.texts_to(PHONE).len(), allowance(&alice, "sms").await.0), (1, 1));
    app.settle().await;
}

#[tokio::test]
async fn an_attempt_whose_answer_was_lost_is_not_sent_again_by_a_retry() {
    let Couple { app, alice, .. } = premiere().await;
    let id = schedule(&alice, soon("sms", Some(PHONE))).await.expect(201).text("/id");
    app.settle().await;
    app.advance(SOON);
    // The first commit of a note passes, the ends of deliveries do not.
    app.faults().notes.fail_after(1, Fail::Fault(Fault::Unavailable));
    for pause in [MINUTE, 5 * MINUTE, 30 * MINUTE, MINUTE] {
        app.settle_with_failures().await;
        app.advance(pause);
    }
    assert_eq!((now(&alice, &id).await.text("/status"), app.texts_to(PHONE).len()), ("sending".into(), 1));
    app.faults().notes.heal();
    app.settle_with_failures().await;
    for _ in 0..4 {
        app.advance(MINUTE);
        app.settle_with_failures().await;
    }
    let it = now(&alice, &id).await;
    if it.text("/status") == "failed" {
        retry(&alice, &id).await.expect(200);
        app.settle().await;
    }
    assert_eq!((now(&alice, &id).await.text("/status"), app.texts_to(PHONE).len()), ("sent".into(), 1));
    app.core().ports.queue.redrive(JOBS, app.now()).await.unwrap();
    app.settle().await;
    assert_eq!(app.texts_to(PHONE).len(), 1);
    app.settle().await;
}

#[tokio::test]
async fn without_allowance_it_fails_and_nothing_leaves() {
    let Couple { app, alice, .. } = premiere().await;
    let id = schedule(&alice, soon("sms", Some(PHONE))).await.expect(201).text("/id");
    for _ in 0..3 {
        let other = json!({ "channel": "sms", "recipient": "+351920000000", "content": "Now" });
        alice.post("/v1/notes", other).await.expect(201);
    }
    app.grant_plan(&alice, "basic").await;
    app.advance(SOON);
    app.settle().await;
    let it = now(&alice, &id).await;
    assert_eq!((it.text("/status"), it.text("/failure_reason")), ("failed".into(), "limit_reached".into()));
    assert!(app.texts_to(PHONE).is_empty());
    assert_eq!(allowance(&alice, "sms").await.0, 3);
    app.grant_plan(&alice, "premiere").await;
    retry(&alice, &id).await.expect(200);
    app.settle().await;
    assert_eq!(app.texts_to(PHONE).len(), 1);
    app.settle().await;
}

#[tokio::test]
async fn wherever_the_store_fails_one_message_goes_at_its_time() {
    for spared in 0..40 {
        let Couple { app, alice, .. } = premiere().await;
        let id = schedule(&alice, soon("sms", Some(PHONE))).await.expect(201).text("/id");
        app.settle().await;
        app.advance(SOON);
        app.faults().items.fail_once_after(spared, Fail::Fault(Fault::Unavailable));
        for _ in 0..10 {
            let _failed = Box::pin(app::work::settle(app.core())).await;
            app.advance(31_000);
        }
        app.faults().items.heal();
        app.settle().await;
        assert_eq!(app.texts_to(PHONE).len(), 1, "after {spared} calls one failed");
        assert_eq!(now(&alice, &id).await.text("/status"), "sent", "after {spared} calls one failed");
        assert_eq!(allowance(&alice, "sms").await.0, 1, "after {spared} calls one failed");
        app.settle().await;
    }
}

#[tokio::test]
async fn two_nodes_send_each_once() {
    let Couple { app, alice, .. } = premiere().await;
    app.grant_plan(&alice, "exclusive").await;
    for _ in 0..30 {
        schedule(&alice, soon("sms", Some(PHONE))).await.expect(201);
    }
    app.settle().await;
    let other = app.another_node().await;
    app.advance(SOON);
    tokio::join!(Box::pin(app.settle_with_failures()), Box::pin(other.settle_with_failures()));
    app.settle().await;
    assert_eq!(app.texts_to(PHONE).len(), 30);
    assert_eq!(list(&alice.another_device().await, "sent").await.len(), 30);
    assert_eq!(allowance(&alice, "sms").await.0, 30);
    other.settle().await;
    app.settle().await;
}

#[tokio::test]
async fn the_end_of_a_couple_pauses_partner_notes_only() {
    let Couple { app, alice, bob, .. } = premiere().await;
    let sms = schedule(&alice, soon("sms", Some(PHONE))).await.expect(201).text("/id");
    let partner = schedule(&alice, soon("partner", None)).await.expect(201).text("/id");
    bob.delete("/v1/couple").await.expect(204);
    app.settle().await;
    assert_eq!(now(&alice, &partner).await.text("/status"), "paused");
    assert_eq!(now(&alice, &sms).await.text("/status"), "scheduled");
    // A paused one may be addressed to somebody else.
    let again = patch(&alice, &partner, json!({ "channel": "email", "recipient": MUM })).await.expect(200);
    assert_eq!((again.text("/status"), again.text("/recipient")), ("scheduled".into(), MUM.into()));
    assert_eq!((again.at("/couple_id"), again.at("/failure_reason")), (Value::Null, Value::Null));
    app.advance(SOON);
    app.settle().await;
    assert_eq!((app.texts_to(PHONE).len(), app.mails_to(MUM).len()), (1, 1));
    assert_eq!(now(&alice, &partner).await.text("/status"), "sent");
    app.settle().await;
}

#[tokio::test]
async fn a_waiting_note_changes_its_channel_and_recipient() {
    let Couple { app, alice, bob, stranger, .. } = premiere().await;
    app.grant_plan(&stranger, "premiere").await;
    let id = schedule(&alice, soon("partner", None)).await.expect(201).text("/id");
    for (body, field) in [
        (json!({ "channel": "sms" }), ("/recipient", "required")),
        (json!({ "channel": "sms", "recipient": bob.id }), ("/recipient", "invalid_phone")),
        (json!({ "channel": "linkedin" }), ("/channel", "unknown_value")),
    ] {
        patch(&alice, &id, body).await.invalid(&[field]);
    }
    let sms = patch(&alice, &id, json!({ "channel": "sms", "recipient": PHONE })).await.expect(200);
    assert_eq!((sms.text("/channel"), sms.at("/couple_id")), ("sms".into(), Value::Null));
    // What is not said stays; cleared, it is missing.
    assert_eq!(patch(&alice, &id, json!({ "content": "New" })).await.expect(200).text("/recipient"), PHONE);
    patch(&alice, &id, json!({ "recipient": "" })).await.invalid(&[("/recipient", "required")]);
    let long = "x".repeat(1_590);
    patch(&alice, &id, json!({ "content": long })).await.invalid(&[("/content", "too_long")]);
    // Another channel wants its recipient said anew.
    patch(&alice, &id, json!({ "channel": "email" })).await.invalid(&[("/recipient", "required")]);
    let share = patch(&alice, &id, json!({ "channel": "whatsapp" })).await.expect(200);
    assert_eq!((share.at("/recipient"), share.text("/platform")), (Value::Null, "whatsapp".into()));
    let back = patch(&alice, &id, json!({ "channel": "partner" })).await.expect(200);
    assert_eq!((back.text("/recipient"), back.at("/platform")), (bob.id.clone(), Value::Null));
    app.advance(SOON);
    app.settle().await;
    assert_eq!(bob.another_device().await.get("/v1/notes").await.expect(200).data().len(), 1);
    // Without a partner there is no way to one.
    let stranger = stranger.another_device().await;
    let mut body = soon("sms", Some(PHONE));
    body["time"] = json!("14:00");
    let hers = schedule(&stranger, body).await.expect(201).text("/id");
    let refused = patch(&stranger, &hers, json!({ "channel": "partner" })).await.problem(409, "conflict");
    assert_eq!(refused["reason"], "no_partner");
    cancel(&stranger, &hers).await.expect(204);
    app.advance(2 * HOUR);
    app.settle().await;
    assert!(app.texts_to(PHONE).is_empty());
    app.settle().await;
}

#[tokio::test]
async fn a_change_and_the_due_minute_never_send_both() {
    for yields in 0..12 {
        let Couple { app, alice, .. } = premiere().await;
        let id = schedule(&alice, soon("sms", Some(PHONE))).await.expect(201).text("/id");
        app.settle().await;
        let other = app.another_node().await;
        app.advance(SOON);
        let device = alice.another_device().await;
        let cancelled = async {
            for _ in 0..yields {
                tokio::task::yield_now().await;
            }
            cancel(&device, &id).await.status()
        };
        let (status, _) = tokio::join!(Box::pin(cancelled), Box::pin(other.settle_with_failures()));
        app.settle().await;
        app.advance(HOUR);
        app.settle().await;
        let sent = app.texts_to(PHONE).len();
        let state = now(&alice, &id).await.text("/status");
        match status {
            204 => assert_eq!((sent, &*state), (0, "cancelled"), "{yields} yields"),
            _ => assert_eq!((status, sent, &*state), (409, 1, "sent"), "{yields} yields"),
        }
        assert_eq!(allowance(&alice, "sms").await.0, i64::try_from(sent).unwrap());
        app.settle().await;
    }
}
