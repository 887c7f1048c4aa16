//! One module per command of `o2o`.

pub mod backup;
pub mod complete;
pub mod config;
pub mod doctor;
pub mod jobs;
pub mod member;
pub mod migrate;
mod progress;
pub mod seed;
pub mod serve;
pub mod templates;

use crate::{cli::Shared, wire::Failure};
use serde_json::Value;
use std::{
    future::Future,
    io::{self, Write},
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

/// What was done: the document on standard output when it was asked for, otherwise words on standard error.
fn report(shared: &Shared, out: &mut dyn Write, document: &Value, words: &str) -> Result<(), Failure> {
    if shared.json {
        writeln!(out, "{document:#}")?;
    } else {
        say(words);
    }
    Ok(())
}
