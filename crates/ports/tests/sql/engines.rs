//! A fresh database per test on either engine.

use base::{Secret, Time};
use ports::{
    args,
    sql::{
        Db, PostgresOptions,
        migrate::{MIGRATIONS, Migration, migrate_to},
    },
};
use std::{
    io::{self, Write as _},
    path::PathBuf,
    sync::{Arc, Once},
};
use tempfile::TempDir;

pub(crate) const NOW: Time = Time(1_795_348_800_000);

/// A table with every type and every kind of constraint, which no feature owns.
pub(crate) const PROBE: Migration = Migration {
    name: "9000_probe",
    text: "create table probe (
             id text not null,
             word text,
             n bigint,
             yes boolean,
             raw blob,
             parent text,
             constraint probe_pkey primary key (id),
             constraint probe_n_check check (n <> 13),
             constraint probe_parent_fkey foreign key (parent) references probe (id)
           );
           create unique index probe_word_n_key on probe (word, n);",
};

pub(crate) fn with_probe() -> Vec<Migration> {
    MIGRATIONS.iter().copied().chain([PROBE]).collect()
}

/// Where one test's database lives. Clones are the same place; each [`Home::open`] is another process, as it were.
#[derive(Clone)]
pub(crate) enum Home {
    Sqlite(Arc<TempDir>),
    Postgres { url: Secret, schema: String },
}

impl Home {
    pub(crate) fn sqlite() -> Self {
        Self::Sqlite(Arc::new(TempDir::new().unwrap()))
    }

    /// A schema of its own in the database that the environment names; nothing when there is none.
    pub(crate) async fn postgres() -> Option<Self> {
        let url = server()?;
        let schema = format!("t{}", u64::from_be_bytes(base::secret::random()));
        let mark = if url.contains('?') { '&' } else { '?' };
        let home = Self::Postgres { url: Secret::new(format!("{url}{mark}options[search_path]={schema}")), schema };
        home.statement("create schema").await;
        Some(home)
    }

    pub(crate) async fn open(&self) -> Db {
        self.open_with(&PostgresOptions::default()).await
    }

    pub(crate) async fn open_with(&self, options: &PostgresOptions) -> Db {
        match self {
            Self::Sqlite(_) => Db::open_sqlite(&self.file(), 3).await.unwrap(),
            Self::Postgres { url, .. } => Db::open_postgres(url, options).await.unwrap(),
        }
    }

    /// Open, with the schema and the probe.
    pub(crate) async fn ready(&self) -> Db {
        let db = self.open().await;
        migrate_to(&db, NOW, &with_probe()).await.unwrap();
        db
    }

    pub(crate) fn file(&self) -> PathBuf {
        match self {
            Self::Sqlite(folder) => folder.path().join("main.db"),
            Self::Postgres { .. } => panic!("a server has no file"),
        }
    }

    pub(crate) async fn clear(self) {
        self.statement("drop schema cascade").await;
    }

    async fn statement(&self, what: &str) {
        let Self::Postgres { schema, .. } = self else { return };
        let sql = match what {
            "create schema" => format!("create schema {schema}"),
            _ => format!("drop schema {schema} cascade"),
        };
        let db = self.open().await;
        let mut tx = db.begin().await.unwrap();
        // Leaked: statements are texts of the program, and a test's program is short.
        tx.exec(sql.leak(), args![]).await.unwrap();
        tx.commit().await.unwrap();
        db.close().await;
    }
}

static SAID: Once = Once::new();

/// The address of the server to test on. Says once, past the capture of test output, when there is none.
#[expect(clippy::disallowed_methods, reason = "tests have no configuration")]
fn server() -> Option<String> {
    if let Ok(url) = std::env::var("O2O_TEST_POSTGRES_URL") {
        return Some(url);
    }
    let required = std::env::var("O2O_REQUIRE_ENGINES").unwrap_or_default();
    let required = required.split(',').any(|name| matches!(name.trim(), "postgres" | "all"));
    assert!(!required, "PostgreSQL is required here, but O2O_TEST_POSTGRES_URL names none");
    SAID.call_once(|| {
        let _closed = writeln!(io::stderr(), "SKIPPED on PostgreSQL: O2O_TEST_POSTGRES_URL is not set");
    });
    None
}

/// Runs each case on a fresh database of each engine.
macro_rules! on_both {
    ($($case:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                super::$case($crate::engines::Home::sqlite()).await;
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let Some(home) = $crate::engines::Home::postgres().await else { return };
                super::$case(home.clone()).await;
                home.clear().await;
            })*
        }
    };
}
pub(crate) use on_both;
