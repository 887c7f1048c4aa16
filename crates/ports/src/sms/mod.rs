//! Text messages, one recipient at a time.
//!
//! - Numbers are E.164; anything else is refused before the call.
//! - The same idempotency key sends once, and answers the first send's receipt.
//! - An opted-out number (STOP) is refused by name until it opts in again (START). A receipt given before stands.
//! - A body over 1,600 characters is refused.
//! - Numbers and bodies do not appear in errors and Debug, so that no log gets them.

pub mod contract;
mod local;

pub use local::LocalSms;

use crate::PortResult;
use async_trait::async_trait;
use base::{Time, id::SentId};
use std::fmt;

/// Longest text, in characters (what AWS End User Messaging takes).
pub const MAX_CHARS: usize = 1_600;

#[derive(Clone)]
pub struct Message {
    pub id: SentId,
    pub to: String,
    pub text: String,
    pub idempotency_key: String,
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
    /// The number said STOP; nothing was sent.
    OptedOut,
}

#[async_trait]
pub trait Sms: Send + Sync + 'static {
    async fn send(&self, message: &Message, now: Time) -> PortResult<Sent>;
    /// STOP and START from a number.
    async fn opt(&self, number: &str, out: bool, now: Time) -> PortResult<()>;
}

/// `+` and 8 to 15 digits, the first not zero (ITU-T E.164).
pub fn is_e164(number: &str) -> bool {
    number.strip_prefix('+').is_some_and(|digits| {
        (8..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0')
    })
}
