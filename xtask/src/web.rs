//! The app for couples (`web/`) within `cargo xtask ci`: built before the program, which brings it along; checked and tested
//! by itself; then used in a browser, in front of the program as it was built last.

use crate::{say, server};
use std::{path::Path, process::Command, time::Instant};

/// What a browser does, as Playwright reads it.
const BROWSER: &str = "web/playwright.config.ts";

pub(crate) fn build_and_check(root: &Path) -> Result<(), String> {
    if !root.join("web/package.json").exists() {
        say("==> no web/package.json: the server goes without the app");
        return Ok(());
    }
    if !root.join("web/node_modules").exists() {
        return Err("what web/ needs is not installed; run: sh scripts/setup.sh".to_owned());
    }
    script(root, "build", None)?;
    script(root, "check", None)?;
    script(root, "test", None)
}

pub(crate) fn use_it(root: &Path) -> Result<(), String> {
    if !root.join(BROWSER).exists() {
        say(&format!("==> SKIPPED npm run e2e: there is no {BROWSER}"));
        return Ok(());
    }
    script(root, "e2e", Some(&server::program(root)))
}

/// One of the scripts of web/package.json.
fn script(root: &Path, name: &str, program: Option<&Path>) -> Result<(), String> {
    let line = format!("npm run {name} in web/");
    say(&format!("==> {line}"));
    let started = Instant::now();
    let mut command = Command::new("npm");
    command.args(["run", "--silent", name]).current_dir(root.join("web"));
    if let Some(program) = program {
        command.env("O2O_BIN", program);
    }
    let status = command.status().map_err(|error| format!("{line} does not start: {error}"))?;
    say(&format!("    {:.0} s", started.elapsed().as_secs_f32()));
    if status.success() { Ok(()) } else { Err(format!("{line} failed")) }
}
