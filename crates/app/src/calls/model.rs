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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CALLER: SessionId = SessionId::from_bytes([1; 16]);
    const CALLEE: SessionId = SessionId::from_bytes([2; 16]);
    const OTHER: SessionId = SessionId::from_bytes([3; 16]);

    fn ringing() -> Stored {
        Stored {
            id: CallId::from_bytes([4; 16]),
            conversation_id: ConversationId::from_bytes([5; 16]),
            caller_id: MemberId::from_bytes([6; 16]),
            callee_id: MemberId::from_bytes([7; 16]),
            kind: Kind::Voice,
            state: State::Ringing,
            started_at: Time(0),
            rings_until: Time(45 * SECOND),
            answered_at: None,
            ended_at: None,
            end_reason: None,
            caller_session: CALLER,
            callee_session: None,
            media: [Media::default(); 2],
        }
    }

    #[derive(Debug, Clone, Copy)]
    enum Event {
        Act(Act, Role, SessionId),
        Parted(Role),
        Overdue,
    }

    fn event() -> impl Strategy<Value = Event> {
        let act = prop::sample::select(vec![Act::Accept, Act::Reject, Act::Cancel, Act::End]);
        let role = prop::sample::select(vec![Role::Caller, Role::Callee]);
        let session = prop::sample::select(vec![CALLER, CALLEE, OTHER]);
        prop_oneof![
            8 => (act, role.clone(), session).prop_map(|(act, role, session)| Event::Act(act, role, session)),
            1 => role.prop_map(Event::Parted),
            2 => Just(Event::Overdue),
        ]
    }

    proptest! {
        #[test]
        fn what_is_over_stays_so_and_every_call_is_whole(
            events in prop::collection::vec((event(), 0..40 * SECOND), 0..20),
        ) {
            let (mut call, mut now) = (ringing(), Time(0));
            for (event, later) in events {
                now = now.plus(later);
                let after = match event {
                    Event::Act(act, role, session) => call.after(act, role, session, now).ok().flatten(),
                    Event::Parted(role) => call.parted(role, now),
                    Event::Overdue => call.overdue(now),
                };
                let Some(after) = after else { continue };
                prop_assert!(call.state.is_live(), "{call:?} became {after:?}");
                prop_assert!(call.state == State::Ringing || after.state == State::Ended, "{after:?}");
                prop_assert!(after.state != State::Ringing);
                call = after;
                let live = call.state.is_live();
                prop_assert_eq!(live, call.ended_at.is_none());
                prop_assert_eq!(live, call.end_reason.is_none());
                prop_assert_eq!(live, call.duration_s().is_none());
                let answered = matches!(call.state, State::Accepted | State::Ended);
                prop_assert_eq!(answered, call.answered_at.is_some());
                prop_assert_eq!(answered, call.callee_session.is_some());
                // Whoever is over can be told so, and stays over.
                prop_assert!(live || call.overdue(Time(i64::MAX)).is_none() && call.parted(Role::Callee, now).is_none());
            }
        }
    }

    #[test]
    fn calls_that_were_ever_stored_can_be_read() {
        let stored = r#"{"id":"call_01hf7yat00000000000000000c","conversation_id":"cnv_01hf7yat00000000000000000b",
            "caller_id":"mem_01hf7yat000000000000000001","callee_id":"mem_01hf7yat000000000000000002","type":"video",
            "state":"accepted","started_at":"2026-11-22T12:00:00.000Z","rings_until":"2026-11-22T12:00:45.000Z",
            "answered_at":"2026-11-22T12:00:09.000Z","ended_at":null,"end_reason":null,
            "caller_session":"ses_01hf7yat000000000000000003","callee_session":"ses_01hf7yat000000000000000004",
            "media":[{"muted":true,"camera_off":false},{"muted":false,"camera_off":false}]}"#;
        let call: Stored = serde_json::from_str(stored).unwrap();
        let same: serde_json::Value = serde_json::from_str(stored).unwrap();
        assert_eq!(serde_json::to_value(&call).unwrap(), same);
        // As conditions of commits under way see them.
        assert_eq!([State::Ringing, State::Accepted, State::Busy].map(State::number), [0, 1, 6]);
    }
}
