//! The contracts on the embedded adapters, and what only the embedded adapters promise.

#[path = "contracts/adapters.rs"]
mod adapters;
#[path = "contracts/memory.rs"]
mod memory;
#[path = "contracts/sqlite.rs"]
mod sqlite;
#[path = "contracts/store.rs"]
mod store;
