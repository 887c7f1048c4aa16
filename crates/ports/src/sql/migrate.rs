//! Brings the schema to the state this release knows. One numbered list for both engines.
//!
//! Each migration is one transaction that also records its name, checksum and time. Migrators exclude each other (an
//! advisory lock on PostgreSQL, the write lock on SQLite) and look again once they are alone, so that any number may
//! start at once. A schema that a newer release wrote is refused, and so is a migration whose text changed after it
//! was applied: a published migration is never edited, the next one corrects it.
//!
//! A migration is written once, in a small vocabulary: types `text` (identifiers, words, JSON), `bigint` (numbers,
//! times in milliseconds), `boolean`, `blob`, and `{{identity}}` for an ever-growing primary key. On PostgreSQL `text`
//! becomes `text collate "C"`, so that text compares and sorts byte by byte as on SQLite, whatever the database was
//! created with. Every constraint is named, unique indexes by the rule of [`super::SqlError::violated`].

use super::{Db, Engine, SqlError, Tx};
use crate::{Fault, PortError, PortResult, args};
use base::Time;
use ring::digest::{SHA256, digest};
use std::{collections::BTreeMap, fmt::Write as _};

/// One step of the schema. Its name sorts it and is never changed.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    pub name: &'static str,
    pub text: &'static str,
}

macro_rules! list {
    ($($name:literal),* $(,)?) => {
        &[$(Migration { name: $name, text: include_str!(concat!("../../../../migrations/", $name, ".sql")) }),*]
    };
}

/// Append-only.
pub const MIGRATIONS: &[Migration] = list![
    "0001_accounts",
    "0002_couples",
    "0003_platform",
    "0004_second_factor_and_audit",
    "0005_contacts",
    "0006_profiles",
    "0007_plans",
    "0008_library",
    "0009_chat"
];

/// What [`migrate`] did.
#[derive(Debug, PartialEq, Eq)]
pub struct Report {
    /// Applied by this call, in order.
    pub applied: Vec<&'static str>,
    /// Migrations the schema has now.
    pub total: usize,
}

/// How the schema compares with this release, for readiness and diagnosis.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Known here, not applied there.
    pub pending: Vec<&'static str>,
    /// Applied there, not known here: a newer release wrote it.
    pub newer: Vec<String>,
    /// Applied there with another text than here.
    pub changed: Vec<&'static str>,
}

impl Status {
    /// This release can work with the schema as it is.
    pub fn is_current(&self) -> bool {
        *self == Self::default()
    }

    fn refusal(&self) -> Option<PortError> {
        let detail = if let Some(name) = self.newer.last() {
            format!("the schema was written by a newer release (it has {name})")
        } else if let Some(name) = self.changed.first() {
            format!("migration {name} is not the text that was applied")
        } else {
            return None;
        };
        Some(PortError::new("sql.migrate", Fault::Refused, detail))
    }
}

/// Applies what is missing. Costs one statement when nothing is.
pub async fn migrate(db: &Db, now: Time) -> PortResult<Report> {
    migrate_to(db, now, MIGRATIONS).await
}

/// How the schema stands. Costs one statement.
pub async fn status(db: &Db) -> PortResult<Status> {
    status_of(db, MIGRATIONS).await
}

/// Names of what [`migrate`] would apply.
pub async fn pending(db: &Db) -> PortResult<Vec<&'static str>> {
    Ok(status(db).await?.pending)
}

/// [`migrate`] with another list.
pub async fn migrate_to(db: &Db, now: Time, list: &[Migration]) -> PortResult<Report> {
    let before = status_of(db, list).await?;
    if let Some(refusal) = before.refusal() {
        return Err(refusal);
    }
    let mut applied = Vec::new();
    for migration in list.iter().filter(|m| before.pending.contains(&m.name)) {
        if apply(db, now, migration, list).await? {
            applied.push(migration.name);
        }
    }
    Ok(Report { applied, total: list.len() })
}

/// [`status`] against another list.
pub async fn status_of(db: &Db, list: &[Migration]) -> PortResult<Status> {
    // Each look is over before the next begins: there may be one reader only.
    let first = applied(&mut db.read().await?).await;
    let found = if let Ok(found) = first {
        found
    } else if has_table(&mut db.read().await?).await? {
        // The first failure was a real one and comes again, or another migrator has made the table since.
        applied(&mut db.read().await?).await?
    } else {
        BTreeMap::new()
    };
    Ok(compare(&found, list))
}

/// Whether this call applied it; false when another migrator was first.
async fn apply(db: &Db, now: Time, migration: &Migration, list: &[Migration]) -> PortResult<bool> {
    let mut tx = db.begin_patiently().await?;
    if tx.engine() == Engine::Postgres {
        // Released by the commit. The number is ours alone: the letters "o2o sql".
        tx.rows("select pg_advisory_xact_lock(31299175282078060)", args![]).await?;
    }
    let engine = tx.engine();
    tx.script(render(engine, TABLE)).await?;
    let found = compare(&applied(&mut tx).await?, list);
    if let Some(refusal) = found.refusal() {
        return Err(refusal);
    }
    if !found.pending.contains(&migration.name) {
        return Ok(false);
    }
    tx.script(render(engine, migration.text)).await.map_err(|e| {
        let error = PortError::from(e);
        PortError { detail: format!("{}: {}", migration.name, error.detail), ..error }
    })?;
    tx.exec(
        "insert into schema_migrations (name, checksum, applied_at) values ($1, $2, $3)",
        args![migration.name, checksum(migration.text), now],
    )
    .await?;
    tx.commit().await?;
    tracing::info!(migration = migration.name, engine = %engine, "schema changed");
    Ok(true)
}

const TABLE: &str = "create table if not exists schema_migrations (
  name text not null,
  checksum text not null,
  applied_at bigint not null,
  constraint schema_migrations_pkey primary key (name)
)";

async fn has_table(tx: &mut Tx) -> Result<bool, SqlError> {
    let sql = tx.dialect(
        "select 1 from sqlite_master where type = 'table' and name = 'schema_migrations'",
        "select 1 where to_regclass('schema_migrations') is not null",
    );
    Ok(tx.row(sql, args![]).await?.is_some())
}

/// Checksums by name.
async fn applied(tx: &mut Tx) -> Result<BTreeMap<String, String>, SqlError> {
    let rows = tx.rows("select name, checksum from schema_migrations", args![]).await?;
    rows.iter().map(|row| Ok((row.text(0)?, row.text(1)?))).collect()
}

fn compare(applied: &BTreeMap<String, String>, list: &[Migration]) -> Status {
    let mut status = Status::default();
    for migration in list {
        match applied.get(migration.name) {
            None => status.pending.push(migration.name),
            Some(recorded) if *recorded != checksum(migration.text) => status.changed.push(migration.name),
            Some(_) => {}
        }
    }
    let known = |name: &&String| list.iter().any(|m| m.name == **name);
    status.newer = applied.keys().filter(|name| !known(name)).cloned().collect();
    status
}

/// SHA-256 of the file in hexadecimal, as `sha256sum` prints it.
fn checksum(text: &str) -> String {
    digest(&SHA256, text.as_bytes()).as_ref().iter().fold(String::with_capacity(64), |mut out, byte| {
        let _infallible = write!(out, "{byte:02x}");
        out
    })
}

/// The text for one engine: comments go, the words of the vocabulary become the engine's own.
fn render(engine: Engine, text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 512);
    for line in text.lines() {
        let code = line.split_once("--").map_or(line, |(code, _)| code).trim_end();
        if code.is_empty() {
            continue;
        }
        // Every second piece is inside quotes and stays as it is.
        for (i, piece) in code.split('\'').enumerate() {
            if i > 0 {
                out.push('\'');
            }
            if i % 2 == 0 { words(engine, piece, &mut out) } else { out.push_str(piece) }
        }
        out.push('\n');
    }
    out
}

fn words(engine: Engine, piece: &str, out: &mut String) {
    let identity = match engine {
        Engine::Sqlite => "integer primary key autoincrement",
        Engine::Postgres => "bigint generated by default as identity primary key",
    };
    let piece = piece.replace("{{identity}}", identity);
    let mut rest = piece.as_str();
    while !rest.is_empty() {
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let inside = rest.starts_with(is_word);
        let end = rest.find(|c| is_word(c) != inside).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        out.push_str(match (engine, word) {
            (Engine::Postgres, "text") => "text collate \"C\"",
            (Engine::Postgres, "blob") => "bytea",
            _ => word,
        });
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_text_becomes_two_dialects() {
        let text = "-- the text of a comment doesn't matter\ncreate table t (\n  seq {{identity}}, -- ever-growing\n  \
                    note text not null default 'a text', raw blob, text_size bigint\n);";
        assert_eq!(
            render(Engine::Sqlite, text),
            "create table t (\n  seq integer primary key autoincrement,\n  \
             note text not null default 'a text', raw blob, text_size bigint\n);\n"
        );
        assert_eq!(
            render(Engine::Postgres, text),
            "create table t (\n  seq bigint generated by default as identity primary key,\n  \
             note text collate \"C\" not null default 'a text', raw bytea, text_size bigint\n);\n"
        );
    }

    #[test]
    fn the_list_is_in_order_and_uses_known_markers_only() {
        assert!(MIGRATIONS.is_sorted_by(|a, b| a.name < b.name));
        for migration in MIGRATIONS {
            for engine in [Engine::Sqlite, Engine::Postgres] {
                assert!(!render(engine, migration.text).contains("{{"), "{}", migration.name);
            }
        }
    }
}
