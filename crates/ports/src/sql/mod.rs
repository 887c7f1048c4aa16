//! SQL on SQLite or PostgreSQL: one statement text, two engines. The enum is the port; there are no repository traits.
//!
//! What always holds, on both engines:
//!
//! * A [`Tx`] from [`Db::begin`] is all or nothing: [`Tx::commit`] makes it durable, anything else undoes it. After a
//!   statement that failed the transaction is over: every further statement and the commit are refused.
//! * A [`Tx`] from [`Db::read`] sees one snapshot that contains every commit acknowledged before it began, and cannot
//!   write. Readers and writers do not wait for each other.
//! * A violated constraint is known by the same name ([`SqlError::violates`]), a null keeps its type, text compares
//!   byte by byte, times are milliseconds.
//! * What must exclude each other meets on a constraint or on one row that both update. SQLite runs one writer at a
//!   time; PostgreSQL runs many at READ COMMITTED, so "select, then decide" alone excludes nobody.
//!
//! Statements are `&'static str` with `$1` placeholders, `on conflict`, `returning` and keyset paging. An aggregate
//! whose type would differ is cast (`cast(sum(n) as bigint)`); what truly differs goes through [`Tx::dialect`]. No
//! network call is awaited while a transaction is open, and no task opens a second write while it holds the first.

mod arg;
mod bucket;
mod error;
pub mod migrate;
mod postgres;
mod row;
mod sqlite;
mod tx;

pub use arg::Arg;
pub use bucket::{BUCKETS, bucket};
pub use error::SqlError;
pub use postgres::{PostgresDb, PostgresOptions};
pub use row::Row;
pub use sqlite::SqliteDb;
pub use tx::Tx;

use crate::PortResult;
use base::Secret;
use std::{fmt, path::Path};

/// Which engine answers, for reports and the few places that must know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        })
    }
}

/// The relational store. Cheap to clone: clones share their connections.
#[derive(Clone)]
pub enum Db {
    Sqlite(SqliteDb),
    Postgres(PostgresDb),
}

impl Db {
    /// Opens or creates the file (mode 0600) with one writer and at most `readers` readers, opened when needed.
    pub async fn open_sqlite(path: &Path, readers: u32) -> PortResult<Self> {
        Ok(Self::Sqlite(SqliteDb::open(path, readers).await?))
    }

    /// Connects to `postgres://user:password@host:port/database?sslmode=verify-full&…`.
    pub async fn open_postgres(url: &Secret, options: &PostgresOptions) -> PortResult<Self> {
        Ok(Self::Postgres(PostgresDb::open(url, options).await?))
    }

    /// Begins a write. On SQLite it is the only one until it ends; a caller that waits longer than five seconds for
    /// its turn is told `Unavailable`, or `Throttled` when another process holds the file.
    pub async fn begin(&self) -> Result<Tx, SqlError> {
        match self {
            Self::Sqlite(db) => db.begin().await,
            Self::Postgres(db) => db.begin().await,
        }
    }

    /// Begins a read of one snapshot. Dropping it is as good as committing it.
    pub async fn read(&self) -> Result<Tx, SqlError> {
        match self {
            Self::Sqlite(db) => db.read().await,
            Self::Postgres(db) => db.read().await,
        }
    }

    /// Begins a write that may take as long as it takes: a migration.
    async fn begin_patiently(&self) -> Result<Tx, SqlError> {
        match self {
            Self::Sqlite(db) => db.begin().await,
            Self::Postgres(db) => db.begin_patiently().await,
        }
    }

    pub fn engine(&self) -> Engine {
        match self {
            Self::Sqlite(_) => Engine::Sqlite,
            Self::Postgres(_) => Engine::Postgres,
        }
    }

    /// Waits for the connections in use and closes all of them. On SQLite the log then lies in the database file.
    pub async fn close(&self) {
        match self {
            Self::Sqlite(db) => db.close().await,
            Self::Postgres(db) => db.close().await,
        }
    }
}
