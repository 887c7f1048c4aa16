//! One module per command of `o2o`.

pub mod config;
pub mod doctor;
pub mod jobs;
pub mod member;
pub mod migrate;
pub mod serve;

use crate::wire::Failure;
use std::{
    future::Future,
    io::{self, Write as _},
};

/// Runs a short command on a runtime of its own.
fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(work)
}

/// Progress, on standard error.
fn say(text: &str) {
    // When standard error is closed, the exit code still tells.
    let _ = writeln!(io::stderr(), "{text}");
}
