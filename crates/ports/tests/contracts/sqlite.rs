//! What items and queue promise on SQLite beside their contracts.

use crate::adapters::{items_in, subject};
use base::time::MINUTE;
use bytes::Bytes;
use ports::contract::Subject;
use ports::items::{Commit, Items, Outcome, Query, Table, When, Write, contract::TABLES};
use ports::queue::{NewMessage, Queue, SqliteQueue, contract::QUEUES};
use std::sync::{Arc, mpsc};

const NOTES: Table = TABLES[0];

async fn items() -> Subject<dyn Items> {
    subject::<dyn Items>(items_in).await
}

fn add(pk: &str, amount: i64) -> Write {
    Write::Add { key: NOTES.key(pk, "n"), amount, ceiling: None, expires_at: None }
}

#[tokio::test]
async fn a_sum_stays_within_64_bits_and_hurts_nobody() {
    let s = items().await;
    for (pk, amount) in [("up", i64::MAX), ("down", i64::MIN)] {
        s.port.try_commit(vec![add(pk, amount)]).await.expect("commit answers");
    }
    let (up, down, other) = tokio::join!(
        s.port.try_commit(vec![add("up", 5)]),
        s.port.try_commit(vec![add("down", -5)]),
        s.port.try_commit(vec![add("other", 1)]),
    );
    assert_eq!(up.expect("stays"), Some(vec![i64::MAX]));
    assert_eq!(down.expect("stays"), Some(vec![i64::MIN]));
    assert_eq!(other.expect("not disturbed"), Some(vec![1]));
    assert_eq!(s.port.try_commit(vec![add("up", -1)]).await.expect("commit answers"), Some(vec![i64::MAX - 1]));
}

#[tokio::test]
async fn a_request_token_is_free_again_after_ten_minutes() {
    let s = items().await;
    let commit = |amount| Commit { writes: vec![add("paid", amount)], token: Some([7; 16]), ..Commit::default() };
    let number = |outcome| match outcome {
        Outcome::Applied { numbers } => numbers[0],
        Outcome::Refused(why) => panic!("{why:?}"),
    };
    assert_eq!(number(s.port.commit(commit(1)).await.expect("commit answers")), 1);
    s.after(10 * MINUTE - 1);
    assert_eq!(number(s.port.commit(commit(1)).await.expect("commit answers")), 1);
    s.after(1);
    assert_eq!(number(s.port.commit(commit(2)).await.expect("commit answers")), 3);
}

#[tokio::test]
async fn reaping_frees_items_and_tokens_and_counts_them() {
    let s = items().await;
    for i in 0..5_u8 {
        let key = NOTES.key("p", [i + 1]);
        let expires_at = Some(s.now().plus(1_000));
        let write = Write::Put { key, number: 0, body: Bytes::new(), expires_at, when: When::Always };
        let commit = Commit { writes: vec![write], token: Some([i; 16]), ..Commit::default() };
        s.port.commit(commit).await.expect("commit answers");
    }
    assert_eq!(s.port.reap(100).await.expect("reap answers"), 0);
    s.after(1_000);
    assert_eq!(s.port.reap(3).await.expect("reap answers"), 3);
    assert_eq!(s.port.reap(3).await.expect("reap answers"), 2);
    s.after(10 * MINUTE);
    assert_eq!(s.port.reap(4).await.expect("reap answers"), 4, "tokens count, and the limit holds for them");
    assert_eq!(s.port.reap(4).await.expect("reap answers"), 1);
}

#[tokio::test]
async fn a_huge_limit_is_a_limit() {
    let s = items().await;
    let found = s.port.query(Query::partition(NOTES, "p").limit(usize::MAX)).await.expect("query answers");
    assert!(found.items.is_empty() && found.next.is_none());
}

/// Also when those to be parked alone fill the request.
#[tokio::test]
async fn a_receive_parks_what_is_worn_out_and_goes_on() {
    let s = subject::<dyn Queue>(|store, world| Arc::new(SqliteQueue::new(store, QUEUES, world))).await;
    let message = |body: &'static [u8], max_receives| NewMessage {
        body: Bytes::from_static(body),
        delay_ms: 0,
        dedup: None,
        max_receives,
    };
    s.port.send(QUEUES[0], vec![message(b"poison", 1); 7], s.now()).await.expect("send answers");
    assert_eq!(s.port.receive(QUEUES[0], 10, 1_000, s.now()).await.expect("receive answers").len(), 7);
    s.after(1_000);
    s.port.send(QUEUES[0], vec![message(b"healthy", 1)], s.now()).await.expect("send answers");
    let found = s.port.receive(QUEUES[0], 2, 1_000, s.now()).await.expect("receive answers");
    assert_eq!(found.iter().map(|d| &d.body[..]).collect::<Vec<_>>(), [b"healthy"]);
    assert_eq!(s.port.parked(QUEUES[0], 10).await.expect("parked answers").len(), 7);
}

/// Workers ask all the time: while nothing is due they must not wait for the writer, nor it for them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn receiving_nothing_does_not_wait_for_the_writer() {
    let (give, take) = mpsc::channel();
    let s = subject::<dyn Queue>(move |store, world| {
        give.send(store.clone()).expect("the test listens");
        Arc::new(SqliteQueue::new(store, QUEUES, world))
    })
    .await;
    let store = take.recv().expect("the store of the subject");
    let message = NewMessage { body: Bytes::new(), delay_ms: 0, dedup: None, max_receives: 3 };
    s.port.send(QUEUES[0], vec![message], s.now()).await.expect("send answers");
    assert_eq!(s.port.receive(QUEUES[0], 1, 60_000, s.now()).await.expect("receive answers").len(), 1);

    let (release, gate) = mpsc::channel::<()>();
    let (entered, inside) = mpsc::channel::<()>();
    let mut held = tokio::task::JoinSet::new();
    held.spawn(async move {
        let hold = move |_: &rusqlite::Connection| {
            entered.send(()).expect("the test listens");
            let _released = gate.recv();
            Ok(())
        };
        store.write("hold", hold).await
    });
    inside.recv().expect("the writer is held up");
    let patience = std::time::Duration::from_secs(30);
    let found = tokio::time::timeout(patience, s.port.receive(QUEUES[0], 10, 1_000, s.now())).await;
    assert!(found.expect("an empty receive waits for the writer").expect("receive answers").is_empty());
    release.send(()).expect("the writer waits");
    held.join_all().await;
}
