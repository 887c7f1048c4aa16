//! Reports of messages and members, for the moderators. Staff see what the reporter chose to show, and nothing else of
//! a conversation.

use super::{messages::find, model::preview};
use crate::{
    app::App,
    check::Checks,
    identity::{
        Caller, accounts,
        staff::{Area, Role, Staff},
    },
};
use base::{
    Cx, Error, Result, Time,
    id::{MemberId, MessageId, ReportId},
    page::{Page, limit},
};
use ports::{
    args,
    sql::{Row, Tx, bucket},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Code points of a reason.
const LONGEST: usize = 1_000;

/// Looking after what members report.
pub struct Moderation;

impl Area for Moderation {
    const ROLES: &'static [Role] = &[Role::Moderator];
}

#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(example = json!({ "reason": "This is a threat." }))]
pub struct NewReport {
    #[schema(max_length = 1_000)]
    pub reason: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Report {
    pub id: ReportId,
    pub reporter_id: MemberId,
    /// Who is reported.
    pub member_id: MemberId,
    /// The message, where it is about one.
    pub message_id: Option<String>,
    /// What the reporter saw of the message then.
    pub excerpt: Option<String>,
    pub reason: Option<String>,
    /// `open` or `closed`.
    pub status: String,
    pub created_at: Time,
}

/// A list of reports.
#[derive(Serialize, ToSchema)]
pub struct ReportPage {
    pub data: Vec<Report>,
    pub next_cursor: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListReports {
    /// `open` (default) or `closed`.
    pub status: Option<String>,
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<u32>,
    pub cursor: Option<String>,
}

fn report(row: &Row) -> Result<Report> {
    let member_id: MemberId = row.id(2)?;
    let subject = row.text(3)?;
    Ok(Report {
        id: row.id(0)?,
        reporter_id: row.id(1)?,
        member_id,
        message_id: Some(subject).filter(|subject| *subject != member_id.to_string()),
        excerpt: row.text_opt(4)?,
        reason: row.text_opt(5)?,
        status: row.text(6)?,
        created_at: row.time(7)?,
    })
}

async fn insert(
    app: &App,
    cx: &Cx,
    caller: &Caller,
    member: MemberId,
    (subject, excerpt): (String, Option<String>),
    asked: &NewReport,
) -> Result<(Report, bool)> {
    let mut checks = Checks::default();
    let reason = checks.optional("/reason", asked.reason.as_deref(), LONGEST);
    checks.done()?;
    let mut tx = app.ports.sql.begin().await?;
    let id: ReportId = cx.id();
    let sql = "insert into reports (id, bucket, reporter_id, member_id, subject, excerpt, reason, status, created_at,
                 updated_at)
               values ($1, $2, $3, $4, $5, $6, $7, 'open', $8, $8)
               on conflict (reporter_id, subject) do nothing";
    let values = args![id, bucket(&caller.member), caller.member, member, &subject, excerpt, reason, cx.now()];
    let new = tx.exec(sql, values).await? == 1;
    let sql = "select id, reporter_id, member_id, subject, excerpt, reason, status, created_at from reports
               where reporter_id = $1 and subject = $2";
    let row = tx.row(sql, args![caller.member, &subject]).await?.ok_or_else(Error::not_found)?;
    let report = report(&row)?;
    tx.commit().await?;
    Ok((report, new))
}

/// Reports what somebody else wrote. A repeat gives the first report.
pub(super) async fn message(
    app: &App,
    cx: &Cx,
    caller: &Caller,
    id: MessageId,
    asked: &NewReport,
) -> Result<(Report, bool)> {
    let found = find(app, caller.member, id).await?;
    if found.is_mine() {
        return Err(Error::conflict("own_message", "This is your own message."));
    }
    let excerpt = found.stored.content.as_deref().map(preview);
    insert(app, cx, caller, found.stored.sender_id, (id.to_string(), excerpt), asked).await
}

/// Reports a member. A repeat gives the first report.
pub(super) async fn member(
    app: &App,
    cx: &Cx,
    caller: &Caller,
    target: MemberId,
    asked: &NewReport,
) -> Result<(Report, bool)> {
    if target == caller.member {
        return Err(Error::field("/id", "own_id", "Nobody reports oneself."));
    }
    let known = accounts::by_id(cx, &mut app.ports.sql.read().await?, target).await?;
    known.ok_or_else(Error::not_found)?;
    insert(app, cx, caller, target, (target.to_string(), None), asked).await
}

/// Reports of one status, the oldest first: they are worked off in that order.
pub(super) async fn list(app: &App, staff: &Staff<Moderation>, asked: &ListReports) -> Result<Page<Report>> {
    let mut checks = Checks::default();
    let status = checks.one_of("/query/status", asked.status.as_deref(), &["open", "closed"]);
    checks.done()?;
    let (limit, status) = (limit(asked.limit)?, status.unwrap_or_else(|| "open".to_owned()));
    let scope = format!("reports {} {status}", staff.caller().member);
    let after = match &asked.cursor {
        None => String::new(),
        Some(cursor) => String::from_utf8_lossy(&app.cursors.open(&scope, cursor)?).into_owned(),
    };
    let mut tx: Tx = app.ports.sql.read().await?;
    let sql = "select id, reporter_id, member_id, subject, excerpt, reason, status, created_at from reports
               where status = $1 and id > $2 order by id limit $3";
    let rows = tx.rows(sql, args![&status, &after, i64::try_from(limit + 1).unwrap_or(101)]).await?;
    let mut data = rows.iter().map(report).collect::<Result<Vec<_>>>()?;
    let more = data.len() > limit;
    data.truncate(limit);
    let last = data.last().filter(|_| more);
    let next_cursor = last.map(|report| app.cursors.seal(&scope, report.id.to_string().as_bytes()));
    Ok(Page { data, next_cursor })
}

/// The report is dealt with. Doing it twice changes nothing.
pub(super) async fn close(app: &App, cx: &Cx, _staff: &Staff<Moderation>, id: ReportId) -> Result<Report> {
    let mut tx = app.ports.sql.begin().await?;
    let sql = "update reports set status = 'closed', updated_at = $1 where id = $2 and status = 'open'";
    if tx.exec(sql, args![cx.now(), id]).await? == 1 {
        crate::audit::Entry::new(cx, crate::audit::Action::ReportClose).on(id).record(&mut tx).await?;
    }
    let sql = "select id, reporter_id, member_id, subject, excerpt, reason, status, created_at from reports
               where id = $1";
    let row = tx.row(sql, args![id]).await?.ok_or_else(Error::not_found)?;
    let report = report(&row)?;
    tx.commit().await?;
    Ok(report)
}
