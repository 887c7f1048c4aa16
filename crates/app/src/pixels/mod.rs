//! Images that people send, as they are kept: in two sizes, upright, without metadata. For every feature that takes
//! images; decoding runs on threads that serve no requests, a few images at a time.

mod kept;

pub use kept::{Picture, Refused};

use base::{Error, Result};
use bytes::Bytes;
use tokio::sync::Semaphore;

/// Images that are decoded at once: each may take a few hundred megabytes for a moment.
const AT_ONCE: usize = 2;

/// What images need in memory.
pub struct Pixels(Semaphore);

impl Default for Pixels {
    fn default() -> Self {
        Self(Semaphore::new(AT_ONCE))
    }
}

impl Pixels {
    /// The kept forms of an image: within a square of the first edge, and of the second.
    pub async fn keep(&self, bytes: Bytes, edges: [u32; 2]) -> Result<Result<Picture, Refused>> {
        // Before anything is spent on it.
        let format = match kept::sniff(&bytes) {
            Ok(format) => format,
            Err(refused) => return Ok(Err(refused)),
        };
        let permit = self.0.acquire().await.map_err(|e| Error::bug("wait for a decoder", e))?;
        let work = tokio::task::spawn_blocking(move || kept::prepare(&bytes, format, edges));
        let picture = work.await.map_err(|e| Error::bug("decode an image", e))?;
        drop(permit);
        Ok(picture)
    }
}
