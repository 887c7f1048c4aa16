//! What the timer of a scheduled note does: sends it, says why not, or tries again later. Each is one commit with the
//! end of the lease, so whoever lost the lease has no effect.

use super::{
    store::{self, Scheduled, State},
    told,
};
use crate::{
    app::App,
    cards,
    couples::Membership,
    notes::{
        allowance,
        model::Words,
        send::{self, EPOCH, METER},
    },
    work::timers::Lease,
};
use base::{
    Cx, Error, Result,
    id::{MemberId, ScheduledId},
    time::MINUTE,
};
use ports::items::{Commit, Item, Outcome};

/// How long after a failed attempt the next one comes; after the last of them the note has failed.
const REPEATS: &[i64] = &[MINUTE, 5 * MINUTE, 30 * MINUTE];

/// The stored note, if this timer still stands for it. Cancelled, paused or moved since the timer was set, another
/// timer, or none, does.
async fn waiting(app: &App, cx: &Cx, owner: MemberId, id: ScheduledId) -> Result<Option<(Item, Scheduled)>> {
    let Some(item) = app.ports.items.get(&store::key(owner, id)).await? else { return Ok(None) };
    let scheduled = Scheduled::read(&item)?;
    let waits = matches!(scheduled.status, State::Scheduled | State::Sending) && scheduled.next_attempt_at <= cx.now();
    Ok(waits.then_some((item, scheduled)))
}

/// The timer fired.
pub async fn due(app: &App, cx: &Cx, lease: &Lease, owner: MemberId, id: ScheduledId) -> Result<()> {
    let mut card = cards::load(app, cx, owner).await?;
    for _ in 0..4 {
        let Some((item, before)) = waiting(app, cx, owner, id).await? else {
            app.ports.items.try_commit(vec![lease.done()]).await?;
            return Ok(());
        };
        let us = Membership::of(&card, owner).filter(|us| Some(us.couple()) == before.couple_id);
        let stop = async |status, reason| stop(app, cx, lease, &item, &before, status, reason).await;
        let Some(us) = us else {
            if stop(State::Paused, "partner_gone").await? {
                return Ok(());
            }
            continue;
        };
        let plan = card.plan(cx.now());
        let draft = send::draft(app, cx, &us, plan, words(&before), Some(id))?;
        let after = Scheduled {
            status: State::Sent,
            attempts: before.attempts + 1,
            failure_reason: None,
            note_id: Some(draft.note.id),
            sent_at: Some(cx.now()),
            updated_at: cx.now(),
            ..before.clone()
        };
        let mut writes = draft.writes;
        let end = writes.len();
        writes.push(lease.done());
        writes.extend(after.replace(&item, &before, None)?);
        let refusals = match app.ports.items.commit(Commit { writes, outbox: vec![draft.event], token: None }).await? {
            Outcome::Applied { .. } => {
                app.bells.relay.notify_one();
                return Ok(());
            }
            Outcome::Refused(refusals) => refusals,
        };
        // Another worker holds it: its effect is the one.
        if refusals[end].is_some() {
            return Ok(());
        }
        if refusals[EPOCH].is_some() {
            if stop(State::Paused, "partner_gone").await? {
                return Ok(());
            }
        } else if let Some(full) = &refusals[METER] {
            card = cards::fresh(app, cx, owner).await?;
            let why = allowance::reached(app, cx, plan, "partner", full);
            if card.plan(cx.now()) <= plan && stop(State::Failed, why.code()).await? {
                return Ok(());
            }
        }
        // Otherwise the author changed it at this very moment: decide from what it is now.
    }
    Err(Error::unavailable("The note is being changed at this moment."))
}

fn words(scheduled: &Scheduled) -> Words {
    Words {
        title: scheduled.title.clone(),
        content: scheduled.content.clone(),
        language: scheduled.language,
        template_id: None,
        reply_to: None,
    }
}

/// The attempt failed: counts it, and sets the next one or gives up. (Should the send have been stored after all, the
/// note and the lease have moved on, and this changes nothing.)
pub async fn not_sent(
    app: &App,
    cx: &Cx,
    lease: &Lease,
    owner: MemberId,
    id: ScheduledId,
    error: &Error,
) -> Result<()> {
    let Some((item, before)) = waiting(app, cx, owner, id).await? else { return Ok(()) };
    let attempts = before.attempts + 1;
    let pause = usize::try_from(before.attempts).ok().and_then(|n| REPEATS.get(n));
    let Some(pause) = pause else {
        let before = Scheduled { attempts, ..before };
        return stop(app, cx, lease, &item, &before, State::Failed, error.code()).await.map(drop);
    };
    let after = Scheduled {
        status: State::Sending,
        attempts,
        next_attempt_at: cx.now().plus(*pause),
        updated_at: cx.now(),
        ..before.clone()
    };
    let mut writes = lease.again(after.next_attempt_at)?.to_vec();
    writes.extend(after.replace(&item, &before, None)?);
    app.ports.items.try_commit(writes).await?;
    Ok(())
}

/// Ends the lease without a send; the owner is told. False when the note changed meanwhile; when the lease was lost
/// there is nothing more to do.
async fn stop(
    app: &App,
    cx: &Cx,
    lease: &Lease,
    item: &Item,
    before: &Scheduled,
    status: State,
    reason: &str,
) -> Result<bool> {
    let after = Scheduled { status, failure_reason: Some(reason.to_owned()), updated_at: cx.now(), ..before.clone() };
    let mut writes = vec![lease.done()];
    writes.extend(after.replace(item, before, None)?);
    let outbox = vec![told(cx, &after, "note.failed")?];
    match app.ports.items.commit(Commit { writes, outbox, token: None }).await? {
        Outcome::Applied { .. } => {
            app.bells.relay.notify_one();
            Ok(true)
        }
        Outcome::Refused(refusals) => Ok(refusals[0].is_some()),
    }
}
