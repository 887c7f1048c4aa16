//! What a member may change of account and profile in one call.

use super::{
    completed,
    me::{self, Me},
    model::{LOVE_LANGUAGE, RELATIONSHIP, write_words},
    regular_only, updated,
};
use crate::{
    app::App,
    cards,
    check::Checks,
    identity::{Caller, accounts},
};
use base::{Cx, Error, Result};
use ports::{args, sql::Tx};
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

/// What a member may change. Everything else in the body is ignored; an empty text, or null, clears.
#[derive(Default, Deserialize, ToSchema)]
#[schema(example = json!({ "name": "Ana Maria", "timezone": "Europe/Lisbon", "bio": "Tea, mostly.", "interests": ["hiking"] }))]
pub struct ChangeMe {
    #[schema(min_length = 1, max_length = 120, pattern = r"\S")]
    pub name: Option<String>,
    /// A listed language; one that is not enabled is ignored.
    #[schema(pattern = "^(en|es|fr|it|de|nl|pt|)$")]
    pub language: Option<String>,
    /// An IANA time zone.
    #[schema(max_length = 64)]
    pub timezone: Option<String>,
    #[serde(default, deserialize_with = "clearing")]
    #[schema(max_length = 2000)]
    pub bio: Option<String>,
    #[serde(default, deserialize_with = "clearing")]
    #[schema(max_length = 120)]
    pub location: Option<String>,
    #[serde(default, deserialize_with = "clearing")]
    #[schema(pattern = "^(single|dating|engaged|married|complicated|)$")]
    pub relationship_status: Option<String>,
    /// `YYYY-MM-DD`
    #[serde(default, deserialize_with = "clearing")]
    #[schema(pattern = "^([0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|[0-9]{4}-[0-9]{2}-(29|30|31)|)$")]
    pub anniversary_date: Option<String>,
    #[serde(default, deserialize_with = "clearing")]
    #[schema(max_length = 120)]
    pub partner_name: Option<String>,
    /// Invites nobody: `POST /v1/couple/invitations` does.
    #[serde(default, deserialize_with = "clearing")]
    #[schema(max_length = 254)]
    pub partner_email: Option<String>,
    #[serde(default, deserialize_with = "clearing")]
    #[schema(pattern = "^(words_of_affirmation|quality_time|receiving_gifts|acts_of_service|physical_touch|)$")]
    pub love_language: Option<String>,
    #[serde(default, deserialize_with = "clearing")]
    #[schema(max_length = 200)]
    pub date_frequency: Option<String>,
    #[serde(default, deserialize_with = "clearing")]
    #[schema(max_length = 200)]
    pub communication_style: Option<String>,
    #[serde(default, deserialize_with = "clearing")]
    #[schema(max_length = 200)]
    pub conflict_resolution: Option<String>,
    #[serde(default, deserialize_with = "clearing")]
    #[schema(max_items = 50, value_type = Option<Vec<Interest>>)]
    pub interests: Option<Vec<String>>,
}

/// One interest, in the member's own words.
#[derive(ToSchema)]
#[schema(min_length = 1, max_length = 50, pattern = r"\S")]
#[expect(dead_code, reason = "only its schema is used")]
pub struct Interest(String);

/// Null clears, as an empty value does.
pub(super) fn clearing<'de, D, T>(input: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Some(Option::<T>::deserialize(input)?.unwrap_or_default()))
}

impl ChangeMe {
    /// Whether it says anything of the profile, which only regular members have here.
    fn of_profile(&self) -> bool {
        let texts = [
            &self.bio,
            &self.location,
            &self.relationship_status,
            &self.anniversary_date,
            &self.partner_name,
            &self.partner_email,
            &self.love_language,
            &self.date_frequency,
            &self.communication_style,
            &self.conflict_resolution,
        ];
        self.interests.is_some() || texts.iter().any(|t| t.is_some())
    }
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
    me
}

async fn store(cx: &Cx, tx: &mut Tx, me: &Me) -> Result<()> {
    let sql = "update accounts set name = $1, language = $2, timezone = $3 where id = $4";
    tx.exec(sql, args![&*me.name, me.language.code(), &*me.timezone, me.id]).await?;
    let p = &me.profile;
    tx.exec(
        "update profiles set bio = $1, location = $2, relationship_status = $3, anniversary_date = $4,
           partner_name = $5, partner_email = $6, love_language = $7, date_frequency = $8, communication_style = $9,
           conflict_resolution = $10, interests = $11, name_key = $12, updated_at = $13
         where member_id = $14",
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
            write_words(&p.interests)?,
            accounts::name_key(&me.name),
            cx.now(),
            me.id
        ],
    )
    .await?;
    accounts::touch(cx, tx, me.id).await
}

/// `expected` is the ETag of `If-Match`, compared inside the transaction.
pub(super) async fn change(
    app: &App,
    cx: &Cx,
    caller: &Caller,
    change: &ChangeMe,
    expected: Option<&str>,
) -> Result<Me> {
    let mut tx = app.ports.sql.begin().await?;
    let before = me::load(cx, &mut tx, caller.member).await?.ok_or_else(Error::not_found)?;
    if before.profile_closed.is_some() && change.of_profile() {
        return Err(regular_only());
    }
    crate::edge::etag::check(expected, &before.tag()?)?;
    let mut checks = Checks::default();
    let me = merged(&mut checks, before, change);
    checks.done()?;
    store(cx, &mut tx, &me).await?;
    completed(cx, &mut tx, me.id).await?;
    updated(cx, &mut tx, me.id).await?;
    let after = me::load(cx, &mut tx, me.id).await?.ok_or_else(Error::not_found)?;
    tx.commit().await?;
    app.bells.sql.notify_one();
    cards::project(app, cx, me.id).await?;
    after.present(app, cx).await
}
