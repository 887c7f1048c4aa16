//! One SQLite file: one writer thread with group commit, several readers.
//!
//! Callers hand the writer closures. It drains what is waiting (up to [`BATCH`]), runs all of it as one transaction,
//! makes it durable with one fsync, then answers everybody. With a single caller nothing waits: a batch is what is
//! there. A closure that fails is rolled back alone; when the file itself fails, the whole batch is told so.

use super::checkpoint::Checkpointer;
use crate::{Fault, PortError, PortResult};
use parking_lot::Mutex;
use rusqlite::{Connection, OpenFlags, ffi::ErrorCode};
use std::{
    fmt,
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
const VERSION: i32 = 1;

/// Runs inside the batch; answers after the batch is on disk.
type Step = Box<dyn FnOnce(&Connection) -> Ran + Send>;

/// What a step did, and how to answer its caller once the fate of the batch is known.
struct Ran {
    /// The step left a half-done change that only undoing the whole batch takes back.
    poisoned: bool,
    answer: Box<dyn FnOnce(Result<(), &StoreError>) + Send>,
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
            Some(ErrorCode::DiskFull | ErrorCode::SystemIoFailure | ErrorCode::CannotOpen | ErrorCode::OutOfMemory) => {
                Fault::Unavailable
            }
            _ => Fault::Refused,
        };
        let detail = match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => "the disk is full".to_owned(),
            _ => error.to_string(),
        };
        Self { fault, detail }
    }
}

impl StoreError {
    pub fn at(self, op: &'static str) -> PortError {
        PortError::new(op, self.fault, self.detail)
    }
}

impl Store {
    /// Opens or creates the file and applies `schema` (idempotent statements) to it.
    pub fn open(path: &Path, schema: &[String]) -> Result<Arc<Self>, StoreError> {
        let conn = connect(path, false)?;
        let version: i32 = conn.pragma_query_value(None, "user_version", |r| r.get(0))?;
        if version > VERSION {
            return Err(StoreError {
                fault: Fault::Refused,
                detail: format!(
                    "{} was written by a newer release (layout {version}, this one knows {VERSION})",
                    path.display()
                ),
            });
        }
        conn.execute_batch("begin immediate")?;
        for statements in schema {
            conn.execute_batch(statements)?;
        }
        conn.pragma_update(None, "user_version", VERSION)?;
        conn.execute_batch("commit")?;

        let cores = thread::available_parallelism().map_or(2, usize::from);
        let readers = (0..cores + 1).map(|_| connect(path, true).map(Mutex::new)).collect::<Result<Vec<_>, _>>()?;
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
        self.enqueue(op, move |conn| {
            let result = (|| {
                conn.prepare_cached("savepoint step")?.execute([])?;
                let result = work(conn);
                if result.is_err() && !conn.is_autocommit() {
                    conn.prepare_cached("rollback to step")?.execute([])?;
                }
                if !conn.is_autocommit() {
                    conn.prepare_cached("release step")?.execute([])?;
                }
                result
            })();
            (false, result)
        })
        .await
    }

    /// Like [`Store::write`] without the savepoint, for work that refuses before it writes: an error undoes the
    /// whole batch. For the hot path.
    pub async fn write_checked<T: Send + 'static>(
        &self,
        op: &'static str,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> PortResult<T> {
        self.enqueue(op, move |conn| {
            let result = work(conn);
            (result.is_err(), result)
        })
        .await
    }

    async fn enqueue<T: Send + 'static>(
        &self,
        op: &'static str,
        work: impl FnOnce(&Connection) -> (bool, rusqlite::Result<T>) + Send + 'static,
    ) -> PortResult<T> {
        let (reply, answer) = oneshot::channel();
        let step: Step = Box::new(move |conn| {
            let (poisoned, result) = work(conn);
            let answer = Box::new(move |batch: Result<(), &StoreError>| {
                let result = match (result, batch) {
                    (Ok(value), Ok(())) => Ok(value),
                    (Err(own), _) => Err(StoreError::from(own)),
                    (Ok(_), Err(shared)) => Err(shared.clone()),
                };
                // A caller that went away is no reason to stop: its write counts all the same.
                drop(reply.send(result));
            });
            Ran { poisoned, answer }
        });
        let closed = || PortError::new(op, Fault::Unavailable, "the store is closed");
        self.writer.send(step).map_err(|_| closed())?;
        answer.await.map_err(|_| closed())?.map_err(|e| e.at(op))
    }

    /// Reads in line, on the caller's thread: microseconds from a mapped file. Sees every acknowledged write.
    pub fn read<T>(
        &self,
        op: &'static str,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> PortResult<T> {
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
    conn.busy_timeout(std::time::Duration::from_secs(5))?;
    if !read_only {
        conn.pragma_update(None, "journal_mode", "wal")?;
        conn.pragma_update(None, "synchronous", "full")?;
        conn.pragma_update(None, "wal_autocheckpoint", 0)?;
        conn.pragma_update(None, "cache_size", -32_000)?;
    }
    conn.pragma_update(None, "mmap_size", 1_i64 << 36)?;
    conn.pragma_update(None, "temp_store", "memory")?;
    Ok(conn)
}

fn write_loop(conn: &Connection, inbox: &mpsc::Receiver<Step>, checkpointer: &Checkpointer) {
    checkpointer.watch(conn);
    let mut steps = Vec::with_capacity(BATCH);
    let mut answers = Vec::with_capacity(BATCH);
    while let Ok(first) = inbox.recv() {
        steps.push(first);
        while steps.len() < BATCH {
            match inbox.try_recv() {
                Ok(step) => steps.push(step),
                Err(_) => break,
            }
        }
        let outcome = run_batch(conn, &mut steps, &mut answers);
        if let Err(error) = &outcome {
            tracing::error!(error = %error, steps = answers.len(), "a batch of writes was not stored");
        }
        for answer in answers.drain(..) {
            answer(outcome.as_ref().map(|()| ()));
        }
        checkpointer.after_commit(conn);
    }
}

type Answer = Box<dyn FnOnce(Result<(), &StoreError>) + Send>;

fn run_batch(conn: &Connection, steps: &mut Vec<Step>, answers: &mut Vec<Answer>) -> Result<(), StoreError> {
    let begun = conn.prepare_cached("begin immediate").and_then(|mut s| s.execute([])).map_err(StoreError::from);
    let mut failed = begun.err();
    for step in steps.drain(..) {
        if failed.is_some() {
            // Dropping a step unrun closes its reply channel: the caller learns that nothing was stored.
            continue;
        }
        let ran = step(conn);
        answers.push(ran.answer);
        if ran.poisoned || conn.is_autocommit() {
            failed = Some(StoreError {
                fault: Fault::Unavailable,
                detail: "another write of the same batch failed".to_owned(),
            });
        }
    }
    let committed = match failed {
        None => conn.prepare_cached("commit").and_then(|mut s| s.execute([])).map(drop).map_err(StoreError::from),
        Some(error) => Err(error),
    };
    if committed.is_err() && !conn.is_autocommit() {
        let _undone = conn.execute_batch("rollback");
    }
    committed
}
