//! One part of the memory cache: entries in slots, found by key, evicted by a clock hand.
//!
//! The hand goes round the slots. It drops what has expired, spares once what was used since its last pass, and
//! evicts the rest while the shard is too heavy. Locks that still run are never evicted: two holders would be worse
//! than a few bytes too many.

use super::level::Level;
use base::Time;
use bytes::Bytes;
use std::{collections::HashMap, sync::Arc};

/// What an entry costs beside its key and value.
const OVERHEAD: usize = 160;
/// Slots the hand looks at on each insertion, so that expired entries go although nobody asks for them.
const STRIDE: usize = 2;

pub(super) enum Kind {
    Value(Bytes),
    Counter(i64),
    Bucket(Level),
    /// A lock and its fencing token.
    Held(u64),
}

struct Entry {
    key: Arc<str>,
    kind: Kind,
    until: Time,
    used: bool,
}

impl Entry {
    fn weight(&self) -> usize {
        OVERHEAD + self.key.len() + if let Kind::Value(value) = &self.kind { value.len() } else { 0 }
    }
}

pub(super) struct Shard {
    places: HashMap<Arc<str>, usize>,
    slots: Vec<Option<Entry>>,
    free: Vec<usize>,
    hand: usize,
    weight: usize,
    limit: usize,
}

impl Shard {
    pub(super) fn new(limit: usize) -> Self {
        Self { places: HashMap::new(), slots: Vec::new(), free: Vec::new(), hand: 0, weight: 0, limit }
    }

    pub(super) fn weight(&self) -> usize {
        self.weight
    }

    /// What is under `key` and when it ends; none from that moment on.
    pub(super) fn live(&mut self, key: &str, now: Time) -> Option<(&mut Kind, &mut Time)> {
        let place = *self.places.get(key)?;
        let entry = self.slots[place].as_mut().filter(|entry| entry.until > now)?;
        entry.used = true;
        Some((&mut entry.kind, &mut entry.until))
    }

    pub(super) fn put(&mut self, key: &str, kind: Kind, until: Time, now: Time) {
        let (place, key) = self.place(key);
        let entry = Entry { key, kind, until, used: true };
        self.weight += entry.weight();
        if let Some(old) = self.slots[place].replace(entry) {
            self.weight -= old.weight();
        }
        self.sweep(place, now);
    }

    pub(super) fn remove(&mut self, key: &str) {
        if let Some(place) = self.places.get(key) {
            self.clear(*place);
        }
    }

    /// The slot of `key`, a new one when it has none.
    fn place(&mut self, key: &str) -> (usize, Arc<str>) {
        if let Some((key, place)) = self.places.get_key_value(key) {
            return (*place, key.clone());
        }
        let place = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.slots.len() - 1
        });
        let key: Arc<str> = key.into();
        self.places.insert(key.clone(), place);
        (place, key)
    }

    fn clear(&mut self, place: usize) {
        if let Some(entry) = self.slots[place].take() {
            self.weight -= entry.weight();
            self.places.remove(&entry.key);
            self.free.push(place);
        }
    }

    /// Moves the hand on: a little always, and as far as it takes when the shard is too heavy. Two rounds spare
    /// nothing that may go. The entry at `new` stays.
    fn sweep(&mut self, new: usize, now: Time) {
        let most = 2 * self.slots.len();
        for step in 0..most {
            let heavy = self.weight > self.limit;
            if step >= STRIDE && !heavy {
                break;
            }
            self.hand = (self.hand + 1) % self.slots.len();
            let hand = self.hand;
            let Some(entry) = self.slots[hand].as_mut().filter(|_| hand != new) else { continue };
            let expired = entry.until <= now;
            let spared = std::mem::take(&mut entry.used) || matches!(entry.kind, Kind::Held(_));
            if expired || (heavy && !spared) {
                self.clear(hand);
            }
        }
    }
}
