//! How full a token bucket is, in whole numbers: no float drifts, however long a bucket lives.
//!
//! What is missing is counted in parts of a token, `per_ms` parts to the token. So one millisecond gives back exactly
//! `capacity` parts.

use super::{Bucket, Taken};
use base::Time;

#[derive(Debug, Clone, Copy)]
pub(super) struct Level {
    bucket: Bucket,
    /// Parts missing to a full bucket, as of `at`.
    missing: i64,
    at: Time,
}

impl Level {
    pub(super) fn full(bucket: Bucket, now: Time) -> Self {
        Self { bucket, missing: 0, at: now }
    }

    /// Takes `cost` tokens when they are there. Arguments are checked by the caller: the product of `capacity` and
    /// `per_ms` is above zero and fits, `cost` is at most `capacity`.
    pub(super) fn take(&mut self, bucket: Bucket, cost: u32, now: Time) -> Taken {
        self.refill(now);
        self.reshape(bucket);
        let (capacity, per) = (i64::from(bucket.capacity), bucket.per_ms);
        let parts = capacity * per;
        let need = i64::from(cost) * per;
        let lack = self.missing.saturating_add(need) - parts;
        let allowed = lack <= 0;
        if allowed {
            self.missing += need;
        }
        Taken {
            allowed,
            remaining: u32::try_from((parts - self.missing) / per).unwrap_or(u32::MAX),
            reset_ms: ceil(self.missing, capacity),
            retry_ms: if allowed { 0 } else { ceil(lack, capacity) },
        }
    }

    /// A bucket that is full again is like one that was never used.
    pub(super) fn until(&self) -> Time {
        self.at.plus(ceil(self.missing, i64::from(self.bucket.capacity)))
    }

    fn refill(&mut self, now: Time) {
        // A clock that went back gives nothing and takes nothing.
        let passed = now.since(self.at).max(0);
        self.missing = self.missing.saturating_sub(passed.saturating_mul(i64::from(self.bucket.capacity))).max(0);
        self.at = self.at.max(now);
    }

    /// Another limit under the same key (a plan changed): the tokens used so far stay used.
    fn reshape(&mut self, bucket: Bucket) {
        if bucket != self.bucket {
            let used = self.missing / self.bucket.per_ms;
            self.missing = used.min(i64::from(bucket.capacity)) * bucket.per_ms;
            self.bucket = bucket;
        }
    }
}

fn ceil(parts: i64, step: i64) -> i64 {
    parts / step + i64::from(parts % step > 0)
}
