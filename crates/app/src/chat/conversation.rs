//! What one participant does to a conversation for oneself: mute, pin, archive, mark as unread, clear, delete.

use super::{
    ids::Tag,
    media,
    model::Stored as Message,
    receipts::changed,
    state::{ATTEMPTS, Seated, busy},
};
use crate::{
    app::App,
    files,
    tables::{MESSAGES, PINS},
    work::jobs::Job,
};
use base::{
    Cx, Result, Time,
    id::{ConversationId, MemberId},
};
use ports::items::{Commit, Query, When, Write};
use serde::Deserialize;
use utoipa::ToSchema;

/// What to change. Everything else in the body is ignored.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(example = json!({ "muted": true, "pinned": true }))]
pub struct ChangeConversation {
    /// Messages still count as unread, but push nothing.
    pub muted: Option<bool>,
    pub pinned: Option<bool>,
    /// A new message brings it back.
    pub archived: Option<bool>,
    /// The badge shows one at least; nothing is told to the sender.
    pub marked_unread: Option<bool>,
}

/// Changes the caller's side of a conversation.
pub(super) async fn change(
    app: &App,
    cx: &Cx,
    member: MemberId,
    conversation: ConversationId,
    to: impl Fn(&mut Seated),
) -> Result<Seated> {
    let _turn = app.chat.turn(conversation).await;
    for _ in 0..ATTEMPTS {
        let mut us = Seated::load(app, member, conversation).await?;
        let before = us.me().clone();
        to(&mut us);
        if *us.me() == before {
            return Ok(us);
        }
        let mut outbox = vec![changed(cx, &us)?];
        // What neither of them has any more is removed.
        if us.state.sides.iter().all(|side| side.hidden) {
            outbox.push(Job::PurgeConversation { conversation, up_to: us.state.last_seq }.emit()?);
        }
        if us.commit(app, cx.now(), Vec::new(), outbox).await?.is_yes() {
            return Ok(us);
        }
    }
    Err(busy())
}

pub(super) async fn set(
    app: &App,
    cx: &Cx,
    member: MemberId,
    conversation: ConversationId,
    asked: &ChangeConversation,
) -> Result<Seated> {
    let to = |us: &mut Seated| {
        let me = us.me_mut();
        me.muted = asked.muted.unwrap_or(me.muted);
        me.pinned = asked.pinned.unwrap_or(me.pinned);
        me.archived = asked.archived.unwrap_or(me.archived);
        me.marked_unread = asked.marked_unread.unwrap_or(me.marked_unread);
    };
    change(app, cx, member, conversation, to).await
}

fn cleared(us: &mut Seated, now: Time) {
    let up_to = us.state.last_seq;
    let me = us.me_mut();
    me.cleared_at = Some(now);
    me.cleared = up_to;
    me.unread = 0;
    me.marked_unread = false;
    me.last = None;
}

/// For the caller everything up to now is gone.
pub(super) async fn clear(app: &App, cx: &Cx, member: MemberId, conversation: ConversationId) -> Result<Seated> {
    change(app, cx, member, conversation, |us| cleared(us, cx.now())).await
}

/// Clears and hides; it comes back with the next message.
pub(super) async fn delete(app: &App, cx: &Cx, member: MemberId, conversation: ConversationId) -> Result<()> {
    let gone = |us: &mut Seated| {
        cleared(us, cx.now());
        let me = us.me_mut();
        (me.hidden, me.pinned, me.archived) = (true, false, false);
    };
    change(app, cx, member, conversation, gone).await.map(drop)
}

/// Messages removed by one commit, each with its entry among the media and the use of its file.
const STEP: usize = 25;

/// Removes the messages that neither participant has any more, and what hangs on them. May run twice, or after new
/// messages came.
pub async fn purge(app: &App, conversation: ConversationId, up_to: u64) -> Result<()> {
    let tag = Tag::of(conversation);
    loop {
        let query = Query::partition(MESSAGES, tag.bytes()).to(up_to.to_be_bytes()).limit(STEP);
        let found = app.ports.items.query(query).await?;
        if found.items.is_empty() && found.next.is_none() {
            return Ok(());
        }
        let gone = |key| Write::Delete { key, when: When::Always };
        let (mut writes, mut used) = (Vec::new(), Vec::new());
        for item in found.items {
            let message = Message::read(&item)?;
            writes.push(gone(PINS.key(tag.bytes(), message.seq.to_be_bytes())));
            writes.extend(media::entry(tag, &message).map(gone));
            used.extend(message.more.file.map(|file| file.id));
            writes.push(Write::Delete { key: item.key, when: When::Version(item.version) });
        }
        let (released, jobs) = files::release_all(app, &used).await?;
        writes.extend(released);
        let outbox = jobs.iter().map(Job::emit).collect::<Result<Vec<_>>>()?;
        // Refused: another use of a file was faster. Look again.
        app.ports.items.commit(Commit { writes, outbox, token: None }).await?;
        app.bells.relay.notify_one();
    }
}
