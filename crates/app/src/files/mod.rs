//! Files that people send each other: images, videos, voice notes, documents.
//!
//! A file comes in one step or in two (a signed link, then a word that the bytes are there), is judged by its content
//! alone, and is kept as objects under a name that nothing tells, with an item that counts the messages that use it.
//! Images are written anew, so nothing but pixels survives. Every byte kept counts against the owner's storage, in the
//! commit that keeps it, until the file is removed.
//!
//! Messages are not known here: who sends a file takes the writes of [`attach`], [`share`] and [`release`] into its
//! own commit, and decides who may see what [`view`] gives. What nothing uses after a day is swept.

mod begin;
mod content;
mod duration;
mod keep;
mod model;
mod names;
mod prepare;
mod routes;
mod strip;
mod sweep;
mod uses;

pub use keep::store;
pub use model::{Attachment, FileView, Kind, LARGEST, StoredFile, view};
pub use prepare::Looking;
pub use routes::routes;
pub use sweep::Sweep;
pub use uses::{Released, attach, discard, release, release_all, share};

use base::{Error, Result};

/// Seconds that a caller says a recording has.
pub fn seconds(said: Option<f64>, pointer: &'static str) -> Result<Option<f64>> {
    match said {
        Some(seconds) if !(0.0..=86_400.0).contains(&seconds) => {
            Err(Error::field(pointer, "out_of_range", "A recording has up to a day."))
        }
        said => Ok(said.filter(|seconds| *seconds > 0.0)),
    }
}
