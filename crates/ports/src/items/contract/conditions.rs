use super::{METERS, NOTES, Subject, add, put};
use crate::contract::race;
use crate::items::{Commit, Outcome, Query, Refusal, When, Write};
use std::sync::{
    Arc,
    atomic::{
        AtomicI64,
        Ordering::{Acquire, Release},
    },
};

pub(super) async fn a_commit_writes_everything(s: Subject) {
    let keys = [NOTES.key("a", "1"), NOTES.key("b", "1"), METERS.key("a", "1")];
    s.applied(keys.iter().map(|key| put(key, "first", When::Always)).collect()).await;
    for key in &keys {
        let item = s.item(key).await.expect("stored");
        assert_eq!((&item.key, item.version, item.number, item.expires_at), (key, 1, 0, None));
        assert_eq!(&item.body[..], b"first");
    }
    s.applied(vec![put(&keys[0], "second", When::Always), Write::Delete { key: keys[1].clone(), when: When::Always }])
        .await;
    let item = s.item(&keys[0]).await.expect("still stored");
    assert_eq!((item.version, &item.body[..]), (2, &b"second"[..]));
    assert_eq!(s.item(&keys[1]).await, None);
    assert_eq!(s.item(&keys[2]).await.map(|i| i.version), Some(1));
}

pub(super) async fn a_failed_condition_writes_nothing(s: Subject) {
    let (taken, free, gone) = (NOTES.key("a", "taken"), METERS.key("b", "free"), NOTES.key("c", "gone"));
    s.applied(vec![put(&taken, "stored", When::Always)]).await;
    let writes = vec![
        put(&free, "innocent", When::Absent),
        put(&taken, "late", When::Absent),
        Write::Check { key: gone.clone(), when: When::Present },
    ];
    let stored = s.item(&taken).await;
    let refusals = s.refusals(writes).await;
    assert_eq!(refusals, [None, Some(Refusal { current: stored }), Some(Refusal { current: None })]);
    assert_eq!(s.body(&taken).await.as_deref(), Some("stored"));
    assert_eq!(s.item(&free).await, None, "the innocent write was applied");
}

pub(super) async fn each_condition(s: Subject) {
    let (there, absent) = (NOTES.key("p", "there"), NOTES.key("p", "absent"));
    s.applied(vec![put(&there, "1", When::Always)]).await;
    // Version 2, number 7.
    s.applied(vec![add(&there, 7, None)]).await;
    let table = [
        (&there, When::Always, true),
        (&there, When::Absent, false),
        (&there, When::Present, true),
        (&there, When::Version(2), true),
        (&there, When::Version(1), false),
        (&there, When::Number(7), true),
        (&there, When::Number(0), false),
        (&absent, When::Always, true),
        (&absent, When::Absent, true),
        (&absent, When::Present, false),
        (&absent, When::Version(0), false),
        (&absent, When::Number(0), false),
    ];
    for (key, when, holds) in table {
        let answer = s.port.try_commit(vec![Write::Check { key: key.clone(), when }]).await.expect("commit answers");
        assert_eq!(answer.is_some(), holds, "{when:?} on {key:?}");
    }
    s.refusals(vec![Write::Delete { key: there.clone(), when: When::Version(1) }]).await;
    assert!(s.item(&there).await.is_some(), "deleted against its condition");
    s.applied(vec![Write::Delete { key: there.clone(), when: When::Version(2) }]).await;
    assert_eq!(s.item(&there).await, None);
}

/// Puts over a version that is there, and one that is not, in every order beside other conditions.
pub(super) async fn every_refusal(s: Subject) {
    let (row, other, taken) = (NOTES.key("p", "row"), NOTES.key("p", "other"), METERS.key("q", "taken"));
    s.applied([&row, &other, &taken].iter().map(|key| put(key, "1", When::Absent)).collect()).await;
    let (right, late) = (put(&row, "2", When::Version(1)), put(&row, "2", When::Version(9)));
    let (also, again) = (put(&other, "2", When::Version(9)), put(&taken, "2", When::Absent));
    for (writes, refused) in [
        (vec![late.clone()], vec![true]),
        (vec![late.clone(), again.clone()], vec![true, true]),
        (vec![again.clone(), late.clone()], vec![true, true]),
        (vec![right.clone(), again], vec![false, true]),
        (vec![right.clone(), also.clone()], vec![false, true]),
        (vec![also, late], vec![true, true]),
    ] {
        let refusals = s.refusals(writes.clone()).await;
        let seen: Vec<_> = refusals.iter().map(Option::is_some).collect();
        assert_eq!(seen, refused, "{writes:?}");
        for key in [&row, &other, &taken] {
            assert_eq!(s.body(key).await.as_deref(), Some("1"), "{key:?} was written by {writes:?}");
        }
    }
    s.applied(vec![right, put(&other, "2", When::Version(1)), put(&taken, "2", When::Always)]).await;
    // A query and a condition see what is stored, not what a reader remembers.
    for key in [&row, &other, &taken] {
        s.applied(vec![Write::Check { key: key.clone(), when: When::Version(2) }]).await;
        let stored = s.port.query(Query::partition(key.table, key.pk.clone())).await.expect("query answers");
        assert!(stored.items.iter().all(|item| &item.body[..] == b"2"), "{stored:?}");
    }
}

pub(super) async fn before_the_commit(s: Subject) {
    let (a, b) = (NOTES.key("p", "a"), NOTES.key("p", "b"));
    s.applied(vec![put(&a, "x", When::Absent), Write::Check { key: b.clone(), when: When::Absent }]).await;
    s.applied(vec![
        Write::Delete { key: a.clone(), when: When::Version(1) },
        put(&b, "y", When::Absent),
        add(&METERS.key("p", "m"), 1, Some(1)),
    ])
    .await;
    assert_eq!((s.item(&a).await, s.body(&b).await.as_deref()), (None, Some("y")));
}

pub(super) async fn one_winner(s: Subject) {
    let key = NOTES.key("race", "prize");
    let port = &s.port;
    let won = race(50, |i| {
        let (port, key) = (port.clone(), key.clone());
        async move {
            let beside = NOTES.key(format!("racer {i}"), "mine");
            let writes = vec![put(&beside, "here", When::Absent), put(&key, &i.to_string(), When::Absent)];
            port.try_commit(writes).await.expect("commit answers").is_some().then_some(i)
        }
    });
    let winners: Vec<usize> = won.await.into_iter().flatten().collect();
    assert_eq!(winners.len(), 1, "{winners:?} all won");
    assert_eq!(s.body(&key).await, Some(winners[0].to_string()));
    for i in 0..50 {
        let beside = s.item(&NOTES.key(format!("racer {i}"), "mine")).await;
        assert_eq!(beside.is_some(), i == winners[0], "racer {i}");
    }
}

pub(super) async fn one_version(s: Subject) {
    let key = NOTES.key("race", "row");
    s.applied(vec![put(&key, "0", When::Absent)]).await;
    for round in 1..=5_u64 {
        let port = &s.port;
        let won = race(20, |i| {
            let (port, key) = (port.clone(), key.clone());
            async move {
                let write = put(&key, &i.to_string(), When::Version(round));
                port.try_commit(vec![write]).await.expect("commit answers").is_some()
            }
        });
        assert_eq!(won.await.into_iter().filter(|won| *won).count(), 1, "round {round}");
        assert_eq!(s.item(&key).await.map(|i| i.version), Some(round + 1));
    }
}

pub(super) async fn no_stale_read(s: Subject) {
    let (key, answered) = (METERS.key("m", "watched"), Arc::new(AtomicI64::new(0)));
    let done = race(5, |i| {
        let (port, key, answered) = (s.port.clone(), key.clone(), answered.clone());
        async move {
            while answered.load(Acquire) < 300 {
                if i == 0 {
                    let numbers = port.try_commit(vec![add(&key, 1, None)]).await.expect("commit answers");
                    answered.store(numbers.expect("no condition")[0], Release);
                    continue;
                }
                let before = answered.load(Acquire);
                let read = port.get(&key).await.expect("get answers").map_or(0, |item| item.number);
                assert!(read >= before, "read {read} after {before} was answered");
                tokio::task::yield_now().await;
            }
        }
    });
    assert_eq!(done.await.len(), 5);
}

pub(super) async fn adds_all_count(s: Subject) {
    let key = METERS.key("m", "all");
    let port = &s.port;
    let numbers = race(40, |i| {
        let (port, key) = (port.clone(), key.clone());
        let amount = if i % 4 == 0 { -1 } else { 2 };
        async move {
            port.try_commit(vec![add(&key, amount, None)]).await.expect("commit answers").expect("no condition")[0]
        }
    })
    .await;
    assert_eq!(numbers.len(), 40);
    let item = s.item(&key).await.expect("created");
    assert_eq!((item.number, item.version), (50, 40));
}

pub(super) async fn the_ceiling(s: Subject) {
    let key = METERS.key("m", "capped");
    let port = &s.port;
    let answers = race(60, |_| {
        let (port, key) = (port.clone(), key.clone());
        async move { port.try_commit(vec![add(&key, 1, Some(25))]).await.expect("commit answers") }
    });
    let mut through: Vec<i64> = answers.await.into_iter().flatten().flatten().collect();
    through.sort_unstable();
    assert_eq!(through, (1..=25).collect::<Vec<_>>(), "each gets its own number, up to the ceiling");
    let stored = s.item(&key).await;
    assert_eq!(s.refusals(vec![add(&key, 1, Some(25))]).await, [Some(Refusal { current: stored })]);
    assert_eq!(s.applied(vec![add(&key, -1, Some(25))]).await, [24]);
    assert_eq!(s.refusals(vec![add(&METERS.key("m", "new"), 3, Some(2))]).await, [Some(Refusal { current: None })]);
}

pub(super) async fn add_keeps(s: Subject) {
    let (new, old) = (METERS.key("m", "new"), METERS.key("m", "old"));
    let (soon, late) = (s.now().plus(60_000), s.now().plus(120_000));
    let grow = |key: &_, at| Write::Add { key: Clone::clone(key), amount: 3, ceiling: None, expires_at: Some(at) };
    s.applied(vec![grow(&new, soon), super::until(&old, "body", soon)]).await;
    assert_eq!(s.applied(vec![grow(&new, late), grow(&old, late)]).await, [6, 8]);
    let (new, old) = (s.item(&new).await.expect("created"), s.item(&old).await.expect("kept"));
    assert_eq!((new.number, new.version, &new.body[..], new.expires_at), (6, 2, &b""[..], Some(soon)));
    assert_eq!((old.number, old.version, &old.body[..], old.expires_at), (8, 2, &b"body"[..], Some(soon)));
}

pub(super) async fn checks_and_deletes(s: Subject) {
    let (there, absent) = (NOTES.key("p", "there"), NOTES.key("p", "absent"));
    s.applied(vec![put(&there, "x", When::Always)]).await;
    let writes = vec![
        Write::Check { key: there.clone(), when: When::Present },
        Write::Delete { key: absent.clone(), when: When::Always },
    ];
    let outcome = s.port.commit(Commit { writes, ..Commit::default() }).await.expect("commit answers");
    assert_eq!(outcome, Outcome::Applied { numbers: vec![0, 0] });
    assert_eq!(s.item(&there).await.map(|i| i.version), Some(1));
    assert_eq!(s.item(&absent).await, None);
}
