use super::{MAIL, PUSH, Subject, bodies, message, sorted};
use crate::contract::{assert_refused, race};
use crate::queue::{DEDUP_MS, MAX_BODY, MAX_DEDUP, MAX_DELAY_MS, MAX_LEASE_MS, NewMessage, QueueName};
use bytes::Bytes;

pub(super) async fn delivered(s: Subject) {
    let at = s.now();
    let body = Bytes::from((0..=255).collect::<Vec<u8>>());
    let ids = s.send(vec![NewMessage { body: body.clone(), ..message("") }, message("second")]).await;
    assert_eq!(s.port.receive(PUSH, 10, 1_000, at).await.expect("receive answers").len(), 0, "of another queue");
    s.after(1_000);
    let found = s.receive(10).await;
    assert_eq!(sorted(found.iter().map(|d| d.id).collect()), sorted(ids.clone()), "the ids that send gave");
    let first = found.iter().find(|d| d.id == ids[0]).expect("ids in the order of messages");
    assert_eq!((&first.body, first.receives, first.sent_at, first.receipt.id), (&body, 1, at, ids[0]));
}

pub(super) async fn survives(mut s: Subject) {
    let ids = s.send(vec![message("kept")]).await;
    s = s.reopened().await;
    let found = s.one().await;
    assert_eq!((found.id, bodies(&[found])), (ids[0], vec!["kept".to_owned()]));
}

pub(super) async fn all_or_none(s: Subject) {
    let heavy = NewMessage { body: Bytes::from(vec![b'x'; MAX_BODY + 1]), ..message("") };
    assert_refused(s.port.send(MAIL, vec![message("innocent"), heavy], s.now()).await, "one message is too large");
    s.nothing("part of a refused send").await;
    assert_eq!(s.send(Vec::new()).await, []);
}

pub(super) async fn limits(s: Subject) {
    let ok = || message("x");
    let key = |len| Some("k".repeat(len));
    let heavy = |len| Bytes::from(vec![b'x'; len]);
    let table = [
        ("a body over the limit", NewMessage { body: heavy(MAX_BODY + 1), ..ok() }),
        ("attributes count", NewMessage { body: heavy(MAX_BODY - 4), dedup: key(5), ..ok() }),
        ("a delay over 15 minutes", NewMessage { delay_ms: MAX_DELAY_MS + 1, ..ok() }),
        ("a delay into the past", NewMessage { delay_ms: -1, ..ok() }),
        ("an empty dedup key", NewMessage { dedup: key(0), ..ok() }),
        ("a long dedup key", NewMessage { dedup: key(MAX_DEDUP + 1), ..ok() }),
        ("a message never to be received", NewMessage { max_receives: 0, ..ok() }),
    ];
    let now = s.now();
    for (what, message) in table {
        assert_refused(s.port.send(MAIL, vec![message], now).await, what);
    }
    let unknown = QueueName("contract-unknown");
    assert_refused(s.port.send(unknown, vec![ok()], now).await, "sending to an unknown queue");
    assert_refused(s.port.receive(unknown, 1, 1_000, now).await.map(|_| ()), "receiving from an unknown queue");
    assert_refused(s.port.parked(unknown, 1).await.map(|_| ()), "parked messages of an unknown queue");
    assert_refused(s.port.redrive(unknown, now).await, "redriving an unknown queue");
    for visibility in [0, -1, MAX_LEASE_MS + 1] {
        assert_refused(s.port.receive(MAIL, 1, visibility, now).await.map(|_| ()), "a visibility out of range");
    }
    s.send(vec![NewMessage { body: heavy(MAX_BODY - MAX_DEDUP), dedup: key(MAX_DEDUP), ..ok() }]).await;
    let found = s.one().await;
    assert_eq!(found.body.len(), MAX_BODY - MAX_DEDUP);
    for delay in [-1, MAX_LEASE_MS + 1] {
        assert_refused(s.port.retry(MAIL, found.receipt, delay, now).await, "a back-off out of range");
        assert_refused(s.port.extend(MAIL, found.receipt, delay, now).await, "a visibility out of range");
    }
    assert!(s.port.done(MAIL, found.receipt).await.expect("done answers"), "a refused call ended the lease");
}

pub(super) async fn delay(s: Subject) {
    s.send(vec![NewMessage { delay_ms: 3_000, ..message("later") }, message("now")]).await;
    assert_eq!(bodies(&s.receive(10).await), ["now"]);
    let longest = NewMessage { delay_ms: MAX_DELAY_MS, ..message("longest") };
    s.port.send(PUSH, vec![longest], s.now()).await.expect("the longest delay is allowed");
    s.after(1_900);
    s.nothing("before its delay is over").await;
    s.after(1_100);
    assert!(bodies(&s.receive(10).await).contains(&"later".to_owned()), "its delay is over");
}

fn keyed(body: &str, key: &str) -> NewMessage {
    NewMessage { dedup: Some(key.to_owned()), ..message(body) }
}

pub(super) async fn dedup(mut s: Subject) {
    let ids = s.send(vec![keyed("one", "a"), keyed("two", "b"), keyed("one again", "a")]).await;
    assert_eq!(ids[2], ids[0], "twice in one send");
    assert_ne!(ids[1], ids[0]);
    s = s.reopened().await;
    assert_eq!(s.send(vec![keyed("one", "a")]).await, [ids[0]], "again later");
    let elsewhere = s.port.send(PUSH, vec![keyed("one", "a")], s.now()).await.expect("send answers");
    assert_ne!(elsewhere, [ids[0]], "a key counts in its queue alone");
    let found = s.receive(10).await;
    assert_eq!(bodies(&found), ["one", "two"]);
    for delivery in found {
        assert!(s.port.done(MAIL, delivery.receipt).await.expect("done answers"));
    }
    assert_eq!(s.send(vec![keyed("one", "a")]).await, [ids[0]], "again when it is done");
    s.nothing("delivered twice").await;
}

pub(super) async fn dedup_race(s: Subject) {
    let (port, now) = (&s.port, s.now());
    let ids = race(20, |_| {
        let port = port.clone();
        async move { port.send(MAIL, vec![keyed("once", "key")], now).await.expect("send answers")[0] }
    });
    let mut ids = ids.await;
    ids.dedup();
    assert_eq!(ids, [s.one().await.id], "several ids, or a delivery of another");
}

pub(super) async fn dedup_ends(s: Subject) {
    let first = s.send(vec![keyed("one", "a")]).await;
    s.after(DEDUP_MS - 1);
    assert_eq!(s.send(vec![keyed("one", "a")]).await, first);
    s.after(1);
    assert_ne!(s.send(vec![keyed("another", "a")]).await, first);
    assert_eq!(bodies(&s.receive(10).await), ["another", "one"]);
}
