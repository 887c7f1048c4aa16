//! Files that are whole or not there: written aside, synced, moved into place. What the adapters on folders share.
//!
//! Everything here is readable by the service alone (0600 in 0700) and blocks: call it inside [`blocking`].

use crate::{Fault, PortError, PortResult};
use std::{
    fmt::Write as _,
    fs::{self, DirBuilder, File, OpenOptions, Permissions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

/// Runs file work beside the runtime's workers.
pub(crate) async fn blocking<T: Send + 'static>(
    op: &'static str,
    work: impl FnOnce() -> PortResult<T> + Send + 'static,
) -> PortResult<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(ended) => Err(PortError::new(op, Fault::Unavailable, "the file work ended early").because(ended)),
    }
}

/// The one place that reads errors of the file system.
pub(crate) fn failed(op: &'static str) -> impl Fn(io::Error) -> PortError + Copy {
    move |error| {
        let (fault, detail) = match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => (Fault::Unavailable, "the disk is full"),
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                (Fault::Refused, "the file system does not permit it")
            }
            io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => (Fault::Corrupt, "the file is damaged"),
            _ => (Fault::Unavailable, "the file system does not answer"),
        };
        PortError::new(op, fault, detail).because(error)
    }
}

/// `None` where there is no such file.
pub(crate) fn found<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Creates the file readable by its owner only, before SQLite would create it for everyone; its log inherits that.
///
/// An existing file is never opened here: closing it would drop the locks that a connection of this process holds.
pub(crate) fn private_file(path: &Path) -> io::Result<()> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => fs::set_permissions(path, Permissions::from_mode(0o600)),
        created => created.map(drop),
    }
}

/// Makes `path` and what is missing above it, and their names durable.
pub(crate) fn make_folder(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let above = parent(path);
    make_folder(above)?;
    match DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    sync_folder(above)
}

/// Makes the names inside `folder` durable.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

fn parent(path: &Path) -> &Path {
    path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A synced file beside its place, removed unless it is put there.
pub(crate) struct Temp {
    path: PathBuf,
    placed: bool,
}

impl Temp {
    /// Writes the parts one after the other into a new file of `folder`.
    pub(crate) fn write(folder: &Path, parts: &[&[u8]]) -> io::Result<Self> {
        let path = folder.join(format!(".{}.tmp", hex(&base::secret::random::<12>())));
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        let this = Self { path, placed: false };
        for part in parts {
            file.write_all(part)?;
        }
        file.sync_all()?;
        Ok(this)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Moves it over what is at `to`, which lies in the same file system. `Ok` means on disk.
    pub(crate) fn place(&mut self, to: &Path) -> io::Result<()> {
        self.rename(to)?;
        sync_folder(parent(to))
    }

    /// Like [`Temp::place`], but its name is durable only after [`sync_folder`].
    pub(crate) fn rename(&mut self, to: &Path) -> io::Result<()> {
        fs::rename(&self.path, to)?;
        self.placed = true;
        Ok(())
    }
}

impl Drop for Temp {
    fn drop(&mut self) {
        if !self.placed {
            let _gone = fs::remove_file(&self.path);
        }
    }
}

/// Lower-case hexadecimal: safe in file names, headers and URLs.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        let _infallible = write!(out, "{byte:02x}");
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_placed_file_is_private_and_a_dropped_one_leaves_nothing() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("a/b");
        make_folder(&folder).unwrap();
        make_folder(&folder).unwrap();
        Temp::write(&folder, &[b"x", b"y"]).unwrap().place(&folder.join("f")).unwrap();
        drop(Temp::write(&folder, &[b"never placed"]).unwrap());
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&folder), mode(&root.path().join("a")), mode(&folder.join("f"))), (0o700, 0o700, 0o600));
        assert_eq!(fs::read(folder.join("f")).unwrap(), b"xy");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
    }
}
