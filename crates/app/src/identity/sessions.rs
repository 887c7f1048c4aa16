//! Sessions: one sign-in on one device, a family of refresh credentials. In `items`, one per device and member.

use super::{Caller, refresh::Refresh};
use crate::{
    app::App,
    audit::{Action, Entry},
    check::Checks,
    edge::request::Facts,
    presence, realtime,
    tables::SESSIONS,
    work::outbox::Event,
};
use base::{
    Cx, Error, Kind, Result, Time,
    error::Chain,
    id::{MemberId, SessionId},
    page::{self, Page},
    time::{DAY, SECOND},
};
use bytes::Bytes;
use ports::items::{Commit, Emit, Item, Key, Outcome, Part, Query, When, Write};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Ended sessions stay visible to audits this long.
const KEPT: i64 = 30 * DAY;
const ACTIVE: i64 = 1;
const ENDED: i64 = 0;

/// A session as stored; its state is the item's number.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Session {
    pub created_at: Time,
    pub last_used_at: Time,
    pub expires_at: Time,
    /// What the device says of itself, shortened.
    pub device: String,
    /// Network, not address.
    pub ip: String,
    /// The client keeps the refresh credential itself (no cookie).
    pub native: bool,
    pub generation: u32,
    pub rotated_at: Time,
    /// It began with the second factor.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub second_factor: bool,
}

impl Session {
    #[must_use]
    pub fn with_second_factor(mut self, used: bool) -> Self {
        self.second_factor = used;
        self
    }
}

/// What a client holds after a sign-in.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SessionTokens {
    pub access_token: String,
    /// Always `Bearer`.
    pub token_type: &'static str,
    /// Seconds.
    pub expires_in: i64,
    /// Only for `"client": "native"`; browsers have it in a cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
}

/// Tokens with what the route needs to set the cookie.
pub struct Issued {
    pub tokens: SessionTokens,
    pub refresh: String,
    pub native: bool,
}

/// One row of the sessions list.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionView {
    pub id: SessionId,
    pub device: String,
    pub ip: String,
    pub created_at: Time,
    pub last_used_at: Time,
    pub expires_at: Time,
    /// The session of this request.
    pub current: bool,
}

fn key(member: MemberId, session: SessionId) -> Key {
    SESSIONS.key(member.bytes(), session.bytes())
}

fn put(key: Key, session: &Session, state: i64, when: When) -> Result<Write> {
    let body = serde_json::to_vec(session).map_err(|e| Error::bug("write a session", e))?;
    let expires_at = Some(session.expires_at.plus(KEPT));
    Ok(Write::Put { key, number: state, body: Bytes::from(body), expires_at, when })
}

fn read(item: &Item) -> Result<Session> {
    serde_json::from_slice(&item.body).map_err(|e| Error::bug("read a session", e))
}

/// Whether the client keeps the refresh credential itself.
pub fn is_native(checks: &mut Checks, client: Option<&str>) -> bool {
    checks.one_of("/client", client, &["native", "browser", "web"]).as_deref() == Some("native")
}

/// A new session as it will be stored; nothing is written yet.
pub fn draft(app: &App, cx: &Cx, about: &Facts, device: &str, native: bool) -> Session {
    Session {
        created_at: cx.now(),
        last_used_at: cx.now(),
        expires_at: cx.now().plus(app.settings.identity.refresh_days * DAY),
        device: device.chars().filter(|c| !c.is_control()).take(200).collect(),
        ip: about.network(),
        native,
        generation: 0,
        rotated_at: cx.now(),
        second_factor: false,
    }
}

/// Stores a session unless it is there already; its tokens.
pub async fn start(app: &App, cx: &Cx, member: MemberId, id: SessionId, session: &Session) -> Result<Issued> {
    let write = put(key(member, id), session, ACTIVE, When::Absent)?;
    app.ports.items.try_commit(vec![write]).await?;
    issue(app, cx, member, id, session)
}

/// Takes back a session whose tokens nobody got. One that stays behind is good for nothing and runs out by itself.
pub async fn discard(app: &App, member: MemberId, id: SessionId) {
    let write = Write::Delete { key: key(member, id), when: When::Always };
    if let Err(error) = app.ports.items.try_commit(vec![write]).await {
        tracing::warn!(error = %Chain(&error), "a session that nobody holds stays behind");
    }
}

/// The pair of the session's generation: the same one whenever it is asked for.
fn issue(app: &App, cx: &Cx, member: MemberId, id: SessionId, session: &Session) -> Result<Issued> {
    let tokens = &app.identity.tokens;
    let refresh = app.identity.refresh.seal(Refresh { member, session: id, generation: session.generation });
    Ok(Issued {
        tokens: SessionTokens {
            access_token: tokens.issue(member, id, session.rotated_at)?,
            token_type: "Bearer",
            expires_in: (tokens.life_seconds() - cx.now().seconds() + session.rotated_at.seconds()).max(0),
            refresh_token: session.native.then(|| refresh.clone()),
        },
        refresh,
        native: session.native,
    })
}

/// Whether the session may be used now.
pub async fn is_live(app: &App, member: MemberId, session: SessionId, now: Time) -> Result<bool> {
    let Some(item) = app.ports.items.get(&key(member, session)).await? else { return Ok(false) };
    Ok(item.number == ACTIVE && read(&item)?.expires_at > now)
}

/// When the session began, if that was with the second factor.
pub(super) async fn second_factor_since(app: &App, member: MemberId, session: SessionId) -> Result<Option<Time>> {
    let Some(item) = app.ports.items.get(&key(member, session)).await? else { return Ok(None) };
    let session = read(&item)?;
    Ok(session.second_factor.then_some(session.created_at))
}

fn gone() -> Error {
    Error::new(Kind::Unauthenticated, "unauthenticated", "This session has ended. Please sign in again.")
}

/// A new pair for a refresh credential. The one before stays good for the reuse window and gives the same pair;
/// anything older ends the whole family.
pub async fn renew(app: &App, cx: &Cx, credential: &str) -> Result<Issued> {
    let Some(refresh) = app.identity.refresh.open(credential) else { return Err(gone()) };
    let (member, id) = (refresh.member, refresh.session);
    // Each round lost to a concurrent renewal finds that renewal's result; two rounds are enough, four are generous.
    for _ in 0..4 {
        let Some(item) = app.ports.items.get(&key(member, id)).await? else { return Err(gone()) };
        let mut session = read(&item)?;
        if item.number != ACTIVE || session.expires_at <= cx.now() {
            return Err(gone());
        }
        if refresh.generation == session.generation {
            crate::profiles::seen(app, cx, member, session.last_used_at).await;
            session.generation += 1;
            session.rotated_at = cx.now();
            session.last_used_at = cx.now();
            session.expires_at = cx.now().plus(app.settings.identity.refresh_days * DAY);
            let write = put(key(member, id), &session, ACTIVE, When::Version(item.version))?;
            if app.ports.items.try_commit(vec![write]).await?.is_none() {
                continue;
            }
            return issue(app, cx, member, id, &session);
        }
        let window = app.settings.identity.reuse_window_seconds * SECOND;
        let previous = refresh.generation.checked_add(1) == Some(session.generation);
        if previous && cx.now().since(session.rotated_at) <= window {
            return issue(app, cx, member, id, &session);
        }
        // Whoever has it is not known to be the member.
        let act = Entry::new(cx, Action::RefreshReuse).about(member).in_session(id).on(id).refused("token_invalid");
        end_telling(app, cx, member, id, vec![act.emit()?]).await?;
        return Err(gone());
    }
    Err(Error::unavailable("This session is being renewed elsewhere."))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListSessions {
    pub limit: Option<u32>,
    pub cursor: Option<String>,
}

/// Reads that may find only ended sessions; then the caller gets what there is and a cursor.
const SCANS: usize = 10;

/// The live sessions of the caller, the newest first.
pub async fn list(app: &App, cx: &Cx, caller: &Caller, asked: &ListSessions) -> Result<Page<SessionView>> {
    let limit = page::limit(asked.limit)?;
    let scope = format!("sessions {}", caller.member);
    let mut after = match &asked.cursor {
        None => None,
        Some(cursor) => Some(Part::from_vec(app.cursors.open(&scope, cursor)?)),
    };
    let mut data = Vec::new();
    for _ in 0..SCANS {
        let query = Query::partition(SESSIONS, caller.member.bytes()).backward().limit(limit - data.len()).after(after);
        let found = app.ports.items.query(query).await?;
        for (id, session) in live(&found.items, cx.now())? {
            data.push(SessionView {
                id,
                device: session.device,
                ip: session.ip,
                created_at: session.created_at,
                last_used_at: session.last_used_at,
                expires_at: session.expires_at,
                current: id == caller.session,
            });
        }
        after = found.next;
        if after.is_none() || data.len() == limit {
            break;
        }
    }
    Ok(Page { data, next_cursor: after.map(|position| app.cursors.seal(&scope, &position)) })
}

/// Those of a member's sessions that may be used now.
fn live(items: &[Item], now: Time) -> Result<Vec<(SessionId, Session)>> {
    let mut out = Vec::with_capacity(items.len());
    for item in items.iter().filter(|item| item.number == ACTIVE) {
        let session = read(item)?;
        if session.expires_at > now {
            out.extend(SessionId::from_slice(&item.key.sk).map(|id| (id, session)));
        }
    }
    Ok(out)
}

/// Ends one session: its access tokens are refused and its sockets closed, here at once and on other nodes by the
/// event. False when there was none to end.
pub async fn end(app: &App, cx: &Cx, member: MemberId, id: SessionId) -> Result<bool> {
    let act = Entry::new(cx, Action::SessionRevoke).about(member).on(id);
    end_telling(app, cx, member, id, vec![act.emit()?]).await
}

/// Ends the session of the caller, who asked for it.
pub async fn sign_out(app: &App, cx: &Cx, caller: &Caller) -> Result<()> {
    let fact = Event::fact("account.signed_out", serde_json::json!({ "member_id": caller.member })).emit(cx)?;
    let act = Entry::new(cx, Action::SignOut).about(caller.member).on(caller.session);
    end_telling(app, cx, caller.member, caller.session, vec![fact, act.emit()?]).await.map(drop)
}

async fn end_telling(app: &App, cx: &Cx, member: MemberId, id: SessionId, mut outbox: Vec<Emit>) -> Result<bool> {
    let Some(item) = app.ports.items.get(&key(member, id)).await? else { return Ok(false) };
    let session = read(&item)?;
    if session.expires_at <= cx.now() {
        return Ok(false);
    }
    // Whatever its generation: a renewal at the same moment does not save it.
    let write = put(key(member, id), &session, ENDED, When::Number(ACTIVE))?;
    outbox.push(Event::to_one(member, "session.revoked", serde_json::json!({ "session_id": id })).emit(cx)?);
    let commit = Commit { writes: vec![write], outbox, token: None };
    if matches!(app.ports.items.commit(commit).await?, Outcome::Refused(_)) {
        return Ok(false);
    }
    app.identity.tokens.revoke(id, cx.now());
    realtime::close_session(app, member, id);
    presence::left(app, member, id).await;
    app.bells.relay.notify_one();
    Ok(true)
}

/// Ends every session of a member but `keep`.
pub async fn end_all(app: &App, cx: &Cx, member: MemberId, keep: Option<SessionId>) -> Result<()> {
    end_older(app, cx, member, keep, Time(i64::MAX)).await
}

/// Ends the sessions that began before `before`, but `keep`.
pub async fn end_older(app: &App, cx: &Cx, member: MemberId, keep: Option<SessionId>, before: Time) -> Result<()> {
    let mut query = Query::partition(SESSIONS, member.bytes());
    loop {
        let found = app.ports.items.query(query.clone()).await?;
        for (id, session) in live(&found.items, cx.now())? {
            if Some(id) != keep && session.created_at < before {
                end(app, cx, member, id).await?;
            }
        }
        match found.next {
            Some(next) => query.after = Some(next),
            None => return Ok(()),
        }
    }
}
