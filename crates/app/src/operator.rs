//! What an operator does to members from the command line, beside a running server: written to `sql` with its events,
//! which the server's relay picks up.

use crate::{
    audit::{Action, Entry},
    identity::{accounts, second_factor_on, staff},
    plans::{Feature, Grant, Plan, Source, Subscription, store},
};
use base::{Cx, Result, Time, cx::Agent};
use ports::sql::Db;

pub use crate::identity::staff::Role as StaffRole;
pub use crate::notes::{ImportError, Imported, import_templates};

/// Gives a member a plan. False when nobody has the address.
pub async fn grant_plan(cx: &Cx, db: &Db, email: &str, plan: Plan) -> Result<bool> {
    let mut tx = db.begin().await?;
    let Some(account) = accounts::by_email(cx, &mut tx, email).await? else { return Ok(false) };
    let detail = serde_json::json!({ "before": account.plan, "after": plan });
    Entry::new(cx, Action::PlanGrant).by(Agent::Operator).about(account.id).with(detail).record(&mut tx).await?;
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
    let detail = serde_json::json!({ "feature": feature, "expires_at": expires_at });
    Entry::new(cx, Action::FeatureGrant).by(Agent::Operator).about(account.id).with(detail).record(&mut tx).await?;
    tx.commit().await?;
    Ok(true)
}

/// What became of a role's grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Granted {
    /// Nobody has the address.
    Nobody,
    /// Done; whether the member has the second factor that the role needs to count.
    Done { second_factor: bool },
}

/// Gives a member a staff role, or takes it away. It counts from the next request.
pub async fn grant_staff(cx: &Cx, db: &Db, email: &str, role: Option<StaffRole>) -> Result<Granted> {
    let mut tx = db.begin().await?;
    let Some(account) = accounts::by_email(cx, &mut tx, email).await? else { return Ok(Granted::Nobody) };
    staff::set_role(cx, &mut tx, account.id, account.role.as_deref(), role).await?;
    let second_factor = second_factor_on(&mut tx, account.id).await?;
    tx.commit().await?;
    Ok(Granted::Done { second_factor })
}
