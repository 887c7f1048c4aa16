//! Making a backup beside a running server.
//!
//! Order makes references safe. Objects come first, which takes as long as it takes. Then the instant: both databases
//! at once ([`Snapshot`]). Right after it the objects that are new or other than before; so every object that a row of
//! that instant names was either copied before it or is copied now. Keys and mails are written before a row needs them
//! and so follow too. The databases themselves come last: their reads hold on to the instant.

use super::{BackupError, ITEMS, KEYS, MAIL, OBJECTS, Places, SQL, at, format, stage};
use format::{Sealed, Writer};
use ports::embedded::snapshot::Snapshot;
use std::{
    collections::HashMap,
    fs::{self, File, Metadata},
    io::{self, BufWriter},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

/// What tells one content of a file from another: they are replaced by renaming, never rewritten.
#[derive(PartialEq, Eq)]
struct Mark {
    inode: u64,
    size: u64,
    changed: (i64, i64),
}

impl Mark {
    fn of(about: &Metadata) -> Self {
        Self { inode: about.ino(), size: about.len(), changed: (about.mtime(), about.mtime_nsec()) }
    }
}

/// What the operator watches.
pub trait Watch {
    /// So many bytes will pass, as far as can be said.
    fn expect(&mut self, bytes: u64);
    fn passed(&mut self, bytes: u64);
}

/// Writes the backup to `to`, over an older backup there, whole or not at all.
pub fn create(places: &Places, to: &Path, now: &str, watch: &mut dyn Watch) -> Result<Sealed, BackupError> {
    may_be_written(to)?;
    for database in [&places.sql, &places.items] {
        if !database.is_file() {
            return Err(BackupError::Place(format!(
                "{} is missing: this is not the data folder of a server",
                database.display()
            )));
        }
    }
    let (part, file) = stage::PartFile::new(to).map_err(at(to))?;
    let mut backup =
        Backup { out: Writer::new(BufWriter::new(file)).map_err(at(to))?, to, seen: HashMap::new(), watch };
    let objects = files(&places.objects, &|name| name != "incoming")?;
    let size = |path: &Path| fs::metadata(path).map_or(0, |about| about.len());
    let ahead: u64 = objects.iter().map(|(_, about)| about.len()).sum();
    // The databases pass twice: out of the store, and into the file.
    backup.watch.expect(ahead + 2 * (size(&places.sql) + size(&places.items)));
    backup.add_new(OBJECTS, &places.objects, &objects)?;
    let snapshot = Snapshot::take(&[&places.sql, &places.items])?;
    backup.add_new(OBJECTS, &places.objects, &files(&places.objects, &|name| name != "incoming")?)?;
    backup.add_new(
        KEYS,
        &places.keys,
        &files(&places.keys, &|name| name != "rings.lock" && !name.starts_with('.'))?,
    )?;
    backup.add_new(
        MAIL,
        &places.mail,
        &files(&places.mail, &|name| Path::new(name).extension().is_some_and(|end| end == "eml"))?,
    )?;
    for (index, name) in [SQL, ITEMS].into_iter().enumerate() {
        backup.add_database(&snapshot, index, name)?;
    }
    let (out, sealed) = backup.out.seal(env!("CARGO_PKG_VERSION"), now.to_owned()).map_err(at(to))?;
    let file = out.into_inner().map_err(|error| at(to)(error.into_error()))?;
    file.sync_all().map_err(at(to))?;
    part.place(to).map_err(at(to))?;
    Ok(sealed)
}

struct Backup<'a> {
    out: Writer<BufWriter<File>>,
    to: &'a Path,
    seen: HashMap<PathBuf, Mark>,
    watch: &'a mut dyn Watch,
}

impl Backup<'_> {
    /// Adds what is not in it yet with this very content. A file that went away meanwhile is not missed.
    fn add_new(&mut self, name: &str, root: &Path, files: &[(PathBuf, Metadata)]) -> Result<(), BackupError> {
        for (path, about) in files {
            if self.seen.get(path).is_some_and(|mark| *mark == Mark::of(about)) {
                continue;
            }
            let mut file = match File::open(path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                opened => opened.map_err(at(path))?,
            };
            let mark = Mark::of(&file.metadata().map_err(at(path))?);
            let below = path.strip_prefix(root).unwrap_or(path);
            let below = below.to_str().ok_or_else(|| {
                BackupError::Place(format!("{} has a name that is not ours; take it away", path.display()))
            })?;
            let watch = &mut *self.watch;
            self.out
                .add(format!("{name}/{below}"), &mut file, &mut |bytes| watch.passed(bytes))
                .map_err(at(self.to))?;
            self.seen.insert(path.clone(), mark);
        }
        Ok(())
    }

    fn add_database(&mut self, snapshot: &Snapshot, index: usize, name: &str) -> Result<(), BackupError> {
        let copy = stage::PartFolder::new(self.to).map_err(at(self.to))?;
        let path = copy.path().join(name);
        let watch = &mut *self.watch;
        snapshot.copy(index, &path, &mut |bytes| watch.passed(bytes))?;
        let mut file = File::open(&path).map_err(at(&path))?;
        self.out.add(name.to_owned(), &mut file, &mut |bytes| watch.passed(bytes)).map_err(at(self.to))
    }
}

/// Neither a folder nor a file that is something else: a slip of the hand must not cost a database.
fn may_be_written(to: &Path) -> Result<(), BackupError> {
    let refuse = |why: &str| Err(BackupError::Place(format!("{}: {why}", to.display())));
    match fs::metadata(to) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if stage::parent(to).is_dir() {
                Ok(())
            } else {
                refuse("the folder to write to is missing")
            }
        }
        Err(error) => Err(at(to)(error)),
        Ok(about) if about.is_dir() => refuse("this is a folder; name a file in it"),
        Ok(about) if about.is_file() && (about.len() == 0 || format::begins_like_one(to).map_err(at(to))?) => Ok(()),
        Ok(_) => refuse("there is something else already; choose another name"),
    }
}

/// Files below `root`, in order, without those whose name in `root` itself is not wanted.
fn files(root: &Path, wanted: &dyn Fn(&str) -> bool) -> Result<Vec<(PathBuf, Metadata)>, BackupError> {
    let mut found = Vec::new();
    collect(root, wanted, &mut found)?;
    found.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(found)
}

fn collect(
    folder: &Path,
    wanted: &dyn Fn(&str) -> bool,
    found: &mut Vec<(PathBuf, Metadata)>,
) -> Result<(), BackupError> {
    let gone = |error: &io::Error| error.kind() == io::ErrorKind::NotFound;
    let entries = match fs::read_dir(folder) {
        Err(error) if gone(&error) => return Ok(()),
        entries => entries.map_err(at(folder))?,
    };
    for entry in entries {
        let entry = entry.map_err(at(folder))?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if !wanted(&name) {
            continue;
        }
        let about = match entry.metadata() {
            Err(error) if gone(&error) => continue,
            about => about.map_err(at(folder))?,
        };
        if about.is_dir() {
            collect(&entry.path(), &|_| true, found)?;
        } else if about.is_file() {
            found.push((entry.path(), about));
        }
    }
    Ok(())
}
