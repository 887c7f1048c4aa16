//! Forwarding: a new message for each target with what the first one says, and a result for each, so that some may
//! succeed where others fail.

use super::{
    messages::{Found, find},
    model::{ForwardedFrom, Kind, Said},
    open,
    post::{Draft, Use, post},
};
use crate::{app::App, check::Checks, edge::once::Once, identity::Caller};
use axum::http::StatusCode;
use base::{
    Cx, Error, Result,
    id::{ConversationId, MemberId, MessageId},
};
use bytes::Bytes;
use ports::items::Commit;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

const TARGETS: usize = 20;
const MESSAGES: usize = 20;

#[derive(Debug, Deserialize, ToSchema)]
pub struct Forward {
    /// In the order in which they are to be said.
    #[schema(min_items = 1, max_items = 20)]
    pub message_ids: Vec<MessageId>,
    /// To whom; a conversation that is not there yet is opened.
    #[schema(min_items = 1, max_items = 20)]
    pub member_ids: Vec<MemberId>,
}

/// What became of one target.
#[derive(Debug, Serialize, ToSchema)]
pub struct Forwarded {
    pub member_id: MemberId,
    /// `sent`, or `failed`: then some or all messages are missing.
    pub status: &'static str,
    pub conversation_id: Option<ConversationId>,
    /// The new messages.
    #[schema(value_type = Vec<super::render::Message>)]
    pub messages: Vec<Box<RawValue>>,
    /// Why it failed: a code of the list of problems.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'static str>,
}

/// A result for each target.
#[derive(Debug, Serialize, ToSchema)]
pub struct ForwardResults {
    pub results: Vec<Forwarded>,
}

pub(super) async fn forward(
    app: &App,
    cx: &Cx,
    caller: &Caller,
    asked: &Forward,
    once: &Once,
) -> Result<(StatusCode, Bytes)> {
    let mut checks = Checks::default();
    for (pointer, count, most) in
        [("/message_ids", asked.message_ids.len(), MESSAGES), ("/member_ids", asked.member_ids.len(), TARGETS)]
    {
        match count {
            0 => checks.refuse(pointer, "required", "This is required."),
            n if n > most => checks.refuse(pointer, "too_long", "This is too long."),
            _ => {}
        }
    }
    checks.done()?;
    let mut originals = Vec::with_capacity(asked.message_ids.len());
    for id in &asked.message_ids {
        let found = find(app, caller.member, *id).await?.standing()?;
        if found.stored.kind == Kind::Call {
            return Err(Error::field("/message_ids", "unknown_value", "A call cannot be forwarded."));
        }
        originals.push(found);
    }
    let mut members: Vec<MemberId> = Vec::with_capacity(asked.member_ids.len());
    for member in &asked.member_ids {
        if !members.contains(member) {
            members.push(*member);
        }
    }
    let mut results = Vec::with_capacity(members.len());
    for member in members {
        results.push(to_one(app, cx, caller, member, &originals, once).await);
    }
    let body = serde_json::to_vec(&ForwardResults { results }).map_err(|e| Error::bug("write results", e))?;
    if let Some(write) = once.write(cx, StatusCode::OK, &body)? {
        app.ports.items.commit(Commit { writes: vec![write], ..Commit::default() }).await?;
    }
    Ok((StatusCode::OK, Bytes::from(body)))
}

async fn to_one(app: &App, cx: &Cx, caller: &Caller, member: MemberId, originals: &[Found], once: &Once) -> Forwarded {
    let mut done =
        Forwarded { member_id: member, status: "sent", conversation_id: None, messages: Vec::new(), code: None };
    if let Err(error) = messages(app, cx, caller, originals, once, &mut done).await {
        done.status = "failed";
        done.code = Some(error.code());
    }
    done
}

async fn messages(
    app: &App,
    cx: &Cx,
    caller: &Caller,
    originals: &[Found],
    once: &Once,
    done: &mut Forwarded,
) -> Result<()> {
    let (us, _) = open::open(app, cx, caller, done.member_id).await?;
    done.conversation_id = Some(us.state.id);
    for (nth, original) in originals.iter().enumerate() {
        let stored = &original.stored;
        let said = Said { kind: stored.kind, content: stored.content.clone(), location: stored.location.clone() };
        let draft = Draft {
            said: &said,
            client_id: None,
            name: once.key().map(|key| format!("forward {key} {nth}")),
            reply_to: None,
            call: None,
            file: stored.more.file.as_ref().map(Use::Shared),
            forwarded_from: Some(ForwardedFrom { message_id: stored.id, by: caller.member, at: cx.now() }),
        };
        let (_, json) = post(app, cx, caller.member, us.state.id, &draft, None).await?;
        let json = String::from_utf8(json.to_vec()).map_err(|e| Error::bug("forward a message", e))?;
        done.messages.push(RawValue::from_string(json).map_err(|e| Error::bug("forward a message", e))?);
    }
    Ok(())
}
