//! What one member may see of another: a fixed subset, subject to the other's visibility. Never an address of any
//! kind, an anniversary, or anything about money. Whoever may not see a profile finds nothing.

use super::{model, pictures};
use crate::{
    app::App,
    cards,
    couples::Membership,
    identity::{Caller, accounts},
};
use base::{Cx, Error, Result, Time, id::MemberId};
use ports::sql::Tx;
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PublicProfile {
    pub id: MemberId,
    pub name: String,
    /// A signed link that opens the picture for an hour at least; null without a picture.
    pub avatar_url: Option<String>,
    /// The same picture, small.
    pub avatar_thumbnail_url: Option<String>,
    pub bio: Option<String>,
    pub location: Option<String>,
    pub relationship_status: Option<String>,
    pub love_language: Option<String>,
    pub interests: Vec<String>,
    pub member_since: Time,
    #[serde(skip)]
    picture: Option<String>,
}

impl PublicProfile {
    async fn present(mut self, app: &App, cx: &Cx) -> Result<Self> {
        let links = pictures::links(app, cx, self.id, self.picture.as_deref()).await?;
        (self.avatar_url, self.avatar_thumbnail_url) = (links.large, links.small);
        Ok(self)
    }
}

/// A profile, with what decides who may see it and what of it.
struct Loaded {
    public: PublicProfile,
    is_active: bool,
    visibility: String,
    anniversary: Option<String>,
}

/// The profile of a member, or 404.
async fn load(cx: &Cx, tx: &mut Tx, member: MemberId) -> Result<Loaded> {
    let account = accounts::by_id(cx, tx, member).await?.ok_or_else(Error::not_found)?;
    let p = model::load(tx, member).await?.ok_or_else(Error::not_found)?;
    let public = PublicProfile {
        id: account.id,
        name: account.name,
        avatar_url: None,
        avatar_thumbnail_url: None,
        bio: p.bio,
        location: p.location,
        relationship_status: p.relationship_status,
        love_language: p.love_language,
        interests: p.interests,
        member_since: account.created_at,
        picture: p.picture,
    };
    Ok(Loaded { public, is_active: account.is_active, visibility: p.visibility, anniversary: p.anniversary_date })
}

/// One half of a couple as both see it, whatever the visibility: the profile, and the anniversary.
pub async fn of(app: &App, cx: &Cx, tx: &mut Tx, member: MemberId) -> Result<(PublicProfile, Option<String>)> {
    let Loaded { public, anniversary, .. } = load(cx, tx, member).await?;
    Ok((public.present(app, cx).await?, anniversary))
}

pub(super) async fn read(app: &App, cx: &Cx, caller: &Caller, member: MemberId) -> Result<PublicProfile> {
    let mut tx = app.ports.sql.read().await?;
    let Loaded { public, is_active, visibility, .. } = load(cx, &mut tx, member).await?;
    drop(tx);
    let visible = match &*visibility {
        _ if !is_active => false,
        _ if member == caller.member => true,
        "everyone" => true,
        // A partner is the nearest friend.
        "friends" | "partner" => is_partner(app, cx, caller.member, member).await?,
        _ => false,
    };
    if visible { public.present(app, cx).await } else { Err(Error::not_found()) }
}

async fn is_partner(app: &App, cx: &Cx, viewer: MemberId, member: MemberId) -> Result<bool> {
    let card = cards::load(app, cx, viewer).await?;
    match Membership::of(&card, viewer).filter(|us| us.partner() == member) {
        Some(us) => us.is_active(app).await,
        None => Ok(false),
    }
}
