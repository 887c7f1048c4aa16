//! One transaction on either engine.

use super::{Arg, Engine, Row, SqlError, error::classify};
use crate::{Fault, tally};
use sqlx::{AssertSqlSafe, Database, Encode, Postgres, Sqlite, Transaction, Type, query::Query};

/// An open transaction; dropping it undoes it. Between `begin` and `commit` nobody else sees its writes, itself sees
/// them at once.
pub struct Tx {
    inner: Inner,
    /// False while a statement runs and after one failed or was abandoned. PostgreSQL refuses to go on then and
    /// answers a commit with a silent rollback; SQLite would go on. Here both refuse.
    sound: bool,
}

enum Inner {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

impl From<Transaction<'static, Sqlite>> for Tx {
    fn from(tx: Transaction<'static, Sqlite>) -> Self {
        Self { inner: Inner::Sqlite(tx), sound: true }
    }
}
impl From<Transaction<'static, Postgres>> for Tx {
    fn from(tx: Transaction<'static, Postgres>) -> Self {
        Self { inner: Inner::Postgres(tx), sound: true }
    }
}

impl Tx {
    /// Runs a statement; answers how many rows it changed.
    pub async fn exec(&mut self, sql: &'static str, args: Vec<Arg>) -> Result<u64, SqlError> {
        const OP: &str = "sql.exec";
        self.enter(OP)?;
        let changed = match &mut self.inner {
            Inner::Sqlite(tx) => bind(sql, args).execute(&mut **tx).await.map(|done| done.rows_affected()),
            Inner::Postgres(tx) => bind(sql, args).execute(&mut **tx).await.map(|done| done.rows_affected()),
        }
        .map_err(|e| classify(OP, sql, &e))?;
        self.leave(usize::try_from(changed).unwrap_or(usize::MAX));
        Ok(changed)
    }

    /// Runs a statement; answers all its rows. The statement carries its own `limit`.
    pub async fn rows(&mut self, sql: &'static str, args: Vec<Arg>) -> Result<Vec<Row>, SqlError> {
        const OP: &str = "sql.rows";
        self.enter(OP)?;
        let rows: Vec<Row> = match &mut self.inner {
            Inner::Sqlite(tx) => bind(sql, args).fetch_all(&mut **tx).await.map(all),
            Inner::Postgres(tx) => bind(sql, args).fetch_all(&mut **tx).await.map(all),
        }
        .map_err(|e| classify(OP, sql, &e))?;
        self.leave(rows.len());
        Ok(rows)
    }

    /// Runs a statement; answers its first row, when there is one. With `returning`, the whole change is done either
    /// way.
    pub async fn row(&mut self, sql: &'static str, args: Vec<Arg>) -> Result<Option<Row>, SqlError> {
        Ok(self.rows(sql, args).await?.into_iter().next())
    }

    /// Makes everything durable. When this fails with [`Fault::Unavailable`] the outcome is unknown: look for the
    /// effect, do not repeat blindly. Whenever [`SqlError::retryable`] says so, nothing was stored.
    pub async fn commit(self) -> Result<(), SqlError> {
        const OP: &str = "sql.commit";
        if !self.sound {
            return Err(over(OP));
        }
        match self.inner {
            Inner::Sqlite(tx) => tx.commit().await,
            Inner::Postgres(tx) => tx.commit().await,
        }
        .map_err(|e| classify(OP, "", &e))
    }

    /// The text for this engine, for the few statements that truly differ.
    #[must_use]
    pub fn dialect(&self, sqlite: &'static str, postgres: &'static str) -> &'static str {
        match self.engine() {
            Engine::Sqlite => sqlite,
            Engine::Postgres => postgres,
        }
    }

    pub(super) fn engine(&self) -> Engine {
        match self.inner {
            Inner::Sqlite(_) => Engine::Sqlite,
            Inner::Postgres(_) => Engine::Postgres,
        }
    }

    /// Runs the statements of a migration: our own text, nobody's input.
    pub(super) async fn script(&mut self, statements: String) -> Result<(), SqlError> {
        const OP: &str = "sql.migrate";
        self.enter(OP)?;
        let script = sqlx::raw_sql(AssertSqlSafe(statements));
        match &mut self.inner {
            Inner::Sqlite(tx) => script.execute(&mut **tx).await.map(drop),
            Inner::Postgres(tx) => script.execute(&mut **tx).await.map(drop),
        }
        .map_err(|e| classify(OP, "", &e))?;
        self.leave(0);
        Ok(())
    }

    fn enter(&mut self, op: &'static str) -> Result<(), SqlError> {
        tally::add(1, 0);
        if std::mem::replace(&mut self.sound, false) { Ok(()) } else { Err(over(op)) }
    }

    fn leave(&mut self, rows: usize) {
        tally::add(0, rows);
        self.sound = true;
    }
}

fn over(op: &'static str) -> SqlError {
    SqlError::new(op, Fault::Refused, "an earlier statement of this transaction failed")
}

fn all<R: Into<Row>>(rows: Vec<R>) -> Vec<Row> {
    rows.into_iter().map(Into::into).collect()
}

fn bind<DB: Database>(sql: &'static str, args: Vec<Arg>) -> Query<'static, DB, DB::Arguments>
where
    Option<String>: Encode<'static, DB> + Type<DB>,
    Option<i64>: Encode<'static, DB> + Type<DB>,
    Option<bool>: Encode<'static, DB> + Type<DB>,
    Option<Vec<u8>>: Encode<'static, DB> + Type<DB>,
{
    args.into_iter().fold(sqlx::query(sql), |query, arg| match arg {
        Arg::Text(value) => query.bind(value),
        Arg::Int(value) => query.bind(value),
        Arg::Bool(value) => query.bind(value),
        Arg::Bytes(value) => query.bind(value),
    })
}
