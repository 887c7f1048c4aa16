//! Receipts: two marks per participant, delivered and read, that only move forward; read implies delivered. When a mark
//! moved is kept beside it, so that every message knows its times without being written again.

use super::{
    messages,
    model::Status,
    state::{ATTEMPTS, Seat, Seated, busy},
};
use crate::{app::App, cards, tables::RECEIPTS, work::outbox::Event};
use base::{
    Cx, Result, Time,
    id::{ConversationId, MemberId},
};
use bytes::Bytes;
use ports::items::{Emit, Key, Query, When, Write};
use std::borrow::Cow;

/// Where the times of one participant's marks lie.
fn partition(us: &Seated, seat: Seat, status: Status) -> [u8; 8] {
    let mut pk = [0; 8];
    pk[..6].copy_from_slice(&us.tag().bytes());
    pk[6] = seat.byte();
    pk[7] = if status == Status::Read { b'r' } else { b'd' };
    pk
}

/// That a mark reached `up_to` at this moment.
fn record(us: &Seated, status: Status, up_to: u64, now: Time) -> Write {
    let key: Key = RECEIPTS.key(partition(us, us.seat, status), up_to.to_be_bytes());
    Write::Put { key, number: now.0, body: Bytes::new(), expires_at: None, when: When::Always }
}

/// When the receiver's mark came to `seq`.
async fn reached(app: &App, us: &Seated, receiver: Seat, status: Status, seq: u64) -> Result<Option<Time>> {
    let query = Query::partition(RECEIPTS, partition(us, receiver, status)).from(seq.to_be_bytes()).limit(1);
    let found = app.ports.items.query(query).await?;
    Ok(found.items.first().map(|item| Time(item.number)))
}

/// When a message was delivered and read, as far as the caller may know.
pub(super) async fn times(app: &App, us: &Seated, sender: Seat, seq: u64) -> Result<(Option<Time>, Option<Time>)> {
    let receiver = sender.other();
    let read = reached(app, us, receiver, Status::Read, seq).await?;
    let delivered = reached(app, us, receiver, Status::Delivered, seq).await?;
    // Read implies delivered: both are set together when need be.
    Ok((delivered.into_iter().chain(read).min(), read))
}

/// Tells the sender how far the messages have come.
fn told(cx: &Cx, us: &Seated, status: Status, up_to: u64) -> Result<Emit> {
    let data = serde_json::json!({
        "conversation_id": us.state.id, "status": status.name(), "up_to_seq": up_to, "member_id": us.my_id(),
    });
    Event::new(None, vec![(us.their_id(), Cow::Borrowed("message.status"))], data).emit(cx)
}

/// Every device of the participant hears how the conversation is now.
pub(super) fn changed(cx: &Cx, us: &Seated) -> Result<Emit> {
    let data = serde_json::json!({ "conversation_id": us.state.id });
    Event::new(None, vec![(us.my_id(), Cow::Borrowed("conversation.updated"))], data).emit(cx)
}

/// Moves the caller's delivered mark: one of the devices has the messages up to there.
pub(super) async fn delivered(
    app: &App,
    cx: &Cx,
    member: MemberId,
    conversation: ConversationId,
    up_to: u64,
) -> Result<Seated> {
    let _turn = app.chat.turn(conversation).await;
    for _ in 0..ATTEMPTS {
        let mut us = Seated::load(app, member, conversation).await?;
        let (before, up_to) = (us.me().delivered, up_to.min(us.state.last_seq));
        // Where nothing was sent to this member, nothing was delivered.
        if up_to <= before || us.them().sent <= before {
            return Ok(us);
        }
        us.me_mut().delivered = up_to;
        let writes = vec![record(&us, Status::Delivered, up_to, cx.now())];
        let event = told(cx, &us, Status::Delivered, up_to)?;
        if us.commit(app, cx.now(), writes, vec![event]).await?.is_yes() {
            return Ok(us);
        }
    }
    Err(busy())
}

/// Everything addressed to the caller has been fetched.
pub(super) async fn fetched(app: &App, cx: &Cx, member: MemberId, conversation: ConversationId) -> Result<()> {
    let us = Seated::load(app, member, conversation).await?;
    if us.them().sent > us.me().delivered {
        delivered(app, cx, member, conversation, us.state.last_seq).await?;
    }
    Ok(())
}

/// Moves the caller's read mark and recounts what is unread.
pub(super) async fn read(
    app: &App,
    cx: &Cx,
    member: MemberId,
    conversation: ConversationId,
    up_to: u64,
) -> Result<Seated> {
    let shows = cards::load(app, cx, member).await?.read_receipts;
    let _turn = app.chat.turn(conversation).await;
    for _ in 0..ATTEMPTS {
        let mut us = Seated::load(app, member, conversation).await?;
        let (before, up_to) = (us.me().clone(), up_to.min(us.state.last_seq));
        if up_to <= before.read && !before.marked_unread {
            return Ok(us);
        }
        if up_to > before.read {
            us.me_mut().unread = if up_to == us.state.last_seq {
                0
            } else {
                (before.unread - messages::addressed(app, &us, before.read, up_to).await?).max(0)
            };
        }
        let me = us.me_mut();
        me.marked_unread = false;
        me.read = me.read.max(up_to);
        me.delivered = me.delivered.max(up_to);
        if shows {
            me.seen = me.seen.max(up_to);
        }
        let (mut writes, mut outbox) = (Vec::new(), vec![changed(cx, &us)?]);
        // The sender hears of it only where something of theirs is among it.
        let sent = us.them().sent;
        if us.me().seen > before.seen && sent > before.seen {
            writes.push(record(&us, Status::Read, up_to, cx.now()));
            outbox.push(told(cx, &us, Status::Read, up_to)?);
        } else if us.me().delivered > before.delivered && sent > before.delivered {
            writes.push(record(&us, Status::Delivered, up_to, cx.now()));
            outbox.push(told(cx, &us, Status::Delivered, up_to)?);
        }
        if us.commit(app, cx.now(), writes, outbox).await?.is_yes() {
            return Ok(us);
        }
    }
    Err(busy())
}
