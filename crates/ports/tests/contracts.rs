//! The contracts on the embedded adapters, and what only the embedded store promises.

#[path = "contracts/adapters.rs"]
mod adapters;
