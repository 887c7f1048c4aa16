//! The record of a member in the cache, and the only ways to change it. Devices of one member may be heard by several
//! nodes at once, so a change reads and writes behind a lock of the cache; within a node changes take turns first.

use super::{
    behind,
    model::{Record, Status},
    said,
};
use crate::{app::App, cards};
use base::{
    Cx, Error, Result, Time,
    error::Chain,
    id::{MemberId, SessionId},
    time::{HOUR, SECOND},
};
use bytes::Bytes;
use ports::cache::Lock;
use std::time::Duration;

/// The record outlives the last heartbeat by far; what is needed for longer is written behind.
const KEPT: i64 = HOUR;
/// Nobody needs the lock for longer than this.
const LOCKED: i64 = SECOND;
/// How often, and how far apart, the lock is asked for.
const TRIES: u32 = 40;
const APART: Duration = Duration::from_millis(5);

fn key(member: MemberId) -> String {
    format!("presence{{{member}}}")
}

/// What the cache has of a member.
pub(super) async fn cached(app: &App, member: MemberId, now: Time) -> Result<Option<Record>> {
    let Some(stored) = app.ports.cache.get(&key(member), now).await? else { return Ok(None) };
    serde_json::from_slice(&stored).map(Some).map_err(|e| Error::bug("read a presence", e))
}

/// What is known of a member: from the cache, or what was written behind.
pub(super) async fn load(app: &App, member: MemberId, now: Time) -> Result<Record> {
    match cached(app, member, now).await? {
        Some(record) => Ok(record),
        None => behind::read(app, member).await,
    }
}

async fn lock(app: &App, key: &str, now: Time) -> Result<Option<Lock>> {
    for _ in 0..TRIES {
        if let Some(lock) = app.ports.cache.lock(key, LOCKED, now).await? {
            return Ok(Some(lock));
        }
        tokio::time::sleep(APART).await;
    }
    // Whoever holds it is gone. At worst a device is counted wrongly until its next heartbeat.
    Ok(None)
}

/// Changes a member's record; the record as it is now.
pub(super) async fn change(app: &App, cx: &Cx, member: MemberId, to: impl FnOnce(&mut Record)) -> Result<Record> {
    let now = cx.now();
    let turn = usize::from(member.bytes()[15]) << 2 | usize::from(member.bytes()[14] & 3);
    let _turn = app.presence.turns[turn % app.presence.turns.len()].lock().await;
    let key = key(member);
    let lock = lock(app, &format!("{key}lock"), now).await?;
    let changed = async {
        let before = load(app, member, now).await?;
        let mut after = before.clone();
        to(&mut after);
        if after != before {
            let stored = serde_json::to_vec(&after).map_err(|e| Error::bug("write a presence", e))?;
            app.ports.cache.set(&key, Bytes::from(stored), KEPT, now).await?;
        }
        Ok::<_, Error>((before, after))
    };
    let changed = changed.await;
    if let Some(lock) = lock {
        app.ports.cache.unlock(&lock, now).await?;
    }
    let (before, after) = changed?;
    if after != before {
        behind::note(app, member, &before, &after, now);
        let known = app.presence.directory.lock().get(member);
        let visible = match known {
            Some(entry) => entry.visible,
            None if after.shown(now) == Status::Offline => false,
            None => cards::load(app, cx, member).await?.presence_visible,
        };
        said::note(app, member, &before, &after, visible, now);
    }
    Ok(after)
}

/// A device of a member is here.
pub async fn beat(app: &App, cx: &Cx, member: MemberId, device: SessionId) -> Result<()> {
    change(app, cx, member, |record| record.beat(device, cx.now())).await.map(drop)
}

/// A device connected. That nobody can be told of it is no reason to refuse it.
pub async fn arrived(app: &App, member: MemberId, device: SessionId) {
    if let Err(error) = beat(app, &Cx::new(&app.world), member, device).await {
        tracing::warn!(error = %Chain(&error), "an arrival was not noticed");
    }
}

/// A device said goodbye: the socket was closed by it, or its session has ended.
pub async fn left(app: &App, member: MemberId, device: SessionId) {
    let cx = Cx::new(&app.world);
    if let Err(error) = change(app, &cx, member, |record| record.leave(device, cx.now())).await {
        tracing::warn!(error = %Chain(&error), "a goodbye was not noticed");
    }
}
