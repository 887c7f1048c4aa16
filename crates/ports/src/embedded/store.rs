//! One SQLite file: one writer thread with group commit, several readers.
//!
//! Callers hand the writer closures. It drains what is waiting (up to [`BATCH`]), runs all of it as one transaction,
//! makes it durable with one fsync, then answers everybody. With a single caller nothing waits: a batch is what is
//! there. A closure that fails is rolled back alone; when the file itself fails, what ran in the batch is told so and
//! what did not run yet goes into the next one.

use super::checkpoint::Checkpointer;
use crate::{Fault, PortError, PortResult, durable::private_file};
use parking_lot::Mutex;
use rusqlite::{Connection, OpenFlags, config::DbConfig, ffi::ErrorCode};
use std::{
    collections::VecDeque,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
};
use tokio::sync::oneshot;

/// Most closures one transaction takes.
const BATCH: usize = 512;
/// Prepared statements kept per connection (rusqlite keeps 16 unless told).
const STATEMENTS: usize = 256;
/// Layout of this file. A newer one is refused, so that an old binary cannot damage it.
pub(super) const VERSION: i32 = 1;

/// Runs inside the batch; answers after the batch is on disk. Given an error instead of the connection it passes that
/// on to its caller: nothing was stored.
type Step = Box<dyn FnOnce(Result<&Connection, &StoreError>) -> Option<Ran> + Send>;

/// Tells a caller its own result, or that of the batch it was in.
type Answer = Box<dyn FnOnce(Result<(), &StoreError>) + Send>;

/// What a step did, and how to answer its caller once the fate of the batch is known.
struct Ran {
    /// Why only undoing the whole batch takes back what the step left half done.
    spoiled: Option<StoreError>,
    answer: Answer,
}

pub struct Store {
    writer: mpsc::Sender<Step>,
    readers: Vec<Mutex<Connection>>,
    next_reader: AtomicUsize,
    path: PathBuf,
    /// Dropped last: joins the threads.
    _threads: Threads,
}

struct Threads {
    writer: Option<thread::JoinHandle<()>>,
    checkpointer: Option<Arc<Checkpointer>>,
}

/// Why the file did not take a batch.
#[derive(Debug, Clone)]
pub struct StoreError {
    pub fault: Fault,
    pub detail: String,
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}
impl std::error::Error for StoreError {}

impl From<rusqlite::Error> for StoreError {
    /// The one place that reads this driver's errors.
    fn from(error: rusqlite::Error) -> Self {
        let fault = match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Fault::Corrupt,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Fault::Throttled,
            Some(
                ErrorCode::DiskFull
                | ErrorCode::SystemIoFailure
                | ErrorCode::CannotOpen
                | ErrorCode::OutOfMemory
                | ErrorCode::ReadOnly
                | ErrorCode::FileLockingProtocolFailed
                | ErrorCode::OperationAborted
                | ErrorCode::OperationInterrupted,
            ) => Fault::Unavailable,
            _ => Fault::Refused,
        };
        let detail = match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => "the disk is full".to_owned(),
            // The memory beside the log cannot grow, or a write comes back short: most often the same thing.
            Some(ErrorCode::SystemIoFailure) => {
                format!("the disk does not take what is written (is it full?): {error}")
            }
            _ => error.to_string(),
        };
        Self { fault, detail }
    }
}

impl StoreError {
    /// What the others of a batch hear when one of them spoiled it.
    fn beside(cause: Option<&Self>) -> Self {
        let cause = cause.map_or_else(String::new, |e| format!(": {e}"));
        Self { fault: Fault::Unavailable, detail: format!("another write of the same batch failed{cause}") }
    }

    pub fn at(self, op: &'static str) -> PortError {
        PortError::new(op, self.fault, self.detail)
    }
}

impl Store {
    /// Opens or creates the file and applies `schema` (idempotent statements) to it.
    pub fn open(path: &Path, schema: &[String]) -> Result<Arc<Self>, StoreError> {
        private_file(path).map_err(|e| StoreError { fault: Fault::Unavailable, detail: e.to_string() })?;
        let conn = connect(path, false)?;
        let version: i32 = conn.pragma_query_value(None, "user_version", |r| r.get(0))?;
        if version > VERSION {
            return Err(StoreError {
                fault: Fault::Refused,
                detail: format!("written by a newer release (layout {version}, this one knows {VERSION})"),
            });
        }
        conn.execute_batch("begin immediate")?;
        for statements in schema {
            conn.execute_batch(statements)?;
        }
        conn.pragma_update(None, "user_version", VERSION)?;
        conn.execute_batch("commit")?;

        let cores = thread::available_parallelism().map_or(2, usize::from);
        let readers = (0..=cores).map(|_| connect(path, true).map(Mutex::new)).collect::<Result<Vec<_>, _>>()?;
        let checkpointer = Checkpointer::start(connect(path, false)?, path)?;
        let (sender, inbox) = mpsc::channel();
        let beside = checkpointer.clone();
        let writer = thread::Builder::new()
            .name("items-writer".to_owned())
            .spawn(move || write_loop(&conn, &inbox, &beside))
            .map_err(|e| StoreError { fault: Fault::Unavailable, detail: e.to_string() })?;
        Ok(Arc::new(Self {
            writer: sender,
            readers,
            next_reader: AtomicUsize::new(0),
            path: path.to_owned(),
            _threads: Threads { writer: Some(writer), checkpointer: Some(checkpointer) },
        }))
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Runs `work` in the next batch, inside a savepoint: an error undoes this work alone. `Ok` means on disk.
    pub async fn write<T: Send + 'static>(
        &self,
        op: &'static str,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> PortResult<T> {
        let work = move |conn: &Connection| {
            let run = |sql| conn.prepare_cached(sql)?.execute([]).map(drop);
            if let Err(error) = run("savepoint step") {
                return (false, Err(error));
            }
            let result = work(conn);
            if conn.is_autocommit() {
                // The engine undid the whole transaction by itself (disk full, I/O error).
                return (true, result);
            }
            let undone = if result.is_err() { run("rollback to step") } else { Ok(()) };
            match undone.and_then(|()| run("release step")) {
                Ok(()) => (false, result),
                Err(error) => (true, result.and(Err(error))),
            }
        };
        self.enqueue(op, work, |_| ()).await
    }

    /// Like [`Store::write`] without the savepoint, for work that refuses before it writes: an error undoes the
    /// whole batch. For the hot path. `landed` runs on the writer when the fate of the batch is known, before the
    /// caller hears of it, whether or not the caller still waits; it gets the result of work that is stored.
    pub async fn write_checked<T: Send + 'static>(
        &self,
        op: &'static str,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
        landed: impl FnOnce(Option<&T>) + Send + 'static,
    ) -> PortResult<T> {
        let work = move |conn: &Connection| {
            let result = work(conn);
            (result.is_err(), result)
        };
        self.enqueue(op, work, landed).await
    }

    async fn enqueue<T: Send + 'static>(
        &self,
        op: &'static str,
        work: impl FnOnce(&Connection) -> (bool, rusqlite::Result<T>) + Send + 'static,
        landed: impl FnOnce(Option<&T>) + Send + 'static,
    ) -> PortResult<T> {
        let (reply, answer) = oneshot::channel();
        let step: Step = Box::new(move |conn| {
            let conn = match conn {
                Ok(conn) => conn,
                Err(error) => {
                    drop(reply.send(Err(error.clone())));
                    return None;
                }
            };
            let (spoiled, result) = work(conn);
            let result = result.map_err(StoreError::from);
            let spoiled = spoiled.then(|| StoreError::beside(result.as_ref().err()));
            let answer = Box::new(move |batch: Result<(), &StoreError>| {
                landed(result.as_ref().ok().filter(|_| batch.is_ok()));
                let result = match (result, batch) {
                    (Ok(_), Err(shared)) => Err(shared.clone()),
                    (own, _) => own,
                };
                // A caller that went away is no reason to stop: its write counts all the same.
                drop(reply.send(result));
            });
            Some(Ran { spoiled, answer })
        });
        let lost = |detail: &str| PortError::new(op, Fault::Unavailable, detail);
        self.writer.send(step).map_err(|_| lost("the store is closed"))?;
        answer.await.map_err(|_| lost("the write was not answered"))?.map_err(|e| e.at(op))
    }

    /// Reads in line, on the caller's thread: microseconds from a mapped file. Sees every acknowledged write.
    pub fn read<T>(&self, op: &'static str, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> PortResult<T> {
        let first = self.next_reader.fetch_add(1, Ordering::Relaxed);
        let conn = (0..self.readers.len())
            .find_map(|i| self.readers[(first + i) % self.readers.len()].try_lock())
            .unwrap_or_else(|| self.readers[first % self.readers.len()].lock());
        work(&conn).map_err(|e| StoreError::from(e).at(op))
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        // The sender of the inbox is gone by now (fields drop in order), so the writer ends after what was waiting.
        if let Some(writer) = self.writer.take() {
            let _ended = writer.join();
        }
        if let Some(checkpointer) = self.checkpointer.take() {
            checkpointer.stop();
        }
    }
}

fn connect(path: &Path, read_only: bool) -> rusqlite::Result<Connection> {
    let mode = if read_only {
        OpenFlags::SQLITE_OPEN_READ_ONLY
    } else {
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE
    };
    let conn = Connection::open_with_flags(path, mode | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS);
    // Otherwise a bound `limit` has SQLite compile the statement anew at every call, to plan for the value.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    conn.busy_timeout(std::time::Duration::from_secs(5))?;
    if !read_only {
        conn.pragma_update(None, "journal_mode", "wal")?;
        conn.pragma_update(None, "synchronous", "full")?;
        conn.pragma_update(None, "wal_autocheckpoint", 0)?;
        conn.pragma_update(None, "cache_size", -8_000)?;
    }
    conn.pragma_update(None, "mmap_size", 1_i64 << 36)?;
    conn.pragma_update(None, "temp_store", "memory")?;
    Ok(conn)
}

fn write_loop(conn: &Connection, inbox: &mpsc::Receiver<Step>, checkpointer: &Checkpointer) {
    Checkpointer::watch(conn);
    let mut steps = VecDeque::with_capacity(BATCH);
    let mut answers = Vec::with_capacity(BATCH);
    loop {
        if steps.is_empty() {
            match inbox.recv() {
                Ok(first) => steps.push_back(first),
                Err(_) => return,
            }
        }
        while steps.len() < BATCH {
            match inbox.try_recv() {
                Ok(step) => steps.push_back(step),
                Err(_) => break,
            }
        }
        let outcome = run_batch(conn, &mut steps, &mut answers);
        if let Err(error) = &outcome {
            tracing::error!(error = %error, steps = answers.len(), "a batch of writes was not stored");
        }
        for answer in answers.drain(..) {
            answer(outcome.as_ref().copied());
        }
        checkpointer.after_commit(conn);
    }
}

/// Runs `steps` as one transaction and takes those it ran out of the line: all of them, unless one spoils the batch.
fn run_batch(conn: &Connection, steps: &mut VecDeque<Step>, answers: &mut Vec<Answer>) -> Result<(), StoreError> {
    let run = |sql| conn.prepare_cached(sql)?.execute([]).map(drop);
    if let Err(error) = run("begin immediate") {
        let error = StoreError::from(error);
        for step in steps.drain(..) {
            step(Err(&error));
        }
        return Err(error);
    }
    let mut done = Ok(());
    while let Some(step) = steps.pop_front() {
        // A panic in one closure must not take the writer, and with it every later write, away.
        let ran = catch_unwind(AssertUnwindSafe(|| step(Ok(conn))));
        let spoiled = match ran {
            Ok(Some(ran)) => {
                answers.push(ran.answer);
                ran.spoiled
            }
            Ok(None) => None,
            Err(_) => Some(StoreError::beside(None)),
        };
        if let Some(error) = spoiled.or_else(|| conn.is_autocommit().then(|| StoreError::beside(None))) {
            done = Err(error);
            break;
        }
    }
    let committed = done.and_then(|()| run("commit").map_err(StoreError::from));
    if committed.is_err() && !conn.is_autocommit() {
        let _undone = conn.execute_batch("rollback");
    }
    committed
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, os::unix::fs::PermissionsExt as _};

    #[test]
    fn the_file_and_its_log_are_for_the_service_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("items.db");
        let _store = Store::open(&path, &["create table if not exists t (a)".to_owned()]).unwrap();
        for entry in fs::read_dir(folder.path()).unwrap() {
            let entry = entry.unwrap();
            assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", entry.file_name());
        }
    }
}
