//! Shapes and checks of messages; pure.

use super::state::Seat;
use crate::{calls, check::Checks, files};
use base::{
    Error, Result, Time,
    id::{CallId, ConversationId, FileId, MemberId, MessageId},
};
use bytes::Bytes;
use ports::items::Item;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Code points of a text or a caption.
pub(super) const LONGEST: usize = 4_000;
/// Code points of a preview.
const PREVIEW: usize = 200;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = MessageKind)]
pub enum Kind {
    Text,
    Image,
    Video,
    Voice,
    Document,
    Location,
    /// A call, as the conversation remembers it. Nobody sends one, and it is never unread.
    Call,
}

impl Kind {
    /// `audio` is another word for `voice`, `file` for `document`.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "text" => Self::Text,
            "image" => Self::Image,
            "video" => Self::Video,
            "voice" | "audio" => Self::Voice,
            "document" | "file" => Self::Document,
            "location" => Self::Location,
            _ => return None,
        })
    }

    /// Of a message that is a file.
    pub(super) fn file(self) -> Option<files::Kind> {
        Some(match self {
            Self::Image => files::Kind::Image,
            Self::Video => files::Kind::Video,
            Self::Voice => files::Kind::Voice,
            Self::Document => files::Kind::Document,
            Self::Text | Self::Location | Self::Call => return None,
        })
    }
}

/// How far a message has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = MessageStatus)]
pub enum Status {
    Sent,
    Delivered,
    Read,
}

impl Status {
    pub fn name(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Read => "read",
        }
    }
}

/// A place on Earth.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Location {
    /// Degrees, -90 to 90; 8 decimals are kept.
    #[schema(minimum = -90, maximum = 90)]
    pub lat: f64,
    /// Degrees, -180 to 180; 8 decimals are kept.
    #[schema(minimum = -180, maximum = 180)]
    pub lng: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 4_000)]
    pub address: Option<String>,
}

/// Where a forwarded message comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ForwardedFrom {
    pub message_id: MessageId,
    pub by: MemberId,
    pub at: Time,
}

/// A call, as the conversation remembers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = MessageCall)]
pub struct CallTrace {
    pub id: CallId,
    #[serde(rename = "type")]
    pub kind: calls::Kind,
    /// How it ended.
    pub state: calls::State,
    /// From the answer to the end; 0 when nobody answered.
    pub duration_s: i64,
}

/// An uploaded file of the sender's.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
pub struct FileToSend {
    pub id: FileId,
}

/// What is sent.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(example = json!({ "client_id": "4f1c0e4e-1", "kind": "text", "content": "Home in ten minutes" }))]
pub struct NewMessage {
    /// The device's own name for the message: the same one from the same sender gives the first message again.
    #[schema(min_length = 1, max_length = 100)]
    pub client_id: Option<String>,
    /// `text` (default), `image`, `video`, `voice`, `document` or `location`.
    #[schema(pattern = "^(text|image|video|voice|audio|document|file|location|)$")]
    pub kind: Option<String>,
    /// The text; of a file its caption. Trimmed.
    #[schema(max_length = 4_000)]
    pub content: Option<String>,
    pub location: Option<Location>,
    /// For `image`, `video`, `voice` and `document`: what was uploaded before. In a form the file itself may come along.
    pub file: Option<FileToSend>,
    /// A message of this conversation that this one answers.
    #[schema(value_type = Option<String>, pattern = "^(msg_[0-7][0-9a-hjkmnp-tv-z]{25})?$")]
    #[serde(default, deserialize_with = "crate::check::id_or_empty")]
    pub reply_to_id: Option<MessageId>,
}

/// What a message says, checked.
#[derive(Debug, Clone)]
pub(super) struct Said {
    pub kind: Kind,
    pub content: Option<String>,
    pub location: Option<Location>,
}

impl NewMessage {
    /// `comes_along`: the file is in the same form.
    pub(super) fn check(&self, comes_along: bool) -> Result<Said> {
        let mut checks = Checks::default();
        if let Some(id) = &self.client_id {
            checks.length("/client_id", id, 1, 100);
        }
        let kind = self.kind.as_deref().filter(|kind| !kind.is_empty()).map_or(Some(Kind::Text), Kind::parse);
        if kind.is_none() {
            checks.refuse("/kind", "unknown_value", "This is not one of the possible values.");
        }
        let mut content = checks.optional("/content", self.content.as_deref(), LONGEST);
        let location = self.location.as_ref().map(|place| check_location(&mut checks, place));
        let location = location.filter(|_| kind == Some(Kind::Location));
        match kind {
            Some(Kind::Text) if content.is_none() => checks.refuse("/content", "required", "A message needs words."),
            Some(Kind::Location) if location.is_none() => {
                checks.refuse("/location", "required", "A place is needed.");
            }
            // Its address is what a place says.
            Some(Kind::Location) => content = location.as_ref().and_then(|place| place.address.clone()),
            Some(kind) if kind.file().is_some() && self.file.is_none() && !comes_along => {
                checks.refuse("/file", "required", "A file is needed.");
            }
            _ => {}
        }
        checks.done()?;
        let kind = kind.ok_or_else(|| Error::bug("check a message", "a kind without a complaint"))?;
        Ok(Said { kind, content, location })
    }
}

fn check_location(checks: &mut Checks, place: &Location) -> Location {
    for (pointer, value, most) in [("/location/lat", place.lat, 90.0), ("/location/lng", place.lng, 180.0)] {
        if !(-most..=most).contains(&value) {
            checks.refuse(pointer, "out_of_range", "This is not a place on Earth.");
        }
    }
    let rounded = |degrees: f64| (degrees * 1e8).round() / 1e8;
    let address = checks.optional("/location/address", place.address.as_deref(), LONGEST);
    Location { lat: rounded(place.lat), lng: rounded(place.lng), address }
}

/// The beginning of a text, as lists show it.
pub(super) fn preview(text: &str) -> String {
    match text.char_indices().nth(PREVIEW) {
        Some((end, _)) => text[..end].to_owned(),
        None => text.to_owned(),
    }
}

/// What the store sees of a message without reading it: who sent it, and whether it reads the same for everybody.
pub(super) mod flags {
    /// Sent by the second participant.
    pub const SECOND: i64 = 1;
    /// Has something beyond what was sent: it is read before it is shown.
    pub const SPECIAL: i64 = 1 << 1;
    /// Deleted for everyone.
    pub const GONE: i64 = 1 << 2;
    /// Deleted by the first participant, for that one alone; and by the second.
    pub const HIDDEN: [i64; 2] = [1 << 3, 1 << 4];
    /// Addressed to nobody: the trace of a call.
    pub const SYSTEM: i64 = 1 << 5;
}

pub(super) fn sender_of(number: i64) -> Seat {
    if number & flags::SECOND == 0 { Seat::First } else { Seat::Second }
}

/// Whether a participant sees it at all; one that is deleted for everyone is seen as deleted.
pub(super) fn is_visible(number: i64, seat: Seat) -> bool {
    number & flags::HIDDEN[seat.index()] == 0
}

/// Whether it is unread for its receiver until it is read.
pub(super) fn is_addressed(number: i64, to: Seat) -> bool {
    sender_of(number) != to && number & (flags::GONE | flags::SYSTEM) == 0 && is_visible(number, to)
}

/// A message as stored. Plain ones hold nothing in `more`: their JSON is passed through.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Stored {
    pub id: MessageId,
    pub conversation_id: ConversationId,
    pub seq: u64,
    pub sender_id: MemberId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    pub kind: Kind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forwarded_from: Option<ForwardedFrom>,
    pub edited_at: Option<Time>,
    pub created_at: Time,
    #[serde(default, skip_serializing_if = "More::is_nothing")]
    pub more: More,
}

/// What a message comes to have, or what is shown in another form than it is stored in.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct More {
    /// The `seq` it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<files::Attachment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call: Option<CallTrace>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reactions: Vec<Reacted>,
    /// Since when each participant has it starred.
    #[serde(skip_serializing_if = "<[_; 2]>::is_nothing")]
    pub starred: [Option<Time>; 2],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pinned: Option<Pinned>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Time>,
    #[serde(skip_serializing_if = "<[_; 2]>::is_nothing")]
    pub hidden: [bool; 2],
}

/// Whether there is anything to store.
trait IsNothing {
    fn is_nothing(&self) -> bool;
}

impl<T: Default + PartialEq> IsNothing for [T; 2] {
    fn is_nothing(&self) -> bool {
        *self == [T::default(), T::default()]
    }
}

impl More {
    /// Deleted for everyone.
    pub fn is_gone(&self) -> bool {
        self.deleted_at.is_some()
    }

    fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Reacted {
    pub by: MemberId,
    pub emoji: String,
    pub at: Time,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pinned {
    pub by: MemberId,
    pub at: Time,
    pub until: Option<Time>,
}

impl Pinned {
    pub fn holds(&self, now: Time) -> bool {
        self.until.is_none_or(|until| until > now)
    }
}

impl Stored {
    pub fn read(item: &Item) -> Result<Self> {
        serde_json::from_slice(&item.body).map_err(|e| Error::bug("read a message", e))
    }

    pub fn json(&self) -> Result<Bytes> {
        Ok(Bytes::from(serde_json::to_vec(self).map_err(|e| Error::bug("write a message", e))?))
    }

    /// The number it is stored with.
    pub fn flags(&self, sender: Seat) -> i64 {
        let mut flags = if sender == Seat::Second { flags::SECOND } else { 0 };
        if !self.more.is_nothing() {
            flags |= flags::SPECIAL;
        }
        if self.more.deleted_at.is_some() {
            flags |= flags::GONE;
        }
        if self.kind == Kind::Call {
            flags |= flags::SYSTEM;
        }
        for seat in Seat::BOTH {
            if self.more.hidden[seat.index()] {
                flags |= flags::HIDDEN[seat.index()];
            }
        }
        flags
    }
}
