//! One row of an answer, read by position.

use super::{SqlError, error::classify};
use crate::Fault;
use base::{Id, Time, id::IdKind};
use sqlx::{
    Decode, Postgres, Row as _, Sqlite, Type, TypeInfo as _, ValueRef as _, postgres::PgRow, sqlite::SqliteRow,
};

const OP: &str = "sql.column";

/// Columns count from 0, in the order of the statement. Reading a null without `_opt`, or a value of another type, is
/// `Corrupt`; a column that is not there is `Refused`.
pub struct Row(Inner);

enum Inner {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

impl From<SqliteRow> for Row {
    fn from(row: SqliteRow) -> Self {
        Self(Inner::Sqlite(row))
    }
}
impl From<PgRow> for Row {
    fn from(row: PgRow) -> Self {
        Self(Inner::Postgres(row))
    }
}

impl Row {
    fn get<'r, T>(&'r self, column: usize) -> Result<Option<T>, SqlError>
    where
        T: Decode<'r, Sqlite> + Type<Sqlite> + Decode<'r, Postgres> + Type<Postgres>,
    {
        match &self.0 {
            Inner::Sqlite(row) => row.try_get(column),
            Inner::Postgres(row) => row.try_get(column),
        }
        .map_err(|e| classify(OP, "", &e))
    }

    /// Borrowed text, to parse.
    pub fn str(&self, column: usize) -> Result<&str, SqlError> {
        present(self.str_opt(column)?, column)
    }
    pub fn str_opt(&self, column: usize) -> Result<Option<&str>, SqlError> {
        self.get(column)
    }
    pub fn text(&self, column: usize) -> Result<String, SqlError> {
        present(self.text_opt(column)?, column)
    }
    pub fn text_opt(&self, column: usize) -> Result<Option<String>, SqlError> {
        self.get(column)
    }
    pub fn int(&self, column: usize) -> Result<i64, SqlError> {
        present(self.int_opt(column)?, column)
    }

    /// Columns are `bigint`, but a literal in a statement (`select 1`) is a narrower integer on PostgreSQL.
    pub fn int_opt(&self, column: usize) -> Result<Option<i64>, SqlError> {
        if let Inner::Postgres(row) = &self.0
            && row.try_get_raw(column).is_ok_and(|raw| raw.type_info().name() == "INT4")
        {
            return Ok(self.get::<i32>(column)?.map(i64::from));
        }
        self.get(column)
    }
    pub fn bool(&self, column: usize) -> Result<bool, SqlError> {
        present(self.bool_opt(column)?, column)
    }
    pub fn bool_opt(&self, column: usize) -> Result<Option<bool>, SqlError> {
        self.get(column)
    }
    pub fn bytes(&self, column: usize) -> Result<Vec<u8>, SqlError> {
        present(self.bytes_opt(column)?, column)
    }
    pub fn bytes_opt(&self, column: usize) -> Result<Option<Vec<u8>>, SqlError> {
        self.get(column)
    }
    pub fn time(&self, column: usize) -> Result<Time, SqlError> {
        self.int(column).map(Time)
    }
    pub fn time_opt(&self, column: usize) -> Result<Option<Time>, SqlError> {
        Ok(self.int_opt(column)?.map(Time))
    }
    pub fn id<K: IdKind>(&self, column: usize) -> Result<Id<K>, SqlError> {
        present(self.id_opt(column)?, column)
    }
    pub fn id_opt<K: IdKind>(&self, column: usize) -> Result<Option<Id<K>>, SqlError> {
        let parse = |text: &str| text.parse().map_err(|e| corrupt(column, &format!("{e}")));
        self.str_opt(column)?.map(parse).transpose()
    }
}

/// Asked here, because the driver of SQLite reads a null as zero.
fn present<T>(value: Option<T>, column: usize) -> Result<T, SqlError> {
    value.ok_or_else(|| corrupt(column, "null"))
}

fn corrupt(column: usize, what: &str) -> SqlError {
    SqlError::new(OP, Fault::Corrupt, format!("column {column}: {what}"))
}
