//! Sign-in. One generic error, one duration, and a lock after too many failures.

use super::{
    accounts::{self, Account},
    lockouts::Strikes,
    me::{self, Me},
    register, sessions,
};
use crate::{app::App, check::Checks, edge::request::Facts, work::outbox::Event};
use axum::{
    body::Body,
    http::{Response, StatusCode},
};
use base::{Cx, Error, Kind, Result, Secret, id::SessionId, time::MINUTE};
use serde::Deserialize;
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[schema(example = json!({ "email": "ana@example.com", "password": "tea at the kitchen table", "client": "native" }))]
pub struct Login {
    pub email: String,
    #[schema(value_type = String)]
    pub password: Secret,
    /// `native`: the refresh credential comes in the body instead of a cookie.
    pub client: Option<String>,
}

fn wrong_credentials() -> Error {
    Error::new(Kind::Unauthenticated, "unauthenticated", "Address and password do not fit.").reason("wrong_credentials")
}

pub async fn login(app: &App, cx: &Cx, about: &Facts, device: &str, input: &Login) -> Result<Response<Body>> {
    let mut checks = Checks::default();
    checks.length("/email", &input.email, 1, 254);
    checks.length("/password", input.password.reveal(), 1, 1024);
    let native = sessions::is_native(&mut checks, input.client.as_deref());
    checks.done()?;

    let key = accounts::email_key(&input.email);
    let network = about.network();
    let settings = &app.settings.identity;
    let window_ms = settings.lockout_minutes * MINUTE;
    let by_account = Strikes { kind: "login", subject: &key, limit: settings.lockout_failures, window_ms };
    let by_ip = Strikes { kind: "login-ip", subject: &network, limit: settings.lockout_ip_failures, window_ms };
    by_ip.check(app, cx).await?;
    by_account.check(app, cx).await?;

    let mut tx = app.ports.sql.read().await?;
    let account = accounts::by_email(cx, &mut tx, &key).await?;
    drop(tx);
    let stored = account.as_ref().and_then(|a| a.password_hash.clone());
    let fits = app.identity.passwords.verify(input.password.clone(), stored).await?;
    let Some(account) = account.filter(|_| fits) else {
        let counted = (by_ip.add(app, cx).await, by_account.add(app, cx).await);
        counted.0.and(counted.1)?;
        return Err(wrong_credentials());
    };
    // Once more: of many guesses made at once, the right one tells nothing after the others have locked.
    by_ip.check(app, cx).await?;
    let failures = by_account.check(app, cx).await?;
    if !account.is_active {
        return Err(Error::forbidden("This account is not active.").reason("account_inactive"));
    }
    if failures > 0 {
        by_account.clear(app).await?;
    }

    // The session comes first, the look at the password last: a reset that comes between either ends this session
    // with all others, or has changed the password that is looked at.
    let session = sessions::draft(app, cx, about, device, native);
    let id: SessionId = cx.id();
    let issued = sessions::start(app, cx, account.id, id, &session).await?;
    match admit(app, cx, &account).await {
        Ok(view) => register::answer(app, StatusCode::OK, &view, &issued),
        Err(error) => {
            sessions::discard(app, account.id, id).await;
            Err(error)
        }
    }
}

/// Records the sign-in, if the password is still the one that was checked.
async fn admit(app: &App, cx: &Cx, account: &Account) -> Result<Me> {
    let mut tx = app.ports.sql.begin().await?;
    if !accounts::signed_in(cx, &mut tx, account).await? {
        return Err(wrong_credentials());
    }
    Event::fact("account.signed_in", serde_json::json!({ "member_id": account.id })).in_sql(cx, &mut tx).await?;
    let view = if let Some(view) = me::load(cx, &mut tx, account.id).await? {
        view
    } else {
        accounts::insert_profile(cx, &mut tx, account.id, &account.name, &accounts::NewProfile::default()).await?;
        me::load(cx, &mut tx, account.id).await?.ok_or_else(Error::not_found)?
    };
    tx.commit().await?;
    app.bells.sql.notify_one();
    view.present(app, cx).await
}
