//! `cargo xtask api`: a server of its own on an empty folder, and schemathesis (scripts/api), which asks it everything its
//! OpenAPI document allows and much that it does not: no 5xx, no undocumented status, no answer of another shape, nothing
//! accepted that the document forbids, nothing refused that it allows, nothing seen that belongs to others.

use crate::{
    run::cargo,
    say,
    server::{Folder, Server, program},
};
use std::{path::Path, process::Command, time::Instant};

/// Asks a running server everything that its OpenAPI document allows, and more
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Handed to schemathesis as they are: `-- --include-path /v1/notes`
    #[arg(last = true)]
    rest: Vec<String>,
}

/// Builds the program first.
pub(crate) fn run(root: &Path, args: &Args) -> Result<(), String> {
    cargo(root, &["build", "--package", "o2o"], &[])?;
    check(root, &args.rest)
}

/// With the program as it was built last.
pub(crate) fn check(root: &Path, rest: &[String]) -> Result<(), String> {
    say("==> schemathesis against a server of its own");
    let started = Instant::now();
    let python = root.join(".venv/bin/python");
    if !root.join(".venv/bin/schemathesis").exists() {
        return Err("schemathesis is not installed; run: sh scripts/setup.sh".to_owned());
    }
    let program = program(root);
    let folder = Folder::new("api")?;
    let data = folder.data();
    let server = Server::start(&program, &data)?;
    let status = Command::new(python)
        .arg(root.join("scripts/api/check.py"))
        .args([server.url.as_str().as_ref(), folder.0.as_os_str(), program.as_os_str(), data.as_os_str()])
        .args(rest)
        .status()
        .map_err(|error| format!("scripts/api/check.py does not start: {error}"))?;
    say(&format!("    {:.0} s", started.elapsed().as_secs_f32()));
    if status.success() {
        return Ok(());
    }
    server.end_and_say_errors();
    Err("the API is not what its document says; see above".to_owned())
}
