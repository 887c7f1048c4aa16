//! Delivery of text messages and mails: repeats, refusals, crashes, and what a failed one gives back.

use crate::notes_channels::{MUM, PHONE, allowance, read, send};
use app::{
    tables::EVENTS,
    topics::JOBS,
    work::jobs::{self, Job},
};
use base::{
    id::MemberId,
    time::{HOUR, MINUTE},
};
use ports::{Fault, items::Query};
use serde_json::{Value, json};
use testkit::{Actor, Couple, Fail, TestApp};

/// The events of a member's log that are about notes: type and data.
pub(crate) async fn told(app: &TestApp, actor: &Actor) -> Vec<(String, Value)> {
    let member: MemberId = actor.id.parse().unwrap();
    let query = Query::partition(EVENTS, member.bytes()).limit(1_000);
    let events = app.core().ports.items.query(query).await.unwrap().items;
    let read = |body: &[u8]| {
        let event: Value = serde_json::from_slice(body).unwrap();
        (event["type"].as_str().unwrap().to_owned(), event["data"].clone())
    };
    events.iter().map(|item| read(&item.body)).filter(|(kind, _)| kind.starts_with("note.")).collect()
}

fn kinds(told: &[(String, Value)]) -> Vec<&str> {
    told.iter().map(|(kind, _)| &**kind).collect()
}

/// Lets time pass until nobody tries any more; how often somebody did.
async fn exhaust(app: &TestApp) -> usize {
    let mut failed = 0;
    for _ in 0..12 {
        failed += app.settle_with_failures().await;
        app.advance(20 * MINUTE);
    }
    failed
}

#[tokio::test]
async fn the_sender_hears_how_far_it_came() {
    let Couple { app, alice, stranger, .. } = TestApp::couple().await;
    let id = send(&stranger, "sms", Some(PHONE)).await.expect(201).text("/id");
    app.settle().await;
    let events = told(&app, &stranger).await;
    assert_eq!(kinds(&events), ["note.sent", "note.delivered"]);
    let sent = json!({ "note_id": id, "sender_id": stranger.id, "channel": "sms", "status": "delivered" });
    assert_eq!(events[0].1, sent);
    let delivered =
        json!({ "note_id": id, "channel": "sms", "status": "delivered", "delivered_at": app.now().to_string() });
    assert_eq!(events[1].1, delivered);
    // A share is with its sender at once: nothing more is known of it.
    send(&alice, "tiktok", None).await.expect(201);
    app.settle().await;
    assert_eq!(kinds(&told(&app, &alice).await), ["note.sent"]);
    app.settle().await;
}

#[tokio::test]
async fn a_gateway_that_is_away_is_asked_again() {
    let Couple { app, stranger, .. } = TestApp::couple().await;
    for how in
        [Fail::Fault(Fault::Unavailable), Fail::Fault(Fault::Throttled), Fail::Fault(Fault::Corrupt), Fail::Panic]
    {
        let (before, stranger) = (app.texts_to(PHONE).len(), stranger.another_device().await);
        app.grant_plan(&stranger, "premiere").await;
        app.faults().sms.fail_times(how, 3);
        let id = send(&stranger, "sms", Some(PHONE)).await.expect(201).text("/id");
        assert_eq!(app.settle_with_failures().await, 1);
        assert_eq!(read(&stranger, &id).await.text("/status"), "sent");
        exhaust(&app).await;
        let note = read(&stranger, &id).await;
        assert_eq!((note.text("/status"), note.at("/failure_reason")), ("delivered".into(), Value::Null), "{how:?}");
        assert_eq!(app.texts_to(PHONE).len(), before + 1);
    }
    app.settle().await;
}

#[tokio::test]
async fn one_that_never_gets_through_fails_and_gives_the_allowance_back() {
    for channel in ["sms", "email"] {
        let Couple { app, stranger, .. } = TestApp::couple().await;
        let to = if channel == "sms" { PHONE } else { MUM };
        let switch = if channel == "sms" { &app.faults().sms } else { &app.faults().mail };
        switch.fail(Fail::Fault(Fault::Unavailable));
        let id = send(&stranger, channel, Some(to)).await.expect(201).text("/id");
        assert_eq!(allowance(&stranger, channel).await.0, 1);
        assert_eq!(exhaust(&app).await, 8);
        let note = read(&stranger, &id).await;
        assert_eq!((note.text("/status"), note.text("/failure_reason")), ("failed".into(), "unavailable".into()));
        assert_eq!((note.at("/delivered_at"), note.at("/provider_message_id")), (Value::Null, Value::Null));
        assert_eq!(allowance(&stranger, channel).await.0, 0);
        let events = told(&app, &stranger).await;
        let failed = json!({ "note_id": id, "channel": channel, "status": "failed", "reason": "unavailable" });
        assert_eq!(events, [("note.failed".to_owned(), failed)], "a failed send is no send");
        // The job is kept for staff; put back, it does nothing to a note that has failed.
        switch.heal();
        let queue = &app.core().ports.queue;
        assert_eq!(queue.redrive(JOBS, app.now()).await.unwrap(), 1);
        app.settle().await;
        assert_eq!(read(&stranger, &id).await.text("/status"), "failed");
        assert!(app.texts_to(PHONE).is_empty() && app.mails_to(MUM).is_empty());
        app.settle().await;
    }
}

#[tokio::test]
async fn whoever_wants_none_gets_none() {
    let Couple { app, stranger, .. } = TestApp::couple().await;
    app.grant_plan(&stranger, "premiere").await;
    // The local gateways play STOP and a bounce after a first message.
    for (channel, to, reason) in
        [("sms", "+351910007867", "opted_out"), ("email", "gone+bounce@example.com", "suppressed")]
    {
        let first = send(&stranger, channel, Some(to)).await.expect(201).text("/id");
        app.settle().await;
        let second = send(&stranger, channel, Some(to)).await.expect(201).text("/id");
        app.settle().await;
        assert_eq!(read(&stranger, &first).await.text("/status"), "delivered");
        let refused = read(&stranger, &second).await;
        assert_eq!((refused.text("/status"), refused.text("/failure_reason")), ("failed".into(), reason.into()));
        assert_eq!(allowance(&stranger, channel).await.0, 1);
        let (kind, data) = told(&app, &stranger).await.pop().unwrap();
        assert_eq!((&*kind, &data["reason"], &data["note_id"]), ("note.failed", &json!(reason), &json!(second)));
    }
    // One that a gateway refuses is not repeated.
    app.faults().sms.fail_times(Fail::Fault(Fault::Refused), 1);
    let id = send(&stranger, "sms", Some(PHONE)).await.expect(201).text("/id");
    app.settle().await;
    assert_eq!(read(&stranger, &id).await.text("/failure_reason"), "refused");
    app.settle().await;
}

#[tokio::test]
async fn a_job_that_runs_again_sends_and_counts_once() {
    let Couple { app, stranger, .. } = TestApp::couple().await;
    let id = send(&stranger, "sms", Some(PHONE)).await.expect(201).text("/id");
    let body = json!({ "job": "notes.deliver", "member": stranger.id, "note": id, "scheduled": null });
    let job: Job = serde_json::from_value(body).unwrap();
    let cx = app.cx();
    let runs = (0..6).map(|n| {
        let (core, job, cx, key) = (app.core().clone(), job.clone(), cx.clone(), n.to_string());
        async move { jobs::perform(&core, &cx, &job, &key).await }
    });
    let outcomes = crate::raced(runs).await;
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    app.settle().await;
    jobs::perform(app.core(), &app.cx(), &job, "later").await.unwrap();
    app.settle().await;
    assert_eq!(app.texts_to(PHONE).len(), 1);
    assert_eq!(kinds(&told(&app, &stranger).await), ["note.sent", "note.delivered"]);
    let statistics = stranger.get("/v1/notes/statistics").await.expect(200);
    assert_eq!((statistics.at("/delivered"), statistics.at("/total")), (json!(1), json!(1)));
    app.settle().await;
}

#[tokio::test]
async fn wherever_the_store_fails_one_message_goes_and_one_end_is_written() {
    for spared in 0..30 {
        let Couple { app, stranger, .. } = TestApp::couple().await;
        let id = send(&stranger, "sms", Some(PHONE)).await.expect(201).text("/id");
        app.faults().items.fail_once_after(spared, Fail::Fault(Fault::Unavailable));
        for _ in 0..8 {
            // A round that fails is repeated by its loop.
            let _failed = Box::pin(app::work::settle(app.core())).await;
            app.advance(3 * MINUTE);
        }
        app.faults().items.heal();
        app.settle().await;
        assert_eq!(app.texts_to(PHONE).len(), 1, "after {spared} calls one failed");
        assert_eq!(read(&stranger, &id).await.text("/status"), "delivered", "after {spared} calls one failed");
        assert_eq!(allowance(&stranger, "sms").await.0, 1);
        app.settle().await;
    }
}

#[tokio::test]
async fn a_worker_that_dies_between_the_gateway_and_the_note_sends_nothing_twice() {
    let Couple { app, stranger, .. } = TestApp::couple().await;
    let id = send(&stranger, "sms", Some(PHONE)).await.expect(201).text("/id");
    // The gateway has it, and the commit that should say so does not come through.
    app.faults().notes.fail_times(Fail::Panic, 2);
    assert_eq!(app.settle_with_failures().await, 1);
    assert_eq!(app.texts_to(PHONE).len(), 1);
    assert_eq!(read(&stranger, &id).await.text("/status"), "sent");
    let other = app.another_node().await;
    for _ in 0..4 {
        app.advance(MINUTE);
        other.settle_with_failures().await;
    }
    assert_eq!(app.texts_to(PHONE).len(), 1);
    assert_eq!(read(&stranger, &id).await.text("/status"), "delivered");
    app.settle().await;
}

#[tokio::test]
async fn what_is_given_back_is_given_back_to_its_month() {
    let Couple { app, stranger, .. } = TestApp::couple().await;
    app.advance(8 * 24 * HOUR + 12 * HOUR - MINUTE / 2);
    assert!(app.now().to_string().starts_with("2026-11-30T23:59"), "{}", app.now());
    let stranger = stranger.another_device().await;
    app.faults().sms.fail(Fail::Fault(Fault::Unavailable));
    send(&stranger, "sms", Some(PHONE)).await.expect(201);
    app.settle_with_failures().await;
    app.advance(MINUTE);
    let stranger = stranger.another_device().await;
    app.faults().sms.heal();
    let december = send(&stranger, "sms", Some("+351920000000")).await.expect(201).text("/id");
    app.faults().sms.fail(Fail::Fault(Fault::Unavailable));
    exhaust(&app).await;
    // Both failed: neither window is below zero, nor is one of them short.
    assert_eq!(read(&stranger, &december).await.text("/status"), "failed");
    assert_eq!(allowance(&stranger, "sms").await.0, 0);
    let statistics = stranger.another_device().await.get("/v1/notes/statistics").await.expect(200);
    assert_eq!((statistics.at("/total"), statistics.at("/failed")), (json!(2), json!(2)));
    assert_eq!(statistics.at("/this_month"), json!(0));
    app.faults().sms.heal();
    app.core().ports.queue.redrive(JOBS, app.now()).await.unwrap();
    app.settle().await;
}
