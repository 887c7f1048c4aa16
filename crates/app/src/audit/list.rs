//! Reading the record, newest first. Only staff whose role is meant for it can ask, and their asking is recorded.

use super::{Action, Entry, Outcome};
use crate::{
    app::App,
    check::Checks,
    identity::staff::{Area, Role, Staff},
};
use base::{
    Cx, Error, Result, Time,
    id::{AuditId, MemberId, SessionId},
    page::{self, Page},
};
use ports::{args, sql::Row};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

/// Reading the record (product/staff.md: moderation has the audit).
pub(super) struct Record;

impl Area for Record {
    const ROLES: &'static [Role] = &[Role::Moderator];
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListAudit {
    /// Whom it concerns.
    pub member: Option<MemberId>,
    /// Who did it: a member's id, or `visitor`, `operator`, `system`.
    #[param(min_length = 1, max_length = 64)]
    pub actor: Option<String>,
    pub action: Option<Action>,
    pub outcome: Option<Outcome>,
    /// At this instant or later.
    pub from: Option<Time>,
    /// Before this instant.
    pub until: Option<Time>,
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<u32>,
    pub cursor: Option<String>,
}

/// One act, as staff see it.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditEntry {
    pub id: AuditId,
    pub at: Time,
    pub action: Action,
    pub outcome: Outcome,
    /// A member's id, or `visitor`, `operator`, `system`.
    pub actor: String,
    /// Whom it concerns.
    pub member_id: Option<MemberId>,
    pub session_id: Option<SessionId>,
    pub ip_prefix: Option<String>,
    /// The id of what was acted on.
    pub object: Option<String>,
    #[schema(value_type = Option<Object>)]
    pub detail: Option<Value>,
}

fn entry(row: &Row) -> Result<AuditEntry> {
    let bad = |e: serde_json::Error| Error::bug("read an audit entry", e);
    let named = |word: String| Value::String(word);
    Ok(AuditEntry {
        id: row.id(0)?,
        at: row.time(1)?,
        action: serde_json::from_value(named(row.text(2)?)).map_err(bad)?,
        outcome: serde_json::from_value(named(row.text(3)?)).map_err(bad)?,
        actor: row.text(4)?,
        member_id: row.id_opt(5)?,
        session_id: row.id_opt(6)?,
        ip_prefix: row.text_opt(7)?,
        object: row.text_opt(8)?,
        detail: row.text_opt(9)?.map(|text| serde_json::from_str(&text)).transpose().map_err(bad)?,
    })
}

/// Statements of one shape: the second begins at a member's own index.
macro_rules! select {
    ($filter:literal) => {
        concat!(
            "select id, at, action, outcome, actor, member_id, session_id, ip_prefix, object, detail from audit where ",
            $filter,
            " id < $2 and at >= $3 and at < $4 and ($5 = '' or actor = $5) and ($6 = '' or action = $6)
              and ($7 = '' or outcome = $7) order by id desc limit $8"
        )
    };
}

/// After every id: ids are ASCII letters, digits and `_`.
const END: &str = "~";

pub(super) async fn list(app: &App, cx: &Cx, staff: &Staff<Record>, asked: &ListAudit) -> Result<Page<AuditEntry>> {
    let mut checks = Checks::default();
    if let Some(actor) = &asked.actor {
        checks.length("/query/actor", actor, 1, 64);
    }
    checks.done()?;
    let limit = page::limit(asked.limit)?;
    let filter = serde_json::json!({
        "member": asked.member, "actor": asked.actor, "action": asked.action, "outcome": asked.outcome,
        "from": asked.from, "until": asked.until,
    });
    let scope = format!("audit {} {filter}", staff.caller().member);
    let before = match &asked.cursor {
        None => END.to_owned(),
        Some(cursor) => {
            let position = app.cursors.open(&scope, cursor)?;
            AuditId::from_slice(&position).map_or_else(|| END.to_owned(), |id| id.to_string())
        }
    };
    let action = asked.action.map(super::word).transpose()?.unwrap_or_default();
    let values = args![
        asked.member.map_or_else(String::new, |id| id.to_string()),
        before,
        asked.from.unwrap_or(Time(i64::MIN)),
        asked.until.unwrap_or(Time(i64::MAX)),
        asked.actor.clone().unwrap_or_default(),
        action,
        asked.outcome.map_or("", Outcome::key),
        i64::try_from(limit + 1).unwrap_or(101),
    ];
    let sql = if asked.member.is_some() { select!("member_id = $1 and") } else { select!("$1 = '' and") };
    let mut tx = app.ports.sql.begin().await?;
    let rows = tx.rows(sql, values).await?;
    let act = Entry::new(cx, Action::AuditRead).about(asked.member).with(serde_json::json!({ "filter": filter }));
    act.record(&mut tx).await?;
    tx.commit().await?;
    let mut data = rows.iter().map(entry).collect::<Result<Vec<_>>>()?;
    let more = data.len() > limit;
    data.truncate(limit);
    let last = data.last().filter(|_| more).map(|entry| entry.id);
    Ok(Page { data, next_cursor: last.map(|id| app.cursors.seal(&scope, id.bytes())) })
}
