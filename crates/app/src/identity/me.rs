//! The current member: account, profile, plan and completion in one view; and what a member may change of it.

use super::{Caller, accounts};
use crate::{app::App, cards, check::Checks, plans::Plan, work::outbox::Event};
use base::{Cx, Error, Lang, Result, Time, id::MemberId};
use ports::{args, sql::Tx};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub const RELATIONSHIP: &[&str] = &["single", "dating", "engaged", "married", "complicated"];
const LOVE_LANGUAGE: &[&str] =
    &["words_of_affirmation", "quality_time", "receiving_gifts", "acts_of_service", "physical_touch"];

/// How much of the profile is filled: fourteen fields (product/profiles.md).
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct Completion {
    pub completed: i64,
    pub total: i64,
    pub percentage: i64,
}

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
    #[serde(flatten)]
    pub profile: Profile,
    pub created_at: Time,
    pub updated_at: Time,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Profile {
    pub avatar_url: Option<String>,
    pub bio: Option<String>,
    pub location: Option<String>,
    pub relationship_status: Option<String>,
    pub anniversary_date: Option<String>,
    pub partner_name: Option<String>,
    pub partner_email: Option<String>,
    pub love_language: Option<String>,
    pub date_frequency: Option<String>,
    pub communication_style: Option<String>,
    pub conflict_resolution: Option<String>,
    pub interests: Vec<String>,
}

impl Profile {
    /// Name and e-mail are always there, so they count from the start.
    fn completion(&self) -> Completion {
        let texts = [
            &self.location,
            &self.partner_email,
            &self.anniversary_date,
            &self.love_language,
            &self.relationship_status,
            &self.avatar_url,
            &self.date_frequency,
            &self.communication_style,
            &self.conflict_resolution,
            &self.bio,
            &self.partner_name,
        ];
        let filled = texts.iter().filter(|t| t.is_some()).count() + usize::from(!self.interests.is_empty()) + 2;
        let completed = i64::try_from(filled).unwrap_or(0);
        Completion { completed, total: 14, percentage: (completed * 100 + 7) / 14 }
    }
}

async fn profile(tx: &mut Tx, member: MemberId) -> Result<Option<Profile>> {
    let sql = "select picture, bio, location, relationship_status, anniversary_date, partner_name, partner_email,
                 love_language, date_frequency, communication_style, conflict_resolution, interests
               from profiles where member_id = $1";
    let Some(row) = tx.row(sql, args![member]).await? else { return Ok(None) };
    Ok(Some(Profile {
        avatar_url: row.text_opt(0)?,
        bio: row.text_opt(1)?,
        location: row.text_opt(2)?,
        relationship_status: row.text_opt(3)?,
        anniversary_date: row.text_opt(4)?,
        partner_name: row.text_opt(5)?,
        partner_email: row.text_opt(6)?,
        love_language: row.text_opt(7)?,
        date_frequency: row.text_opt(8)?,
        communication_style: row.text_opt(9)?,
        conflict_resolution: row.text_opt(10)?,
        interests: serde_json::from_str(&row.text(11)?).map_err(|e| Error::bug("read interests", e))?,
    }))
}

pub async fn load(cx: &Cx, tx: &mut Tx, member: MemberId) -> Result<Option<Me>> {
    let Some(account) = accounts::by_id(cx, tx, member).await? else { return Ok(None) };
    let Some(profile) = profile(tx, member).await? else { return Ok(None) };
    Ok(Some(Me {
        id: account.id,
        name: account.name,
        email: account.email,
        email_verified: account.email_verified_at.is_some(),
        user_type: account.user_type,
        role: account.role,
        is_verified: account.is_verified,
        language: account.language,
        timezone: account.timezone,
        plan: account.plan,
        completion: profile.completion(),
        profile,
        created_at: account.created_at,
        updated_at: account.updated_at,
    }))
}

pub async fn read(app: &App, cx: &Cx, caller: &Caller) -> Result<Me> {
    let mut tx = app.ports.sql.read().await?;
    load(cx, &mut tx, caller.member).await?.ok_or_else(Error::not_found)
}

/// What a member may change. Everything else in the body is ignored; an empty text clears.
#[derive(Default, Deserialize, ToSchema)]
#[schema(example = json!({ "name": "Ana Maria", "timezone": "Europe/Lisbon" }))]
pub struct ChangeMe {
    pub name: Option<String>,
    pub language: Option<String>,
    pub timezone: Option<String>,
    pub bio: Option<String>,
    pub location: Option<String>,
    pub relationship_status: Option<String>,
    pub anniversary_date: Option<String>,
    pub partner_name: Option<String>,
    pub partner_email: Option<String>,
    pub love_language: Option<String>,
    pub date_frequency: Option<String>,
    pub communication_style: Option<String>,
    pub conflict_resolution: Option<String>,
    pub interests: Option<Vec<String>>,
}

/// The view after the change, laid over the one before it.
fn merged(checks: &mut Checks, now: Me, change: &ChangeMe) -> Me {
    let mut me = now;
    if let Some(name) = change.name.as_deref().map(str::trim) {
        checks.length("/name", name, 1, 120);
        name.clone_into(&mut me.name);
    }
    if let Some(lang) = checks.lang("/language", change.language.as_deref()) {
        me.language = lang;
    }
    if let Some(zone) = checks.zone("/timezone", change.timezone.as_deref()) {
        zone.name().clone_into(&mut me.timezone);
    }
    let p = &mut me.profile;
    let mut text = |to: &mut Option<String>, pointer, value: &Option<String>, max| {
        if value.is_some() {
            *to = checks.optional(pointer, value.as_deref(), max);
        }
    };
    text(&mut p.bio, "/bio", &change.bio, 2000);
    text(&mut p.location, "/location", &change.location, 120);
    text(&mut p.partner_name, "/partner_name", &change.partner_name, 120);
    text(&mut p.date_frequency, "/date_frequency", &change.date_frequency, 200);
    text(&mut p.communication_style, "/communication_style", &change.communication_style, 200);
    text(&mut p.conflict_resolution, "/conflict_resolution", &change.conflict_resolution, 200);
    if let Some(value) = &change.relationship_status {
        p.relationship_status = checks.one_of("/relationship_status", Some(value), RELATIONSHIP);
    }
    if let Some(value) = &change.love_language {
        p.love_language = checks.one_of("/love_language", Some(value), LOVE_LANGUAGE);
    }
    if let Some(value) = &change.anniversary_date {
        p.anniversary_date = checks.date("/anniversary_date", Some(value));
    }
    if let Some(value) = &change.partner_email {
        p.partner_email = (!value.trim().is_empty()).then(|| checks.email("/partner_email", value));
    }
    if let Some(interests) = &change.interests {
        p.interests = Vec::new();
        for interest in interests.iter().map(|i| i.trim()) {
            checks.length("/interests", interest, 1, 50);
            if !p.interests.iter().any(|i| i == interest) {
                p.interests.push(interest.to_owned());
            }
        }
        if p.interests.len() > 50 {
            checks.refuse("/interests", "too_long", "At most 50 interests.");
        }
    }
    me.completion = p.completion();
    me
}

/// `expected` is the ETag of `If-Match`, compared inside the transaction.
pub async fn change(app: &App, cx: &Cx, caller: &Caller, change: &ChangeMe, expected: Option<&str>) -> Result<Me> {
    let mut tx = app.ports.sql.begin().await?;
    let before = load(cx, &mut tx, caller.member).await?.ok_or_else(Error::not_found)?;
    crate::edge::etag::check(expected, &crate::edge::etag::of(&before)?)?;
    let mut checks = Checks::default();
    let me = merged(&mut checks, before, change);
    checks.done()?;
    let sql = "update accounts set name = $1, language = $2, timezone = $3 where id = $4";
    tx.exec(sql, args![&*me.name, me.language.code(), &*me.timezone, me.id]).await?;
    let p = &me.profile;
    tx.exec(
        "update profiles set bio = $1, location = $2, relationship_status = $3, anniversary_date = $4,
           partner_name = $5, partner_email = $6, love_language = $7, date_frequency = $8, communication_style = $9,
           conflict_resolution = $10, interests = $11, updated_at = $12
         where member_id = $13",
        args![
            p.bio.clone(),
            p.location.clone(),
            p.relationship_status.clone(),
            p.anniversary_date.clone(),
            p.partner_name.clone(),
            p.partner_email.clone(),
            p.love_language.clone(),
            p.date_frequency.clone(),
            p.communication_style.clone(),
            p.conflict_resolution.clone(),
            serde_json::to_string(&p.interests).map_err(|e| Error::bug("write interests", e))?,
            cx.now(),
            me.id
        ],
    )
    .await?;
    accounts::touch(cx, &mut tx, me.id).await?;
    let mut to = vec![me.id];
    to.extend(crate::couples::partner_in_sql(&mut tx, me.id).await?);
    Event::to_many(&to, "profile.updated", serde_json::json!({ "member_id": me.id })).in_sql(cx, &mut tx).await?;
    let after = load(cx, &mut tx, me.id).await?.ok_or_else(Error::not_found)?;
    tx.commit().await?;
    app.bells.sql.notify_one();
    cards::project(app, cx, me.id).await?;
    Ok(after)
}
