//! Joint registration: two people fill one form, and two accounts and their link are made in one transaction, or
//! nothing is. Both addresses and both numbers were proved by codes before; the receipts are used up with the rest.
//! Nobody types a password here: each of the two chooses one by a mail, so that neither knows the other's.

use super::answer;
use crate::{
    app::App,
    audit::{Action, Entry},
    check::Checks,
    edge::once::{Once, json},
    identity::{
        self,
        accounts::{self, Account, NewAccount, NewContact, NewProfile},
        contact::{Channel, Contact},
        contact_receipts::{check_receipt, redeem},
    },
    work::outbox::Event,
};
use axum::{
    body::Body,
    http::{Response, StatusCode},
};
use base::{
    Cx, Error, Lang, Result, Time,
    cx::Agent,
    error::Chain,
    id::{CoupleId, MemberId, TokenId},
};
use ports::sql::Tx;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
pub struct JointRegistration {
    /// The two, in any order.
    #[serde(default)]
    #[schema(required, min_items = 2, max_items = 2)]
    pub partners: Vec<Person>,
}

#[derive(Deserialize, ToSchema)]
#[schema(example = json!({
    "first_name": "Ana", "last_name": "Silva", "email": "ana@example.com", "email_receipt": "from the code",
    "phone": "+351 912 345 678", "phone_receipt": "from the code", "country": "Portugal", "city": "Lisbon",
    "spoken_language": "pt", "consent": true, "age_attested": true,
}))]
pub struct Person {
    #[serde(default)]
    #[schema(required, min_length = 1, max_length = 59)]
    pub first_name: String,
    #[serde(default)]
    #[schema(required, min_length = 1, max_length = 59)]
    pub last_name: String,
    #[serde(default)]
    #[schema(required, format = "email", min_length = 3, max_length = 254)]
    pub email: String,
    /// From `POST /v1/auth/codes/verify` for this address.
    #[serde(default)]
    #[schema(required, min_length = 1)]
    pub email_receipt: String,
    /// 10 to 15 digits with the country code.
    #[serde(default)]
    #[schema(required, min_length = 10, max_length = 40)]
    pub phone: String,
    /// From `POST /v1/auth/codes/verify` for this number.
    #[serde(default)]
    #[schema(required, min_length = 1)]
    pub phone_receipt: String,
    #[serde(default)]
    #[schema(required, min_length = 1, max_length = 80)]
    pub country: String,
    /// State or province, where there is one.
    #[schema(max_length = 120)]
    pub state: Option<String>,
    #[serde(default)]
    #[schema(required, min_length = 1, max_length = 120)]
    pub city: String,
    /// A code such as `de`, or a name. An active language becomes that of the account.
    #[serde(default)]
    #[schema(required, min_length = 1, max_length = 60)]
    pub spoken_language: String,
    /// Must be true: the terms are accepted.
    #[schema(required, nullable = false)]
    pub consent: Option<bool>,
    /// Must be true: at least 13 years old.
    #[schema(required, nullable = false)]
    pub age_attested: Option<bool>,
    pub timezone: Option<String>,
}

/// The new couple.
#[derive(Serialize, ToSchema)]
pub struct JointlyRegistered {
    pub id: CoupleId,
    /// `active`
    pub status: &'static str,
    /// In the order of the form.
    pub members: Vec<NewMember>,
    pub created_at: Time,
    pub updated_at: Time,
}

#[derive(Serialize, ToSchema)]
pub struct NewMember {
    pub id: MemberId,
    pub name: String,
    pub email: String,
    pub email_verified: bool,
    pub phone_verified: bool,
}

/// One of the two after the checks.
struct Checked<'a> {
    person: &'a Person,
    name: String,
    email: Contact,
    phone: Contact,
    /// Where each receipt stands in the body, and the receipt.
    receipts: [(String, TokenId); 2],
    state: Option<String>,
    language: Lang,
    timezone: String,
}

fn check<'a>(app: &App, cx: &Cx, input: &'a JointRegistration) -> Result<[Checked<'a>; 2]> {
    let mut checks = Checks::default();
    let [one, other] = &input.partners[..] else {
        return Err(Error::field("/partners", "out_of_range", "This form is for two people."));
    };
    let people = [(0, one), (1, other)].map(|(at, person)| check_one(app, cx, &mut checks, at, person));
    if accounts::email_key(&one.email) == accounts::email_key(&other.email) && !one.email.trim().is_empty() {
        checks.refuse("/partners/1/email", "own_address", "Each of the two needs an address of their own.");
    }
    checks.done()?;
    let [Some(one), Some(other)] = people else {
        return Err(Error::bug("check a joint registration", "a receipt without an id passed"));
    };
    Ok([one, other])
}

fn check_one<'a>(app: &App, cx: &Cx, all: &mut Checks, at: usize, person: &'a Person) -> Option<Checked<'a>> {
    let mut checks = Checks::default();
    let (first, last) = (person.first_name.trim(), person.last_name.trim());
    for (pointer, text, most) in [
        ("/first_name", first, 59),
        ("/last_name", last, 59),
        ("/country", person.country.trim(), 80),
        ("/city", person.city.trim(), 120),
        ("/spoken_language", person.spoken_language.trim(), 60),
    ] {
        checks.length(pointer, text, 1, most);
    }
    let state = checks.optional("/state", person.state.as_deref(), 120);
    let email = Contact::read(&mut checks, "/email", Channel::Email, &person.email);
    let phone = Contact::read(&mut checks, "/phone", Channel::Sms, &person.phone);
    let by_email = check_receipt(app, cx, &mut checks, "/email_receipt", &email, &person.email_receipt);
    let by_phone = check_receipt(app, cx, &mut checks, "/phone_receipt", &phone, &person.phone_receipt);
    checks.must_be_true("/consent", person.consent);
    checks.must_be_true("/age_attested", person.age_attested);
    let zone = checks.zone("/timezone", person.timezone.as_deref());
    let prefix = format!("/partners/{at}");
    let pointer = |name: &str| format!("{prefix}/{name}");
    all.within(&prefix, checks);
    Some(Checked {
        person,
        name: format!("{first} {last}"),
        email,
        phone,
        receipts: [(pointer("email_receipt"), by_email?), (pointer("phone_receipt"), by_phone?)],
        state,
        language: person.spoken_language.trim().parse().unwrap_or_else(|_| cx.lang()),
        timezone: zone.map_or_else(|| "UTC".to_owned(), |z| z.name().to_owned()),
    })
}

pub(super) async fn register(app: &App, cx: &Cx, input: &JointRegistration, once: &Once) -> Result<Response<Body>> {
    // First of all: the receipts of a call that is repeated have been used.
    if let Some(replay) = once.answered_in_sql(cx, &mut app.ports.sql.read().await?).await? {
        return Ok(replay.into());
    }
    let people = check(app, cx, input)?;
    let mut tx = app.ports.sql.begin().await?;
    let mut made = Vec::with_capacity(2);
    for (at, person) in people.iter().enumerate() {
        made.push(insert(app, cx, &mut tx, at, person).await?);
    }
    let [one, other] = &made[..] else { return Err(Error::bug("register a couple", "not two")) };
    let couple: CoupleId = cx.id();
    answer::insert(cx, &mut tx, couple, None, one, other).await?;
    let members = [one.id, other.id];
    let data = serde_json::json!({ "couple_id": couple, "member_ids": members });
    Event::to_many(&members, "couple.accepted", data).in_sql(cx, &mut tx).await?;
    let member = |account: &Account| NewMember {
        id: account.id,
        name: account.name.clone(),
        email: account.email.clone(),
        email_verified: true,
        phone_verified: true,
    };
    let registered = JointlyRegistered {
        id: couple,
        status: "active",
        members: vec![member(one), member(other)],
        created_at: cx.now(),
        updated_at: cx.now(),
    };
    let body = serde_json::to_vec(&registered).map_err(|e| Error::bug("write an answer", e))?;
    once.store_in_sql(cx, &mut tx, StatusCode::CREATED, &body).await?;
    tx.commit().await?;
    app.bells.sql.notify_one();
    if let Err(error) = answer::link_items(app, cx, couple).await {
        // A job does it again.
        tracing::warn!(error = %Chain(&error), "the cards of a new couple are not there yet");
    }
    Ok(json(StatusCode::CREATED, body))
}

/// Account, profile, consent and contact of one of the two, with the mail that lets them in.
async fn insert(app: &App, cx: &Cx, tx: &mut Tx, at: usize, person: &Checked<'_>) -> Result<Account> {
    let email = &*person.email.destination;
    let taken = || identity::email_taken().with("pointer", format!("/partners/{at}/email"));
    if accounts::by_email(cx, tx, email).await?.is_some() {
        return Err(taken());
    }
    for (pointer, receipt) in &person.receipts {
        if !redeem(tx, *receipt).await? {
            let used =
                Error::field(pointer.clone(), "already_used", "This was used already. Please ask for a new code.");
            return Err(used.reason("already_used"));
        }
    }
    let id: MemberId = cx.id();
    let new = NewAccount {
        id,
        email,
        name: &person.name,
        password_hash: None,
        terms_version: &app.settings.identity.terms_version,
        language: person.language,
        timezone: &person.timezone,
        referral_code: None,
        profile: NewProfile::default(),
    };
    accounts::insert(cx, tx, &new)
        .await
        .map_err(|e| if e.violates("accounts_email_key") { taken().because(e) } else { e.into() })?;
    let contact = NewContact {
        first_name: person.person.first_name.trim(),
        last_name: person.person.last_name.trim(),
        phone: &person.phone.destination,
        country: person.person.country.trim(),
        state: person.state.as_deref(),
        city: person.person.city.trim(),
        spoken_language: person.person.spoken_language.trim(),
    };
    accounts::insert_contact(cx, tx, id, &contact).await?;
    let act = Entry::new(cx, Action::SignUp).by(Agent::Member(id)).about(id);
    act.with(serde_json::json!({ "terms_version": new.terms_version, "by": "joint" })).record(tx).await?;
    Event::fact("account.registered", serde_json::json!({ "member_id": id })).in_sql(cx, tx).await?;
    identity::address_confirmed(cx, tx, id).await?;
    identity::set_up_password(app, cx, tx, id).await?;
    accounts::by_id(cx, tx, id).await?.ok_or_else(Error::not_found)
}
