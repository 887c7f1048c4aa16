//! The second factor: switched on with an authenticator app, asked for at sign-in, switched off with the password.
//!
//! What always holds: a session of a member with a second factor began with it; of two uses of one code at most one
//! succeeds; wrong codes count into the lock-out of sign-in. Ways that do not look at it: renewing a session.

use super::{
    Caller,
    accounts::{self, Account},
    attempts::Attempts,
    password, recovery, sealed, totp,
};
use crate::{
    app::App,
    audit::{Action, Entry},
    check::Checks,
    edge::request::Facts,
};
use base::{Cx, Error, Kind, Result, Secret, Time, id::MemberId};
use ports::{
    args,
    secrets::RingKey,
    sql::{Tx, bucket},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What protects the stored halves of the second factor.
pub struct Keys {
    sealer: sealed::Sealer,
    recovery: recovery::Keys,
}

impl Keys {
    pub fn new(sealing: &[RingKey], recovery: &[RingKey]) -> Result<Self> {
        Ok(Self { sealer: sealed::Sealer::new(sealing)?, recovery: recovery::Keys::new(recovery) })
    }
}

/// What an authenticator app is told.
#[derive(Serialize, ToSchema)]
pub struct NewSecret {
    /// 160 bits in base 32, for typing.
    pub secret: String,
    /// The same for a QR code.
    pub otpauth_url: String,
}

#[derive(Deserialize, ToSchema)]
#[schema(example = json!({ "code": "123456" }))]
pub struct ConfirmSecondFactor {
    /// What the app shows now.
    #[schema(pattern = "^[0-9]{6}$", min_length = 6, max_length = 6)]
    pub code: String,
}

#[derive(Serialize, ToSchema)]
pub struct RecoveryCodes {
    /// Ten, each good for one sign-in. They are not shown again.
    pub recovery_codes: Vec<String>,
}

#[derive(Deserialize, ToSchema)]
pub struct EndSecondFactor {
    #[schema(value_type = String, min_length = 1, max_length = 1024)]
    pub password: Secret,
}

#[derive(Serialize, ToSchema)]
pub struct SecondFactor {
    pub enabled: bool,
    pub enabled_at: Option<Time>,
    pub recovery_codes_left: i64,
}

/// A stored factor.
struct Stored {
    secret: String,
    confirmed_at: Option<Time>,
    last_step: i64,
}

async fn load(tx: &mut Tx, member: MemberId) -> Result<Option<Stored>> {
    let sql = "select secret, confirmed_at, last_step from second_factors where member_id = $1";
    let Some(row) = tx.row(sql, args![member]).await? else { return Ok(None) };
    Ok(Some(Stored { secret: row.text(0)?, confirmed_at: row.time_opt(1)?, last_step: row.int(2)? }))
}

fn enabled() -> Error {
    Error::conflict("mfa_enabled", "The second factor is on already.")
}

/// A new secret, to be confirmed by a code. One that was not confirmed is void.
pub async fn offer(app: &App, cx: &Cx, caller: &Caller) -> Result<NewSecret> {
    let member = caller.member;
    let secret = zeroize::Zeroizing::new(totp::secret());
    let sealed = app.identity.second_factor.sealer.seal(member.bytes(), &*secret)?;
    let mut tx = app.ports.sql.begin().await?;
    let account = accounts::by_id(cx, &mut tx, member).await?.ok_or_else(Error::not_found)?;
    let sql = "insert into second_factors (member_id, bucket, secret, last_step, created_at, updated_at)
               values ($1, $2, $3, -1, $4, $4)
               on conflict (member_id) do update set secret = excluded.secret, updated_at = excluded.updated_at
               where second_factors.confirmed_at is null";
    if tx.exec(sql, args![member, bucket(&member), sealed, cx.now()]).await? == 0 {
        return Err(enabled());
    }
    tx.commit().await?;
    Ok(NewSecret { secret: totp::base32(&*secret), otpauth_url: totp::otpauth_url(&*secret, &account.email) })
}

/// Switches it on: the code proves that the app has the secret, and is used up by that.
pub async fn confirm(app: &App, cx: &Cx, caller: &Caller, input: &ConfirmSecondFactor) -> Result<RecoveryCodes> {
    let wrong = || Error::field("/code", "unknown_value", "This code does not fit.").reason("wrong_code");
    if !totp::is_code(&input.code) {
        return Err(wrong());
    }
    let (member, keys) = (caller.member, &app.identity.second_factor);
    let mut tx = app.ports.sql.begin().await?;
    let stored = load(&mut tx, member).await?;
    let Some(stored) = stored else {
        return Err(Error::conflict("mfa_not_started", "Ask for a new secret first."));
    };
    if stored.confirmed_at.is_some() {
        return Err(enabled());
    }
    let secret = keys.sealer.open(member.bytes(), &stored.secret)?;
    let step = totp::find(&secret, &input.code, cx.now(), stored.last_step).ok_or_else(wrong)?;
    let sql = "update second_factors set confirmed_at = $1, last_step = $2, updated_at = $1
               where member_id = $3 and secret = $4 and confirmed_at is null";
    if tx.exec(sql, args![cx.now(), step, member, stored.secret]).await? == 0 {
        return Err(enabled());
    }
    let recovery_codes = recovery::renew(cx, &mut tx, &keys.recovery, member).await?;
    Entry::new(cx, Action::SecondFactorOn).about(member).record(&mut tx).await?;
    tx.commit().await?;
    Ok(RecoveryCodes { recovery_codes })
}

/// Switches it off, with its recovery codes.
pub async fn end(app: &App, cx: &Cx, caller: &Caller, input: &EndSecondFactor) -> Result<()> {
    let mut checks = Checks::default();
    checks.length("/password", input.password.reveal(), 1, 1024);
    checks.done()?;
    password::proven(app, cx, caller, &input.password, "/password").await?;
    let mut tx = app.ports.sql.begin().await?;
    let sql = "delete from second_factors where member_id = $1 and confirmed_at is not null";
    if tx.exec(sql, args![caller.member]).await? == 0 {
        return Err(Error::not_found());
    }
    recovery::forget(&mut tx, caller.member).await?;
    Entry::new(cx, Action::SecondFactorOff).about(caller.member).record(&mut tx).await?;
    Ok(tx.commit().await?)
}

pub async fn read(app: &App, caller: &Caller) -> Result<SecondFactor> {
    let mut tx = app.ports.sql.read().await?;
    let enabled_at = enabled_at(&mut tx, caller.member).await?;
    let recovery_codes_left = recovery::left(&mut tx, caller.member).await?;
    Ok(SecondFactor { enabled: enabled_at.is_some(), enabled_at, recovery_codes_left })
}

/// Since when a member has a second factor.
pub(super) async fn enabled_at(tx: &mut Tx, member: MemberId) -> Result<Option<Time>> {
    Ok(load(tx, member).await?.and_then(|stored| stored.confirmed_at))
}

/// A code that fits and is not used up yet.
pub(super) enum Proof {
    Step(i64),
    Recovery(String),
}

impl Proof {
    /// The word for the record.
    pub(super) const fn word(&self) -> &'static str {
        match self {
            Self::Step(_) => "totp",
            Self::Recovery(_) => "recovery_code",
        }
    }

    /// Uses it up, in the transaction of what it allows. Refused when somebody was faster.
    pub(super) async fn spend(&self, cx: &Cx, tx: &mut Tx, member: MemberId) -> Result<()> {
        let spent = match self {
            Self::Step(step) => {
                let sql = "update second_factors set last_step = $1, updated_at = $2
                           where member_id = $3 and confirmed_at is not null and last_step < $1";
                tx.exec(sql, args![*step, cx.now(), member]).await? == 1
            }
            Self::Recovery(digest) => {
                let spent = recovery::spend(cx, tx, member, digest).await?;
                let left = recovery::left(tx, member).await?;
                let act = Entry::new(cx, Action::RecoveryCodeUse).by(base::cx::Agent::Member(member)).about(member);
                act.with(serde_json::json!({ "left": left })).record(tx).await?;
                spent
            }
        };
        if spent { Ok(()) } else { Err(wrong_code()) }
    }
}

fn required() -> Error {
    Error::new(Kind::Unauthenticated, "mfa_required", "Please enter the code of your second factor.")
}

fn wrong_code() -> Error {
    Error::new(Kind::Unauthenticated, "mfa_required", "This code does not fit.").reason("wrong_code")
}

/// Asks someone whose first factor fits for the second. None when there is none to ask for.
pub(super) async fn demand(
    app: &App,
    cx: &Cx,
    about: &Facts,
    account: &Account,
    typed: Option<&str>,
) -> Result<Option<Proof>> {
    let (member, keys) = (account.id, &app.identity.second_factor);
    let mut tx = app.ports.sql.read().await?;
    let Some(stored) = load(&mut tx, member).await?.filter(|stored| stored.confirmed_at.is_some()) else {
        return Ok(None);
    };
    let Some(typed) = typed.map(str::trim).filter(|typed| !typed.is_empty()) else { return Err(required()) };
    let proof = if totp::is_code(typed) {
        let secret = keys.sealer.open(member.bytes(), &stored.secret)?;
        totp::find(&secret, typed, cx.now(), stored.last_step).map(Proof::Step)
    } else {
        recovery::find(&mut tx, &keys.recovery, member, typed).await?.map(Proof::Recovery)
    };
    drop(tx);
    let key = accounts::email_key(&account.email);
    let network = about.network();
    let attempts = Attempts::of(app, &key, &network);
    if proof.is_none() {
        attempts.failed(app, cx, Some(member), "wrong_code").await?;
        return Err(wrong_code());
    }
    // Of many codes tried at once, the right one opens nothing after the others have locked.
    attempts.check(app, cx).await?;
    Ok(proof)
}
