//! `cargo xtask openapi`: writes docs/openapi.json anew. The test that compares it with the code is also what writes it,
//! so the two cannot differ.

use crate::run::cargo;
use std::path::Path;

const TEST: [&str; 6] = ["test", "-p", "app", "--test", "it", "openapi::the_committed_copy_is_current"];

pub(crate) fn run(root: &Path) -> Result<(), String> {
    cargo(root, &TEST, &[("UPDATE_SNAPSHOTS", "1")])
}
