//! SQL on SQLite or PostgreSQL: one text, two engines.

#[derive(Clone)]
pub struct Db;
