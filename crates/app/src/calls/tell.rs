//! What devices hear of calls. The log carries ids and the state; a device that is rung is told who it is.

use super::{
    model::{Kind, Reason, State, Stored},
    store,
};
use crate::{app::App, cards, chat::Face, work::outbox::Event};
use base::{
    Cx, Error, Result, Time,
    id::{CallId, ConversationId, MemberId},
};
use bytes::Bytes;
use ports::items::Emit;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

pub const INCOMING: &str = "call.incoming";
const STATE: &str = "call.state";

/// A call as its events tell it.
#[derive(Serialize)]
struct Told {
    call_id: CallId,
    conversation_id: ConversationId,
    caller_id: MemberId,
    callee_id: MemberId,
    #[serde(rename = "type")]
    kind: Kind,
    state: State,
    started_at: Time,
    rings_until: Time,
    answered_at: Option<Time>,
    ended_at: Option<Time>,
    duration_s: Option<i64>,
    end_reason: Option<Reason>,
}

impl Told {
    fn of(call: &Stored) -> Self {
        Self {
            call_id: call.id,
            conversation_id: call.conversation_id,
            caller_id: call.caller_id,
            callee_id: call.callee_id,
            kind: call.kind,
            state: call.state,
            started_at: call.started_at,
            rings_until: call.rings_until,
            answered_at: call.answered_at,
            ended_at: call.ended_at,
            duration_s: call.duration_s(),
            end_reason: call.end_reason,
        }
    }
}

/// What a call has become, to the devices of both.
pub(super) fn state(cx: &Cx, call: &Stored) -> Result<Emit> {
    let to = vec![(call.callee_id, Cow::Borrowed(STATE)), (call.caller_id, Cow::Borrowed(STATE))];
    Event::new(Some(STATE), to, Told::of(call)).emit(cx)
}

/// A call begins: the callee's devices ring, and the caller's others know.
pub(super) fn rings(cx: &Cx, call: &Stored) -> Result<Emit> {
    let to = vec![(call.callee_id, Cow::Borrowed(INCOMING)), (call.caller_id, Cow::Borrowed(STATE))];
    Event::new(Some(STATE), to, Told::of(call)).emit(cx)
}

/// What a device that is rung hears: the call as it is now (over, if it comes late) and who calls. None when the event
/// cannot be read.
pub async fn incoming(app: &App, member: MemberId, data: &[u8]) -> Result<Option<Bytes>> {
    #[derive(Deserialize)]
    struct About {
        call_id: CallId,
    }
    #[derive(Serialize)]
    struct Ringing {
        #[serde(flatten)]
        told: Told,
        caller: Face,
    }
    let Ok(about) = serde_json::from_slice::<About>(data) else { return Ok(None) };
    let Some((call, _)) = store::read(app, about.call_id).await? else { return Ok(None) };
    if call.callee_id != member {
        return Ok(None);
    }
    let cx = Cx::new(&app.world);
    let card = cards::load(app, &cx, call.caller_id).await?;
    let caller = Face::of(app, &cx, call.caller_id, &card).await?;
    let told = Told::of(&call);
    let body = serde_json::to_vec(&Ringing { told, caller }).map_err(|e| Error::bug("write an event", e))?;
    Ok(Some(Bytes::from(body)))
}
