//! Items: partition-shaped, high-volume data (sessions, love notes, timers, meters, logs of events).
//!
//! Shaped by what DynamoDB can honour. What always holds:
//!
//! - A commit is atomic across partitions, at most 100 writes and 4 MB; it is on disk before it is answered.
//! - Each write may carry a condition; when one fails nothing is written and every failed one is told with the item
//!   that is stored now.
//! - An item is at most 400 KB, keys included; empty keys are refused.
//! - An item whose `expires_at` has come is absent to every read and every condition, at once, without a sweeper.
//! - A query reads one partition in the byte order of the sort key, in both directions; its continuation is a sort
//!   key, so it survives a restart. A page may end before the limit, even empty, while more follows.
//! - The same request token within 10 minutes applies once; with other content it is refused.
//! - No commit writes one item twice.
//! - The outbox is part of the commit; its sequence follows the order of commits.

pub mod contract;
mod lately;
pub mod limits;
mod sqlite;

pub use sqlite::SqliteItems;

use crate::PortResult;
use async_trait::async_trait;
use base::Time;
use bytes::Bytes;
use smallvec::SmallVec;

/// A kind of item with a table of its own. Declared once, in `app::tables`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Table {
    /// `a..z_`, at most 32 characters.
    pub name: &'static str,
}

/// Bytes of a partition or sort key: 1 to 1,024.
pub type Part = SmallVec<[u8; 40]>;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    pub table: Table,
    pub pk: Part,
    pub sk: Part,
}

impl Table {
    pub const fn new(name: &'static str) -> Self {
        Self { name }
    }

    pub fn key(self, pk: impl AsRef<[u8]>, sk: impl AsRef<[u8]>) -> Key {
        Key { table: self, pk: Part::from_slice(pk.as_ref()), sk: Part::from_slice(sk.as_ref()) }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    pub key: Key,
    /// 1 for a new item, one more with each write.
    pub version: u64,
    /// The one attribute that conditions and adds see: a counter, an epoch, a state.
    pub number: i64,
    pub expires_at: Option<Time>,
    /// Opaque to the store.
    pub body: Bytes,
}

/// What must hold of the stored item for a write to apply. An expired item is absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    Always,
    Absent,
    Present,
    Version(u64),
    /// Present, with this `number`.
    Number(i64),
}

#[derive(Debug, Clone)]
pub enum Write {
    /// Replaces or creates the item whole.
    Put { key: Key, number: i64, body: Bytes, expires_at: Option<Time>, when: When },
    /// Deleting what is absent succeeds unless the condition says otherwise.
    Delete { key: Key, when: When },
    /// Adds to `number`, creating the item (empty body, `expires_at`) when absent. Refused when the sum would pass
    /// `ceiling`; without one it stays within 64 bits. Evaluated by the writer, so that two adders never conflict.
    Add { key: Key, amount: i64, ceiling: Option<i64>, expires_at: Option<Time> },
    /// Writes nothing; only the condition.
    Check { key: Key, when: When },
}

impl Write {
    pub fn key(&self) -> &Key {
        match self {
            Self::Put { key, .. } | Self::Delete { key, .. } | Self::Add { key, .. } | Self::Check { key, .. } => key,
        }
    }
}

/// A record of the outbox, part of a commit. `name` is stored: names are append-only.
#[derive(Debug, Clone)]
pub struct Emit {
    pub name: &'static str,
    pub body: Bytes,
}

#[derive(Debug, Clone, Default)]
pub struct Commit {
    pub writes: Vec<Write>,
    pub outbox: Vec<Emit>,
    /// Makes a repeat of this commit harmless for 10 minutes.
    pub token: Option<[u8; 16]>,
}

/// Why one write did not apply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The item as stored now; none when it is absent.
    pub current: Option<Item>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// `numbers[i]` is the `number` after write `i` (0 for deletes and checks).
    Applied { numbers: Vec<i64> },
    /// One entry per write; none for the innocent ones.
    Refused(Vec<Option<Refusal>>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    Forward,
    Backward,
}

/// A range of one partition. Bounds are inclusive; `after` (the continuation of an earlier page) is exclusive and
/// counts in the direction of reading.
#[derive(Debug, Clone)]
pub struct Query {
    pub table: Table,
    pub pk: Part,
    pub from: Option<Part>,
    pub to: Option<Part>,
    pub order: Order,
    pub after: Option<Part>,
    pub limit: usize,
}

impl Query {
    /// The whole partition, oldest sort key first.
    pub fn partition(table: Table, pk: impl AsRef<[u8]>) -> Self {
        let pk = Part::from_slice(pk.as_ref());
        Self { table, pk, from: None, to: None, order: Order::Forward, after: None, limit: 100 }
    }
    #[must_use]
    pub fn backward(mut self) -> Self {
        self.order = Order::Backward;
        self
    }
    #[must_use]
    pub fn limit(mut self, limit: usize) -> Self {
        self.limit = limit;
        self
    }
    #[must_use]
    pub fn from(mut self, sk: impl AsRef<[u8]>) -> Self {
        self.from = Some(Part::from_slice(sk.as_ref()));
        self
    }
    #[must_use]
    pub fn to(mut self, sk: impl AsRef<[u8]>) -> Self {
        self.to = Some(Part::from_slice(sk.as_ref()));
        self
    }
    #[must_use]
    pub fn after(mut self, sk: Option<impl AsRef<[u8]>>) -> Self {
        self.after = sk.map(|sk| Part::from_slice(sk.as_ref()));
        self
    }
}

#[derive(Debug, Clone)]
pub struct Found {
    pub items: Vec<Item>,
    /// Where the next page starts (`after`); none when the range is read to its end.
    pub next: Option<Part>,
}

/// An outbox record as committed.
#[derive(Debug, Clone)]
pub struct Emitted {
    /// Greater than that of every record committed before.
    pub seq: u64,
    pub name: String,
    pub body: Bytes,
}

#[async_trait]
pub trait Items: Send + Sync + 'static {
    /// The item, read after every acknowledged write.
    async fn get(&self, key: &Key) -> PortResult<Option<Item>>;

    async fn query(&self, query: Query) -> PortResult<Found>;

    async fn commit(&self, commit: Commit) -> PortResult<Outcome>;

    /// Up to `limit` records of the outbox after `seq`, oldest first.
    async fn outbox(&self, after: u64, limit: usize) -> PortResult<Vec<Emitted>>;

    /// Forgets the outbox up to and with `seq`.
    async fn settle(&self, seq: u64) -> PortResult<()>;

    /// Frees the space of expired items and old request tokens, up to `limit` a call; how many went.
    async fn reap(&self, limit: usize) -> PortResult<usize>;

    /// Whether the store answers and, where it can tell, is whole: an empty list is healthy.
    async fn integrity(&self) -> PortResult<Vec<String>>;
}

/// Conveniences over the required methods.
impl dyn Items {
    /// A commit whose conditions the caller expects to hold: refused is `None`.
    pub async fn try_commit(&self, writes: Vec<Write>) -> PortResult<Option<Vec<i64>>> {
        match self.commit(Commit { writes, ..Commit::default() }).await? {
            Outcome::Applied { numbers } => Ok(Some(numbers)),
            Outcome::Refused(_) => Ok(None),
        }
    }
}
