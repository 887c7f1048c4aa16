//! What a member did lately, across features, the latest first. Nothing is kept for it: each area knows its own.

use crate::{
    app::App,
    identity::Caller,
    notes::{self, Before},
};
use base::{
    Cx, Error, Result, Time,
    id::{CoupleId, InvitationId, MemberId},
    page::{self, Page},
    time::DAY,
};
use ports::{args, sql::Tx};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Activity {
    /// `account_created`, `profile_updated`, `profile_completed`, `picture_changed`, `invitation_sent`,
    /// `couple_linked`, `couple_ended`, `note_sent`, `note_scheduled`.
    pub kind: &'static str,
    /// What it was done to.
    pub subject_id: String,
    pub occurred_at: Time,
}

/// A page of activities.
#[derive(Serialize, ToSchema)]
pub struct ActivityPage {
    pub data: Vec<Activity>,
    pub next_cursor: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListActivity {
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<u32>,
    pub cursor: Option<String>,
}

impl Activity {
    fn new(kind: &'static str, subject: &impl ToString, occurred_at: Time) -> Self {
        Self { kind, subject_id: subject.to_string(), occurred_at }
    }

    fn place(&self) -> Place {
        Place { at: self.occurred_at, key: format!("{}/{}", self.subject_id, self.kind) }
    }
}

/// Where an entry stands: by time, then by subject and kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    at: Time,
    key: String,
}

impl Place {
    fn write(&self) -> Vec<u8> {
        [&self.at.0.to_be_bytes()[..], self.key.as_bytes()].concat()
    }

    fn read(bytes: &[u8]) -> Result<Self> {
        let broken = || Error::bug("read a cursor", "it is not a place of this list");
        let (at, key) = bytes.split_first_chunk::<8>().ok_or_else(broken)?;
        let key = std::str::from_utf8(key).map_err(|e| broken().because(e))?;
        Ok(Self { at: Time(i64::from_be_bytes(*at)), key: key.to_owned() })
    }

    /// From where on entries whose subjects have ids of this kind come after this place, in their own order.
    fn before<K: base::id::IdKind>(&self) -> Before {
        match self.key.split('/').next().and_then(|id| id.parse::<base::Id<K>>().ok()) {
            Some(id) => Before::Id(*id.bytes()),
            None if K::PREFIX < &*self.key => Before::Until(self.at),
            None => Before::Until(self.at.minus(1)),
        }
    }
}

pub(super) async fn list(app: &App, cx: &Cx, caller: &Caller, asked: &ListActivity) -> Result<Page<Activity>> {
    let limit = page::limit(asked.limit)?;
    let member = caller.member;
    let scope = format!("activity {member}");
    let after = match &asked.cursor {
        // Later than anything: clocks of several nodes differ a little.
        None => Place { at: cx.now().plus(DAY), key: String::new() },
        Some(cursor) => Place::read(&app.cursors.open(&scope, cursor)?)?,
    };
    let wanted = limit + 1;
    let mut all = Vec::new();
    for (id, at) in notes::latest_sent(app, member, after.before::<base::id::Note>(), wanted).await? {
        all.push(Activity::new("note_sent", &id, at));
    }
    for (id, at) in notes::latest_scheduled(app, member, after.before::<base::id::Scheduled>(), wanted).await? {
        all.push(Activity::new("note_scheduled", &id, at));
    }
    let mut tx = app.ports.sql.read().await?;
    account(&mut tx, member, &mut all).await?;
    couples(&mut tx, member, &mut all).await?;
    invitations(&mut tx, member, &after, wanted, &mut all).await?;
    drop(tx);
    let mut all: Vec<_> = all.into_iter().map(|a| (a.place(), a)).filter(|(place, _)| *place < after).collect();
    all.sort_by(|(a, _), (b, _)| b.cmp(a));
    let more = all.len() > limit;
    all.truncate(limit);
    let next_cursor = all.last().filter(|_| more).map(|(place, _)| app.cursors.seal(&scope, &place.write()));
    Ok(Page { data: all.into_iter().map(|(_, activity)| activity).collect(), next_cursor })
}

async fn account(tx: &mut Tx, member: MemberId, all: &mut Vec<Activity>) -> Result<()> {
    let sql = "select a.created_at, p.created_at, p.updated_at, p.picture_changed_at, p.completed_at
               from accounts a join profiles p on p.member_id = a.id where a.id = $1";
    let Some(row) = tx.row(sql, args![member]).await? else { return Ok(()) };
    let (made, updated) = (row.time(1)?, row.time(2)?);
    all.push(Activity::new("account_created", &member, row.time(0)?));
    let others = [
        ("profile_updated", Some(updated).filter(|at| *at > made)),
        ("picture_changed", row.time_opt(3)?),
        ("profile_completed", row.time_opt(4)?),
    ];
    all.extend(others.into_iter().filter_map(|(kind, at)| Some(Activity::new(kind, &member, at?))));
    Ok(())
}

/// Links of a member, which are few; an end is the action of who ended it.
async fn couples(tx: &mut Tx, member: MemberId, all: &mut Vec<Activity>) -> Result<()> {
    let sql = "select id, accepted_at, ended_at, ended_by from couples where member_a = $1 or member_b = $1
               order by id desc limit 1000";
    for row in tx.rows(sql, args![member]).await? {
        let couple: CoupleId = row.id(0)?;
        all.extend(row.time_opt(1)?.map(|at| Activity::new("couple_linked", &couple, at)));
        if row.id_opt(3)? == Some(member) {
            all.extend(row.time_opt(2)?.map(|at| Activity::new("couple_ended", &couple, at)));
        }
    }
    Ok(())
}

async fn invitations(tx: &mut Tx, of: MemberId, after: &Place, limit: usize, all: &mut Vec<Activity>) -> Result<()> {
    let bound = InvitationId::from_bytes(after.before::<base::id::Invitation>().bound());
    let sql = "select id, created_at from invitations where inviter_id = $1 and id < $2 order by id desc limit $3";
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    for row in tx.rows(sql, args![of, bound, limit]).await? {
        let id: InvitationId = row.id(0)?;
        all.push(Activity::new("invitation_sent", &id, row.time(1)?));
    }
    Ok(())
}
