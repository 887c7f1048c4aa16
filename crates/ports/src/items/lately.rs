//! Items read lately, in memory: what the hot path reads again and again (a member's card, a session) costs a lookup
//! instead of a read transaction. Right because one process alone writes the file: its writer forgets what a batch
//! wrote, or remembers it as it has become, before anybody hears that it is stored.

use super::{Commit, Item, Key, Outcome, When, Write};
use base::Time;
use bytes::Bytes;
use quick_cache::{Weighter, sync::Cache};

#[derive(Clone)]
struct Value {
    version: u64,
    number: i64,
    expires_at: Option<Time>,
    body: Bytes,
}

#[derive(Clone)]
struct Size;

impl Weighter<Key, Value> for Size {
    fn weight(&self, key: &Key, value: &Value) -> u64 {
        // Beside the texts: the entry, its two links and the counters of the body.
        (size_of::<Key>() + size_of::<Value>() + 64 + key.pk.len() + key.sk.len() + value.body.len()) as u64
    }
}

pub(super) struct Lately(Cache<Key, Value, Size>);

impl Lately {
    /// Holds at most about `bytes`; 0 remembers nothing.
    pub(super) fn new(bytes: u64) -> Self {
        let items = usize::try_from(bytes / 512).unwrap_or(usize::MAX);
        Self(Cache::with_weighter(items, bytes, Size))
    }

    /// The item, from memory or by `read`; readers of one key wait for the first of them.
    pub(super) fn get<E>(
        &self,
        key: &Key,
        now: Time,
        read: impl FnOnce() -> Result<Option<Item>, E>,
    ) -> Result<Option<Item>, E> {
        let guard = match self.0.get_value_or_guard(key, None) {
            quick_cache::sync::GuardResult::Value(value) => return Ok(value.item(key, now)),
            quick_cache::sync::GuardResult::Guard(guard) => guard,
            quick_cache::sync::GuardResult::Timeout => return read(),
        };
        let found = read()?;
        if let Some(Item { version, number, expires_at, body, .. }) = &found {
            // Refused when the key was forgotten meanwhile: what was read may be older than what is stored.
            let value = Value { version: *version, number: *number, expires_at: *expires_at, body: body.clone() };
            drop(guard.insert(value));
        }
        Ok(found)
    }

    /// Called for every commit, in their order, after it is stored and before it is answered. Without an outcome it is
    /// not known what is stored.
    pub(super) fn landed(&self, commit: &Commit, outcome: Option<&Option<Outcome>>) {
        if matches!(outcome, Some(None | Some(Outcome::Refused(_)))) {
            return;
        }
        for write in &commit.writes {
            match write {
                Write::Check { .. } => {}
                // What was changed from a version that the writer has seen is asked for again soon.
                Write::Put { key, number, body, expires_at, when: When::Version(version) }
                    if outcome.is_some() && commit.token.is_none() =>
                {
                    let (number, expires_at, body) = (*number, *expires_at, body.clone());
                    self.0.insert(key.clone(), Value { version: version + 1, number, expires_at, body });
                }
                _ => self.forget(write.key()),
            }
        }
    }

    fn forget(&self, key: &Key) {
        self.0.remove(key);
    }
}

impl Value {
    fn item(self, key: &Key, now: Time) -> Option<Item> {
        let Self { version, number, expires_at, body } = self;
        let live = expires_at.is_none_or(|at| at > now);
        live.then(|| Item { key: key.clone(), version, number, expires_at, body })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::items::Table;
    use std::convert::Infallible;

    fn item(key: &Key, version: u64) -> Item {
        Item { key: key.clone(), version, number: 0, expires_at: None, body: Bytes::from_static(b"x") }
    }

    #[test]
    fn what_was_read_before_a_write_is_not_remembered_after_it() {
        let (lately, key) = (Lately::new(1 << 20), Table::new("t").key([1], [2]));
        let read =
            |version| lately.get::<Infallible>(&key, Time(0), || Ok(Some(item(&key, version)))).unwrap().unwrap();
        let slow = lately.get::<Infallible>(&key, Time(0), || {
            // Another thread's write lands between this read and its being remembered.
            lately.forget(&key);
            Ok(Some(item(&key, 1)))
        });
        assert_eq!(slow.unwrap().unwrap().version, 1);
        assert_eq!(read(2).version, 2, "the old one was not kept");
        assert_eq!(read(3).version, 2, "the new one is");
        lately.forget(&key);
        assert_eq!(read(4).version, 4);
    }

    #[test]
    fn what_is_changed_from_a_known_version_is_remembered_as_it_has_become() {
        let (lately, key) = (Lately::new(1 << 20), Table::new("t").key([1], [2]));
        let put = |version, body: &'static str| {
            let when = When::Version(version);
            let body = Bytes::from_static(body.as_bytes());
            let writes = vec![Write::Put { key: key.clone(), number: 7, body, expires_at: None, when }];
            Commit { writes, ..Commit::default() }
        };
        let stored = Some(Outcome::Applied { numbers: vec![7] });
        let slow = lately.get::<Infallible>(&key, Time(0), || {
            // Another thread's write lands between this read and its being remembered.
            lately.landed(&put(1, "new"), Some(&stored));
            Ok(Some(item(&key, 1)))
        });
        assert_eq!(slow.unwrap().unwrap().version, 1);
        let seen = || lately.get::<Infallible>(&key, Time(0), || Ok(Some(item(&key, 9)))).unwrap().unwrap();
        assert_eq!((seen().version, seen().number, &seen().body[..]), (2, 7, &b"new"[..]));
        lately.landed(&put(2, "refused"), Some(&Some(Outcome::Refused(vec![None]))));
        lately.landed(&put(2, "another token"), Some(&None));
        assert_eq!(seen().version, 2, "nothing was written");
        let check =
            Commit { writes: vec![Write::Check { key: key.clone(), when: When::Present }], ..Commit::default() };
        lately.landed(&check, Some(&stored));
        assert_eq!(seen().version, 2, "a check writes nothing");
        lately.landed(&put(2, "who knows"), None);
        assert_eq!(seen().version, 9, "what is not known is read");
        // A repeat by its token was stored before, and may have been overtaken since.
        lately.landed(&Commit { token: Some([1; 16]), ..put(3, "long ago") }, Some(&stored));
        lately.get::<Infallible>(&key, Time(0), || Ok(Some(item(&key, 12)))).unwrap();
        assert_eq!(seen().version, 12);
    }

    #[test]
    fn an_expired_item_is_absent_from_memory_too() {
        let (lately, key) = (Lately::new(1 << 20), Table::new("t").key([1], [2]));
        let read = |now| {
            let item = Item { expires_at: Some(Time(10)), ..item(&key, 1) };
            lately.get::<Infallible>(&key, Time(now), || Ok(Some(item))).unwrap()
        };
        assert!(read(9).is_some());
        assert!(read(10).is_none());
    }

    #[test]
    fn what_it_holds_is_bounded() {
        let lately = Lately::new(100_000);
        for n in 0..10_000_u32 {
            let key = Table::new("t").key(n.to_be_bytes(), [2]);
            lately.get::<Infallible>(&key, Time(0), || Ok(Some(item(&key, 1)))).unwrap();
        }
        assert!(lately.0.weight() <= 100_000, "{}", lately.0.weight());
    }
}
