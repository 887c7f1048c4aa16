//! Editing and deleting. A message deleted for everyone leaves its place and nothing else.

use super::{
    evidence, media,
    messages::{Found, find, last, last_before, replace},
    model::{Kind, LONGEST, More, is_addressed, sender_of},
    post::Ids,
    render, stars,
    state::{ATTEMPTS, Seat, Seated, Stored, busy},
};
use crate::{app::App, check::Checks, files, identity::Caller, tables::PINS, work::outbox::Event};
use base::{Cx, Error, Result, id::MessageId, time::HOUR};
use bytes::Bytes;
use ports::items::{When, Write};
use serde::Deserialize;
use std::borrow::Cow;
use utoipa::{IntoParams, ToSchema};

/// How long a sender may change what was sent.
const WINDOW: i64 = 48 * HOUR;

#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "content": "Home in twenty minutes" }))]
pub struct EditMessage {
    #[schema(min_length = 1, max_length = 4_000)]
    pub content: String,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DeleteMessage {
    /// `me` (default) or `everyone`.
    #[serde(rename = "for")]
    #[param(rename = "for")]
    pub whom: Option<String>,
}

/// Only while it is young.
fn within_window(cx: &Cx, found: &Found, reason: &'static str) -> Result<()> {
    if cx.now().since(found.stored.created_at) <= WINDOW {
        return Ok(());
    }
    Err(Error::conflict(reason, "A message can be changed for 48 hours."))
}

fn only_sender(found: &Found) -> Result<()> {
    if found.is_mine() { Ok(()) } else { Err(Error::forbidden("Only its sender may do this to a message.")) }
}

pub(super) async fn edit(app: &App, cx: &Cx, caller: &Caller, id: MessageId, input: &EditMessage) -> Result<Bytes> {
    let mut checks = Checks::default();
    let content = input.content.trim();
    checks.length("/content", content, 1, LONGEST);
    checks.done()?;
    for _ in 0..ATTEMPTS {
        let found = find(app, caller.member, id).await?;
        only_sender(&found)?;
        let _turn = app.chat.turn(found.stored.conversation_id).await;
        let found = find(app, caller.member, id).await?.standing()?;
        if found.stored.kind != Kind::Text {
            return Err(Error::conflict("not_editable", "Only texts can be edited."));
        }
        within_window(cx, &found, "window_over")?;
        evidence::may_write(app, cx, &found.us).await?;
        if found.stored.content.as_deref() == Some(content) {
            return Err(Error::field("/content", "unchanged", "This is what it says already."));
        }
        let Found { mut us, item, mut stored } = found;
        stored.content = Some(content.to_owned());
        stored.edited_at = Some(cx.now());
        for seat in Seat::BOTH {
            if let Some(shown) = us.state.side_mut(seat).last.as_mut().filter(|shown| shown.seq == stored.seq) {
                *shown = last(&stored);
            }
        }
        let event = Ids::of(&stored).told(cx, &us, "message.updated")?;
        if us.commit(app, cx.now(), vec![replace(&item, &stored)?], vec![event]).await?.is_yes() {
            return render::one(app, cx, &us, &stored).await;
        }
    }
    Err(busy())
}

pub(super) async fn delete(app: &App, cx: &Cx, caller: &Caller, id: MessageId, asked: &DeleteMessage) -> Result<()> {
    let mut checks = Checks::default();
    let whom = checks.one_of("/query/for", asked.whom.as_deref(), &["me", "everyone"]);
    checks.done()?;
    let found = find(app, caller.member, id).await?;
    let everyone = whom.as_deref() == Some("everyone");
    let _turn = app.chat.turn(found.stored.conversation_id).await;
    for _ in 0..ATTEMPTS {
        let found = find(app, caller.member, id).await?;
        if everyone {
            only_sender(&found)?;
            if found.is_gone() {
                return Ok(());
            }
            if found.stored.kind == Kind::Call {
                return Err(Error::conflict("not_editable", "What a call has left cannot be taken back."));
            }
            within_window(cx, &found, "window_over")?;
        }
        let stored = if everyone { for_everyone(app, cx, found).await? } else { for_me(app, cx, found).await? };
        if stored.is_yes() {
            return Ok(());
        }
    }
    Err(busy())
}

/// Whether it counts as unread for a participant at this moment.
fn is_unread(found: &Found, to: Seat) -> bool {
    let (side, seq) = (found.us.state.side(to), found.stored.seq);
    is_addressed(found.item.number, to) && seq > side.read && seq > side.cleared
}

async fn for_everyone(app: &App, cx: &Cx, found: Found) -> Result<Stored> {
    let receiver = found.us.seat.other();
    let unread = is_unread(&found, receiver);
    let Found { mut us, item, mut stored } = found;
    let mut writes = stars::gone(&us, &stored, &Seat::BOTH);
    writes.push(Write::Delete { key: PINS.key(us.tag().bytes(), stored.seq.to_be_bytes()), when: When::Always });
    writes.extend(media::entry(us.tag(), &stored).map(|key| Write::Delete { key, when: When::Always }));
    let mut outbox = Vec::with_capacity(2);
    if let Some(file) = &stored.more.file {
        let released = files::release(app, file.id).await?;
        writes.extend(released.writes);
        outbox.extend(released.job.map(|job| job.emit()).transpose()?);
    }
    stored.content = None;
    stored.location = None;
    stored.forwarded_from = None;
    stored.more = More { deleted_at: Some(cx.now()), hidden: stored.more.hidden, ..More::default() };
    writes.push(replace(&item, &stored)?);
    if unread {
        us.state.side_mut(receiver).unread -= 1;
    }
    for seat in Seat::BOTH {
        forget_last(app, &mut us, seat, stored.seq).await?;
    }
    let ids = Ids::of(&stored);
    let data = serde_json::json!({
        "conversation_id": ids.conversation_id, "message_id": ids.message_id, "seq": ids.seq, "for": "everyone",
        "sender_id": ids.sender_id,
    });
    let to = vec![(us.their_id(), Cow::Borrowed("message.deleted")), (us.my_id(), Cow::Borrowed("message.deleted"))];
    outbox.push(Event::new(Some("message.deleted"), to, data).emit(cx)?);
    us.commit(app, cx.now(), writes, outbox).await
}

async fn for_me(app: &App, cx: &Cx, found: Found) -> Result<Stored> {
    let unread = is_unread(&found, found.us.seat);
    let Found { mut us, item, mut stored } = found;
    let mut writes = stars::gone(&us, &stored, &[us.seat]);
    stored.more.hidden[us.seat.index()] = true;
    stored.more.starred[us.seat.index()] = None;
    if !stored.more.is_gone() {
        let flags = stored.flags(sender_of(item.number));
        writes.extend(media::entry(us.tag(), &stored).map(|key| media::put(key, flags)));
    }
    writes.push(replace(&item, &stored)?);
    if unread {
        us.me_mut().unread -= 1;
    }
    let seat = us.seat;
    forget_last(app, &mut us, seat, stored.seq).await?;
    let data = serde_json::json!({
        "conversation_id": stored.conversation_id, "message_id": stored.id, "seq": stored.seq, "for": "me",
    });
    let event = Event::new(None, vec![(us.my_id(), Cow::Borrowed("message.deleted"))], data).emit(cx)?;
    us.commit(app, cx.now(), writes, vec![event]).await
}

/// The message is not what a participant's list shows any more.
async fn forget_last(app: &App, us: &mut Seated, seat: Seat, seq: u64) -> Result<()> {
    if us.state.side(seat).last.as_ref().is_some_and(|shown| shown.seq == seq) {
        let before = last_before(app, us, seat, seq).await?;
        us.state.side_mut(seat).last = before;
    }
    Ok(())
}
