//! Identity: accounts, sign-up, sign-in, sessions, verification and change of the address, contact codes, passwords,
//! lock-outs, the second factor, staff.
//!
//! What always holds: sign-up leaves everything or nothing; a session that ended is refused at once; an unknown
//! address costs as long as a known one; passwords and tokens are stored only as hashes or not at all.
//! Not here: who is whose partner ([`crate::couples`]), what a plan allows ([`crate::plans`]).

pub mod accounts;
mod attempts;
pub mod contact;
pub mod contact_receipts;
mod email;
pub mod email_change;
mod factor_routes;
mod lockouts;
mod login;
mod one_time;
mod password;
mod passwords;
mod recovery;
mod refresh;
mod register;
mod routes;
mod sealed;
mod second_factor;
pub mod sessions;
pub mod staff;
mod tokens;
mod totp;

pub use email::{confirmed as address_confirmed, requested as verification_requested};
pub use lockouts::Strikes;
pub use password::{requested as reset_requested, set_up as set_up_password};
pub(crate) use register::taken as email_taken;
pub use routes::routes;

use crate::{app::App, profiles::me, settings};
use base::{
    Cx, Error, Result, Time,
    id::{MemberId, SessionId},
    time::DAY,
};
use ports::{secrets::Secrets, sql::Tx};

/// Evidence that a request was sent by a signed-in member: only [`authenticate`] makes one.
#[derive(Debug, Clone, Copy)]
pub struct Caller {
    pub member: MemberId,
    pub session: SessionId,
    /// When this access token runs out.
    pub expires_at: Time,
}

/// What identity holds in memory.
pub struct Engine {
    pub passwords: passwords::Passwords,
    pub tokens: tokens::Tokens,
    pub refresh: refresh::RefreshKeys,
    pub one_time: one_time::Keys,
    pub contacts: contact_receipts::Keys,
    pub second_factor: second_factor::Keys,
}

/// Keys that are never rotated by age: what they sign lives long.
const FOREVER: i64 = 100 * 365 * DAY;

impl Engine {
    pub async fn start(settings: &settings::Identity, secrets: &dyn Secrets, now: Time) -> Result<Self> {
        let signing = signing_keys(settings, secrets, now).await?;
        let refresh = secrets.keyring("refresh", FOREVER, FOREVER, now).await?;
        let one_time = secrets.keyring("one-time", FOREVER, FOREVER, now).await?;
        let contacts = secrets.keyring("contacts", FOREVER, FOREVER, now).await?;
        let sealing = secrets.keyring("second-factor", FOREVER, FOREVER, now).await?;
        let recovery = secrets.keyring("recovery-codes", FOREVER, FOREVER, now).await?;
        Ok(Self {
            passwords: passwords::Passwords::start(settings)?,
            tokens: tokens::Tokens::new(&signing, settings.access_minutes, settings.token_cache)?,
            refresh: refresh::RefreshKeys::new(&refresh),
            one_time: one_time::Keys::new(&one_time),
            contacts: contact_receipts::Keys::new(&contacts),
            second_factor: second_factor::Keys::new(&sealing, &recovery)?,
        })
    }
}

/// The ring of access-token keys, rotated when the newest is too old.
pub async fn signing_keys(
    settings: &settings::Identity,
    secrets: &dyn Secrets,
    now: Time,
) -> Result<Vec<ports::secrets::RingKey>> {
    Ok(secrets.keyring("access-tokens", settings.signing_key_days * DAY, DAY, now).await?)
}

/// The caller of a request, from its `Authorization` header.
pub async fn authenticate(app: &App, cx: &Cx, authorization: Option<&str>) -> Result<Caller> {
    let token = authorization
        .and_then(|h| h.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim())
        .ok_or_else(Error::unauthenticated)?;
    let tokens = &app.identity.tokens;
    if let Some(claims) = tokens.remembered(token, cx.now()) {
        return Ok(caller(claims));
    }
    let claims = tokens.verify(token, cx.now()).ok_or_else(Error::unauthenticated)?;
    if !sessions::is_live(app, claims.member, claims.session, cx.now()).await? {
        return Err(Error::unauthenticated());
    }
    tokens.remember(token, claims);
    Ok(caller(claims))
}

fn caller(claims: tokens::Claims) -> Caller {
    Caller { member: claims.member, session: claims.session, expires_at: claims.expires_at }
}

/// Whether a member has a second factor.
pub async fn second_factor_on(tx: &mut Tx, member: MemberId) -> Result<bool> {
    Ok(second_factor::enabled_at(tx, member).await?.is_some())
}
