//! The record of security-relevant acts: who did what to whom, when, from where and with what outcome.
//!
//! Rows are only ever inserted: nothing in the product changes or removes one, and they outlive the account. They hold
//! no secret and no content: ids, names of roles, plans and reasons, the network's prefix. An act in `sql` is recorded
//! in its own transaction ([`Entry::record`]); one in `items` by a job of its own commit ([`Entry::emit`]).

mod list;
mod routes;

pub use routes::routes;

use crate::{app::App, work::jobs::Job};
use base::{
    Cx, Error, Id, Result, Time,
    cx::Agent,
    id::{AuditId, IdKind, MemberId, SessionId},
};
use ports::{
    args,
    items::Emit,
    sql::{Tx, bucket},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::net::IpAddr;
use utoipa::ToSchema;

/// What was done. Names are stored: append-only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AuditAction)]
pub enum Action {
    SignUp,
    SignIn,
    /// Too many failures; sign-in is refused for a while.
    LockOut,
    SignOut,
    SessionRevoke,
    /// A refresh credential came back after its time: somebody has a copy.
    RefreshReuse,
    EmailVerify,
    EmailChange,
    PasswordResetRequest,
    PasswordReset,
    /// The password was asked for again, and was wrong.
    PasswordCheck,
    PasswordChange,
    SecondFactorOn,
    SecondFactorOff,
    RecoveryCodeUse,
    StaffGrant,
    StaffRevoke,
    PlanGrant,
    FeatureGrant,
    TemplatesImport,
    CoupleLink,
    CoupleUnlink,
    /// Staff read this record.
    AuditRead,
    ReportClose,
    /// Staff gave parked jobs another chance.
    JobRedrive,
    /// Staff looked for a member.
    MemberSearch,
    /// Staff were shown a member's name and address, for the reason in the detail.
    MemberReveal,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AuditOutcome)]
pub enum Outcome {
    Ok,
    Refused,
}

impl Outcome {
    const fn key(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Refused => "refused",
        }
    }
}

/// One act. Made of the unit of work it belongs to, then told what it was about.
#[must_use = "an act that is not recorded leaves no trace"]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    id: AuditId,
    /// Whom it concerns.
    member: Option<MemberId>,
    /// A member's id, or `visitor`, `operator`, `system`.
    actor: String,
    action: Action,
    outcome: Outcome,
    session: Option<SessionId>,
    ip_prefix: Option<String>,
    /// The id of what was acted on.
    object: Option<String>,
    detail: Option<Value>,
    at: Time,
}

impl Entry {
    pub fn new(cx: &Cx, action: Action) -> Self {
        let origin = cx.origin();
        Self {
            id: cx.id(),
            member: None,
            actor: actor(origin.agent),
            action,
            outcome: Outcome::Ok,
            session: origin.session,
            ip_prefix: origin.client.map(prefix),
            object: None,
            detail: None,
            at: cx.now(),
        }
    }

    /// Whom it concerns, when that is known.
    pub fn about(mut self, member: impl Into<Option<MemberId>>) -> Self {
        self.member = member.into();
        self
    }

    /// Who did it, where the unit of work does not know.
    pub fn by(mut self, agent: Agent) -> Self {
        self.actor = actor(agent);
        self
    }

    /// The session it happened in, or began.
    pub fn in_session(mut self, session: SessionId) -> Self {
        self.session = Some(session);
        self
    }

    pub fn on<K: IdKind>(mut self, object: Id<K>) -> Self {
        self.object = Some(object.to_string());
        self
    }

    /// What else is worth knowing: words and numbers of ours, nothing a person typed but the reason staff give.
    pub fn with(mut self, detail: Value) -> Self {
        self.detail = Some(detail);
        self
    }

    /// It was tried and not done.
    pub fn refused(mut self, why: &'static str) -> Self {
        self.outcome = Outcome::Refused;
        self.with(serde_json::json!({ "reason": why }))
    }

    /// As part of a transaction in `sql`. May run twice.
    pub async fn record(&self, tx: &mut Tx) -> Result<()> {
        let detail = self.detail.as_ref().map(Value::to_string);
        let spread = self.member.as_ref().map_or_else(|| bucket(&self.id), bucket);
        tx.exec(
            "insert into audit (id, bucket, member_id, actor, action, outcome, session_id, ip_prefix, object, detail, at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) on conflict (id) do nothing",
            args![
                self.id,
                spread,
                self.member,
                &self.actor,
                word(self.action)?,
                self.outcome.key(),
                self.session,
                self.ip_prefix.clone(),
                self.object.clone(),
                detail,
                self.at
            ],
        )
        .await?;
        Ok(())
    }

    /// As part of a commit in `items`: the job writes the row.
    pub fn emit(self) -> Result<Emit> {
        Job::Audit { entry: Box::new(self) }.emit()
    }
}

/// Entries on their own, for what changes nothing in `sql`.
pub async fn record(app: &App, entries: &[Entry]) -> Result<()> {
    let mut tx = app.ports.sql.begin().await?;
    for entry in entries {
        entry.record(&mut tx).await?;
    }
    Ok(tx.commit().await?)
}

fn actor(agent: Agent) -> String {
    match agent {
        Agent::System => "system".to_owned(),
        Agent::Operator => "operator".to_owned(),
        Agent::Visitor => "visitor".to_owned(),
        Agent::Member(member) => member.to_string(),
    }
}

/// The word of an action, as stored and as answered.
fn word(action: Action) -> Result<String> {
    match serde_json::to_value(action) {
        Ok(Value::String(word)) => Ok(word),
        other => Err(Error::bug("name an action", format!("{other:?}"))),
    }
}

/// Where someone was, as coarsely as an investigation can do with: /24 of IPv4, /48 of IPv6.
fn prefix(ip: IpAddr) -> String {
    match ip.to_canonical() {
        IpAddr::V4(ip) => {
            let [a, b, c, _] = ip.octets();
            format!("{a}.{b}.{c}.0/24")
        }
        IpAddr::V6(ip) => {
            let s = ip.segments();
            format!("{:x}:{:x}:{:x}::/48", s[0], s[1], s[2])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_kept_as_its_prefix() {
        let prefix = |text: &str| prefix(text.parse().unwrap());
        assert_eq!(prefix("203.0.113.77"), "203.0.113.0/24");
        assert_eq!(prefix("::ffff:203.0.113.77"), "203.0.113.0/24");
        assert_eq!(prefix("2001:db8:1:2::3"), "2001:db8:1::/48");
    }
}
