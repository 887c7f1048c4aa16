//! The contract of this port: one case per sentence of its documentation.
//!
//! Signed URLs are for clients, so [`Subject::visit`] plays one: over HTTP where the store serves them itself, through
//! the [`Signer`](super::Signer) where our own edge does.

use super::{Objects, PutOutcome, PutWhen, Range, Upload};
use crate::{
    Fault,
    contract::{Case, CaseFuture},
};
use base::{Time, time::DAY, time::MINUTE, time::SECOND};
use bytes::Bytes;
use std::{collections::BTreeSet, future::Future, pin::Pin, sync::Arc};
use tokio::task::JoinSet;

/// A request to a signed URL.
pub struct Visit {
    pub method: &'static str,
    pub url: String,
    /// Of a `PUT`; empty otherwise.
    pub content_type: String,
    pub body: Bytes,
    /// When the request arrives. Who cannot set the clock of the store waits until then.
    pub at: Time,
}

/// The body of a `GET`, empty for a `PUT`; `None` when the request was turned away.
pub type Visited = Pin<Box<dyn Future<Output = Option<Bytes>> + Send>>;
pub type Reopened = Pin<Box<dyn Future<Output = Arc<dyn Objects>> + Send>>;

/// An empty store and what a case may do to it.
#[derive(Clone)]
pub struct Subject {
    pub objects: Arc<dyn Objects>,
    pub now: Time,
    pub visit: Arc<dyn Fn(Visit) -> Visited + Send + Sync>,
    /// A new signing key comes, the old one stays for verification.
    pub rotate: Arc<dyn Fn() + Send + Sync>,
    /// The same data through a new adapter, as after a restart.
    pub reopen: Arc<dyn Fn() -> Reopened + Send + Sync>,
}

pub const CASES: &[Case<Subject>] = &[
    ("a put is visible to the next get", |s| run(put_is_visible(s))),
    ("a missing key reads as absent, and deleting it succeeds", |s| run(missing_is_absent(s))),
    ("a delete is visible to the next get", |s| run(delete_is_visible(s))),
    ("one of many create-only puts wins", |s| run(create_only_races(s))),
    ("one of many replace-if-unchanged puts wins", |s| run(replace_races(s))),
    ("a lost put writes nothing", |s| run(lost_puts_write_nothing(s))),
    ("the ETag changes with the content", |s| run(etags_change(s))),
    ("a range read returns exactly the range, clipped at the end", |s| run(ranges_are_exact(s))),
    ("a range that begins beyond the end, or is empty, is refused", |s| run(ranges_are_refused(s))),
    ("an empty object is an object", |s| run(empty_objects(s))),
    ("what cannot be a key is refused", |s| run(bad_keys(s))),
    ("what cannot be a content type is refused", |s| run(bad_types(s))),
    ("every key is a name of its own", |s| run(keys_do_not_meet(s))),
    ("a list gives keys with the prefix in order after the last one", |s| run(lists_in_order(s))),
    ("objects outlive a restart", |s| run(outlives_restart(s))),
    ("a signed URL works until its second of expiry, not after", |s| run(urls_expire(s))),
    ("a URL born expired or for too long is refused", |s| run(url_lives(s))),
    ("any changed character of a signed URL is refused", |s| run(changed_urls(s))),
    ("a signed URL is for its method alone", |s| run(methods_are_bound(s))),
    ("size range and type of an upload are bound", |s| run(uploads_are_bound(s))),
    ("a clock that is a minute off is tolerated on issuing", |s| run(issuing_tolerates_skew(s))),
    ("URLs are signed in the encoded form the client sends", |s| run(encoded_keys(s))),
    ("two keys verify during a rotation", |s| run(rotation(s))),
];

fn run(case: impl Future<Output = ()> + Send + 'static) -> CaseFuture {
    Box::pin(case)
}

const TEXT: &str = "text/plain";

impl Subject {
    /// The ETag of what was stored; `None` when the put lost.
    async fn put(&self, key: &str, body: &str, when: PutWhen) -> Option<String> {
        let body = Bytes::copy_from_slice(body.as_bytes());
        match self.objects.put(key, body, TEXT, when, self.now).await.expect("a put") {
            PutOutcome::Stored(meta) => Some(meta.etag),
            PutOutcome::Lost => None,
        }
    }

    async fn get(&self, key: &str) -> Option<String> {
        let (_, body) = self.objects.get(key, None).await.expect("a get")?;
        Some(String::from_utf8(body.to_vec()).expect("the text that was put"))
    }

    async fn keys(&self, prefix: &str, after: Option<&str>, limit: usize) -> Vec<String> {
        let found = self.objects.list(prefix, after, limit).await.expect("a list");
        found.into_iter().map(|meta| meta.key).collect()
    }

    async fn url(&self, key: &str, life: i64) -> String {
        self.objects.presign_get(key, self.now.plus(life), self.now).await.expect("a signed URL")
    }

    fn upload(&self, key: &str) -> Upload {
        let expires_at = self.now.plus(10 * MINUTE);
        Upload { key: key.to_owned(), content_type: "image/png".to_owned(), min_bytes: 2, max_bytes: 4, expires_at }
    }

    async fn visit_get(&self, url: &str, at: Time) -> Option<Bytes> {
        let (url, content_type) = (url.to_owned(), String::new());
        (self.visit)(Visit { method: "GET", url, content_type, body: Bytes::new(), at }).await
    }

    async fn visit_put(&self, url: &str, content_type: &str, body: &'static str) -> bool {
        let (url, content_type) = (url.to_owned(), content_type.to_owned());
        let visit = Visit { method: "PUT", url, content_type, body: body.into(), at: self.now };
        (self.visit)(visit).await.is_some()
    }
}

async fn put_is_visible(s: Subject) {
    for body in ["first", "second, longer", "3"] {
        let etag = s.put("a/b.txt", body, PutWhen::Always).await.expect("an unconditional put stores");
        let (meta, read) = s.objects.get("a/b.txt", None).await.expect("a get").expect("what was put");
        assert_eq!(read, body.as_bytes());
        assert_eq!((&meta.key[..], meta.size, &meta.content_type[..]), ("a/b.txt", body.len() as u64, TEXT));
        assert_eq!(meta.etag, etag);
        assert_eq!(s.objects.head("a/b.txt").await.expect("a head"), Some(meta));
    }
}

async fn missing_is_absent(s: Subject) {
    s.put("here/too", "x", PutWhen::Always).await;
    for key in ["gone", "here", "here/too/deep"] {
        assert_eq!(s.objects.head(key).await.expect("a head"), None, "{key}");
        assert_eq!(s.get(key).await, None, "{key}");
        let range = Some(Range { start: 5, end: None });
        assert_eq!(s.objects.get(key, range).await.expect("a range of nothing"), None, "{key}");
        s.objects.delete(key).await.expect("deleting a missing key");
    }
    assert_eq!(s.get("here/too").await.as_deref(), Some("x"));
}

async fn delete_is_visible(s: Subject) {
    for key in ["a", "a/b", "a/b/c"] {
        s.put(key, key, PutWhen::Always).await;
    }
    s.objects.delete("a/b").await.expect("a delete");
    assert_eq!((s.get("a/b").await, s.objects.head("a/b").await.expect("a head")), (None, None));
    assert_eq!(s.keys("", None, 10).await, ["a", "a/b/c"]);
    s.objects.delete("a/b/c").await.expect("a delete");
    assert!(s.put("a/b/c", "again", PutWhen::Absent).await.is_some());
    assert_eq!(s.get("a/b/c").await.as_deref(), Some("again"));
}

/// Puts of eight different bodies at once; the bodies of those that were stored.
async fn race(s: &Subject, key: &'static str, when: &PutWhen) -> Vec<String> {
    let mut racers = JoinSet::new();
    for n in 0..8 {
        let (s, when, body) = (s.clone(), when.clone(), format!("body {n}"));
        racers.spawn(async move { s.put(key, &body, when).await.map(|_| body) });
    }
    racers.join_all().await.into_iter().flatten().collect()
}

async fn create_only_races(s: Subject) {
    let winners = race(&s, "raced", &PutWhen::Absent).await;
    assert_eq!(winners.len(), 1, "{winners:?}");
    assert_eq!(s.get("raced").await.as_ref(), winners.first());
    assert!(race(&s, "raced", &PutWhen::Absent).await.is_empty());
}

async fn replace_races(s: Subject) {
    let etag = s.put("raced", "before", PutWhen::Always).await.expect("stored");
    let winners = race(&s, "raced", &PutWhen::Unchanged(etag.clone())).await;
    assert_eq!(winners.len(), 1, "{winners:?}");
    assert_eq!(s.get("raced").await.as_ref(), winners.first());
    assert!(race(&s, "raced", &PutWhen::Unchanged(etag)).await.is_empty());
}

async fn lost_puts_write_nothing(s: Subject) {
    let etag = s.put("a", "kept", PutWhen::Absent).await.expect("stored");
    let before = s.objects.head("a").await.expect("a head");
    assert_eq!(s.put("a", "other", PutWhen::Absent).await, None);
    assert_eq!(s.put("a", "other", PutWhen::Unchanged("0".repeat(etag.len()))).await, None);
    assert_eq!(s.objects.head("a").await.expect("a head"), before);
    assert_eq!(s.get("a").await.as_deref(), Some("kept"));
    assert_eq!(s.put("missing", "other", PutWhen::Unchanged(etag)).await, None);
    assert_eq!(s.get("missing").await, None);
    assert_eq!(s.keys("", None, 10).await, ["a"]);
}

async fn etags_change(s: Subject) {
    let mut seen = BTreeSet::new();
    for body in ["", "a", "b", "aa"] {
        let etag = s.put("a", body, PutWhen::Always).await.expect("stored");
        assert!(seen.insert(etag), "{body:?}");
    }
    let replaced = s.put("a", "next", PutWhen::Unchanged(seen.pop_last().expect("four"))).await;
    let last = s.objects.head("a").await.expect("a head").expect("there").etag;
    assert!(replaced.is_none_or(|etag| etag == last));
    assert!(s.put("a", "and again", PutWhen::Unchanged(last)).await.is_some());
}

async fn ranges_are_exact(s: Subject) {
    let text = "0123456789";
    s.put("a", text, PutWhen::Always).await;
    for start in 0..10 {
        for end in [Some(start + 1), Some(9), Some(10), Some(11), Some(u64::MAX), None] {
            if end.is_some_and(|end| end <= start) {
                continue;
            }
            let (meta, part) = s.objects.get("a", Some(Range { start, end })).await.expect("a range").expect("there");
            let inside = start..end.unwrap_or(u64::MAX);
            let wanted: Vec<u8> = (0..).zip(text.bytes()).filter(|(i, _)| inside.contains(i)).map(|(_, b)| b).collect();
            assert_eq!((part, meta.size), (Bytes::from(wanted), 10), "{start}..{end:?}");
        }
    }
}

async fn ranges_are_refused(s: Subject) {
    s.put("a", "0123456789", PutWhen::Always).await;
    s.put("empty", "", PutWhen::Always).await;
    let odd = [("a", 10, None), ("a", 11, Some(20)), ("a", u64::MAX, None), ("a", 5, Some(5)), ("a", 5, Some(4))];
    for (key, start, end) in odd.into_iter().chain([("empty", 0, None)]) {
        let error = s.objects.get(key, Some(Range { start, end })).await.expect_err("a range of no byte");
        assert_eq!(error.fault, Fault::Refused, "{key} {start}..{end:?}");
    }
}

async fn empty_objects(s: Subject) {
    assert!(s.put("a", "", PutWhen::Absent).await.is_some());
    assert_eq!(s.get("a").await.as_deref(), Some(""));
    assert_eq!(s.put("a", "", PutWhen::Absent).await, None);
}

async fn bad_keys(s: Subject) {
    let long = "é".repeat(256) + "x";
    let odd = ["", "/", "/a", "a/", "a//b", "..", "../a", "a/../b", "a..b", ".", "./a", "a/./b", "a\nb", "a\0", &long];
    for key in odd {
        let put = s.objects.put(key, Bytes::new(), TEXT, PutWhen::Always, s.now).await.map(drop);
        let upload = Upload { key: key.to_owned(), ..s.upload("a") };
        let expires = s.now.plus(MINUTE);
        for (op, result) in [
            ("put", put),
            ("head", s.objects.head(key).await.map(drop)),
            ("get", s.objects.get(key, None).await.map(drop)),
            ("delete", s.objects.delete(key).await),
            ("presign_put", s.objects.presign_put(&upload, s.now).await.map(drop)),
            ("presign_get", s.objects.presign_get(key, expires, s.now).await.map(drop)),
        ] {
            assert_eq!(result.expect_err("refused").fault, Fault::Refused, "{op} {key:?}");
        }
    }
    assert!(s.keys("", None, 10).await.is_empty());
}

async fn bad_types(s: Subject) {
    for content_type in ["", "text/plain\r\nx-evil: 1", "text/plän", &"a".repeat(256)] {
        let put = s.objects.put("a", Bytes::new(), content_type, PutWhen::Always, s.now).await;
        assert_eq!(put.expect_err("refused").fault, Fault::Refused, "{content_type:?}");
        let upload = Upload { content_type: content_type.to_owned(), ..s.upload("a") };
        let signed = s.objects.presign_put(&upload, s.now).await;
        assert_eq!(signed.expect_err("refused").fault, Fault::Refused, "{content_type:?}");
    }
    assert_eq!(s.get("a").await, None);
}

/// Names that file systems, escapes and clients tend to confuse, each longest allowed form included.
fn close_keys() -> Vec<String> {
    let mut keys: Vec<String> = [
        "a",
        "A",
        "a/b",
        "a/B",
        "a-b",
        "a.b",
        "a b",
        "a+b",
        "a%20b",
        "a%2Fb",
        "a~",
        "a@",
        ".a",
        "é",
        "e\u{301}",
        "日本/💞",
    ]
    .map(str::to_owned)
    .to_vec();
    keys.extend(["x".repeat(512), "é".repeat(256), "y/".repeat(255) + "yy", "x".repeat(80), "x".repeat(80) + "/x"]);
    keys
}

async fn keys_do_not_meet(s: Subject) {
    let mut keys = close_keys();
    for key in &keys {
        assert!(s.put(key, key, PutWhen::Absent).await.is_some(), "{key:?}");
    }
    for key in &keys {
        assert_eq!(s.get(key).await.as_ref(), Some(key));
    }
    keys.sort();
    assert_eq!(s.keys("", None, 100).await, keys);
    while let Some(key) = keys.pop() {
        s.objects.delete(&key).await.expect("a delete");
        assert_eq!(s.keys("", None, 100).await, keys, "after {key:?}");
    }
}

async fn lists_in_order(s: Subject) {
    let keys = ["b", "p", "p-x", "p/a", "p/a/1", "p/a0", "p/b", "p/é", "p0", "q"];
    for key in keys.iter().rev() {
        s.put(key, key, PutWhen::Always).await;
    }
    assert_eq!(s.keys("", None, 100).await, keys);
    assert_eq!(s.keys("p/", None, 100).await, keys[3..8]);
    assert_eq!(s.keys("p/a", None, 100).await, keys[3..6]);
    assert_eq!(s.keys("p/a", Some("p/a"), 100).await, keys[4..6]);
    assert_eq!(s.keys("p", Some("p/a/0"), 3).await, keys[4..7]);
    assert_eq!(s.keys("p", Some("q"), 3).await, [""; 0]);
    assert_eq!(s.keys("absent/", None, 3).await, [""; 0]);
    assert_eq!(s.keys("", None, 0).await, [""; 0]);
    let mut paged = Vec::new();
    loop {
        let page = s.keys("p", paged.last().map(String::as_str), 2).await;
        if page.is_empty() {
            break;
        }
        paged.extend(page);
    }
    assert_eq!(paged, keys[1..9]);
    let found = s.objects.list("q", None, 1).await.expect("a list");
    assert_eq!(found.first().cloned(), s.objects.head("q").await.expect("a head"));
}

async fn outlives_restart(s: Subject) {
    s.put("a/b", "kept", PutWhen::Always).await;
    let before = s.objects.head("a/b").await.expect("a head");
    let s = Subject { objects: (s.reopen)().await, ..s };
    assert_eq!(s.objects.head("a/b").await.expect("a head"), before);
    assert_eq!(s.get("a/b").await.as_deref(), Some("kept"));
    assert_eq!(s.put("a/b", "other", PutWhen::Absent).await, None);
}

async fn urls_expire(s: Subject) {
    s.put("a", "body", PutWhen::Always).await;
    let url = s.url("a", 2 * SECOND).await;
    let last = s.now.plus(2 * SECOND);
    for at in [s.now, last.minus(1), last] {
        assert_eq!(s.visit_get(&url, at).await.as_deref(), Some(&b"body"[..]), "{at}");
    }
    for at in [last.plus(SECOND), last.plus(DAY)] {
        assert_eq!(s.visit_get(&url, at).await, None, "{at}");
    }
}

async fn url_lives(s: Subject) {
    for life in [-DAY, -1, 0, super::MAX_URL_LIFE + 1] {
        let expires_at = s.now.plus(life);
        let get = s.objects.presign_get("a", expires_at, s.now).await;
        let put = s.objects.presign_put(&Upload { expires_at, ..s.upload("a") }, s.now).await;
        for signed in [get, put] {
            assert_eq!(signed.expect_err("refused").fault, Fault::Refused, "{life}");
        }
    }
    let nothing = Upload { min_bytes: 3, max_bytes: 2, ..s.upload("a") };
    assert_eq!(s.objects.presign_put(&nothing, s.now).await.expect_err("refused").fault, Fault::Refused);
    s.url("a", super::MAX_URL_LIFE).await;
}

async fn changed_urls(s: Subject) {
    s.put("a/b", "body", PutWhen::Always).await;
    s.put("a/c", "body", PutWhen::Always).await;
    let url = s.url("a/b", MINUTE).await;
    let path = url.find("a/b").expect("the key in the URL");
    for at in path..url.len() {
        for to in ["A", "c", "0"] {
            let mut changed = url.clone();
            changed.replace_range(at..=at, to);
            if changed != url {
                assert_eq!(s.visit_get(&changed, s.now).await, None, "{changed}");
            }
        }
    }
    for end in ["0", "=", "&x=1"] {
        assert_eq!(s.visit_get(&format!("{url}{end}"), s.now).await, None, "{end}");
    }
    let bare = url.split('?').next().unwrap_or_default();
    assert_eq!(s.visit_get(bare, s.now).await, None);
    assert!(s.visit_get(&url, s.now).await.is_some());
}

async fn methods_are_bound(s: Subject) {
    s.put("a", "body", PutWhen::Always).await;
    let get = s.url("a", MINUTE).await;
    assert!(!s.visit_put(&get, TEXT, "abc").await);
    let put = s.objects.presign_put(&s.upload("a"), s.now).await.expect("a signed URL");
    assert_eq!(s.visit_get(&put, s.now).await, None);
    assert_eq!(s.get("a").await.as_deref(), Some("body"));
}

async fn uploads_are_bound(s: Subject) {
    let url = s.objects.presign_put(&s.upload("up"), s.now).await.expect("a signed URL");
    for (content_type, body) in [("image/png", "1"), ("image/png", "12345"), ("image/gif", "123"), ("", "123")] {
        assert!(!s.visit_put(&url, content_type, body).await, "{content_type} {body}");
    }
    assert_eq!(s.get("up").await, None);
    for body in ["12", "123", "1234"] {
        assert!(s.visit_put(&url, "image/png", body).await, "{body}");
        assert_eq!(s.get("up").await.as_deref(), Some(body));
    }
    let meta = s.objects.head("up").await.expect("a head").expect("uploaded");
    assert_eq!((&meta.content_type[..], meta.size), ("image/png", 4));
}

async fn issuing_tolerates_skew(s: Subject) {
    s.put("a", "body", PutWhen::Always).await;
    for skew in [-MINUTE, MINUTE] {
        let issued = s.now.plus(skew);
        let url = s.objects.presign_get("a", issued.plus(10 * MINUTE), issued).await.expect("a signed URL");
        assert!(s.visit_get(&url, s.now).await.is_some(), "{skew}");
    }
}

async fn encoded_keys(s: Subject) {
    for key in close_keys() {
        let upload = s.objects.presign_put(&s.upload(&key), s.now).await.expect("a signed URL");
        assert!(upload.bytes().all(|b| b.is_ascii_graphic()), "{upload}");
        assert!(s.visit_put(&upload, "image/png", "123").await, "{upload}");
        assert_eq!(s.get(&key).await.as_deref(), Some("123"));
        let url = s.url(&key, MINUTE).await;
        assert_eq!(s.visit_get(&url, s.now).await.as_deref(), Some(&b"123"[..]), "{url}");
    }
}

async fn rotation(s: Subject) {
    s.put("a", "body", PutWhen::Always).await;
    let old = s.url("a", MINUTE).await;
    (s.rotate)();
    let new = s.url("a", MINUTE).await;
    for url in [old, new] {
        assert!(s.visit_get(&url, s.now).await.is_some(), "{url}");
    }
}
