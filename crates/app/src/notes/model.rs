//! Shapes and checks of notes; pure.

use super::{
    channel::{Address, Channel, RecipientType},
    share::Share,
};
use crate::{
    check::{Checks, id_or_empty},
    mailing::{self, Text},
};
use base::{
    Error, Lang, Result, Time,
    id::{MemberId, NoteId, TemplateId},
};
use bytes::Bytes;
use ports::sms;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How far a note has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = NoteStatus)]
pub enum Status {
    /// On its way, or shared by the sender's own hand.
    Sent,
    /// In the partner's box, or taken by the telephone or mail gateway.
    Delivered,
    Opened,
    Failed,
}

impl Status {
    pub const NAMES: &[&str] = &["sent", "delivered", "opened", "failed"];
}

/// A love note as both sides read it. This is also the stored form: lists pass it through.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Note {
    pub id: NoteId,
    pub sender_id: MemberId,
    pub recipient_type: RecipientType,
    /// For `social_media` the platform.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<Channel>,
    /// The partner's member id, a phone or an e-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recipient: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    pub content: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template_id: Option<TemplateId>,
    pub channel: Channel,
    pub language: Lang,
    pub status: Status,
    pub sent_at: Option<Time>,
    pub delivered_at: Option<Time>,
    pub opened_at: Option<Time>,
    /// The gateway's name for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_message_id: Option<String>,
    /// Of a failed one: `opted_out` and `suppressed` (the recipient wants none, or cannot be reached), `refused`, or
    /// the code of what stood in the way to the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure_reason: Option<String>,
    /// What the sender posts, where the channel is a platform.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<Share>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<NoteId>,
    pub created_at: Time,
    pub updated_at: Time,
}

impl Note {
    pub(super) fn json(&self) -> Result<Bytes> {
        Ok(Bytes::from(serde_json::to_vec(self).map_err(|e| Error::bug("write a note", e))?))
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "channel": "partner", "content": "Tea is ready. So am I." }))]
pub struct NewNote {
    #[schema(value_type = Channel)]
    pub channel: String,
    /// `sms`: a phone in E.164; `email`: an address; `whatsapp`: a phone, if you like. Other channels have none.
    #[schema(max_length = 320)]
    pub recipient: Option<String>,
    #[schema(max_length = 10_000)]
    pub title: Option<String>,
    /// For `sms` the whole text, our words included, has at most 1,600 characters.
    #[schema(min_length = 1, max_length = 10_000)]
    pub content: String,
    #[schema(value_type = Option<String>, pattern = "^(tpl_[0-7][0-9a-hjkmnp-tv-z]{25})?$")]
    #[serde(default, deserialize_with = "id_or_empty")]
    pub template_id: Option<TemplateId>,
    pub language: Option<String>,
    /// A received note that this one answers.
    #[schema(value_type = Option<String>, pattern = "^(note_[0-7][0-9a-hjkmnp-tv-z]{25})?$")]
    #[serde(default, deserialize_with = "id_or_empty")]
    pub reply_to: Option<NoteId>,
}

/// Longest title and content in code points (free text without a cap of its own).
pub(super) const LONGEST: usize = 10_000;

/// What is written, whether now or later.
#[derive(Debug, Clone)]
pub struct Words {
    pub title: Option<String>,
    pub content: String,
    pub language: Lang,
    pub template_id: Option<TemplateId>,
    pub reply_to: Option<NoteId>,
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

/// The text message of a note: who writes, title, content, our signature with the way to join, and how to opt out.
pub(super) fn sms_text(sender: &str, title: Option<&str>, content: &str, lang: Lang, link: &str) -> String {
    mailing::render_text(&Text::LoveNote { sender, title, content, link }, lang)
}

/// A text message must fit into what gateways take.
pub(super) fn check_sms(checks: &mut Checks, text: &str) {
    if text.chars().count() > sms::MAX_CHARS {
        checks.refuse("/content", "too_long", "This is too long for a text message.");
    }
}

impl NewNote {
    /// `sender` and `link` are what a text message says besides.
    pub(super) fn check(
        &self,
        language: Lang,
        sender: &str,
        link: impl FnOnce() -> String,
    ) -> Result<(Words, Address)> {
        let mut checks = Checks::default();
        let to = Address::check(&mut checks, &self.channel, self.recipient.as_deref());
        let title = check_words(&mut checks, self.title.as_deref(), &self.content);
        let language = checks.lang("/language", self.language.as_deref()).unwrap_or(language);
        if to.as_ref().is_some_and(|to| to.channel == Channel::Sms) && checks.is_clean() {
            check_sms(&mut checks, &sms_text(sender, title.as_deref(), &self.content, language, &link()));
        }
        checks.done()?;
        let to = to.ok_or_else(|| Error::bug("check a note", "a channel without a complaint"))?;
        let content = self.content.clone();
        Ok((Words { title, content, language, template_id: self.template_id, reply_to: self.reply_to }, to))
    }
}
