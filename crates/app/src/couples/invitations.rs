//! Invitations: by mail and by code.

use crate::{
    app::App,
    check::Checks,
    edge::once::{Once, json},
    identity::{
        Caller,
        accounts::{self, Account},
    },
    work::{jobs::Job, outbox::Event},
};
use axum::{
    body::Body,
    http::{Response, StatusCode},
};
use base::{
    Cx, Error, Result, Time,
    id::{InvitationId, MemberId},
    page::{Page, limit},
    secret,
    time::{DAY, HOUR, MINUTE},
};
use ports::{
    args,
    sql::{Row, SqlError, Tx, bucket},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// An invitation as stored.
#[derive(Debug, Clone)]
pub struct Invitation {
    pub id: InvitationId,
    pub inviter: MemberId,
    pub email: String,
    pub email_key: String,
    pub code: String,
    pub status: String,
    pub expires_at: Time,
    pub answered_by: Option<MemberId>,
    pub sent_at: Time,
    pub created_at: Time,
    pub updated_at: Time,
}

macro_rules! select_invitation {
    ($rest:literal) => {
        concat!(
            "select id, inviter_id, email, email_key, code, status, expires_at, answered_by, sent_at, created_at, ",
            "updated_at from invitations ",
            $rest
        )
    };
}

fn invitation(row: &Row) -> Result<Invitation, SqlError> {
    Ok(Invitation {
        id: row.id(0)?,
        inviter: row.id(1)?,
        email: row.text(2)?,
        email_key: row.text(3)?,
        code: row.text_opt(4)?.unwrap_or_default(),
        status: row.text(5)?,
        expires_at: row.time(6)?,
        answered_by: row.text_opt(7)?.and_then(|id| id.parse().ok()),
        sent_at: row.time_opt(8)?.unwrap_or_default(),
        created_at: row.time(9)?,
        updated_at: row.time(10)?,
    })
}

impl Invitation {
    /// The status now: expiry needs no sweeper.
    pub fn status(&self, now: Time) -> &str {
        if self.status == "pending" && self.expires_at <= now { "expired" } else { &self.status }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct InvitationView {
    pub id: InvitationId,
    /// Only for the inviter: whoever has it may answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    pub email: String,
    /// `pending`, `accepted`, `declined`, `cancelled` or `expired`.
    pub status: String,
    pub expires_at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub join_url: Option<String>,
    pub inviter: Inviter,
    pub created_at: Time,
    pub updated_at: Time,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Inviter {
    pub id: MemberId,
    pub name: String,
}

#[derive(Deserialize, ToSchema)]
#[schema(example = json!({ "email": "ben@example.com" }))]
pub struct Invite {
    #[schema(format = "email", max_length = 254)]
    pub email: String,
}

/// How the caller sees an invitation.
pub(super) fn view(app: &App, cx: &Cx, it: &Invitation, inviter: &str, viewer: MemberId) -> InvitationView {
    let own = it.inviter == viewer;
    InvitationView {
        id: it.id,
        code: own.then(|| it.code.clone()),
        email: it.email.clone(),
        status: it.status(cx.now()).to_owned(),
        expires_at: it.expires_at,
        join_url: own.then(|| join_url(app, &it.code)),
        inviter: Inviter { id: it.inviter, name: inviter.to_owned() },
        created_at: it.created_at,
        updated_at: it.updated_at,
    }
}

pub(super) fn join_url(app: &App, code: &str) -> String {
    format!("{}/join?code={code}", app.public_url())
}

pub(super) async fn by_id(tx: &mut Tx, id: InvitationId) -> Result<Option<Invitation>> {
    let row = tx.row(select_invitation!("where id = $1"), args![id]).await?;
    Ok(row.as_ref().map(invitation).transpose()?)
}

pub(super) async fn by_code(tx: &mut Tx, code: &str) -> Result<Option<Invitation>> {
    let row = tx.row(select_invitation!("where code_digest = $1"), args![secret::digest(code)]).await?;
    Ok(row.as_ref().map(invitation).transpose()?)
}

pub(super) fn already_linked() -> Error {
    Error::conflict("already_linked", "There is a partner already.")
}

/// The caller as a regular member.
pub(super) async fn regular(cx: &Cx, tx: &mut Tx, member: MemberId) -> Result<Account> {
    let account = accounts::by_id(cx, tx, member).await?.ok_or_else(Error::not_found)?;
    if account.user_type != "regular" {
        return Err(Error::forbidden("This is for regular members."));
    }
    Ok(account)
}

pub(super) async fn is_linked(tx: &mut Tx, member: MemberId) -> Result<bool> {
    Ok(tx.row("select 1 from couple_members where member_id = $1", args![member]).await?.is_some())
}

/// Invites an address. Part of a transaction of the caller.
pub(super) async fn create(app: &App, cx: &Cx, tx: &mut Tx, inviter: &Account, email: &str) -> Result<Invitation> {
    let key = accounts::email_key(email);
    if key == accounts::email_key(&inviter.email) {
        return Err(Error::field("/email", "own_address", "This is your own address."));
    }
    if is_linked(tx, inviter.id).await? {
        return Err(already_linked());
    }
    let sql = "select answered_at from invitations where inviter_id = $1 and email_key = $2 and status = 'declined'
               order by answered_at desc limit 1";
    if let Some(row) = tx.row(sql, args![inviter.id, &*key]).await? {
        let until = row.time(0)?.plus(app.settings.couples.decline_cooldown_hours * HOUR);
        if until > cx.now() {
            return Err(Error::conflict("cooldown", "This address said no a short time ago.")
                .with("retry_at", until.to_string()));
        }
    }
    // An expired one no longer stands in the way.
    let sql = "update invitations set status = 'expired', updated_at = $1
               where inviter_id = $2 and status = 'pending' and expires_at <= $1";
    tx.exec(sql, args![cx.now(), inviter.id]).await?;
    let code = secret::code();
    let it = Invitation {
        id: cx.id(),
        inviter: inviter.id,
        email: email.to_owned(),
        email_key: key,
        code,
        status: "pending".to_owned(),
        expires_at: cx.now().plus(app.settings.couples.invitation_days * DAY),
        answered_by: None,
        sent_at: cx.now(),
        created_at: cx.now(),
        updated_at: cx.now(),
    };
    insert(cx, tx, &it).await.map_err(|e| {
        if e.violates("invitations_inviter_id_key") {
            Error::conflict("invitation_pending", "There is an invitation waiting for its answer already.").because(e)
        } else {
            Error::from(e)
        }
    })?;
    Job::InvitationMail { invitation: it.id, nth: 0 }.enqueue(cx, tx).await?;
    tell_invitee(cx, tx, &it).await?;
    Ok(it)
}

async fn insert(cx: &Cx, tx: &mut Tx, it: &Invitation) -> Result<(), SqlError> {
    tx.exec(
        "insert into invitations (id, bucket, inviter_id, email, email_key, code_digest, code, status, expires_at,
           sent_at, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, $10)",
        args![
            it.id,
            bucket(&it.inviter),
            it.inviter,
            &*it.email,
            &*it.email_key,
            secret::digest(&it.code),
            &*it.code,
            &*it.status,
            it.expires_at,
            cx.now()
        ],
    )
    .await
    .map(drop)
}

/// Devices of the invited member hear of it, once the address is theirs beyond doubt.
async fn tell_invitee(cx: &Cx, tx: &mut Tx, it: &Invitation) -> Result<()> {
    if let Some(account) = accounts::by_email(cx, tx, &it.email_key).await?
        && account.email_verified_at.is_some()
    {
        let data = serde_json::json!({ "invitation_id": it.id, "inviter_id": it.inviter });
        Event::to_one(account.id, "couple.invited", data).in_sql(cx, tx).await?;
    }
    Ok(())
}

/// The partner address of a sign-up: an invitation like any other.
pub async fn invite_at_sign_up(app: &App, cx: &Cx, tx: &mut Tx, member: MemberId, email: &str) -> Result<()> {
    let inviter = regular(cx, tx, member).await?;
    create(app, cx, tx, &inviter, email).await.map(drop)
}

/// The address was confirmed: invitations that waited for it are told now.
pub async fn address_verified(cx: &Cx, tx: &mut Tx, member: MemberId) -> Result<()> {
    let Some(account) = accounts::by_id(cx, tx, member).await? else { return Ok(()) };
    // The newest; whoever is invited more often finds the rest in the list.
    let sql =
        select_invitation!("where email_key = $1 and status = 'pending' and expires_at > $2 order by id desc limit 50");
    for row in tx.rows(sql, args![accounts::email_key(&account.email), cx.now()]).await? {
        tell_invitee(cx, tx, &invitation(&row)?).await?;
    }
    Ok(())
}

/// A member's address has changed to one that is proved: what was sent to it waits for this member now, and what this
/// member sent to it would be an invitation of oneself.
pub async fn address_changed(cx: &Cx, tx: &mut Tx, member: MemberId, email: &str) -> Result<()> {
    let sql = "update invitations set status = 'cancelled', updated_at = $1
               where inviter_id = $2 and email_key = $3 and status = 'pending'";
    tx.exec(sql, args![cx.now(), member, accounts::email_key(email)]).await?;
    address_verified(cx, tx, member).await
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListInvitations {
    /// `sent` (default) or `received`.
    pub direction: Option<String>,
    pub limit: Option<u32>,
    pub cursor: Option<String>,
}

/// Sent by the caller, or received at the caller's verified address; newest first.
pub(super) async fn list(app: &App, cx: &Cx, caller: &Caller, asked: &ListInvitations) -> Result<Page<InvitationView>> {
    let mut checks = Checks::default();
    let direction = checks.one_of("/query/direction", asked.direction.as_deref(), &["sent", "received"]);
    checks.done()?;
    let received = direction.as_deref() == Some("received");
    let limit = limit(asked.limit)?;
    let scope = format!("invitations {} {received}", caller.member);
    let after = match &asked.cursor {
        None => "~".to_owned(),
        Some(cursor) => String::from_utf8_lossy(&app.cursors.open(&scope, cursor)?).into_owned(),
    };
    let mut tx = app.ports.sql.read().await?;
    let account = accounts::by_id(cx, &mut tx, caller.member).await?.ok_or_else(Error::not_found)?;
    let many = i64::try_from(limit).unwrap_or(i64::MAX) + 1;
    let rows = if received {
        if account.email_verified_at.is_none() {
            return Ok(Page { data: Vec::new(), next_cursor: None });
        }
        let sql = select_invitation!("where email_key = $1 and id < $2 order by id desc limit $3");
        tx.rows(sql, args![accounts::email_key(&account.email), after, many]).await?
    } else {
        let sql = select_invitation!("where inviter_id = $1 and id < $2 order by id desc limit $3");
        tx.rows(sql, args![caller.member, after, many]).await?
    };
    let mut found = rows.iter().map(invitation).collect::<Result<Vec<_>, _>>()?;
    let more = found.len() > limit;
    found.truncate(limit);
    let next_cursor = found.last().filter(|_| more).map(|it| app.cursors.seal(&scope, it.id.to_string().as_bytes()));
    let mut data = Vec::with_capacity(found.len());
    for it in &found {
        let name = inviter_name(cx, &mut tx, it).await?;
        data.push(view(app, cx, it, &name, caller.member));
    }
    Ok(Page { data, next_cursor })
}

pub(super) async fn inviter_name(cx: &Cx, tx: &mut Tx, it: &Invitation) -> Result<String> {
    Ok(accounts::by_id(cx, tx, it.inviter).await?.map(|a| a.name).unwrap_or_default())
}

/// An invitation of the caller, or 404.
async fn own(tx: &mut Tx, caller: &Caller, id: InvitationId) -> Result<Invitation> {
    by_id(tx, id).await?.filter(|it| it.inviter == caller.member).ok_or_else(Error::not_found)
}

/// Mails it again, with the same code: at most once a minute.
pub(super) async fn resend(
    app: &App,
    cx: &Cx,
    caller: &Caller,
    id: InvitationId,
    once: &Once,
) -> Result<Response<Body>> {
    let mut tx = app.ports.sql.begin().await?;
    if let Some(replay) = once.answered_in_sql(cx, &mut tx).await? {
        return Ok(replay.into());
    }
    let it = own(&mut tx, caller, id).await?;
    if it.status(cx.now()) != "pending" {
        return Err(Error::conflict("already_answered", "This invitation is no longer open."));
    }
    let wait = it.sent_at.plus(MINUTE).since(cx.now());
    if wait > 0 && it.sent_at != it.created_at {
        return Err(Error::rate_limited(wait.unsigned_abs().div_ceil(1000)));
    }
    let sql = "update invitations set sent_at = $1, updated_at = $1 where id = $2 and status = 'pending'";
    if tx.exec(sql, args![cx.now(), id]).await? != 1 {
        return Err(Error::conflict("already_answered", "This invitation is no longer open."));
    }
    Job::InvitationMail { invitation: id, nth: cx.now().0 }.enqueue(cx, &mut tx).await?;
    let name = inviter_name(cx, &mut tx, &it).await?;
    let it = Invitation { sent_at: cx.now(), updated_at: cx.now(), ..it };
    let body =
        serde_json::to_vec(&view(app, cx, &it, &name, caller.member)).map_err(|e| Error::bug("write an answer", e))?;
    once.store_in_sql(cx, &mut tx, StatusCode::OK, &body).await?;
    tx.commit().await?;
    app.bells.sql.notify_one();
    Ok(json(StatusCode::OK, body))
}

pub(super) async fn cancel(app: &App, cx: &Cx, caller: &Caller, id: InvitationId) -> Result<()> {
    let mut tx = app.ports.sql.begin().await?;
    own(&mut tx, caller, id).await?;
    let sql = "update invitations set status = 'cancelled', updated_at = $1
               where id = $2 and status = 'pending' and expires_at > $1";
    if tx.exec(sql, args![cx.now(), id]).await? != 1 {
        return Err(Error::conflict("already_answered", "This invitation is no longer open."));
    }
    tx.commit().await?;
    Ok(())
}

/// Marks what has run out, so that lists and statistics need not compute it.
pub async fn expire_invitations(app: &App, cx: &Cx) -> Result<()> {
    let mut tx = app.ports.sql.begin().await?;
    let sql =
        "update invitations set status = 'expired', updated_at = $1 where status = 'pending' and expires_at <= $1";
    tx.exec(sql, args![cx.now()]).await?;
    tx.commit().await?;
    Ok(())
}

/// What a wrong code is answered with.
pub(super) fn wrong_code() -> Error {
    Error::field("/code", "unknown_value", "This code is not valid.").reason("token_invalid")
}
