//! What is wrong with a configuration, said so that it can be mended: the key, where it was set, what would be right.

use super::tree::Source;
use std::fmt;

/// One mistake. Values are not repeated: they may be secrets.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Problem {
    /// Dotted, `edge.trusted_proxies`; empty when it concerns no single key.
    pub key: String,
    /// The file or variable that set it; empty when nothing did.
    pub source: String,
    pub message: String,
}

impl Problem {
    pub(super) fn new(path: &[String], source: Option<&Source>, message: impl Into<String>) -> Self {
        Self {
            key: path.join("."),
            source: source.map(ToString::to_string).unwrap_or_default(),
            message: message.into(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.key.is_empty(), self.source.is_empty()) {
            (false, false) => write!(f, "{} ({}): ", self.key, self.source)?,
            (false, true) => write!(f, "{}: ", self.key)?,
            (true, false) => write!(f, "{}: ", self.source)?,
            (true, true) => {}
        }
        f.write_str(&self.message)
    }
}

/// Everything found wrong; at least one problem.
#[derive(Debug, thiserror::Error)]
#[error("{}", .problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct ConfigError {
    pub problems: Vec<Problem>,
}

impl ConfigError {
    /// An error when there is anything to say.
    pub(super) fn unless_empty(problems: Vec<Problem>) -> Result<(), Self> {
        if problems.is_empty() { Ok(()) } else { Err(Self { problems }) }
    }
}

/// "did you mean …?" for a key that does not exist: a sibling spelt alike, else a key of `known` (dotted) spelt alike
/// as a whole, else the only one of that name elsewhere; else what there is. A key of `known` itself belongs to another
/// `kind` of its section.
pub(super) fn unknown_key(path: &[String], siblings: &[&str], known: &[String]) -> String {
    let dotted = path.join(".");
    if known.contains(&dotted) {
        return format!("not a key of this kind, which has {}; name `kind` as well", siblings.join(", "));
    }
    let (name, parent) = path.split_last().map_or(("", &[][..]), |(name, parent)| (name.as_str(), parent));
    let sibling = closest(name, siblings, 0.6).map(|sibling| [parent, &[sibling.to_owned()]].concat().join("."));
    let elsewhere = || closest(&dotted, &known.iter().map(String::as_str).collect::<Vec<_>>(), 0.75).map(str::to_owned);
    let namesake = || {
        let mut same = known.iter().filter(|key| key.rsplit('.').next() == Some(name));
        same.next().filter(|_| same.next().is_none()).cloned()
    };
    match sibling.or_else(elsewhere).or_else(namesake) {
        Some(key) => format!("unknown key; did you mean {key}?"),
        None if siblings.is_empty() => "unknown key".to_owned(),
        None => format!("unknown key; there are {}", siblings.join(", ")),
    }
}

/// "unknown value, did you mean …?" for a choice from a list.
pub(super) fn unknown_choice(choices: &[&str], found: &str) -> String {
    let hint = closest(found, choices, 0.5).map(|near| format!("did you mean \"{near}\"? ")).unwrap_or_default();
    format!("unknown value; {hint}there are {}", choices.join(", "))
}

fn closest<'a>(name: &str, among: &[&'a str], at_least: f64) -> Option<&'a str> {
    among
        .iter()
        .map(|candidate| (strsim::normalized_damerau_levenshtein(name, candidate), *candidate))
        .filter(|(likeness, _)| *likeness >= at_least)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}
