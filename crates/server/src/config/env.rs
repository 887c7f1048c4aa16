//! The environment as a layer: `O2O__SECTION__KEY=value`.
//!
//! All variables make one tree before it is laid on the others, so that their order does not matter: a `kind` and the
//! keys of the new kind arrive together.

use super::{
    problem::Problem,
    tree::{Body, Node, Source},
};
use std::ffi::OsStr;

/// Only names that begin with this are configuration.
pub const PREFIX: &str = "O2O__";
/// No key lies deeper; a name with more parts is not followed.
const DEPTH: usize = 6;

pub(super) fn read<K: AsRef<OsStr>, V: AsRef<OsStr>>(
    root: Source,
    env: impl IntoIterator<Item = (K, V)>,
    problems: &mut Vec<Problem>,
) -> Node {
    let mut tree = Node::table(root);
    let mut variables: Vec<(String, V)> = env
        .into_iter()
        .map(|(name, value)| (name.as_ref().to_string_lossy().into_owned(), value))
        .filter(|(name, _)| name.starts_with(PREFIX))
        .collect();
    variables.sort_by(|a, b| a.0.cmp(&b.0));
    for (name, value) in variables {
        let key = name[PREFIX.len()..].to_lowercase();
        let path: Vec<String> = key.split("__").map(str::to_owned).collect();
        let source = Source::Env(name);
        let mut refuse = |why: String| problems.push(Problem::new(&path, Some(&source), why));
        if path.len() > DEPTH || path.iter().any(String::is_empty) {
            refuse("not the name of a key; keys are written O2O__SECTION__KEY".to_owned());
        } else if let Some(other) = taken(&tree, &path) {
            refuse(format!("contradicts {other}"));
        } else if let Some(text) = value.as_ref().to_str() {
            plant(&mut tree, &path, Node::text(source, text));
        } else {
            refuse("the value is not UTF-8".to_owned());
        }
    }
    tree
}

/// The variable that already says something of this path, above it, at it or below it.
fn taken(tree: &Node, path: &[String]) -> Option<Source> {
    (1..=path.len()).find_map(|length| {
        let node = tree.get(&path[..length])?;
        (length == path.len() || !matches!(node.body, Body::Table(_))).then(|| node.source.clone())
    })
}

/// Puts a leaf; the tables made on the way carry its source.
fn plant(tree: &mut Node, path: &[String], leaf: Node) {
    for length in 1..path.len() {
        if tree.get(&path[..length]).is_none() {
            tree.put(&path[..length], Some(Node::table(leaf.source.clone())));
        }
    }
    tree.put(path, Some(leaf));
}
