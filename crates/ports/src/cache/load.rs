//! Reading through the cache: one load for many misses, and "not there" remembered too, for a shorter time.
//!
//! The cache only makes a read faster: when it does not answer, the value is loaded and handed out all the same. Keys
//! read here are written only here, because a stored value begins with a byte that tells presence from absence.
//! Between a change of the truth and the removal of its key, or by a load that was under way meanwhile, an old value
//! may be seen until it expires: give lives accordingly.

use super::Cache;
use base::Time;
use bytes::{BufMut as _, Bytes, BytesMut};
use parking_lot::Mutex;
use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::Arc,
};
use tokio::sync::OnceCell;

const ABSENT: u8 = 0;
const PRESENT: u8 = 1;

/// How long an answer is kept, in milliseconds. Each key keeps up to a tenth less, so that keys loaded together do not
/// expire together.
#[derive(Debug, Clone, Copy)]
pub struct Life {
    pub present_ms: i64,
    /// Of "not there": shorter.
    pub absent_ms: i64,
}

type Flight = OnceCell<Option<Bytes>>;

/// Reads through `cache`. One per process: the loads under way are known to it.
pub struct Loader {
    cache: Arc<dyn Cache>,
    flights: Mutex<HashMap<String, Arc<Flight>>>,
}

/// A caller's part in a load; the last one to leave takes the load off the list, also when it was cancelled.
struct Seat<'a> {
    loader: &'a Loader,
    key: &'a str,
    flight: Arc<Flight>,
}

impl Loader {
    pub fn new(cache: Arc<dyn Cache>) -> Self {
        Self { cache, flights: Mutex::default() }
    }

    /// The cached answer, or that of `miss`, which runs once for all callers that miss `key` at the same time. When it
    /// fails, its caller gets the error and the next in line tries; errors are not remembered.
    pub async fn load<E, F>(&self, key: &str, life: Life, now: Time, miss: F) -> Result<Option<Bytes>, E>
    where
        F: AsyncFnOnce() -> Result<Option<Bytes>, E>,
    {
        if let Some(answer) = self.cached(key, now).await {
            return Ok(answer);
        }
        let seat = self.sit(key);
        let answer = seat.flight.get_or_try_init(async || {
            // An earlier flight may have landed between our look and our seat.
            if let Some(answer) = self.cached(key, now).await {
                return Ok(answer);
            }
            let answer = miss().await?;
            self.keep(key, answer.as_ref(), life, now).await;
            Ok(answer)
        });
        answer.await.cloned()
    }

    async fn cached(&self, key: &str, now: Time) -> Option<Option<Bytes>> {
        let stored = match self.cache.get(key, now).await {
            Ok(stored) => stored?,
            Err(error) => {
                tracing::debug!(error = %error, "read past the cache");
                return None;
            }
        };
        match *stored.first()? {
            PRESENT => Some(Some(stored.slice(1..))),
            ABSENT => Some(None),
            _ => None,
        }
    }

    async fn keep(&self, key: &str, answer: Option<&Bytes>, life: Life, now: Time) {
        let (mark, value, ttl) = match answer {
            Some(value) => (PRESENT, &value[..], life.present_ms),
            None => (ABSENT, &[][..], life.absent_ms),
        };
        let mut stored = BytesMut::with_capacity(1 + value.len());
        stored.put_u8(mark);
        stored.put_slice(value);
        if let Err(error) = self.cache.set(key, stored.freeze(), jittered(key, ttl), now).await {
            tracing::debug!(error = %error, "not cached");
        }
    }

    fn sit<'a>(&'a self, key: &'a str) -> Seat<'a> {
        let flight = self.flights.lock().entry(key.to_owned()).or_default().clone();
        Seat { loader: self, key, flight }
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        let mut flights = self.loader.flights.lock();
        // Our count goes under the lock too, or two leaving at once would both take the other for still aboard.
        let flight = std::mem::take(&mut self.flight);
        // Landed, or nobody else aboard (one count is the list's, one ours): who comes later starts anew.
        let over = flight.initialized() || Arc::strong_count(&flight) == 2;
        if over && flights.get(self.key).is_some_and(|listed| Arc::ptr_eq(listed, &flight)) {
            flights.remove(self.key);
        }
    }
}

fn jittered(key: &str, ttl_ms: i64) -> i64 {
    let mut hash = DefaultHasher::new();
    key.hash(&mut hash);
    let share = i64::from(u8::try_from(hash.finish() & 0xff).unwrap_or(0));
    (ttl_ms - ttl_ms / 10 * share / 0xff).max(1)
}
