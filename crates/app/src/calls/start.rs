//! A call begins. One commit decides: both must be free, and neither may have blocked the other.

use super::{
    finish, history,
    model::{Kind, Media, Reason, Role, State, Stored},
    store::{ATTEMPTS, busy, live_key, live_of},
    tell,
};
use crate::{
    app::App,
    chat::{self, Line, Whom},
    check::{Checks, id_or_empty},
    edge::once::Once,
    identity::Caller,
};
use axum::http::StatusCode;
use base::{
    Cx, Error, Result,
    id::{CallId, ConversationId, MemberId},
    time::SECOND,
};
use bytes::Bytes;
use ports::items::{Commit, Outcome, When, Write};
use serde::Deserialize;
use utoipa::ToSchema;

/// Whom to call, and how. Either the conversation or the member is named.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "conversation_id": "cnv_01kjxe10000000000000000000", "type": "video" }))]
pub struct StartCall {
    /// The other participant of this conversation.
    #[schema(value_type = Option<String>, pattern = "^(cnv_[0-7][0-9a-hjkmnp-tv-z]{25})?$")]
    #[serde(default, deserialize_with = "id_or_empty")]
    pub conversation_id: Option<ConversationId>,
    /// A member; a conversation that is not there yet is opened.
    #[schema(value_type = Option<String>, pattern = "^(mem_[0-7][0-9a-hjkmnp-tv-z]{25})?$")]
    #[serde(default, deserialize_with = "id_or_empty")]
    pub member_id: Option<MemberId>,
    #[serde(rename = "type")]
    pub kind: Kind,
}

impl StartCall {
    fn whom(&self) -> Result<Whom> {
        let mut checks = Checks::default();
        match (self.conversation_id, self.member_id) {
            (Some(id), None) => return Ok(Whom::Conversation(id)),
            (None, Some(id)) => return Ok(Whom::Member(id)),
            (None, None) => checks.refuse("/conversation_id", "required", "A conversation or a member is needed."),
            (Some(_), Some(_)) => {
                checks.refuse("/member_id", "unknown_value", "A conversation or a member is named, not both.");
            }
        }
        checks.done()?;
        Err(Error::bug("check a call", "nobody is named, without a complaint"))
    }
}

/// Where the conditions stand in the commit.
const CALLER: usize = 0;
const CALLEE: usize = 1;

pub(super) async fn start(
    app: &App,
    cx: &Cx,
    caller: &Caller,
    asked: &StartCall,
    once: &Once,
) -> Result<(StatusCode, Bytes)> {
    let whom = asked.whom()?;
    for _ in 0..ATTEMPTS {
        let line = chat::line(app, cx, caller, whom).await?;
        let call = ringing(app, cx, caller, asked.kind, &line);
        let mut writes = vec![call.occupy(call.caller_id), call.occupy(call.callee_id)];
        writes.extend(call.keep_time()?);
        let rings = tell::rings(cx, &call)?;
        match commit(app, cx, caller, &call, &line, (writes, vec![rings]), once).await? {
            Began::Yes(json) => {
                app.bells.timers.notify_one();
                return Ok((StatusCode::CREATED, json));
            }
            Began::CallerIsBusy => in_call(app, cx, caller.member).await?,
            Began::CalleeIsBusy => {
                if let Some(json) = is_busy(app, cx, caller, asked.kind, &line, once).await? {
                    return Ok((StatusCode::CREATED, json));
                }
            }
            // A block, or its end, at this very moment: who may call is asked anew.
            Began::NotNow => {}
        }
    }
    Err(busy())
}

fn ringing(app: &App, cx: &Cx, caller: &Caller, kind: Kind, line: &Line) -> Stored {
    Stored {
        id: cx.id(),
        conversation_id: line.conversation,
        caller_id: caller.member,
        callee_id: line.callee,
        kind,
        state: State::Ringing,
        started_at: cx.now(),
        rings_until: cx.now().plus(app.settings.calls.ring_seconds * SECOND),
        answered_at: None,
        ended_at: None,
        end_reason: None,
        caller_session: caller.session,
        callee_session: None,
        media: [Media::default(); 2],
    }
}

/// What came of a call that was to begin.
enum Began {
    Yes(Bytes),
    CallerIsBusy,
    CalleeIsBusy,
    NotNow,
}

/// `writes` begin with one for the caller and one for the callee.
async fn commit(
    app: &App,
    cx: &Cx,
    caller: &Caller,
    call: &Stored,
    line: &Line,
    (mut writes, outbox): (Vec<Write>, Vec<ports::items::Emit>),
    once: &Once,
) -> Result<Began> {
    let view = history::view(app, cx, call, Role::Caller, Some(caller.session)).await?;
    let json = Bytes::from(serde_json::to_vec(&view).map_err(|e| Error::bug("write a call", e))?);
    writes.push(call.put(When::Absent)?);
    writes.extend(call.log());
    writes.extend_from_slice(&line.unblocked);
    writes.extend(once.write(cx, StatusCode::CREATED, &json)?);
    match app.ports.items.commit(Commit { writes, outbox, token: None }).await? {
        Outcome::Applied { .. } => {
            app.bells.relay.notify_one();
            Ok(Began::Yes(json))
        }
        Outcome::Refused(refusals) => match once.overtaken(&refusals) {
            Some(error) => Err(error),
            None if refusals[CALLER].is_some() => Ok(Began::CallerIsBusy),
            None if refusals[CALLEE].is_some() => Ok(Began::CalleeIsBusy),
            None => Ok(Began::NotNow),
        },
    }
}

/// The caller is in a call, unless that one should have ended by now.
async fn in_call(app: &App, cx: &Cx, member: MemberId) -> Result<()> {
    let Some(id) = still_live(app, cx, member).await? else { return Ok(()) };
    Err(Error::conflict("in_call", "You are in another call.").with("call_id", id.to_string()))
}

async fn still_live(app: &App, cx: &Cx, member: MemberId) -> Result<Option<CallId>> {
    let Some(id) = live_of(app, member).await? else { return Ok(None) };
    Ok(if finish::if_overdue(app, cx, id).await? { None } else { Some(id) })
}

/// The callee is in another call: the attempt is recorded, and is over at once. None when the callee is free by now.
async fn is_busy(app: &App, cx: &Cx, caller: &Caller, kind: Kind, line: &Line, once: &Once) -> Result<Option<Bytes>> {
    if still_live(app, cx, line.callee).await?.is_none() {
        return Ok(None);
    }
    let call = ringing(app, cx, caller, kind, line).ended(State::Busy, Reason::Busy, cx.now());
    let writes = vec![
        Write::Check { key: live_key(call.caller_id), when: When::Absent },
        Write::Check { key: live_key(call.callee_id), when: When::Present },
    ];
    let outbox = vec![tell::state(cx, &call)?, call.trace()?];
    match commit(app, cx, caller, &call, line, (writes, outbox), once).await? {
        Began::Yes(json) => Ok(Some(json)),
        _ => Ok(None),
    }
}
