//! Laws of the layers, on generated configurations.

use super::{
    tree::{self, Node, Source},
    *,
};
use proptest::prelude::*;
use std::{ffi::OsStr, fs};

/// What a layer may say of one key: its path, the text for the environment, the value for a file.
type Setting = (&'static [&'static str], String, toml::Value);

/// Settings of valid values, at most one per key.
fn settings() -> impl Strategy<Value = Vec<Setting>> {
    fn number(path: &'static [&'static str], range: std::ops::Range<i64>) -> BoxedStrategy<Setting> {
        range.prop_map(move |n| (path, n.to_string(), toml::Value::Integer(n))).boxed()
    }
    fn truth(path: &'static [&'static str]) -> BoxedStrategy<Setting> {
        any::<bool>().prop_map(move |b| (path, b.to_string(), toml::Value::Boolean(b))).boxed()
    }
    // Texts that look like other types, and texts that look like nothing.
    let text = prop_oneof![
        "[0-9]{1,9}",
        Just("true".to_owned()),
        Just("1.5".to_owned()),
        Just("{ a = 1 }".to_owned()),
        Just("[1, 2]".to_owned()),
        Just("2026-01-01".to_owned()),
        "[a-z ,=#{}\\[\\]é-]{0,12}x",
    ];
    let text = text.prop_map(|t| (&["identity", "terms_version"][..], t.clone(), toml::Value::String(t))).boxed();
    let list = prop::collection::vec("https://[a-z0-9]{1,8}", 0..4).prop_map(|list| {
        (&["edge", "cors_origins"][..], list.join(","), toml::Value::Array(list.into_iter().map(Into::into).collect()))
    });
    let window = prop_oneof![Just("month"), Just("lifetime")]
        .prop_map(|w| (&["notes", "window"][..], w.to_owned(), toml::Value::from(w)));
    let maybe = |setting: BoxedStrategy<Setting>| prop::option::of(setting);
    (
        maybe(number(&["edge", "trusted_proxies"], 0..17)),
        maybe(number(&["identity", "hash_queue"], 64..60_000)),
        maybe(number(&["notes", "allowance", "basic", "sms"], -1..50)),
        maybe(truth(&["edge", "rate_limits", "enabled"])),
        maybe(truth(&["dev", "clock"])),
        maybe(text),
        maybe(list.boxed()),
        maybe(window.boxed()),
    )
        .prop_map(|(a, b, c, d, e, f, g, h)| [a, b, c, d, e, f, g, h].into_iter().flatten().collect())
}

fn in_environment(settings: &[Setting]) -> Vec<(String, String)> {
    settings
        .iter()
        .map(|(path, text, _)| (format!("{PREFIX}{}", path.join("__").to_uppercase()), text.clone()))
        .collect()
}

fn in_file(settings: &[Setting]) -> String {
    let mut table = toml::Table::new();
    for (path, _, value) in settings {
        let (key, parents) = path.split_last().unwrap();
        let mut at = &mut table;
        for parent in parents {
            let below = at.entry(*parent).or_insert_with(|| toml::Value::Table(toml::Table::new()));
            at = below.as_table_mut().unwrap();
        }
        at.insert((*key).to_owned(), value.clone());
    }
    table.to_string()
}

fn effective(preset: Preset, file: &[Setting], env: &[Setting]) -> toml::Table {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("o2o.toml");
    fs::write(&path, in_file(file)).unwrap();
    Config::load(preset, Some(&path), in_environment(env), &Flags::default()).unwrap().effective()
}

/// The value at a path of the effective configuration.
fn at<'t>(table: &'t toml::Table, path: &[&str]) -> &'t toml::Value {
    path[1..].iter().fold(&table[path[0]], |value, key| &value[*key])
}

/// Layers of any shape, to overlay without types.
fn trees() -> impl Strategy<Value = Node> {
    let source = || Source::Preset("any");
    let leaf = prop_oneof![
        any::<i64>().prop_map(move |n| Node { source: source(), body: tree::Body::Value(n.into()) }),
        "[ab]{0,2}".prop_map(move |t| Node::text(source(), t)),
    ];
    let tree = leaf.prop_recursive(3, 24, 4, move |inner| {
        prop::collection::btree_map("a|b|c|kind", inner, 0..4)
            .prop_map(move |table| Node { source: source(), body: tree::Body::Table(table) })
    });
    prop::collection::btree_map("a|b|c", tree, 0..4)
        .prop_map(move |table| Node { source: source(), body: tree::Body::Table(table) })
}

fn laid(below: &Node, over: &Node) -> Node {
    let mut tree = below.clone();
    tree.overlay(over.clone());
    tree
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_over_something_and_twice_the_same_change_nothing(tree in trees(), over in trees()) {
        prop_assert_eq!(laid(&tree, &Node::table(Source::Preset("any"))), tree.clone());
        prop_assert_eq!(laid(&tree, &tree), tree.clone());
        let once = laid(&tree, &over);
        prop_assert_eq!(laid(&once, &over), once);
    }

    #[test]
    fn file_and_environment_say_the_same_in_their_own_way(settings in settings()) {
        for preset in [Preset::Laptop, Preset::Aws] {
            prop_assert_eq!(effective(preset, &settings, &[]), effective(preset, &[], &settings));
        }
    }

    #[test]
    fn the_last_layer_wins_and_touches_nothing_else(file in settings(), env in settings()) {
        let both = effective(Preset::Laptop, &file, &env);
        let bare = effective(Preset::Laptop, &[], &[]);
        let mut expected = bare;
        for (path, _, value) in file.iter().chain(&env) {
            let (key, parents) = path.split_last().unwrap();
            let table = parents.iter().fold(&mut expected, |table, key| table[*key].as_table_mut().unwrap());
            table.insert((*key).to_owned(), value.clone());
        }
        prop_assert_eq!(&both, &expected);
        for (path, _, value) in &env {
            prop_assert_eq!(at(&both, path), value);
        }
    }

    #[test]
    fn another_kind_takes_nothing_over(host in "[a-z]{1,8}", from_env in any::<bool>()) {
        let url = format!("postgres://{host}/o2o");
        let file = format!("[sql]\nkind = 'postgres'\nurl = '{url}'\n");
        let env = [("O2O__SQL__URL", url.as_str()), ("O2O__SQL__KIND", "postgres")];
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("o2o.toml");
        fs::write(&path, if from_env { "" } else { &file }).unwrap();
        let env: &[(&str, &str)] = if from_env { &env } else { &[] };
        let config = Config::load(Preset::Laptop, Some(&path), env.iter().copied(), &Flags::default()).unwrap();
        let Sql::Postgres { url: read, .. } = &config.sql else { panic!("still SQLite") };
        prop_assert_eq!(read.reveal(), &url);
        prop_assert!(!config.effective()["sql"].as_table().unwrap().contains_key("path"));
        // And back again: the url of the layer below is gone with its kind.
        let back = [("O2O__SQL__KIND", "sqlite"), ("O2O__SQL__PATH", "x.db")];
        let config = Config::load(Preset::Laptop, Some(&path), back, &Flags::default()).unwrap();
        let shown = config.effective();
        prop_assert_eq!(shown["sql"].as_table().unwrap().keys().collect::<Vec<_>>(), ["kind", "path"]);
    }

    #[test]
    fn no_environment_makes_it_panic(
        names in prop::collection::vec(
            prop_oneof!["O2O__[A-Z_]{0,20}", "O2O__(SQL|EDGE|NOTES)(__[A-Z]{0,6}){0,9}", "O2O__EDGE__(CORS_ORIGINS|RATE_LIMITS|BODY_LIMIT)", "\\PC{0,12}"],
            0..6,
        ),
        value in prop_oneof!["\\PC{0,40}", "[\\[\\]{}\"'=,. a-z0-9\n]{0,40}"],
    ) {
        let ours = names.iter().any(|name| name.starts_with(PREFIX));
        let loaded = Config::load(Preset::Laptop, None, names.iter().map(|name| (name, &value)), &Flags::default());
        match loaded {
            Ok(config) => prop_assert!(!config.effective().is_empty()),
            Err(error) => prop_assert!(ours && !error.problems.is_empty()),
        }
    }
}

#[test]
fn only_names_with_the_prefix_count() {
    let env = [("O2O_REQUIRE_ENGINES", "all"), ("PATH", "/bin"), ("o2o__edge__x", "1"), ("XO2O__EDGE__X", "1")];
    let config = Config::load(Preset::Laptop, None, env, &Flags::default()).unwrap();
    assert_eq!(config.effective(), effective(Preset::Laptop, &[], &[]));
}

#[test]
fn lists_and_texts_are_written_as_people_do() {
    let origins = |text: &str| {
        Config::load(Preset::Laptop, None, [("O2O__EDGE__CORS_ORIGINS", text)], &Flags::default())
            .unwrap()
            .edge
            .cors_origins
    };
    assert_eq!(origins("https://a, https://b,"), ["https://a", "https://b"]);
    assert_eq!(origins("[\"https://a\"]"), ["https://a"]);
    assert_eq!(origins(""), Vec::<String>::new());
    for (text, token) in [("123", "123"), ("true", "true"), ("\"quoted\"", "quoted"), ("'", "'"), ("", "")] {
        let config =
            Config::load(Preset::Laptop, None, [("O2O__EDGE__METRICS_TOKEN", text)], &Flags::default()).unwrap();
        assert_eq!(config.edge.metrics_token.reveal(), token);
    }
    let inline =
        [("O2O__EDGE__RATE_LIMITS", "{ enabled = false }"), ("O2O__SQL", "{ kind = 'postgres', url = 'env:URL' }")];
    let config = Config::load(Preset::Laptop, None, inline, &Flags::default()).unwrap();
    assert!(!config.edge.rate_limits.enabled && config.edge.rate_limits.per_ip_per_minute == 200);
    assert!(matches!(config.sql, Sql::Postgres { .. }));
}

#[test]
fn bytes_that_are_no_text_are_refused_only_under_our_prefix() {
    use std::os::unix::ffi::OsStrExt as _;
    let broken = OsStr::from_bytes(b"\xff");
    let load = |name: &str| Config::load(Preset::Laptop, None, [(OsStr::new(name), broken)], &Flags::default());
    assert!(load("LANG").is_ok());
    let said = load("O2O__EDGE__METRICS_TOKEN").unwrap_err().to_string();
    assert_eq!(said, "edge.metrics_token (O2O__EDGE__METRICS_TOKEN): the value is not UTF-8");
}
