//! Files and folders that are not there until they are finished: made beside their place under another name, for this
//! user alone, and removed unless they are put there.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

/// The folder a path lies in.
pub(super) fn parent(path: &Path) -> &Path {
    path.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A name beside `path` that nobody else uses.
fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let random = base::secret::random::<6>().iter().fold(String::new(), |out, byte| format!("{out}{byte:02x}"));
    parent(path).join(format!(".{name}.{random}.part"))
}

/// A new file, 0600.
pub(super) fn private(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// A file on its way to its place.
pub(super) struct PartFile {
    path: PathBuf,
    placed: bool,
}

impl PartFile {
    pub(super) fn new(place: &Path) -> io::Result<(Self, File)> {
        let path = beside(place);
        let file = private(&path)?;
        Ok((Self { path, placed: false }, file))
    }

    /// Gives the file, which was synced, its name. `Ok`: on disk.
    pub(super) fn place(mut self, place: &Path) -> io::Result<()> {
        fs::rename(&self.path, place)?;
        self.placed = true;
        File::open(parent(place))?.sync_all()
    }
}

impl Drop for PartFile {
    fn drop(&mut self) {
        if !self.placed {
            let _gone = fs::remove_file(&self.path);
        }
    }
}

/// A folder (0700) on its way to its place.
pub(super) struct PartFolder {
    path: PathBuf,
    placed: bool,
}

impl PartFolder {
    /// Beside `place`, whose own folder is made when it is missing.
    pub(super) fn new(place: &Path) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(parent(place))?;
        let path = beside(place);
        folder(&path)?;
        Ok(Self { path, placed: false })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Gives the folder its name; an empty folder of that name gives way. `Ok`: on disk.
    pub(super) fn place(mut self, place: &Path) -> io::Result<()> {
        sync_tree(&self.path)?;
        fs::rename(&self.path, place)?;
        self.placed = true;
        File::open(parent(place))?.sync_all()
    }
}

impl Drop for PartFolder {
    fn drop(&mut self) {
        if !self.placed {
            let _gone = fs::remove_dir_all(&self.path);
        }
    }
}

pub(super) fn folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Syncs every file and folder below `path`, itself last.
fn sync_tree(path: &Path) -> io::Result<()> {
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() { sync_tree(&entry.path())? } else { File::open(entry.path())?.sync_all()? }
    }
    File::open(path)?.sync_all()
}
