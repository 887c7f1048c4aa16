use super::{METERS, NOTES, Subject, add, put};
use crate::contract::race;
use crate::items::{Commit, Emit, Items, When, Write};
use bytes::Bytes;
use std::sync::Arc;

fn noted(i: usize, writes: Vec<Write>) -> Commit {
    Commit { writes, outbox: vec![Emit { name: "noted", body: Bytes::from(i.to_string()) }], token: None }
}

async fn bodies(port: &Arc<dyn Items>, after: u64, limit: usize) -> Vec<(u64, String)> {
    let records = port.outbox(after, limit).await.expect("outbox answers");
    assert!(records.len() <= limit, "more than asked for");
    records
        .into_iter()
        .map(|r| {
            assert_eq!(r.name, "noted");
            (r.seq, String::from_utf8_lossy(&r.body).into_owned())
        })
        .collect()
}

pub(super) async fn part_of_the_commit(s: Subject) {
    let key = NOTES.key("p", "k");
    s.port.commit(noted(1, vec![put(&key, "x", When::Absent)])).await.expect("commit answers");
    s.port.commit(noted(2, vec![put(&key, "y", When::Absent)])).await.expect("commit answers");
    let told: Vec<String> = bodies(&s.port, 0, 10).await.into_iter().map(|r| r.1).collect();
    assert_eq!(told, ["1"], "a refused commit tells nothing");
    s.port.commit(noted(3, Vec::new())).await.expect("a commit of events alone");
    assert_eq!(bodies(&s.port, 0, 10).await.len(), 2);
}

pub(super) async fn order(s: Subject) {
    for i in 0..30 {
        s.port.commit(noted(i, vec![add(&METERS.key("m", "n"), 1, None)])).await.expect("commit answers");
    }
    let all = bodies(&s.port, 0, 100).await;
    assert!(all.windows(2).all(|w| w[0].0 < w[1].0), "the sequence does not grow: {all:?}");
    assert_eq!(all.iter().map(|r| r.1.clone()).collect::<Vec<_>>(), (0..30).map(|i| i.to_string()).collect::<Vec<_>>());
    assert_eq!(bodies(&s.port, all[9].0, 5).await, all[10..15]);
    s.port.settle(all[19].0).await.expect("settle answers");
    assert_eq!(bodies(&s.port, 0, 100).await, all[20..], "forgotten up to and with the settled one");
}

pub(super) async fn nothing_missed(s: Subject) {
    let (writers, each) = (8, 25);
    let reader = {
        let port = s.port.clone();
        async move {
            let (mut last, mut heard) = (0, Vec::new());
            while heard.len() < writers * each {
                let found = bodies(&port, last, 7).await;
                last = found.last().map_or(last, |r| r.0);
                heard.extend(found.into_iter().map(|r| r.1));
                tokio::task::yield_now().await;
            }
            heard
        }
    };
    let port = s.port.clone();
    let writing = race(writers, move |w| {
        let port = port.clone();
        async move {
            for i in 0..each {
                port.commit(noted(w * each + i, Vec::new())).await.expect("commit answers");
            }
        }
    });
    let patience = std::time::Duration::from_mins(1);
    let (heard, _) = tokio::join!(tokio::time::timeout(patience, reader), writing);
    let mut heard = heard.expect("a record was passed over");
    heard.sort_by_key(|n| n.parse::<usize>().unwrap_or(usize::MAX));
    assert_eq!(heard, (0..writers * each).map(|i| i.to_string()).collect::<Vec<_>>());
}

pub(super) async fn never_twice(mut s: Subject) {
    let mut last = 0;
    for i in 0..3 {
        s.port.commit(noted(i, Vec::new())).await.expect("commit answers");
        let records = bodies(&s.port, 0, 10).await;
        assert_eq!(records.len(), 1);
        assert!(records[0].0 > last, "sequence {} after {last}", records[0].0);
        last = records[0].0;
        s.port.settle(last).await.expect("settle answers");
        s = s.reopened().await;
    }
}

pub(super) async fn survives(mut s: Subject) {
    let key = NOTES.key("p", "k");
    s.port.commit(noted(1, vec![put(&key, "x", When::Always)])).await.expect("commit answers");
    s.applied(vec![add(&METERS.key("m", "n"), 4, None)]).await;
    let (item, told) = (s.item(&key).await, bodies(&s.port, 0, 10).await);
    s = s.reopened().await;
    assert_eq!(s.item(&key).await, item);
    assert_eq!(bodies(&s.port, 0, 10).await, told);
    assert_eq!(s.applied(vec![add(&METERS.key("m", "n"), 4, None)]).await, [8]);
    assert_eq!(s.port.integrity().await.expect("integrity answers"), Vec::<String>::new());
}
