//! What could be done next, as codes: the app has the words. Each stays on the list while it applies.

use super::model::{self, Completion, Profile};
use crate::{app::App, identity::Caller};
use base::{Cx, Error, Result, Time, id::MemberId};
use ports::{args, sql::Tx};
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Debug, Serialize, ToSchema)]
pub struct CompletionView {
    #[serde(flatten)]
    pub completion: Completion,
    /// Fields that are still empty.
    pub missing: Vec<&'static str>,
    /// The first time that all were filled.
    pub completed_at: Option<Time>,
    /// Cards that improve the profile: `add_bio`, `connect_partner`, `set_goals`, `add_interests`,
    /// `complete_preferences`.
    pub suggestions: Vec<&'static str>,
    /// What to do next: `complete_profile`, `love_language_quiz`, `plan_date`, `create_memory`.
    pub recommendations: Vec<&'static str>,
}

fn those(cards: &[(&'static str, bool)]) -> Vec<&'static str> {
    cards.iter().filter(|(_, applies)| *applies).map(|(code, _)| *code).collect()
}

fn suggestions(profile: &Profile, linked: bool) -> Vec<&'static str> {
    let preferences = [&profile.date_frequency, &profile.communication_style, &profile.conflict_resolution];
    those(&[
        ("add_bio", profile.bio.is_none()),
        ("connect_partner", !linked),
        // Nobody has goals yet.
        ("set_goals", true),
        ("add_interests", profile.interests.is_empty()),
        ("complete_preferences", preferences.iter().any(|p| p.is_none())),
    ])
}

fn recommendations(profile: &Profile) -> Vec<&'static str> {
    let basics = [&profile.partner_name, &profile.love_language, &profile.anniversary_date];
    those(&[
        ("complete_profile", basics.iter().any(|b| b.is_none())),
        ("love_language_quiz", profile.love_language.is_none()),
        ("plan_date", true),
        ("create_memory", true),
    ])
}

/// What a couple could do next: the quiz while one of the two has no love language.
pub fn for_couple(love_languages: [Option<&str>; 2]) -> Vec<&'static str> {
    let quiz = love_languages.iter().any(Option::is_none);
    those(&[("love_language_quiz", quiz), ("plan_date", true), ("create_memory", true), ("set_goals", true)])
}

async fn view(tx: &mut Tx, member: MemberId) -> Result<CompletionView> {
    let profile = model::load(tx, member).await?.ok_or_else(Error::not_found)?;
    let linked = tx.row("select 1 from couple_members where member_id = $1", args![member]).await?.is_some();
    Ok(CompletionView {
        completion: profile.completion(),
        missing: profile.missing(),
        completed_at: profile.completed_at,
        suggestions: suggestions(&profile, linked),
        recommendations: recommendations(&profile),
    })
}

pub(super) async fn read(app: &App, caller: &Caller) -> Result<CompletionView> {
    view(&mut app.ports.sql.read().await?, caller.member).await
}

/// Counts anew: every read does, so what this may change is only the note of the first time.
pub(super) async fn recompute(app: &App, cx: &Cx, caller: &Caller) -> Result<CompletionView> {
    let mut tx = app.ports.sql.begin().await?;
    super::completed(cx, &mut tx, caller.member).await?;
    let view = view(&mut tx, caller.member).await?;
    tx.commit().await?;
    app.bells.sql.notify_one();
    Ok(view)
}
