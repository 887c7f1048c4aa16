//! The cache in this process's memory: shards with a lock each, bounded by weight.
//!
//! A request takes from a bucket before anything else, so a call costs one short lock of one shard and no allocation
//! once the key is there. What has expired is absent at once; its memory goes when the clock hand of its shard passes.

use super::limits::{check_key, check_keys, check_take, check_ttl, check_value, refused};
use super::shard::{Kind, Shard};
use super::{Bucket, Cache, Lock, Taken, level::Level};
use crate::PortResult;
use async_trait::async_trait;
use base::Time;
use bytes::Bytes;
use parking_lot::{Mutex, MutexGuard};
use std::{
    hash::{BuildHasher as _, RandomState},
    sync::atomic::{AtomicU64, Ordering},
};

const MANY: usize = 64;
/// A shard holds at least a few of the largest values.
const SHARD_BYTES: usize = 4 * super::limits::MAX_VALUE;

pub struct MemoryCache {
    shards: Vec<Mutex<Shard>>,
    hasher: RandomState,
    /// The last fencing token given.
    fence: AtomicU64,
}

impl MemoryCache {
    /// Holds about `max_bytes` (keys and values), but never less than a few of the largest values.
    pub fn new(max_bytes: usize) -> Self {
        let count = (max_bytes / SHARD_BYTES).clamp(1, MANY);
        let each = (max_bytes / count).max(SHARD_BYTES);
        Self {
            shards: (0..count).map(|_| Mutex::new(Shard::new(each))).collect(),
            hasher: RandomState::new(),
            fence: AtomicU64::new(0),
        }
    }

    /// Bytes held now, expired ones not yet passed by the hand included.
    pub fn weight(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().weight()).sum()
    }

    fn shard(&self, key: &str) -> MutexGuard<'_, Shard> {
        // Modulo a count of shards that fits any word: the cut upper half is no loss.
        let hash = usize::try_from(self.hasher.hash_one(key) & 0xffff_ffff).unwrap_or(0);
        self.shards[hash % self.shards.len()].lock()
    }

    /// Grows by one, and over restarts with the clock: it begins at 1,024 tokens per millisecond since the epoch.
    fn next_fence(&self, now: Time) -> u64 {
        let floor = u64::try_from(now.0).unwrap_or(0).saturating_mul(1_024);
        self.fence.fetch_max(floor, Ordering::Relaxed);
        self.fence.fetch_add(1, Ordering::Relaxed) + 1
    }
}

#[async_trait]
impl Cache for MemoryCache {
    async fn get(&self, key: &str, now: Time) -> PortResult<Option<Bytes>> {
        check_key(key, "cache.get")?;
        match self.shard(key).live(key, now) {
            None => Ok(None),
            Some((Kind::Value(value), _)) => Ok(Some(value.clone())),
            Some(_) => Err(refused("cache.get", "the key is not of a value")),
        }
    }

    async fn set(&self, key: &str, value: Bytes, ttl_ms: i64, now: Time) -> PortResult<()> {
        let op = "cache.set";
        check_key(key, op)?;
        check_value(&value, op)?;
        check_ttl(ttl_ms, op)?;
        self.shard(key).put(key, Kind::Value(value), now.plus(ttl_ms), now);
        Ok(())
    }

    async fn remove(&self, keys: &[&str]) -> PortResult<()> {
        check_keys(keys, "cache.remove")?;
        for key in keys {
            self.shard(key).remove(key);
        }
        Ok(())
    }

    async fn add(&self, key: &str, amount: i64, ttl_ms: i64, now: Time) -> PortResult<i64> {
        let op = "cache.add";
        check_key(key, op)?;
        check_ttl(ttl_ms, op)?;
        let mut shard = self.shard(key);
        match shard.live(key, now) {
            None => {
                shard.put(key, Kind::Counter(amount), now.plus(ttl_ms), now);
                Ok(amount)
            }
            Some((Kind::Counter(count), _)) => {
                *count = count.saturating_add(amount);
                Ok(*count)
            }
            Some(_) => Err(refused(op, "the key is not of a counter")),
        }
    }

    async fn take(&self, key: &str, bucket: Bucket, cost: u32, now: Time) -> PortResult<Taken> {
        let op = "cache.take";
        check_key(key, op)?;
        check_take(bucket, cost, op)?;
        let mut shard = self.shard(key);
        match shard.live(key, now) {
            None => {
                let mut level = Level::full(bucket, now);
                let taken = level.take(bucket, cost, now);
                shard.put(key, Kind::Bucket(level), level.until(), now);
                Ok(taken)
            }
            Some((Kind::Bucket(level), until)) => {
                let taken = level.take(bucket, cost, now);
                *until = level.until();
                Ok(taken)
            }
            Some(_) => Err(refused(op, "the key is not of a bucket")),
        }
    }

    async fn lock(&self, key: &str, ttl_ms: i64, now: Time) -> PortResult<Option<Lock>> {
        let op = "cache.lock";
        check_key(key, op)?;
        check_ttl(ttl_ms, op)?;
        let mut shard = self.shard(key);
        match shard.live(key, now) {
            None => {
                let (token, until) = (self.next_fence(now), now.plus(ttl_ms));
                shard.put(key, Kind::Held(token), until, now);
                Ok(Some(Lock { key: key.to_owned(), token, until }))
            }
            Some((Kind::Held(_), _)) => Ok(None),
            Some(_) => Err(refused(op, "the key is not of a lock")),
        }
    }

    async fn unlock(&self, lock: &Lock, now: Time) -> PortResult<bool> {
        check_key(&lock.key, "cache.unlock")?;
        let mut shard = self.shard(&lock.key);
        let ours = matches!(shard.live(&lock.key, now), Some((Kind::Held(token), _)) if *token == lock.token);
        if ours {
            shard.remove(&lock.key);
        }
        Ok(ours)
    }
}
