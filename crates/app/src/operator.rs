//! What an operator does to members from the command line, beside a running server: written to `sql` with its events,
//! which the server's relay picks up.

use crate::{
    identity::accounts,
    plans::{Feature, Grant, Plan, Source, Subscription, store},
};
use base::{Cx, Result, Time};
use ports::sql::Db;

pub use crate::notes::{ImportError, Imported, import_templates};

/// Gives a member a plan. False when nobody has the address.
pub async fn grant_plan(cx: &Cx, db: &Db, email: &str, plan: Plan) -> Result<bool> {
    let mut tx = db.begin().await?;
    let Some(account) = accounts::by_email(cx, &mut tx, email).await? else { return Ok(false) };
    store::subscribe(cx, &mut tx, account.id, &Subscription::lasting(plan)).await?;
    tx.commit().await?;
    Ok(true)
}

/// Gives a member one feature besides the plan, until a moment or for good. False when nobody has the address.
pub async fn grant_feature(cx: &Cx, db: &Db, email: &str, feature: Feature, expires_at: Option<Time>) -> Result<bool> {
    let mut tx = db.begin().await?;
    let Some(account) = accounts::by_email(cx, &mut tx, email).await? else { return Ok(false) };
    let grant = Grant { feature, source: Source::Staff, expires_at };
    store::grant(cx, &mut tx, account.id, &grant).await?;
    tx.commit().await?;
    Ok(true)
}
