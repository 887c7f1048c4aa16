//! What other nodes, and watchers, are to be told: at most once per member in five seconds, and always how it ended.
//! That somebody is still here is said once a minute, so that a node that heard nothing learns of it.

use super::{
    directory::Entry,
    model::{Record, Status},
};
use crate::app::App;
use base::{Time, id::MemberId, time::SECOND};
use std::collections::HashMap;

/// Between two changes of one member.
const APART: i64 = 5 * SECOND;
/// Between two signs that somebody is still here.
const AGAIN: i64 = 60 * SECOND;

/// Why there is something to look at; the greater reason stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Why {
    /// Still here, nothing changed.
    StillHere,
    /// The status that others see is another.
    Status,
    /// The privacy switch was turned, which takes effect at once.
    Privacy,
}

/// What is to be said.
#[derive(Default)]
pub(super) struct Unsaid {
    waiting: HashMap<MemberId, Why>,
    /// When each member was spoken of last.
    said: HashMap<MemberId, Time>,
    /// A watcher who may see something else of a member than before: watched, watcher.
    between: Vec<(MemberId, MemberId)>,
    tidied: Time,
}

impl Unsaid {
    fn add(&mut self, member: MemberId, why: Why) {
        let reason = self.waiting.entry(member).or_insert(why);
        *reason = why.max(*reason);
    }

    fn still_here(&mut self, member: MemberId, now: Time) {
        if self.said.get(&member).is_none_or(|at| now.since(*at) >= AGAIN) {
            self.add(member, Why::StillHere);
        }
    }

    /// Takes what may be said now.
    pub fn due(&mut self, now: Time) -> Vec<(MemberId, Why)> {
        let said = &mut self.said;
        let due = self.waiting.extract_if(|member, why| {
            *why == Why::Privacy || said.get(member).is_none_or(|at| now.since(*at) >= APART)
        });
        let due: Vec<_> = due.collect();
        said.extend(due.iter().map(|(member, _)| (*member, now)));
        if now.since(self.tidied) >= AGAIN {
            self.tidied = now;
            said.retain(|_, at| now.since(*at) < AGAIN);
        }
        due
    }

    /// Gives back what could not be said.
    pub fn again(&mut self, due: Vec<(MemberId, Why)>, between: Vec<(MemberId, MemberId)>) {
        for (member, why) in due {
            self.said.remove(&member);
            self.add(member, why);
        }
        self.between.extend(between);
    }

    pub fn between(&mut self) -> Vec<(MemberId, MemberId)> {
        std::mem::take(&mut self.between)
    }
}

/// A record has changed here.
pub(super) fn note(app: &App, member: MemberId, before: &Record, after: &Record, visible: bool, now: Time) {
    app.presence.directory.lock().put(member, Entry::of(after, visible, now));
    let mut unsaid = app.presence.unsaid.lock();
    if before.shown(now) != after.shown(now) {
        unsaid.add(member, Why::Status);
    } else if after.shown(now) != Status::Offline {
        unsaid.still_here(member, now);
    }
    let ring = !unsaid.waiting.is_empty();
    drop(unsaid);
    if ring {
        app.presence.bell.notify_one();
    }
}

/// A member turned the privacy switch.
pub fn privacy_changed(app: &App, member: MemberId, visible: bool) {
    let mut directory = app.presence.directory.lock();
    if let Some(entry) = directory.get(member) {
        directory.put(member, Some(Entry { visible, ..entry }));
    }
    drop(directory);
    app.presence.unsaid.lock().add(member, Why::Privacy);
    app.presence.bell.notify_one();
}

/// A block between two members was set or taken back.
pub fn relation_changed(app: &App, a: MemberId, b: MemberId) {
    app.presence.unsaid.lock().between.extend([(a, b), (b, a)]);
    app.presence.bell.notify_one();
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEMBER: MemberId = MemberId::from_bytes([1; 16]);

    #[test]
    fn one_change_in_five_seconds_and_the_last_one_always() {
        let (mut unsaid, start) = (Unsaid::default(), Time(0));
        let mut said = Vec::new();
        for at in 0..12_000 {
            if at < 11_000 {
                unsaid.add(MEMBER, Why::Status);
            }
            said.extend(unsaid.due(start.plus(at)).iter().map(|_| at));
        }
        assert_eq!(said, [0, 5_000, 10_000]);
        assert_eq!(unsaid.due(start.plus(15_000)), [(MEMBER, Why::Status)]);
        assert!(unsaid.due(start.plus(60_000)).is_empty());
    }

    #[test]
    fn the_privacy_switch_waits_for_nothing() {
        let (mut unsaid, now) = (Unsaid::default(), Time(0));
        for why in [Why::Status, Why::Privacy] {
            unsaid.add(MEMBER, why);
            assert_eq!(unsaid.due(now), [(MEMBER, why)]);
        }
        unsaid.add(MEMBER, Why::StillHere);
        assert!(unsaid.due(now).is_empty());
    }

    #[test]
    fn who_is_here_is_said_once_a_minute() {
        let mut unsaid = Unsaid::default();
        let mut said = 0;
        for at in 0..300 {
            unsaid.still_here(MEMBER, Time(at * SECOND));
            said += unsaid.due(Time(at * SECOND)).len();
        }
        assert_eq!(said, 5);
    }
}
