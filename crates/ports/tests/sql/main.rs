//! What `ports::sql` promises, on every engine there is: SQLite always, PostgreSQL when `O2O_TEST_POSTGRES_URL` names
//! a server. `O2O_REQUIRE_ENGINES=postgres` (or `all`) makes a missing one an error.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on says where")]

mod contract;
mod engines;
mod migrations;
mod only_postgres;
mod only_sqlite;
mod schema;
