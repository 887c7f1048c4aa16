//! Sign-up: account, profile, consent, verification mail and an invitation to the partner in one transaction.

use super::{
    accounts::{self, NewAccount, NewProfile},
    me::{self, Me},
    one_time::{self, OneTime},
    sessions::{self, Issued, Session},
};
use crate::{
    app::App,
    audit::{Action, Entry},
    cards,
    check::Checks,
    couples,
    edge::{
        once::{Once, json},
        request::Facts,
    },
    work::{jobs::Job, outbox::Event},
};
use axum::{
    body::Body,
    http::{Response, StatusCode},
};
use base::{
    Cx, Error, Lang, Result, Secret,
    cx::Agent,
    error::Chain,
    id::{MemberId, SessionId},
    time::DAY,
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[schema(example = json!({
    "name": "Ana", "email": "ana@example.com", "password": "tea at the kitchen table", "consent": true,
    "age_attested": true, "timezone": "Europe/Lisbon", "client": "native",
}))]
pub struct Register {
    /// Absent: the part of the address before `@`.
    #[schema(min_length = 1, max_length = 120)]
    pub name: Option<String>,
    #[serde(default)]
    #[schema(required, format = "email", min_length = 3, max_length = 254)]
    pub email: String,
    #[serde(default)]
    #[schema(required, value_type = String, min_length = 8, max_length = 128)]
    pub password: Secret,
    /// Must be true: the terms are accepted.
    #[schema(required, nullable = false)]
    pub consent: Option<bool>,
    /// Must be true: at least 13 years old.
    #[schema(required, nullable = false)]
    pub age_attested: Option<bool>,
    pub relationship_status: Option<String>,
    pub anniversary_date: Option<String>,
    /// Invites this address to become the partner.
    pub partner_email: Option<String>,
    /// Of whoever recommended us.
    #[schema(max_length = 64)]
    pub referral_code: Option<String>,
    pub language: Option<String>,
    pub timezone: Option<String>,
    /// `native`: the refresh credential comes in the body instead of a cookie.
    pub client: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct SignedIn {
    pub member: Me,
    pub session: sessions::SessionTokens,
}

/// Input after its checks.
struct Checked {
    name: String,
    email: String,
    language: Lang,
    timezone: String,
    relationship_status: Option<String>,
    anniversary_date: Option<String>,
    partner_email: Option<String>,
    referral_code: Option<String>,
    native: bool,
}

/// The verification link is good this long.
pub(super) const VERIFY_LIFE: i64 = 7 * DAY;

fn check(cx: &Cx, input: &Register) -> Result<Checked> {
    let mut checks = Checks::default();
    let email = checks.email("/email", &input.email);
    let name = match input.name.as_deref().map(str::trim) {
        Some(name) => {
            checks.length("/name", name, 1, 120);
            name.to_owned()
        }
        None => email.split('@').next().unwrap_or_default().to_owned(),
    };
    checks.password("/password", input.password.reveal());
    checks.must_be_true("/consent", input.consent);
    checks.must_be_true("/age_attested", input.age_attested);
    let language = checks.lang("/language", input.language.as_deref()).unwrap_or_else(|| cx.lang());
    let zone = checks.zone("/timezone", input.timezone.as_deref());
    let relationship_status =
        checks.one_of("/relationship_status", input.relationship_status.as_deref(), crate::profiles::RELATIONSHIP);
    let anniversary_date = checks.date("/anniversary_date", input.anniversary_date.as_deref());
    let partner_email =
        input.partner_email.as_deref().filter(|e| !e.trim().is_empty()).map(|e| checks.email("/partner_email", e));
    if partner_email.as_deref().is_some_and(|p| accounts::email_key(p) == accounts::email_key(&email)) {
        checks.refuse("/partner_email", "own_address", "This is your own address.");
    }
    let referral_code = checks.optional("/referral_code", input.referral_code.as_deref(), 64);
    let native = sessions::is_native(&mut checks, input.client.as_deref());
    checks.done()?;
    Ok(Checked {
        name,
        email,
        language,
        timezone: zone.map_or_else(|| "UTC".to_owned(), |z| z.name().to_owned()),
        relationship_status,
        anniversary_date,
        partner_email,
        referral_code,
        native,
    })
}

pub(crate) fn taken() -> Error {
    Error::conflict("email_taken", "This address has an account already.")
}

/// What is stored for a repeat of this call: no token, only what the same tokens can be made from again.
#[derive(Serialize, Deserialize)]
struct Stored {
    /// As answered.
    member: Box<RawValue>,
    begun: Begun,
}

/// The session of a sign-up.
#[derive(Serialize, Deserialize)]
struct Begun {
    member: MemberId,
    id: SessionId,
    session: Session,
}

impl Begun {
    async fn start(&self, app: &App, cx: &Cx) -> Result<Issued> {
        sessions::start(app, cx, self.member, self.id, &self.session).await
    }
}

pub async fn register(
    app: &App,
    cx: &Cx,
    about: &Facts,
    device: &str,
    input: &Register,
    once: &Once,
) -> Result<Response<Body>> {
    let checked = check(cx, input)?;
    let mut tx = app.ports.sql.read().await?;
    if let Some(replay) = once.answered_in_sql(cx, &mut tx).await? {
        drop(tx);
        return again(app, cx, &replay.body).await;
    }
    if accounts::by_email(cx, &mut tx, &checked.email).await?.is_some() {
        return Err(taken());
    }
    drop(tx);
    let hash = app.identity.passwords.hash(input.password.clone()).await?;
    let begun =
        Begun { member: cx.id(), id: cx.id(), session: sessions::draft(app, cx, about, device, checked.native) };
    // In the other store, so it comes first: a sign-up that ends here leaves no account, and a session of nobody
    // opens nothing.
    let issued = begun.start(app, cx).await?;
    let (member, session) = (begun.member, begun.id);
    let stored = match store(app, cx, &checked, &hash, begun, once).await {
        Ok(stored) => stored,
        Err(error) => {
            sessions::discard(app, member, session).await;
            return Err(error);
        }
    };
    if let Err(error) = cards::project(app, cx, member).await {
        // A job does it again.
        tracing::warn!(error = %Chain(&error), "a new member's card is not there yet");
    }
    answer(app, StatusCode::CREATED, &stored.member, &issued)
}

/// Everything a sign-up leaves in `sql`, in one transaction.
async fn store(app: &App, cx: &Cx, checked: &Checked, hash: &str, begun: Begun, once: &Once) -> Result<Stored> {
    let member = begun.member;
    let mut tx = app.ports.sql.begin().await?;
    let new = NewAccount {
        id: member,
        email: &checked.email,
        name: &checked.name,
        password_hash: Some(hash),
        terms_version: &app.settings.identity.terms_version,
        language: checked.language,
        timezone: &checked.timezone,
        referral_code: checked.referral_code.as_deref(),
        profile: NewProfile {
            relationship_status: checked.relationship_status.as_deref(),
            anniversary_date: checked.anniversary_date.as_deref(),
            partner_email: checked.partner_email.as_deref(),
        },
    };
    accounts::insert(cx, &mut tx, &new)
        .await
        .map_err(|e| if e.violates("accounts_email_key") { taken().because(e) } else { e.into() })?;
    crate::profiles::mark(cx, &mut tx, member, &checked.timezone).await?;
    let token =
        one_time::create(cx, &mut tx, &app.identity.one_time, member, OneTime::EmailVerify, VERIFY_LIFE).await?;
    Job::VerifyEmail { member, token }.enqueue(cx, &mut tx).await?;
    if let Some(partner) = &checked.partner_email {
        couples::invite_at_sign_up(app, cx, &mut tx, member, partner).await?;
    }
    Job::ProjectCard { member }.enqueue(cx, &mut tx).await?;
    let act = Entry::new(cx, Action::SignUp).by(Agent::Member(member)).about(member).in_session(begun.id);
    act.with(serde_json::json!({ "terms_version": new.terms_version })).record(&mut tx).await?;
    Event::fact("account.registered", serde_json::json!({ "member_id": member })).in_sql(cx, &mut tx).await?;
    let view = me::load(cx, &mut tx, member).await?.ok_or_else(Error::not_found)?;
    let view = serde_json::value::to_raw_value(&view).map_err(|e| Error::bug("write a member", e))?;
    let stored = Stored { member: view, begun };
    let body = serde_json::to_vec(&stored).map_err(|e| Error::bug("write an answer", e))?;
    once.store_in_sql(cx, &mut tx, StatusCode::CREATED, &body).await?;
    tx.commit().await?;
    app.bells.sql.notify_one();
    Ok(stored)
}

/// The answer to a repeat, made from what is stored.
async fn again(app: &App, cx: &Cx, stored: &[u8]) -> Result<Response<Body>> {
    let stored: Stored = serde_json::from_slice(stored).map_err(|e| Error::bug("read an answer", e))?;
    let mut issued = stored.begun.start(app, cx).await?;
    // The answer of then, to the byte: what is left of its time stands in the token itself.
    issued.tokens.expires_in = app.identity.tokens.life_seconds();
    answer(app, StatusCode::CREATED, &stored.member, &issued)
}

/// `{member, session}` with the refresh cookie where the client has none of its own.
pub(super) fn answer(
    app: &App,
    status: StatusCode,
    member: &impl Serialize,
    issued: &Issued,
) -> Result<Response<Body>> {
    #[derive(Serialize)]
    struct Answer<'a, M> {
        member: &'a M,
        session: &'a sessions::SessionTokens,
    }
    let body = serde_json::to_vec(&Answer { member, session: &issued.tokens })
        .map_err(|e| Error::bug("write an answer", e))?;
    let mut response = json(status, body);
    super::routes::set_cookie(app, &mut response, issued);
    Ok(response)
}
