//! Tickets: how a browser, which cannot set headers on a WebSocket, shows who it is. One minute, single use.

use crate::{
    app::App,
    identity::{self, Caller},
};
use base::{
    Cx, Result, Time,
    id::{MemberId, SessionId},
    secret,
    time::MINUTE,
};
use bytes::Bytes;

pub(super) const LIFE: i64 = MINUTE;

fn key(ticket: &str) -> String {
    format!("{{ticket:{}}}", secret::digest(ticket))
}

pub(super) async fn issue(app: &App, cx: &Cx, caller: &Caller) -> Result<String> {
    let ticket = secret::token();
    let mut value = caller.member.bytes().to_vec();
    value.extend_from_slice(caller.session.bytes());
    app.ports.cache.set(&key(&ticket), Bytes::from(value), LIFE, cx.now()).await?;
    Ok(ticket)
}

/// Whose ticket it was, once, if the session still lives.
pub(super) async fn spend(app: &App, ticket: &str, now: Time) -> Result<Option<(MemberId, SessionId)>> {
    if ticket.is_empty() || ticket.len() > 128 {
        return Ok(None);
    }
    let key = key(ticket);
    let Some(value) = app.ports.cache.get(&key, now).await? else { return Ok(None) };
    // Of two that come at once, only the first counts one.
    if app.ports.cache.add(&format!("{key}used"), 1, LIFE * 2, now).await? != 1 {
        return Ok(None);
    }
    app.ports.cache.remove(&[&key]).await?;
    let (Some(member), Some(session)) =
        (value.get(..16).and_then(MemberId::from_slice), value.get(16..).and_then(SessionId::from_slice))
    else {
        return Ok(None);
    };
    Ok(identity::sessions::is_live(app, member, session, now).await?.then_some((member, session)))
}
