//! Objects: big opaque bytes, addressed by key. Uploads, exports, backups.
//!
//! - A put is visible to the next get; a missing key reads as absent; deleting one succeeds.
//! - Create-only and replace-if-unchanged puts lose the race cleanly.
//! - A range read returns exactly the range, clipped at the end; one that begins beyond the end is refused.
//! - A signed URL works until its second of expiry, not after; any changed character is refused. Size range and type
//!   of an upload are bound into the signature; a clock that is a minute behind is tolerated on issuing.
//! - A signed URL lives for at most seven days; one that would be born expired is refused.
//! - The URL is signed in the exact encoded form the client sends (spaces, `+`, non-ASCII).
//! - Two keys verify during a rotation.
//! - A key is 1 to 512 bytes of UTF-8 without `..`, empty segments, control characters or a leading slash; a segment
//!   is not a single `.` either, which clients of HTTP would take out of the path.
//! - Every key is a name of its own: `a`, `A` and `a/b` do not meet.
//! - A content type is 1 to 255 printable ASCII characters: it becomes a header.

pub mod contract;
mod folder;
mod layout;
mod record;
mod signer;

pub use folder::FolderObjects;
pub use signer::{Grant, Refusal, Signer};

use crate::PortResult;
use async_trait::async_trait;
use base::{Time, time::DAY};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// Longest life of a signed URL, in milliseconds (S3 knows no longer one).
pub const MAX_URL_LIFE: i64 = 7 * DAY;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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

/// Inclusive first byte and exclusive end; no end reads to the end of the object. An empty range is refused.
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

impl Upload {
    /// Whether a body of this type and size is the one that was agreed on.
    pub fn admits(&self, content_type: &str, bytes: u64) -> bool {
        content_type == self.content_type && (self.min_bytes..=self.max_bytes).contains(&bytes)
    }
}

#[async_trait]
pub trait Objects: Send + Sync + 'static {
    async fn put(&self, key: &str, body: Bytes, content_type: &str, when: PutWhen, now: Time)
    -> PortResult<PutOutcome>;
    async fn head(&self, key: &str) -> PortResult<Option<Meta>>;
    /// The bytes, or the part of them that `range` names.
    async fn get(&self, key: &str, range: Option<Range>) -> PortResult<Option<(Meta, Bytes)>>;
    async fn delete(&self, key: &str) -> PortResult<()>;
    /// Keys with a prefix, in order of their bytes, after `after`.
    async fn list(&self, prefix: &str, after: Option<&str>, limit: usize) -> PortResult<Vec<Meta>>;
    /// A URL for one `PUT`, absolute or relative to the public URL.
    async fn presign_put(&self, upload: &Upload, now: Time) -> PortResult<String>;
    /// A URL for `GET` with ranges.
    async fn presign_get(&self, key: &str, expires_at: Time, now: Time) -> PortResult<String>;
}

/// What may name an object, in every adapter.
pub fn is_key(key: &str) -> bool {
    (1..=512).contains(&key.len())
        && !key.contains("..")
        && !key.chars().any(char::is_control)
        && key.split('/').all(|segment| !segment.is_empty() && segment != ".")
}

/// What may be a content type, in every adapter.
pub fn is_content_type(text: &str) -> bool {
    (1..=255).contains(&text.len()) && text.bytes().all(|b| (b' '..=b'~').contains(&b))
}
