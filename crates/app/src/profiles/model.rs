//! The profile as stored, its vocabulary, and how much of it is filled.

use base::{Error, Result, Time, id::MemberId};
use ports::{args, sql::Tx};
use serde::Serialize;
use utoipa::ToSchema;

pub const RELATIONSHIP: &[&str] = &["single", "dating", "engaged", "married", "complicated"];
pub(super) const LOVE_LANGUAGE: &[&str] =
    &["words_of_affirmation", "quality_time", "receiving_gifts", "acts_of_service", "physical_touch"];

/// How much of the profile is filled: fourteen fields (product/profiles.md).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Completion {
    pub completed: i64,
    pub total: i64,
    pub percentage: i64,
}

const TOTAL: i64 = 14;

impl Completion {
    pub fn is_whole(self) -> bool {
        self.completed == TOTAL
    }
}

/// What the member did, derived from what there is.
#[derive(Debug, Clone, Copy, Default, Serialize, ToSchema)]
pub struct Stats {
    pub love_notes_sent: i64,
    pub memories_created: i64,
    pub quizzes_taken: i64,
    /// Days in a row with a sign-in, in the member's time zone, today or yesterday the last of them.
    pub streak_days: i64,
}

/// What a member says of themselves.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Profile {
    /// A signed link that opens the picture for an hour at least; null without a picture.
    pub avatar_url: Option<String>,
    /// The same picture, small.
    pub avatar_thumbnail_url: Option<String>,
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
    /// The name of the picture's objects.
    #[serde(skip)]
    pub picture: Option<String>,
    #[serde(skip)]
    pub completed_at: Option<Time>,
    /// Who may see it: `everyone`, `friends`, `partner`, `nobody`.
    #[serde(skip)]
    pub visibility: String,
    /// As stored; see [`super::streak`].
    #[serde(skip)]
    pub streak: (i64, Option<String>),
}

impl Profile {
    /// Names of the fields that are still empty. Name and e-mail are always there, so they are never among them.
    pub fn missing(&self) -> Vec<&'static str> {
        let fields = [
            ("location", self.location.is_some()),
            ("partner_email", self.partner_email.is_some()),
            ("anniversary_date", self.anniversary_date.is_some()),
            ("love_language", self.love_language.is_some()),
            ("relationship_status", self.relationship_status.is_some()),
            ("avatar_url", self.picture.is_some()),
            ("date_frequency", self.date_frequency.is_some()),
            ("communication_style", self.communication_style.is_some()),
            ("conflict_resolution", self.conflict_resolution.is_some()),
            ("interests", !self.interests.is_empty()),
            ("bio", self.bio.is_some()),
            ("partner_name", self.partner_name.is_some()),
        ];
        fields.into_iter().filter(|(_, filled)| !filled).map(|(name, _)| name).collect()
    }

    pub fn completion(&self) -> Completion {
        let completed = TOTAL - i64::try_from(self.missing().len()).unwrap_or(TOTAL);
        Completion { completed, total: TOTAL, percentage: (completed * 100 + TOTAL / 2) / TOTAL }
    }
}

pub(super) async fn load(tx: &mut Tx, member: MemberId) -> Result<Option<Profile>> {
    let sql = "select picture, bio, location, relationship_status, anniversary_date, partner_name, partner_email,
                 love_language, date_frequency, communication_style, conflict_resolution, interests, completed_at,
                 visibility, streak_days, streak_day
               from profiles where member_id = $1";
    let Some(row) = tx.row(sql, args![member]).await? else { return Ok(None) };
    Ok(Some(Profile {
        avatar_url: None,
        avatar_thumbnail_url: None,
        picture: row.text_opt(0)?,
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
        interests: words(&row.text(11)?)?,
        completed_at: row.time_opt(12)?,
        visibility: row.text(13)?,
        streak: (row.int(14)?, row.text_opt(15)?),
    }))
}

/// A list of words as stored.
pub(super) fn words(json: &str) -> Result<Vec<String>> {
    serde_json::from_str(json).map_err(|e| Error::bug("read a list of words", e))
}

pub(super) fn write_words(words: &[String]) -> Result<String> {
    serde_json::to_string(words).map_err(|e| Error::bug("write a list of words", e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_percentage_is_rounded() {
        let mut profile = Profile {
            avatar_url: None,
            avatar_thumbnail_url: None,
            bio: None,
            location: None,
            relationship_status: None,
            anniversary_date: None,
            partner_name: None,
            partner_email: None,
            love_language: None,
            date_frequency: None,
            communication_style: None,
            conflict_resolution: None,
            interests: Vec::new(),
            picture: None,
            completed_at: None,
            visibility: "everyone".to_owned(),
            streak: (0, None),
        };
        let seen = |p: &Profile| (p.completion().completed, p.completion().percentage);
        assert_eq!(seen(&profile), (2, 14));
        profile.bio = Some("x".to_owned());
        assert_eq!(seen(&profile), (3, 21));
        profile.interests.push("tea".to_owned());
        profile.picture = Some("p".to_owned());
        assert_eq!(seen(&profile), (5, 36));
        assert!(!profile.missing().contains(&"avatar_url"));
    }
}
