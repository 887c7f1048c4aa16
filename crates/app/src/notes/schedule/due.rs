//! What the timer of a scheduled note does: sends it, says why not, or tries again later. Each is one commit with the
//! end of the lease, so whoever lost the lease has no effect.

use super::{
    store::{self, Scheduled, State},
    told,
};
use crate::{
    app::App,
    cards::{self, Card},
    couples::Membership,
    notes::{
        allowance,
        channel::Channel,
        model::{Note, Words},
        outside, send,
    },
    work::timers::Lease,
};
use base::{
    Cx, Error, Result,
    id::{MemberId, ScheduledId},
    time::MINUTE,
};
use ports::items::{Commit, Emit, Item, Outcome, Write};

/// How long after a failed attempt the next one comes; after the last of them the note has failed.
pub const REPEATS: &[i64] = &[MINUTE, 5 * MINUTE, 30 * MINUTE];

/// The stored note, if this timer still stands for it. Cancelled, paused or moved since the timer was set, another
/// timer, or none, does; when a job has it, that job does.
async fn waiting(app: &App, cx: &Cx, owner: MemberId, id: ScheduledId) -> Result<Option<(Item, Scheduled)>> {
    let Some(item) = app.ports.items.get(&store::key(owner, id)).await? else { return Ok(None) };
    let scheduled = Scheduled::read(&item)?;
    let waits = match scheduled.status {
        State::Scheduled => true,
        State::Sending => scheduled.note_id.is_none(),
        _ => false,
    };
    let waits = waits && scheduled.next_attempt_at <= cx.now();
    Ok(waits.then_some((item, scheduled)))
}

/// What a due note wants to commit beside the end of its lease.
struct Attempt {
    after: Scheduled,
    /// What the note writes, and where among that the conditions are that can fail.
    writes: Vec<Write>,
    epoch: Option<usize>,
    meter: usize,
    outbox: Emit,
}

/// To the partner it was addressed to; none when they are no couple any more.
fn to_partner(app: &App, cx: &Cx, card: &Card, before: &Scheduled) -> Result<Option<Attempt>> {
    let us = Membership::of(card, before.sender_id).filter(|us| Some(us.couple()) == before.couple_id);
    let Some(us) = us else { return Ok(None) };
    let draft = send::draft(app, cx, &us, card.plan(cx.now()), words(before), Some(before.id))?;
    let after = sent(cx, before, &draft.note);
    let (epoch, meter) = (Some(send::EPOCH), send::METER);
    Ok(Some(Attempt { after, writes: draft.writes, epoch, meter, outbox: draft.event }))
}

/// To anybody else: a gateway's job goes on from here, and a share is handed to the author.
fn to_outside(app: &App, cx: &Cx, card: &Card, before: &Scheduled) -> Result<Attempt> {
    let (plan, to) = (card.plan(cx.now()), before.address());
    let draft = outside::draft(app, cx, before.sender_id, plan, words(before), &to, Some(before.id))?;
    let after = if to.channel.has_gateway() {
        Scheduled {
            status: State::Sending,
            note_id: Some(draft.note.id),
            next_attempt_at: cx.now(),
            updated_at: cx.now(),
            ..before.clone()
        }
    } else {
        sent(cx, before, &draft.note)
    };
    Ok(Attempt { after, writes: draft.writes, epoch: None, meter: outside::METER, outbox: draft.outbox })
}

fn sent(cx: &Cx, before: &Scheduled, note: &Note) -> Scheduled {
    Scheduled {
        status: State::Sent,
        attempts: before.attempts + 1,
        failure_reason: None,
        note_id: Some(note.id),
        share: note.share.clone(),
        sent_at: Some(cx.now()),
        updated_at: cx.now(),
        ..before.clone()
    }
}

/// The timer fired.
pub async fn due(app: &App, cx: &Cx, lease: &Lease, owner: MemberId, id: ScheduledId) -> Result<()> {
    let mut card = cards::load(app, cx, owner).await?;
    for _ in 0..4 {
        let Some((item, before)) = waiting(app, cx, owner, id).await? else {
            app.ports.items.try_commit(vec![lease.done()]).await?;
            return Ok(());
        };
        let stop = async |status, reason| stop(app, cx, lease, &item, &before, status, reason).await;
        let attempt = match before.channel {
            Channel::Partner => to_partner(app, cx, &card, &before)?,
            _ => Some(to_outside(app, cx, &card, &before)?),
        };
        let Some(Attempt { after, mut writes, epoch, meter, outbox }) = attempt else {
            if stop(State::Paused, "partner_gone").await? {
                return Ok(());
            }
            continue;
        };
        let end = writes.len();
        writes.push(lease.done());
        writes.extend(after.replace(&item, &before, None)?);
        let refusals = match app.ports.items.commit(Commit { writes, outbox: vec![outbox], token: None }).await? {
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
        if epoch.is_some_and(|at| refusals[at].is_some()) {
            if stop(State::Paused, "partner_gone").await? {
                return Ok(());
            }
        } else if let Some(full) = &refusals[meter] {
            let plan = card.plan(cx.now());
            card = cards::fresh(app, cx, owner).await?;
            let why = allowance::reached(app, cx, plan, before.channel.name(), full);
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
        template_id: scheduled.template_id,
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
