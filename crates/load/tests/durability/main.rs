//! An acknowledged write survives kill -9.
//!
//! The real binary is killed at random moments under load (and while it starts), started again on the same folder,
//! and killed again. Writers remember what was acknowledged and what got no answer. In the end every acknowledged note
//! is in both boxes once, every acknowledged session goes on, every acknowledged scheduled note is still scheduled or
//! was sent once, every acknowledged message stands in its conversation once, in order, without a gap, and was told to
//! both devices once; and nothing is there that nobody asked for.
//!
//! `O2O_DURABILITY_KILLS` (50) and `O2O_DURABILITY_SEED` (random, printed) choose another run,
//! `O2O_BINARY` another server than the one built here.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test: a failure is a panic, and the seed is printed so that a run can be repeated"
)]

mod chat;
mod checks;
mod ledger;
mod rounds;
mod writers;

use load::{Result, api::commands, server};
use rand::Rng;
use std::path::Path;

const KILLS: u64 = 50;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_kill_9() {
    if server::other_server().is_none() {
        build();
    }
    let kills = setting("O2O_DURABILITY_KILLS").unwrap_or(KILLS);
    let seed = setting("O2O_DURABILITY_SEED").unwrap_or_else(|| rand::rng().random());
    let folder = tempfile::tempdir().unwrap();
    let violations = run(folder.path(), kills, seed).await.unwrap_or_else(|error| {
        panic!("seed {seed}: {error}; log:\n{}", tail(&folder.path().join("log")));
    });
    assert!(violations.is_empty(), "seed {seed}, {} violations:\n{}", violations.len(), list(&violations));
}

/// Sentences about what is wrong; none when all is well.
async fn run(folder: &Path, kills: u64, seed: u64) -> Result<Vec<String>> {
    println!("O2O_DURABILITY_SEED={seed} O2O_DURABILITY_KILLS={kills}");
    let mut rounds = rounds::Rounds::new(folder, seed);
    rounds.seed().await?;
    for round in 0..kills {
        rounds.run(round).await?;
    }
    let (mut violations, server) = rounds.check().await?;
    println!("{}", rounds.ledger);
    server.stop().await?;
    if let Err(error) = commands::doctor(&rounds.data, &rounds.settings).await {
        violations.push(format!("the stores are damaged: {error}"));
    }
    violations.extend(rounds.ledger.too_little());
    Ok(violations)
}

/// Builds the binary under test in the profile and the folder of this test.
fn build() {
    let own = std::env::current_exe().unwrap();
    let profile = own.ancestors().nth(2).unwrap();
    let mut cargo = std::process::Command::new(env!("CARGO"));
    // What cargo says of this test's package would have build scripts run again, and everything after them.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            cargo.env_remove(&name);
        }
    }
    cargo.args(["build", "--quiet", "-p", "o2o", "--target-dir"]).arg(profile.parent().unwrap());
    if profile.ends_with("release") {
        cargo.arg("--release");
    }
    assert!(cargo.status().unwrap().success(), "o2o does not build");
    server::binary("o2o").unwrap();
}

#[expect(clippy::disallowed_methods, reason = "how long and from which seed is asked of the caller, not configured")]
fn setting(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is not a number: {text}")))
}

fn list(violations: &[String]) -> String {
    violations.iter().take(20).cloned().collect::<Vec<_>>().join("\n")
}

fn tail(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().rev().take(20).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join("\n")
}
