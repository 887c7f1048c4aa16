//! What a call is and what may become of it; pure.

use base::{
    Error, Result, Time,
    id::{CallId, ConversationId, MemberId, SessionId},
    time::{DAY, SECOND},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// No call lasts longer: it was forgotten.
pub(super) const LONGEST: i64 = DAY;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = CallType)]
pub enum Kind {
    Voice,
    Video,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = CallState)]
pub enum State {
    Ringing,
    Accepted,
    /// After it was accepted.
    Ended,
    Rejected,
    /// By the caller, while it rang.
    Cancelled,
    /// Nobody answered.
    Missed,
    /// The callee was in another call.
    Busy,
}

impl State {
    pub fn is_live(self) -> bool {
        matches!(self, Self::Ringing | Self::Accepted)
    }

    /// As conditions see it.
    pub(super) fn number(self) -> i64 {
        self as i64
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CallEndReason)]
pub enum Reason {
    HungUp,
    Rejected,
    Cancelled,
    NoAnswer,
    Busy,
    /// Nobody hung up for a day.
    TimedOut,
}

/// Which of the two a member is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Caller,
    Callee,
}

impl Role {
    pub fn index(self) -> usize {
        self as usize
    }

    pub fn other(self) -> Self {
        match self {
            Self::Caller => Self::Callee,
            Self::Callee => Self::Caller,
        }
    }
}

/// What one party has switched off.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = CallMedia)]
pub struct Media {
    pub muted: bool,
    pub camera_off: bool,
}

/// What a party does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    Accept,
    Reject,
    Cancel,
    End,
}

/// A call as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stored {
    pub id: CallId,
    pub conversation_id: ConversationId,
    pub caller_id: MemberId,
    pub callee_id: MemberId,
    #[serde(rename = "type")]
    pub kind: Kind,
    pub state: State,
    pub started_at: Time,
    /// When it stops ringing by itself.
    pub rings_until: Time,
    pub answered_at: Option<Time>,
    pub ended_at: Option<Time>,
    pub end_reason: Option<Reason>,
    pub caller_session: SessionId,
    /// The device that answered.
    pub callee_session: Option<SessionId>,
    /// Of the caller and of the callee.
    pub media: [Media; 2],
}

impl Stored {
    pub fn member(&self, role: Role) -> MemberId {
        match role {
            Role::Caller => self.caller_id,
            Role::Callee => self.callee_id,
        }
    }

    pub fn role_of(&self, member: MemberId) -> Option<Role> {
        [Role::Caller, Role::Callee].into_iter().find(|role| self.member(*role) == member)
    }

    /// The device of a party that is in the call, once it is known.
    pub fn session(&self, role: Role) -> Option<SessionId> {
        match role {
            Role::Caller => Some(self.caller_session),
            Role::Callee => self.callee_session,
        }
    }

    /// When a live call ends by itself.
    pub fn until(&self) -> Time {
        self.answered_at.map_or(self.rings_until, |at| at.plus(LONGEST))
    }

    /// From the answer to the end, once it is over.
    pub fn duration_s(&self) -> Option<i64> {
        let ended = self.ended_at?;
        Some(self.answered_at.map_or(0, |answered| ended.since(answered).max(0) / SECOND))
    }

    pub fn ended(&self, state: State, reason: Reason, now: Time) -> Self {
        Self { state, ended_at: Some(now), end_reason: Some(reason), ..self.clone() }
    }

    /// What becomes of it when it is live past its time.
    pub fn overdue(&self, now: Time) -> Option<Self> {
        let over = self.state.is_live() && self.until() <= now;
        over.then(|| match self.state {
            State::Ringing => self.ended(State::Missed, Reason::NoAnswer, now),
            _ => self.ended(State::Ended, Reason::TimedOut, now),
        })
    }

    /// What becomes of it when one party has turned away from the other.
    pub fn parted(&self, by: Role, now: Time) -> Option<Self> {
        match (self.state, by) {
            (State::Ringing, Role::Caller) => Some(self.ended(State::Cancelled, Reason::Cancelled, now)),
            (State::Ringing, Role::Callee) => Some(self.ended(State::Rejected, Reason::Rejected, now)),
            (State::Accepted, _) => Some(self.ended(State::Ended, Reason::HungUp, now)),
            _ => None,
        }
    }

    /// What becomes of it by an act of a party; none when it is so already.
    pub fn after(&self, act: Act, by: Role, session: SessionId, now: Time) -> Result<Option<Self>> {
        match (act, by) {
            (Act::Accept | Act::Reject, Role::Caller) => {
                return Err(Error::forbidden("Only who is called may answer a call."));
            }
            (Act::Cancel, Role::Callee) => return Err(Error::forbidden("Only the caller may cancel a call.")),
            _ => {}
        }
        Ok(Some(match (act, self.state) {
            (Act::Accept, State::Ringing) => {
                Self { state: State::Accepted, answered_at: Some(now), callee_session: Some(session), ..self.clone() }
            }
            (Act::Accept, State::Accepted) if self.callee_session == Some(session) => return Ok(None),
            (Act::Reject, State::Ringing) => self.ended(State::Rejected, Reason::Rejected, now),
            (Act::Cancel, State::Ringing) => self.ended(State::Cancelled, Reason::Cancelled, now),
            (Act::End, State::Accepted) => self.ended(State::Ended, Reason::HungUp, now),
            (Act::Reject, State::Rejected) | (Act::Cancel, State::Cancelled) | (Act::End, State::Ended) => {
                return Ok(None);
            }
            (Act::End, State::Ringing) => {
                return Err(Error::conflict("call_not_answered", "This call has not been answered yet."));
            }
            (_, State::Accepted) => {
                return Err(Error::conflict("call_answered", "This call has been answered."));
            }
            _ => return Err(over()),
        }))
    }
}

pub(super) fn over() -> Error {
    Error::conflict("call_over", "This call is over.")
}
