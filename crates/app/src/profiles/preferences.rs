//! Preferences of one member: how love notes are made personal, what kinds of activity are liked, the emojis used
//! lately, the language. The partner's name is the profile's own.

use super::{change::clearing, completed, model, updated};
use crate::{
    app::App,
    cards,
    check::Checks,
    edge::etag,
    identity::{Caller, accounts},
};
use base::{Cx, Error, Lang, Result, Time, id::MemberId};
use ports::{args, sql::Tx};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

const ACTIVITIES: &[&str] = &["creative", "learning", "fun", "growth", "memories", "celebration"];
/// Emojis that are kept.
const RECENT: usize = 30;
/// Code points of one emoji: families and flags are long.
const LONGEST: usize = 16;

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Preferences {
    /// The profile's partner name.
    pub partner_name: Option<String>,
    pub pet_name: Option<String>,
    pub special_place: Option<String>,
    pub favorite_activity_types: Vec<String>,
    /// Most recent first.
    pub recent_emojis: Vec<String>,
    pub language: Lang,
    pub updated_at: Time,
}

/// What to change; an empty value, or null, clears. Everything else in the body is ignored.
#[derive(Default, Deserialize, ToSchema)]
#[schema(example = json!({ "pet_name": "sunshine", "favorite_activity_types": ["fun", "memories"] }))]
pub struct ChangePreferences {
    #[serde(default, deserialize_with = "clearing")]
    #[schema(max_length = 80)]
    pub partner_name: Option<String>,
    #[serde(default, deserialize_with = "clearing")]
    #[schema(max_length = 80)]
    pub pet_name: Option<String>,
    #[serde(default, deserialize_with = "clearing")]
    #[schema(max_length = 80)]
    pub special_place: Option<String>,
    #[serde(default, deserialize_with = "clearing")]
    #[schema(value_type = Option<Vec<ActivityType>>)]
    pub favorite_activity_types: Option<Vec<String>>,
    /// Most recent first.
    #[serde(default, deserialize_with = "clearing")]
    #[schema(max_items = 30, value_type = Option<Vec<Emoji>>)]
    pub recent_emojis: Option<Vec<String>>,
    /// A listed language; one that is not enabled is ignored.
    #[schema(pattern = "^(en|es|fr|it|de|nl|pt|)$")]
    pub language: Option<String>,
}

/// A kind of activity.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
#[expect(dead_code, reason = "only its schema is used")]
pub enum ActivityType {
    Creative,
    Learning,
    Fun,
    Growth,
    Memories,
    Celebration,
}

/// One emoji.
#[derive(ToSchema)]
#[schema(min_length = 1, max_length = 16, pattern = r"^[^\s\u0000-\u001f\u007f-\u009f]+$")]
#[expect(dead_code, reason = "only its schema is used")]
pub struct Emoji(String);

async fn load(cx: &Cx, tx: &mut Tx, member: MemberId) -> Result<Preferences> {
    let account = accounts::by_id(cx, tx, member).await?.ok_or_else(Error::not_found)?;
    let sql = "select partner_name, pet_name, special_place, favorite_activity_types, recent_emojis, updated_at
               from profiles where member_id = $1";
    let row = tx.row(sql, args![member]).await?.ok_or_else(Error::not_found)?;
    Ok(Preferences {
        partner_name: row.text_opt(0)?,
        pet_name: row.text_opt(1)?,
        special_place: row.text_opt(2)?,
        favorite_activity_types: model::words(&row.text(3)?)?,
        recent_emojis: model::words(&row.text(4)?)?,
        language: account.language,
        updated_at: row.time(5)?,
    })
}

pub(super) async fn read(app: &App, cx: &Cx, caller: &Caller) -> Result<Preferences> {
    load(cx, &mut app.ports.sql.read().await?, caller.member).await
}

/// Each once, the first of equal ones.
fn distinct(list: &[String]) -> Vec<String> {
    let mut kept: Vec<String> = Vec::with_capacity(list.len().min(64));
    for one in list {
        if !kept.contains(one) {
            kept.push(one.clone());
        }
    }
    kept
}

fn merged(checks: &mut Checks, now: Preferences, change: &ChangePreferences) -> Preferences {
    let mut after = now;
    let mut text = |to: &mut Option<String>, pointer, value: &Option<String>| {
        if value.is_some() {
            *to = checks.optional(pointer, value.as_deref(), 80);
        }
    };
    text(&mut after.partner_name, "/partner_name", &change.partner_name);
    text(&mut after.pet_name, "/pet_name", &change.pet_name);
    text(&mut after.special_place, "/special_place", &change.special_place);
    if let Some(kinds) = &change.favorite_activity_types {
        if kinds.iter().any(|kind| !ACTIVITIES.contains(&&**kind)) {
            checks.refuse("/favorite_activity_types", "unknown_value", "This is not one of the kinds of activity.");
        }
        // In the order of the list, so that equal sets are equal.
        let liked = ACTIVITIES.iter().filter(|kind| kinds.iter().any(|k| k == *kind));
        after.favorite_activity_types = liked.map(|kind| (*kind).to_owned()).collect();
    }
    if let Some(emojis) = &change.recent_emojis {
        // Counted as they came: looking for doubles in a list without end would take its time.
        if emojis.len() > RECENT {
            checks.refuse("/recent_emojis", "too_long", "At most 30 emojis.");
        } else if emojis.iter().any(|e| !is_emoji(e)) {
            checks.refuse("/recent_emojis", "unknown_value", "This is not an emoji.");
        } else {
            after.recent_emojis = distinct(emojis);
        }
    }
    if let Some(lang) = checks.lang("/language", change.language.as_deref()) {
        after.language = lang;
    }
    after
}

/// No list of emojis is complete for long, so only what surely is none is refused.
fn is_emoji(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= LONGEST * 4
        && text.chars().count() <= LONGEST
        && !text.chars().any(|c| c.is_whitespace() || c.is_control())
}

/// `expected` is the ETag of `If-Match`, compared inside the transaction.
pub(super) async fn change(
    app: &App,
    cx: &Cx,
    caller: &Caller,
    change: &ChangePreferences,
    expected: Option<&str>,
) -> Result<Preferences> {
    let member = caller.member;
    let mut tx = app.ports.sql.begin().await?;
    let before = load(cx, &mut tx, member).await?;
    etag::check(expected, &etag::of(&before)?)?;
    let mut checks = Checks::default();
    let named = (before.partner_name.clone(), before.language);
    let after = Preferences { updated_at: cx.now(), ..merged(&mut checks, before, change) };
    checks.done()?;
    let sql = "update profiles set partner_name = $1, pet_name = $2, special_place = $3, favorite_activity_types = $4,
                 recent_emojis = $5, updated_at = $6 where member_id = $7";
    tx.exec(
        sql,
        args![
            after.partner_name.clone(),
            after.pet_name.clone(),
            after.special_place.clone(),
            model::write_words(&after.favorite_activity_types)?,
            model::write_words(&after.recent_emojis)?,
            cx.now(),
            member
        ],
    )
    .await?;
    // What shows in the profile as well.
    let shows = named != (after.partner_name.clone(), after.language);
    if shows {
        tx.exec("update accounts set language = $1 where id = $2", args![after.language.code(), member]).await?;
        accounts::touch(cx, &mut tx, member).await?;
        completed(cx, &mut tx, member).await?;
        updated(cx, &mut tx, member).await?;
    }
    tx.commit().await?;
    if shows {
        app.bells.sql.notify_one();
        cards::project(app, cx, member).await?;
    }
    Ok(after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emojis() {
        for good in ["😀", "👨‍👩‍👧‍👦", "1️⃣", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "❤️"] {
            assert!(is_emoji(good), "{good}");
        }
        for bad in ["", " ", "😀 ", "a b", "\n", &"😀".repeat(17)] {
            assert!(!is_emoji(bad), "{bad}");
        }
    }
}
