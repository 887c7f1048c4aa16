//! Sending to anybody but the partner: the note, the meter and what follows (a job for a gateway, or the event) in one
//! commit. Nothing leaves before it.

use super::{
    allowance, boxes,
    boxes::Side,
    channel::{Address, Channel},
    deliver::Delivery,
    model::{Note, Status, Words},
    send::{Ids, counted, higher, note},
    share,
};
use crate::{
    app::App,
    cards::Card,
    edge::once::Once,
    identity::Caller,
    plans::Plan,
    work::{jobs::Job, outbox::Event},
};
use axum::http::StatusCode;
use base::{
    Cx, Error, Result,
    id::{MemberId, ScheduledId},
};
use bytes::Bytes;
use ports::items::{Commit, Emit, Outcome, Write};
use std::borrow::Cow;

/// Where a note invites its reader to.
pub(super) fn home(app: &App) -> String {
    format!("{}/join", app.public_url())
}

/// A note and everything its commit writes: the meter first.
pub(super) struct Draft {
    pub note: Note,
    pub json: Bytes,
    pub writes: Vec<Write>,
    pub outbox: Emit,
}

/// Index of the meter among a draft's writes.
pub(super) const METER: usize = 0;

pub(super) fn draft(
    app: &App,
    cx: &Cx,
    sender: MemberId,
    plan: Plan,
    words: Words,
    to: &Address,
    scheduled: Option<ScheduledId>,
) -> Result<Draft> {
    let mut note = note(cx, sender, to.channel, words);
    note.recipient.clone_from(&to.recipient);
    let (phone, title) = (to.recipient.as_deref(), note.title.as_deref());
    note.share = share::of(to.channel, phone, title, &note.content, note.language, &home(app));
    let json = note.json()?;
    let put = boxes::put(boxes::key(sender, Side::Outside, note.id), &json);
    let mut writes = vec![allowance::take(app, cx, sender, plan, to.channel.name()), put];
    writes.extend(counted(&note));
    let outbox = if to.channel.has_gateway() {
        Job::DeliverNote(Delivery { member: sender, note: note.id, scheduled }).emit()?
    } else {
        gone(&note, scheduled).emit(cx)?
    };
    Ok(Draft { note, json, writes, outbox })
}

/// The note has gone out: what points, streaks and counters follow from. The sender's devices hear it, too; with the
/// share of one that was scheduled (`realtime` puts it in), as nobody waits for an answer then.
pub(super) fn gone(note: &Note, scheduled_note_id: Option<ScheduledId>) -> Event<Ids> {
    let ids = Ids {
        note_id: note.id,
        sender_id: note.sender_id,
        recipient_id: None,
        channel: note.channel,
        status: note.status,
        scheduled_note_id,
    };
    Event::new(Some("note.sent"), vec![(note.sender_id, Cow::Borrowed("note.sent"))], ids)
}

pub(super) async fn send(
    app: &App,
    cx: &Cx,
    caller: &Caller,
    card: &Card,
    words: Words,
    to: &Address,
    once: &Once,
) -> Result<(StatusCode, Bytes)> {
    debug_assert_ne!(to.channel, Channel::Partner);
    let mut plan = card.plan(cx.now());
    loop {
        let draft = draft(app, cx, caller.member, plan, words.clone(), to, None)?;
        debug_assert_eq!(draft.note.status, Status::Sent);
        let mut writes = draft.writes;
        writes.extend(once.write(cx, StatusCode::CREATED, &draft.json)?);
        let commit = Commit { writes, outbox: vec![draft.outbox], token: None };
        let refusals = match app.ports.items.commit(commit).await? {
            Outcome::Applied { .. } => {
                app.bells.relay.notify_one();
                return Ok((StatusCode::CREATED, draft.json));
            }
            Outcome::Refused(refusals) => refusals,
        };
        if let Some(error) = once.overtaken(&refusals) {
            return Err(error);
        }
        plan = higher(app, cx, caller.member, to.channel, plan, refusals[METER].as_ref()).await?;
    }
}

/// What a stored note says to a gateway that cannot be: our own mistake.
pub(super) fn astray(channel: Channel) -> Error {
    Error::bug("deliver a note", format!("no gateway for {}", channel.name()))
}
