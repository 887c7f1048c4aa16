//! Who may write to whom. A refusal says the same whether the other one has blocked the caller or takes messages from
//! others only: the blocked member is not told.

use super::{block, state::Seated};
use crate::{app::App, cards, profiles::MessagesFrom};
use base::{Cx, Error, Result, id::MemberId};

pub(super) fn not_taken() -> Error {
    Error::forbidden("This member does not take messages from you.")
}

pub(super) fn blocked() -> Error {
    Error::conflict("blocked", "You have blocked this member.")
}

/// Whether the participant may write in the conversation at this moment.
pub(super) async fn may_write(app: &App, cx: &Cx, us: &Seated) -> Result<()> {
    if us.me().blocks {
        return Err(blocked());
    }
    if us.them().blocks {
        return Err(not_taken());
    }
    takes_messages(app, cx, us.their_id(), us.my_id()).await
}

/// Whether a member takes messages from another, blocks aside.
pub(super) async fn takes_messages(app: &App, cx: &Cx, receiver: MemberId, sender: MemberId) -> Result<()> {
    let card = cards::load(app, cx, receiver).await?;
    let takes = match card.messages_from {
        MessagesFrom::Everyone => true,
        // A partner is the nearest friend.
        MessagesFrom::Friends | MessagesFrom::Partner => card.partner == Some(sender),
    };
    if takes { Ok(()) } else { Err(not_taken()) }
}

/// Whether a conversation of these two may be opened by the first.
pub(super) async fn may_open(app: &App, cx: &Cx, caller: MemberId, target: MemberId) -> Result<()> {
    if block::is_blocked(app, caller, target).await? {
        return Err(blocked());
    }
    if block::is_blocked(app, target, caller).await? {
        return Err(not_taken());
    }
    takes_messages(app, cx, target, caller).await
}
