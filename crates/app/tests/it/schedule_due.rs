//! When a scheduled note is due: sent once, at its minute, whatever happens around it.

use crate::schedule::{at, cancel, get, list, patch, premiere, schedule};
use base::time::{DAY, HOUR, MINUTE, SECOND};
use ports::Fault;
use rand::{Rng as _, SeedableRng as _, rngs::SmallRng};
use serde_json::{Value, json};
use testkit::{Actor, Answer, Couple, Fail, TestApp};

/// At 12:30; it is noon.
fn soon() -> Value {
    at("2026-11-22", "12:30", "UTC")
}

const SOON: i64 = 30 * MINUTE;

async fn received(actor: &Actor) -> Vec<Value> {
    actor.another_device().await.get("/v1/notes?limit=100").await.expect(200).data()
}

async fn retry(actor: &Actor, id: &str) -> Answer {
    actor.post(&format!("/v1/scheduled-notes/{id}/retry"), Value::Null).await
}

/// The status, attempts and reason of a scheduled note.
async fn state(actor: &Actor, id: &str) -> (String, i64, Value) {
    let it = get(&actor.another_device().await, id).await.expect(200);
    (it.text("/status"), it.at("/attempts").as_i64().unwrap(), it.at("/failure_reason"))
}

fn is(status: &str, attempts: i64, reason: Option<&str>) -> (String, i64, Value) {
    (status.to_owned(), attempts, json!(reason))
}

#[tokio::test]
async fn it_is_sent_at_its_instant_and_not_before() {
    let Couple { app, alice, bob, .. } = premiere().await;
    let id = schedule(&alice, soon()).await.expect(201).text("/id");
    app.settle().await;
    app.advance(SOON - 1);
    app.settle().await;
    assert_eq!(state(&alice, &id).await, is("scheduled", 0, None));
    assert!(received(&bob).await.is_empty());
    app.advance(1);
    app.settle().await;
    let due = app.now().to_string();
    let notes = received(&bob).await;
    assert_eq!(notes.len(), 1);
    for (member, value) in [
        ("content", "Later"),
        ("sender_id", &*alice.id),
        ("status", "delivered"),
        ("sent_at", &due),
        ("created_at", &due),
    ] {
        assert_eq!(notes[0][member], value, "{member}");
    }
    let alice = alice.another_device().await;
    let it = get(&alice, &id).await.expect(200);
    assert_eq!(
        (it.text("/status"), it.at("/note_id"), it.text("/sent_at")),
        ("sent".into(), notes[0]["id"].clone(), due)
    );
    assert_eq!((list(&alice, "scheduled").await, list(&alice, "sent").await), (vec![], vec![id.clone()]));
    // It is done with: nothing comes of it any more.
    app.advance(DAY);
    app.settle().await;
    assert_eq!(received(&bob).await.len(), 1);
    let alice = alice.another_device().await;
    for refused in
        [cancel(&alice, &id).await, patch(&alice, &id, json!({ "content": "x" })).await, retry(&alice, &id).await]
    {
        assert_eq!(refused.problem(409, "conflict")["reason"], "not_editable");
    }
    app.settle().await;
}

#[tokio::test]
async fn a_server_that_was_away_sends_when_it_is_back() {
    let Couple { app, alice, bob, .. } = premiere().await;
    for _ in 0..3 {
        schedule(&alice, soon()).await.expect(201);
    }
    app.settle().await;
    app.advance(3 * DAY);
    let restarted = app.another_node().await;
    restarted.settle().await;
    assert_eq!(received(&bob).await.len(), 3);
    app.settle().await;
    assert_eq!(received(&bob).await.len(), 3);
    app.settle().await;
}

#[tokio::test]
async fn a_moved_note_is_sent_at_its_new_time_only() {
    let Couple { app, alice, bob, .. } = premiere().await;
    let later = schedule(&alice, soon()).await.expect(201).text("/id");
    let sooner = schedule(&alice, soon()).await.expect(201).text("/id");
    let same = schedule(&alice, soon()).await.expect(201).text("/id");
    patch(&alice, &later, json!({ "time": "13:00", "content": "13:00" })).await.expect(200);
    patch(&alice, &sooner, json!({ "time": "12:10", "content": "12:10" })).await.expect(200);
    patch(&alice, &same, json!({ "content": "12:30" })).await.expect(200);
    let mut sent = Vec::new();
    for minute in 1..=75 {
        app.advance(MINUTE);
        app.settle().await;
        let count = received(&bob).await.len();
        if count > sent.len() {
            sent.push(minute);
        }
        assert_eq!(count, sent.len());
    }
    assert_eq!(sent, [10, 30, 60]);
    let contents: Vec<_> = received(&bob).await.iter().map(|n| n["content"].clone()).collect();
    assert_eq!(contents, ["13:00", "12:30", "12:10"]);
    app.settle().await;
}

#[tokio::test]
async fn two_workers_at_once_have_one_effect() {
    let Couple { app, alice, bob, .. } = premiere().await;
    for _ in 0..90 {
        schedule(&alice, soon()).await.expect(201);
    }
    app.settle().await;
    let other = app.another_node().await;
    app.advance(SOON);
    // Three workers, two of them on another node, all at it until nothing is due.
    let (a, b, c) = tokio::join!(
        Box::pin(app.settle_with_failures()),
        Box::pin(other.settle_with_failures()),
        Box::pin(other.settle_with_failures())
    );
    assert_eq!(a + b + c, 0);
    app.advance(HOUR);
    app.settle().await;
    assert_eq!(received(&bob).await.len(), 90);
    assert_eq!(list(&alice.another_device().await, "sent").await.len(), 90);
    other.settle().await;
    app.settle().await;
}

#[tokio::test]
async fn a_worker_that_dies_is_followed_by_another_and_has_no_effect_later() {
    let seed: u64 = rand::random();
    let mut random = SmallRng::seed_from_u64(seed);
    for _ in 0..12 {
        let Couple { app, alice, bob, .. } = premiere().await;
        let id = schedule(&alice, soon()).await.expect(201).text("/id");
        app.settle().await;
        app.advance(SOON);
        // It stops for ever after some of its steps: before the claim, between claim and effect, or after it.
        let steps = random.random_range(0..400);
        let other = app.another_node().await;
        {
            let mut work = Box::pin(other.settle_with_failures());
            for _ in 0..steps {
                let polled = futures_util::poll!(&mut work);
                if polled.is_ready() {
                    break;
                }
                tokio::task::yield_now().await;
            }
        }
        app.settle().await;
        app.advance(31 * SECOND);
        app.settle().await;
        assert_eq!(received(&bob).await.len(), 1, "seed {seed}, {steps} steps");
        assert_eq!(state(&alice, &id).await.0, "sent", "seed {seed}, {steps} steps");
        app.settle().await;
    }
}

#[tokio::test]
async fn a_lost_answer_of_the_store_changes_nothing() {
    // Whichever call of the store fails, from the minute on: in the end the note is there once.
    for spared in 0..45 {
        let Couple { app, alice, bob, .. } = premiere().await;
        let id = schedule(&alice, soon()).await.expect(201).text("/id");
        app.settle().await;
        app.advance(SOON);
        app.faults().items.fail_once_after(spared, Fail::Fault(Fault::Unavailable));
        for _ in 0..8 {
            // A round that fails is repeated by its loop.
            let _failed = Box::pin(app::work::settle(app.core())).await;
            app.advance(31 * SECOND);
        }
        app.faults().items.heal();
        app.settle().await;
        assert_eq!(received(&bob).await.len(), 1, "after {spared} calls one failed");
        assert_eq!(state(&alice, &id).await.0, "sent", "after {spared} calls one failed");
        app.settle().await;
    }
}

/// Lets the next attempt claim its timer and fail: only the commit of the effect and what follows is broken.
async fn failing_attempt(app: &TestApp, how: Fail) {
    app.faults().notes.fail_times(how, 1);
    app.settle().await;
    app.faults().notes.heal();
}

#[tokio::test]
async fn a_failed_attempt_is_repeated_after_1_5_and_30_minutes_then_it_has_failed() {
    for how in [Fail::Fault(Fault::Unavailable), Fail::Fault(Fault::Corrupt), Fail::Panic] {
        let Couple { app, alice, bob, .. } = premiere().await;
        let id = schedule(&alice, soon()).await.expect(201).text("/id");
        app.settle().await;
        app.advance(SOON);
        for (n, pause) in [MINUTE, 5 * MINUTE, 30 * MINUTE].into_iter().enumerate() {
            failing_attempt(&app, how).await;
            let attempts = i64::try_from(n).unwrap() + 1;
            assert_eq!(state(&alice, &id).await, is("sending", attempts, None));
            let alice = alice.another_device().await;
            assert_eq!(list(&alice, "sending").await, [&*id]);
            for refused in [
                cancel(&alice, &id).await,
                patch(&alice, &id, json!({ "content": "x" })).await,
                retry(&alice, &id).await,
            ] {
                refused.problem(409, "conflict");
            }
            app.advance(pause - 1);
            app.settle().await;
            assert_eq!(state(&alice, &id).await, is("sending", attempts, None), "not before its time");
            app.advance(1);
        }
        failing_attempt(&app, how).await;
        let code = if matches!(how, Fail::Fault(Fault::Unavailable)) { "unavailable" } else { "internal" };
        assert_eq!(state(&alice, &id).await, is("failed", 4, Some(code)));
        app.advance(DAY);
        app.settle().await;
        assert!(received(&bob).await.is_empty());

        // Only now it may be tried again.
        let alice = alice.another_device().await;
        let again = retry(&alice, &id).await.expect(200);
        assert_eq!((again.text("/status"), again.at("/attempts")), ("scheduled".into(), json!(0)));
        assert_eq!(again.at("/failure_reason"), Value::Null);
        app.settle().await;
        assert_eq!(state(&alice, &id).await, is("sent", 1, None));
        assert_eq!(received(&bob).await.len(), 1);
        app.settle().await;
    }
}

#[tokio::test]
async fn a_repeat_that_succeeds_sends_it() {
    let Couple { app, alice, bob, .. } = premiere().await;
    let id = schedule(&alice, soon()).await.expect(201).text("/id");
    app.settle().await;
    app.advance(SOON);
    failing_attempt(&app, Fail::Fault(Fault::Throttled)).await;
    app.advance(MINUTE);
    app.settle().await;
    assert_eq!(state(&alice, &id).await, is("sent", 2, None));
    assert_eq!(received(&bob).await.len(), 1);
    app.settle().await;
}

#[tokio::test]
async fn without_allowance_it_fails_and_goes_again_with_a_plan() {
    let Couple { app, alice, bob, .. } = premiere().await;
    let id = schedule(&alice, soon()).await.expect(201).text("/id");
    for _ in 0..3 {
        alice.sends("Now").await;
    }
    app.grant_plan(&alice, "basic").await;
    app.advance(SOON);
    app.settle().await;
    assert_eq!(state(&alice, &id).await, is("failed", 0, Some("limit_reached")));
    assert_eq!(received(&bob).await.len(), 3);
    let alice = alice.another_device().await;
    assert_eq!(list(&alice, "failed").await, [&*id]);
    retry(&alice, &id).await.expect(200);
    app.settle().await;
    assert_eq!(state(&alice, &id).await.0, "failed", "there is still no allowance");
    app.grant_plan(&alice, "premiere").await;
    let path = format!("/v1/scheduled-notes/{id}/retry");
    let again = alice.post(&path, Value::Null).key("again").await.expect(200);
    app.settle().await;
    // A repeat of that call gives its answer and sends nothing.
    assert_eq!(alice.post(&path, Value::Null).key("again").await.expect(200).json(), again.json());
    app.settle().await;
    assert_eq!((state(&alice, &id).await.0, received(&bob).await.len()), ("sent".into(), 4));
    app.settle().await;
}

#[tokio::test]
async fn a_failed_one_counts_as_open_again_when_retried() {
    let app = TestApp::with(|settings| settings.notes.max_open_scheduled = 1).await;
    let Couple { app, alice, .. } = app.with_couple().await;
    app.grant_plan(&alice, "premiere").await;
    let id = schedule(&alice, soon()).await.expect(201).text("/id");
    for _ in 0..3 {
        alice.sends("Now").await;
    }
    app.grant_plan(&alice, "basic").await;
    app.advance(SOON);
    app.settle().await;
    app.grant_plan(&alice, "premiere").await;
    let alice = alice.another_device().await;
    let other = schedule(&alice, at("2026-11-23", "09:00", "UTC")).await.expect(201).text("/id");
    assert_eq!(retry(&alice, &id).await.problem(403, "limit_reached")["limit"], 1);
    cancel(&alice, &other).await.expect(204);
    retry(&alice, &id).await.expect(200);
    app.settle().await;
    assert_eq!(state(&alice, &id).await.0, "sent");
    app.settle().await;
}
