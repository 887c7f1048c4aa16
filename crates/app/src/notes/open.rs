//! Opening a received note: both copies say so, and the sender hears of it while the two are a couple.

use super::{
    boxes::{self, Side, replace},
    model::Status,
    stats::{self, Count},
};
use crate::{app::App, cards, couples::Membership, identity::Caller, work::outbox::Event};
use base::{Cx, Error, Result, id::NoteId};
use bytes::Bytes;
use ports::items::{Commit, Outcome};

/// The note, opened. Opening twice changes nothing.
pub(super) async fn open(app: &App, cx: &Cx, caller: &Caller, id: NoteId) -> Result<Bytes> {
    for _ in 0..4 {
        let (side, item) = boxes::find(app, caller, id).await?;
        if side != Side::Received {
            return Err(Error::forbidden("Only the receiver opens a note."));
        }
        let mut note = boxes::read(&item)?;
        if note.opened_at.is_some() {
            return Ok(item.body);
        }
        note.status = Status::Opened;
        note.opened_at = Some(cx.now());
        note.updated_at = cx.now();
        let json = note.json()?;
        let mut commit = Commit { writes: vec![replace(&item, &json)], ..Commit::default() };
        let card = cards::load(app, cx, caller.member).await?;
        if let Some(us) = Membership::of(&card, caller.member).filter(|us| us.partner() == note.sender_id) {
            commit.writes.push(us.still());
            if let Some(theirs) = boxes::get(app, note.sender_id, Side::Sent, id).await? {
                commit.writes.push(replace(&theirs, &json));
                commit.writes.push(stats::one_more(note.sender_id, Count::Opened));
            }
            let data = serde_json::json!({ "note_id": id, "opened_at": cx.now(), "recipient_id": caller.member });
            commit.outbox.push(Event::to_one(note.sender_id, "note.opened", data).emit(cx)?);
        }
        if let Outcome::Applied { .. } = app.ports.items.commit(commit).await? {
            app.bells.relay.notify_one();
            return Ok(json);
        }
        // Another device opened it, or the couple ended just now: look again.
    }
    Err(Error::unavailable("This note is being changed elsewhere."))
}
