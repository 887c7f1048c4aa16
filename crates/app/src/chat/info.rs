//! Everything about one message, for those who ask.

use super::{
    messages::find,
    model::{Pinned, sender_of},
    receipts,
    render::{self, Message},
    view::Face,
};
use crate::{app::App, cards, identity::Caller};
use base::{
    Cx, Result, Time,
    id::{MemberId, MessageId},
};
use bytes::Bytes;
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Debug, Serialize, ToSchema)]
pub struct MessageInfo {
    pub message: Message,
    pub sender: Face,
    pub receiver: Face,
    pub sent_at: Time,
    pub delivered_at: Option<Time>,
    pub read_at: Option<Time>,
    pub pinned_by: Option<MemberId>,
    pub pinned_at: Option<Time>,
    pub pin_expires_at: Option<Time>,
    pub starred_at: Option<Time>,
}

/// One message, as a list would show it.
pub(super) async fn one(app: &App, cx: &Cx, caller: &Caller, id: MessageId) -> Result<Bytes> {
    let found = find(app, caller.member, id).await?;
    render::one(app, cx, &found.us, &found.stored).await
}

pub(super) async fn read(app: &App, cx: &Cx, caller: &Caller, id: MessageId) -> Result<MessageInfo> {
    let found = find(app, caller.member, id).await?;
    let (us, stored) = (&found.us, &found.stored);
    let sender = sender_of(found.item.number);
    let face = async |member| Face::of(app, cx, member, &cards::load(app, cx, member).await?).await;
    let (delivered_at, read_at) = receipts::times(app, us, sender, stored.seq).await?;
    let pin: Option<Pinned> = stored.more.pinned.filter(|pin| pin.holds(cx.now()));
    Ok(MessageInfo {
        message: render::view(app, cx, us, stored).await?,
        sender: face(us.state.member(sender)).await?,
        receiver: face(us.state.member(sender.other())).await?,
        sent_at: stored.created_at,
        delivered_at,
        read_at,
        pinned_by: pin.map(|pin| pin.by),
        pinned_at: pin.map(|pin| pin.at),
        pin_expires_at: pin.and_then(|pin| pin.until),
        starred_at: stored.more.starred[us.seat.index()],
    })
}
