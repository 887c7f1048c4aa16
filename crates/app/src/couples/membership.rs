//! Evidence of a couple. Every couple-scoped store function demands it.

use crate::{
    app::App,
    cards::{self, Card},
    tables::COUPLES,
};
use base::{
    Cx, Error, Result,
    id::{CoupleId, MemberId},
};
use ports::{
    args,
    items::{Key, When, Write},
    sql::Tx,
};

/// Proof that `member` and `partner` were linked when it was made. Only [`Membership::of`] makes one; what it allows
/// is checked once more at the commit, by [`Membership::still`].
#[derive(Debug, Clone, Copy)]
pub struct Membership {
    couple: CoupleId,
    member: MemberId,
    partner: MemberId,
}

/// The number of an active couple's epoch.
pub(super) const ACTIVE: i64 = 1;
pub(super) const ENDED: i64 = 0;

pub(super) fn epoch(couple: CoupleId) -> Key {
    COUPLES.key(couple.bytes(), b"epoch")
}

impl Membership {
    /// The couple of a card; none when its member has no partner.
    pub fn of(card: &Card, member: MemberId) -> Option<Self> {
        Some(Self { couple: card.couple?, member, partner: card.partner? })
    }

    /// The couple of a member, or 404.
    pub async fn load(app: &App, cx: &Cx, member: MemberId) -> Result<Self> {
        let card = cards::load(app, cx, member).await?;
        Self::of(&card, member).ok_or_else(Error::not_found)
    }

    pub fn couple(&self) -> CoupleId {
        self.couple
    }
    pub fn member(&self) -> MemberId {
        self.member
    }
    pub fn partner(&self) -> MemberId {
        self.partner
    }

    /// Whether the link is active at this moment, whatever the card says: the epoch moves first.
    pub async fn is_active(&self, app: &App) -> Result<bool> {
        let epoch = app.ports.items.get(&epoch(self.couple)).await?;
        Ok(epoch.is_some_and(|item| item.number == ACTIVE))
    }

    /// The condition that makes a commit couple-scoped: the link is still active.
    pub fn still(&self) -> Write {
        Write::Check { key: epoch(self.couple), when: When::Number(ACTIVE) }
    }
}

/// The partner of a member, where `sql` is asked anyway.
pub async fn partner_in_sql(tx: &mut Tx, member: MemberId) -> Result<Option<MemberId>> {
    let sql = "select o.member_id from couple_members m
               join couple_members o on o.couple_id = m.couple_id and o.member_id <> m.member_id
               where m.member_id = $1";
    let row = tx.row(sql, args![member]).await?;
    Ok(row.map(|r| r.id(0)).transpose()?)
}
