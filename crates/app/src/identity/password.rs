//! Forgotten, reset and changed passwords.

use super::{
    Caller,
    accounts::{self, Account},
    email::{self, EmailOnly},
    lockouts::Strikes,
    one_time::{self, OneTime},
    sessions,
};
use crate::{
    app::App,
    audit::{self, Action, Entry},
    check::Checks,
    edge::once::Once,
    work::{jobs::Job, outbox::Event},
};
use axum::{body::Body, http::Response};
use base::{
    Cx, Error, Result, Secret,
    cx::Agent,
    id::{MemberId, SessionId},
    time::{DAY, HOUR, MINUTE},
};
use ports::sql::Tx;
use serde::Deserialize;
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
pub struct ResetPassword {
    pub token: String,
    #[schema(value_type = String, min_length = 8, max_length = 128)]
    pub password: Secret,
}

#[derive(Deserialize, ToSchema)]
pub struct ChangePassword {
    #[schema(value_type = String)]
    pub current_password: Secret,
    #[schema(value_type = String, min_length = 8, max_length = 128)]
    pub new_password: Secret,
}

const RESET_LIFE: i64 = 24 * HOUR;
/// The first password of a new account. Later a forgotten one does the same.
const SET_UP_LIFE: i64 = 7 * DAY;
/// Mails of this kind to one account in an hour; beyond it the answer is the same and nothing is sent.
const RESETS_AN_HOUR: i64 = 5;

/// Mails a link, if the address has an account. The answer never tells, nor does its duration: the look-up is a job.
pub async fn forgot(app: &App, cx: &Cx, input: &EmailOnly, once: &Once) -> Result<Response<Body>> {
    let email = email::checked(input)?;
    email::enqueue(app, cx, Job::ResetRequested { email }, once).await
}

/// The job behind [`forgot`].
pub async fn requested(app: &App, cx: &Cx, email: &str) -> Result<()> {
    let mut tx = app.ports.sql.begin().await?;
    let Some(account) = accounts::by_email(cx, &mut tx, email).await? else { return Ok(()) };
    let purpose = OneTime::PasswordReset;
    if one_time::made_since(&mut tx, account.id, purpose, cx.now().minus(HOUR)).await? >= RESETS_AN_HOUR {
        return Ok(());
    }
    let token = one_time::create(cx, &mut tx, &app.identity.one_time, account.id, purpose, RESET_LIFE).await?;
    Job::ResetPassword { member: account.id, token }.enqueue(cx, &mut tx).await?;
    Entry::new(cx, Action::PasswordResetRequest).by(Agent::Visitor).about(account.id).record(&mut tx).await?;
    tx.commit().await?;
    app.bells.sql.notify_one();
    Ok(())
}

/// Mails the link by which an account that was made without a password gets its first one. Part of the transaction that
/// makes the account.
pub async fn set_up(app: &App, cx: &Cx, tx: &mut Tx, member: MemberId) -> Result<()> {
    let token = one_time::create(cx, tx, &app.identity.one_time, member, OneTime::PasswordSetup, SET_UP_LIFE).await?;
    Job::SetUpPassword { member, token }.enqueue(cx, tx).await
}

/// Sets a new password by the link of a mail, ends every session and says so by mail.
pub async fn reset(app: &App, cx: &Cx, input: &ResetPassword) -> Result<()> {
    let mut checks = Checks::default();
    checks.password("/password", input.password.reveal());
    checks.done()?;
    if app.identity.one_time.open(&input.token).is_none() {
        // Refused before the costly hash.
        return Err(one_time::refused());
    }
    let hash = app.identity.passwords.hash(input.password.clone()).await?;
    let mut tx = app.ports.sql.begin().await?;
    let purposes = [OneTime::PasswordReset, OneTime::PasswordSetup];
    let spent = one_time::spend_either(cx, &mut tx, &app.identity.one_time, purposes, &input.token).await?;
    let member = spent.member;
    accounts::set_password(cx, &mut tx, member, &hash).await?;
    // The link came by mail: whoever used it reads that address.
    email::confirmed(cx, &mut tx, member).await?;
    Entry::new(cx, Action::PasswordReset).by(Agent::Member(member)).about(member).record(&mut tx).await?;
    Event::fact("account.password_reset", serde_json::json!({ "member_id": member })).in_sql(cx, &mut tx).await?;
    end_sessions(app, cx, tx, member, None, true).await
}

/// Commits a new password with its notice and the end of all sessions but `keep`.
async fn end_sessions(
    app: &App,
    cx: &Cx,
    mut tx: Tx,
    member: MemberId,
    keep: Option<SessionId>,
    reset: bool,
) -> Result<()> {
    // Whatever was begun with the former password ends with it: other links that would set one, a change of address.
    for purpose in [OneTime::PasswordReset, OneTime::PasswordSetup, OneTime::EmailChange] {
        one_time::void(cx, &mut tx, member, purpose).await?;
    }
    // Every session ends, also when this process dies before it has ended them. The hash may have waited for its
    // turn, and sessions begun meanwhile end too: "before" is this moment, not that of the request.
    Job::EndSessions { member, keep, before: app.world.now() }.enqueue(cx, &mut tx).await?;
    Job::PasswordNotice { member, reset }.enqueue(cx, &mut tx).await?;
    tx.commit().await?;
    app.bells.sql.notify_one();
    sessions::end_all(app, cx, member, keep).await
}

/// Sets a new password with the current one; other sessions end.
pub async fn change(app: &App, cx: &Cx, caller: &Caller, input: &ChangePassword) -> Result<()> {
    let mut checks = Checks::default();
    checks.password("/new_password", input.new_password.reveal());
    checks.length("/current_password", input.current_password.reveal(), 1, 1024);
    checks.done()?;
    let account = proven(app, cx, caller, &input.current_password, "/current_password").await?;
    let hash = app.identity.passwords.hash(input.new_password.clone()).await?;
    let mut tx = app.ports.sql.begin().await?;
    if !accounts::replace_password(cx, &mut tx, &account, &hash).await? {
        // Reset or changed elsewhere since it was checked.
        return Err(wrong_password("/current_password"));
    }
    Entry::new(cx, Action::PasswordChange).about(caller.member).record(&mut tx).await?;
    end_sessions(app, cx, tx, caller.member, Some(caller.session), false).await
}

/// The caller's account, once the caller has said its password (in the member that `pointer` names). Wrong ones are
/// counted together, wherever they are asked for, and on record; too many lock.
pub(super) async fn proven(
    app: &App,
    cx: &Cx,
    caller: &Caller,
    password: &Secret,
    pointer: &'static str,
) -> Result<Account> {
    let subject = caller.member.to_string();
    let settings = &app.settings.identity;
    let window_ms = settings.lockout_minutes * MINUTE;
    let strikes = Strikes { kind: "password-change", subject: &subject, limit: settings.lockout_failures, window_ms };
    strikes.check(app, cx).await?;
    let mut tx = app.ports.sql.read().await?;
    let account = accounts::by_id(cx, &mut tx, caller.member).await?.ok_or_else(Error::not_found)?;
    drop(tx);
    if !app.identity.passwords.verify(password.clone(), account.password_hash.clone()).await? {
        let locked = strikes.add(app, cx).await;
        let mut acts = vec![Entry::new(cx, Action::PasswordCheck).about(caller.member).refused("wrong_credentials")];
        if locked.as_ref().is_ok_and(|locked| *locked) {
            let act = Entry::new(cx, Action::LockOut).about(caller.member);
            acts.push(act.with(serde_json::json!({ "of": "password" })));
        }
        audit::record(app, &acts).await?;
        locked?;
        return Err(wrong_password(pointer));
    }
    // Once more: of many guesses made at once, the right one opens nothing after the others have locked.
    strikes.check(app, cx).await?;
    Ok(account)
}

fn wrong_password(pointer: &'static str) -> Error {
    Error::field(pointer, "unknown_value", "This is not your current password.").reason("wrong_credentials")
}
