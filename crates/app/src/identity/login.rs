//! Sign-in. One generic error, one duration, and a lock after too many failures.

use super::{
    accounts,
    lockouts::Strikes,
    me, register,
    sessions::{self},
};
use crate::{app::App, check::Checks, edge::request::Facts, work::outbox::Event};
use axum::{
    body::Body,
    http::{Response, StatusCode},
};
use base::{Cx, Error, Kind, Result, Secret, time::MINUTE};
use serde::Deserialize;
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
pub struct Login {
    pub email: String,
    #[schema(value_type = String)]
    pub password: Secret,
    /// `native`: the refresh credential comes in the body instead of a cookie.
    pub client: Option<String>,
}

pub async fn login(app: &App, cx: &Cx, about: &Facts, device: &str, input: &Login) -> Result<Response<Body>> {
    let mut checks = Checks::default();
    checks.length("/email", &input.email, 1, 254);
    checks.length("/password", input.password.reveal(), 1, 1024);
    checks.one_of("/client", input.client.as_deref(), &["native", "browser", "web"]);
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
        by_account.add(app, cx).await?;
        by_ip.add(app, cx).await?;
        return Err(Error::new(Kind::Unauthenticated, "unauthenticated", "Address and password do not fit.")
            .reason("wrong_credentials"));
    };
    if !account.is_active {
        return Err(Error::forbidden("This account is not active.").reason("account_inactive"));
    }
    by_account.clear(app).await?;

    let mut tx = app.ports.sql.begin().await?;
    accounts::signed_in(cx, &mut tx, account.id).await?;
    Event::fact("account.signed_in", serde_json::json!({ "member_id": account.id })).in_sql(cx, &mut tx).await?;
    let view = me::load(cx, &mut tx, account.id).await?.ok_or_else(Error::not_found)?;
    tx.commit().await?;
    app.bells.sql.notify_one();
    let session = sessions::draft(app, cx, about, device, input.client.as_deref() == Some("native"));
    let issued = sessions::start(app, account.id, cx.id(), &session).await?;
    register::answer(app, StatusCode::OK, &view, issued)
}
