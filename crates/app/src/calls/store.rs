//! Where calls lie, and the one commit by which a call becomes something else.

use super::{
    finish,
    model::{Role, State, Stored, over},
    tell,
};
use crate::{
    app::App,
    tables::{CALL_LOG, CALLS, CALLS_UNTIL, LIVE_CALLS},
    work::{
        jobs::Job,
        timers::{self, Timer},
    },
};
use base::{
    Cx, Error, Result, Time,
    id::{CallId, MemberId},
};
use bytes::Bytes;
use ports::items::{Commit, Emit, Key, Outcome, When, Write};

/// Commits that are tried while others change the same call.
pub(super) const ATTEMPTS: usize = 8;
/// Partitions of the list of live calls.
pub(super) const SHARDS: u8 = 4;

pub(super) fn key(id: CallId) -> Key {
    CALLS.key(id.bytes(), b"call")
}

pub(super) fn live_key(member: MemberId) -> Key {
    LIVE_CALLS.key(member.bytes(), b"live")
}

fn until_key(id: CallId, until: Time) -> Key {
    let mut sk = [0; 24];
    sk[..8].copy_from_slice(&until.0.to_be_bytes());
    sk[8..].copy_from_slice(id.bytes());
    // The last byte of an id is random.
    CALLS_UNTIL.key([id.bytes()[15] % SHARDS], sk)
}

fn entry(key: Key, body: Bytes, when: When) -> Write {
    Write::Put { key, number: 0, body, expires_at: None, when }
}

/// The call, and its version.
pub(super) async fn read(app: &App, id: CallId) -> Result<Option<(Stored, u64)>> {
    let Some(item) = app.ports.items.get(&key(id)).await? else { return Ok(None) };
    let call = serde_json::from_slice(&item.body).map_err(|e| Error::bug("read a call", e))?;
    Ok(Some((call, item.version)))
}

/// The live call of a member.
pub(super) async fn live_of(app: &App, member: MemberId) -> Result<Option<CallId>> {
    let item = app.ports.items.get(&live_key(member)).await?;
    Ok(item.and_then(|item| CallId::from_slice(&item.body)))
}

impl Stored {
    pub fn put(&self, when: When) -> Result<Write> {
        let body = serde_json::to_vec(self).map_err(|e| Error::bug("write a call", e))?;
        let (key, number) = (key(self.id), self.state.number());
        Ok(Write::Put { key, number, body: Bytes::from(body), expires_at: None, when })
    }

    /// The entries of both members' histories.
    pub fn log(&self) -> [Write; 2] {
        [self.caller_id, self.callee_id]
            .map(|member| entry(CALL_LOG.key(member.bytes(), self.id.bytes()), Bytes::new(), When::Always))
    }

    /// What makes it the one live call of a member.
    pub fn occupy(&self, member: MemberId) -> Write {
        entry(live_key(member), Bytes::copy_from_slice(self.id.bytes()), When::Absent)
    }

    /// What sees to it that it ends by itself.
    pub fn keep_time(&self) -> Result<[Write; 2]> {
        let listed = entry(until_key(self.id, self.until()), Bytes::new(), When::Always);
        Ok([timers::set(&Timer::Call { call: self.id }, self.until())?, listed])
    }

    /// Told of it once it is over: its trace is left in the conversation.
    pub fn trace(&self) -> Result<Emit> {
        Job::CallEntry { call: self.id }.emit()
    }
}

/// Stores what has become of a call, with everything that follows from it: false when somebody else was faster.
/// `instead` stands in for taking the timer back.
pub(super) async fn turn_into(
    app: &App,
    cx: &Cx,
    (before, version): (&Stored, u64),
    after: &Stored,
    instead: Option<Write>,
) -> Result<bool> {
    let mut writes = vec![after.put(When::Version(version))?];
    let mut outbox = vec![tell::state(cx, after)?];
    writes.push(instead.unwrap_or_else(|| timers::cancel(before.id, before.until())));
    writes.push(Write::Delete { key: until_key(before.id, before.until()), when: When::Always });
    if after.state.is_live() {
        writes.extend(after.keep_time()?);
    } else {
        let free = |member| Write::Delete { key: live_key(member), when: When::Always };
        writes.extend([after.caller_id, after.callee_id].map(free));
        outbox.push(after.trace()?);
    }
    let outcome = app.ports.items.commit(Commit { writes, outbox, token: None }).await?;
    let applied = matches!(outcome, Outcome::Applied { .. });
    if applied {
        app.bells.relay.notify_one();
    }
    Ok(applied)
}

/// Proof that a member takes part in a call, with the call as it was read. Only [`Party::load`] makes one; everything
/// that touches a call for a member demands it.
#[derive(Debug, Clone)]
pub(super) struct Party {
    pub call: Stored,
    pub role: Role,
    pub version: u64,
}

impl Party {
    /// The call of one of its two members, or 404. One whose time is over is over.
    pub async fn load(app: &App, cx: &Cx, member: MemberId, id: CallId) -> Result<Self> {
        for _ in 0..ATTEMPTS {
            let (call, version) = read(app, id).await?.ok_or_else(Error::not_found)?;
            let role = call.role_of(member).ok_or_else(Error::not_found)?;
            if call.overdue(cx.now()).is_none() {
                return Ok(Self { call, role, version });
            }
            finish::if_overdue(app, cx, id).await?;
        }
        Err(busy())
    }

    /// The call, if it still rings or is spoken in.
    pub fn live(self) -> Result<Self> {
        if self.call.state.is_live() { Ok(self) } else { Err(over()) }
    }

    pub fn me(&self) -> MemberId {
        self.call.member(self.role)
    }

    pub fn them(&self) -> MemberId {
        self.call.member(self.role.other())
    }

    /// A condition: the call is as live as it was read.
    pub fn still(&self) -> Write {
        let when = When::Number(State::number(self.call.state));
        Write::Check { key: key(self.call.id), when }
    }
}

pub(super) fn busy() -> Error {
    Error::unavailable("This call is being changed elsewhere.")
}
