//! One supervisor of everything that runs beside requests: soft stop (finish what you hold), hard stop (now), and a
//! wait for all of it.

use std::{future::Future, time::Duration};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Owned by the application; every task of the process is spawned here.
#[derive(Clone, Default)]
pub struct Tasks {
    tracker: TaskTracker,
    soft: CancellationToken,
    hard: CancellationToken,
}

impl Tasks {
    /// A task that watches [`Tasks::stopping`] and ends by itself; a hard stop drops it where it stands.
    pub fn spawn(&self, name: &'static str, work: impl Future<Output = ()> + Send + 'static) {
        let hard = self.hard.clone();
        // Boxed: each layer of a task would make room for it anew, and many tasks live as long as a socket.
        let mut work = Box::pin(work);
        self.tracker.spawn(async move {
            tokio::select! {
                () = &mut work => tracing::debug!(task = name, "ended"),
                () = hard.cancelled() => tracing::warn!(task = name, "stopped before it ended"),
            }
        });
    }

    /// Resolves when the process should stop taking up new work.
    pub fn stopping(&self) -> impl Future<Output = ()> + Send + 'static {
        self.soft.clone().cancelled_owned()
    }

    pub fn is_stopping(&self) -> bool {
        self.soft.is_cancelled()
    }

    pub fn soft_stop(&self) {
        self.soft.cancel();
    }

    /// Soft stop, then up to `grace` for work under way, then hard stop. Whether everything ended by itself.
    pub async fn shut_down(&self, grace: Duration) -> bool {
        self.soft.cancel();
        self.tracker.close();
        if tokio::time::timeout(grace, self.tracker.wait()).await.is_ok() {
            return true;
        }
        self.hard.cancel();
        self.tracker.wait().await;
        false
    }
}
