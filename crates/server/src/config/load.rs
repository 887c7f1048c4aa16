//! The layers: preset, file, environment, flags.

use super::{
    Config, ConfigError, KINDS, Problem,
    decode::{DecodeError, Fault},
    env, problem,
    tree::{Node, Source},
    validate,
};
use serde::Deserialize as _;
use std::{
    ffi::OsStr,
    fs,
    io::ErrorKind,
    net::SocketAddr,
    path::{Path, PathBuf},
};

pub(super) const LAPTOP: &str = include_str!("../../../../config/laptop.toml");
pub(super) const AWS: &str = include_str!("../../../../config/aws.toml");
/// Mistakes of spelling and type that one run lists at most.
const MISTAKES: usize = 100;

/// Where the layers begin.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Preset {
    /// One machine, embedded adapters, nothing else needed.
    #[default]
    Laptop,
    /// The laptop's with the adapters of AWS.
    Aws,
}

/// What the command line says itself; wins over every other layer.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    pub data: Option<PathBuf>,
    pub listen: Option<SocketAddr>,
}

impl Config {
    /// Reads all layers. The error holds everything found wrong, in the file as well as in the environment.
    /// Whether this build has the adapters is not asked here ([`Config::require_adapters`]).
    pub fn load<K: AsRef<OsStr>, V: AsRef<OsStr>>(
        preset: Preset,
        file: Option<&Path>,
        env: impl IntoIterator<Item = (K, V)>,
        flags: &Flags,
    ) -> Result<Self, ConfigError> {
        match Self::read(preset, file, env, flags) {
            (Some(config), problems) if problems.is_empty() => Ok(config),
            (_, problems) => Err(ConfigError { problems }),
        }
    }

    /// Everything that would keep this build from serving with this configuration, adapters it lacks included.
    pub fn check<K: AsRef<OsStr>, V: AsRef<OsStr>>(
        preset: Preset,
        file: Option<&Path>,
        env: impl IntoIterator<Item = (K, V)>,
        flags: &Flags,
    ) -> Result<(), ConfigError> {
        let (config, mut problems) = Self::read(preset, file, env, flags);
        if let Some(Err(lacking)) = config.map(|config| config.require_adapters()) {
            problems.extend(lacking.problems);
        }
        ConfigError::unless_empty(problems)
    }

    /// The configuration as far as it can be read, and what is wrong with it. Without a configuration there are
    /// problems; with problems the configuration is not to be used.
    fn read<K: AsRef<OsStr>, V: AsRef<OsStr>>(
        preset: Preset,
        file: Option<&Path>,
        env: impl IntoIterator<Item = (K, V)>,
        flags: &Flags,
    ) -> (Option<Self>, Vec<Problem>) {
        let mut problems = Vec::new();
        let base = preset.tree();
        let mut tree = base.clone();
        if let Some(path) = file {
            match read_file(path) {
                Ok(layer) => tree.overlay(layer),
                Err(problem) => problems.push(problem),
            }
        }
        tree.overlay(env::read(base.source.clone(), env, &mut problems));
        flags.lay_over(&mut tree, &mut problems);

        let config = decode_all(&mut tree, &base, &mut problems);
        if let Some(config) = &config {
            validate::check(config, &mut |key, message| {
                let path: Vec<String> = key.split('.').map(str::to_owned).collect();
                problems.push(Problem::new(&path, tree.get(&path).map(|node| &node.source), message));
            });
        }
        (config, problems)
    }
}

impl Preset {
    fn name(self) -> &'static str {
        match self {
            Self::Laptop => "laptop",
            Self::Aws => "aws",
        }
    }

    fn tree(self) -> Node {
        let parse = |text: &str, preset: Self| {
            let table: toml::Table = text.parse().expect("the presets are TOML; a test reads them");
            Node::from_toml(&Source::Preset(preset.name()), toml::Value::Table(table))
        };
        let mut tree = parse(LAPTOP, Self::Laptop);
        if self == Self::Aws {
            tree.overlay(parse(AWS, Self::Aws));
        }
        tree
    }
}

impl Flags {
    fn lay_over(&self, tree: &mut Node, problems: &mut Vec<Problem>) {
        let mut put = |section: &str, key: &str, flag: &'static str, text: Option<&str>| {
            let path = [section.to_owned(), key.to_owned()];
            let source = Source::Flag(flag);
            match text {
                Some(text) => {
                    let value = toml::Value::String(text.to_owned());
                    tree.put(&path, Some(Node::from_toml(&source, value)));
                }
                None => problems.push(Problem::new(&path, Some(&source), "the path is not UTF-8")),
            }
        };
        if let Some(data) = &self.data {
            put("data", "dir", "--data", data.to_str());
        }
        if let Some(listen) = &self.listen {
            put("server", "listen", "--listen", Some(&listen.to_string()));
        }
    }
}

fn read_file(path: &Path) -> Result<Node, Problem> {
    let source = Source::File(path.to_owned());
    let fail = |message: String| Problem::new(&[], Some(&source), message);
    let text = fs::read_to_string(path).map_err(|error| {
        fail(match error.kind() {
            ErrorKind::NotFound => "there is no such file".to_owned(),
            _ => format!("cannot be read: {error}"),
        })
    })?;
    // The parser's own display quotes the line, which may hold a secret.
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        let line = error.span().map_or(1, |span| 1 + text[..span.start].matches('\n').count());
        fail(format!("line {line}: not TOML: {}", error.message()))
    })?;
    Ok(Node::from_toml(&source, toml::Value::Table(table)))
}

/// Decodes the tree. On a mistake it notes the problem, puts back what the preset says there, and goes on, so that one
/// run finds them all; a configuration with problems never leaves [`Config::load`].
fn decode_all(tree: &mut Node, base: &Node, problems: &mut Vec<Problem>) -> Option<Config> {
    // Each round mends one mistake; past so many there is no point in listing more.
    for _ in 0..MISTAKES {
        place_data(tree);
        let error = match Config::deserialize(&*tree) {
            Ok(config) => return Some(config),
            Err(error) => error,
        };
        problems.push(describe(&error, tree));
        let path = error.path();
        let mend = match error.fault {
            Fault::Section(_) => &path[..path.len().min(1)],
            Fault::UnknownKey(_) | Fault::Value(_) => &path[..],
        };
        let old = base.get(mend).cloned();
        // Nothing to put back that is not there already: the preset itself is wrong, which a test excludes.
        if old.as_ref() == tree.get(mend) {
            return None;
        }
        tree.put(mend, old);
    }
    None
}

fn describe(error: &DecodeError, tree: &Node) -> Problem {
    let mut path = error.path();
    let node = tree.get(&path);
    let message = match &error.fault {
        Fault::UnknownKey(siblings) => {
            // Of an unknown section, name the key in it that somebody wanted to set.
            let level = path.len();
            path.extend(node.and_then(|node| node.leaves().into_iter().next()).unwrap_or_default());
            let siblings = if path.len() == level { siblings } else { &[][..] };
            problem::unknown_key(&path, siblings, &known_keys())
        }
        Fault::Section(message) | Fault::Value(message) => message.clone(),
    };
    let source = (1..=path.len()).rev().find_map(|length| tree.get(&path[..length])).map(|node| &node.source);
    Problem::new(&path, source, message)
}

/// The keys of both presets, dotted.
fn known_keys() -> Vec<String> {
    let mut keys: Vec<String> = [Preset::Laptop, Preset::Aws]
        .iter()
        .flat_map(|preset| preset.tree().leaves())
        .map(|path| path.join("."))
        .collect();
    keys.sort();
    keys.dedup();
    keys
}

/// Replaces `{data}` in the paths of adapters by the data folder.
fn place_data(tree: &mut Node) {
    let dir = tree.get(&["data".to_owned(), "dir".to_owned()]).and_then(Node::as_text).map(str::to_owned);
    let Some(dir) = dir else { return };
    for (section, ..) in KINDS {
        let path = [(*section).to_owned(), "path".to_owned()];
        let Some(node) = tree.get(&path) else { continue };
        if let Some(text) = node.as_text().filter(|text| text.contains("{data}")) {
            let placed = toml::Value::String(text.replace("{data}", &dir));
            let node = Node::from_toml(&node.source, placed);
            tree.put(&path, Some(node));
        }
    }
}
