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
use serde::{Deserialize, Serialize};

/// Commits that are tried while others change the same conversation.
pub(super) const ATTEMPTS: usize = 16;

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
}

/// What one participant has of a conversation. Marks are the `seq` up to which something holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub(super) struct Side {
    /// Messages addressed to this participant that are not read, removed or cleared.
    pub unread: i64,
    pub read: u64,
    /// How much of `read` the other one may know.
    pub seen: u64,
    pub delivered: u64,
    pub cleared: u64,
    pub cleared_at: Option<Time>,
    /// This participant's newest message.
    pub sent: u64,
    /// The newest message this participant sees.
    pub last: Option<Last>,
    pub muted: bool,
    pub pinned: bool,
    pub archived: bool,
    pub marked_unread: bool,
    pub hidden: bool,
    /// This participant has blocked the other.
    pub blocks: bool,
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
        Self { id, members, created_at: now, updated_at: now, last_seq: 0, sides: [Side::default(), Side::default()] }
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

    pub fn json(&self) -> Result<Bytes> {
        Ok(Bytes::from(serde_json::to_vec(self).map_err(|e| Error::bug("write a conversation", e))?))
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
        let state: State = serde_json::from_slice(&item.body).map_err(|e| Error::bug("read a conversation", e))?;
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
        all.push(Write::Put {
            key: key(self.tag()),
            number: 0,
            body: self.state.json()?,
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
