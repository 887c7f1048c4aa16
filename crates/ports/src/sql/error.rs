//! What went wrong in SQL, in the same words on both engines. The one place that reads driver errors.

use crate::{Fault, PortError};
use base::Error;
use sqlx::{error::DatabaseError, postgres::PgDatabaseError, sqlite::SqliteError};
use std::fmt;

/// Why a statement, a begin or a commit failed. Carries the statement's text, never its values.
#[derive(Debug)]
pub struct SqlError(Box<Inner>);

#[derive(Debug)]
struct Inner {
    port: PortError,
    violated: Option<String>,
    retryable: bool,
}

/// What is violated when a foreign key is: SQLite does not tell which, so neither engine does.
const FOREIGN_KEY: &str = "foreign_key";

impl SqlError {
    pub(super) fn new(op: &'static str, fault: Fault, detail: impl Into<String>) -> Self {
        Self(Box::new(Inner { port: PortError::new(op, fault, detail), violated: None, retryable: false }))
    }

    pub fn fault(&self) -> Fault {
        self.0.port.fault
    }

    /// The constraint that refused the statement:
    ///
    /// | Constraint | Name |
    /// |---|---|
    /// | unique index | `{table}_{column}[_{column}…]_key`; a column's own ending `_key` is not doubled |
    /// | primary key | `{table}_pkey` |
    /// | check | its own name |
    /// | not null | `{table}_{column}_not_null` |
    /// | foreign key | `foreign_key`, whichever it was |
    pub fn violated(&self) -> Option<&str> {
        self.0.violated.as_deref()
    }

    /// Whether this constraint refused the statement: `error.violates("accounts_email_key")`.
    pub fn violates(&self, constraint: &str) -> bool {
        self.violated() == Some(constraint)
    }

    /// Nothing of the transaction was stored, and the whole of it may be repeated from its beginning. False for a
    /// commit without an answer: that one may have been stored.
    pub fn retryable(&self) -> bool {
        self.0.retryable
    }
}

impl fmt::Display for SqlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.port.fmt(f)
    }
}
impl std::error::Error for SqlError {}

impl From<SqlError> for PortError {
    fn from(error: SqlError) -> Self {
        error.0.port
    }
}

/// A violation that the caller did not expect is our fault; everything else as the port says.
impl From<SqlError> for Error {
    fn from(error: SqlError) -> Self {
        error.0.port.into()
    }
}

/// A driver's error in our words. `sql` is the text that ran, for the log; empty for begin and commit.
///
/// The driver's own error is not kept as a source: PostgreSQL's carries the offending values in its debug form.
pub(super) fn classify(op: &'static str, sql: &str, error: &sqlx::Error) -> SqlError {
    let mut found = match error {
        sqlx::Error::Database(engine) => match engine.try_downcast_ref::<PgDatabaseError>() {
            Some(error) => postgres(error),
            None => match engine.try_downcast_ref::<SqliteError>() {
                Some(error) => sqlite(error),
                None => Found::of(Fault::Refused),
            },
        },
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::BeginFailed => Found::of(Fault::Unavailable),
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) | sqlx::Error::Protocol(_) => {
            Found::of(Fault::Corrupt)
        }
        _ => Found::of(Fault::Refused),
    };
    // Before the commit nothing is stored, so whatever may pass may be tried again. Of a commit only an explicit
    // refusal says as much.
    if found.fault == Fault::Unavailable && op != "sql.commit" {
        found.retryable = true;
    }
    let mut detail = if found.full { "the disk is full".to_owned() } else { error.to_string() };
    if !sql.is_empty() {
        let text = sql.split_whitespace().collect::<Vec<_>>().join(" ");
        detail = format!("{detail} in «{}»", text.chars().take(160).collect::<String>());
    }
    let port = PortError::new(op, found.fault, detail);
    SqlError(Box::new(Inner { port, violated: found.violated, retryable: found.retryable }))
}

struct Found {
    fault: Fault,
    violated: Option<String>,
    retryable: bool,
    full: bool,
}

impl Found {
    fn of(fault: Fault) -> Self {
        Self { fault, violated: None, retryable: false, full: false }
    }
    fn violated(name: Option<String>) -> Self {
        Self { violated: name, ..Self::of(Fault::Refused) }
    }
    fn again() -> Self {
        Self { retryable: true, ..Self::of(Fault::Throttled) }
    }
    fn full() -> Self {
        Self { full: true, ..Self::of(Fault::Unavailable) }
    }
}

/// PostgreSQL documentation, appendix A, "PostgreSQL Error Codes".
fn postgres(error: &PgDatabaseError) -> Found {
    match error.code() {
        "23502" => Found::violated(error.table().zip(error.column()).map(|(t, c)| not_null(t, c))),
        "23503" => Found::violated(Some(FOREIGN_KEY.to_owned())),
        "23505" | "23514" => Found::violated(error.constraint().map(str::to_owned)),
        // Serialization failure, deadlock, lock not available, too many connections.
        "40001" | "40P01" | "55P03" | "53300" => Found::again(),
        "53100" => Found::full(),
        // Damaged data or index.
        "XX001" | "XX002" => Found::of(Fault::Corrupt),
        // A timeout of the statement or of the idle transaction, then by class: connection, resources, operator
        // intervention, the system below.
        "57014" | "25P03" => Found::of(Fault::Unavailable),
        code if ["08", "53", "57", "58"].iter().any(|class| code.starts_with(class)) => Found::of(Fault::Unavailable),
        _ => Found::of(Fault::Refused),
    }
}

/// SQLite documentation, "Result and Error Codes"; the low byte is the primary code.
fn sqlite(error: &SqliteError) -> Found {
    let code = error.code().and_then(|code| code.parse::<i32>().ok()).unwrap_or(1);
    match (code, code & 0xff) {
        (787, _) => Found::violated(Some(FOREIGN_KEY.to_owned())),
        (_, 19) => Found::violated(violated(code, error.message())),
        // Busy, locked.
        (_, 5 | 6) => Found::again(),
        (_, 13) => Found::full(),
        // Corrupt, not a database.
        (_, 11 | 26) => Found::of(Fault::Corrupt),
        // Out of memory, interrupted, input and output, cannot open.
        (_, 7 | 9 | 10 | 14) => Found::of(Fault::Unavailable),
        _ => Found::of(Fault::Refused),
    }
}

/// `UNIQUE constraint failed: couples.a, couples.b` to the name that PostgreSQL would say.
fn violated(code: i32, message: &str) -> Option<String> {
    let (_, subject) = message.split_once("constraint failed: ")?;
    // An index on an expression is told by its own name.
    if let Some(name) = subject.strip_prefix("index '") {
        return Some(name.trim_end_matches('\'').to_owned());
    }
    // A check is told by its own name too; anything else by its columns.
    let Some((table, _)) = subject.split_once('.') else { return Some(subject.to_owned()) };
    let columns = subject.split(", ").filter_map(|column| column.split_once('.').map(|(_, name)| name));
    let columns = columns.collect::<Vec<_>>().join("_");
    Some(match code {
        1299 => not_null(table, &columns),
        1555 | 2579 => format!("{table}_pkey"),
        _ => format!("{table}_{}_key", columns.strip_suffix("_key").unwrap_or(&columns)),
    })
}

fn not_null(table: &str, column: &str) -> String {
    format!("{table}_{column}_not_null")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sqlite_messages_become_the_names_of_constraints() {
        for (code, message, name) in [
            (2067, "UNIQUE constraint failed: accounts.email_key", "accounts_email_key"),
            (2067, "UNIQUE constraint failed: invitations.inviter_id", "invitations_inviter_id_key"),
            (2067, "UNIQUE constraint failed: t.a, t.b", "t_a_b_key"),
            (2067, "UNIQUE constraint failed: index 't_lower_name_key'", "t_lower_name_key"),
            (1555, "UNIQUE constraint failed: couple_members.member_id", "couple_members_pkey"),
            (1555, "UNIQUE constraint failed: idempotency.scope, idempotency.key", "idempotency_pkey"),
            (2579, "UNIQUE constraint failed: outbox.seq", "outbox_pkey"),
            (275, "CHECK constraint failed: couples_status_check", "couples_status_check"),
            (1299, "NOT NULL constraint failed: accounts.name", "accounts_name_not_null"),
        ] {
            assert_eq!(violated(code, message).as_deref(), Some(name));
        }
    }
}
