//! The couple as either partner sees it.

use super::Membership;
use crate::{
    app::App,
    identity::{Caller, me},
};
use base::{
    Cx, Error, Result, Time,
    id::{CoupleId, MemberId},
};
use ports::{args, sql::Tx};
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Debug, Serialize, ToSchema)]
pub struct CoupleView {
    pub id: CoupleId,
    /// `active`
    pub status: &'static str,
    pub initiated_by: MemberId,
    pub accepted_at: Time,
    pub me: Half,
    pub partner: Half,
    /// The two anniversaries differ: the app offers to agree on one.
    pub anniversary_differs: bool,
    pub created_at: Time,
    pub updated_at: Time,
}

/// One side: the public profile plus what the link makes visible.
#[derive(Debug, Serialize, ToSchema)]
pub struct Half {
    pub id: MemberId,
    pub name: String,
    pub avatar_url: Option<String>,
    pub bio: Option<String>,
    pub location: Option<String>,
    pub relationship_status: Option<String>,
    pub anniversary_date: Option<String>,
    pub love_language: Option<String>,
    pub interests: Vec<String>,
    pub member_since: Time,
}

impl From<me::Me> for Half {
    fn from(me: me::Me) -> Self {
        let p = me.profile;
        Self {
            id: me.id,
            name: me.name,
            avatar_url: p.avatar_url,
            bio: p.bio,
            location: p.location,
            relationship_status: p.relationship_status,
            anniversary_date: p.anniversary_date,
            love_language: p.love_language,
            interests: p.interests,
            member_since: me.created_at,
        }
    }
}

pub(super) async fn load(app: &App, cx: &Cx, caller: &Caller) -> Result<CoupleView> {
    let us = Membership::load(app, cx, caller.member).await?;
    if !us.is_active(app).await? {
        // Ended a moment ago, and `sql` has yet to follow.
        return Err(Error::not_found());
    }
    let mut tx = app.ports.sql.read().await?;
    read(cx, &mut tx, us.couple(), us.member(), us.partner()).await
}

/// An active couple as `me` sees it; also in the transaction that makes it, where no card knows of it yet.
pub(super) async fn read(
    cx: &Cx,
    tx: &mut Tx,
    couple: CoupleId,
    me: MemberId,
    partner: MemberId,
) -> Result<CoupleView> {
    let sql =
        "select initiated_by, accepted_at, created_at, updated_at from couples where id = $1 and status = 'active'";
    let row = tx.row(sql, args![couple]).await?.ok_or_else(Error::not_found)?;
    let me: Half = me::load(cx, tx, me).await?.ok_or_else(Error::not_found)?.into();
    let partner: Half = me::load(cx, tx, partner).await?.ok_or_else(Error::not_found)?.into();
    let dates = (&me.anniversary_date, &partner.anniversary_date);
    Ok(CoupleView {
        id: couple,
        status: "active",
        initiated_by: row.id(0)?,
        accepted_at: row.time(1)?,
        anniversary_differs: matches!(dates, (Some(a), Some(b)) if a != b),
        me,
        partner,
        created_at: row.time(2)?,
        updated_at: row.time(3)?,
    })
}
