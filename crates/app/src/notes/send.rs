//! Sending to the partner: one commit with the couple's epoch, both copies, the meter, the event and, when the
//! caller gave a key, the record that makes a repeat harmless.

use super::{
    allowance,
    boxes::{self, Side},
    channel::Channel,
    library,
    model::{NewNote, Note, Status, Words},
    outside,
    stats::{self, Count},
};
use crate::{
    app::App, cards, couples::Membership, edge::once::Once, identity::Caller, plans::Plan, work::outbox::Event,
};
use axum::http::StatusCode;
use base::{
    Cx, Error, Result,
    id::{MemberId, NoteId, ScheduledId},
};
use bytes::Bytes;
use ports::items::{Commit, Emit, Outcome, Refusal, Write};
use serde::Serialize;
use std::borrow::Cow;

pub(super) fn no_partner() -> Error {
    Error::conflict("no_partner", "There is no partner to send this to.")
}

/// Ids of a note, as its events carry them.
#[derive(Serialize)]
pub(super) struct Ids {
    pub note_id: NoteId,
    pub sender_id: MemberId,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recipient_id: Option<MemberId>,
    pub channel: Channel,
    pub status: Status,
    /// What it was scheduled as.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheduled_note_id: Option<ScheduledId>,
}

/// A note and everything its commit writes, in this order: epoch, both copies, meter, what else is counted.
pub(super) struct Draft {
    pub note: Note,
    pub json: Bytes,
    pub writes: Vec<Write>,
    pub event: Emit,
}

/// Index of the epoch's condition and of the meter among a draft's writes.
pub(super) const EPOCH: usize = 0;
pub(super) const METER: usize = 3;

pub(super) fn draft(
    app: &App,
    cx: &Cx,
    us: &Membership,
    plan: Plan,
    words: Words,
    scheduled_note_id: Option<ScheduledId>,
) -> Result<Draft> {
    let note = Note {
        recipient: Some(us.partner().to_string()),
        // It is in the partner's box with this very commit.
        status: Status::Delivered,
        delivered_at: Some(cx.now()),
        ..note(cx, us.member(), Channel::Partner, words)
    };
    let json = note.json()?;
    let [sent, received] = boxes::puts(us, &note, &json);
    let meter = allowance::take(app, cx, us.member(), plan, Channel::Partner.name());
    let mut writes = vec![us.still(), sent, received, meter];
    writes.extend(counted(&note));
    if note.reply_to.is_some() {
        writes.push(stats::one_more(us.partner(), Count::Replied));
    }
    let ids = Ids {
        note_id: note.id,
        sender_id: us.member(),
        recipient_id: Some(us.partner()),
        channel: Channel::Partner,
        status: note.status,
        scheduled_note_id,
    };
    let to = vec![(us.partner(), Cow::Borrowed("note.received")), (us.member(), Cow::Borrowed("note.sent"))];
    let event = Event::new(Some("note.sent"), to, ids).emit(cx)?;
    Ok(Draft { note, json, writes, event })
}

/// A new note with what every channel has in common; it goes out now.
pub(super) fn note(cx: &Cx, sender: MemberId, channel: Channel, words: Words) -> Note {
    Note {
        id: cx.id(),
        sender_id: sender,
        recipient_type: channel.recipient_type(),
        platform: channel.platform(),
        recipient: None,
        title: words.title,
        content: words.content,
        template_id: words.template_id,
        channel,
        language: words.language,
        status: Status::Sent,
        sent_at: Some(cx.now()),
        delivered_at: None,
        opened_at: None,
        provider_message_id: None,
        failure_reason: None,
        share: None,
        reply_to: words.reply_to,
        created_at: cx.now(),
        updated_at: cx.now(),
    }
}

/// What a note adds to its sender's statistics beside the allowance.
pub(super) fn counted(note: &Note) -> Option<Write> {
    note.template_id.is_some().then(|| stats::one_more(note.sender_id, Count::Templates))
}

pub(super) async fn send(
    app: &App,
    cx: &Cx,
    caller: &Caller,
    input: &NewNote,
    once: &Once,
) -> Result<(StatusCode, Bytes)> {
    let card = cards::load(app, cx, caller.member).await?;
    let (words, to) = input.check(card.lang, &card.name, || outside::home(app))?;
    library::check_origin(app, cx, words.template_id).await?;
    if to.channel != Channel::Partner {
        answered(app, caller, &words).await?;
        return outside::send(app, cx, caller, &card, words, &to, once).await;
    }
    let us = Membership::of(&card, caller.member).ok_or_else(no_partner)?;
    if answered(app, caller, &words).await?.is_some_and(|sender| sender != us.partner()) {
        return Err(no_partner());
    }
    let mut plan = card.plan(cx.now());
    loop {
        let Draft { json, mut writes, event, .. } = draft(app, cx, &us, plan, words.clone(), None)?;
        writes.extend(once.write(cx, StatusCode::CREATED, &json)?);
        let refusals = match app.ports.items.commit(Commit { writes, outbox: vec![event], token: None }).await? {
            Outcome::Applied { .. } => {
                app.bells.relay.notify_one();
                return Ok((StatusCode::CREATED, json));
            }
            Outcome::Refused(refusals) => refusals,
        };
        match (once.overtaken(&refusals), &refusals[METER]) {
            (Some(error), _) => return Err(error),
            (None, _) if refusals[EPOCH].is_some() => return Err(no_partner()),
            (None, full) => plan = higher(app, cx, caller.member, Channel::Partner, plan, full.as_ref()).await?,
        }
    }
}

/// The sender of the note that this one answers. Only what was received can be answered.
async fn answered(app: &App, caller: &Caller, words: &Words) -> Result<Option<MemberId>> {
    let Some(first) = words.reply_to else { return Ok(None) };
    let (side, item) = boxes::find(app, caller, first).await?;
    if side != Side::Received {
        return Err(Error::forbidden("Only the receiver answers a note."));
    }
    Ok(Some(boxes::read(&item)?.sender_id))
}

/// The meter was full: the plan to try again with, when it has just become a higher one, or the refusal.
pub(super) async fn higher(
    app: &App,
    cx: &Cx,
    member: MemberId,
    channel: Channel,
    plan: Plan,
    full: Option<&Refusal>,
) -> Result<Plan> {
    let Some(full) = full else { return Err(Error::bug("send a note", "refused without a reason")) };
    let now = cards::fresh(app, cx, member).await?.plan(cx.now());
    if now > plan { Ok(now) } else { Err(allowance::reached(app, cx, plan, channel.name(), full)) }
}
