//! Secrets by name: provider keys, passwords, signing keys.
//!
//! - A missing secret is an error that names it, and an empty one counts as missing; a value never shows in Debug,
//!   logs or errors.
//! - A secret over 64 KB is refused before it is stored.
//! - A plain name is 1 to 100 letters, digits, `-` and `_`.
//! - `keyring` creates its first key on first use and keeps every key until it is retired; files are readable by
//!   the service alone (0600 in a 0700 folder).
//! - All who ask for the first time at once get the same key.

pub mod contract;
mod file;
mod ring;

pub use file::FileSecrets;

use crate::PortResult;
use async_trait::async_trait;
use base::{Secret, Time};
use std::fmt;
use zeroize::Zeroize as _;

/// Longest secret, in bytes (what AWS Secrets Manager keeps).
pub const MAX_SECRET: usize = 64 * 1024;

/// One key of a ring: 32 secret bytes with the time of their making.
#[derive(Clone)]
pub struct RingKey {
    /// Short, stable, safe to publish (`kid`).
    pub id: String,
    pub created_at: Time,
    pub bytes: [u8; 32],
}

impl fmt::Debug for RingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RingKey").field("id", &self.id).field("created_at", &self.created_at).finish_non_exhaustive()
    }
}

impl Drop for RingKey {
    fn drop(&mut self) {
        self.bytes.zeroize();
    }
}

#[async_trait]
pub trait Secrets: Send + Sync + 'static {
    /// A secret by reference: `env:NAME`, `file:PATH` or a plain name of this store.
    async fn get(&self, reference: &str) -> PortResult<Secret>;

    /// The keys of a ring, newest first. Makes the first one; adds a new one when the newest is older than
    /// `rotate_after_ms`, and drops those older than `rotate_after_ms + overlap_ms` once a newer one exists.
    async fn keyring(&self, name: &str, rotate_after_ms: i64, overlap_ms: i64, now: Time) -> PortResult<Vec<RingKey>>;
}

/// What may be a plain name, of a secret or of a ring, in every adapter.
pub fn is_name(name: &str) -> bool {
    (1..=100).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}
