//! The job runner: takes jobs from the queue, runs a bounded number at once, repeats with back-off what may succeed
//! later and parks what will not.

use super::jobs::{self, Job};
use crate::{app::App, topics::JOBS};
use base::{Cx, Error, Kind, Result, error::Chain, time::MINUTE};
use futures_util::{FutureExt as _, StreamExt as _, stream};
use ports::queue::Delivery;
use std::{panic::AssertUnwindSafe, sync::Arc};

/// A worker that died gives its jobs back after this long.
const VISIBILITY: i64 = 2 * MINUTE;

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
    let (job, outcome) = match jobs::read(&delivery.body) {
        // As a newer release may have left it.
        Err(error) => (None, Err(error)),
        Ok(job) => {
            let work = AssertUnwindSafe(jobs::perform(app, &cx, &job, &key)).catch_unwind().await;
            (Some(job), work.unwrap_or_else(|_| Err(Error::bug("run a job", "it panicked"))))
        }
    };
    let Err(error) = outcome else {
        app.ports.queue.done(JOBS, delivery.receipt).await?;
        app.metrics.jobs_done.add(1);
        return Ok(true);
    };
    let hopeless = !error.is_transient() && error.kind() != Kind::Bug;
    let wait = jobs::pause(job.as_ref(), delivery.receives).filter(|_| !hopeless);
    put_back(app, &cx, &delivery, job.as_ref(), &error, wait).await
}

/// To be repeated after `wait`, or parked. Its owner is told first; where that does not work, it comes back for it.
async fn put_back(
    app: &App,
    cx: &Cx,
    delivery: &Delivery,
    job: Option<&Job>,
    error: &Error,
    mut wait: Option<i64>,
) -> Result<bool> {
    if let Some(job) = job {
        let told = match wait {
            Some(wait) => jobs::put_off(app, cx, job, cx.now().plus(wait)).await,
            None => jobs::given_up(app, cx, job, error).await,
        };
        if let Err(untold) = told {
            tracing::warn!(job = %delivery.id, error = %Chain(&untold), "what became of a job could not be written down");
            wait = wait.or_else(|| untold.is_transient().then_some(MINUTE));
        }
    }
    if let Some(wait) = wait {
        tracing::warn!(job = %delivery.id, error = %Chain(error), wait_ms = wait, "a job will be repeated");
        app.ports.queue.retry(JOBS, delivery.receipt, wait, cx.now()).await?;
        app.metrics.jobs_retried.add(1);
    } else {
        tracing::error!(job = %delivery.id, error = %Chain(error), "a job is parked");
        app.ports.queue.park(JOBS, delivery.receipt, error.code(), cx.now()).await?;
        app.metrics.jobs_parked.add(1);
    }
    Ok(false)
}
