//! Running other programs.

use crate::say;
use std::{path::Path, process::Command, time::Instant};

/// `cargo` itself, without what the cargo above us says of its own package: build scripts that look at it would be
/// run again and everything after them rebuilt.
pub(crate) fn command() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    command
}

/// Runs `cargo` with `arguments` in `root` and says how long it took.
pub(crate) fn cargo(root: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Result<(), String> {
    let line = format!("cargo {}", arguments.join(" "));
    say(&format!("==> {line}"));
    let started = Instant::now();
    let status = command()
        .args(arguments)
        .envs(environment.iter().copied())
        .current_dir(root)
        .status()
        .map_err(|error| format!("{line} does not start: {error}"))?;
    say(&format!("    {:.0} s", started.elapsed().as_secs_f32()));
    if status.success() { Ok(()) } else { Err(format!("{line} failed")) }
}
