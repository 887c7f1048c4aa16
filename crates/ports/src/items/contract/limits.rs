use super::{METERS, NOTES, Subject, put};
use crate::contract::assert_refused;
use crate::items::limits::{MAX_COMMIT, MAX_ITEM, MAX_KEY, MAX_WRITES};
use crate::items::{Commit, Emit, Key, Query, Table, When, Write};
use bytes::Bytes;

fn heavy(key: &Key, size: usize) -> Write {
    let body = Bytes::from(vec![b'x'; size]);
    Write::Put { key: key.clone(), number: 0, body, expires_at: None, when: When::Always }
}

fn many(count: usize, size: usize) -> Vec<Write> {
    (0..count).map(|i| heavy(&NOTES.key(format!("{i}"), "k"), size)).collect()
}

pub(super) async fn refused(s: Subject) {
    let long = vec![b'k'; MAX_KEY + 1];
    let key = NOTES.key("p", "s");
    let table = [
        ("an item over the limit", vec![heavy(&key, MAX_ITEM + 1)]),
        ("keys count as part of the item", vec![heavy(&key, MAX_ITEM - 1)]),
        ("an empty partition key", vec![put(&NOTES.key("", "s"), "x", When::Always)]),
        ("an empty sort key", vec![put(&NOTES.key("p", ""), "x", When::Always)]),
        ("a long partition key", vec![put(&NOTES.key(&long, "s"), "x", When::Always)]),
        ("a long sort key", vec![put(&NOTES.key("p", &long), "x", When::Always)]),
        ("too many writes", many(MAX_WRITES + 1, 1)),
        ("too many bytes", many(12, MAX_COMMIT / 12 + 1)),
        ("an unknown table", vec![put(&Table::new("contract_unknown").key("p", "s"), "x", When::Always)]),
    ];
    for (what, mut writes) in table {
        if writes.len() < MAX_WRITES {
            writes.insert(0, put(&METERS.key("innocent", "k"), "x", When::Always));
        }
        assert_refused(s.port.commit(Commit { writes, ..Commit::default() }).await, what);
    }
    let outbox = (0..MAX_WRITES).map(|_| Emit { name: "x", body: Bytes::new() }).collect();
    let commit = Commit { writes: many(1, 1), outbox, token: None };
    assert_refused(s.port.commit(commit).await, "the outbox counts");
    assert_refused(s.port.get(&NOTES.key("p", "")).await, "a get with an empty key");
    assert_refused(s.port.query(Query::partition(NOTES, "")).await.map(|f| f.next), "a query of no partition");
    assert_refused(s.port.query(Query::partition(NOTES, "p").limit(0)).await.map(|f| f.next), "a query of nothing");
    assert_eq!(s.item(&METERS.key("innocent", "k")).await, None, "part of a refused commit was stored");
    assert_eq!(s.item(&NOTES.key("0", "k")).await, None, "part of a refused commit was stored");
}

pub(super) async fn stored(s: Subject) {
    // Every byte value, in keys too; and nothing at all as a body.
    let bytes: Vec<u8> = (0..=255).collect();
    let odd = NOTES.key(&bytes, &bytes);
    let body = Bytes::from(bytes);
    let when = When::Always;
    s.applied(vec![Write::Put { key: odd.clone(), number: i64::MIN, body: body.clone(), expires_at: None, when }])
        .await;
    let item = s.item(&odd).await.expect("stored");
    assert_eq!((item.body, item.number, item.key), (body, i64::MIN, odd));

    let longest = NOTES.key(vec![0xff; MAX_KEY], vec![0xff; MAX_KEY]);
    s.applied(vec![put(&longest, "", When::Absent)]).await;
    assert_eq!(s.body(&longest).await.as_deref(), Some(""));

    s.applied(vec![heavy(&NOTES.key("big", "k"), MAX_ITEM - 4096)]).await;
    assert_eq!(s.item(&NOTES.key("big", "k")).await.map(|i| i.body.len()), Some(MAX_ITEM - 4096));
    assert_eq!(s.applied(many(MAX_WRITES, 1_000)).await.len(), MAX_WRITES);
    s.applied(many(10, 390_000)).await;
    assert_eq!(s.item(&NOTES.key("9", "k")).await.map(|i| (i.body.len(), i.version)), Some((390_000, 2)));
}

pub(super) async fn twice(s: Subject) {
    let key = NOTES.key("p", "k");
    for second in [
        put(&key, "b", When::Always),
        Write::Delete { key: key.clone(), when: When::Always },
        Write::Check { key: key.clone(), when: When::Absent },
    ] {
        let commit = Commit { writes: vec![put(&key, "a", When::Always), second], ..Commit::default() };
        assert_refused(s.port.commit(commit).await, "two writes to one item");
    }
    assert_eq!(s.item(&key).await, None);
    s.applied(vec![put(&key, "a", When::Always), put(&METERS.key("p", "k"), "b", When::Always)]).await;
}
