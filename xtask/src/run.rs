//! Running other programs.

use crate::say;
use std::{path::Path, process::Command, time::Instant};

/// Runs `cargo` with `arguments` in `root` and says how long it took.
pub(crate) fn cargo(root: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Result<(), String> {
    let line = format!("cargo {}", arguments.join(" "));
    say(&format!("==> {line}"));
    let started = Instant::now();
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(program)
        .args(arguments)
        .envs(environment.iter().copied())
        .current_dir(root)
        .status()
        .map_err(|error| format!("{line} does not start: {error}"))?;
    say(&format!("    {:.0} s", started.elapsed().as_secs_f32()));
    if status.success() { Ok(()) } else { Err(format!("{line} failed")) }
}
