//! Idempotency keys: the same key and body give the stored answer; the record is part of the effect's own commit.

use super::{
    gate::{empty, hex},
    input::{Input, parse},
    problem::{Answer, Problem},
    request::{About, header},
};
use crate::{app::App, tables};
use axum::{
    body::Body,
    extract::{FromRequest, FromRequestParts, Request},
    http::{HeaderMap, HeaderValue, Response, StatusCode, header::CONTENT_TYPE, request::Parts},
};
use base::{Cx, Error, Kind, time::HOUR};
use bytes::Bytes;
use parking_lot::Mutex;
use ports::{
    args,
    items::{Key, Refusal, When, Write},
    sql::Tx,
};
use ring::{
    digest::{Context, SHA256},
    hmac,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;
use std::{collections::HashSet, sync::Arc};

/// How an empty body is stored.
const NOTHING: &[u8] = b"null";
/// How long an answer is kept.
const KEPT: i64 = 24 * HOUR;

/// A JSON body of a call that creates, sends or charges, with what makes it repeatable.
pub struct Create<T> {
    pub input: T,
    pub once: Once,
}

/// A call without a body that sends or charges, made repeatable: what it is about stands in its path.
pub struct Bare(pub Once);

/// The idempotency of one call. Without a key it lets everything through.
pub struct Once(Option<Keyed>);

struct Keyed {
    /// Whose and which operation: `mem_… POST /v1/notes`. Visitors share one scope: a repeat may come from another
    /// network, and who does not know the first body learns nothing from the key.
    scope: String,
    key: String,
    /// Of the body (without one, of the path), with a key of ours.
    digest: [u8; 32],
}

/// An answer as stored.
#[derive(Serialize, Deserialize)]
struct Record {
    digest: String,
    status: u16,
    body: Box<RawValue>,
}

/// The first answer to this key, to be given again.
pub struct Replay {
    pub status: StatusCode,
    pub body: Bytes,
}

impl<T: DeserializeOwned> FromRequest<Arc<App>> for Create<T> {
    type Rejection = Problem;
    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let Ok(About(facts)) = About::from_request_parts(&mut parts, app).await;
        let key = Once::sent(&parts.headers)?;
        let Input { value, bytes } = Input::<T>::from_request(Request::from_parts(parts, body), app).await?;
        Ok(Self { input: value, once: Once::of(key, &About(facts), app, &[&bytes]) })
    }
}

impl FromRequestParts<Arc<App>> for Bare {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let Ok(About(facts)) = About::from_request_parts(parts, app).await;
        let key = Once::sent(&parts.headers)?;
        Ok(Self(Once::of(key, &About(facts), app, &[parts.uri.path().as_bytes()])))
    }
}

impl Keyed {
    fn hash(&self) -> [u8; 16] {
        let mut context = Context::new(&SHA256);
        context.update(self.scope.as_bytes());
        context.update(&[0]);
        context.update(self.key.as_bytes());
        let mut out = [0; 16];
        out.copy_from_slice(&context.finish().as_ref()[..16]);
        out
    }

    fn item_key(&self) -> Key {
        tables::IDEMPOTENCY.key(self.hash(), b"1")
    }

    fn check(&self, record: Record) -> Result<Replay, Error> {
        if record.digest != hex(&self.digest[..16]) {
            return Err(Error::new(
                Kind::Invalid,
                "idempotency_key_reused",
                "This idempotency key was used with another body.",
            ));
        }
        let status = StatusCode::from_u16(record.status).unwrap_or(StatusCode::OK);
        Ok(Replay { status, body: Bytes::from(String::from(Box::<str>::from(record.body))) })
    }

    fn record(&self, status: StatusCode, body: &[u8]) -> Result<Bytes, Error> {
        // An answer without a body is kept as null, which no answer of ours is.
        let body = if body.is_empty() { NOTHING } else { body };
        let body: &RawValue = serde_json::from_slice(body).map_err(|e| Error::bug("read an answer to store", e))?;
        let record = Record { digest: hex(&self.digest[..16]), status: status.as_u16(), body: body.to_owned() };
        Ok(Bytes::from(serde_json::to_vec(&record).map_err(|e| Error::bug("store an answer", e))?))
    }
}

/// Keys whose first call is running on this node. Across nodes the commit itself decides: its record must be absent.
#[derive(Default)]
pub struct InFlight(Mutex<HashSet<[u8; 16]>>);

/// While it lives, a second call with the same key is told to wait.
pub struct Running(Option<(Arc<App>, [u8; 16])>);

impl Drop for Running {
    fn drop(&mut self) {
        if let Some((app, hash)) = &self.0 {
            app.in_flight.0.lock().remove(hash);
        }
    }
}

pub fn in_progress() -> Error {
    Error::new(Kind::Conflict, "idempotency_in_progress", "The first call with this key is still running.")
        .retry_after(1)
}

impl Once {
    /// The key a request was sent with, if there is one.
    pub(super) fn sent(headers: &HeaderMap) -> Result<Option<String>, Error> {
        if !headers.contains_key("idempotency-key") {
            return Ok(None);
        }
        let key = header(headers, "idempotency-key").unwrap_or_default();
        if key.is_empty() || key.chars().count() > 255 {
            let detail = "An idempotency key has 1 to 255 characters of ASCII.";
            return Err(Error::new(Kind::Malformed, "malformed", detail));
        }
        Ok(Some(key.to_owned()))
    }

    /// A call that says these pieces; one alone counts as it is, of several each counts after its length.
    pub(super) fn of(key: Option<String>, About(facts): &About, app: &App, pieces: &[&[u8]]) -> Self {
        Self(key.map(|key| {
            let who = facts.caller.map_or_else(|| "visitor".to_owned(), |caller| caller.member.to_string());
            let mut signed = hmac::Context::with_key(&app.bodies);
            for piece in pieces {
                if pieces.len() > 1 {
                    signed.update(&(piece.len() as u64).to_be_bytes());
                }
                signed.update(piece);
            }
            let mut digest = [0; 32];
            digest.copy_from_slice(signed.sign().as_ref());
            Keyed { scope: format!("{who} {}", facts.operation), key, digest }
        }))
    }

    /// The caller's key, for an effect of many commits that a repeat must recognise one by one.
    pub fn key(&self) -> Option<&str> {
        self.0.as_ref().map(|keyed| &*keyed.key)
    }

    /// Marks this call as running, or says that it already is.
    fn enter(&self, app: &Arc<App>) -> Result<Running, Error> {
        let Some(keyed) = &self.0 else { return Ok(Running(None)) };
        let hash = keyed.hash();
        if !app.in_flight.0.lock().insert(hash) {
            return Err(in_progress());
        }
        Ok(Running(Some((app.clone(), hash))))
    }

    /// For a call whose effect is in `items`: the stored answer, if there is one.
    async fn answered_in_items(&self, app: &App) -> Result<Option<Replay>, Error> {
        let Some(keyed) = &self.0 else { return Ok(None) };
        match app.ports.items.get(&keyed.item_key()).await? {
            Some(item) => keyed.check(parse(&item.body)?).map(Some),
            None => Ok(None),
        }
    }

    /// For a call whose effect is in `sql`: the stored answer, if there is one. Part of the effect's transaction.
    pub async fn answered_in_sql(&self, cx: &Cx, tx: &mut Tx) -> Result<Option<Replay>, Error> {
        let Some(keyed) = &self.0 else { return Ok(None) };
        let sql = "select body from idempotency where scope = $1 and key = $2 and expires_at > $3";
        match tx.row(sql, args![&*keyed.scope, &*keyed.key, cx.now()]).await? {
            Some(row) => keyed.check(parse(row.text(0)?.as_bytes())?).map(Some),
            None => Ok(None),
        }
    }

    /// Stores the answer in the effect's transaction.
    pub async fn store_in_sql(&self, cx: &Cx, tx: &mut Tx, status: StatusCode, body: &[u8]) -> Result<(), Error> {
        let Some(keyed) = &self.0 else { return Ok(()) };
        let record = keyed.record(status, body)?;
        let text = String::from_utf8_lossy(&record).into_owned();
        let sql = "insert into idempotency (scope, key, digest, status, body, expires_at, created_at)
                   values ($1, $2, $3, $4, $5, $6, $7)
                   on conflict (scope, key) do update set digest = excluded.digest, status = excluded.status,
                     body = excluded.body, expires_at = excluded.expires_at, created_at = excluded.created_at
                   where idempotency.expires_at <= excluded.created_at";
        let code = i64::from(status.as_u16());
        let expires = cx.now().plus(KEPT);
        let values = args![&*keyed.scope, &*keyed.key, hex(&keyed.digest[..16]), code, text, expires, cx.now()];
        match tx.exec(sql, values).await? {
            1 => Ok(()),
            _ => Err(in_progress()),
        }
    }

    /// What a refused commit means when it was this call's record that was already there.
    pub fn overtaken(&self, refusals: &[Option<Refusal>]) -> Option<Error> {
        let last = refusals.last()?.as_ref()?;
        (self.0.is_some() && last.current.as_ref().is_some_and(|i| i.key.table == tables::IDEMPOTENCY))
            .then(in_progress)
    }

    /// The record of this call's answer, to be part of the effect's commit.
    pub fn write(&self, cx: &Cx, status: StatusCode, body: &[u8]) -> Result<Option<Write>, Error> {
        let Some(keyed) = &self.0 else { return Ok(None) };
        Ok(Some(Write::Put {
            key: keyed.item_key(),
            number: 0,
            body: keyed.record(status, body)?,
            expires_at: Some(cx.now().plus(KEPT)),
            when: When::Absent,
        }))
    }
}

/// JSON bytes as an answer.
pub fn json(status: StatusCode, body: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

impl From<Replay> for Response<Body> {
    fn from(replay: Replay) -> Self {
        if replay.body == NOTHING {
            return empty(replay.status);
        }
        json(replay.status, replay.body)
    }
}

/// Runs an effect in `items` unless this key was answered before.
pub async fn run<F>(app: &Arc<App>, once: &Once, effect: F) -> Answer<Response<Body>>
where
    F: AsyncFnOnce() -> Result<(StatusCode, Bytes), Error>,
{
    let _running = once.enter(app)?;
    if let Some(replay) = once.answered_in_items(app).await? {
        return Ok(replay.into());
    }
    let (status, body) = effect().await?;
    Ok(if body.is_empty() { empty(status) } else { json(status, body) })
}

/// Runs an effect in `sql` (which looks for the stored answer in its own transaction) alone for its key.
pub async fn alone<F>(app: &Arc<App>, once: &Once, effect: F) -> Answer<Response<Body>>
where
    F: AsyncFnOnce() -> Result<Response<Body>, Error>,
{
    let _running = once.enter(app)?;
    match effect().await {
        // What stood in the way may be the effect of this very call on another node: the caller asks again.
        Err(error) if error.kind() == Kind::Conflict => {
            let mut tx = app.ports.sql.read().await?;
            let answered = once.answered_in_sql(&Cx::new(&app.world), &mut tx).await?.is_some();
            Err(if answered { in_progress() } else { error }.into())
        }
        outcome => Ok(outcome?),
    }
}
