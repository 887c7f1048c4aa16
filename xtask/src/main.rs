//! `cargo xtask`: what people and CI run on this repository. One module per command.

mod api;
mod bench;
mod ci;
mod clients;
mod openapi;
mod run;
mod server;
mod style;
mod web;

use clap::{Parser, Subcommand};
use std::{
    io::{self, Write as _},
    path::Path,
    process::ExitCode,
};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Checks and chores of this repository")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Api(api::Args),
    /// Figures of the product beside a bare floor, in one table
    Bench(bench::Args),
    /// Two small clients, which hold a running server against docs/REALTIME.md
    Clients,
    /// Style, the web app, format, lints, tests, the socket and the API against their documents: what must pass before a change goes in
    Ci,
    /// The documents of the API and of the socket, as the code says, written to docs/openapi.json and docs/asyncapi.json
    Openapi,
    /// Length of files, ignored tests, reasons of dependencies
    Style,
}

fn main() -> ExitCode {
    // This crate lies in the root of the workspace.
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."));
    let done = match Cli::parse().command {
        Command::Bench(args) => return bench::run(&args),
        Command::Api(args) => api::run(root, &args),
        Command::Ci => ci::run(root),
        Command::Clients => clients::run(root),
        Command::Openapi => openapi::run(root),
        Command::Style => style::run(root),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            say(&format!("xtask: {why}"));
            ExitCode::FAILURE
        }
    }
}

/// Progress, on standard error.
fn say(text: &str) {
    // When standard error is closed, the exit code still tells.
    let _ = writeln!(io::stderr(), "{text}");
}
