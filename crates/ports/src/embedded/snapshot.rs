//! Database files as they all were at one instant, copied while a server writes to them: what a backup is made of.
//!
//! The write locks of all files are taken, one after the other; while they are held nothing is committed anywhere, and
//! a read is begun on each. That takes well under a millisecond. Then the locks are let go, and the reads, which keep
//! seeing that instant, are copied page by page with SQLite's own backup. What is copied is what a power cut at that
//! instant would have left, which the outboxes and jobs know how to continue from.

use super::{StoreError, store::VERSION};
use crate::{Fault, PortResult, durable::private_file};
use rusqlite::{
    Connection, OpenFlags,
    backup::{Backup, StepResult},
};
use std::{path::Path, thread, time::Duration};

const OP: &str = "snapshot";
/// Time between two looks at a lock that is taken. A busy server lets go of it for microseconds only.
const LOOK: Duration = Duration::from_micros(200);
/// So many looks: half a minute.
const LOOKS: i32 = 150_000;
/// Pages copied between two reports of progress: 4 MiB.
const STEP: i32 = 1_024;

/// Open reads of several files that see one instant.
pub struct Snapshot {
    reads: Vec<Connection>,
}

impl Snapshot {
    /// Blocks until every file could be locked. The order must be that in which servers hold more than one of the
    /// locks: `sql` before `items`, whose writer never waits for another.
    pub fn take(files: &[&Path]) -> PortResult<Self> {
        take(files).map_err(|error| error.at(OP))
    }

    /// Bytes of the file with this index, as it was.
    pub fn size(&self, file: usize) -> PortResult<u64> {
        let sql = "select page_count * page_size from pragma_page_count(), pragma_page_size()";
        self.reads[file].query_row(sql, [], |row| row.get(0)).map_err(|error| StoreError::from(error).at(OP))
    }

    /// Writes the file with this index to `to`, which must not exist. `progress` hears how many bytes were copied since
    /// it heard last. Not synced: it is read once and thrown away.
    pub fn copy(&self, file: usize, to: &Path, progress: &mut dyn FnMut(u64)) -> PortResult<()> {
        copy(&self.reads[file], to, progress).map_err(|error| error.at(OP))
    }
}

fn take(files: &[&Path]) -> Result<Snapshot, StoreError> {
    let locked = files.iter().map(|path| lock(path)).collect::<Result<Vec<_>, _>>()?;
    let mut reads = Vec::with_capacity(files.len());
    for path in files {
        let conn = open(path)?;
        // A read begins with its first look at the file.
        conn.execute_batch("begin; select count(*) from sqlite_master;")?;
        reads.push(conn);
    }
    for conn in locked {
        conn.execute_batch("rollback")?;
    }
    Ok(Snapshot { reads })
}

fn lock(path: &Path) -> Result<Connection, StoreError> {
    let conn = open(path)?;
    conn.busy_handler(Some(patiently))?;
    conn.execute_batch("begin immediate")?;
    Ok(conn)
}

fn patiently(looks: i32) -> bool {
    thread::sleep(LOOK);
    looks < LOOKS
}

/// Never creates: a file that is not there is an error.
fn open(path: &Path) -> Result<Connection, StoreError> {
    let conn = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    conn.pragma_update(None, "mmap_size", 1_i64 << 36)?;
    Ok(conn)
}

fn copy(from: &Connection, to: &Path, progress: &mut dyn FnMut(u64)) -> Result<(), StoreError> {
    private_file(to).map_err(|error| StoreError { fault: Fault::Unavailable, detail: error.to_string() })?;
    let mut conn = open(to)?;
    // Nobody reads it unless all of it was written.
    conn.execute_batch("pragma synchronous = off; pragma journal_mode = off;")?;
    let page: u64 = from.query_row("pragma page_size", [], |row| row.get(0))?;
    let backup = Backup::new(from, &mut conn)?;
    let mut left = None;
    loop {
        let step = backup.step(STEP)?;
        let state = backup.progress();
        let before = left.replace(state.remaining).unwrap_or(state.pagecount);
        progress(u64::try_from(before - state.remaining).unwrap_or(0) * page);
        match step {
            StepResult::Done => return Ok(()),
            StepResult::More => {}
            _ => return Err(StoreError { fault: Fault::Throttled, detail: "the copy is locked".to_owned() }),
        }
    }
}

/// What is wrong with a database file that nobody uses: damage, dangling references, a layout of a newer release.
/// Empty: nothing.
pub fn examine(path: &Path) -> PortResult<Vec<String>> {
    findings(path).map_err(|error| error.at("integrity"))
}

fn findings(path: &Path) -> Result<Vec<String>, StoreError> {
    let conn = open(path)?;
    let layout: i32 = conn.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if layout > VERSION {
        return Ok(vec![format!("written by a newer release (layout {layout}, this one knows {VERSION})")]);
    }
    let mut found: Vec<String> =
        conn.prepare("pragma integrity_check")?.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    found.retain(|line| line != "ok");
    let mut statement = conn.prepare("pragma foreign_key_check")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (table, parent): (String, String) = (row.get(0)?, row.get(2)?);
        found.push(format!("a row of {table} refers to nothing in {parent}"));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, Ordering};

    fn file(path: &Path) -> Connection {
        let conn = Connection::open(path).unwrap();
        conn.busy_timeout(Duration::from_secs(10)).unwrap();
        conn.execute_batch("pragma journal_mode = wal; create table t (n integer primary key, pad text);").unwrap();
        conn
    }

    fn top(path: &Path) -> i64 {
        Connection::open(path).unwrap().query_row("select coalesce(max(n), 0) from t", [], |row| row.get(0)).unwrap()
    }

    /// One writer commits n to the first file and then to the second: at any instant the first is ahead by 0 or 1.
    #[test]
    fn several_files_are_copied_as_of_one_instant_while_they_are_written() {
        let root = tempfile::tempdir().unwrap();
        let paths = [root.path().join("a.db"), root.path().join("b.db")];
        let files = paths.each_ref().map(|path| file(path));
        let (stop, pad) = (AtomicBool::new(false), "x".repeat(3_000));
        thread::scope(|scope| {
            scope.spawn(|| {
                let files = files;
                let mut n = 0;
                while !stop.load(Ordering::Relaxed) {
                    n += 1;
                    for conn in &files {
                        conn.execute("insert into t values (?1, ?2)", rusqlite::params![n, pad]).unwrap();
                    }
                }
            });
            for round in 0..10 {
                let before = top(&paths[1]);
                let snapshot = Snapshot::take(&paths.each_ref().map(std::path::PathBuf::as_path)).unwrap();
                let copies = ["a", "b"].map(|name| root.path().join(format!("{name}{round}")));
                let mut told = 0;
                for (index, to) in copies.iter().enumerate() {
                    snapshot.copy(index, to, &mut |bytes| told += bytes).unwrap();
                    assert_eq!(examine(to).unwrap(), Vec::<String>::new());
                }
                assert_eq!(told, snapshot.size(0).unwrap() + snapshot.size(1).unwrap());
                let (a, b) = (top(&copies[0]), top(&copies[1]));
                assert!(b >= before, "what was committed before is there: {b} < {before}");
                assert!((b..=b + 1).contains(&a), "two instants: {a} and {b}");
            }
            stop.store(true, Ordering::Relaxed);
        });
    }

    #[test]
    fn damage_is_found_and_a_missing_file_is_not_made() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("a.db");
        let conn = file(&path);
        for n in 0..500 {
            conn.execute("insert into t values (?1, ?2)", rusqlite::params![n, "y".repeat(400)]).unwrap();
        }
        drop(conn);
        let mut bytes = std::fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle..middle + 4096].fill(0x5a);
        std::fs::write(&path, bytes).unwrap();
        assert!(examine(&path).map_or(true, |found| !found.is_empty()));
        let none = root.path().join("none.db");
        assert!(Snapshot::take(&[&none]).is_err() && !none.exists());
    }
}
