//! Queues of background jobs: how full they are, what was given up, and another chance for it. A payload is never
//! shown: it may hold an address or what somebody wrote.

use crate::{
    app::App,
    audit::{self, Action, Entry},
    check::Checks,
    identity::staff::{Area, Role, Staff},
    topics::QUEUES,
};
use base::{
    Cx, Error, Result, Time,
    id::QueuedId,
    page::{Page, limit},
};
use ports::queue::{Parked, QueueName};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Reading how the queues are.
pub(super) struct Watching;

impl Area for Watching {
    const ROLES: &'static [Role] = &[Role::Support];
}

/// Giving jobs another chance: for superadmins alone.
pub(super) struct Redriving;

impl Area for Redriving {
    const ROLES: &'static [Role] = &[];
}

/// Jobs that one call may name.
const NAMED: usize = 100;
/// Bytes of the longest word that is shown as a job's kind or an error's code.
const WORD: usize = 64;

#[derive(Debug, Serialize, ToSchema)]
pub struct QueueState {
    pub queue: String,
    /// To be run, now or after a pause.
    pub waiting: u64,
    /// In a worker's hands.
    pub running: u64,
    /// Given up, until staff give them another chance.
    pub parked: u64,
    /// When the oldest of the waiting jobs was queued.
    pub oldest_waiting_at: Option<Time>,
}

/// A job that was given up.
#[derive(Debug, Serialize, ToSchema)]
pub struct ParkedJob {
    #[schema(value_type = String)]
    pub id: QueuedId,
    /// What it was to do; null where that cannot be read.
    pub kind: Option<String>,
    /// How often it was tried.
    pub attempts: u32,
    pub parked_at: Time,
    /// The code of the last error, or `received_too_often` when its workers died.
    pub error: String,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListParked {
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<u32>,
    pub cursor: Option<String>,
}

#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct Redrive {
    /// These alone; without it, every parked job of the queue.
    #[schema(value_type = Option<Vec<String>>, max_items = 100)]
    pub ids: Option<Vec<QueuedId>>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Redriven {
    /// How many will be tried again. What was not parked is not counted.
    pub redriven: u64,
}

fn named(name: &str) -> Result<QueueName> {
    QUEUES.iter().copied().find(|queue| queue.0 == name).ok_or_else(Error::not_found)
}

/// A word of the program; anything else may hold what a person typed.
fn word(text: &str) -> Option<String> {
    let ours = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'.';
    (!text.is_empty() && text.len() <= WORD && text.bytes().all(ours)).then(|| text.to_owned())
}

fn shown(parked: &Parked) -> ParkedJob {
    #[derive(Deserialize)]
    struct Named {
        job: String,
    }
    let kind = serde_json::from_slice::<Named>(&parked.body).ok().and_then(|named| word(&named.job));
    ParkedJob {
        id: parked.id,
        kind,
        attempts: parked.receives,
        parked_at: parked.parked_at,
        error: word(&parked.reason).unwrap_or_else(|| "received_too_often".to_owned()),
    }
}

pub(super) async fn all(app: &App, cx: &Cx, _staff: &Staff<Watching>) -> Result<Page<QueueState>> {
    let mut data = Vec::with_capacity(QUEUES.len());
    for queue in QUEUES {
        let counts = app.ports.queue.counts(*queue, cx.now()).await?;
        data.push(QueueState {
            queue: queue.0.to_owned(),
            waiting: counts.waiting,
            running: counts.running,
            parked: counts.parked,
            oldest_waiting_at: counts.oldest_waiting_at,
        });
    }
    Ok(Page { data, next_cursor: None })
}

/// The longest parked first. A position is the time and the id of the last one seen.
pub(super) async fn parked(
    app: &App,
    staff: &Staff<Watching>,
    queue: &str,
    asked: &ListParked,
) -> Result<Page<ParkedJob>> {
    let (queue, limit) = (named(queue)?, limit(asked.limit)?);
    let scope = format!("parked {} {}", staff.caller().member, queue.0);
    let after = match &asked.cursor {
        None => None,
        Some(cursor) => {
            let position = app.cursors.open(&scope, cursor)?;
            position
                .split_first_chunk::<8>()
                .and_then(|(at, id)| Some((Time(i64::from_be_bytes(*at)), QueuedId::from_slice(id)?)))
        }
    };
    let found = app.ports.queue.parked_after(queue, after, limit + 1).await?;
    let last = (found.len() > limit).then(|| &found[limit - 1]);
    let next_cursor = last.map(|last| {
        let position = [&last.parked_at.0.to_be_bytes()[..], &last.id.bytes()[..]].concat();
        app.cursors.seal(&scope, &position)
    });
    Ok(Page { data: found.iter().take(limit).map(shown).collect(), next_cursor })
}

/// On record first: queue and record are in different stores, and no act is to go without a trace.
pub(super) async fn redrive(
    app: &App,
    cx: &Cx,
    _staff: &Staff<Redriving>,
    queue: &str,
    asked: &Redrive,
) -> Result<Redriven> {
    let queue = named(queue)?;
    let mut checks = Checks::default();
    if asked.ids.as_ref().is_some_and(|ids| ids.len() > NAMED) {
        checks.refuse("/ids", "too_long", "One call names at most 100 jobs.");
    }
    checks.done()?;
    let detail = serde_json::json!({ "queue": queue.0, "ids": asked.ids });
    audit::record(app, &[Entry::new(cx, Action::JobRedrive).with(detail)]).await?;
    let redriven = match &asked.ids {
        None => app.ports.queue.redrive(queue, cx.now()).await?,
        Some(ids) => app.ports.queue.redrive_some(queue, ids, cx.now()).await?,
    };
    app.bells.jobs.notify_one();
    Ok(Redriven { redriven })
}
