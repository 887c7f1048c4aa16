//! Backups: a whole data folder in one file, made beside a running server (docs/adr/0007-backups.md).
//!
//! * [`create`]: every write that was acknowledged before it began is in the file, and everything in it belongs to one
//!   instant. The server is held up for less than a millisecond.
//! * [`format`]: the file. Every byte of it is covered by a digest.
//! * [`restore`]: reads a backup into a folder that it checks before it gives it its name; verifying is the same
//!   without the last step.

pub mod create;
pub mod format;
mod places;
pub mod restore;
mod stage;

pub use places::Places;

use std::{io, path::Path};

/// The databases, as members and in a data folder.
pub const SQL: &str = "sql.db";
pub const ITEMS: &str = "items.db";
/// The folders.
pub const OBJECTS: &str = "objects";
pub const MAIL: &str = "mail";
pub const KEYS: &str = "keys";

/// Why a backup was not made, or is not one to use.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error("{0} is not a backup of o2o")]
    Foreign(String),
    #[error("{file} was made by a newer release ({what}); use that release or a later one")]
    Newer { file: String, what: String },
    #[error("{file} is cut short: {what}")]
    Cut { file: String, what: String },
    #[error("{file} was altered or is damaged: {what}")]
    Altered { file: String, what: String },
    #[error("{0}")]
    Place(String),
    #[error("{place}: {source}")]
    Io { place: String, source: io::Error },
    #[error("the disk of {0} is full; nothing was kept")]
    Full(String),
    #[error(transparent)]
    Port(#[from] ports::PortError),
}

/// Names the place in an error of the file system.
fn at(place: &Path) -> impl Fn(io::Error) -> BackupError + Copy {
    move |source| {
        let place = place.display().to_string();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => BackupError::Full(place),
            _ => BackupError::Io { place, source },
        }
    }
}
