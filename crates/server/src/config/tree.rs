//! Configuration before it has types: values with the source each came from, laid over one another.

use std::{collections::BTreeMap, fmt, path::PathBuf};

/// Where a value came from, as a person would look for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source {
    Preset(&'static str),
    File(PathBuf),
    /// The variable's name.
    Env(String),
    Flag(&'static str),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Preset(name) => write!(f, "preset {name}"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Env(name) => f.write_str(name),
            Self::Flag(name) => f.write_str(name),
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    /// Of a table: the first source that mentioned it.
    pub source: Source,
    pub body: Body,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Body {
    Table(BTreeMap<String, Node>),
    /// A typed value; never a table.
    Value(toml::Value),
    /// Text of the environment or a flag, whose type is what the key asks for.
    Text(String),
}

impl Node {
    pub(super) fn table(source: Source) -> Self {
        Self { source, body: Body::Table(BTreeMap::new()) }
    }

    pub(super) fn text(source: Source, text: impl Into<String>) -> Self {
        Self { source, body: Body::Text(text.into()) }
    }

    pub(super) fn from_toml(source: &Source, value: toml::Value) -> Self {
        let body = match value {
            toml::Value::Table(table) => {
                Body::Table(table.into_iter().map(|(key, value)| (key, Self::from_toml(source, value))).collect())
            }
            value => Body::Value(value),
        };
        Self { source: source.clone(), body }
    }

    /// Lays `over` on this. Tables merge key by key; a table that names another `kind` replaces this one whole.
    pub(super) fn overlay(&mut self, over: Self) {
        match (&mut self.body, over.body) {
            (Body::Table(old), Body::Table(new)) if new.get("kind").is_none_or(|kind| same_kind(old, kind)) => {
                for (key, node) in new {
                    match old.get_mut(&key) {
                        Some(below) => below.overlay(node),
                        None => drop(old.insert(key, node)),
                    }
                }
            }
            (Body::Table(_), Body::Text(text)) => match read_value(&text) {
                Some(table @ toml::Value::Table(_)) => self.overlay(Self::from_toml(&over.source, table)),
                _ => *self = Self::text(over.source, text),
            },
            (_, body) => *self = Self { source: over.source, body },
        }
    }

    pub(super) fn get(&self, path: &[String]) -> Option<&Self> {
        path.iter().try_fold(self, |node, key| match &node.body {
            Body::Table(table) => table.get(key),
            _ => None,
        })
    }

    /// Puts `node` at `path`, making tables on the way, or removes what is there.
    pub(super) fn put(&mut self, path: &[String], node: Option<Self>) {
        let Some((key, rest)) = path.split_first() else {
            if let Some(node) = node {
                *self = node;
            }
            return;
        };
        if !matches!(self.body, Body::Table(_)) {
            self.body = Body::Table(BTreeMap::new());
        }
        let source = self.source.clone();
        let Body::Table(table) = &mut self.body else { return };
        match node {
            None if rest.is_empty() => drop(table.remove(key)),
            node => table.entry(key.clone()).or_insert_with(|| Self::table(source)).put(rest, node),
        }
    }

    /// The paths of all values.
    pub(super) fn leaves(&self) -> Vec<Vec<String>> {
        match &self.body {
            Body::Table(table) => table
                .iter()
                .flat_map(|(key, node)| {
                    node.leaves().into_iter().map(move |mut path| {
                        path.insert(0, key.clone());
                        path
                    })
                })
                .collect(),
            _ => vec![Vec::new()],
        }
    }

    pub(super) fn as_text(&self) -> Option<&str> {
        match &self.body {
            Body::Value(toml::Value::String(text)) | Body::Text(text) => Some(text),
            _ => None,
        }
    }
}

fn same_kind(old: &BTreeMap<String, Node>, kind: &Node) -> bool {
    old.get("kind").is_some_and(|old| old.as_text().is_some() && old.as_text() == kind.as_text())
}

/// One TOML value; the text may hold nothing else.
pub(super) fn read_value(text: &str) -> Option<toml::Value> {
    text.trim().parse().ok()
}
