//! Calls that end without a word: nobody answers, nobody hangs up, one has blocked the other. And what every call
//! leaves in its conversation.

use super::{
    model::{Role, Stored},
    store::{ATTEMPTS, SHARDS, busy, live_of, read, turn_into},
};
use crate::{
    app::App,
    chat::{self, CallTrace},
    tables::CALLS_UNTIL,
    work::timers::Lease,
};
use base::{
    Cx, Error, Kind, Result,
    error::Chain,
    id::{CallId, MemberId},
    time::MINUTE,
};
use ports::items::{Query, When, Write};

/// A call whose timer has not ended it for this long has lost it.
const LOST: i64 = MINUTE;

/// Ends a call for a reason of ours, if there is one when it is looked at; whether this did.
async fn end(app: &App, cx: &Cx, id: CallId, what: impl Fn(&Stored) -> Option<Stored>) -> Result<bool> {
    for _ in 0..ATTEMPTS {
        let Some((before, version)) = read(app, id).await? else { return Ok(false) };
        let Some(after) = what(&before) else { return Ok(false) };
        if turn_into(app, cx, (&before, version), &after, None).await? {
            return Ok(true);
        }
    }
    Err(busy())
}

/// Ends a call whose time is over; whether it was.
pub(super) async fn if_overdue(app: &App, cx: &Cx, id: CallId) -> Result<bool> {
    end(app, cx, id, |call| call.overdue(cx.now())).await
}

/// The timer of a call fired. Ended or answered since it was set, another timer, or none, stands for it.
pub async fn due(app: &App, cx: &Cx, lease: &Lease, id: CallId) -> Result<()> {
    for _ in 0..ATTEMPTS {
        let found = read(app, id).await?;
        let over = found.and_then(|(call, version)| Some((call.overdue(cx.now())?, call, version)));
        let Some((after, before, version)) = over else {
            app.ports.items.try_commit(vec![lease.done()]).await?;
            return Ok(());
        };
        // Refused as well when another worker holds the timer: then the call is over at the next look.
        if turn_into(app, cx, (&before, version), &after, Some(lease.done())).await? {
            return Ok(());
        }
    }
    Err(busy())
}

/// One has blocked the other: their call ends, as if that one had hung up.
pub async fn end_blocked(app: &App, cx: &Cx, by: MemberId, member: MemberId) -> Result<()> {
    let Some(id) = live_of(app, by).await? else { return Ok(()) };
    // Taken back meanwhile, or asked for by a job of long ago.
    if !chat::is_blocked(app, by, member).await? {
        return Ok(());
    }
    let parted = |call: &Stored| {
        let role = call.role_of(by).filter(|_| call.role_of(member).is_some())?;
        call.parted(role, cx.now())
    };
    end(app, cx, id, parted).await.map(drop)
}

/// Leaves the trace of a call in its conversation. May run twice.
pub async fn leave_entry(app: &App, cx: &Cx, id: CallId) -> Result<()> {
    let Some((call, _)) = read(app, id).await? else { return Ok(()) };
    let Some(duration_s) = call.duration_s() else { return Ok(()) };
    let trace = CallTrace { id, kind: call.kind, state: call.state, duration_s };
    match chat::leave_trace(app, cx, call.conversation_id, call.member(Role::Caller), trace).await {
        // Nothing that could be repeated: the conversation is gone, or full.
        Err(error) if [Kind::NotFound, Kind::Conflict].contains(&error.kind()) => {
            tracing::warn!(call = %id, error = %Chain(&error), "a call leaves no trace");
            Ok(())
        }
        outcome => outcome,
    }
}

/// Ends calls whose timer was lost.
pub async fn reconcile(app: &App, cx: &Cx) -> Result<()> {
    let mut to = [0xff; 24];
    to[..8].copy_from_slice(&cx.now().minus(LOST).0.to_be_bytes());
    for shard in 0..SHARDS {
        let mut next = None;
        loop {
            let query = Query::partition(CALLS_UNTIL, [shard]).to(to).limit(100).after(next);
            let found = app.ports.items.query(query).await?;
            for item in found.items {
                let id = item.key.sk.get(8..).and_then(CallId::from_slice);
                let id = id.ok_or_else(|| Error::bug("read the list of live calls", "an entry names no call"))?;
                if !if_overdue(app, cx, id).await? {
                    // It is over, or goes on by another time: this entry stands for nothing.
                    let gone = Write::Delete { key: item.key, when: When::Version(item.version) };
                    app.ports.items.try_commit(vec![gone]).await?;
                }
            }
            next = found.next;
            if next.is_none() {
                break;
            }
        }
    }
    Ok(())
}
