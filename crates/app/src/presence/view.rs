//! Who may see whom, and what is seen then. Somebody who may not see gets what is known of nobody.

use super::{
    live::load,
    model::{MemberPresence, Record},
};
use crate::{app::App, cards, chat};
use base::{Cx, Kind, Result, error::Chain, id::MemberId};

/// Whether the privacy switch of a member lets others see; false of nobody.
pub(super) async fn is_visible(app: &App, cx: &Cx, member: MemberId) -> Result<bool> {
    match cards::load(app, cx, member).await {
        Ok(card) => Ok(card.presence_visible),
        Err(error) if error.kind() == Kind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether one of the two has blocked the other.
pub(super) async fn are_apart(app: &App, a: MemberId, b: MemberId) -> Result<bool> {
    Ok(chat::is_blocked(app, a, b).await? || chat::is_blocked(app, b, a).await?)
}

/// A member's presence as `viewer` may see it. One's own is always visible.
pub async fn of(app: &App, cx: &Cx, viewer: MemberId, member: MemberId) -> Result<MemberPresence> {
    let record = load(app, member, cx.now()).await?;
    let nothing = record == Record::default();
    if viewer == member {
        return Ok(record.view(member, cx.now()));
    }
    if nothing || !is_visible(app, cx, member).await? || are_apart(app, viewer, member).await? {
        return Ok(MemberPresence::unknown(member));
    }
    Ok(record.view(member, cx.now()))
}

/// A member's presence for somebody of whom it is known already whether it may be seen. What shows it besides other
/// things goes on without it.
pub async fn shown(app: &App, cx: &Cx, member: MemberId, may_see: bool) -> MemberPresence {
    if !may_see {
        return MemberPresence::unknown(member);
    }
    match load(app, member, cx.now()).await {
        Ok(record) => record.view(member, cx.now()),
        Err(error) => {
            tracing::warn!(error = %Chain(&error), "a presence is not known");
            MemberPresence::unknown(member)
        }
    }
}
