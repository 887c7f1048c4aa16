//! Where messages lie: one partition per conversation, in the order of `seq`, without a gap.

use super::{
    ids::{self, Tag},
    model::{self, Stored},
    state::{Last, Seat, Seated},
};
use crate::{app::App, tables::MESSAGES};
use base::{
    Error, Result,
    id::{MemberId, MessageId},
};
use bytes::Bytes;
use ports::items::{Item, Key, Query, When, Write};

pub(super) fn key(tag: Tag, seq: u64) -> Key {
    MESSAGES.key(tag.bytes(), seq.to_be_bytes())
}

pub(super) fn seq_of(item: &Item) -> u64 {
    item.key.sk.as_slice().try_into().map_or(0, u64::from_be_bytes)
}

/// A new message. The commit of its conversation's state sees to it that `seq` is free.
pub(super) fn put(tag: Tag, stored: &Stored, sender: Seat, body: &Bytes) -> Write {
    Write::Put {
        key: key(tag, stored.seq),
        number: stored.flags(sender),
        body: body.clone(),
        expires_at: None,
        when: When::Always,
    }
}

/// The message as it has become; refused when it was changed meanwhile.
pub(super) fn replace(item: &Item, stored: &Stored) -> Result<Write> {
    Ok(Write::Put {
        key: item.key.clone(),
        number: stored.flags(model::sender_of(item.number)),
        body: stored.json()?,
        expires_at: None,
        when: When::Version(item.version),
    })
}

/// A message as one participant finds it.
pub(super) struct Found {
    pub us: Seated,
    pub item: Item,
    pub stored: Stored,
}

impl Found {
    pub fn is_mine(&self) -> bool {
        model::sender_of(self.item.number) == self.us.seat
    }

    pub fn is_gone(&self) -> bool {
        self.stored.more.deleted_at.is_some()
    }

    /// The message, unless it was deleted for everyone.
    pub fn standing(self) -> Result<Self> {
        if self.is_gone() {
            Err(Error::conflict("message_deleted", "This message has been deleted."))
        } else {
            Ok(self)
        }
    }
}

/// The message that a participant sees, or 404.
pub(super) async fn find(app: &App, member: MemberId, id: MessageId) -> Result<Found> {
    let (tag, seq) = ids::place(id);
    let us = Seated::at(app, member, tag).await?;
    let item = at(app, &us, seq).await?.ok_or_else(Error::not_found)?;
    let stored = Stored::read(&item)?;
    if stored.id == id { Ok(Found { us, item, stored }) } else { Err(Error::not_found()) }
}

/// The message `seq`, if this participant sees it.
pub(super) async fn at(app: &App, us: &Seated, seq: u64) -> Result<Option<Item>> {
    if seq == 0 || seq <= us.me().cleared || seq > us.state.last_seq {
        return Ok(None);
    }
    let item = app.ports.items.get(&key(us.tag(), seq)).await?;
    Ok(item.filter(|item| model::is_visible(item.number, us.seat)))
}

/// Messages between two marks, the first excluded and the last included, oldest first.
pub(super) fn between(tag: Tag, after: u64, up_to: u64) -> Query {
    Query::partition(MESSAGES, tag.bytes()).from((after + 1).to_be_bytes()).to(up_to.to_be_bytes()).limit(1_000)
}

/// How many messages after `after`, up to and with `up_to`, are unread for a participant who has read none of them.
pub(super) async fn addressed(app: &App, us: &Seated, after: u64, up_to: u64) -> Result<i64> {
    let after = after.max(us.me().cleared);
    let (mut count, mut next) = (0, None);
    if after >= up_to {
        return Ok(0);
    }
    loop {
        let found = app.ports.items.query(between(us.tag(), after, up_to).after(next)).await?;
        count += found.items.iter().filter(|item| model::is_addressed(item.number, us.seat)).count();
        next = found.next;
        if next.is_none() {
            return Ok(i64::try_from(count).unwrap_or(i64::MAX));
        }
    }
}

/// The newest message before `seq` that a participant sees and that still says something.
pub(super) async fn last_before(app: &App, us: &Seated, seat: Seat, seq: u64) -> Result<Option<Last>> {
    let cleared = us.state.side(seat).cleared;
    let mut next = None;
    if seq <= cleared + 1 {
        return Ok(None);
    }
    loop {
        let query = between(us.tag(), cleared, seq - 1).backward().limit(50).after(next);
        let found = app.ports.items.query(query).await?;
        let seen = |item: &&Item| item.number & model::flags::GONE == 0 && model::is_visible(item.number, seat);
        if let Some(item) = found.items.iter().find(seen) {
            return Ok(Some(last(&Stored::read(item)?)));
        }
        next = found.next;
        if next.is_none() {
            return Ok(None);
        }
    }
}

/// A message as lists of conversations show it.
pub(super) fn last(stored: &Stored) -> Last {
    let text = stored.content.as_deref().filter(|_| stored.kind == model::Kind::Text);
    Last {
        seq: stored.seq,
        at: stored.created_at,
        kind: stored.kind,
        text: text.map(model::preview).unwrap_or_default(),
    }
}
