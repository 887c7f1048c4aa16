//! Objects: big opaque bytes, addressed by key. Uploads, exports, backups.
//!
//! - A put is visible to the next get; a missing key reads as absent; deleting one succeeds.
//! - Create-only and replace-if-unchanged puts lose the race cleanly.
//! - A range read returns exactly the range, clipped at the end; one that begins beyond the end is refused.
//! - A signed URL works until its second of expiry, not after; any changed character is refused. Size range and type
//!   of an upload are bound into the signature; a clock that is a minute behind is tolerated on issuing.
//! - The URL is signed in the exact encoded form the client sends (spaces, `+`, non-ASCII).
//! - Two keys verify during a rotation.
//! - A key is 1 to 512 bytes of UTF-8 without `..`, empty segments, control characters or a leading slash.

pub mod contract;
mod folder;

pub use folder::{FolderObjects, Signer};

use crate::PortResult;
use async_trait::async_trait;
use base::Time;
use bytes::Bytes;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meta {
    pub key: String,
    pub size: u64,
    pub content_type: String,
    /// Changes with the content; compare for equality only.
    pub etag: String,
    pub modified_at: Time,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PutWhen {
    Always,
    /// Only when there is none.
    Absent,
    /// Only when the stored one has this ETag.
    Unchanged(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PutOutcome {
    Stored(Meta),
    /// The condition did not hold; nothing was written.
    Lost,
}

/// Inclusive first byte and exclusive end; no end reads to the end of the object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    pub start: u64,
    pub end: Option<u64>,
}

/// What a presigned upload may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    pub key: String,
    pub content_type: String,
    pub min_bytes: u64,
    pub max_bytes: u64,
    pub expires_at: Time,
}

#[async_trait]
pub trait Objects: Send + Sync + 'static {
    async fn put(&self, key: &str, body: Bytes, content_type: &str, when: PutWhen, now: Time) -> PortResult<PutOutcome>;
    async fn head(&self, key: &str) -> PortResult<Option<Meta>>;
    /// The bytes, or the part of them that `range` names.
    async fn get(&self, key: &str, range: Option<Range>) -> PortResult<Option<(Meta, Bytes)>>;
    async fn delete(&self, key: &str) -> PortResult<()>;
    /// Keys with a prefix, in order, after `after`.
    async fn list(&self, prefix: &str, after: Option<&str>, limit: usize) -> PortResult<Vec<Meta>>;
    /// A URL for one `PUT`, absolute or relative to the public URL.
    async fn presign_put(&self, upload: &Upload, now: Time) -> PortResult<String>;
    /// A URL for `GET` with ranges.
    async fn presign_get(&self, key: &str, expires_at: Time, now: Time) -> PortResult<String>;
}
