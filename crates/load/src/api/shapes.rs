//! Answers, with the members that are looked at here.

use serde::Deserialize;

#[derive(Debug, Clone, Deserialize)]
pub struct Session {
    pub access_token: String,
    pub refresh_token: String,
}

/// An account with a session.
#[derive(Debug, Clone)]
pub struct Member {
    pub id: String,
    pub email: String,
    pub session: Session,
}

impl Member {
    pub fn token(&self) -> &str {
        &self.session.access_token
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Entered {
    pub member: Identified,
    pub session: Session,
}

#[derive(Debug, Deserialize)]
pub(super) struct Renewed {
    pub session: Session,
}

#[derive(Debug, Deserialize)]
pub(super) struct Identified {
    pub id: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Invitation {
    pub code: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Ticket {
    pub ticket: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Clock {
    pub now: String,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Note {
    pub id: String,
    pub content: String,
    pub status: String,
    pub sent_at: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Scheduled {
    pub id: String,
    pub content: String,
    pub status: String,
}

/// A message of a conversation.
#[derive(Debug, Clone, Deserialize)]
pub struct Message {
    pub id: String,
    pub seq: u64,
    pub sender_id: String,
    pub content: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Unread {
    pub total: u64,
}

/// A message of the development outbox.
#[derive(Debug, Clone, Deserialize)]
pub struct Mail {
    pub text: String,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Page<T> {
    pub data: Vec<T>,
    #[serde(default)]
    pub next_cursor: Option<String>,
}
