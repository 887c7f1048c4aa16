//! Staff: roles, and the evidence that a request comes from someone who holds one (product/staff.md).
//!
//! A role is granted at the command line alone. It counts in sessions that began with the second factor, and while
//! that factor is on: in any other session staff are refused and told to sign in with it. Roles are looked up for each
//! call, so a grant or its end takes effect at once.

use super::{Caller, accounts, second_factor, sessions};
use crate::{
    app::App,
    audit::{Action, Entry},
    edge::problem::Problem,
    work::outbox::Event,
};
use axum::{extract::FromRequestParts, http::request::Parts};
use base::{Cx, Error, Result, cx::Agent, id::MemberId};
use ports::{args, sql::Tx};
use std::{marker::PhantomData, sync::Arc};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Support,
    Moderator,
    ContentEditor,
    Finance,
    Superadmin,
}

impl Role {
    pub const ALL: [Self; 5] = [Self::Support, Self::Moderator, Self::ContentEditor, Self::Finance, Self::Superadmin];

    pub const fn key(self) -> &'static str {
        match self {
            Self::Support => "support",
            Self::Moderator => "moderator",
            Self::ContentEditor => "content_editor",
            Self::Finance => "finance",
            Self::Superadmin => "superadmin",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.key() == text)
    }
}

/// Something staff do, and the roles it is open to.
pub trait Area {
    /// Besides superadmins, who may do everything.
    const ROLES: &'static [Role];
}

/// Proof that the caller is staff with a role for this area, in a session that began with the second factor. Every
/// operation and store function for staff demands it.
pub struct Staff<A> {
    caller: Caller,
    area: PhantomData<fn() -> A>,
}

impl<A: Area> Staff<A> {
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    async fn of(app: &App, cx: &Cx, caller: Caller) -> Result<Self> {
        let mut tx = app.ports.sql.read().await?;
        let account = accounts::by_id(cx, &mut tx, caller.member).await?.ok_or_else(closed)?;
        let role = account.role.as_deref().and_then(Role::parse).ok_or_else(closed)?;
        if role != Role::Superadmin && !A::ROLES.contains(&role) {
            return Err(closed());
        }
        let since = second_factor::enabled_at(&mut tx, caller.member).await?;
        drop(tx);
        if !account.is_active {
            return Err(Error::forbidden("This account is not active.").reason("account_inactive"));
        }
        let began = sessions::second_factor_since(app, caller.member, caller.session).await?;
        match (since, began) {
            (Some(since), Some(began)) if began >= since => Ok(Self { caller, area: PhantomData }),
            _ => {
                Err(Error::forbidden("Switch on the second factor and sign in with it.").reason("second_factor_needed"))
            }
        }
    }
}

fn closed() -> Error {
    Error::forbidden("This is not open to you.")
}

impl<A: Area> FromRequestParts<Arc<App>> for Staff<A> {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, app).await?;
        Ok(Self::of(app, &Cx::new(&app.world), caller).await?)
    }
}

/// Gives or takes a role; the one before. Part of the operator's transaction.
pub async fn set_role(cx: &Cx, tx: &mut Tx, member: MemberId, before: Option<&str>, role: Option<Role>) -> Result<()> {
    let sql = "update accounts set role = $1, updated_at = $2 where id = $3";
    tx.exec(sql, args![role.map(|role| role.key().to_owned()), cx.now(), member]).await?;
    let action = if role.is_some() { Action::StaffGrant } else { Action::StaffRevoke };
    let detail = serde_json::json!({ "before": before, "after": role.map(Role::key) });
    Entry::new(cx, action).by(Agent::Operator).about(member).with(detail).record(tx).await?;
    Event::to_one(member, "profile.updated", serde_json::json!({ "member_id": member })).in_sql(cx, tx).await
}
