//! Sending: one commit with the message, the conversation with both counters, the record of the name that makes a
//! retry harmless, and the event.

use super::{
    evidence,
    ids::{self, MOST, Tag},
    media, messages,
    model::{CallTrace, ForwardedFrom, Kind, More, NewMessage, Said, Stored as Message},
    render,
    state::{ATTEMPTS, Seat, Seated, Stored, busy},
};
use crate::{
    app::App,
    edge::once::Once,
    files::{self, Attachment},
    identity::Caller,
    tables::CLIENT_IDS,
    work::outbox::Event,
};
use axum::http::StatusCode;
use base::{
    Cx, Error, Field, Result,
    id::{ConversationId, FileId, MemberId, MessageId},
};
use bytes::Bytes;
use ports::items::{Emit, Key, Refusal, When, Write};
use serde::Serialize;
use std::borrow::Cow;

/// Ids of a message, as its events carry them.
#[derive(Serialize)]
pub(super) struct Ids {
    pub conversation_id: ConversationId,
    pub message_id: MessageId,
    pub seq: u64,
    pub sender_id: MemberId,
}

impl Ids {
    pub fn of(message: &Message) -> Self {
        Self {
            conversation_id: message.conversation_id,
            message_id: message.id,
            seq: message.seq,
            sender_id: message.sender_id,
        }
    }

    /// Told to the devices of both.
    pub fn told(self, cx: &Cx, us: &Seated, kind: &'static str) -> Result<Emit> {
        let to = vec![(us.their_id(), Cow::Borrowed(kind)), (us.my_id(), Cow::Borrowed(kind))];
        Event::new(Some(kind), to, self).emit(cx)
    }
}

/// What is to be said in a conversation.
pub(super) struct Draft<'a> {
    pub said: &'a Said,
    /// The device's own name for it.
    pub client_id: Option<&'a str>,
    /// What a retry of this send has in common with it, unless the device named it.
    pub name: Option<String>,
    pub reply_to: Option<MessageId>,
    pub forwarded_from: Option<ForwardedFrom>,
    pub file: Option<Use<'a>>,
    /// What the kind `call` tells of.
    pub call: Option<CallTrace>,
}

/// The file of a message.
pub(super) enum Use<'a> {
    /// Uploaded by the sender.
    Own(FileId),
    /// Of the message that is forwarded.
    Shared(&'a Attachment),
}

impl Draft<'_> {
    /// What the message keeps of its file, and the write that counts one more use.
    async fn file(&self, app: &App, sender: MemberId) -> Result<Option<(Attachment, Write)>> {
        let Some(kind) = self.said.kind.file() else { return Ok(None) };
        match self.file {
            None => Err(Error::field("/file", "required", "A file is needed.")),
            Some(Use::Own(id)) => files::attach(app, sender, id, kind).await.map(Some),
            Some(Use::Shared(file)) => {
                let write = files::share(app, file.id).await?.ok_or_else(Error::not_found)?;
                Ok(Some((file.clone(), write)))
            }
        }
    }

    /// Remembered per conversation and sender.
    fn remembered(&self, us: &Seated) -> Option<Key> {
        // What we name begins in a way that no device's name does.
        let name = match (self.client_id, &self.name) {
            (Some(name), _) => Cow::Borrowed(name),
            (None, Some(name)) => Cow::Owned(format!("\0{name}")),
            (None, None) => return None,
        };
        let mut pk = [0; 7];
        pk[..6].copy_from_slice(&us.tag().bytes());
        pk[6] = us.seat.byte();
        let digest = ring::digest::digest(&ring::digest::SHA256, name.as_bytes());
        Some(CLIENT_IDS.key(pk, &digest.as_ref()[..16]))
    }
}

/// A message of the sender's own making. `file` comes along, with its name and how long it lasts.
pub(super) async fn send(
    app: &App,
    cx: &Cx,
    caller: &Caller,
    conversation: ConversationId,
    (input, file): (&NewMessage, Option<&Incoming>),
    once: &Once,
) -> Result<(StatusCode, Bytes)> {
    let said = input.check(file.is_some())?;
    let mut draft = Draft {
        said: &said,
        client_id: input.client_id.as_deref(),
        name: None,
        reply_to: input.reply_to_id,
        forwarded_from: None,
        file: input.file.map(|file| Use::Own(file.id)),
        call: None,
    };
    if let (Some(kind), Some(file)) = (said.kind.file(), file) {
        // Before anything is spent on the file.
        let us = Seated::load(app, caller.member, conversation).await?;
        if let Some(key) = draft.remembered(&us)
            && let Some(item) = app.ports.items.get(&key).await?
        {
            let seq = u64::try_from(item.number).unwrap_or_default();
            return Box::pin(again(app, cx, caller.member, conversation, seq)).await;
        }
        evidence::may_write(app, cx, &us).await?;
        let (name, bytes) = (file.name.as_deref(), file.bytes.clone());
        // Boxed, as is what a retry needs: every message would carry the room for it about.
        let stored = Box::pin(files::store(app, cx, caller.member, kind, name, file.duration_s, bytes)).await?;
        draft.file = Some(Use::Own(stored.id));
    }
    post(app, cx, caller.member, conversation, &draft, Some(once)).await
}

/// A file in the form of its message.
pub(super) struct Incoming {
    pub name: Option<String>,
    pub duration_s: Option<f64>,
    pub bytes: Bytes,
}

/// Says it: 201 with the message, or 200 with the one that this send repeats.
pub(super) async fn post(
    app: &App,
    cx: &Cx,
    member: MemberId,
    conversation: ConversationId,
    draft: &Draft<'_>,
    once: Option<&Once>,
) -> Result<(StatusCode, Bytes)> {
    let _turn = app.chat.turn(conversation).await;
    for _ in 0..ATTEMPTS {
        let mut us = Seated::load(app, member, conversation).await?;
        if draft.said.kind != Kind::Call {
            evidence::may_write(app, cx, &us).await?;
        }
        let mut message = next(app, cx, &us, draft).await?;
        let file = draft.file(app, member).await?;
        let file = file.map(|(file, write)| (message.more.file = Some(file), write).1);
        let body = message.json()?;
        let mut writes = append(&mut us, &message, &body);
        writes.extend(file);
        let event = Ids::of(&message).told(cx, &us, "message.created")?;
        if let Some(key) = draft.remembered(&us) {
            let number = i64::try_from(message.seq).unwrap_or(i64::MAX);
            writes.push(Write::Put { key, number, body: Bytes::new(), expires_at: None, when: When::Absent });
        }
        let json = render::stored(app, cx, &us, &message, &body).await?;
        if let Some(once) = once {
            writes.extend(once.write(cx, StatusCode::CREATED, &json)?);
        }
        match us.commit(app, cx.now(), writes, vec![event]).await? {
            Stored::Yes => return Ok((StatusCode::CREATED, json)),
            Stored::Overtaken => {}
            Stored::Refused(refusals) => {
                if let Some(seq) = first(&refusals) {
                    return Box::pin(again(app, cx, member, conversation, seq)).await;
                }
                if let Some(error) = once.and_then(|once| once.overtaken(&refusals)) {
                    return Err(error);
                }
                // Another message came to use the same file.
            }
        }
    }
    Err(busy())
}

/// The message that is already remembered by this name.
fn first(refusals: &[Option<Refusal>]) -> Option<u64> {
    let mut current = refusals.iter().flatten().filter_map(|refusal| refusal.current.as_ref());
    let item = current.find(|item| item.key.table == CLIENT_IDS)?;
    u64::try_from(item.number).ok()
}

/// A retried send: the first message, as it is now.
async fn again(
    app: &App,
    cx: &Cx,
    member: MemberId,
    conversation: ConversationId,
    seq: u64,
) -> Result<(StatusCode, Bytes)> {
    let us = Seated::load(app, member, conversation).await?;
    // Also one that its sender has cleared away or deleted since: it was sent.
    let item = app.ports.items.get(&messages::key(us.tag(), seq)).await?.ok_or_else(Error::not_found)?;
    Ok((StatusCode::OK, render::one(app, cx, &us, &Message::read(&item)?).await?))
}

/// The `seq` of the message that is answered.
async fn answered(app: &App, us: &Seated, id: Option<MessageId>) -> Result<Option<u64>> {
    let Some(id) = id else { return Ok(None) };
    let unknown = || {
        let detail = "This is no message of this conversation.";
        Error::invalid(vec![Field::new("/reply_to_id", "unknown_value", detail)])
    };
    let (tag, seq) = ids::place(id);
    if tag != us.tag() {
        return Err(unknown());
    }
    let message = messages::at(app, us, seq).await?.as_ref().map(Message::read).transpose()?;
    let stands = message.is_some_and(|m| m.id == id && m.more.deleted_at.is_none());
    if stands { Ok(Some(seq)) } else { Err(unknown()) }
}

/// The next message of a conversation, from this participant.
async fn next(app: &App, cx: &Cx, us: &Seated, draft: &Draft<'_>) -> Result<Message> {
    let seq = us.state.last_seq + 1;
    if seq > MOST {
        return Err(Error::conflict("no_room", "This conversation has no room for another message."));
    }
    Ok(Message {
        id: ids::message_id(cx.now(), us.tag(), seq),
        conversation_id: us.state.id,
        seq,
        sender_id: us.my_id(),
        client_id: draft.client_id.map(str::to_owned),
        kind: draft.said.kind,
        content: draft.said.content.clone(),
        location: draft.said.location.clone(),
        forwarded_from: draft.forwarded_from.clone(),
        edited_at: None,
        created_at: cx.now(),
        more: More { reply_to: answered(app, us, draft.reply_to).await?, call: draft.call, ..More::default() },
    })
}

/// Adds the message to the conversation as both see it from now on; the writes that store it.
fn append(us: &mut Seated, message: &Message, body: &Bytes) -> Vec<Write> {
    let last = messages::last(message);
    us.state.last_seq = message.seq;
    for seat in Seat::BOTH {
        let side = us.state.side_mut(seat);
        side.last = Some(last.clone());
        side.hidden = false;
    }
    us.me_mut().sent = message.seq;
    let them = us.them_mut();
    them.archived = false;
    if message.kind != Kind::Call {
        them.unread += 1;
    }
    // Room for what the commit adds.
    let mut writes = Vec::with_capacity(4);
    writes.push(messages::put(us.tag(), message, us.seat, body));
    writes.extend(media::entry(us.tag(), message).map(|key| media::put(key, 0)));
    writes
}

impl super::Chat {
    /// One change of a conversation at a time on this node, so that a burst does not compete with itself. Between
    /// nodes the version of its state decides.
    pub(super) async fn turn(&self, conversation: ConversationId) -> tokio::sync::MutexGuard<'_, ()> {
        self.turns[Tag::of(conversation).shard(self.turns.len())].lock().await
    }
}
