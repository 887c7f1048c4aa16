//! Messages as a participant reads them. Most are shown as they are stored, with what depends on the reader behind;
//! what has more to it is read first.

use super::{
    messages,
    model::{self, CallTrace, ForwardedFrom, Kind, Location, Status, Stored, flags},
    state::{Seat, Seated},
};
use crate::{
    app::App,
    cards,
    files::{self, FileView},
};
use base::{
    Cx, Error, Result, Time,
    id::{ConversationId, MemberId, MessageId},
};
use bytes::Bytes;
use ports::items::Item;
use serde::Serialize;
use utoipa::ToSchema;

/// A message as a participant reads it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Message {
    pub id: MessageId,
    pub conversation_id: ConversationId,
    /// Its place in the conversation: from 1, without a gap.
    pub seq: u64,
    pub sender_id: MemberId,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    pub kind: Kind,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<FileView>,
    /// Of the kind `call`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call: Option<CallTrace>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forwarded_from: Option<ForwardedFrom>,
    pub edited_at: Option<Time>,
    pub created_at: Time,
    /// What it answers; null when that was removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<ReplyTo>)]
    #[expect(clippy::option_option, reason = "not an answer, and an answer to nothing, are two things")]
    pub reply_to: Option<Option<ReplyTo>>,
    pub status: Status,
    /// For everyone: nothing of it is left but its place.
    pub deleted: bool,
    /// The most frequent first.
    pub reactions: Vec<ReactionCount>,
    /// By the caller.
    pub starred: bool,
    pub pinned: bool,
}

/// The message that another one answers.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReplyTo {
    pub id: MessageId,
    pub seq: u64,
    pub kind: Kind,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    pub sender_id: MemberId,
    pub sender_name: String,
}

/// How often one emoji stands at a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReactionCount {
    pub emoji: String,
    pub count: usize,
    /// Whether the caller is among them.
    pub mine: bool,
}

/// How far a message has come, as this reader may know it.
pub(super) fn status(us: &Seated, sender: Seat, seq: u64) -> Status {
    let receiver = us.state.side(sender.other());
    let read = if us.seat == sender { receiver.seen } else { receiver.read };
    match seq {
        _ if seq <= read => Status::Read,
        _ if seq <= receiver.delivered => Status::Delivered,
        _ => Status::Sent,
    }
}

/// Appends the message as JSON.
pub(super) async fn write(app: &App, cx: &Cx, us: &Seated, item: &Item, out: &mut Vec<u8>) -> Result<()> {
    if item.number & flags::SPECIAL == 0 {
        let status = status(us, model::sender_of(item.number), messages::seq_of(item));
        plain(&item.body, status, out);
        return Ok(());
    }
    special(app, cx, us, &Stored::read(item)?, out).await
}

/// What is stored, and what every message has that nothing happened to.
fn plain(body: &[u8], status: Status, out: &mut Vec<u8>) {
    out.extend_from_slice(body.strip_suffix(b"}").unwrap_or(body));
    out.extend_from_slice(b",\"status\":\"");
    out.extend_from_slice(status.name().as_bytes());
    out.extend_from_slice(b"\",\"deleted\":false,\"reactions\":[],\"starred\":false,\"pinned\":false}");
}

async fn special(app: &App, cx: &Cx, us: &Seated, stored: &Stored, out: &mut Vec<u8>) -> Result<()> {
    let message = view(app, cx, us, stored).await?;
    serde_json::to_writer(out, &message).map_err(|e| Error::bug("write a message", e))
}

/// One message as JSON, of which the stored form is at hand.
pub(super) async fn stored(app: &App, cx: &Cx, us: &Seated, message: &Stored, body: &[u8]) -> Result<Bytes> {
    let mut out = Vec::with_capacity(body.len() + 128);
    let sender = us.state.seat_of(message.sender_id).unwrap_or(Seat::First);
    if message.flags(sender) & flags::SPECIAL == 0 {
        plain(body, status(us, sender, message.seq), &mut out);
    } else {
        special(app, cx, us, message, &mut out).await?;
    }
    Ok(Bytes::from(out))
}

/// One message as JSON.
pub(super) async fn one(app: &App, cx: &Cx, us: &Seated, stored: &Stored) -> Result<Bytes> {
    let mut out = Vec::with_capacity(512);
    special(app, cx, us, stored, &mut out).await?;
    Ok(Bytes::from(out))
}

pub(super) async fn view(app: &App, cx: &Cx, us: &Seated, stored: &Stored) -> Result<Message> {
    let sender = us.state.seat_of(stored.sender_id).unwrap_or(Seat::First);
    let more = &stored.more;
    let reply_to = match more.reply_to {
        None => None,
        Some(seq) => Some(reply(app, cx, us, seq).await?),
    };
    let file = match &more.file {
        None => None,
        Some(file) => Some(files::view(app, cx, file).await?),
    };
    Ok(Message {
        id: stored.id,
        conversation_id: stored.conversation_id,
        seq: stored.seq,
        sender_id: stored.sender_id,
        client_id: stored.client_id.clone(),
        kind: stored.kind,
        content: stored.content.clone(),
        location: stored.location.clone(),
        file,
        call: more.call,
        forwarded_from: stored.forwarded_from.clone(),
        edited_at: stored.edited_at,
        created_at: stored.created_at,
        reply_to,
        status: status(us, sender, stored.seq),
        deleted: more.deleted_at.is_some(),
        reactions: reactions(stored, us.my_id()),
        starred: more.starred[us.seat.index()].is_some(),
        pinned: more.pinned.is_some_and(|pin| pin.holds(cx.now())),
    })
}

async fn reply(app: &App, cx: &Cx, us: &Seated, seq: u64) -> Result<Option<ReplyTo>> {
    let Some(item) = messages::at(app, us, seq).await? else { return Ok(None) };
    if item.number & flags::GONE != 0 {
        return Ok(None);
    }
    let target = Stored::read(&item)?;
    let sender_name = cards::load(app, cx, target.sender_id).await?.name;
    Ok(Some(ReplyTo {
        id: target.id,
        seq: target.seq,
        kind: target.kind,
        content: target.content,
        sender_id: target.sender_id,
        sender_name,
    }))
}

/// Each emoji once, the most frequent first, then the one that came first.
pub(super) fn reactions(stored: &Stored, caller: MemberId) -> Vec<ReactionCount> {
    let mut counts: Vec<ReactionCount> = Vec::new();
    for reacted in &stored.more.reactions {
        let mine = reacted.by == caller;
        match counts.iter_mut().find(|one| one.emoji == reacted.emoji) {
            Some(one) => {
                one.count += 1;
                one.mine |= mine;
            }
            None => counts.push(ReactionCount { emoji: reacted.emoji.clone(), count: 1, mine }),
        }
    }
    counts.sort_by_key(|one| std::cmp::Reverse(one.count));
    counts
}
