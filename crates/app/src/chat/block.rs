//! Blocks: no messages, calls, requests or presence between two members. The blocked one is not told.

use super::{
    open::{between, pair},
    receipts::changed,
    state::{ATTEMPTS, Seated, busy},
    view::Face,
};
use crate::{app::App, cards, identity::Caller, presence, tables::BLOCKS, work::jobs::Job};
use base::{
    Cx, Error, Result, Time,
    id::MemberId,
    page::{Page, limit},
};
use bytes::Bytes;
use ports::items::{Key, Part, Query, When, Write};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A member whom the caller has blocked.
#[derive(Debug, Serialize, ToSchema)]
pub struct Blocked {
    pub member: Face,
    pub blocked_at: Time,
}

/// A list of blocked members.
#[derive(Serialize, ToSchema)]
pub struct BlockedPage {
    pub data: Vec<Blocked>,
    pub next_cursor: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListBlocked {
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<u32>,
    pub cursor: Option<String>,
}

pub(super) fn key(blocker: MemberId, blocked: MemberId) -> Key {
    BLOCKS.key(blocker.bytes(), blocked.bytes())
}

/// Conditions of a commit: neither has blocked the other.
pub(super) fn none(a: MemberId, b: MemberId) -> [Write; 2] {
    [(a, b), (b, a)].map(|(blocker, blocked)| Write::Check { key: key(blocker, blocked), when: When::Absent })
}

/// Whether a member has blocked another.
pub async fn is_blocked(app: &App, blocker: MemberId, blocked: MemberId) -> Result<bool> {
    Ok(app.ports.items.get(&key(blocker, blocked)).await?.is_some())
}

/// Blocks a member, or takes the block back. Doing it twice changes nothing.
pub(super) async fn set(app: &App, cx: &Cx, caller: &Caller, target: MemberId, block: bool) -> Result<()> {
    if target == caller.member {
        return Err(Error::field("/id", "own_id", "Nobody blocks oneself."));
    }
    cards::load(app, cx, target).await?;
    for _ in 0..ATTEMPTS {
        if is_blocked(app, caller.member, target).await? == block {
            return Ok(());
        }
        let key = key(caller.member, target);
        let write = if block {
            Write::Put { key, number: cx.now().0, body: Bytes::new(), expires_at: None, when: When::Always }
        } else {
            Write::Delete { key, when: When::Always }
        };
        // The conversation knows of it too, so that no message slips past.
        let stored = match between(app, caller.member, target).await? {
            None => {
                let none = Write::Check { key: pair(caller.member, target), when: When::Absent };
                app.ports.items.try_commit(vec![write, none]).await?.is_some()
            }
            Some(conversation) => {
                let _turn = app.chat.turn(conversation).await;
                let mut us = Seated::load(app, caller.member, conversation).await?;
                us.me_mut().blocks = block;
                let mut outbox = vec![changed(cx, &us)?];
                if block {
                    outbox.push(Job::CallBlocked { by: caller.member, member: target }.emit()?);
                }
                us.commit(app, cx.now(), vec![write], outbox).await?.is_yes()
            }
        };
        if stored {
            presence::relation_changed(app, caller.member, target);
            return Ok(());
        }
    }
    Err(busy())
}

pub(super) async fn list(app: &App, cx: &Cx, caller: &Caller, asked: &ListBlocked) -> Result<Page<Blocked>> {
    let limit = limit(asked.limit)?;
    let scope = format!("blocks {}", caller.member);
    let after = match &asked.cursor {
        None => None,
        Some(cursor) => Some(Part::from_vec(app.cursors.open(&scope, cursor)?)),
    };
    let found =
        app.ports.items.query(Query::partition(BLOCKS, caller.member.bytes()).limit(limit).after(after)).await?;
    let mut data = Vec::with_capacity(found.items.len());
    for item in &found.items {
        let Some(member) = MemberId::from_slice(&item.key.sk) else { continue };
        // Somebody who is no member any more has no face.
        let Ok(card) = cards::load(app, cx, member).await else { continue };
        data.push(Blocked { member: Face::of(app, cx, member, &card).await?, blocked_at: Time(item.number) });
    }
    Ok(Page { data, next_cursor: found.next.map(|place| app.cursors.seal(&scope, &place)) })
}
