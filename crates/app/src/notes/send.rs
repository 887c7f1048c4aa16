//! Sending to the partner: one commit with the couple's epoch, both copies, the meter, the event and, when the
//! caller gave a key, the record that makes a repeat harmless.

use super::{
    allowance,
    boxes::{self, Side},
    library,
    model::{NewNote, Note, Words},
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
use ports::items::{Commit, Emit, Outcome, Write};
use serde::Serialize;
use std::borrow::Cow;

pub(super) fn no_partner() -> Error {
    Error::conflict("no_partner", "There is no partner to send this to.")
}

/// Ids of a note, as its events carry them.
#[derive(Serialize)]
struct Ids {
    note_id: NoteId,
    sender_id: MemberId,
    recipient_id: MemberId,
    status: &'static str,
    /// What it was scheduled as.
    #[serde(skip_serializing_if = "Option::is_none")]
    scheduled_note_id: Option<ScheduledId>,
}

/// A note and everything its commit writes, in this order: epoch, both copies, meter.
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
        id: cx.id(),
        sender_id: us.member(),
        recipient_type: "partner".to_owned(),
        platform: None,
        recipient: Some(us.partner().to_string()),
        title: words.title,
        content: words.content,
        template_id: words.template_id,
        channel: "partner".to_owned(),
        language: words.language,
        // It is in the partner's box with this very commit.
        status: "delivered".to_owned(),
        sent_at: Some(cx.now()),
        delivered_at: Some(cx.now()),
        opened_at: None,
        reply_to: words.reply_to,
        created_at: cx.now(),
        updated_at: cx.now(),
    };
    let json = Bytes::from(serde_json::to_vec(&note).map_err(|e| Error::bug("write a note", e))?);
    let [sent, received] = boxes::puts(us, &note, &json);
    let meter = allowance::take(app, cx, us.member(), plan, "partner");
    let (note_id, sender_id, recipient_id) = (note.id, us.member(), us.partner());
    let ids = Ids { note_id, sender_id, recipient_id, status: "delivered", scheduled_note_id };
    let to = vec![(us.partner(), Cow::Borrowed("note.received")), (us.member(), Cow::Borrowed("note.sent"))];
    let event = Event::new(Some("note.sent"), to, ids).emit(cx)?;
    Ok(Draft { note, json, writes: vec![us.still(), sent, received, meter], event })
}

pub(super) async fn send(
    app: &App,
    cx: &Cx,
    caller: &Caller,
    input: &NewNote,
    once: &Once,
) -> Result<(StatusCode, Bytes)> {
    let card = cards::load(app, cx, caller.member).await?;
    let words = input.check(card.lang)?;
    library::check_origin(app, cx, words.template_id).await?;
    let us = Membership::of(&card, caller.member).ok_or_else(no_partner)?;
    if let Some(first) = words.reply_to {
        let (side, item) = boxes::find(app, caller, first).await?;
        if side == Side::Sent {
            return Err(Error::forbidden("Only the receiver answers a note."));
        }
        if boxes::read(&item)?.sender_id != us.partner() {
            return Err(no_partner());
        }
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
            (None, Some(full)) => {
                let now = cards::fresh(app, cx, caller.member).await?.plan(cx.now());
                if now <= plan {
                    return Err(allowance::reached(app, cx, plan, "partner", full));
                }
                plan = now;
            }
            (None, None) => return Err(Error::bug("send a note", "refused without a reason")),
        }
    }
}
