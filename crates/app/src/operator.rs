//! What an operator does to members from the command line, beside a running server: written to `sql` with its events,
//! which the server's relay picks up.

use crate::{
    identity::accounts,
    plans::Plan,
    work::{jobs::Job, outbox::Event},
};
use base::{Cx, Result};
use ports::sql::Db;

/// Gives a member a plan. False when nobody has the address.
pub async fn grant_plan(cx: &Cx, db: &Db, email: &str, plan: Plan) -> Result<bool> {
    let mut tx = db.begin().await?;
    let Some(account) = accounts::by_email(cx, &mut tx, email).await? else { return Ok(false) };
    accounts::set_plan(cx, &mut tx, account.id, plan).await?;
    Job::ProjectCard { member: account.id }.enqueue(cx, &mut tx).await?;
    let data = serde_json::json!({ "plan": plan });
    Event::to_one(account.id, "entitlements.changed", data).in_sql(cx, &mut tx).await?;
    tx.commit().await?;
    Ok(true)
}
