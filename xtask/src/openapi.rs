//! `cargo xtask openapi`: writes docs/openapi.json and docs/asyncapi.json anew. The tests that compare them with the code
//! are also what writes them, so the two cannot differ.

use crate::run::cargo;
use std::path::Path;

const TEST: [&str; 6] = ["test", "-p", "app", "--test", "it", "the_committed_copy_is_current"];

pub(crate) fn run(root: &Path) -> Result<(), String> {
    cargo(root, &TEST, &[("UPDATE_SNAPSHOTS", "1")])
}
