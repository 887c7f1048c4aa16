//! Reconcilers: make what lies outside a commit match what lies inside. Each takes no input, may run at any time and
//! any number of times.

use crate::{app::App, calls, couples, identity, plans, topics};
use base::{Cx, Result, error::Chain};
use futures_util::FutureExt as _;
use ports::args;
use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

/// How often a reconciler looks.
const EVERY: Duration = Duration::from_mins(1);

pub(super) async fn run(app: Arc<App>) {
    while !app.tasks.is_stopping() {
        // A panic ends the round, not the loop.
        if AssertUnwindSafe(all(&app)).catch_unwind().await.is_err() {
            tracing::error!("a round of reconcilers panicked");
        }
        let jitter = EVERY.mul_f64(rand::random_range(0.8..1.2));
        tokio::select! {
            () = tokio::time::sleep(jitter) => {}
            () = app.tasks.stopping() => {}
        }
    }
}

/// One round of every reconciler; what fails is told and tried again with the next.
pub async fn all(app: &App) {
    let cx = Cx::new(&app.world);
    told("expired invitations", couples::expire_invitations(app, &cx).await);
    told("couples in both stores", couples::reconcile(app, &cx).await);
    told("plans and grants that ran out", plans::lapse(app, &cx).await);
    told("calls whose time is over", calls::reconcile(app, &cx).await);
    told("pictures of nobody", app.pictures.sweep.round(app, &cx).await.map(drop));
    told("files of nobody", app.file_sweep.round(app, &cx).await.map(drop));
    told("signing keys", rotate_keys(app, &cx).await);
    told("old rows", reap(app, &cx).await);
}

fn told(what: &'static str, outcome: Result<()>) {
    if let Err(error) = outcome {
        tracing::warn!(what, error = %Chain(&error), "a reconciler will try again");
    }
}

async fn rotate_keys(app: &App, cx: &Cx) -> Result<()> {
    let ring = identity::signing_keys(&app.settings.identity, &*app.ports.secrets, cx.now()).await?;
    app.identity.tokens.set_keys(&ring)
}

/// Frees the space of what has expired; reads honour the expiry anyway.
async fn reap(app: &App, cx: &Cx) -> Result<()> {
    // Small steps, so that writers of the same file hardly notice.
    for _ in 0..20 {
        if app.ports.items.reap(500).await? < 500 {
            break;
        }
    }
    for topic in topics::ALL {
        app.ports.stream.expire(*topic, cx.now()).await?;
    }
    if let Some(outbox) = &app.dev_outbox {
        outbox.reap(cx.now()).await?;
    }
    let mut tx = app.ports.sql.begin().await?;
    tx.exec("delete from idempotency where expires_at <= $1", args![cx.now()]).await?;
    let old = cx.now().minus(30 * base::time::DAY);
    tx.exec("delete from one_time_tokens where expires_at <= $1", args![old]).await?;
    tx.exec("delete from email_changes where expires_at <= $1", args![cx.now()]).await?;
    tx.exec("delete from spent_receipts where expires_at <= $1", args![cx.now()]).await?;
    tx.commit().await?;
    Ok(())
}
