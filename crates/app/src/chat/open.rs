//! Conversations come to be: one for each pair of members, whoever asks first and however many at once. A couple's is
//! there when they link.

use super::{
    block, conversation, evidence,
    ids::Tag,
    state::{self, Seated, State},
};
use crate::{
    app::App,
    cards,
    identity::Caller,
    tables::{CHATS, PAIRS},
};
use base::{
    Cx, Error, Result,
    id::{ConversationId, MemberId},
};
use bytes::Bytes;
use ports::items::{Key, When, Write};

/// Ids tried when another conversation has the same tag.
const IDS: usize = 8;

pub(super) fn pair(a: MemberId, b: MemberId) -> Key {
    let [first, second] = sorted(a, b);
    let mut pk = [0; 32];
    pk[..16].copy_from_slice(first.bytes());
    pk[16..].copy_from_slice(second.bytes());
    PAIRS.key(pk, b"pair")
}

fn sorted(a: MemberId, b: MemberId) -> [MemberId; 2] {
    if a < b { [a, b] } else { [b, a] }
}

/// The conversation of two members, if there is one.
pub(super) async fn between(app: &App, a: MemberId, b: MemberId) -> Result<Option<ConversationId>> {
    let item = app.ports.items.get(&pair(a, b)).await?;
    Ok(item.and_then(|item| ConversationId::from_slice(&item.body)))
}

/// The conversation of the caller with a member, and whether it is new.
pub(super) async fn open(app: &App, cx: &Cx, caller: &Caller, target: MemberId) -> Result<(Seated, bool)> {
    if target == caller.member {
        return Err(Error::field("/member_id", "own_id", "A conversation needs somebody else."));
    }
    if let Some(id) = between(app, caller.member, target).await? {
        let us = Seated::load(app, caller.member, id).await?;
        if !us.me().hidden {
            return Ok((us, false));
        }
        let shown = conversation::change(app, cx, caller.member, id, |us| us.me_mut().hidden = false);
        return Ok((shown.await?, false));
    }
    cards::load(app, cx, target).await?;
    evidence::may_open(app, cx, caller.member, target).await?;
    // A block that comes at this very moment meets the commit.
    let (conversation, new) = create(app, cx, caller.member, target, &block::none(caller.member, target)).await?;
    Ok((Seated::load(app, caller.member, conversation).await?, new))
}

/// Gets or creates the conversation of two members. `conditions` must hold where it is created.
async fn create(app: &App, cx: &Cx, a: MemberId, b: MemberId, conditions: &[Write]) -> Result<(ConversationId, bool)> {
    let members = sorted(a, b);
    for _ in 0..IDS {
        let id: ConversationId = cx.id();
        let tag = Tag::of(id);
        let put = |key, body, when| Write::Put { key, number: 0, body, expires_at: None, when };
        let state = State::new(id, members, cx.now()).json()?;
        let mut writes = vec![
            put(pair(a, b), Bytes::copy_from_slice(id.bytes()), When::Absent),
            put(state::key(tag), state, When::Absent),
        ];
        writes.extend(members.map(|member| put(CHATS.key(member.bytes(), tag.bytes()), Bytes::new(), When::Always)));
        writes.extend_from_slice(conditions);
        if app.ports.items.try_commit(writes).await?.is_some() {
            return Ok((id, true));
        }
        if let Some(first) = between(app, a, b).await? {
            return Ok((first, false));
        }
    }
    Err(evidence::not_taken())
}

/// The conversation of a couple. May run twice.
pub async fn of_couple(app: &App, cx: &Cx, [a, b]: [MemberId; 2]) -> Result<()> {
    create(app, cx, a, b, &[]).await.map(drop)
}
