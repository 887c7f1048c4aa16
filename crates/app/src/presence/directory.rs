//! Who is here, as this node knows it: from its own devices at once, from other nodes by what they say. In the order of
//! ids, so that a list can go on after one.

use super::model::{LIVE, Record, Status};
use base::{Time, id::MemberId};
use std::{
    collections::BTreeMap,
    ops::Bound::{Excluded, Unbounded},
};

/// One who is here and does not hide it by a choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    pub status: Status,
    /// The privacy switch.
    pub visible: bool,
    /// The cache is asked then, unless a heartbeat comes.
    pub until: Time,
}

impl Entry {
    fn counts(self) -> bool {
        self.visible && self.status == Status::Online
    }

    /// None, when the member is not here, or chose not to be.
    pub fn of(record: &Record, visible: bool, now: Time) -> Option<Self> {
        let status = record.shown(now);
        let until = record.last_active()?.plus(LIVE);
        (status != Status::Offline).then_some(Self { status, visible, until })
    }
}

#[derive(Default)]
pub(super) struct Directory {
    here: BTreeMap<MemberId, Entry>,
    /// How many are online and visible.
    online: usize,
    /// Nobody's time runs out before; none when nobody is here.
    due: Option<Time>,
}

impl Directory {
    /// Replaces what is known of a member; what was known.
    pub fn put(&mut self, member: MemberId, entry: Option<Entry>) -> Option<Entry> {
        let before = match entry {
            None => self.here.remove(&member),
            Some(entry) => {
                self.due = Some(self.due.map_or(entry.until, |due| due.min(entry.until)));
                self.here.insert(member, entry)
            }
        };
        self.online -= usize::from(before.is_some_and(Entry::counts));
        self.online += usize::from(entry.is_some_and(Entry::counts));
        before
    }

    pub fn get(&self, member: MemberId) -> Option<Entry> {
        self.here.get(&member).copied()
    }

    pub fn online(&self) -> usize {
        self.online
    }

    /// Whether a member is among them.
    pub fn counts(&self, member: MemberId) -> bool {
        self.get(member).is_some_and(Entry::counts)
    }

    /// Those who are online and visible, after a place, at most so many.
    pub fn after(&self, place: Option<MemberId>, most: usize) -> Vec<MemberId> {
        let from = place.map_or(Unbounded, Excluded);
        let online = self.here.range((from, Unbounded)).filter(|(_, entry)| entry.counts());
        online.map(|(member, _)| *member).take(most).collect()
    }

    /// Those whose time has run out. Costs nothing until the first of them may have.
    pub fn overdue(&mut self, now: Time) -> Vec<MemberId> {
        if self.due.is_none_or(|due| due >= now) {
            return Vec::new();
        }
        self.due = self.here.values().map(|entry| entry.until).filter(|until| *until >= now).min();
        self.here.iter().filter(|(_, entry)| entry.until < now).map(|(member, _)| *member).collect()
    }

    /// These are still to be looked at.
    pub fn again(&mut self, members: &[MemberId]) {
        self.due = members.iter().filter_map(|member| self.here.get(member)).map(|e| e.until).chain(self.due).min();
    }

    /// Messages were lost: the cache is asked about everybody.
    pub fn doubt(&mut self) {
        for entry in self.here.values_mut() {
            entry.until = Time::default();
        }
        self.due = Some(Time::default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn member(n: u8) -> MemberId {
        MemberId::from_bytes([n; 16])
    }

    proptest! {
        /// The count, the list and the dates are those of a plain map, however entries come and go.
        #[test]
        fn it_counts_lists_and_remembers_dates(
            steps in prop::collection::vec((0_u8..20, prop::option::of((0_usize..3, any::<bool>(), 0_i64..100))), 0..120),
        ) {
            let (mut directory, mut plain) = (Directory::default(), BTreeMap::new());
            for (n, entry) in steps {
                let entry = entry.map(|(status, visible, until)| Entry {
                    status: Status::ALL[status], visible, until: Time(until),
                });
                directory.put(member(n), entry);
                match entry {
                    None => plain.remove(&member(n)),
                    Some(entry) => plain.insert(member(n), entry),
                };
                let online: Vec<_> = plain.iter().filter(|(_, e)| e.counts()).map(|(m, _)| *m).collect();
                prop_assert_eq!(directory.online(), online.len());
                prop_assert_eq!(directory.after(None, 100), &online[..]);
                if let Some((first, rest)) = online.split_first() {
                    prop_assert_eq!(directory.after(Some(*first), 1), rest.first().copied().into_iter().collect::<Vec<_>>());
                }
                let late: Vec<_> = plain.iter().filter(|(_, e)| e.until < Time(50)).map(|(m, _)| *m).collect();
                prop_assert_eq!(directory.overdue(Time(50)), &late[..]);
                for gone in late {
                    directory.put(gone, None);
                    plain.remove(&gone);
                }
            }
        }
    }
}
