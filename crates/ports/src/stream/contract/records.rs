use super::{CHAT, Subject, USER, bodies, record};
use crate::contract::{assert_refused, race as racers};
use crate::stream::{NewRecord, Record, Topic};
use bytes::Bytes;
use std::collections::{BTreeMap, BTreeSet};

/// The bodies of each key, in the order of reading; a key in two partitions is a failure.
fn by_key(all: &[Record]) -> BTreeMap<Bytes, Vec<String>> {
    let mut out: BTreeMap<Bytes, (u16, Vec<String>)> = BTreeMap::new();
    for (record, body) in all.iter().zip(bodies(all)) {
        let (partition, list) = out.entry(record.key.clone()).or_insert_with(|| (record.partition, Vec::new()));
        assert_eq!(*partition, record.partition, "key {:?} lies in two partitions", record.key);
        list.push(body);
    }
    out.into_iter().map(|(key, (_, list))| (key, list)).collect()
}

fn counted(until: usize) -> Vec<String> {
    (0..until).map(|i| i.to_string()).collect()
}

pub(super) async fn order(s: Subject) {
    for i in 0..20 {
        let body = i.to_string();
        s.append(CHAT, ["ann", "bob", "cid", "dee", "eve"].iter().map(|key| record(key, &body)).collect()).await;
    }
    let all = s.all(CHAT, "g").await;
    let grows = |w: &[Record]| w[0].partition != w[1].partition || w[0].offset < w[1].offset;
    assert!(all.windows(2).all(grows), "offsets do not grow within a partition");
    let keys = by_key(&all);
    assert_eq!(keys.len(), 5);
    for (key, list) in keys {
        assert_eq!(list, counted(20), "{key:?}");
    }
}

pub(super) async fn race(s: Subject) {
    let (port, now) = (&s.port, s.now());
    racers(8, |who| {
        let port = port.clone();
        async move {
            for i in 0..25 {
                let records = vec![record(&format!("key {who}"), &i.to_string())];
                port.append(CHAT, records, now).await.expect("append answers");
            }
        }
    })
    .await;
    let all = s.all(CHAT, "g").await;
    let places: BTreeSet<_> = all.iter().map(|r| (r.partition, r.offset)).collect();
    assert_eq!((all.len(), places.len()), (200, 200), "lost, or two records in one place");
    for (key, list) in by_key(&all) {
        assert_eq!(list, counted(25), "{key:?}");
    }
}

pub(super) async fn survives(mut s: Subject) {
    s.append(USER, vec![record("a", "1"), record("b", "2")]).await;
    let before = s.all(USER, "g").await;
    s = s.reopened().await;
    assert_eq!(s.all(USER, "g").await, before);
    assert_eq!(bodies(&before), ["1", "2"]);
}

pub(super) async fn partitions(mut s: Subject) {
    let keys: Vec<String> = (0..64).map(|i| format!("mem_{i}")).collect();
    s.append(CHAT, keys.iter().map(|key| record(key, "0")).collect()).await;
    let used: BTreeSet<u16> = s.all(CHAT, "g").await.iter().map(|r| r.partition).collect();
    assert_eq!(used.len(), usize::from(CHAT.partitions), "64 keys leave a partition empty");
    s = s.reopened().await;
    s.append(CHAT, keys.iter().map(|key| record(key, "1")).collect()).await;
    for (key, list) in by_key(&s.all(CHAT, "g").await) {
        assert_eq!(list, counted(2), "{key:?}");
    }
}

pub(super) async fn as_it_was(s: Subject) {
    let at = s.now();
    let bytes = Bytes::from((0..=255).collect::<Vec<u8>>());
    s.append(USER, vec![NewRecord { key: bytes.clone(), body: bytes.clone() }, record("empty", "")]).await;
    s.after(1_000);
    let all = s.all(USER, "g").await;
    assert_eq!((&all[0].key, &all[0].body, all[0].at, all[0].partition), (&bytes, &bytes, at, 0));
    assert_eq!((&all[1].key[..], &all[1].body[..]), (&b"empty"[..], &b""[..]));
}

pub(super) async fn limits(s: Subject) {
    let now = s.now();
    let sized = |size| NewRecord { key: Bytes::from_static(b"k"), body: Bytes::from(vec![b'x'; size]) };
    let heavy = vec![record("a", "innocent"), sized(1024 * 1024)];
    assert_refused(s.port.append(USER, heavy, now).await, "a record over 1 MB");
    assert_eq!(s.all(USER, "g").await, [], "part of a refused append");
    s.append(USER, vec![sized(1_000_000)]).await;
    assert_eq!(s.all(USER, "g").await[0].body.len(), 1_000_000);
    s.append(USER, Vec::new()).await;

    let unknown = Topic { name: "contract-unknown", ..USER };
    assert_refused(s.port.append(unknown, vec![record("a", "b")], now).await, "appending to an unknown topic");
    assert_refused(s.port.read(unknown, 0, "g", None, 1).await, "reading an unknown topic");
    assert_refused(s.port.commit(unknown, 0, "g", 0).await, "committing on an unknown topic");
    assert_refused(s.port.lag(unknown, "g").await, "the lag of an unknown topic");
    assert_refused(s.port.expire(unknown, now).await, "expiring an unknown topic");
    let other = Topic { partitions: 9, ..USER };
    assert_refused(s.port.append(other, vec![record("a", "b")], now).await, "another number of partitions");
    assert_refused(s.port.read(CHAT, CHAT.partitions, "g", None, 1).await, "a partition that is not there");
    assert_refused(s.port.read(CHAT, 0, "", None, 1).await, "a group without a name");
    assert_eq!(s.port.read(USER, 0, "g", None, 0).await.expect("read answers"), []);
}

pub(super) async fn retention(s: Subject) {
    s.append(CHAT, (0..30).map(|i| record(&format!("{i}"), "old")).collect()).await;
    s.append(USER, vec![record("a", "longer kept")]).await;
    s.after(CHAT.retention_ms);
    s.append(CHAT, vec![record("x", "young"), record("y", "young")]).await;
    assert_eq!(s.port.expire(CHAT, s.now()).await.expect("expire answers"), 0, "not older than the retention yet");
    let now = s.after(1);
    assert_eq!(s.port.expire(CHAT, now).await.expect("expire answers"), 30);
    assert_eq!(bodies(&s.all(CHAT, "g").await), ["young", "young"]);
    assert_eq!(bodies(&s.all(USER, "g").await), ["longer kept"]);
    assert_eq!(s.port.expire(CHAT, now).await.expect("expire answers"), 0);
}

pub(super) async fn never_twice(mut s: Subject) {
    s.append(USER, vec![record("a", "1")]).await;
    let last = s.all(USER, "g").await[0].clone();
    s.commit(&last, USER, "g").await;
    let now = s.after(USER.retention_ms + 1);
    assert_eq!(s.port.expire(USER, now).await.expect("expire answers"), 1);
    s = s.reopened().await;
    s.append(USER, vec![record("a", "2")]).await;
    let next = s.all(USER, "g").await;
    assert_eq!(bodies(&next), ["2"], "the new record is behind the cursor");
    assert!(next[0].offset > last.offset);
}
