use super::Subject;
use crate::cache::limits::{MAX_KEY, MAX_VALUE};
use crate::contract::{assert_refused, race};
use bytes::Bytes;

impl Subject {
    pub(super) async fn value(&self, key: &str) -> Option<Bytes> {
        self.port.get(key, self.now()).await.expect("get answers")
    }

    async fn set(&self, key: &str, value: &'static [u8], ttl_ms: i64) {
        self.port.set(key, Bytes::from_static(value), ttl_ms, self.now()).await.expect("set answers");
    }
}

pub(super) async fn expiry(s: Subject) {
    assert_eq!(s.value("k").await, None);
    s.set("k", b"v", 3_000).await;
    s.set("empty", b"", 9_000).await;
    s.after(2_999);
    assert_eq!(s.value("k").await.as_deref(), Some(&b"v"[..]), "gone before its time");
    s.after(1);
    assert_eq!(s.value("k").await, None);
    assert_eq!(s.value("empty").await.as_deref(), Some(&b""[..]), "empty is not absent");
}

pub(super) async fn replaces(s: Subject) {
    s.set("k", b"old", 9_000).await;
    s.set("k", b"new", 2_000).await;
    assert_eq!(s.value("k").await.as_deref(), Some(&b"new"[..]));
    s.after(2_000);
    assert_eq!(s.value("k").await, None, "the life of the first value");
    s.set("k", b"again", 2_000).await;
    s.after(1_000);
    s.set("k", b"longer", 2_000).await;
    s.after(1_500);
    assert_eq!(s.value("k").await.as_deref(), Some(&b"longer"[..]));
}

pub(super) async fn remove(s: Subject) {
    for key in ["{ann}:a", "{ann}:b", "{ann}:c", "plain"] {
        s.set(key, b"v", 9_000).await;
    }
    s.port.remove(&["{ann}:a", "{ann}:b", "{ann}:never"]).await.expect("keys of one tag");
    s.port.remove(&["plain"]).await.expect("one key needs no tag");
    s.port.remove(&[]).await.expect("nothing to remove");
    assert_eq!((s.value("{ann}:a").await, s.value("{ann}:b").await, s.value("plain").await), (None, None, None));
    assert!(s.value("{ann}:c").await.is_some(), "not named");
}

pub(super) async fn hash_tags(s: Subject) {
    s.set("a", b"v", 9_000).await;
    s.set("{x}a", b"v", 9_000).await;
    for keys in [["a", "b"], ["{x}a", "a"], ["a", "{x}a"], ["{x}a", "{y}a"], ["{}a", "{}b"], ["{x}a", "x}a"]] {
        assert_refused(s.port.remove(&keys).await, &format!("{keys:?}"));
    }
    assert!(s.value("a").await.is_some() && s.value("{x}a").await.is_some(), "removed although refused");
}

pub(super) async fn limits(s: Subject) {
    let now = s.now();
    let (long, longest) = ("k".repeat(MAX_KEY + 1), "k".repeat(MAX_KEY));
    for key in ["", &long] {
        assert_refused(s.port.get(key, now).await, "get");
        assert_refused(s.port.set(key, Bytes::new(), 1_000, now).await, "set");
        assert_refused(s.port.remove(&[key]).await, "remove");
        assert_refused(s.port.add(key, 1, 1_000, now).await, "add");
        assert_refused(s.port.lock(key, 1_000, now).await, "lock");
        let bucket = crate::cache::Bucket { capacity: 1, per_ms: 1_000 };
        assert_refused(s.port.take(key, bucket, 1, now).await, "take");
    }
    let heavy = |size| Bytes::from(vec![b'x'; size]);
    assert_refused(s.port.set("k", heavy(MAX_VALUE + 1), 1_000, now).await, "a value over the limit");
    for ttl in [0, -1] {
        assert_refused(s.port.set("k", Bytes::new(), ttl, now).await, "a life of no time");
        assert_refused(s.port.add("k", 1, ttl, now).await, "a life of no time");
        assert_refused(s.port.lock("k", ttl, now).await, "a life of no time");
    }
    assert_eq!(s.value("k").await, None);
    s.port.set(&longest, heavy(MAX_VALUE), 9_000, now).await.expect("at the limits");
    assert_eq!(s.value(&longest).await.map(|v| v.len()), Some(MAX_VALUE));
}

pub(super) async fn counter(s: Subject) {
    let add = async |amount, ttl| s.port.add("n", amount, ttl, s.now()).await.expect("add answers");
    assert_eq!(add(2, 4_000).await, 2);
    s.after(3_000);
    assert_eq!(add(-5, 4_000).await, -3);
    s.after(1_000);
    assert_eq!(add(1, 4_000).await, 1, "the life of a counter begins with its first add");
}

pub(super) async fn counter_race(s: Subject) {
    let (port, now) = (&s.port, s.now());
    let numbers = race(50, |_| {
        let port = port.clone();
        async move { port.add("n", 1, 60_000, now).await.expect("add answers") }
    });
    let mut numbers = numbers.await;
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=50).collect::<Vec<_>>());
}
