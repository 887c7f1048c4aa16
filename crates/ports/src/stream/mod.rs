//! Stream: facts that others consume, each in its own time. `user`, `love-note`, `chat`, `notification`, `payment`,
//! `analytics` events.
//!
//! - Records of one key stay in order; a topic has a fixed number of partitions, by hash of the key.
//! - A record appended is on disk when `append` answers.
//! - A group reads each partition from its committed offset; what is not committed comes again after a restart.
//! - An offset once committed never moves back.
//! - Records older than the topic's retention are dropped; a group that lagged behind goes on at the oldest kept.
//! - Lag is measured against the end and is zero after everything read is committed.
//! - A record over 1 MB or an unknown topic is refused; topics are not created by accident.

pub mod contract;
mod sqlite;

pub use sqlite::SqliteStream;

use crate::PortResult;
use async_trait::async_trait;
use base::Time;
use bytes::Bytes;

/// A topic, declared once in `app::work`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Topic {
    pub name: &'static str,
    pub partitions: u16,
    pub retention_ms: i64,
}

#[derive(Debug, Clone)]
pub struct NewRecord {
    /// Member or couple: what stays in order.
    pub key: Bytes,
    pub body: Bytes,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub partition: u16,
    /// Grows within its partition.
    pub offset: u64,
    pub key: Bytes,
    pub body: Bytes,
    pub at: Time,
}

#[async_trait]
pub trait Stream: Send + Sync + 'static {
    async fn append(&self, topic: Topic, records: Vec<NewRecord>, now: Time) -> PortResult<()>;

    /// Up to `limit` records of one partition after what `group` has committed (or after `after`, when later).
    async fn read(
        &self,
        topic: Topic,
        partition: u16,
        group: &str,
        after: Option<u64>,
        limit: usize,
    ) -> PortResult<Vec<Record>>;

    /// The group has dealt with everything up to and with `offset`.
    async fn commit(&self, topic: Topic, partition: u16, group: &str, offset: u64) -> PortResult<()>;

    /// Records not yet committed by `group`, over all partitions.
    async fn lag(&self, topic: Topic, group: &str) -> PortResult<u64>;

    /// Drops what is older than the retention; how many went.
    async fn expire(&self, topic: Topic, now: Time) -> PortResult<u64>;
}
