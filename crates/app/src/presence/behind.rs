//! What must outlive the cache, written behind: the choice and the last activity. At most once per member in five
//! minutes, and when somebody leaves; many members in one commit.

use super::model::{Record, Status};
use crate::{app::App, tables::PRESENCE};
use base::{
    Error, Result, Time,
    error::Chain,
    id::MemberId,
    time::{MINUTE, SECOND},
};
use bytes::Bytes;
use ports::items::{Key, When, Write};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Between two writes of one member.
const APART: i64 = 5 * MINUTE;
/// Between two writes of one member who comes and goes.
const FLAPPING: i64 = 5 * SECOND;
/// Members in one commit.
const AT_ONCE: usize = 100;

/// As stored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Stored {
    status: Status,
    last_seen: Option<Time>,
}

impl From<&Record> for Stored {
    fn from(record: &Record) -> Self {
        Self { status: record.chosen, last_seen: record.seen }
    }
}

/// What waits to be written.
#[derive(Default)]
pub(super) struct Unwritten {
    waiting: HashMap<MemberId, Waiting>,
    /// When a member was written lately.
    written: HashMap<MemberId, Time>,
    /// Nothing is due before.
    due: Option<Time>,
}

#[derive(Clone, Copy)]
struct Waiting {
    due: Time,
    /// What to write when the cache has lost the record meanwhile.
    stored: Stored,
}

impl Unwritten {
    fn add(&mut self, member: MemberId, waiting: Waiting) {
        let kept = self.waiting.entry(member).or_insert(waiting);
        *kept = Waiting { due: kept.due.min(waiting.due), stored: waiting.stored };
        self.due = Some(self.due.map_or(kept.due, |due| due.min(kept.due)));
    }

    /// Takes what is due, or everything.
    fn take(&mut self, now: Time, all: bool) -> Vec<(MemberId, Waiting)> {
        if !all && self.due.is_none_or(|due| due > now) {
            return Vec::new();
        }
        let taken: Vec<_> = self.waiting.extract_if(|_, waiting| all || waiting.due <= now).collect();
        self.due = self.waiting.values().map(|waiting| waiting.due).min();
        self.written.retain(|_, at| now.since(*at) < APART);
        taken
    }
}

fn key(member: MemberId) -> Key {
    PRESENCE.key(member.bytes(), b"presence")
}

/// What was written of a member.
pub(super) async fn read(app: &App, member: MemberId) -> Result<Record> {
    let Some(item) = app.ports.items.get(&key(member)).await? else { return Ok(Record::default()) };
    let stored: Stored = serde_json::from_slice(&item.body).map_err(|e| Error::bug("read a stored presence", e))?;
    Ok(Record { chosen: stored.status, seen: stored.last_seen, devices: Vec::new() })
}

/// A record has changed: it is written when its time comes.
pub(super) fn note(app: &App, member: MemberId, before: &Record, after: &Record, now: Time) {
    let stored = Stored::from(after);
    if Stored::from(before) == stored {
        return;
    }
    let mut unwritten = app.presence.unwritten.lock();
    let written = unwritten.written.get(&member).copied();
    let ended = before.is_live(now) && !after.is_live(now);
    let due = match written {
        Some(at) if ended => now.max(at.plus(FLAPPING)),
        Some(at) => now.max(at.plus(APART)),
        // A choice is worth more than a moment.
        None if ended || before.chosen != after.chosen => now,
        None => now.plus(APART),
    };
    unwritten.add(member, Waiting { due, stored });
}

/// Writes what is due; how many members it was.
pub(super) async fn write_due(app: &App, all: bool) -> Result<usize> {
    let now = app.world.now();
    let due = app.presence.unwritten.lock().take(now, all);
    for (i, some) in due.chunks(AT_ONCE).enumerate() {
        if let Err(error) = write(app, some, now).await {
            let mut unwritten = app.presence.unwritten.lock();
            for (member, waiting) in &due[i * AT_ONCE..] {
                unwritten.add(*member, *waiting);
            }
            return Err(error);
        }
        app.presence.unwritten.lock().written.extend(some.iter().map(|(member, _)| (*member, now)));
    }
    Ok(due.len())
}

async fn write(app: &App, some: &[(MemberId, Waiting)], now: Time) -> Result<()> {
    let mut writes = Vec::with_capacity(some.len());
    for (member, waiting) in some {
        // Another node may know more by now.
        let stored = match super::live::cached(app, *member, now).await {
            Ok(Some(record)) => Stored::from(&record),
            Ok(None) | Err(_) => waiting.stored,
        };
        let body = serde_json::to_vec(&stored).map_err(|e| Error::bug("write a presence", e))?;
        let (key, body) = (key(*member), Bytes::from(body));
        writes.push(Write::Put { key, number: 0, body, expires_at: None, when: When::Always });
    }
    app.ports.items.try_commit(writes).await?;
    Ok(())
}

/// Writes everything that waits: the process stops.
pub async fn write_all(app: &App) {
    if let Err(error) = write_due(app, true).await {
        tracing::warn!(error = %Chain(&error), "some members will seem to have left earlier than they did");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_ever_stored_can_be_read() {
        for (text, stored) in [
            (
                r#"{"status":"busy","last_seen":"2026-11-22T12:00:00.000Z"}"#,
                Stored { status: Status::Busy, last_seen: Some(Time(1_795_348_800_000)) },
            ),
            (r#"{"status":"online","last_seen":null}"#, Stored::default()),
        ] {
            assert_eq!(serde_json::from_str::<Stored>(text).unwrap(), stored);
            assert_eq!(serde_json::to_string(&stored).unwrap(), text);
        }
    }
}
