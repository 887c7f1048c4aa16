//! Cache: what may be lost at any moment. Rate-limit buckets, hot reads, presence, short locks.
//!
//! - An expired key reads as absent at the moment of expiry, without a sweeper.
//! - Operations on several keys need one hash tag (`{…}`) in all of them; otherwise they are refused.
//! - A lock carries a fencing token that grows; one who lost it cannot release it or pass as its holder.
//! - A value over 1 MiB, an empty key or one over 512 bytes is refused. A key is of one kind while it lives: a value, a
//!   counter, a bucket or a lock.
//! - [`Loader::load`] lets a hundred concurrent misses of one key cause one load, and may cache "not there" for a shorter time.

pub mod contract;
mod level;
pub mod limits;
mod load;
mod memory;
mod shard;

pub use load::{Life, Loader};
pub use memory::MemoryCache;

use crate::PortResult;
use async_trait::async_trait;
use base::Time;
use bytes::Bytes;

/// A token bucket: `capacity` at once, refilled evenly over `per_ms`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bucket {
    pub capacity: u32,
    pub per_ms: i64,
}

/// The bucket after a take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    pub allowed: bool,
    /// Whole tokens left.
    pub remaining: u32,
    /// Milliseconds until the bucket is full again.
    pub reset_ms: i64,
    /// Milliseconds until this take could succeed; 0 when it did.
    pub retry_ms: i64,
}

/// A held lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lock {
    pub key: String,
    /// Greater than the token of every earlier holder of this key.
    pub token: u64,
    pub until: Time,
}

#[async_trait]
pub trait Cache: Send + Sync + 'static {
    async fn get(&self, key: &str, now: Time) -> PortResult<Option<Bytes>>;

    /// `ttl_ms` is above zero.
    async fn set(&self, key: &str, value: Bytes, ttl_ms: i64, now: Time) -> PortResult<()>;

    /// Removes keys of one hash tag (one key needs none).
    async fn remove(&self, keys: &[&str]) -> PortResult<()>;

    /// Adds to a counter that lives `ttl_ms` from its first add; the new value.
    async fn add(&self, key: &str, amount: i64, ttl_ms: i64, now: Time) -> PortResult<i64>;

    /// Takes `cost` tokens, or none when there are not enough. A cost of 0 only looks; one over the capacity could
    /// never succeed and is refused.
    async fn take(&self, key: &str, bucket: Bucket, cost: u32, now: Time) -> PortResult<Taken>;

    /// The lock, when nobody holds it.
    async fn lock(&self, key: &str, ttl_ms: i64, now: Time) -> PortResult<Option<Lock>>;

    /// Releases a lock; false when it was no longer ours.
    async fn unlock(&self, lock: &Lock, now: Time) -> PortResult<bool>;
}
