//! HTTP of identity.

use super::{
    Caller,
    contact::{self, CodeSent, Receipt, SendCode, VerifyCode},
    email::{self, EmailOnly, VerifyEmail},
    email_change::{self, ChangeEmail, ConfirmEmailChange, EmailChangeBegun, EmailChangeConfirmed},
    login::{self, Login},
    password::{self, ChangePassword, ResetPassword},
    register::{self, Register, SignedIn},
    sessions::{self, Issued, ListSessions, SessionTokens, SessionView},
};
use crate::{
    app::{App, AppState},
    edge::{
        cors,
        gate::empty,
        input::{Input, OptionalInput, Params, Place},
        once::{self, Create, json},
        problem::Answer,
        request::{About, Unit, header},
    },
};
use axum::{
    Json,
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderValue, Response, StatusCode, header as names},
};
use base::{Error, id::SessionId, page::Page};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(register_member))
        .routes(routes!(sign_in))
        .routes(routes!(renew_session))
        .routes(routes!(sign_out))
        .routes(routes!(list_sessions, end_other_sessions))
        .routes(routes!(end_session))
        .routes(routes!(verify_email))
        .routes(routes!(resend_verification))
        .routes(routes!(change_email))
        .routes(routes!(confirm_email_change))
        .routes(routes!(send_code))
        .routes(routes!(verify_code))
        .routes(routes!(forgot_password))
        .routes(routes!(reset_password))
        .routes(routes!(change_password))
        .routes(routes!(read_jwks))
        .merge(super::factor_routes::routes())
}

const COOKIE: &str = "o2o_refresh";

fn device(headers: &HeaderMap) -> &str {
    header(headers, "user-agent").unwrap_or("unknown device")
}

/// The refresh credential as a cookie, unless the client keeps it itself.
pub(super) fn set_cookie(app: &App, response: &mut Response<Body>, issued: &Issued) {
    if !issued.native {
        write_cookie(app, response, &issued.refresh, app.settings.identity.refresh_days * 86_400);
    }
}

fn write_cookie(app: &App, response: &mut Response<Body>, value: &str, seconds: i64) {
    if let Ok(value) = HeaderValue::from_str(&cookie(app.public_url(), value, seconds)) {
        response.headers_mut().append(names::SET_COOKIE, value);
    }
}

/// `Secure` where people reach us by HTTPS, which may end at a proxy.
fn cookie(public_url: &str, value: &str, seconds: i64) -> String {
    let secure = if public_url.starts_with("https://") { "; Secure" } else { "" };
    format!("{COOKIE}={value}; Path=/v1/auth; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}")
}

fn read_cookie(headers: &HeaderMap) -> Option<String> {
    let lines = headers.get_all(names::COOKIE).iter().filter_map(|v| v.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, value)| *name == COOKIE && !value.is_empty()).map(|(_, value)| value.to_owned())
}

/// Sign up.
#[utoipa::path(post, path = "/v1/auth/register", tag = "Identity", security(()), request_body = Register,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of this call harmless for 24 h.")),
    responses((status = 201, body = SignedIn)))]
async fn register_member(
    State(app): AppState,
    Unit(cx): Unit,
    About(about): About,
    headers: HeaderMap,
    create: Create<Register>,
) -> Answer<Response<Body>> {
    let agent = device(&headers);
    once::alone(&app, &create.once, async || {
        register::register(&app, &cx, &about, agent, &create.input, &create.once).await
    })
    .await
}

/// Sign in.
#[utoipa::path(post, path = "/v1/auth/login", tag = "Identity", security(()), request_body = Login,
    responses((status = 200, body = SignedIn)))]
async fn sign_in(
    State(app): AppState,
    Unit(cx): Unit,
    About(about): About,
    headers: HeaderMap,
    input: Input<Login>,
) -> Answer<Response<Body>> {
    Ok(login::login(&app, &cx, &about, device(&headers), &input.value).await?)
}

#[derive(Default, Deserialize, ToSchema)]
pub struct Renew {
    /// Absent: the cookie's.
    pub refresh_token: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct Renewed {
    pub session: SessionTokens,
}

/// A new pair for a refresh credential, from the body or from the cookie (then with `X-O2O-CSRF: 1`).
#[utoipa::path(post, path = "/v1/auth/refresh", tag = "Identity", security(()), request_body = Option<Renew>,
    responses((status = 200, body = Renewed)))]
async fn renew_session(
    State(app): AppState,
    Unit(cx): Unit,
    headers: HeaderMap,
    OptionalInput(input): OptionalInput<Renew>,
) -> Answer<Response<Body>> {
    let credential = if let Some(credential) = input.refresh_token.filter(|t| !t.is_empty()) {
        credential
    } else {
        let cookie = read_cookie(&headers).ok_or_else(Error::unauthenticated)?;
        cors::check_csrf(&app, &headers)?;
        cookie
    };
    let issued = sessions::renew(&app, &cx, &credential).await?;
    let body = serde_json::to_vec(&serde_json::json!({ "session": issued.tokens }))
        .map_err(|e| Error::bug("write an answer", e))?;
    let mut response = json(StatusCode::OK, body);
    set_cookie(&app, &mut response, &issued);
    Ok(response)
}

/// Sign out: this session ends.
#[utoipa::path(post, path = "/v1/auth/logout", tag = "Identity", responses((status = 204)))]
async fn sign_out(State(app): AppState, caller: Caller, Unit(cx): Unit) -> Answer<Response<Body>> {
    sessions::sign_out(&app, &cx, &caller).await?;
    let mut response = empty(StatusCode::NO_CONTENT);
    write_cookie(&app, &mut response, "", 0);
    Ok(response)
}

/// A list of sessions.
#[derive(Serialize, ToSchema)]
pub struct SessionPage {
    pub data: Vec<SessionView>,
    pub next_cursor: Option<String>,
}

/// The caller's live sessions, the newest first.
#[utoipa::path(get, path = "/v1/auth/sessions", tag = "Identity", params(ListSessions),
    responses((status = 200, body = SessionPage)))]
async fn list_sessions(
    State(app): AppState,
    caller: Caller,
    Unit(cx): Unit,
    Params(asked): Params<ListSessions>,
) -> Answer<Json<Page<SessionView>>> {
    Ok(Json(sessions::list(&app, &cx, &caller, &asked).await?))
}

/// End one session.
#[utoipa::path(delete, path = "/v1/auth/sessions/{id}", tag = "Identity", params(("id" = SessionId, Path)),
    responses((status = 204)))]
async fn end_session(
    State(app): AppState,
    caller: Caller,
    Unit(cx): Unit,
    Place(id): Place<SessionId>,
) -> Answer<Response<Body>> {
    if !sessions::end(&app, &cx, caller.member, id).await? {
        return Err(Error::not_found().into());
    }
    Ok(empty(StatusCode::NO_CONTENT))
}

/// End all other sessions.
#[utoipa::path(delete, path = "/v1/auth/sessions", tag = "Identity", responses((status = 204)))]
async fn end_other_sessions(State(app): AppState, caller: Caller, Unit(cx): Unit) -> Answer<Response<Body>> {
    sessions::end_all(&app, &cx, caller.member, Some(caller.session)).await?;
    Ok(empty(StatusCode::NO_CONTENT))
}

/// Confirm the e-mail address by the token of the mail.
#[utoipa::path(post, path = "/v1/auth/email/verify", tag = "Identity", security(()), request_body = VerifyEmail,
    responses((status = 200, body = SignedIn)))]
async fn verify_email(
    State(app): AppState,
    Unit(cx): Unit,
    About(about): About,
    headers: HeaderMap,
    input: Input<VerifyEmail>,
) -> Answer<Response<Body>> {
    Ok(email::verify(&app, &cx, &about, device(&headers), &input.value).await?)
}

/// Mail the verification link again. Always succeeds.
#[utoipa::path(post, path = "/v1/auth/email/resend", tag = "Identity", security(()), request_body = EmailOnly,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of this call harmless for 24 h.")),
    responses((status = 202)))]
async fn resend_verification(State(app): AppState, Unit(cx): Unit, visit: Create<EmailOnly>) -> Answer<Response<Body>> {
    once::alone(&app, &visit.once, async || email::resend(&app, &cx, &visit.input, &visit.once).await).await
}

/// Change the e-mail address: a link is mailed to the address in force and to the new one, and both must be opened.
#[utoipa::path(post, path = "/v1/auth/email/change", tag = "Identity", request_body = ChangeEmail,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of this call harmless for 24 h.")),
    responses((status = 202, body = EmailChangeBegun)))]
async fn change_email(
    State(app): AppState,
    caller: Caller,
    Unit(cx): Unit,
    create: Create<ChangeEmail>,
) -> Answer<Response<Body>> {
    once::alone(&app, &create.once, async || email_change::begin(&app, &cx, &caller, &create).await).await
}

/// Confirm the change of the address by the token of either mail; the second one makes the change.
#[utoipa::path(post, path = "/v1/auth/email/change/confirm", tag = "Identity", security(()),
    request_body = ConfirmEmailChange, responses((status = 200, body = EmailChangeConfirmed)))]
async fn confirm_email_change(
    State(app): AppState,
    Unit(cx): Unit,
    input: Input<ConfirmEmailChange>,
) -> Answer<Json<EmailChangeConfirmed>> {
    Ok(Json(email_change::confirm(&app, &cx, &input.value).await?))
}

/// Send a code of six digits to an address or a telephone number. One a minute, five an hour, ten a day for each; the
/// code before is void.
#[utoipa::path(post, path = "/v1/auth/codes", tag = "Identity", security(()), request_body = SendCode,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of this call harmless for 24 h.")),
    responses((status = 202, body = CodeSent)))]
async fn send_code(
    State(app): AppState,
    Unit(cx): Unit,
    About(about): About,
    visit: Create<SendCode>,
) -> Answer<Response<Body>> {
    once::run(&app, &visit.once, async || contact::send(&app, &cx, &about, &visit.input, &visit.once).await).await
}

/// Verify a code: the receipt proves the address or number once, within 60 minutes, in an application form.
#[utoipa::path(post, path = "/v1/auth/codes/verify", tag = "Identity", security(()), request_body = VerifyCode,
    responses((status = 200, body = Receipt)))]
async fn verify_code(State(app): AppState, Unit(cx): Unit, input: Input<VerifyCode>) -> Answer<Json<Receipt>> {
    Ok(Json(contact::verify(&app, &cx, &input.value).await?))
}

/// Mail a link to set a new password. Always succeeds.
#[utoipa::path(post, path = "/v1/auth/password/forgot", tag = "Identity", security(()), request_body = EmailOnly,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of this call harmless for 24 h.")),
    responses((status = 202)))]
async fn forgot_password(State(app): AppState, Unit(cx): Unit, visit: Create<EmailOnly>) -> Answer<Response<Body>> {
    once::alone(&app, &visit.once, async || password::forgot(&app, &cx, &visit.input, &visit.once).await).await
}

/// Set a new password by the token of the mail; every session ends.
#[utoipa::path(post, path = "/v1/auth/password/reset", tag = "Identity", security(()), request_body = ResetPassword,
    responses((status = 204)))]
async fn reset_password(State(app): AppState, Unit(cx): Unit, input: Input<ResetPassword>) -> Answer<Response<Body>> {
    password::reset(&app, &cx, &input.value).await?;
    Ok(empty(StatusCode::NO_CONTENT))
}

/// Set a new password; other sessions end.
#[utoipa::path(post, path = "/v1/auth/password/change", tag = "Identity", request_body = ChangePassword,
    responses((status = 204)))]
async fn change_password(
    State(app): AppState,
    caller: Caller,
    Unit(cx): Unit,
    input: Input<ChangePassword>,
) -> Answer<Response<Body>> {
    password::change(&app, &cx, &caller, &input.value).await?;
    Ok(empty(StatusCode::NO_CONTENT))
}

/// Public keys of access tokens (RFC 7517).
#[utoipa::path(get, path = "/.well-known/jwks.json", tag = "Identity", security(()),
    responses((status = 200, body = Object)))]
async fn read_jwks(State(app): AppState) -> Response<Body> {
    let mut response = json(StatusCode::OK, app.identity.tokens.jwks().to_string());
    response.headers_mut().insert(names::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_is_secure_behind_https() {
        assert!(cookie("https://love.example.com", "x", 60).ends_with("; Secure"));
        assert!(!cookie("http://localhost:8080", "x", 60).contains("Secure"));
    }
}
