//! Shapes and checks of notes; pure.

use crate::check::Checks;
use base::{
    Lang, Time,
    id::{MemberId, NoteId, TemplateId},
};
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use std::{borrow::Cow, fmt::Display, str::FromStr};
use utoipa::ToSchema;

/// A love note as both sides read it. This is also the stored form: lists pass it through.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Note {
    pub id: NoteId,
    pub sender_id: MemberId,
    /// `partner`
    pub recipient_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    /// For a partner note the partner's member id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recipient: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    pub content: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template_id: Option<TemplateId>,
    pub channel: String,
    pub language: Lang,
    /// `sent`, `delivered`, `opened` or `failed`.
    pub status: String,
    pub sent_at: Option<Time>,
    pub delivered_at: Option<Time>,
    pub opened_at: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<NoteId>,
    pub created_at: Time,
    pub updated_at: Time,
}

#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "channel": "partner", "content": "Tea is ready. So am I." }))]
pub struct NewNote {
    /// `partner`
    pub channel: String,
    #[schema(max_length = 10_000)]
    pub title: Option<String>,
    #[schema(min_length = 1, max_length = 10_000)]
    pub content: String,
    #[serde(default, deserialize_with = "id_or_empty")]
    pub template_id: Option<TemplateId>,
    pub language: Option<String>,
    /// A received note that this one answers.
    #[serde(default, deserialize_with = "id_or_empty")]
    pub reply_to: Option<NoteId>,
}

/// Empty means none, for an optional field of any type (product/README.md).
fn id_or_empty<'de, D, T>(input: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: Display>,
{
    let text = Option::<Cow<'de, str>>::deserialize(input)?;
    text.filter(|t| !t.is_empty()).map(|t| t.parse().map_err(D::Error::custom)).transpose()
}

/// Longest title and content in code points (free text without a cap of its own).
pub(super) const LONGEST: usize = 10_000;

pub(super) const CHANNELS: &[&str] =
    &["partner", "sms", "email", "whatsapp", "facebook", "instagram", "twitter", "tiktok", "linkedin"];

/// What is written, whether now or later.
#[derive(Debug, Clone)]
pub struct Words {
    pub title: Option<String>,
    pub content: String,
    pub language: Lang,
    pub template_id: Option<TemplateId>,
    pub reply_to: Option<NoteId>,
}

/// Channels that this release delivers. The others are known by name, so the answer can say so.
pub(super) fn check_channel(checks: &mut Checks, channel: &str) {
    if !CHANNELS.contains(&channel) {
        checks.refuse("/channel", "unknown_value", "This is not one of the channels.");
    } else if channel != "partner" {
        checks.refuse("/channel", "unknown_value", "This channel is not available yet; `partner` is.");
    }
}

pub(super) fn check_words(checks: &mut Checks, title: Option<&str>, content: &str) -> Option<String> {
    if content.trim().is_empty() {
        checks.refuse("/content", "required", "A note needs words.");
    } else {
        checks.length("/content", content, 1, LONGEST);
    }
    // Kept as typed; only a blank one is none.
    let title = title.filter(|t| !t.trim().is_empty())?;
    checks.length("/title", title, 1, LONGEST);
    Some(title.to_owned())
}

impl NewNote {
    pub(super) fn check(&self, language: Lang) -> base::Result<Words> {
        let mut checks = Checks::default();
        check_channel(&mut checks, &self.channel);
        let title = check_words(&mut checks, self.title.as_deref(), &self.content);
        let chosen = checks.lang("/language", self.language.as_deref());
        checks.done()?;
        Ok(Words {
            title,
            content: self.content.clone(),
            language: chosen.unwrap_or(language),
            template_id: self.template_id,
            reply_to: self.reply_to,
        })
    }
}
