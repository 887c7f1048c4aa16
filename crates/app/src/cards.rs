//! Cards: what the hot path must know of a member, projected from `sql` into `items`, so that sending a note asks one
//! store only. `sql` decides; a card follows at once after a change and again by a job, and a missing one is made.

use crate::{app::App, identity::accounts, plans::Plan, tables::CARDS};
use base::{
    Cx, Error, Lang, Result, Time,
    id::{CoupleId, MemberId},
};
use bytes::Bytes;
use ports::{
    args,
    items::{When, Write},
};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Card {
    pub name: String,
    pub lang: Lang,
    pub timezone: String,
    pub plan: Plan,
    /// When the plan lapses to Basic without another change.
    pub plan_until: Option<Time>,
    pub regular: bool,
    pub couple: Option<CoupleId>,
    pub partner: Option<MemberId>,
}

impl Card {
    pub fn plan(&self, now: Time) -> Plan {
        if self.plan_until.is_some_and(|until| until <= now) { Plan::Basic } else { self.plan }
    }
}

/// The card of a member.
pub async fn load(app: &App, cx: &Cx, member: MemberId) -> Result<Card> {
    if let Some(item) = app.ports.items.get(&CARDS.key(member.bytes(), b"card")).await? {
        return serde_json::from_slice(&item.body).map_err(|e| Error::bug("read a card", e));
    }
    fresh(app, cx, member).await
}

/// The card as `sql` has it now. A refusal for want of a plan asks this first: the card may be a moment behind.
pub async fn fresh(app: &App, cx: &Cx, member: MemberId) -> Result<Card> {
    project(app, cx, member).await?.ok_or_else(Error::not_found)
}

/// Writes the card anew from `sql`, unless a newer one is there. The card, when the member exists.
pub async fn project(app: &App, cx: &Cx, member: MemberId) -> Result<Option<Card>> {
    let key = CARDS.key(member.bytes(), b"card");
    for _ in 0..8 {
        let current = app.ports.items.get(&key).await?;
        let mut tx = app.ports.sql.read().await?;
        let Some(account) = accounts::by_id(cx, &mut tx, member).await? else { return Ok(None) };
        let sql = "select c.id, c.member_a, c.member_b from couple_members m join couples c on c.id = m.couple_id
                   where m.member_id = $1";
        let couple = tx.row(sql, args![member]).await?;
        let sql = "select plan_period_end, plan_status from accounts where id = $1";
        let until = tx.row(sql, args![member]).await?.map(|r| r.time_opt(0)).transpose()?.flatten();
        drop(tx);
        let (couple, partner) = match couple {
            None => (None, None),
            Some(row) => {
                let (a, b): (MemberId, MemberId) = (row.id(1)?, row.id(2)?);
                (Some(row.id(0)?), Some(if a == member { b } else { a }))
            }
        };
        let card = Card {
            name: account.name,
            lang: account.language,
            timezone: account.timezone,
            plan: account.plan,
            plan_until: until.filter(|_| account.plan > Plan::Basic),
            regular: account.user_type == "regular",
            couple,
            partner,
        };
        let when = match &current {
            Some(item) if item.number >= account.revision => return Ok(Some(card)),
            Some(item) => When::Version(item.version),
            None => When::Absent,
        };
        let body = serde_json::to_vec(&card).map_err(|e| Error::bug("write a card", e))?;
        let write =
            Write::Put { key: key.clone(), number: account.revision, body: Bytes::from(body), expires_at: None, when };
        if app.ports.items.try_commit(vec![write]).await?.is_some() {
            return Ok(Some(card));
        }
    }
    Err(Error::unavailable("This member is being changed elsewhere."))
}
