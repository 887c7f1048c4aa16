//! Stars: private, the newest first. A star goes with its message.

use super::{
    ids::Tag,
    messages::{Found, find, replace},
    model::{Stored, is_visible},
    page,
    post::Ids,
    render,
    state::{ATTEMPTS, Seat, Seated, busy},
};
use crate::{app::App, identity::Caller, tables::STARS, work::outbox::Event};
use base::{
    Cx, Result, Time,
    id::{ConversationId, MemberId, MessageId},
    page::limit,
};
use bytes::Bytes;
use ports::items::{Commit, Key, Outcome, Part, Query, When, Write};
use serde::Deserialize;
use std::borrow::Cow;
use utoipa::IntoParams;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListStarred {
    /// Of this conversation alone.
    #[param(value_type = Option<String>, pattern = "^(cnv_[0-7][0-9a-hjkmnp-tv-z]{25})?$")]
    #[serde(default, deserialize_with = "crate::check::id_or_empty")]
    pub conversation_id: Option<ConversationId>,
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<u32>,
    pub cursor: Option<String>,
}

fn key(member: MemberId, at: Time, message: MessageId) -> Key {
    let mut sk = [0; 24];
    sk[..8].copy_from_slice(&at.0.to_be_bytes());
    sk[8..].copy_from_slice(message.bytes());
    STARS.key(member.bytes(), sk)
}

/// The stars of these participants, as writes that take them away.
pub(super) fn gone(us: &Seated, stored: &Stored, seats: &[Seat]) -> Vec<Write> {
    let starred = seats.iter().filter_map(|seat| Some((*seat, stored.more.starred[seat.index()]?)));
    starred
        .map(|(seat, at)| Write::Delete { key: key(us.state.member(seat), at, stored.id), when: When::Always })
        .collect()
}

/// Sets or takes away the caller's star. Doing it twice changes nothing.
pub(super) async fn set(app: &App, cx: &Cx, caller: &Caller, id: MessageId, star: bool) -> Result<Bytes> {
    for _ in 0..ATTEMPTS {
        let found = find(app, caller.member, id).await?;
        let Found { us, item, mut stored } = if star { found.standing()? } else { found };
        let mine = stored.more.starred[us.seat.index()];
        if mine.is_some() == star {
            return render::one(app, cx, &us, &stored).await;
        }
        let mut writes = gone(&us, &stored, &[us.seat]);
        if star {
            let key = key(caller.member, cx.now(), id);
            writes.push(Write::Put { key, number: 0, body: Bytes::new(), expires_at: None, when: When::Always });
        }
        stored.more.starred[us.seat.index()] = star.then(|| cx.now());
        writes.push(replace(&item, &stored)?);
        // The member's other devices show it, too.
        let to = vec![(caller.member, Cow::Borrowed("message.updated"))];
        let outbox = vec![Event::new(None, to, Ids::of(&stored)).emit(cx)?];
        if let Outcome::Applied { .. } = app.ports.items.commit(Commit { writes, outbox, token: None }).await? {
            app.bells.relay.notify_one();
            return render::one(app, cx, &us, &stored).await;
        }
    }
    Err(busy())
}

pub(super) async fn list(app: &App, cx: &Cx, caller: &Caller, asked: &ListStarred) -> Result<Bytes> {
    let limit = limit(asked.limit)?;
    let scope = format!("starred {} {:?}", caller.member, asked.conversation_id);
    let mut after = match &asked.cursor {
        None => None,
        Some(cursor) => Some(Part::from_vec(app.cursors.open(&scope, cursor)?)),
    };
    let mut out = page::Joined::default();
    loop {
        let query = Query::partition(STARS, caller.member.bytes()).backward().limit(limit).after(after.take());
        let found = app.ports.items.query(query).await?;
        let mut left = found.items.len();
        for star in &found.items {
            left -= 1;
            let Some(id) = star.key.sk.get(8..).and_then(MessageId::from_slice) else { continue };
            let elsewhere = |asked: ConversationId| Tag::of(asked) != super::ids::place(id).0;
            if asked.conversation_id.is_some_and(elsewhere) {
                continue;
            }
            // Cleared away since: its star leads nowhere.
            let Ok(Found { us, item, .. }) = find(app, caller.member, id).await else { continue };
            if is_visible(item.number, us.seat) {
                out.push(app, cx, &us, &item).await?;
            }
            if out.len() == limit {
                let more = left > 0 || found.next.is_some();
                return Ok(out.done(more.then(|| app.cursors.seal(&scope, &star.key.sk)).as_deref()));
            }
        }
        after = found.next;
        if after.is_none() {
            return Ok(out.done(None));
        }
    }
}
