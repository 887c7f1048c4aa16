//! Background work: jobs that fail, the relay's order and repetition, timers that cannot be read, retention.

use app::{
    tables::{COUPLES, EVENTS, TIMERS},
    topics::{self, JOBS},
    work::jobs::{self, Job},
};
use base::{
    Time,
    id::MemberId,
    time::{DAY, HOUR, MINUTE, SECOND},
};
use bytes::Bytes;
use ports::{
    Fault, args,
    items::{Commit, Query, When, Write},
    queue::NewMessage,
};
use serde_json::{Value, json};
use testkit::{Actor, Couple, Fail, TestApp};

/// A sign-up whose mail waits in a job.
async fn register(app: &TestApp, name: &str) -> String {
    app.anonymous().post("/v1/auth/register", TestApp::sign_up(name)).await.expect(201);
    format!("{}@example.com", name.to_lowercase())
}

#[tokio::test]
async fn a_job_is_repeated_with_growing_pauses_then_parked_and_redriven() {
    let app = TestApp::new().await;
    app.faults().mail.fail(Fail::Fault(Fault::Unavailable));
    let address = register(&app, "Zoe").await;
    assert_eq!(app.settle_with_failures().await, 1);
    for receive in 1..8 {
        let pause = SECOND << (receive - 1);
        app.advance(pause - 1);
        assert_eq!(app.settle_with_failures().await, 0, "receive {receive}: not before its pause");
        // The jitter adds a quarter at most.
        app.advance(pause / 4 + 1);
        assert_eq!(app.settle_with_failures().await, 1, "receive {receive}");
    }
    app.advance(DAY);
    assert_eq!(app.settle_with_failures().await, 0, "parked: nobody tries any more");
    let queue = &app.core().ports.queue;
    let parked = queue.parked(JOBS, 10).await.unwrap();
    assert_eq!((parked.len(), &*parked[0].reason), (1, "unavailable"));
    assert!(matches!(jobs::read(&parked[0].body).unwrap(), Job::VerifyEmail { .. }));
    assert!(app.mails_to(&address).is_empty());
    app.faults().mail.heal();
    assert_eq!(queue.redrive(JOBS, app.now()).await.unwrap(), 1);
    app.settle().await;
    assert_eq!(app.mails_to(&address).len(), 1);
}

#[tokio::test]
async fn a_job_that_panics_or_cannot_be_read_holds_up_nobody() {
    let app = TestApp::new().await;
    let poison = |body: &'static str| NewMessage {
        body: Bytes::from_static(body.as_bytes()),
        delay_ms: 0,
        dedup: None,
        max_receives: 12,
    };
    let unreadable = vec![poison("{}"), poison("not JSON"), poison(r#"{"job":"of.a.later.release"}"#)];
    app.core().ports.queue.send(JOBS, unreadable, app.now()).await.unwrap();
    app.faults().mail.fail_times(Fail::Panic, 1);
    let (first, second) = (register(&app, "Zoe").await, register(&app, "Yan").await);
    assert_eq!(app.settle_with_failures().await, 4);
    app.advance(2 * SECOND);
    assert_eq!(app.settle_with_failures().await, 3);
    for address in [first, second] {
        assert_eq!(app.mails_to(&address).len(), 1);
    }
    for _ in 0..8 {
        app.advance(10 * MINUTE);
        app.settle_with_failures().await;
    }
    assert_eq!(app.core().ports.queue.parked(JOBS, 10).await.unwrap().len(), 3);
    app.leave();
}

#[tokio::test]
async fn a_job_that_runs_twice_sends_one_mail() {
    let Couple { app, alice, bob, .. } = TestApp::couple().await;
    let couple = alice.get("/v1/couple").await.expect(200).text("/id").parse().unwrap();
    let job = Job::CoupleEndedMail { couple, to: bob.id.parse().unwrap() };
    let before = app.mails_to(&bob.email).len();
    for _ in 0..2 {
        jobs::perform(app.core(), &app.cx(), &job, "the key of this job").await.unwrap();
    }
    assert_eq!(app.mails_to(&bob.email).len(), before + 1);
    app.settle().await;
}

/// The types of a member's log, in its order.
async fn log(app: &TestApp, actor: &Actor) -> Vec<String> {
    let member: MemberId = actor.id.parse().unwrap();
    let query = Query::partition(EVENTS, member.bytes()).limit(1_000);
    let items = app.core().ports.items.query(query).await.unwrap().items;
    let kind = |body: &[u8]| serde_json::from_slice::<Value>(body).unwrap()["type"].as_str().unwrap().to_owned();
    items.iter().map(|item| kind(&item.body)).collect()
}

/// Things that leave events and jobs in both stores, none of them relayed.
async fn leave_work(couple: &Couple) {
    let Couple { alice, bob, .. } = couple;
    let note = alice.sends("One").await;
    bob.post(&format!("/v1/notes/{note}/open"), Value::Null).await.expect(200);
    bob.sends("Two").await;
    alice.delete("/v1/couple").await.expect(204);
}

const HERS: &[&str] = &["note.sent", "note.opened", "note.received", "couple.ended"];
const HIS: &[&str] = &["note.received", "note.sent", "couple.ended"];

#[tokio::test]
async fn a_relay_that_fails_anywhere_tells_everything_once_and_in_order() {
    for spared in 0..40 {
        let couple = TestApp::couple().await;
        let Couple { app, alice, bob, .. } = &couple;
        let before = (log(app, alice).await.len(), log(app, bob).await.len());
        let mails = (app.mails_to(&alice.email).len(), app.mails_to(&bob.email).len());
        leave_work(&couple).await;
        app.faults().items.fail_once_after(spared, Fail::Fault(Fault::Unavailable));
        for _ in 0..4 {
            // Its loop repeats a round that failed; a job comes back after its pause.
            let _failed = Box::pin(app::work::settle(app.core())).await;
            app.advance(2 * SECOND);
        }
        app.faults().items.heal();
        app.settle().await;
        assert_eq!(log(app, alice).await[before.0..], *HERS, "after {spared} calls one failed");
        assert_eq!(log(app, bob).await[before.1..], *HIS, "after {spared} calls one failed");
        let now = (app.mails_to(&alice.email).len(), app.mails_to(&bob.email).len());
        assert_eq!(now, (mails.0 + 1, mails.1 + 1), "after {spared} calls one failed");
    }
}

#[tokio::test]
async fn two_relays_at_once_tell_everything_once_and_in_order() {
    for _ in 0..8 {
        let couple = TestApp::couple().await;
        let Couple { app, alice, bob, .. } = &couple;
        let before = (log(app, alice).await.len(), log(app, bob).await.len());
        let mails = (app.mails_to(&alice.email).len(), app.mails_to(&bob.email).len());
        let other = app.another_node().await;
        leave_work(&couple).await;
        let (a, b) = tokio::join!(Box::pin(app.settle_with_failures()), Box::pin(other.settle_with_failures()));
        assert_eq!(a + b, 0);
        app.settle().await;
        assert_eq!(log(app, alice).await[before.0..], *HERS);
        assert_eq!(log(app, bob).await[before.1..], *HIS);
        let now = (app.mails_to(&alice.email).len(), app.mails_to(&bob.email).len());
        assert_eq!(now, (mails.0 + 1, mails.1 + 1));
    }
}

#[tokio::test]
async fn facts_reach_the_stream_in_the_order_of_their_commits() {
    let Couple { app, alice, .. } = TestApp::couple().await;
    app.grant_plan(&alice, "premiere").await;
    let mut sent = Vec::new();
    for n in 0..30 {
        sent.push(alice.sends(&format!("Note {n}")).await);
    }
    app.settle().await;
    let mut facts: Vec<(u16, u64, String)> = Vec::new();
    for partition in 0..topics::LOVE_NOTE.partitions {
        let records = app.core().ports.stream.read(topics::LOVE_NOTE, partition, "test", None, 1_000).await.unwrap();
        for record in records {
            let fact: Value = serde_json::from_slice(&record.body).unwrap();
            let id = fact["data"]["note_id"].as_str().unwrap().to_owned();
            facts.push((partition, fact["seq"].as_u64().unwrap(), id));
        }
    }
    assert!(
        facts.windows(2).all(|w| w[0].0 == w[1].0 && w[0].1 < w[1].1),
        "one key, one partition, growing: {facts:?}"
    );
    assert_eq!(facts.into_iter().map(|(_, _, id)| id).collect::<Vec<_>>(), sent);
}

fn timer_key(shard: u8, due: Time, id: [u8; 16]) -> ports::items::Key {
    TIMERS.key([shard], [&due.0.to_be_bytes()[..], &id].concat())
}

fn put(key: ports::items::Key, body: impl Into<Bytes>) -> Write {
    Write::Put { key, number: 0, body: body.into(), expires_at: None, when: When::Always }
}

#[tokio::test]
async fn timers_that_cannot_be_read_hold_up_nobody_and_are_kept() {
    let Couple { app, alice, bob, .. } = crate::schedule::premiere().await;
    let items = &app.core().ports.items;
    for shard in 0..4 {
        let key = timer_key(shard, app.now(), [shard; 16]);
        items.try_commit(vec![put(key, r#"{"timer":"of.a.later.release"}"#)]).await.unwrap();
    }
    for _ in 0..8 {
        crate::schedule::schedule(&alice, crate::schedule::at("2026-11-22", "12:01", "UTC")).await.expect(201);
    }
    app.advance(MINUTE);
    app.settle().await;
    assert_eq!(bob.get("/v1/notes").await.expect(200).data().len(), 8);
    app.advance(2 * HOUR);
    app.settle().await;
    for shard in 0..4_u8 {
        let left = items.query(Query::partition(TIMERS, [shard])).await.unwrap().items;
        assert_eq!(left.len(), 1, "a later release will read it");
        assert!(left[0].key.sk[..8] > app.now().0.to_be_bytes()[..]);
    }
}

#[tokio::test]
async fn two_timers_of_one_note_send_it_once() {
    let Couple { app, alice, bob, .. } = crate::schedule::premiere().await;
    let made = crate::schedule::schedule(&alice, crate::schedule::at("2026-11-22", "12:01", "UTC")).await.expect(201);
    let items = &app.core().ports.items;
    let mut extra = Vec::new();
    for shard in 0..4_u8 {
        for timer in items.query(Query::partition(TIMERS, [shard])).await.unwrap().items {
            let id = timer.key.sk[8..].try_into().unwrap();
            // As a worker that died, or a change at the very minute, leaves them.
            extra.push(put(timer_key(shard, app.now().plus(30 * SECOND), id), timer.body.clone()));
            extra.push(put(timer_key(shard, app.now().plus(90 * SECOND), id), timer.body));
        }
    }
    assert_eq!(extra.len(), 2);
    items.try_commit(extra).await.unwrap();
    for _ in 0..6 {
        app.advance(31 * SECOND);
        app.settle().await;
    }
    assert_eq!(bob.get("/v1/notes").await.expect(200).data().len(), 1);
    let status = crate::schedule::get(&alice, &made.text("/id")).await.text("/status");
    assert_eq!(status, "sent");
    for shard in 0..4_u8 {
        assert!(items.query(Query::partition(TIMERS, [shard])).await.unwrap().items.is_empty());
    }
}

#[tokio::test]
async fn the_reaper_frees_what_is_over_and_nothing_else() {
    let Couple { app, alice, bob, .. } = TestApp::couple().await;
    let body = json!({ "channel": "partner", "content": "Kept" });
    alice.post("/v1/notes", body).key("k").await.expect(201);
    app.settle().await;
    let core = app.core();
    let rows = async |sql: &'static str| {
        let mut tx = core.ports.sql.read().await.unwrap();
        tx.row(sql, args![]).await.unwrap().unwrap().int(0).unwrap()
    };
    let tokens = rows("select count(*) from one_time_tokens").await;
    assert!(tokens > 0 && log(&app, &bob).await.contains(&"note.received".to_owned()));
    let mails = app.mails_to(&bob.email).len();

    app.advance(DAY - 1);
    app::work::reconcile(core).await;
    assert!(!log(&app, &bob).await.is_empty(), "a member's events are kept for a day");
    app.advance(1);
    assert!(log(&app, &bob).await.is_empty(), "and then they are over, reaped or not");
    app::work::reconcile(core).await;
    assert_eq!(core.ports.items.reap(100).await.unwrap(), 0, "nothing is left to free");
    assert_eq!(rows("select count(*) from idempotency").await, 0);
    assert_eq!(rows("select count(*) from one_time_tokens").await, tokens);
    assert_eq!(app.mails_to(&bob.email).len(), mails);

    app.advance(7 * DAY);
    app::work::reconcile(core).await;
    for topic in topics::ALL {
        assert_eq!(core.ports.stream.expire(*topic, app.now()).await.unwrap(), 0);
    }
    assert!(app.mails_to(&bob.email).is_empty());
    app.advance(40 * DAY);
    app::work::reconcile(core).await;
    assert_eq!(rows("select count(*) from one_time_tokens").await, 0);
    assert_eq!(core.ports.items.reap(100).await.unwrap(), 0);
    let bob = bob.another_device().await;
    assert_eq!(bob.get("/v1/notes").await.expect(200).at("/data/0/content"), "Kept");
    app.settle().await;
}

#[tokio::test]
async fn a_couple_whose_link_was_cut_short_is_completed() {
    let Couple { app, alice, .. } = TestApp::couple().await;
    let couple: base::id::CoupleId = alice.get("/v1/couple").await.expect(200).text("/id").parse().unwrap();
    let epoch = COUPLES.key(couple.bytes(), b"epoch");
    let lost = Write::Delete { key: epoch, when: When::Present };
    app.core().ports.items.commit(Commit { writes: vec![lost], ..Commit::default() }).await.unwrap();
    alice.post("/v1/notes", json!({ "channel": "partner", "content": "x" })).await.problem(409, "conflict");
    for _ in 0..2 {
        app::work::reconcile(app.core()).await;
        alice.sends("Whole again").await;
    }
    app.settle().await;
}
