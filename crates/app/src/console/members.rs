//! Members as staff find them. What tells who somebody is stays hidden, until staff say why they need it: then it is
//! shown for this one member, and the record has the reason.

use crate::{
    app::App,
    audit::{Action, Entry},
    check::Checks,
    identity::{
        accounts::{self, Account},
        staff::{Area, Role, Staff},
    },
    plans::Plan,
};
use base::{
    Cx, Error, Result, Time,
    id::MemberId,
    page::{Page, limit},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Finding a member who asked for help, or was reported.
pub(super) struct Members;

impl Area for Members {
    const ROLES: &'static [Role] = &[Role::Support, Role::Moderator];
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FindMembers {
    /// An e-mail address or a member's id, whole, or the beginning of a name. Without it: everybody, by name.
    #[param(min_length = 1, max_length = 200)]
    pub q: Option<String>,
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<u32>,
    pub cursor: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Reveal {
    /// Why name and address are needed: they are shown then, and the reason is on record.
    #[param(min_length = 3, max_length = 200)]
    pub reason: Option<String>,
}

/// A member, as staff see one.
#[derive(Debug, Serialize, ToSchema)]
pub struct StaffMember {
    pub id: MemberId,
    /// The initial and "…", unless revealed.
    pub name: String,
    /// The first letter, "…" and the domain, unless revealed.
    pub email: String,
    pub created_at: Time,
    pub plan: Plan,
    pub user_type: String,
    pub active: bool,
    pub email_verified: bool,
    /// Name and address are whole.
    pub revealed: bool,
}

fn initial(text: &str) -> String {
    text.chars().take(1).chain(['…']).collect()
}

fn hidden_email(email: &str) -> String {
    email.rsplit_once('@').map_or_else(|| initial(email), |(local, domain)| format!("{}@{domain}", initial(local)))
}

fn shown(account: Account, revealed: bool) -> StaffMember {
    StaffMember {
        id: account.id,
        name: if revealed { account.name } else { initial(&account.name) },
        email: if revealed { account.email } else { hidden_email(&account.email) },
        created_at: account.created_at,
        plan: account.plan,
        user_type: account.user_type,
        active: account.is_active,
        email_verified: account.email_verified_at.is_some(),
        revealed,
    }
}

/// Who fits, by name. A cursor holds the id of the last one seen, never the name: what is in it can be read.
pub(super) async fn find(app: &App, cx: &Cx, staff: &Staff<Members>, asked: &FindMembers) -> Result<Page<StaffMember>> {
    let mut checks = Checks::default();
    let q = checks.optional("/query/q", asked.q.as_deref(), 200).unwrap_or_default();
    checks.done()?;
    let limit = limit(asked.limit)?;
    let scope = format!("members {} {q}", staff.caller().member);
    let after = match &asked.cursor {
        None => None,
        Some(cursor) => MemberId::from_slice(&app.cursors.open(&scope, cursor)?),
    };
    let mut tx = app.ports.sql.begin().await?;
    let (by, mut found) = if let Ok(id) = q.parse::<MemberId>() {
        ("id", accounts::by_id(cx, &mut tx, id).await?.into_iter().collect())
    } else if q.contains('@') {
        ("email", accounts::by_email(cx, &mut tx, &q).await?.into_iter().collect())
    } else {
        ("name", accounts::by_name(cx, &mut tx, &q, after, limit + 1).await?)
    };
    let more = found.len() > limit;
    found.truncate(limit);
    let about = Some(&found).filter(|found| found.len() == 1).map(|found| found[0].id);
    let detail = serde_json::json!({ "by": by, "found": found.len() });
    Entry::new(cx, Action::MemberSearch).about(about).with(detail).record(&mut tx).await?;
    tx.commit().await?;
    let last = found.last().filter(|_| more).map(|account| account.id);
    let next_cursor = last.map(|id| app.cursors.seal(&scope, id.bytes()));
    Ok(Page { data: found.into_iter().map(|account| shown(account, false)).collect(), next_cursor })
}

/// One member; whole when there is a reason.
pub(super) async fn one(
    app: &App,
    cx: &Cx,
    _staff: &Staff<Members>,
    id: MemberId,
    asked: &Reveal,
) -> Result<StaffMember> {
    let reason = asked.reason.as_deref().map(str::trim).filter(|reason| !reason.is_empty());
    let mut checks = Checks::default();
    if let Some(reason) = reason {
        checks.length("/query/reason", reason, 3, 200);
    }
    checks.done()?;
    let mut tx = app.ports.sql.begin().await?;
    let account = accounts::by_id(cx, &mut tx, id).await?.ok_or_else(Error::not_found)?;
    if let Some(reason) = reason {
        let detail = serde_json::json!({ "reason": reason });
        Entry::new(cx, Action::MemberReveal).about(id).with(detail).record(&mut tx).await?;
        tx.commit().await?;
    }
    Ok(shown(account, reason.is_some()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_its_initial_and_an_address_its_domain() {
        assert_eq!(initial("Élodie Martin"), "É…");
        assert_eq!(initial(""), "…");
        assert_eq!(hidden_email("mia@example.org"), "m…@example.org");
        assert_eq!(hidden_email("\"a@b\"@example.org"), "\"…@example.org");
        assert_eq!(hidden_email("broken"), "b…");
    }
}
