//! Cards: what the hot path must know of a member, projected from `sql` into `items`, so that sending a note asks one
//! store only. `sql` decides; a card follows at once after a change and again by a job, and a missing one is made.

use crate::{
    app::App,
    identity::accounts,
    plans::{Entitlements, Grant, Plan, store},
    profiles::{MessagesFrom, pictures, privacy},
    tables::CARDS,
};
use base::{
    Cx, Error, Lang, Result, Time,
    id::{CoupleId, MemberId},
};
use bytes::Bytes;
use ports::{
    args,
    items::{Item, When, Write},
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
    /// Features held besides the plan. Absent from cards that an earlier release wrote.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grants: Vec<Grant>,
    /// The name of the picture's objects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<String>,
    #[serde(default)]
    pub messages_from: MessagesFrom,
    /// Whether senders may know what this member has read.
    #[serde(default)]
    pub read_receipts: bool,
    /// Whether others may see if this member is here.
    #[serde(default)]
    pub presence_visible: bool,
    /// Which members a card of this release has; one of an earlier release is made anew.
    #[serde(default)]
    edition: u8,
}

const EDITION: u8 = 1;

impl Card {
    pub fn plan(&self, now: Time) -> Plan {
        if self.plan_until.is_some_and(|until| until <= now) { Plan::Basic } else { self.plan }
    }

    /// What the member may use at this moment.
    pub fn entitlements(&self, now: Time) -> Entitlements<'_> {
        Entitlements::new(self.plan(now), &self.grants, now)
    }
}

/// The card of a member.
pub async fn load(app: &App, cx: &Cx, member: MemberId) -> Result<Card> {
    if let Some(item) = app.ports.items.get(&CARDS.key(member.bytes(), b"card")).await? {
        let card = read(&item)?;
        if card.edition == EDITION {
            return Ok(card);
        }
    }
    fresh(app, cx, member).await
}

fn read(item: &Item) -> Result<Card> {
    serde_json::from_slice(&item.body).map_err(|e| Error::bug("read a card", e))
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
        let stored = store::subscription(&mut tx, member).await?;
        let grants = store::grants(cx, &mut tx, member).await?;
        let picture = pictures::name_of(&mut tx, member).await?;
        let privacy = privacy::load(&mut tx, member).await?;
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
            plan_until: stored.and_then(|stored| stored.lapses_at(cx.now())),
            regular: account.user_type == "regular",
            couple,
            partner,
            grants,
            picture,
            messages_from: privacy.messages_from,
            read_receipts: privacy.read_receipts,
            presence_visible: privacy.presence_visible,
            edition: EDITION,
        };
        let when = match &current {
            Some(item) if item.number >= account.revision && read(item)?.edition >= EDITION => return Ok(Some(card)),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plans::Feature;

    #[test]
    fn cards_that_were_ever_stored_can_be_read() {
        let first = r#"{"name":"Ana","lang":"en","timezone":"UTC","plan":"premiere","plan_until":"2026-12-01T00:00:00.000Z",
                        "regular":true,"couple":null,"partner":null}"#;
        let card: Card = serde_json::from_str(first).unwrap();
        assert!(card.grants.is_empty());
        let until = card.plan_until.unwrap();
        assert_eq!((card.plan(until.minus(1)), card.plan(until)), (Plan::Premiere, Plan::Basic));
        let now = r#"{"name":"Ana","lang":"en","timezone":"UTC","plan":"basic","plan_until":null,"regular":true,
                      "couple":null,"partner":null,
                      "grants":[{"feature":"surprise_messages","source":"unlock","expires_at":null}]}"#;
        let card: Card = serde_json::from_str(now).unwrap();
        assert!(card.entitlements(until).holds(Feature::SurpriseMessages).is_some());
    }
}
