//! What a gateway's job writes into the scheduled note that it delivers.

use super::store::{self, Scheduled, State};
use crate::{
    app::App,
    notes::{
        deliver::Delivery,
        model::{Note, Status},
    },
};
use base::{Cx, Result, Time};
use ports::items::{Item, Write};

/// The scheduled note that this delivery belongs to, while it is under way.
async fn under_way(app: &App, of: &Delivery) -> Result<Option<(Item, Scheduled)>> {
    let Some(id) = of.scheduled else { return Ok(None) };
    let Some(item) = app.ports.items.get(&store::key(of.member, id)).await? else { return Ok(None) };
    let scheduled = Scheduled::read(&item)?;
    let ours = scheduled.status == State::Sending && scheduled.note_id == Some(of.note);
    Ok(ours.then_some((item, scheduled)))
}

/// Adds to the writes of a delivery's end what it means for the scheduled note; when that was due.
pub(in crate::notes) async fn delivered(
    app: &App,
    cx: &Cx,
    of: &Delivery,
    note: &Note,
    writes: &mut Vec<Write>,
) -> Result<Option<Time>> {
    let Some((item, before)) = under_way(app, of).await? else { return Ok(None) };
    let failed = note.status == Status::Failed;
    let after = Scheduled {
        status: if failed { State::Failed } else { State::Sent },
        attempts: before.attempts + 1,
        failure_reason: note.failure_reason.clone(),
        sent_at: (!failed).then_some(cx.now()),
        updated_at: cx.now(),
        ..before.clone()
    };
    writes.extend(after.replace(&item, &before, None)?);
    Ok(Some(before.due_at))
}

/// An attempt failed; the author sees how many there were, and when the next one comes.
pub(in crate::notes) async fn put_off(app: &App, cx: &Cx, of: &Delivery, until: Time) -> Result<()> {
    let Some((item, before)) = under_way(app, of).await? else { return Ok(()) };
    let attempts = before.attempts + 1;
    let after = Scheduled { attempts, next_attempt_at: until, updated_at: cx.now(), ..before.clone() };
    // Refused: it has come to an end meanwhile.
    app.ports.items.try_commit(after.replace(&item, &before, None)?).await?;
    Ok(())
}
