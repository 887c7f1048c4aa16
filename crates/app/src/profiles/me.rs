//! The current member: account, profile, plan, completion and statistics in one view.

use super::{
    REGULAR_ONLY,
    model::{self, Completion, Profile, Stats},
    pictures, streak,
};
use crate::{app::App, edge::etag, identity::Caller, identity::accounts, notes, plans::Plan};
use base::{Cx, Error, Lang, Result, Time, id::MemberId};
use ports::sql::Tx;
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Me {
    pub id: MemberId,
    pub name: String,
    pub email: String,
    pub email_verified: bool,
    pub user_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    pub is_verified: bool,
    pub language: Lang,
    pub timezone: String,
    pub plan: Plan,
    pub completion: Completion,
    pub stats: Stats,
    /// `regular_members_only` for professionals: the profile cannot be changed here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile_closed: Option<&'static str>,
    #[serde(flatten)]
    pub profile: Profile,
    pub member_since: Time,
    pub created_at: Time,
    pub updated_at: Time,
}

impl Me {
    /// The entity tag: it stands for what can be edited. Not for a link that is signed anew every hour, and not for
    /// what is counted beside it, or a note sent meanwhile would refuse a change of the profile.
    pub fn tag(&self) -> Result<String> {
        let mut kept = self.clone();
        kept.stats = Stats::default();
        kept.profile.avatar_url.clone_from(&self.profile.picture);
        kept.profile.avatar_thumbnail_url = None;
        etag::of(&kept)
    }

    /// With what is not in `sql`: the picture's links and the notes that were sent.
    pub async fn present(mut self, app: &App, cx: &Cx) -> Result<Self> {
        let links = pictures::links(app, cx, self.id, self.profile.picture.as_deref()).await?;
        (self.profile.avatar_url, self.profile.avatar_thumbnail_url) = (links.large, links.small);
        self.stats.love_notes_sent = notes::sent_ever(app, cx, self.id).await?;
        Ok(self)
    }
}

/// The view as far as `sql` knows it; [`Me::present`] adds the rest.
pub async fn load(cx: &Cx, tx: &mut Tx, member: MemberId) -> Result<Option<Me>> {
    let Some(account) = accounts::by_id(cx, tx, member).await? else { return Ok(None) };
    let Some(profile) = model::load(tx, member).await? else { return Ok(None) };
    let streak_days = streak::running(&profile.streak, &account.timezone, cx.now());
    Ok(Some(Me {
        id: account.id,
        name: account.name,
        email: account.email,
        email_verified: account.email_verified_at.is_some(),
        profile_closed: (account.user_type != "regular").then_some(REGULAR_ONLY),
        user_type: account.user_type,
        role: account.role,
        is_verified: account.is_verified,
        language: account.language,
        timezone: account.timezone,
        plan: account.plan,
        completion: profile.completion(),
        stats: Stats { streak_days, ..Stats::default() },
        profile,
        member_since: account.created_at,
        created_at: account.created_at,
        updated_at: account.updated_at,
    }))
}

pub(super) async fn read(app: &App, cx: &Cx, caller: &Caller) -> Result<Me> {
    let mut tx = app.ports.sql.read().await?;
    let me = load(cx, &mut tx, caller.member).await?.ok_or_else(Error::not_found)?;
    drop(tx);
    me.present(app, cx).await
}
