//! Load and faults from outside: everything here talks to the real binary over HTTP and WebSocket, as a client would.
//!
//! Two users: `o2o-bench`, which prints figures beside a bare floor measured in the same minutes, and the durability
//! test, which kills the server at random under load and then counts what it had acknowledged. What is known about
//! the product's interface lives in [`api`] alone.

pub mod api;
pub mod client;
mod error;
pub mod fixtures;
pub mod histogram;
pub mod process;
pub mod report;
pub mod runner;
pub mod scenarios;
pub mod scripts;
pub mod server;
pub mod wire;

pub use error::{Error, Result};
