//! Verification of the address.

use super::{
    accounts, me,
    one_time::{self, OneTime},
    register::{self, VERIFY_LIFE},
    second_factor, sessions,
};
use crate::{
    app::App,
    audit::{Action, Entry},
    check::Checks,
    couples,
    edge::{gate::empty, once::Once, request::Facts},
    work::{jobs::Job, outbox::Event},
};
use axum::{
    body::Body,
    http::{Response, StatusCode},
};
use base::{
    Cx, Error, Result,
    cx::Agent,
    id::MemberId,
    time::{HOUR, MINUTE},
};
use ports::sql::Tx;
use serde::Deserialize;
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[schema(example = json!({ "token": "from the link of the mail", "client": "native" }))]
pub struct VerifyEmail {
    pub token: String,
    /// `native`: the refresh credential comes in the body instead of a cookie.
    pub client: Option<String>,
    /// A code of the second factor, or a recovery code; needed where the second factor is on.
    #[schema(max_length = 64)]
    pub totp: Option<String>,
}

#[derive(Deserialize, ToSchema)]
pub struct EmailOnly {
    #[schema(format = "email", min_length = 3, max_length = 254)]
    pub email: String,
}

/// Confirms the address and signs in: the link may have been opened on another device. Where the second factor is on,
/// nothing happens without it.
pub async fn verify(app: &App, cx: &Cx, about: &Facts, device: &str, input: &VerifyEmail) -> Result<Response<Body>> {
    let mut checks = Checks::default();
    let native = sessions::is_native(&mut checks, input.client.as_deref());
    checks.length("/totp", input.totp.as_deref().unwrap_or_default(), 0, 64);
    checks.done()?;
    let mut tx = app.ports.sql.read().await?;
    let keys = &app.identity.one_time;
    let owner = one_time::owner(cx, &mut tx, keys, OneTime::EmailVerify, &input.token).await?;
    let account = accounts::by_id(cx, &mut tx, owner).await?.ok_or_else(Error::not_found)?;
    drop(tx);
    let proof = second_factor::demand(app, cx, about, &account, input.totp.as_deref()).await?;
    let id = cx.id();
    let mut tx = app.ports.sql.begin().await?;
    let member = one_time::spend(cx, &mut tx, keys, OneTime::EmailVerify, &input.token).await?.member;
    if let Some(proof) = &proof {
        proof.spend(cx, &mut tx, member).await?;
    }
    confirmed(cx, &mut tx, member).await?;
    crate::profiles::mark(cx, &mut tx, member, &account.timezone).await?;
    let act = Entry::new(cx, Action::SignIn).by(Agent::Member(member)).about(member).in_session(id);
    act.with(serde_json::json!({ "by": "email_link" })).record(&mut tx).await?;
    let view = me::load(cx, &mut tx, member).await?.ok_or_else(Error::not_found)?;
    tx.commit().await?;
    app.bells.sql.notify_one();
    let view = view.present(app, cx).await?;
    let session = sessions::draft(app, cx, about, device, native).with_second_factor(proof.is_some());
    let issued = sessions::start(app, cx, member, id, &session).await?;
    register::answer(app, StatusCode::OK, &view, &issued)
}

/// The address is the member's beyond doubt: devices, other services and invitations that waited for it are told,
/// the first time.
pub async fn confirmed(cx: &Cx, tx: &mut Tx, member: MemberId) -> Result<()> {
    if !accounts::verify_email(cx, tx, member).await? {
        return Ok(());
    }
    Entry::new(cx, Action::EmailVerify).by(Agent::Member(member)).about(member).record(tx).await?;
    Event::fact("account.email_verified", serde_json::json!({ "member_id": member })).in_sql(cx, tx).await?;
    let data = serde_json::json!({ "member_id": member, "email_verified": true });
    Event::to_one(member, "profile.updated", data).in_sql(cx, tx).await?;
    couples::address_verified(cx, tx, member).await
}

/// Sends the verification mail again. Always succeeds and takes as long for an unknown address: the look-up is a job.
pub async fn resend(app: &App, cx: &Cx, input: &EmailOnly, once: &Once) -> Result<Response<Body>> {
    let email = checked(input)?;
    enqueue(app, cx, Job::VerificationRequested { email }, once).await
}

/// The address of a request that never tells whether it has an account.
pub(super) fn checked(input: &EmailOnly) -> Result<String> {
    let mut checks = Checks::default();
    let email = checks.email("/email", &input.email);
    checks.done()?;
    Ok(email)
}

/// One job on its own, and the empty answer to whoever asked for it.
pub(super) async fn enqueue(app: &App, cx: &Cx, job: Job, once: &Once) -> Result<Response<Body>> {
    let mut tx = app.ports.sql.begin().await?;
    if let Some(replay) = once.answered_in_sql(cx, &mut tx).await? {
        return Ok(replay.into());
    }
    job.enqueue(cx, &mut tx).await?;
    once.store_in_sql(cx, &mut tx, StatusCode::ACCEPTED, b"").await?;
    tx.commit().await?;
    app.bells.sql.notify_one();
    Ok(empty(StatusCode::ACCEPTED))
}

/// The job behind [`resend`]: one mail a minute and five an hour for an address, besides that of the sign-up.
pub async fn requested(app: &App, cx: &Cx, email: &str) -> Result<()> {
    let mut tx = app.ports.sql.begin().await?;
    let Some(account) = accounts::by_email(cx, &mut tx, email).await? else { return Ok(()) };
    if account.email_verified_at.is_some() {
        return Ok(());
    }
    let purpose = OneTime::EmailVerify;
    for (window, most) in [(MINUTE, 1), (HOUR, 5)] {
        let since = cx.now().minus(window);
        let made = one_time::made_since(&mut tx, account.id, purpose, since).await?;
        if made - i64::from(account.created_at > since) >= most {
            return Ok(());
        }
    }
    let token = one_time::create(cx, &mut tx, &app.identity.one_time, account.id, purpose, VERIFY_LIFE).await?;
    Job::VerifyEmail { member: account.id, token }.enqueue(cx, &mut tx).await?;
    tx.commit().await?;
    app.bells.sql.notify_one();
    Ok(())
}
