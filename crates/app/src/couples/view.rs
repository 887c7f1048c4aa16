//! The couple as either partner sees it.

use super::Membership;
use crate::{
    app::App,
    identity::Caller,
    notes,
    profiles::{self, PublicProfile},
};
use base::{
    Cx, Error, Result, Time,
    id::{CoupleId, MemberId},
    time::DAY,
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
    pub invitation: Origin,
    pub stats: Shared,
    /// The five latest shared memories.
    #[schema(value_type = Vec<Object>)]
    pub latest_memories: [(); 0],
    /// What to do next: `love_language_quiz`, `plan_date`, `create_memory`, `set_goals`.
    pub recommendations: Vec<&'static str>,
    /// The two anniversaries differ: the app offers to agree on one.
    pub anniversary_differs: bool,
    pub created_at: Time,
    pub updated_at: Time,
}

/// One side: the public profile plus what the link makes visible.
#[derive(Debug, Serialize, ToSchema)]
pub struct Half {
    #[serde(flatten)]
    pub profile: PublicProfile,
    pub anniversary_date: Option<String>,
}

/// The invitation that led to the link.
#[derive(Debug, Serialize, ToSchema)]
pub struct Origin {
    pub initiated_by: MemberId,
    /// The address that was invited, for who typed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    pub accepted_at: Time,
}

/// What the two have done together, derived from what there is.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct Shared {
    /// Whole days since the link.
    pub days_linked: i64,
    pub love_notes_from_me: i64,
    pub love_notes_from_partner: i64,
    pub love_notes_exchanged: i64,
    pub memories: i64,
}

pub(super) async fn load(app: &App, cx: &Cx, caller: &Caller) -> Result<CoupleView> {
    let us = Membership::load(app, cx, caller.member).await?;
    if !us.is_active(app).await? {
        // Ended a moment ago, and `sql` has yet to follow.
        return Err(Error::not_found());
    }
    let mut tx = app.ports.sql.read().await?;
    let mut view = read(app, cx, &mut tx, us.couple(), us.member(), us.partner()).await?;
    drop(tx);
    let (mine, theirs) = notes::exchanged(app, cx, &us, view.accepted_at).await?;
    view.stats = Shared {
        days_linked: cx.now().since(view.accepted_at).max(0) / DAY,
        love_notes_from_me: mine,
        love_notes_from_partner: theirs,
        love_notes_exchanged: mine + theirs,
        ..view.stats
    };
    Ok(view)
}

/// An active couple as `me` sees it, nothing done together yet: also in the transaction that makes it, where no card
/// knows of it.
pub(super) async fn read(
    app: &App,
    cx: &Cx,
    tx: &mut Tx,
    couple: CoupleId,
    me: MemberId,
    partner: MemberId,
) -> Result<CoupleView> {
    let sql = "select initiated_by, accepted_at, created_at, updated_at, invited_email from couples
               where id = $1 and status = 'active'";
    let row = tx.row(sql, args![couple]).await?.ok_or_else(Error::not_found)?;
    let (initiated_by, accepted_at): (MemberId, Time) = (row.id(0)?, row.time(1)?);
    let invited = row.text_opt(4)?.filter(|_| initiated_by == me);
    let (me, partner) = (half(app, cx, tx, me).await?, half(app, cx, tx, partner).await?);
    let dates = (&me.anniversary_date, &partner.anniversary_date);
    Ok(CoupleView {
        id: couple,
        status: "active",
        initiated_by,
        accepted_at,
        invitation: Origin { initiated_by, email: invited, accepted_at },
        stats: Shared::default(),
        latest_memories: [],
        recommendations: profiles::for_couple([&me, &partner].map(|half| half.profile.love_language.as_deref())),
        anniversary_differs: matches!(dates, (Some(a), Some(b)) if a != b),
        me,
        partner,
        created_at: row.time(2)?,
        updated_at: row.time(3)?,
    })
}

async fn half(app: &App, cx: &Cx, tx: &mut Tx, member: MemberId) -> Result<Half> {
    let (profile, anniversary_date) = profiles::public_profile(app, cx, tx, member).await?;
    Ok(Half { profile, anniversary_date })
}
