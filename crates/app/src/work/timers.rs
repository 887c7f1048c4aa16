//! Timers: wall clock + zone + instant. Leased, fenced, never early, never lost, one effect.
//!
//! A timer is an item in time order. A worker claims due ones by moving them behind a lease; its effect and the
//! removal of the claimed timer are one commit, so of two workers only one can have an effect. A worker that dies
//! leaves a timer that is due again when its lease has run out.

use crate::{app::App, notes, tables::TIMERS};
use base::{
    Cx, Error, Result, Time,
    error::Chain,
    id::{MemberId, ScheduledId},
    time::SECOND,
};
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use ports::items::{Commit, Item, Key, Outcome, Query, When, Write};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Partitions, so that no single one grows hot.
const SHARDS: u8 = 4;
/// Timers a round takes from one shard.
const ROUND: usize = 400;
/// Timers claimed by one commit (two writes each).
const CLAIM: usize = 40;
/// A worker that holds a timer longer than this has died.
const LEASE: i64 = 30 * SECOND;
/// What is due. Names are stored: append-only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "timer")]
pub enum Timer {
    #[serde(rename = "notes.scheduled")]
    ScheduledNote { owner: MemberId, id: ScheduledId, date: String, time: String, zone: String },
}

impl Timer {
    fn id(&self) -> &[u8; 16] {
        match self {
            Self::ScheduledNote { id, .. } => id.bytes(),
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
    Ok(Write::Put { key: key(timer.id(), due), number: attempt, body: Bytes::from(body), expires_at: None, when })
}

/// Sets a timer, as part of the commit of what it belongs to.
pub fn set(timer: &Timer, due: Time) -> Result<Write> {
    put(timer, due, 0, When::Always)
}

/// Takes a timer back; one that is claimed meanwhile finds its effect refused.
pub fn cancel(id: ScheduledId, due: Time) -> Write {
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
        let until = cx.now().plus(LEASE);
        let (mut writes, mut leases) = (Vec::new(), Vec::new());
        for item in &open {
            let timer: Timer = serde_json::from_slice(&item.body).map_err(|e| Error::bug("read a timer", e))?;
            let claimed = put(&timer, until, item.number + 1, When::Absent)?;
            let key = claimed.key().clone();
            writes.extend([Write::Delete { key: item.key.clone(), when: When::Version(item.version) }, claimed]);
            leases.push(Lease { timer, key, version: 1 });
        }
        match app.ports.items.commit(Commit { writes, ..Commit::default() }).await? {
            Outcome::Applied { .. } => {
                if let Some(first) = due.first().and_then(|item| item.key.sk.get(..8)) {
                    let at = Time(i64::from_be_bytes(first.try_into().unwrap_or_default()));
                    app.metrics.timers_late_ms.set(cx.now().since(at).max(0).unsigned_abs());
                }
                return Ok(leases);
            }
            Outcome::Refused(refusals) => {
                let lost = |i: usize| refusals[i * 2..i * 2 + 2].iter().any(Option::is_some);
                let mut i = 0;
                open.retain(|_| {
                    i += 1;
                    !lost(i - 1)
                });
            }
        }
    }
    Ok(Vec::new())
}

async fn fire(app: &Arc<App>, lease: Lease) -> bool {
    let cx = Cx::new(&app.world);
    let outcome = match &lease.timer {
        Timer::ScheduledNote { owner, id, .. } => notes::due(app, &cx, &lease, *owner, *id).await,
    };
    match outcome {
        Ok(()) => {
            app.metrics.timers_fired.add(1);
            true
        }
        Err(error) => {
            tracing::warn!(error = %Chain(&error), "a timer will be tried again when its lease ends");
            false
        }
    }
}
