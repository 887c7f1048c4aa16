//! The data folder: made and tried before anything opens a file in it, and held by one server at a time.
//!
//! The lock is advisory and belongs to the open file, so it ends with the process however that ends. Commands that
//! work beside a running server do not take it.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{self, ErrorKind, Read as _, Seek as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    process, thread,
    time::{Duration, Instant},
};

/// Name of the lock file in the folder.
const FILE: &str = ".lock";
/// A server that is just stopping gets this long to let go; well under the 5 s after which a start must have failed.
pub const PATIENCE: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(25);

/// Why the data folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    #[error("the data folder {folder} is in use by {holder}; stop that server or choose another folder with --data")]
    InUse { folder: PathBuf, holder: String },
    #[error("the data folder {folder} cannot be used: {place} is a file, not a folder")]
    FileInTheWay { folder: PathBuf, place: PathBuf },
    #[error(
        "the data folder {folder} cannot be written to: {source}; give it to this user or choose another with --data"
    )]
    NotWritable { folder: PathBuf, source: io::Error },
    #[error("the disk of the data folder {folder} is full; free some space and start again")]
    Full { folder: PathBuf },
    #[error("the data folder {folder} cannot be used: {source}")]
    Other { folder: PathBuf, source: io::Error },
}

impl FolderError {
    fn from_io(folder: &Path, source: io::Error) -> Self {
        let folder = folder.to_owned();
        match source.kind() {
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => Self::NotWritable { folder, source },
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::Full { folder },
            ErrorKind::NotADirectory | ErrorKind::AlreadyExists => {
                let place = folder.ancestors().find(|place| place.is_file()).unwrap_or(&folder).to_owned();
                Self::FileInTheWay { folder, place }
            }
            _ => Self::Other { folder, source },
        }
    }
}

/// Makes the folder, for this user alone (0700), and writes and syncs a file in it to see that it takes data.
pub fn prepare_folder(folder: &Path) -> Result<(), FolderError> {
    let fail = |source| FolderError::from_io(folder, source);
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(fail)?;
    let probe = folder.join(format!(".probe-{}", process::id()));
    let tried = try_write(&probe);
    // What cannot be written may not exist either; the attempt above has the reason.
    let removed = fs::remove_file(&probe);
    tried.and(removed).map_err(fail)
}

/// One page, to the disk: an empty file would fit on a full one.
fn try_write(path: &Path) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(&[b'o'; 4096])?;
    file.sync_all()
}

/// The folder is ours until this is dropped or the process ends.
#[derive(Debug)]
pub struct FolderLock {
    file: File,
    folder: PathBuf,
}

impl FolderLock {
    /// Takes the lock, waiting up to `patience` for a server that is stopping. The folder must exist.
    pub fn take(folder: &Path, patience: Duration) -> Result<Self, FolderError> {
        let fail = |source| FolderError::from_io(folder, source);
        let path = folder.join(FILE);
        // Not truncated: until the lock is ours the text in it belongs to its holder.
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path)
            .map_err(fail)?;
        let deadline = Instant::now() + patience;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::Error(source)) => return Err(fail(source)),
                Err(TryLockError::WouldBlock) if Instant::now() < deadline => thread::sleep(PAUSE),
                Err(TryLockError::WouldBlock) => {
                    return Err(FolderError::InUse { folder: folder.to_owned(), holder: holder(&mut file) });
                }
            }
        }
        let mut lock = Self { file, folder: folder.to_owned() };
        lock.write(&process::id().to_string())?;
        Ok(lock)
    }

    /// Notes the address we listen on, for the message to the next one who tries.
    pub fn announce(&mut self, url: &str) -> Result<(), FolderError> {
        self.write(&format!("{}\n{url}", process::id()))
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn write(&mut self, text: &str) -> Result<(), FolderError> {
        let written =
            self.file.set_len(0).and_then(|()| self.file.rewind()).and_then(|()| writeln!(self.file, "{text}"));
        written.map_err(|source| FolderError::from_io(&self.folder, source))
    }
}

/// What the holder wrote of itself: process id, then address.
fn holder(file: &mut File) -> String {
    let mut text = String::new();
    // Only for the message; a holder that has not written yet is still a holder.
    let _ = file.rewind().and_then(|()| file.take(1024).read_to_string(&mut text));
    match text.trim().split_once('\n') {
        Some((pid, url)) => format!("process {pid} ({url})"),
        None if text.trim().is_empty() => "another process".to_owned(),
        None => format!("process {}", text.trim()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn the_second_learns_who_is_first_and_soon() {
        let folder = tempfile::tempdir().unwrap();
        let mut first = FolderLock::take(folder.path(), PATIENCE).unwrap();
        let said = |patience| FolderLock::take(folder.path(), patience).unwrap_err().to_string();
        let pid = process::id();
        let name = folder.path().display().to_string();
        let unannounced = said(Duration::ZERO);
        assert!(unannounced.contains(&name) && unannounced.contains(&format!("process {pid};")), "{unannounced}");

        first.announce("http://127.0.0.1:8080").unwrap();
        let announced = said(PAUSE * 3);
        const { assert!(PATIENCE.as_secs() < 4, "a start must have failed within 5 s") };
        assert!(announced.contains(&format!("process {pid} (http://127.0.0.1:8080)")), "{announced}");
    }

    #[test]
    fn the_lock_passes_on_when_its_holder_ends() {
        let folder = tempfile::tempdir().unwrap();
        let mut first = FolderLock::take(folder.path(), Duration::ZERO).unwrap();
        first.announce(&format!("http://{}", "long".repeat(50))).unwrap();
        let path = folder.path().to_owned();
        let waiting = thread::spawn(move || FolderLock::take(&path, Duration::from_mins(1)));
        drop(first);
        let second = waiting.join().unwrap().unwrap();
        assert_eq!(second.folder(), folder.path());
        assert_eq!(fs::read_to_string(folder.path().join(FILE)).unwrap(), format!("{}\n", process::id()));
    }

    #[test]
    fn a_folder_is_made_for_us_alone_and_left_clean() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("a/b");
        prepare_folder(&folder).unwrap();
        prepare_folder(&folder).unwrap();
        assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
    }

    #[test]
    fn a_file_in_the_way_is_named() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("taken");
        fs::write(&file, "x").unwrap();
        for folder in [file.clone(), file.join("below/that")] {
            match prepare_folder(&folder).unwrap_err() {
                FolderError::FileInTheWay { place, .. } => assert_eq!(place, file),
                other => panic!("{other}"),
            }
        }
    }

    #[test]
    fn a_full_disk_and_a_folder_of_others_are_told_apart() {
        let folder = Path::new("/d");
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap().write_all(b"x").unwrap_err();
        assert!(matches!(FolderError::from_io(folder, full), FolderError::Full { .. }));
        // Nobody, not even root, makes folders here.
        let denied = prepare_folder(Path::new("/sys/kernel/o2o")).unwrap_err();
        assert!(matches!(denied, FolderError::NotWritable { .. }), "{denied}");
        assert!(denied.to_string().contains("/sys/kernel/o2o") && denied.to_string().contains("--data"));
    }
}
