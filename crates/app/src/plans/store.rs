//! Subscriptions and grants in `sql`, and what follows from a change of either: the card, the event, and the moment
//! at which time alone will change it again.

use super::{Entitlements, Feature, Grant, Plan, Source, Status, Subscription};
use crate::{
    app::App,
    identity::accounts,
    work::{jobs::Job, outbox::Event},
};
use base::{Cx, Error, Result, Time, id::MemberId};
use ports::{
    args,
    sql::{Tx, bucket},
};

/// Members a round of [`lapse`] looks at.
const ROUND: i64 = 100;

/// The stored subscription of a member.
pub async fn subscription(tx: &mut Tx, member: MemberId) -> Result<Option<Subscription>> {
    let sql = "select plan, plan_status, plan_period_end from accounts where id = $1";
    let Some(row) = tx.row(sql, args![member]).await? else { return Ok(None) };
    Ok(Some(Subscription {
        plan: Plan::read(row.str(0)?),
        status: Status::read(row.str(1)?),
        period_end: row.time_opt(2)?,
    }))
}

/// The grants of a member that are in force. One that this release does not know opens nothing here.
pub async fn grants(cx: &Cx, tx: &mut Tx, member: MemberId) -> Result<Vec<Grant>> {
    let sql = "select feature, source, expires_at from entitlement_grants
               where member_id = $1 and (expires_at is null or expires_at > $2) order by feature, source";
    let mut found = Vec::new();
    for row in tx.rows(sql, args![member, cx.now()]).await? {
        let source = match row.str(1)? {
            "unlock" => Source::Unlock,
            _ => Source::Staff,
        };
        if let Some(feature) = Feature::parse(row.str(0)?) {
            found.push(Grant { feature, source, expires_at: row.time_opt(2)? });
        }
    }
    Ok(found)
}

/// Stores a subscription, with everything that follows.
pub async fn subscribe(cx: &Cx, tx: &mut Tx, member: MemberId, to: &Subscription) -> Result<()> {
    let sql = "update accounts set plan = $1, plan_status = $2, plan_period_end = $3, plan_changed_at = $4
               where id = $5";
    tx.exec(sql, args![to.plan.key(), to.status.key(), to.period_end, cx.now(), member]).await?;
    changed(cx, tx, member).await
}

/// Gives a member a feature besides the plan, with everything that follows. Given again, it lasts as long as was said
/// last; what points unlocked stays for good.
pub async fn grant(cx: &Cx, tx: &mut Tx, member: MemberId, grant: &Grant) -> Result<()> {
    if !grant.feature.is_key() || grant.source == Source::Plan {
        return Err(Error::bug("grant a feature", "it is no entitlement key, or comes with a plan"));
    }
    let ends = grant.expires_at.filter(|_| grant.source == Source::Staff);
    tx.exec(
        "insert into entitlement_grants (id, bucket, member_id, feature, source, expires_at, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $7)
         on conflict (member_id, feature, source) do update set
           expires_at = excluded.expires_at, updated_at = excluded.updated_at",
        args![
            cx.id::<base::id::EntitlementGrant>(),
            bucket(&member),
            member,
            grant.feature.key(),
            grant.source.key(),
            ends,
            cx.now()
        ],
    )
    .await?;
    changed(cx, tx, member).await
}

/// What follows from every change of what a member may do. Ring `bells.sql` after the commit.
pub async fn changed(cx: &Cx, tx: &mut Tx, member: MemberId) -> Result<()> {
    let now = cx.now();
    let stored = subscription(tx, member).await?.ok_or_else(Error::not_found)?;
    let grants = grants(cx, tx, member).await?;
    let in_force = Entitlements::new(stored.effective(now), &grants, now);
    let ends = in_force.grants().filter_map(|grant| grant.expires_at);
    let next = ends.chain(stored.lapses_at(now)).min();
    tx.exec("update accounts set lapses_at = $1 where id = $2", args![next, member]).await?;
    accounts::touch(cx, tx, member).await?;
    Job::ProjectCard { member }.enqueue(cx, tx).await?;
    let data = serde_json::json!({ "plan": in_force.plan });
    Event::to_one(member, "entitlements.changed", data).in_sql(cx, tx).await
}

/// A reconciler: members whose plan or grant has run out since the last look. Gates read the clock themselves and
/// refuse at the very moment; this is how cards follow and devices hear of it, once.
pub async fn lapse(app: &App, cx: &Cx) -> Result<()> {
    loop {
        let sql = "select id, lapses_at from accounts where lapses_at <= $1 order by lapses_at, id limit $2";
        let mut tx = app.ports.sql.read().await?;
        let rows = tx.rows(sql, args![cx.now(), ROUND]).await?;
        drop(tx);
        let mut failed = Ok(());
        for row in &rows {
            // One that cannot be done holds up nobody else of the round.
            failed = lapsed(app, cx, row.id(0)?, row.time(1)?).await.and(failed);
        }
        failed?;
        if rows.len() < usize::try_from(ROUND).unwrap_or(usize::MAX) {
            return Ok(());
        }
    }
}

async fn lapsed(app: &App, cx: &Cx, member: MemberId, at: Time) -> Result<()> {
    let mut tx = app.ports.sql.begin().await?;
    // Of two nodes one takes it.
    let sql = "update accounts set lapses_at = null where id = $1 and lapses_at = $2";
    if tx.exec(sql, args![member, at]).await? == 1 {
        changed(cx, &mut tx, member).await?;
        tx.commit().await?;
        app.bells.sql.notify_one();
    }
    Ok(())
}
