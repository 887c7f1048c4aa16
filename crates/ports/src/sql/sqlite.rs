//! The embedded engine: one file, one writer, a few readers.

use super::{SqlError, Tx, error::classify};
use crate::{Fault, PortError, PortResult, durable::private_file};
use sqlx::{
    Connection as _, SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use std::{path::Path, time::Duration};

/// How long a caller waits for the writer, and the writer for another process.
const PATIENCE: Duration = Duration::from_secs(5);
/// A reader that nobody needed for this long gives its memory back.
const IDLE: Duration = Duration::from_mins(5);
/// Prepared statements kept per connection.
const STATEMENTS: usize = 256;
/// Page cache per connection; negative means KiB.
const CACHE: &str = "-2000";
/// The log is cut back to this size after a burst.
const LOG_BYTES: &str = "16777216";

#[derive(Clone)]
pub struct SqliteDb {
    writer: SqlitePool,
    readers: SqlitePool,
}

impl SqliteDb {
    pub(super) async fn open(path: &Path, readers: u32) -> PortResult<Self> {
        private_file(path)
            .map_err(|e| PortError::new("sql.open", Fault::Unavailable, format!("{}: {e}", path.display())))?;
        let common = SqliteConnectOptions::new()
            .filename(path)
            .busy_timeout(PATIENCE)
            .foreign_keys(true)
            .statement_cache_capacity(STATEMENTS)
            .pragma("cache_size", CACHE)
            .pragma("temp_store", "memory");
        let write = common
            .clone()
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .pragma("journal_size_limit", LOG_BYTES)
            .thread_name(|_| "sql-writer".to_owned());
        let read = common.read_only(true).thread_name(|_| "sql-reader".to_owned());
        let writer = pool(1).idle_timeout(None).connect_with(write).await.map_err(|e| classify("sql.open", "", &e))?;
        // The writer has switched the file to its log by now; readers, opened when first needed, follow.
        let readers = pool(readers.max(1)).idle_timeout(IDLE).connect_lazy_with(read);
        Ok(Self { writer, readers })
    }

    /// IMMEDIATE takes the write lock now, not at the first write: nothing read here can be stale when it is used.
    pub(super) async fn begin(&self) -> Result<Tx, SqlError> {
        let begun = self.writer.begin_with("begin immediate").await;
        begun.map(Tx::from).map_err(|e| classify("sql.begin", "", &e))
    }

    pub(super) async fn read(&self) -> Result<Tx, SqlError> {
        self.readers.begin().await.map(Tx::from).map_err(|e| classify("sql.begin", "", &e))
    }

    pub(super) async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

fn pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(PATIENCE)
        .max_lifetime(None)
        .test_before_acquire(false)
        // On some failures (a full disk) SQLite ends the transaction by itself, after which the driver's count of open
        // transactions is wrong for good. Such a connection is replaced.
        .before_acquire(|conn, _| Box::pin(async move { Ok(!conn.is_in_transaction()) }))
}
