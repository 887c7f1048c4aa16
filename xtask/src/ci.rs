//! What must pass before a change goes in.
//!
//! Lints and tests share one build. `cargo clippy` would compile every dependency a second time, for checking only;
//! instead clippy's driver stands in for the compiler of our own crates while the tests are built, which is what
//! `cargo clippy` does with `cargo check`.

use crate::{api, clients, run::cargo, style, web};
use std::path::Path;

/// As `cargo clippy -- -D warnings` passes it on.
const DENY_WARNINGS: &str = "-D__CLIPPY_HACKERY__warnings__CLIPPY_HACKERY__";

pub(crate) fn run(root: &Path) -> Result<(), String> {
    style::run(root)?;
    // First, so that the program has the app.
    web::build_and_check(root)?;
    cargo(root, &["fmt", "--all", "--check"], &[])?;
    let linted = [("RUSTC_WORKSPACE_WRAPPER", "clippy-driver"), ("CLIPPY_ARGS", DENY_WARNINGS)];
    cargo(root, &["test", "--workspace", "--all-targets", "--no-run"], &linted)?;
    cargo(root, &["test", "--workspace"], &linted)?;
    // The program stands where the tests of the binary had it built.
    clients::check(root)?;
    web::use_it(root)?;
    api::check(root, &[])
}
