//! Secrets by name: provider keys, passwords, signing keys.
//!
//! - A missing secret is an error that names it; a value never shows in Debug, logs or errors.
//! - A secret over 64 KB is refused before it is stored.
//! - `keyring` creates its first key on first use and keeps every key until it is retired; files are readable by
//!   the service alone (0600 in a 0700 folder).

pub mod contract;
mod file;

pub use file::FileSecrets;

use crate::PortResult;
use async_trait::async_trait;
use base::{Secret, Time};

/// One key of a ring: 32 secret bytes with the time of their making.
#[derive(Clone)]
pub struct RingKey {
    /// Short, stable, safe to publish (`kid`).
    pub id: String,
    pub created_at: Time,
    pub bytes: [u8; 32],
}

#[async_trait]
pub trait Secrets: Send + Sync + 'static {
    /// A secret by reference: `env:NAME`, `file:PATH` or a plain name of this store.
    async fn get(&self, reference: &str) -> PortResult<Secret>;

    /// The keys of a ring, newest first. Makes the first one; adds a new one when the newest is older than
    /// `rotate_after_ms`, and drops those older than `rotate_after_ms + overlap_ms` once a newer one exists.
    async fn keyring(&self, name: &str, rotate_after_ms: i64, overlap_ms: i64, now: Time) -> PortResult<Vec<RingKey>>;
}
