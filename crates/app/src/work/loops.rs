//! The loops of background work: rounds while there is something to do, otherwise until the bell or the pause.

use super::{relay, runner, timers};
use crate::{app::App, presence};
use base::{Error, Result, error::Chain};
use futures_util::FutureExt as _;
use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};
use tokio::sync::Notify;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Loop {
    /// The outbox of `sql`, which another process may fill.
    SqlRelay,
    Relay,
    Jobs,
    Timers,
    /// Who came and went, to be told and written down.
    Presence,
}

impl Loop {
    pub(super) const ALL: [Self; 5] = [Self::SqlRelay, Self::Relay, Self::Jobs, Self::Timers, Self::Presence];

    /// One round of what is there now; how much it was.
    pub(super) async fn round(self, app: &Arc<App>) -> Result<usize> {
        match self {
            Self::SqlRelay => relay::sql_once(app).await,
            Self::Relay => relay::items_once(app).await,
            Self::Jobs => runner::once(app).await.map(|round| round.done + round.failed),
            Self::Timers => timers::once(app).await,
            Self::Presence => presence::round(app).await,
        }
    }

    fn bell(self, app: &App) -> &Notify {
        match self {
            Self::SqlRelay => &app.bells.sql,
            Self::Relay => &app.bells.relay,
            Self::Jobs => &app.bells.jobs,
            Self::Timers => &app.bells.timers,
            Self::Presence => &app.presence.bell,
        }
    }

    /// How long something may wait when its bell was not heard.
    const fn pause(self) -> Duration {
        Duration::from_millis(match self {
            Self::SqlRelay => 500,
            Self::Relay | Self::Jobs | Self::Presence => 1_000,
            Self::Timers => 100,
        })
    }

    /// Until the soft stop.
    pub(super) async fn run(self, app: Arc<App>) {
        while !app.tasks.is_stopping() {
            // A panic ends the round, not the loop.
            let round = AssertUnwindSafe(self.round(&app)).catch_unwind().await;
            match round.unwrap_or_else(|_| Err(Error::bug("a round of work", "it panicked"))) {
                Ok(0) => {
                    // Jitter keeps several nodes from asking in step.
                    let jitter = self.pause().mul_f64(rand::random_range(0.75..1.25));
                    tokio::select! {
                        () = self.bell(&app).notified() => {}
                        () = tokio::time::sleep(jitter) => {}
                        () = app.tasks.stopping() => {}
                    }
                }
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(work = ?self, error = %Chain(&error), "a round failed and will be repeated");
                    tokio::time::sleep(Duration::from_millis(rand::random_range(300..900))).await;
                }
            }
        }
    }
}
