//! Change of the address. It needs the password, a link opened at the address in force and a link opened at the one
//! to come, in either order; the second of the two makes the change. Whoever reads one mailbox changes nothing.

use super::{
    Caller, accounts,
    one_time::{self, OneTime},
    password,
    register::taken,
};
use crate::{
    app::App,
    audit::{Action, Entry},
    check::Checks,
    couples,
    edge::once::{Create, json},
    mailing::Letter,
    work::{
        jobs::{self, Job},
        outbox::Event,
    },
};
use axum::{
    body::Body,
    http::{Response, StatusCode},
};
use base::{
    Cx, Error, Result, Secret, Time,
    cx::Agent,
    id::{MemberId, TokenId},
    time::{DAY, HOUR},
};
use ports::{
    args,
    sql::{Tx, bucket},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Both links must be opened within this.
const LIFE: i64 = DAY;
/// Changes one account may begin in an hour: each sends a mail to an address that nobody has confirmed yet.
const AN_HOUR: i64 = 5;

#[derive(Deserialize, ToSchema)]
#[schema(example = json!({ "password": "tea at the kitchen table", "new_email": "ana.silva@example.com" }))]
pub struct ChangeEmail {
    #[schema(value_type = String, min_length = 1, max_length = 1024)]
    pub password: Secret,
    #[schema(format = "email", min_length = 3, max_length = 254)]
    pub new_email: String,
}

#[derive(Serialize, ToSchema)]
pub struct EmailChangeBegun {
    pub new_email: String,
    /// Until then both links work.
    pub expires_at: Time,
}

#[derive(Deserialize, ToSchema)]
#[schema(example = json!({ "token": "from the link of the mail" }))]
pub struct ConfirmEmailChange {
    pub token: String,
}

#[derive(Serialize, ToSchema)]
pub struct EmailChangeConfirmed {
    /// False: the other address has yet to confirm.
    pub changed: bool,
}

/// Mails a link to both addresses. A change begun before is void.
pub async fn begin(app: &App, cx: &Cx, caller: &Caller, create: &Create<ChangeEmail>) -> Result<Response<Body>> {
    let Create { input, once } = create;
    if let Some(replay) = once.answered_in_sql(cx, &mut app.ports.sql.read().await?).await? {
        return Ok(replay.into());
    }
    let mut checks = Checks::default();
    checks.length("/password", input.password.reveal(), 1, 1024);
    let email = checks.email("/new_email", &input.new_email);
    checks.done()?;
    let account = password::proven(app, cx, caller, &input.password, "/password").await?;
    let key = accounts::email_key(&email);
    if key == accounts::email_key(&account.email) {
        return Err(Error::field("/new_email", "unchanged", "This is your address already."));
    }
    let mut tx = app.ports.sql.begin().await?;
    if accounts::by_email(cx, &mut tx, &key).await?.is_some() {
        return Err(taken());
    }
    // Two tokens for each change.
    let made = one_time::made_since(&mut tx, account.id, OneTime::EmailChange, cx.now().minus(HOUR)).await?;
    if made >= 2 * AN_HOUR {
        return Err(Error::rate_limited(u64::try_from(HOUR / 1000).unwrap_or(0)));
    }
    let keys = &app.identity.one_time;
    one_time::void(cx, &mut tx, account.id, OneTime::EmailChange).await?;
    let old = one_time::add(cx, &mut tx, keys, account.id, OneTime::EmailChange, LIFE).await?;
    let new = one_time::add(cx, &mut tx, keys, account.id, OneTime::EmailChange, LIFE).await?;
    let expires_at = cx.now().plus(LIFE);
    tx.exec(
        "insert into email_changes (member_id, bucket, email, email_key, old_token, new_token, expires_at, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict (member_id) do update set email = excluded.email, email_key = excluded.email_key,
           old_token = excluded.old_token, new_token = excluded.new_token, old_confirmed_at = null,
           new_confirmed_at = null, expires_at = excluded.expires_at, created_at = excluded.created_at",
        args![account.id, bucket(&account.id), &*email, &*key, old, new, expires_at, cx.now()],
    )
    .await?;
    for token in [old, new] {
        Job::EmailChange { member: account.id, token }.enqueue(cx, &mut tx).await?;
    }
    let begun = EmailChangeBegun { new_email: email, expires_at };
    let body = serde_json::to_vec(&begun).map_err(|e| Error::bug("write an answer", e))?;
    once.store_in_sql(cx, &mut tx, StatusCode::ACCEPTED, &body).await?;
    tx.commit().await?;
    app.bells.sql.notify_one();
    Ok(json(StatusCode::ACCEPTED, body))
}

/// One of the two links was opened.
pub async fn confirm(app: &App, cx: &Cx, input: &ConfirmEmailChange) -> Result<EmailChangeConfirmed> {
    let mut tx = app.ports.sql.begin().await?;
    let spent = one_time::spend(cx, &mut tx, &app.identity.one_time, OneTime::EmailChange, &input.token).await?;
    let member = spent.member;
    // One row and one statement: of two links opened at once, the second sees what the first has confirmed.
    let sql = "update email_changes
               set old_confirmed_at = case when old_token = $1 then $2 else old_confirmed_at end,
                   new_confirmed_at = case when new_token = $1 then $2 else new_confirmed_at end
               where member_id = $3 and (old_token = $1 or new_token = $1)
               returning email, old_confirmed_at, new_confirmed_at";
    let row = tx.row(sql, args![spent.id, cx.now(), member]).await?.ok_or_else(one_time::refused)?;
    let email = row.text(0)?;
    let changed = row.time_opt(1)?.is_some() && row.time_opt(2)?.is_some();
    let free = !changed || accounts::by_email(cx, &mut tx, &email).await?.is_none();
    if changed {
        tx.exec("delete from email_changes where member_id = $1", args![member]).await?;
    }
    if changed && free {
        apply(cx, &mut tx, member, &email).await?;
    }
    tx.commit().await?;
    app.bells.sql.notify_one();
    // Somebody signed up with it meanwhile. The change is over, and whoever opened both links is told what any sign-up
    // with this address would be told.
    if free { Ok(EmailChangeConfirmed { changed }) } else { Err(taken()) }
}

/// The address in force is another one from now on.
async fn apply(cx: &Cx, tx: &mut Tx, member: MemberId, email: &str) -> Result<()> {
    let account = accounts::by_id(cx, tx, member).await?.ok_or_else(one_time::refused)?;
    accounts::set_email(cx, tx, member, email)
        .await
        .map_err(|e| if e.violates("accounts_email_key") { taken().because(e) } else { e.into() })?;
    // Links that lie in the former mailbox open nothing any more.
    one_time::void_all(cx, tx, member).await?;
    for to in [&*account.email, email] {
        Job::EmailChanged { member, to: to.to_owned() }.enqueue(cx, tx).await?;
    }
    Entry::new(cx, Action::EmailChange).by(Agent::Member(member)).about(member).record(tx).await?;
    Event::fact("account.email_verified", serde_json::json!({ "member_id": member })).in_sql(cx, tx).await?;
    let data = serde_json::json!({ "member_id": member, "email_verified": true });
    Event::to_one(member, "profile.updated", data).in_sql(cx, tx).await?;
    couples::address_changed(cx, tx, member, email).await
}

/// The job behind [`begin`]: the letter of one of the two tokens, unless the change is over or another has begun.
pub async fn mail(app: &App, cx: &Cx, member: MemberId, token: TokenId, key: &str) -> Result<()> {
    let mut tx = app.ports.sql.read().await?;
    let Some(account) = accounts::by_id(cx, &mut tx, member).await? else { return Ok(()) };
    let sql = "select email, old_token = $1 from email_changes
               where member_id = $2 and (old_token = $1 or new_token = $1) and expires_at > $3";
    let Some(row) = tx.row(sql, args![token, member, cx.now()]).await? else { return Ok(()) };
    let (email, is_old) = (row.text(0)?, row.bool(1)?);
    drop(tx);
    let link = format!("{}/email-change?token={}", app.public_url(), app.identity.one_time.token(token));
    let (name, link) = (&*account.name, &*link);
    let (to, letter) = if is_old {
        (&*account.email, Letter::EmailChangeOld { name, link })
    } else {
        (&*email, Letter::EmailChangeNew { name, link })
    };
    jobs::send(app, cx, to, account.language, &letter, key).await
}

/// The notice after a change, to one of the two addresses.
pub async fn notice(app: &App, cx: &Cx, member: MemberId, to: &str, key: &str) -> Result<()> {
    let mut tx = app.ports.sql.read().await?;
    let Some(account) = accounts::by_id(cx, &mut tx, member).await? else { return Ok(()) };
    drop(tx);
    jobs::send(app, cx, to, account.language, &Letter::EmailChanged { name: &account.name }, key).await
}
