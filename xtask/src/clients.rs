//! `cargo xtask clients`: a server of its own, and the two small clients of `clients/conformance`, which hold it against
//! docs/REALTIME.md from outside, each in its own language and with the WebSocket that its people use.

use crate::{
    run::cargo,
    say,
    server::{Folder, Server, program},
};
use std::{path::Path, process::Command, time::Instant};

const FOLDER: &str = "clients/conformance";

/// Builds the program first.
pub(crate) fn run(root: &Path) -> Result<(), String> {
    cargo(root, &["build", "--package", "o2o"], &[])?;
    check(root)
}

/// With the program as it was built last.
pub(crate) fn check(root: &Path) -> Result<(), String> {
    say("==> the conformance clients against a server of its own");
    let started = Instant::now();
    let python = root.join(".venv/bin/python");
    let typescript = root.join(FOLDER).join("typescript");
    let compiler = typescript.join("node_modules/typescript/bin/tsc");
    for needed in [&python, &compiler] {
        if !needed.exists() {
            return Err(format!("{} is not installed; run: sh scripts/setup.sh", needed.display()));
        }
    }
    does(Command::new("node").arg(&compiler).arg("--project").arg(&typescript))?;
    let folder = Folder::new("clients")?;
    let server = Server::start(&program(root), &folder.data())?;
    let (python_check, typescript_check) =
        (root.join(FOLDER).join("python/check.py"), typescript.join("build/check.js"));
    let checks = [("Python", python.as_path(), python_check), ("TypeScript", Path::new("node"), typescript_check)];
    let mut done = Ok(());
    for (language, with, check) in checks {
        say(&format!("  {language}"));
        done = done.and(does(Command::new(with).arg(check).arg(&server.url)));
    }
    say(&format!("    {:.0} s", started.elapsed().as_secs_f32()));
    if done.is_err() {
        server.end_and_say_errors();
    }
    done
}

fn does(command: &mut Command) -> Result<(), String> {
    let line = format!("{command:?}");
    let status = command.status().map_err(|error| format!("{line} does not start: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{line} failed; see above")) }
}
