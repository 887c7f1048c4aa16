//! Mail, one recipient at a time.
//!
//! - The same idempotency key sends once, and answers the first send's receipt.
//! - Our id, the provider's message id and the RFC 5322 `Message-ID` are three things.
//! - Header injection through names, addresses and subjects is impossible: control characters in them are refused.
//!   Non-ASCII is encoded. An address itself is ASCII, a single one, without a name.
//! - Text and HTML go as two forms of the same mail.
//! - A suppressed address is not sent to, whatever its case, and the caller learns it. A receipt given before stands.
//! - A mail over 40 MB is refused before sending.

pub mod contract;
mod local;
mod mime;

pub use local::LocalMail;

use crate::PortResult;
use async_trait::async_trait;
use base::{Time, id::SentId};
use std::fmt;

/// Largest mail in bytes, encoded (what SES takes).
pub const MAX_MAIL: usize = 40 * 1024 * 1024;

/// Its Debug shows neither addresses nor content.
#[derive(Clone)]
pub struct Message {
    pub id: SentId,
    /// `name <address>` of the sender, from the configuration.
    pub from: String,
    pub to: String,
    pub subject: String,
    pub text: String,
    pub html: String,
    /// Of what this mail is the effect: a repeat with the same key sends nothing.
    pub idempotency_key: String,
    /// Small facts for the outbox viewer and for feedback: template, language, note id.
    pub meta: serde_json::Map<String, serde_json::Value>,
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message").field("id", &self.id).finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sent {
    Accepted {
        provider_id: String,
    },
    /// The address bounced or complained before; nothing was sent.
    Suppressed,
}

#[async_trait]
pub trait Mail: Send + Sync + 'static {
    async fn send(&self, message: &Message, now: Time) -> PortResult<Sent>;
    /// Never send to this address again (permanent bounce, complaint).
    async fn suppress(&self, address: &str, now: Time) -> PortResult<()>;
}
