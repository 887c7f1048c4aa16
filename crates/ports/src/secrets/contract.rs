//! The contract of this port: one case per sentence of its documentation.

use super::{MAX_SECRET, RingKey, Secrets};
use crate::{
    Fault, PortResult,
    contract::{Case, CaseFuture},
};
use base::{Time, time::DAY};
use std::{collections::BTreeSet, future::Future, pin::Pin, sync::Arc};
use tokio::task::JoinSet;

pub type Stored = Pin<Box<dyn Future<Output = PortResult<()>> + Send>>;
pub type Reopened = Pin<Box<dyn Future<Output = Arc<dyn Secrets>> + Send>>;

/// How an operator puts a secret into the store: name, value.
pub type Operator = Arc<dyn Fn(&str, &str) -> Stored + Send + Sync>;

/// An empty store.
#[derive(Clone)]
pub struct Subject {
    pub secrets: Arc<dyn Secrets>,
    pub now: Time,
    pub store: Operator,
    /// The same data through a new adapter with no memory, as in another process.
    pub reopen: Arc<dyn Fn() -> Reopened + Send + Sync>,
}

pub const CASES: &[Case<Subject>] = &[
    ("a stored secret is read by its name", |s| run(reads(s))),
    ("a missing secret is an error that names it", |s| run(missing_is_named(s))),
    ("an empty secret counts as missing", |s| run(empty_is_missing(s))),
    ("a value never shows in Debug or errors", |s| run(values_do_not_show(s))),
    ("a secret over 64 KB is refused", |s| run(too_large(s))),
    ("what cannot be a name is refused", |s| run(bad_names(s))),
    ("a ring makes its first key on first use and keeps it", |s| run(first_use(s))),
    ("a ring outlives a restart", |s| run(outlives_restart(s))),
    ("all who ask for the first time at once get the same key", |s| run(first_use_races(s))),
    ("all who rotate at once get the same ring", |s| run(rotation_races(s))),
    ("two rings share no key", |s| run(rings_differ(s))),
    ("a newer key comes when the newest is older than its time", |s| run(rotates(s))),
    ("an older key goes when its overlap has passed", |s| run(retires(s))),
    ("a ring that slept past everything gets a new key and drops the old", |s| run(sleeps(s))),
];

const ROTATE: i64 = 90 * DAY;
const OVERLAP: i64 = 7 * DAY;

fn run(case: impl Future<Output = ()> + Send + 'static) -> CaseFuture {
    Box::pin(case)
}

impl Subject {
    async fn ring(&self, name: &str, after: i64) -> Vec<RingKey> {
        self.secrets.keyring(name, ROTATE, OVERLAP, self.now.plus(after)).await.expect("a ring")
    }

    async fn ids(&self, after: i64) -> Vec<String> {
        ids(&self.ring("tokens", after).await)
    }

    /// Asks for one ring eight times at once, each time through an adapter of its own.
    async fn race(&self, after: i64) -> BTreeSet<Vec<String>> {
        let mut racers = JoinSet::new();
        for _ in 0..8 {
            let racer = Self { secrets: (self.reopen)().await, ..self.clone() };
            racers.spawn(async move { racer.ids(after).await });
        }
        racers.join_all().await.into_iter().collect()
    }
}

fn ids(ring: &[RingKey]) -> Vec<String> {
    ring.iter().map(|key| key.id.clone()).collect()
}

async fn reads(s: Subject) {
    for (name, value) in
        [("stripe-key", "sk_test_1"), ("Stripe_Key2", "ünïcode and spaces"), ("stripe-key", "sk_test_2")]
    {
        (s.store)(name, value).await.expect("storing");
        let secrets = (s.reopen)().await;
        assert_eq!(secrets.get(name).await.expect("a secret").reveal(), value);
    }
}

async fn missing_is_named(s: Subject) {
    for name in ["no-such-secret", "env:O2O_CONTRACT_OF_SECRETS_UNSET", "file:/no/such/folder/secret"] {
        let error = s.secrets.get(name).await.expect_err("missing");
        assert_eq!(error.fault, Fault::Refused);
        assert!(error.to_string().contains(name), "{error}");
    }
}

async fn empty_is_missing(s: Subject) {
    // A store may refuse it at once.
    let _refused = (s.store)("blank", "").await;
    let error = s.secrets.get("blank").await.expect_err("missing");
    assert!(error.to_string().contains("blank"), "{error}");
}

async fn values_do_not_show(s: Subject) {
    (s.store)("shy", "correct horse battery").await.expect("storing");
    let secret = s.secrets.get("shy").await.expect("a secret");
    assert!(!format!("{secret:?}").contains("horse"));
    let ring = s.ring("tokens", 0).await;
    let shown = format!("{ring:?} {:#?}", ring[0]);
    assert!(shown.contains(&ring[0].id) && !shown.contains("bytes"), "{shown}");
    let _refused = (s.store)("shy", &"horse".repeat(MAX_SECRET)).await;
    if let Err(error) = (s.reopen)().await.get("shy").await {
        assert!(!format!("{error} {error:?}").contains("horse"), "{error}");
    }
}

async fn too_large(s: Subject) {
    let (most, over) = ("x".repeat(MAX_SECRET), "x".repeat(MAX_SECRET + 1));
    (s.store)("most", &most).await.expect("storing");
    assert_eq!(s.secrets.get("most").await.expect("a secret").reveal(), most);
    // Refused when it is stored, or at the latest when it is read.
    let error = match (s.store)("over", &over).await {
        Err(error) => error,
        Ok(()) => s.secrets.get("over").await.expect_err("too large"),
    };
    assert_eq!(error.fault, Fault::Refused);
    assert!(error.to_string().contains("over"), "{error}");
}

async fn bad_names(s: Subject) {
    for name in ["", ".", "..", "../tokens", "a/b", "a b", "a\0", "é", &"x".repeat(101)] {
        assert_eq!(s.secrets.get(name).await.expect_err("refused").fault, Fault::Refused, "{name:?}");
        let ring = s.secrets.keyring(name, ROTATE, OVERLAP, s.now).await;
        assert_eq!(ring.expect_err("refused").fault, Fault::Refused, "{name:?}");
    }
}

async fn first_use(s: Subject) {
    let ring = s.ring("tokens", 0).await;
    assert_eq!((ring.len(), ring[0].created_at), (1, s.now));
    assert!(ring[0].bytes != [0; 32] && (1..=32).contains(&ring[0].id.len()));
    assert!(ring[0].id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_')));
    for after in [0, 1, ROTATE] {
        let again = s.ring("tokens", after).await;
        assert_eq!((ids(&again), again[0].bytes), (ids(&ring), ring[0].bytes));
    }
}

async fn outlives_restart(s: Subject) {
    let ring = s.ring("tokens", 0).await;
    let s = Subject { secrets: (s.reopen)().await, ..s };
    let again = s.ring("tokens", DAY).await;
    let facts = |key: &RingKey| (key.id.clone(), key.bytes, key.created_at);
    assert_eq!(again.iter().map(facts).collect::<Vec<_>>(), ring.iter().map(facts).collect::<Vec<_>>());
}

async fn first_use_races(s: Subject) {
    let rings = s.race(0).await;
    assert_eq!(rings.len(), 1, "{rings:?}");
    assert!(rings.contains(&s.ids(0).await));
}

async fn rotation_races(s: Subject) {
    let first = s.ids(0).await;
    let rings = s.race(ROTATE + 1).await;
    assert_eq!(rings.len(), 1, "{rings:?}");
    let ring = s.ids(ROTATE + 1).await;
    assert!(rings.contains(&ring));
    assert_eq!((ring.len(), &ring[1..]), (2, &first[..]));
}

async fn rings_differ(s: Subject) {
    let (tokens, urls) = (s.ring("tokens", 0).await, s.ring("urls", 0).await);
    assert_ne!((&tokens[0].id, tokens[0].bytes), (&urls[0].id, urls[0].bytes));
    assert_ne!(tokens[0].bytes, urls[0].bytes);
    assert_eq!(s.ids(1).await, ids(&tokens));
}

async fn rotates(s: Subject) {
    let first = s.ids(0).await;
    assert_eq!(s.ids(ROTATE).await, first, "not yet older");
    let two = s.ring("tokens", ROTATE + 1).await;
    assert_eq!((two.len(), two[0].created_at), (2, s.now.plus(ROTATE + 1)));
    assert_eq!(ids(&two)[1..], first, "newest first, and the older one verifies on");
    assert_ne!(two[0].bytes, two[1].bytes);
    assert_eq!(s.ids(ROTATE + 2).await, ids(&two));
}

async fn retires(s: Subject) {
    s.ids(0).await;
    let two = s.ids(ROTATE + 1).await;
    assert_eq!(s.ids(ROTATE + OVERLAP).await, two, "not yet older");
    assert_eq!(s.ids(ROTATE + OVERLAP + 1).await, two[..1]);
    let s = Subject { secrets: (s.reopen)().await, ..s };
    assert_eq!(s.ids(ROTATE + OVERLAP + 1).await, two[..1]);
}

async fn sleeps(s: Subject) {
    let first = s.ids(0).await;
    let woken = s.ids(10 * ROTATE).await;
    assert_eq!(woken.len(), 1);
    assert_ne!(woken, first);
}
