//! The end of a couple. The epoch in `items` moves first: from then on no couple-scoped commit succeeds. Then `sql`
//! follows, at once and again by a job, so that a crash between the two is finished by the next start.

use super::membership::{ACTIVE, ENDED, Membership, epoch};
use crate::{
    app::App,
    audit::{Action, Entry},
    cards,
    identity::{Caller, accounts},
    notes,
    work::{jobs::Job, outbox::Event},
};
use base::{
    Cx, Error, Result, Time,
    cx::Agent,
    error::Chain,
    id::{CoupleId, MemberId},
};
use bytes::Bytes;
use ports::{
    args,
    items::{Commit, Outcome, When, Write},
};

pub(super) async fn unlink(app: &App, cx: &Cx, caller: &Caller) -> Result<()> {
    let us = Membership::load(app, cx, caller.member).await?;
    let end = Write::Put {
        key: epoch(us.couple()),
        number: ENDED,
        body: Bytes::new(),
        expires_at: None,
        when: When::Number(ACTIVE),
    };
    let job = Job::CoupleEnded { couple: us.couple(), by: caller.member, at: cx.now() };
    let commit = Commit { writes: vec![end], outbox: vec![job.emit()?], token: None };
    if let Outcome::Refused(_) = app.ports.items.commit(commit).await? {
        // The other one was first; the card follows.
        return Err(Error::not_found());
    }
    app.bells.relay.notify_one();
    if let Err(error) = ended(app, cx, us.couple(), caller.member, cx.now()).await {
        // The couple has ended all the same; the job does the rest.
        tracing::warn!(error = %Chain(&error), "the end of a couple is finished later");
    }
    Ok(())
}

/// Everything that follows from the moved epoch. May run twice.
pub async fn ended(app: &App, cx: &Cx, couple: CoupleId, by: MemberId, at: Time) -> Result<()> {
    finish(app, cx, couple, by, at).await?;
    notes::pause_for_ended(app, cx, couple).await
}

/// The `sql` side.
async fn finish(app: &App, cx: &Cx, couple: CoupleId, by: MemberId, at: Time) -> Result<()> {
    let mut tx = app.ports.sql.begin().await?;
    let sql = "update couples set status = 'ended', ended_at = $1, ended_by = $2, updated_at = $1
               where id = $3 and status = 'active' returning member_a, member_b";
    let Some(row) = tx.row(sql, args![at, by, couple]).await? else { return Ok(()) };
    let members: [MemberId; 2] = [row.id(0)?, row.id(1)?];
    tx.exec("delete from couple_members where couple_id = $1", args![couple]).await?;
    for member in members {
        accounts::touch(cx, &mut tx, member).await?;
        Job::ProjectCard { member }.enqueue(cx, &mut tx).await?;
        Job::CoupleEndedMail { couple, to: member }.enqueue(cx, &mut tx).await?;
        let act = Entry::new(cx, Action::CoupleUnlink).by(Agent::Member(by)).about(member).on(couple);
        act.record(&mut tx).await?;
    }
    let data = serde_json::json!({ "couple_id": couple, "ended_by": by });
    Event::to_many(&members, "couple.ended", data).in_sql(cx, &mut tx).await?;
    tx.commit().await?;
    app.bells.sql.notify_one();
    for member in members {
        cards::project(app, cx, member).await?;
    }
    Ok(())
}

/// Couples made lately must have their epoch: a crash right after the link leaves it to the job, and this is the
/// second net.
pub async fn reconcile(app: &App, cx: &Cx) -> Result<()> {
    let mut tx = app.ports.sql.read().await?;
    let sql = "select id from couples where status = 'active' and accepted_at > $1 order by accepted_at desc limit 200";
    let rows = tx.rows(sql, args![cx.now().minus(base::time::HOUR)]).await?;
    drop(tx);
    for row in &rows {
        let couple: CoupleId = row.id(0)?;
        if app.ports.items.get(&epoch(couple)).await?.is_none() {
            super::link_items(app, cx, couple).await?;
        }
    }
    Ok(())
}
