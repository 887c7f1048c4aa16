//! Calls as a party sees them, and the list of them.

use super::{
    model::{Kind, Media, Reason, Role, State, Stored},
    store::{self, Party},
};
use crate::{app::App, cards, chat::Face, identity::Caller, tables::CALL_LOG};
use base::{
    Cx, Result, Time,
    id::{CallId, ConversationId, MemberId, SessionId},
    page::{Page, limit},
};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use ports::items::{Part, Query};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = CallDirection)]
pub enum Direction {
    Outgoing,
    Incoming,
}

/// A call as one of the two sees it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Call {
    pub id: CallId,
    pub conversation_id: ConversationId,
    pub caller_id: MemberId,
    pub callee_id: MemberId,
    /// Who is called, or calls: the other one. Null when that is no member any more.
    pub member: Option<Face>,
    pub direction: Direction,
    #[serde(rename = "type")]
    pub kind: Kind,
    pub state: State,
    pub started_at: Time,
    /// When it stops ringing by itself.
    pub rings_until: Time,
    pub answered_at: Option<Time>,
    pub ended_at: Option<Time>,
    /// Seconds from the answer to the end, 0 without an answer; null as long as it is live.
    pub duration_s: Option<i64>,
    pub end_reason: Option<Reason>,
    /// Whether the device that asks is the one in the call: it called, or it answered.
    pub on_this_device: bool,
    /// What the asking member has switched off.
    pub my_media: Media,
    /// What the other one has switched off.
    pub their_media: Media,
}

/// A list of calls.
#[derive(Serialize, ToSchema)]
pub struct CallPage {
    pub data: Vec<Call>,
    pub next_cursor: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListCalls {
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<u32>,
    pub cursor: Option<String>,
}

/// Calls read at once.
const AT_ONCE: usize = 16;

pub(super) async fn view(app: &App, cx: &Cx, call: &Stored, role: Role, session: Option<SessionId>) -> Result<Call> {
    let them = call.member(role.other());
    let member = match cards::load(app, cx, them).await {
        Ok(card) => Some(Face::of(app, cx, them, &card).await?),
        Err(error) if error.kind() == base::Kind::NotFound => None,
        Err(error) => return Err(error),
    };
    Ok(Call {
        id: call.id,
        conversation_id: call.conversation_id,
        caller_id: call.caller_id,
        callee_id: call.callee_id,
        member,
        direction: if role == Role::Caller { Direction::Outgoing } else { Direction::Incoming },
        kind: call.kind,
        state: call.state,
        started_at: call.started_at,
        rings_until: call.rings_until,
        answered_at: call.answered_at,
        ended_at: call.ended_at,
        duration_s: call.duration_s(),
        end_reason: call.end_reason,
        on_this_device: session.is_some() && call.session(role) == session,
        my_media: call.media[role.index()],
        their_media: call.media[role.other().index()],
    })
}

pub(super) async fn one(app: &App, cx: &Cx, caller: &Caller, id: CallId) -> Result<Call> {
    let us = Party::load(app, cx, caller.member, id).await?;
    view(app, cx, &us.call, us.role, Some(caller.session)).await
}

/// The caller's calls, made and received, the newest first.
pub(super) async fn list(app: &App, cx: &Cx, caller: &Caller, asked: &ListCalls) -> Result<Page<Call>> {
    let limit = limit(asked.limit)?;
    let scope = format!("calls {}", caller.member);
    let after = match &asked.cursor {
        None => None,
        Some(cursor) => Some(Part::from_vec(app.cursors.open(&scope, cursor)?)),
    };
    let query = Query::partition(CALL_LOG, caller.member.bytes()).backward().limit(limit).after(after);
    let found = app.ports.items.query(query).await?;
    let ids: Vec<_> = found.items.iter().filter_map(|item| CallId::from_slice(&item.key.sk)).collect();
    let read = |id| async move {
        let Some((call, _)) = store::read(app, id).await? else { return Ok(None) };
        let Some(role) = call.role_of(caller.member) else { return Ok(None) };
        view(app, cx, &call, role, Some(caller.session)).await.map(Some)
    };
    let calls: Vec<Option<Call>> = stream::iter(ids).map(read).buffered(AT_ONCE).try_collect().await?;
    let data = calls.into_iter().flatten().collect();
    Ok(Page { data, next_cursor: found.next.map(|place| app.cursors.seal(&scope, &place)) })
}
