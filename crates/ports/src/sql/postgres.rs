//! The distributed engine: a PostgreSQL server, or a pgbouncer in transaction mode before it.

use super::{SqlError, Tx, error::classify};
use crate::{Fault, PortError, PortResult};
use base::Secret;
use sqlx::{
    AssertSqlSafe, Connection as _, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use std::{str::FromStr as _, sync::Arc, time::Duration};

/// An idle connection is asked whether it still lives after resting this long.
const RESTED: Duration = Duration::from_secs(5);

/// Limits of the pool and of statements. The defaults suit one node of a few.
#[derive(Debug, Clone)]
pub struct PostgresOptions {
    /// Connections of this node; all nodes together stay under the server's `max_connections`.
    pub max_connections: u32,
    /// How long a caller waits for a connection, and the start for the server.
    pub acquire_timeout: Duration,
    /// The server cancels a statement after this time; migrations excepted.
    pub statement_timeout: Duration,
    /// The server ends a transaction in which nothing was asked for this long, so that its locks are free again.
    pub idle_in_transaction_timeout: Duration,
    /// A connection nobody needed for this long is closed.
    pub idle_timeout: Duration,
    /// A connection is replaced after this time, so that a changed address or password is picked up.
    pub max_lifetime: Duration,
    /// Prepared statements kept per connection; 0 for a pgbouncer before 1.21 in transaction mode.
    pub statement_cache: usize,
}

impl Default for PostgresOptions {
    fn default() -> Self {
        Self {
            max_connections: 16,
            acquire_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(10),
            idle_in_transaction_timeout: Duration::from_secs(15),
            idle_timeout: Duration::from_mins(5),
            max_lifetime: Duration::from_mins(30),
            statement_cache: 256,
        }
    }
}

#[derive(Clone)]
pub struct PostgresDb {
    pool: PgPool,
    begin: Arc<str>,
    read: Arc<str>,
}

impl PostgresDb {
    pub(super) async fn open(url: &Secret, options: &PostgresOptions) -> PortResult<Self> {
        const OP: &str = "sql.open";
        let connect = PgConnectOptions::from_str(url.reveal())
            .map_err(|_| PortError::new(OP, Fault::Refused, "the URL of the database is not one of PostgreSQL"))?
            .application_name("o2o")
            .statement_cache_capacity(options.statement_cache);
        let pool = PgPoolOptions::new()
            .max_connections(options.max_connections.max(1))
            .acquire_timeout(options.acquire_timeout)
            .idle_timeout(options.idle_timeout)
            .max_lifetime(options.max_lifetime)
            .test_before_acquire(false)
            .before_acquire(|conn, age| {
                Box::pin(async move {
                    if age.idle_for > RESTED {
                        conn.ping().await?;
                    }
                    Ok(!conn.is_in_transaction())
                })
            })
            .connect_with(connect)
            .await
            .map_err(|e| classify(OP, "", &e))?;
        // One round trip, and local to the transaction: a pgbouncer lends the session to others in between.
        let limits = format!(
            "set local statement_timeout = {}; set local idle_in_transaction_session_timeout = {}",
            options.statement_timeout.as_millis(),
            options.idle_in_transaction_timeout.as_millis()
        );
        Ok(Self {
            pool,
            begin: format!("begin; {limits}").into(),
            read: format!("begin isolation level repeatable read read only; {limits}").into(),
        })
    }

    pub(super) async fn begin(&self) -> Result<Tx, SqlError> {
        self.start(self.begin.clone()).await
    }

    pub(super) async fn read(&self) -> Result<Tx, SqlError> {
        self.start(self.read.clone()).await
    }

    pub(super) async fn begin_patiently(&self) -> Result<Tx, SqlError> {
        self.start("begin; set local statement_timeout = 0".into()).await
    }

    async fn start(&self, begin: Arc<str>) -> Result<Tx, SqlError> {
        let begun = self.pool.begin_with(AssertSqlSafe(begin)).await;
        begun.map(Tx::from).map_err(|e| classify("sql.begin", "", &e))
    }

    pub(super) async fn close(&self) {
        self.pool.close().await;
    }
}
