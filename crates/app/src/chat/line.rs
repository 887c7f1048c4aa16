//! What calls have of a conversation: whether one participant may ring the other, and the trace that a call leaves.

use super::{
    block, evidence,
    model::{CallTrace, Kind, Said},
    open,
    post::{Draft, post},
    state::Seated,
};
use crate::{app::App, identity::Caller};
use base::{
    Cx, Result,
    id::{ConversationId, MemberId},
};
use ports::items::Write;

/// Who is to be rung: the other participant of a conversation, or a member.
#[derive(Debug, Clone, Copy)]
pub enum Whom {
    Conversation(ConversationId),
    Member(MemberId),
}

/// The caller may ring this member in this conversation, at this moment.
pub struct Line {
    pub conversation: ConversationId,
    pub callee: MemberId,
    /// Conditions of the commit that makes the call: a block that comes at this very moment meets it.
    pub unblocked: [Write; 2],
}

/// Who may write may call; a refusal is that of a message. A conversation with a member is opened if there is none.
pub async fn line(app: &App, cx: &Cx, caller: &Caller, whom: Whom) -> Result<Line> {
    let us = match whom {
        Whom::Conversation(id) => Seated::load(app, caller.member, id).await?,
        Whom::Member(member) => open::open(app, cx, caller, member).await?.0,
    };
    evidence::may_write(app, cx, &us).await?;
    let (conversation, callee) = (us.state.id, us.their_id());
    Ok(Line { conversation, callee, unblocked: block::none(caller.member, callee) })
}

/// Adds the trace of a call to its conversation, once however often this runs.
pub async fn leave_trace(
    app: &App,
    cx: &Cx,
    conversation: ConversationId,
    caller: MemberId,
    call: CallTrace,
) -> Result<()> {
    let said = Said { kind: Kind::Call, content: None, location: None };
    let draft = Draft {
        said: &said,
        client_id: None,
        name: Some(format!("call {}", call.id)),
        reply_to: None,
        forwarded_from: None,
        file: None,
        call: Some(call),
    };
    post(app, cx, caller, conversation, &draft, None).await.map(drop)
}
