//! Sign-in. One generic error, one duration, and a lock after too many failures.

use super::{
    accounts::{self, Account},
    attempts::Attempts,
    me::{self, Me},
    register,
    second_factor::{self, Proof},
    sessions,
};
use crate::{
    app::App,
    audit::{self, Action, Entry},
    check::Checks,
    edge::request::Facts,
    work::outbox::Event,
};
use axum::{
    body::Body,
    http::{Response, StatusCode},
};
use base::{Cx, Error, Kind, Result, Secret, cx::Agent, id::SessionId};
use serde::Deserialize;
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[schema(example = json!({ "email": "ana@example.com", "password": "tea at the kitchen table", "client": "native" }))]
pub struct Login {
    #[schema(min_length = 1, max_length = 254)]
    pub email: String,
    #[schema(value_type = String, min_length = 1, max_length = 1024)]
    pub password: Secret,
    /// `native`: the refresh credential comes in the body instead of a cookie.
    pub client: Option<String>,
    /// A code of the second factor, or a recovery code; needed where the second factor is on.
    #[schema(max_length = 64)]
    pub totp: Option<String>,
}

fn wrong_credentials() -> Error {
    Error::new(Kind::Unauthenticated, "unauthenticated", "Address and password do not fit.").reason("wrong_credentials")
}

pub async fn login(app: &App, cx: &Cx, about: &Facts, device: &str, input: &Login) -> Result<Response<Body>> {
    let mut checks = Checks::default();
    checks.length("/email", &input.email, 1, 254);
    checks.length("/password", input.password.reveal(), 1, 1024);
    let native = sessions::is_native(&mut checks, input.client.as_deref());
    checks.length("/totp", input.totp.as_deref().unwrap_or_default(), 0, 64);
    checks.done()?;

    let key = accounts::email_key(&input.email);
    let network = about.network();
    let attempts = Attempts::of(app, &key, &network);
    attempts.check(app, cx).await?;

    let mut tx = app.ports.sql.read().await?;
    let account = accounts::by_email(cx, &mut tx, &key).await?;
    drop(tx);
    let stored = account.as_ref().and_then(|a| a.password_hash.clone());
    let fits = app.identity.passwords.verify(input.password.clone(), stored).await?;
    let known = account.as_ref().map(|a| a.id);
    let Some(account) = account.filter(|_| fits) else {
        attempts.failed(app, cx, known, "wrong_credentials").await?;
        return Err(wrong_credentials());
    };
    // Once more: of many guesses made at once, the right one tells nothing after the others have locked.
    let failures = attempts.check(app, cx).await?;
    if !account.is_active {
        let act = Entry::new(cx, Action::SignIn).about(account.id).refused("account_inactive");
        audit::record(app, &[act]).await?;
        return Err(Error::forbidden("This account is not active.").reason("account_inactive"));
    }
    let proof = second_factor::demand(app, cx, about, &account, input.totp.as_deref()).await?;
    if failures > 0 {
        attempts.forgive(app).await?;
    }

    // The session comes first, the look at the password last: a reset that comes between either ends this session
    // with all others, or has changed the password that is looked at.
    let session = sessions::draft(app, cx, about, device, native).with_second_factor(proof.is_some());
    let id: SessionId = cx.id();
    let issued = sessions::start(app, cx, account.id, id, &session).await?;
    match admit(app, cx, &account, id, proof.as_ref()).await {
        Ok(view) => register::answer(app, StatusCode::OK, &view, &issued),
        Err(error) => {
            sessions::discard(app, account.id, id).await;
            Err(error)
        }
    }
}

/// Records the sign-in, if the password is still the one that was checked and the second factor's code still unused.
async fn admit(app: &App, cx: &Cx, account: &Account, session: SessionId, proof: Option<&Proof>) -> Result<Me> {
    let mut tx = app.ports.sql.begin().await?;
    if !accounts::signed_in(cx, &mut tx, account).await? {
        return Err(wrong_credentials());
    }
    let mut act = Entry::new(cx, Action::SignIn).by(Agent::Member(account.id)).about(account.id).in_session(session);
    if let Some(proof) = proof {
        proof.spend(cx, &mut tx, account.id).await?;
        act = act.with(serde_json::json!({ "second_factor": proof.word() }));
    }
    act.record(&mut tx).await?;
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
