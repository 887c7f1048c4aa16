//! Answers to invitations: accept, decline, join by code. Accepting makes the couple.

use super::{
    invitations::{self, Invitation, already_linked, is_linked, regular, wrong_code},
    membership::{ACTIVE, epoch},
    view,
};
use crate::{
    app::App,
    audit::{Action, Entry},
    cards, chat,
    edge::{
        gate::empty,
        once::{Once, json},
        request::Facts,
    },
    identity::{
        Caller, Strikes,
        accounts::{self, Account},
    },
    work::{jobs::Job, outbox::Event},
};
use axum::{
    body::Body,
    http::{Response, StatusCode},
};
use base::{
    Cx, Error, Field, Result,
    id::{CoupleId, InvitationId, MemberId},
    secret,
    time::HOUR,
};
use bytes::Bytes;
use ports::{
    args,
    items::{When, Write},
    sql::{SqlError, Tx, bucket},
};

/// An invitation that the caller may answer because it was sent to the caller's verified address, or 404.
async fn received(cx: &Cx, tx: &mut Tx, caller: &Caller, id: InvitationId) -> Result<(Invitation, Account)> {
    let it = invitations::by_id(tx, id).await?.ok_or_else(Error::not_found)?;
    let account = accounts::by_id(cx, tx, caller.member).await?.ok_or_else(Error::not_found)?;
    let mine = account.email_verified_at.is_some() && accounts::email_key(&account.email) == it.email_key;
    if mine { Ok((it, account)) } else { Err(Error::not_found()) }
}

pub(super) async fn accept(
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
    let (it, _) = received(cx, &mut tx, caller, id).await?;
    link(app, cx, tx, caller, &it, once).await
}

/// By the code of the link: whoever holds it may answer. Wrong codes are counted.
pub(super) async fn join(
    app: &App,
    cx: &Cx,
    caller: &Caller,
    about: &Facts,
    typed: &str,
    once: &Once,
) -> Result<Response<Body>> {
    // First of all: the code of a call that is repeated has been used, which would count as a wrong one.
    if let Some(replay) = once.answered_in_sql(cx, &mut app.ports.sql.read().await?).await? {
        return Ok(replay.into());
    }
    let (member, network) = (caller.member.to_string(), about.network());
    let limits = &app.settings.couples;
    let (by_member, by_ip) = (limits.wrong_codes_per_member_per_hour, limits.wrong_codes_per_ip_per_hour);
    let strikes = [
        Strikes { kind: "join", subject: &member, limit: by_member, window_ms: HOUR },
        Strikes { kind: "join-ip", subject: &network, limit: by_ip, window_ms: HOUR },
    ];
    for strike in &strikes {
        strike.check(app, cx).await?;
    }
    let found = match secret::read_code(typed) {
        Some(code) => invitations::by_code(&mut app.ports.sql.read().await?, &code).await?,
        None => None,
    };
    let Some(it) = found.filter(|it| it.status(cx.now()) == "pending") else {
        let counted = (strikes[0].add(app, cx).await, strikes[1].add(app, cx).await);
        counted.0.and(counted.1)?;
        return Err(wrong_code());
    };
    // Once more: of many guesses made at once, the right one opens nothing after the others have used up the limit.
    for strike in &strikes {
        strike.check(app, cx).await?;
    }
    link(app, cx, app.ports.sql.begin().await?, caller, &it, once).await
}

/// Makes the couple, or refuses: in one transaction with everything that must agree.
async fn link(app: &App, cx: &Cx, mut tx: Tx, caller: &Caller, it: &Invitation, once: &Once) -> Result<Response<Body>> {
    if it.inviter == caller.member {
        let own = Field::new("/code", "own_address", "This is your own invitation.");
        return Err(Error::invalid(vec![own]));
    }
    let invitee = regular(cx, &mut tx, caller.member).await?;
    let inviter = regular(cx, &mut tx, it.inviter).await?;
    answered(cx, &mut tx, it, caller.member, "accepted").await?;
    if is_linked(&mut tx, invitee.id).await? || is_linked(&mut tx, inviter.id).await? {
        return Err(already_linked());
    }
    let couple: CoupleId = cx.id();
    insert(cx, &mut tx, couple, Some(&it.email), &inviter, &invitee).await?;
    let sql = "update invitations set status = 'cancelled', updated_at = $1
               where status = 'pending' and inviter_id in ($2, $3)";
    tx.exec(sql, args![cx.now(), inviter.id, invitee.id]).await?;
    Job::AnswerMail { invitation: it.id, accepted: true }.enqueue(cx, &mut tx).await?;
    let data =
        serde_json::json!({ "couple_id": couple, "invitation_id": it.id, "member_ids": [inviter.id, invitee.id] });
    Event::to_many(&[inviter.id, invitee.id], "couple.accepted", data).in_sql(cx, &mut tx).await?;
    let seen = view::read(app, cx, &mut tx, couple, invitee.id, inviter.id).await?;
    let body = serde_json::to_vec(&seen).map_err(|e| Error::bug("write an answer", e))?;
    once.store_in_sql(cx, &mut tx, StatusCode::OK, &body).await?;
    tx.commit().await?;
    app.bells.sql.notify_one();
    link_items(app, cx, couple).await?;
    Ok(json(StatusCode::OK, body))
}

/// Everything that makes two members a couple in `sql`, apart from how they came to it.
pub(super) async fn insert(
    cx: &Cx,
    tx: &mut Tx,
    couple: CoupleId,
    invited_email: Option<&str>,
    a: &Account,
    b: &Account,
) -> Result<()> {
    tx.exec(
        "insert into couples (id, bucket, member_a, member_b, status, initiated_by, invited_email, accepted_at,
           created_at, updated_at)
         values ($1, $2, $3, $4, 'active', $3, $5, $6, $6, $6)",
        args![couple, bucket(&couple), a.id, b.id, invited_email.map(str::to_owned), cx.now()],
    )
    .await?;
    let mut members = [a.id, b.id];
    // In the order of ids, so that two concurrent links do not wait for each other in a circle.
    members.sort();
    for member in members {
        // One row per member: of two concurrent accepts, one finds it taken.
        let sql = "insert into couple_members (member_id, bucket, couple_id) values ($1, $2, $3)";
        let taken = |e: SqlError| if e.violates("couple_members_pkey") { already_linked() } else { e.into() };
        tx.exec(sql, args![member, bucket(&member), couple]).await.map_err(taken)?;
    }
    for (of, partner) in [(a, b), (b, a)] {
        let sql =
            "update profiles set partner_name = $1, updated_at = $2 where member_id = $3 and partner_name is null";
        tx.exec(sql, args![&*partner.name, cx.now(), of.id]).await?;
        crate::profiles::completed(cx, tx, of.id).await?;
        accounts::touch(cx, tx, of.id).await?;
        Entry::new(cx, Action::CoupleLink).about(of.id).on(couple).record(tx).await?;
    }
    Job::CoupleLinked { couple }.enqueue(cx, tx).await
}

/// Moves a pending invitation to its answer; one that is not pending any more is a conflict.
async fn answered(cx: &Cx, tx: &mut Tx, it: &Invitation, by: MemberId, status: &'static str) -> Result<()> {
    let sql = "update invitations set status = $1, answered_at = $2, answered_by = $3, updated_at = $2
               where id = $4 and status = 'pending' and expires_at > $2";
    if tx.exec(sql, args![status, cx.now(), by, it.id]).await? == 1 {
        return Ok(());
    }
    Err(match it.status(cx.now()) {
        "expired" => Error::conflict("invitation_expired", "This invitation has run out."),
        _ => Error::conflict("already_answered", "This invitation is no longer open."),
    })
}

pub(super) async fn decline(
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
    let (it, _) = received(cx, &mut tx, caller, id).await?;
    answered(cx, &mut tx, &it, caller.member, "declined").await?;
    Job::AnswerMail { invitation: id, accepted: false }.enqueue(cx, &mut tx).await?;
    let data = serde_json::json!({ "invitation_id": id });
    Event::to_one(it.inviter, "couple.declined", data).in_sql(cx, &mut tx).await?;
    once.store_in_sql(cx, &mut tx, StatusCode::NO_CONTENT, b"").await?;
    tx.commit().await?;
    app.bells.sql.notify_one();
    Ok(empty(StatusCode::NO_CONTENT))
}

/// The `items` side of a new couple: its epoch, and both cards. May run twice; never revives an ended couple.
pub async fn link_items(app: &App, cx: &Cx, couple: CoupleId) -> Result<()> {
    let mut tx = app.ports.sql.read().await?;
    let sql = "select member_a, member_b from couples where id = $1 and status = 'active'";
    let Some(row) = tx.row(sql, args![couple]).await? else { return Ok(()) };
    let members: [MemberId; 2] = [row.id(0)?, row.id(1)?];
    drop(tx);
    let key = epoch(couple);
    let write = Write::Put { key, number: ACTIVE, body: Bytes::new(), expires_at: None, when: When::Absent };
    app.ports.items.try_commit(vec![write]).await?;
    for member in members {
        cards::project(app, cx, member).await?;
    }
    chat::of_couple(app, cx, members).await
}
