//! What a conversation is besides its messages: one item, changed by every commit that changes anything, so that two
//! writers cannot both be right. Counters, marks and previews of both participants live in it.

use super::{ids::Tag, model::Kind};
use crate::{
    app::App,
    tables::{CONVERSATIONS, UNREAD},
};
use base::{
    Error, Result, Time,
    id::{ConversationId, MemberId},
};
use bytes::Bytes;
use ports::items::{Commit, Emit, Key, Outcome, Refusal, When, Write};
use quick_cache::sync::Cache;
use serde::{Deserialize, Serialize};

/// Commits that are tried while others change the same conversation.
pub(super) const ATTEMPTS: usize = 16;
/// Conversations kept in their parsed form.
const PARSED: usize = 2_048;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct State {
    pub id: ConversationId,
    /// The smaller id first.
    pub members: [MemberId; 2],
    pub created_at: Time,
    pub updated_at: Time,
    /// The newest message; 0 when there is none.
    pub last_seq: u64,
    pub sides: [Side; 2],
    /// Stored form only: the second participant sees the same newest message as the first.
    #[serde(default, skip_serializing_if = "is_default")]
    same_last: bool,
}

/// What one participant has of a conversation. Marks are the `seq` up to which something holds. What is at its default
/// is not stored: this is written with every message.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub(super) struct Side {
    /// Messages addressed to this participant that are not read, removed or cleared.
    #[serde(skip_serializing_if = "is_default")]
    pub unread: i64,
    #[serde(skip_serializing_if = "is_default")]
    pub read: u64,
    /// How much of `read` the other one may know.
    #[serde(skip_serializing_if = "is_default")]
    pub seen: u64,
    #[serde(skip_serializing_if = "is_default")]
    pub delivered: u64,
    #[serde(skip_serializing_if = "is_default")]
    pub cleared: u64,
    #[serde(skip_serializing_if = "is_default")]
    pub cleared_at: Option<Time>,
    /// This participant's newest message.
    #[serde(skip_serializing_if = "is_default")]
    pub sent: u64,
    /// The newest message this participant sees.
    #[serde(skip_serializing_if = "is_default")]
    pub last: Option<Last>,
    #[serde(skip_serializing_if = "is_default")]
    pub muted: bool,
    #[serde(skip_serializing_if = "is_default")]
    pub pinned: bool,
    #[serde(skip_serializing_if = "is_default")]
    pub archived: bool,
    #[serde(skip_serializing_if = "is_default")]
    pub marked_unread: bool,
    #[serde(skip_serializing_if = "is_default")]
    pub hidden: bool,
    /// This participant has blocked the other.
    #[serde(skip_serializing_if = "is_default")]
    pub blocks: bool,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// A message as lists of conversations show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Last {
    pub seq: u64,
    pub at: Time,
    pub kind: Kind,
    /// The beginning of a text; of other kinds nothing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
}

impl Side {
    /// What it adds to the member's total.
    fn counts(&self) -> i64 {
        self.unread.max(i64::from(self.marked_unread))
    }
}

/// One of the two participants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seat {
    First,
    Second,
}

impl Seat {
    pub const BOTH: [Self; 2] = [Self::First, Self::Second];

    pub fn other(self) -> Self {
        match self {
            Self::First => Self::Second,
            Self::Second => Self::First,
        }
    }

    pub fn index(self) -> usize {
        self as usize
    }

    /// As part of a key.
    pub fn byte(self) -> u8 {
        self as u8
    }
}

impl State {
    pub fn new(id: ConversationId, members: [MemberId; 2], now: Time) -> Self {
        let sides = [Side::default(), Side::default()];
        Self { id, members, created_at: now, updated_at: now, last_seq: 0, sides, same_last: false }
    }

    pub fn tag(&self) -> Tag {
        Tag::of(self.id)
    }

    pub fn member(&self, seat: Seat) -> MemberId {
        self.members[seat.index()]
    }

    pub fn side(&self, seat: Seat) -> &Side {
        &self.sides[seat.index()]
    }

    pub fn side_mut(&mut self, seat: Seat) -> &mut Side {
        &mut self.sides[seat.index()]
    }

    pub fn seat_of(&self, member: MemberId) -> Option<Seat> {
        Seat::BOTH.into_iter().find(|seat| self.member(*seat) == member)
    }

    /// The stored form. What both see last is written once.
    pub fn json(&mut self) -> Result<Bytes> {
        self.same_last = self.sides[0].last == self.sides[1].last;
        let taken = if self.same_last { self.sides[1].last.take() } else { None };
        let written = serde_json::to_vec(self);
        if self.same_last {
            self.sides[1].last = taken;
        }
        Ok(Bytes::from(written.map_err(|e| Error::bug("write a conversation", e))?))
    }

    fn read(body: &[u8]) -> Result<Self> {
        let mut state: Self = serde_json::from_slice(body).map_err(|e| Error::bug("read a conversation", e))?;
        if state.same_last {
            let [first, second] = &mut state.sides;
            second.last.clone_from(&first.last);
        }
        Ok(state)
    }
}

/// Conversations as they were read or written last, so that a busy one is not parsed for each of its messages. Each
/// stands beside the bytes that it was read from, and counts for those only.
pub(super) struct Parsed(Cache<Tag, (Bytes, State)>);

impl Default for Parsed {
    fn default() -> Self {
        Self(Cache::new(PARSED))
    }
}

impl Parsed {
    fn read(&self, tag: Tag, body: &Bytes) -> Result<State> {
        if let Some((_, state)) = self.0.get(&tag).filter(|(known, _)| known == body) {
            return Ok(state);
        }
        let state = State::read(body)?;
        self.keep(tag, body.clone(), &state);
        Ok(state)
    }

    fn keep(&self, tag: Tag, body: Bytes, state: &State) {
        self.0.insert(tag, (body, state.clone()));
    }
}

pub(super) fn key(tag: Tag) -> Key {
    CONVERSATIONS.key(tag.bytes(), b"state")
}

/// Proof that a member takes part in a conversation, with the conversation as it was read. Only [`Seated::load`] and
/// [`Seated::at`] make one; everything that touches messages demands it.
#[derive(Debug, Clone)]
pub(super) struct Seated {
    pub state: State,
    pub seat: Seat,
    version: u64,
    before: [i64; 2],
}

impl Seated {
    /// The conversation of a participant, or 404.
    pub async fn load(app: &App, member: MemberId, conversation: ConversationId) -> Result<Self> {
        let us = Self::at(app, member, Tag::of(conversation)).await?;
        if us.state.id == conversation { Ok(us) } else { Err(Error::not_found()) }
    }

    pub async fn at(app: &App, member: MemberId, tag: Tag) -> Result<Self> {
        let item = app.ports.items.get(&key(tag)).await?.ok_or_else(Error::not_found)?;
        let state = app.chat.parsed.read(tag, &item.body)?;
        let seat = state.seat_of(member).ok_or_else(Error::not_found)?;
        let before = [state.sides[0].counts(), state.sides[1].counts()];
        Ok(Self { state, seat, version: item.version, before })
    }

    pub fn tag(&self) -> Tag {
        self.state.tag()
    }
    pub fn me(&self) -> &Side {
        self.state.side(self.seat)
    }
    pub fn me_mut(&mut self) -> &mut Side {
        self.state.side_mut(self.seat)
    }
    pub fn them(&self) -> &Side {
        self.state.side(self.seat.other())
    }
    pub fn them_mut(&mut self) -> &mut Side {
        self.state.side_mut(self.seat.other())
    }
    pub fn my_id(&self) -> MemberId {
        self.state.member(self.seat)
    }
    pub fn their_id(&self) -> MemberId {
        self.state.member(self.seat.other())
    }

    /// Stores the conversation as it has become, with both totals, `writes` and `outbox`, all or nothing.
    pub async fn commit(&mut self, app: &App, now: Time, writes: Vec<Write>, outbox: Vec<Emit>) -> Result<Stored> {
        self.state.updated_at = now;
        let mut all = Vec::with_capacity(writes.len() + 3);
        let body = self.state.json()?;
        all.push(Write::Put {
            key: key(self.tag()),
            number: 0,
            body: body.clone(),
            expires_at: None,
            when: When::Version(self.version),
        });
        for seat in Seat::BOTH {
            let amount = self.state.side(seat).counts() - self.before[seat.index()];
            if amount != 0 {
                let key = UNREAD.key(self.state.member(seat).bytes(), b"total");
                all.push(Write::Add { key, amount, ceiling: None, expires_at: None });
            }
        }
        let own = all.len();
        all.extend(writes);
        match app.ports.items.commit(Commit { writes: all, outbox, token: None }).await? {
            Outcome::Applied { .. } => {
                app.chat.parsed.keep(self.tag(), body, &self.state);
                app.bells.relay.notify_one();
                Ok(Stored::Yes)
            }
            Outcome::Refused(refusals) if refusals[0].is_some() => Ok(Stored::Overtaken),
            Outcome::Refused(mut refusals) => Ok(Stored::Refused(refusals.split_off(own))),
        }
    }
}

/// What became of a commit.
#[derive(Debug)]
pub(super) enum Stored {
    Yes,
    /// Somebody else changed the conversation: look again.
    Overtaken,
    /// Conditions among the given writes did not hold, one entry for each.
    Refused(Vec<Option<Refusal>>),
}

impl Stored {
    /// Whether it is stored, where no other refusal than being overtaken is waited for.
    pub fn is_yes(&self) -> bool {
        matches!(self, Self::Yes)
    }
}

pub(super) fn busy() -> Error {
    Error::unavailable("This conversation is being changed elsewhere.")
}

/// Unread messages of a member in all conversations.
pub(super) async fn total(app: &App, member: MemberId) -> Result<i64> {
    let item = app.ports.items.get(&UNREAD.key(member.bytes(), b"total")).await?;
    Ok(item.map_or(0, |item| item.number.max(0)))
}
