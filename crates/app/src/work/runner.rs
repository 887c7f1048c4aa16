//! The job runner: takes jobs from the queue, runs a bounded number at once, repeats with back-off what may succeed
//! later and parks what will not.

use super::jobs;
use crate::{app::App, topics::JOBS};
use base::{
    Cx, Error, Kind, Result,
    error::Chain,
    time::{MINUTE, SECOND},
};
use futures_util::{StreamExt as _, stream};
use ports::queue::Delivery;
use std::{panic::AssertUnwindSafe, sync::Arc};

/// A worker that died gives its jobs back after this long.
const VISIBILITY: i64 = 2 * MINUTE;
/// The last receive that is worth another try.
const TRIES: u32 = 8;

pub(super) struct Round {
    pub done: usize,
    pub failed: usize,
}

/// One round of what is visible now.
pub(super) async fn once(app: &Arc<App>) -> Result<Round> {
    let workers = app.settings.work.job_workers.max(1);
    let now = Cx::new(&app.world).now();
    let deliveries = app.ports.queue.receive(JOBS, workers * 4, VISIBILITY, now).await?;
    let outcomes: Vec<Result<bool>> =
        stream::iter(deliveries).map(|delivery| one(app, delivery)).buffer_unordered(workers).collect().await;
    let mut round = Round { done: 0, failed: 0 };
    for outcome in outcomes {
        if outcome? {
            round.done += 1;
        } else {
            round.failed += 1;
        }
    }
    Ok(round)
}

/// Runs one job and tells the queue. True when it is done.
async fn one(app: &Arc<App>, delivery: Delivery) -> Result<bool> {
    let cx = Cx::new(&app.world);
    let key = delivery.id.to_string();
    let work = async { jobs::perform(app, &cx, &jobs::read(&delivery.body)?, &key).await };
    let outcome = futures_util::FutureExt::catch_unwind(AssertUnwindSafe(work))
        .await
        .unwrap_or_else(|_| Err(Error::bug("run a job", "it panicked")));
    let Err(error) = outcome else {
        app.ports.queue.done(JOBS, delivery.receipt).await?;
        app.metrics.jobs_done.add(1);
        return Ok(true);
    };
    let hopeless = !error.is_transient() && error.kind() != Kind::Bug;
    if hopeless || delivery.receives >= TRIES {
        tracing::error!(job = %delivery.id, error = %Chain(&error), "a job is parked");
        app.ports.queue.park(JOBS, delivery.receipt, error.code(), cx.now()).await?;
        app.metrics.jobs_parked.add(1);
    } else {
        // 1 s, 2 s, 4 s … up to 15 minutes, with jitter so that what failed together does not come back together.
        let wait = (SECOND << delivery.receives.min(10).saturating_sub(1)).min(14 * MINUTE);
        let wait = wait + rand::random_range(0..=wait / 4);
        tracing::warn!(job = %delivery.id, error = %Chain(&error), wait_ms = wait, "a job will be repeated");
        app.ports.queue.retry(JOBS, delivery.receipt, wait, cx.now()).await?;
        app.metrics.jobs_retried.add(1);
    }
    Ok(false)
}
