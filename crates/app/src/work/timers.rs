//! Timers: wall clock + zone + instant. Leased, fenced, never early, never lost, one effect.
//!
//! A timer is an item in time order. A worker claims due ones by moving them behind a lease; its effect and the
//! removal of the claimed timer are one commit, so of two workers only one can have an effect. A worker that dies
//! leaves a timer that is due again when its lease has run out.

use crate::{app::App, calls, notes, tables::TIMERS};
use base::{
    Cx, Error, Result, Time,
    error::Chain,
    id::{CallId, Id, MemberId, ScheduledId},
    time::{HOUR, SECOND},
};
use bytes::Bytes;
use futures_util::{FutureExt as _, StreamExt as _, stream};
use ports::items::{Commit, Item, Key, Outcome, Query, When, Write};
use serde::{Deserialize, Serialize};
use std::{collections::HashSet, panic::AssertUnwindSafe, sync::Arc};

/// Partitions, so that no single one grows hot.
const SHARDS: u8 = 4;
/// Timers a round takes from one shard.
const ROUND: usize = 400;
/// Timers claimed by one commit (two writes each).
const CLAIM: usize = 40;
/// A worker that holds a timer longer than this has died.
const LEASE: i64 = 30 * SECOND;
/// A timer that cannot be read, as a newer release may have set it, is looked at again after this long.
const UNREADABLE: i64 = HOUR;

/// What is due. Names are stored: append-only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "timer")]
pub enum Timer {
    #[serde(rename = "notes.scheduled")]
    ScheduledNote { owner: MemberId, id: ScheduledId, date: String, time: String, zone: String },
    #[serde(rename = "calls.until")]
    Call { call: CallId },
}

impl Timer {
    fn id(&self) -> &[u8; 16] {
        match self {
            Self::ScheduledNote { id, .. } => id.bytes(),
            Self::Call { call } => call.bytes(),
        }
    }
}

fn key(id: &[u8; 16], due: Time) -> Key {
    let mut sk = [0; 24];
    sk[..8].copy_from_slice(&due.0.to_be_bytes());
    sk[8..].copy_from_slice(id);
    // The last byte of a UUIDv7 is random.
    TIMERS.key([id[15] % SHARDS], sk)
}

fn put(timer: &Timer, due: Time, attempt: i64, when: When) -> Result<Write> {
    let body = serde_json::to_vec(timer).map_err(|e| Error::bug("write a timer", e))?;
    Ok(put_raw(key(timer.id(), due), Bytes::from(body), attempt, when))
}

fn put_raw(key: Key, body: Bytes, attempt: i64, when: When) -> Write {
    Write::Put { key, number: attempt, body, expires_at: None, when }
}

/// Sets a timer, as part of the commit of what it belongs to.
pub fn set(timer: &Timer, due: Time) -> Result<Write> {
    put(timer, due, 0, When::Always)
}

/// Takes a timer back; one that is claimed meanwhile finds its effect refused.
pub fn cancel<K>(id: Id<K>, due: Time) -> Write {
    Write::Delete { key: key(id.bytes(), due), when: When::Always }
}

/// A claimed timer: part of the commit of its effect.
pub struct Lease {
    pub timer: Timer,
    key: Key,
    version: u64,
}

impl Lease {
    /// Ends the timer, if this lease is still the one that holds it.
    pub fn done(&self) -> Write {
        Write::Delete { key: self.key.clone(), when: When::Version(self.version) }
    }

    /// Ends this lease and sets the timer again.
    pub fn again(&self, due: Time) -> Result<[Write; 2]> {
        Ok([self.done(), put(&self.timer, due, 0, When::Always)?])
    }
}

/// One round of what is due now; how many fired.
pub(super) async fn once(app: &Arc<App>) -> Result<usize> {
    let cx = Cx::new(&app.world);
    let mut due = Vec::new();
    for shard in 0..SHARDS {
        let mut to = [0xff; 24];
        to[..8].copy_from_slice(&cx.now().0.to_be_bytes());
        let query = Query::partition(TIMERS, [shard]).to(to).limit(ROUND);
        due.extend(app.ports.items.query(query).await?.items);
    }
    if due.is_empty() {
        return Ok(0);
    }
    // Two timers of one thing (a lease that ran out, and one set anew meanwhile) take turns.
    let mut seen = HashSet::new();
    due.retain(|item| item.key.sk.get(8..).is_some_and(|id| seen.insert(id.to_vec())));
    let claims = due.chunks(CLAIM).map(|chunk| claim(app, &cx, chunk));
    let leases: Vec<Lease> = futures_util::future::try_join_all(claims).await?.into_iter().flatten().collect();
    let workers = app.settings.work.timer_workers.max(1);
    let fired = stream::iter(leases)
        .map(|lease| fire(app, lease))
        .buffer_unordered(workers)
        .filter(|did| std::future::ready(*did))
        .count()
        .await;
    Ok(fired)
}

/// Moves due timers behind a lease. What another worker took first is left to it.
async fn claim(app: &App, cx: &Cx, due: &[Item]) -> Result<Vec<Lease>> {
    let mut open: Vec<&Item> = due.iter().collect();
    while !open.is_empty() {
        let (mut writes, mut leases) = (Vec::new(), Vec::new());
        for item in &open {
            let wait = match serde_json::from_slice::<Timer>(&item.body) {
                Ok(timer) => {
                    leases.push(Lease { timer, key: moved(item, cx.now().plus(LEASE)), version: 1 });
                    LEASE
                }
                Err(error) => {
                    tracing::error!(key = ?item.key.sk, error = %error, "a timer is unreadable and put off");
                    UNREADABLE
                }
            };
            let to = moved(item, cx.now().plus(wait));
            writes.push(Write::Delete { key: item.key.clone(), when: When::Version(item.version) });
            writes.push(put_raw(to, item.body.clone(), item.number + 1, When::Absent));
        }
        match app.ports.items.commit(Commit { writes, ..Commit::default() }).await? {
            Outcome::Applied { .. } => {
                if let Some(first) = due.first().and_then(|item| item.key.sk.first_chunk()) {
                    let late = cx.now().since(Time(i64::from_be_bytes(*first)));
                    app.metrics.timers_late_ms.set(late.max(0).unsigned_abs());
                }
                return Ok(leases);
            }
            Outcome::Refused(refusals) => {
                let mut pairs = refusals.chunks(2);
                open.retain(|_| pairs.next().is_some_and(|pair| pair.iter().all(Option::is_none)));
            }
        }
    }
    Ok(Vec::new())
}

/// The key of the same timer at another time.
fn moved(item: &Item, to: Time) -> Key {
    let mut key = item.key.clone();
    key.sk[..8].copy_from_slice(&to.0.to_be_bytes());
    key
}

/// Does what is due, or says that it could not be done. A panic in one must not take the others away.
async fn fire(app: &Arc<App>, lease: Lease) -> bool {
    let cx = Cx::new(&app.world);
    let panicked = |_| Err(Error::bug("fire a timer", "it panicked"));
    let Err(error) = AssertUnwindSafe(perform(app, &cx, &lease)).catch_unwind().await.unwrap_or_else(panicked) else {
        app.metrics.timers_fired.add(1);
        return true;
    };
    tracing::warn!(error = %Chain(&error), "a timer could not do its work");
    let failed = AssertUnwindSafe(failed(app, &cx, &lease, &error)).catch_unwind().await.unwrap_or_else(panicked);
    if let Err(error) = failed {
        tracing::warn!(error = %Chain(&error), "a timer will be tried again when its lease ends");
    }
    false
}

async fn perform(app: &App, cx: &Cx, lease: &Lease) -> Result<()> {
    match &lease.timer {
        Timer::ScheduledNote { owner, id, .. } => notes::due(app, cx, lease, *owner, *id).await,
        Timer::Call { call } => calls::due(app, cx, lease, *call).await,
    }
}

/// What is due decides when it is tried again, and how often.
async fn failed(app: &App, cx: &Cx, lease: &Lease, error: &Error) -> Result<()> {
    match &lease.timer {
        Timer::ScheduledNote { owner, id, .. } => notes::not_sent(app, cx, lease, *owner, *id, error).await,
        // It is due until it is done.
        Timer::Call { .. } => app
            .ports
            .items
            .try_commit(lease.again(cx.now().plus(SECOND))?.to_vec())
            .await
            .map(drop)
            .map_err(Error::from),
    }
}
