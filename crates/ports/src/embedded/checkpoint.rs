//! Moves committed pages from the write-ahead log into the database file without stalling the writer.
//!
//! A checkpoint in the writer's line would stop every commit for tens of milliseconds. So a thread of its own copies
//! most of the log (PASSIVE, while commits go on) and fsyncs the database file; what came in meanwhile is little, and
//! the writer takes that last short step itself between two batches, after which the log starts over.

use parking_lot::{Condvar, Mutex};
use rusqlite::{Connection, hooks::Wal};
use std::{
    cell::Cell,
    fs::File,
    mem::ManuallyDrop,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

/// Frames (pages) in the log at which copying begins.
const START: i32 = 12_000;
/// Frames left over that the writer may copy in its own line.
const SHORT: i64 = 1_500;
/// Idle time after which even a short log is copied, so that a quiet server rests with a small log.
const QUIET: Duration = Duration::from_secs(30);

/// Rest before another pass when a long read holds the log, or the disk refuses.
const PAUSE: Duration = Duration::from_millis(200);

thread_local! {
    /// Frames in the log after the last commit of this thread's connection.
    static FRAMES: Cell<i32> = const { Cell::new(0) };
}

#[derive(Default)]
struct Wanted {
    copy: bool,
    stop: bool,
}

pub(super) struct Checkpointer {
    wanted: Mutex<Wanted>,
    bell: Condvar,
    /// Most of the log is copied and synced: the writer may finish.
    ready: AtomicBool,
    thread: Mutex<Option<thread::JoinHandle<()>>>,
}

impl Checkpointer {
    pub(super) fn start(conn: Connection, path: &Path) -> Result<Arc<Self>, super::StoreError> {
        // Never closed: closing any descriptor of the file drops this process's POSIX locks on it.
        let file = ManuallyDrop::new(File::open(path).map_err(io)?);
        let this = Arc::new(Self {
            wanted: Mutex::default(),
            bell: Condvar::new(),
            ready: AtomicBool::new(false),
            thread: Mutex::new(None),
        });
        let me = this.clone();
        let thread = thread::Builder::new()
            .name("items-checkpoint".to_owned())
            .spawn(move || me.run(&conn, &file))
            .map_err(io)?;
        *this.thread.lock() = Some(thread);
        Ok(this)
    }

    /// Called once on the writer's thread.
    pub(super) fn watch(conn: &Connection) {
        #[expect(clippy::unnecessary_wraps, reason = "the shape of the hook")]
        fn note(_: &Wal, frames: i32) -> rusqlite::Result<()> {
            FRAMES.set(frames);
            Ok(())
        }
        conn.wal_hook(Some(note));
    }

    /// Called by the writer after each batch.
    pub(super) fn after_commit(&self, conn: &Connection) {
        if FRAMES.get() < START {
            return;
        }
        if self.ready.swap(false, Ordering::AcqRel) {
            if let Err(error) = checkpoint(conn) {
                tracing::warn!(error = %error, "the log was not copied");
            }
            FRAMES.set(0);
            return;
        }
        let mut wanted = self.wanted.lock();
        if !wanted.copy {
            wanted.copy = true;
            self.bell.notify_one();
        }
    }

    fn run(&self, conn: &Connection, file: &File) {
        let mut before = 0;
        loop {
            let mut wanted = self.wanted.lock();
            while !wanted.copy && !wanted.stop {
                if self.bell.wait_for(&mut wanted, QUIET).timed_out() {
                    break;
                }
            }
            if wanted.stop {
                return;
            }
            let under_load = wanted.copy;
            drop(wanted);
            match copy(conn, file) {
                Ok((left, copied)) if under_load && left > SHORT => {
                    if copied == before {
                        self.pause();
                    }
                    before = copied;
                }
                Ok(_) => {
                    before = 0;
                    self.wanted.lock().copy = false;
                    self.ready.store(under_load, Ordering::Release);
                }
                Err(error) => {
                    tracing::warn!(error = %error, "the log was not copied");
                    self.pause();
                    self.wanted.lock().copy = false;
                }
            }
        }
    }

    fn pause(&self) {
        let mut wanted = self.wanted.lock();
        if !wanted.stop {
            self.bell.wait_for(&mut wanted, PAUSE);
        }
    }

    pub(super) fn stop(&self) {
        self.wanted.lock().stop = true;
        self.bell.notify_one();
        if let Some(thread) = self.thread.lock().take() {
            let _ended = thread.join();
        }
    }
}

/// One pass; how many frames are left in the log, and how many of it are copied.
fn copy(conn: &Connection, file: &File) -> Result<(i64, i64), super::StoreError> {
    let (log, copied) = checkpoint(conn)?;
    if copied > 0 {
        file.sync_data().map_err(io)?;
    }
    Ok((log - copied, copied))
}

/// Frames in the log and frames copied of them.
fn checkpoint(conn: &Connection) -> rusqlite::Result<(i64, i64)> {
    conn.query_row("pragma wal_checkpoint(passive)", [], |row| Ok((row.get(1)?, row.get(2)?)))
}

#[expect(clippy::needless_pass_by_value, reason = "the shape of map_err")]
fn io(error: std::io::Error) -> super::StoreError {
    super::StoreError { fault: crate::Fault::Unavailable, detail: error.to_string() }
}
