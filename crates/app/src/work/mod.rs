//! What happens beside requests: the relay of both outboxes, jobs, timers and reconcilers, under one supervisor.
//!
//! State and the events and jobs it causes are committed together; nothing leaves the process before the commit.
//! Everything is at least once, so every consumer is idempotent. Bells only shorten the wait; polling is the
//! guarantee.

pub mod jobs;
mod loops;
pub mod outbox;
mod reconcilers;
mod relay;
mod runner;
pub mod tasks;
pub mod timers;

pub use reconcilers::all as reconcile;

use crate::{app::App, chat, presence};
use loops::Loop;
use std::sync::Arc;
use tokio::sync::Notify;

/// Rung after a commit that leaves something to do.
#[derive(Default)]
pub struct Bells {
    /// The outbox in `sql` has records.
    pub sql: Notify,
    /// The outbox in `items` has records.
    pub relay: Notify,
    /// The queue has jobs.
    pub jobs: Notify,
    /// A timer may be due earlier than the next look.
    pub timers: Notify,
}

/// Starts everything; it ends with the supervisor.
pub fn start(app: &Arc<App>) {
    for work in Loop::ALL {
        app.tasks.spawn("work", work.run(app.clone()));
    }
    app.tasks.spawn("reconcilers", reconcilers::run(app.clone()));
}

/// Runs relay, jobs and due timers until nothing is left to do now: what tests call instead of waiting. The number of
/// jobs that failed on the way.
pub async fn settle(app: &Arc<App>) -> base::Result<usize> {
    let mut failed = 0;
    loop {
        let mut did = relay::sql_once(app).await?;
        did += relay::items_once(app).await?;
        let jobs = runner::once(app).await?;
        failed += jobs.failed;
        did += jobs.done + timers::once(app).await? + chat::store_delivered(app).await;
        did += presence::round(app).await?;
        if did == 0 {
            return Ok(failed);
        }
    }
}
