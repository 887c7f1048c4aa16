//! The presets are complete and explained; mistakes are named so that they can be mended.

use super::{
    load::{AWS, LAPTOP},
    tree::{Node, Source},
    *,
};
use std::{collections::BTreeSet, fs, path::Path};

type Env<'a> = &'a [(&'a str, &'a str)];

const BOTH: [Preset; 2] = [Preset::Laptop, Preset::Aws];

fn load(preset: Preset, file: &str, env: Env<'_>) -> Result<Config, ConfigError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("o2o.toml");
    fs::write(&path, file).unwrap();
    Config::load(preset, Some(&path), env.iter().copied(), &Flags::default())
}

fn problems(file: &str, env: Env<'_>) -> Vec<String> {
    let found = load(Preset::Laptop, file, env).unwrap_err().problems;
    found
        .iter()
        .map(|problem| problem.to_string().replace(&problem.source, problem.source.rsplit('/').next().unwrap()))
        .collect()
}

fn keys(table: &toml::Table) -> BTreeSet<String> {
    let leaves = Node::from_toml(&Source::Preset(""), toml::Value::Table(table.clone())).leaves();
    leaves.into_iter().map(|path| path.join(".")).collect()
}

/// The kinds that no preset uses, as aws.toml writes them: one file for each section it names.
fn alternatives() -> Vec<String> {
    let lines: Vec<&str> = AWS.lines().filter_map(|line| line.strip_prefix("#| ")).collect();
    let starts: Vec<usize> = (0..lines.len()).filter(|i| lines[*i].starts_with('[')).collect();
    let ends = starts.iter().skip(1).copied().chain([lines.len()]);
    starts.iter().zip(ends).map(|(start, end)| lines[*start..end].join("\n")).collect()
}

#[test]
fn both_presets_load_and_name_every_key() {
    let laptop: toml::Table = LAPTOP.parse().unwrap();
    assert_eq!(keys(&load(Preset::Laptop, "", &[]).unwrap().effective()), keys(&laptop));
    let aws: toml::Table = AWS.parse().unwrap();
    let effective = load(Preset::Aws, "", &[]).unwrap().effective();
    for (section, ..) in KINDS {
        let (Some(shown), Some(written)) = (effective[*section].as_table(), aws[*section].as_table()) else {
            panic!("{section} is not a table")
        };
        assert_eq!(keys(shown), keys(written), "{section}");
    }
    assert!(keys(&aws).is_subset(&keys(&effective)));
}

#[test]
fn every_key_of_every_kind_is_written_down_and_explained() {
    let mut written: BTreeSet<(String, String)> = BTreeSet::new();
    let kinds_of = |config: &Config| {
        let table = config.effective();
        KINDS
            .iter()
            .map(|(section, ..)| ((*section).to_owned(), table[*section]["kind"].as_str().unwrap().to_owned()))
            .collect::<Vec<_>>()
    };
    for preset in BOTH {
        written.extend(kinds_of(&load(preset, "", &[]).unwrap()));
    }
    for file in alternatives() {
        let config = load(Preset::Aws, &file, &[]).unwrap();
        let table: toml::Table = file.parse().unwrap();
        let section = table.keys().next().unwrap();
        assert_eq!(keys(config.effective()[section].as_table().unwrap()), keys(table[section].as_table().unwrap()));
        written.extend(kinds_of(&config));
    }
    let all: BTreeSet<_> = KINDS
        .iter()
        .flat_map(|(section, here, cloud)| {
            here.iter().chain(*cloud).map(|kind| ((*section).to_owned(), (*kind).to_owned()))
        })
        .collect();
    assert_eq!(written, all);

    for text in [LAPTOP, AWS] {
        let mut explained = false;
        for line in text.lines().map(|line| line.strip_prefix("#| ").unwrap_or(line)) {
            let key = line.split('=').next().unwrap_or_default().trim();
            match line.chars().next() {
                None => explained = false,
                Some('#') => explained = true,
                Some('[') => {}
                // One comment may explain the keys that follow it up to the next empty line.
                Some(_) => assert!(key == "kind" || explained || line.contains(" # "), "{key} needs a comment"),
            }
        }
    }
}

#[test]
fn the_table_of_kinds_is_what_the_types_know() {
    for (section, here, cloud) in KINDS {
        let said = problems(&format!("[{section}]\nkind = \"?\""), &[]);
        let kinds = here.iter().chain(*cloud).copied().collect::<Vec<_>>().join(", ");
        assert_eq!(said, [format!("{section}.kind (o2o.toml): unknown value; there are {kinds}")]);
    }
}

#[test]
fn a_key_that_may_be_left_out_has_the_default_that_is_written() {
    let mut left_out = 0;
    for (preset, file) in
        [(Preset::Aws, AWS.to_owned())].into_iter().chain(alternatives().into_iter().map(|file| (Preset::Aws, file)))
    {
        let table: toml::Table = file.parse().unwrap();
        for (section, ..) in KINDS {
            let Some(toml::Value::Table(full)) = table.get(*section) else { continue };
            for key in full.keys().filter(|key| *key != "kind") {
                let mut less = full.clone();
                less.remove(key);
                let with = |section_table: toml::Table| {
                    let section = toml::Table::from_iter([((*section).to_owned(), toml::Value::Table(section_table))]);
                    // From the laptop, whose kind differs, so that nothing of the section is inherited.
                    load(Preset::Laptop, &section.to_string(), &[])
                };
                match with(less) {
                    Err(error) => assert!(error.to_string().contains(&format!("the key {key} is missing")), "{error}"),
                    Ok(config) => {
                        left_out += 1;
                        assert_eq!(
                            config.effective(),
                            with(full.clone()).unwrap().effective(),
                            "{preset:?} {section}.{key}"
                        );
                    }
                }
            }
        }
    }
    assert!(left_out > 15, "{left_out}");
}

#[test]
fn an_adapter_that_is_not_built_in_is_named_with_its_feature() {
    assert!(load(Preset::Laptop, "", &[]).unwrap().require_adapters().is_ok());
    let aws = load(Preset::Aws, "", &[]).unwrap().require_adapters();
    if cfg!(feature = "cloud") {
        assert!(aws.is_ok());
        return;
    }
    let said = aws.unwrap_err().to_string();
    for (section, _, cloud) in KINDS.iter().filter(|(section, ..)| *section != "sql") {
        assert!(said.contains(&format!("{section}.kind: the adapter \"{}\" is not in this build", cloud[0])), "{said}");
    }
    assert!(said.contains("--features cloud") && !said.contains("postgres"));
}

#[test]
fn a_wrong_key_is_named_with_its_source_and_what_was_meant() {
    let cases: &[(&str, Env<'_>, &str)] = &[
        (
            "",
            &[("O2O__EDGE__TRUSTED_PROXY", "1")],
            "edge.trusted_proxy (O2O__EDGE__TRUSTED_PROXY): unknown key; did you mean edge.trusted_proxies?",
        ),
        (
            "",
            &[("O2O__EGDE__TRUSTED_PROXIES", "1")],
            "egde.trusted_proxies (O2O__EGDE__TRUSTED_PROXIES): unknown key; did you mean edge.trusted_proxies?",
        ),
        (
            "",
            &[("O2O__TRUSTED_PROXIES", "1")],
            "trusted_proxies (O2O__TRUSTED_PROXIES): unknown key; did you mean edge.trusted_proxies?",
        ),
        (
            "[edge.rate_limit]\nenabled = false",
            &[],
            "edge.rate_limit.enabled (o2o.toml): unknown key; did you mean edge.rate_limits.enabled?",
        ),
        (
            "[identity]\nhash_thread = 2",
            &[],
            "identity.hash_thread (o2o.toml): unknown key; did you mean identity.hash_threads?",
        ),
        (
            "[sql]\nurl = 'postgres://'",
            &[],
            "sql.url (o2o.toml): not a key of this kind, which has path; name `kind` as well",
        ),
        (
            "[sql]\nkind = 'postgress'",
            &[],
            "sql.kind (o2o.toml): unknown value; did you mean \"postgres\"? there are sqlite, postgres",
        ),
        (
            "",
            &[("O2O__LOG__FORMAT", "xml")],
            "log.format (O2O__LOG__FORMAT): unknown value; there are auto, json, pretty",
        ),
        ("", &[("O2O__", "1")], "O2O__: not the name of a key; keys are written O2O__SECTION__KEY"),
        (
            "",
            &[("O2O__EDGE____X", "1")],
            "edge..x (O2O__EDGE____X): not the name of a key; keys are written O2O__SECTION__KEY",
        ),
        ("[items]\nkind = 'dynamodb'", &[], "items (o2o.toml): the key region is missing"),
        (
            "[edge]\nbody_limit = 'big'",
            &[],
            "edge.body_limit (o2o.toml): expected a whole number, 0 or more, found a text",
        ),
        ("[edge]\nmetrics_token = 4711", &[], "edge.metrics_token (o2o.toml): expected a text, found a whole number"),
        ("[edge]\ncors_origins = [1]", &[], "edge.cors_origins (o2o.toml): expected a text, found a whole number"),
        (
            "",
            &[("O2O__WORK__JOB_WORKERS", "-4711")],
            "work.job_workers (O2O__WORK__JOB_WORKERS): expected a whole number, 0 or more; this one is out of range",
        ),
        (
            "",
            &[("O2O__EDGE__RATE_LIMITS", "off")],
            "edge.rate_limits (O2O__EDGE__RATE_LIMITS): expected a section with keys, found a text",
        ),
        ("[server]\nlisten = 'here'", &[], "server.listen (o2o.toml): invalid socket address syntax"),
        ("edge = 1\n[edge]", &[], "o2o.toml: line 2: not TOML: duplicate key"),
    ];
    for (file, env, said) in cases {
        assert_eq!(problems(file, env), [*said], "{file} {env:?}");
    }
}

#[test]
fn every_problem_is_found_at_once() {
    let said = problems(
        "[edge]\npublic_url = 'https://a/'\nbody_limit = 'big'\n[cash]\nkind = 'redis'\n[sql]\nkind = 'oracle'\n",
        &[
            ("O2O__IDENTITY__HASH_QUEUE", "63"),
            ("O2O__DEV__CLOK", "true"),
            ("O2O__DEV", "1"),
            ("O2O__DEV__CLOCK", "true"),
        ],
    );
    let mut keys: Vec<&str> = said.iter().map(|line| line.split(' ').next().unwrap()).collect();
    keys.sort_unstable();
    assert_eq!(
        keys,
        [
            "cash.kind",
            "dev",
            "dev.clock",
            "dev.clok",
            "edge.body_limit",
            "edge.public_url",
            "identity.hash_queue",
            "sql.kind"
        ],
        "{said:#?}"
    );
}

#[test]
fn values_out_of_range_are_told_with_their_range() {
    let cases = [
        ("[identity]\nhash_queue = 63", "identity.hash_queue (o2o.toml): must be from 64 to 65536"),
        ("[edge]\npublic_url = 'ftp://a'", "edge.public_url (o2o.toml): must begin with http:// or https://"),
        ("[edge]\npublic_url = 'https://a/'", "edge.public_url (o2o.toml): must not end with a slash"),
        (
            "[edge]\npublic_url = 'https://:80'",
            "edge.public_url (o2o.toml): needs a host, with a port from 1 to 65535 or none",
        ),
        (
            "[edge]\npublic_url = 'https://a:0'",
            "edge.public_url (o2o.toml): needs a host, with a port from 1 to 65535 or none",
        ),
        ("[edge]\ncors_origins = ['https://a/b']", "edge.cors_origins (o2o.toml): an origin has no path"),
        ("[edge]\ncors_origins = ['https://*']", "edge.cors_origins (o2o.toml): must not contain '*'"),
        (
            "[log]\nlevel = 'app=loud'",
            "log.level (o2o.toml): must be error, warn, info, debug or trace, or a list of module=level",
        ),
        (
            "[notes.allowance.basic]\nsms = -2",
            "notes.allowance.basic.sms (o2o.toml): must be 0 or more, or -1 for unlimited, not -2",
        ),
        (
            "[notes.allowance.gold]\nsms = 1\npartner = 1\nplatform = 1",
            "notes.allowance.gold (o2o.toml): not a plan; there are basic, premiere, exclusive",
        ),
        (
            "[sql]\nkind = 'postgres'\nurl = 'mysql://a'",
            "sql.url (o2o.toml): must begin with postgres:// or postgresql://, or with env:, file: or secret:",
        ),
        ("[mail]\nfrom = 'us'", "mail.from (o2o.toml): must be an address or `name <address>`"),
        ("[mail]\nfrom = \"us <a@b>\\r\\nBcc: c@d\"", "mail.from (o2o.toml): must be an address or `name <address>`"),
        ("[data]\ndir = ''", "data.dir (o2o.toml): must not be empty"),
    ];
    for (file, said) in cases {
        assert_eq!(problems(file, &[]), [said], "{file}");
    }
    for good in ["http://localhost:8080", "https://a.b/app", "http://[::1]:80", "http://[::1]", ""] {
        let config = load(Preset::Laptop, "", &[("O2O__EDGE__PUBLIC_URL", good)]).unwrap();
        assert_eq!(config.edge.public_url, good);
    }
    for preset in BOTH {
        assert!(load(preset, "", &[("O2O__DEV__CLOCK", "true")]).unwrap().dev.clock);
    }
}

#[test]
fn secrets_are_in_no_message_and_no_output() {
    let secret = "hunter2";
    for (file, env) in [
        (format!("[edge]\nmetrics_token = \"{secret}"), ("O2O__X", "1")),
        (format!("[edge]\nmetrics_tokn = \"{secret}\""), ("O2O__EDGE__METRICS", secret)),
        (format!("[sql]\nkind = 'postgres'\nurl = '{secret}'"), ("O2O__EDGE__BODY_LIMIT", secret)),
        (format!("[sms]\nkind = '{secret}'"), ("O2O__LOG__FORMAT", secret)),
        (format!("[cache]\nkind = 'redis'\nurl = ['{secret}']"), ("O2O__SERVER__LISTEN", secret)),
    ] {
        let error = load(Preset::Laptop, &file, &[env]).unwrap_err();
        assert!(!format!("{error} {error:?}").contains(secret), "{error}");
    }
    let env = [
        ("O2O__SQL__KIND", "postgres"),
        ("O2O__SQL__URL", "postgres://o:hunter2@db/o"),
        ("O2O__SQL__READ_URL", "env:READ"),
    ];
    let config = load(Preset::Laptop, "", &env).unwrap();
    let shown = config.effective();
    assert!(!format!("{config:?} {shown}").contains(secret));
    assert_eq!(shown["sql"]["url"].as_str(), Some("«secret»"));
    assert_eq!(shown["sql"]["read_url"].as_str(), Some("env:READ"));
}

#[test]
fn flags_win_and_paths_follow_the_data_folder() {
    let flags = Flags { data: Some("/var/o2o".into()), listen: Some("0.0.0.0:0".parse().unwrap()) };
    let env =
        [("O2O__DATA__DIR", "/elsewhere"), ("O2O__SERVER__LISTEN", "127.0.0.1:1"), ("O2O__OBJECTS__PATH", "{data}/up")];
    let config = Config::load(Preset::Laptop, None, env, &flags).unwrap();
    assert_eq!(config.store_path(), Path::new("/var/o2o/items.db"));
    assert_eq!(config.effective()["objects"]["path"].as_str(), Some("/var/o2o/up"));
    assert_eq!(config.public_url("0.0.0.0:81".parse().unwrap()), "http://127.0.0.1:81");
    assert_eq!(config.public_url("[::]:81".parse().unwrap()), "http://[::1]:81");
    assert_eq!(config.settings().edge.trusted_proxies, 0);
    let missing = Config::load(Preset::Laptop, Some(Path::new("/no/o2o.toml")), env, &flags).unwrap_err();
    assert_eq!(missing.to_string(), "/no/o2o.toml: there is no such file");
}

/// What `secrets` would be asked, as its answer.
struct Echo;

#[async_trait::async_trait]
impl ports::secrets::Secrets for Echo {
    async fn get(&self, reference: &str) -> ports::PortResult<Secret> {
        Ok(Secret::new(format!("<{reference}>")))
    }
    async fn keyring(&self, _: &str, _: i64, _: i64, _: base::Time) -> ports::PortResult<Vec<ports::secrets::RingKey>> {
        Ok(Vec::new())
    }
}

#[tokio::test]
async fn references_are_read_through_the_store() {
    for (text, asked) in
        [("secret:a/b", "<a/b>"), ("env:A", "<env:A>"), ("file:/a", "<file:/a>"), ("plain", "plain"), ("", "")]
    {
        assert_eq!(resolve(&Secret::new(text), &Echo).await.unwrap().reveal(), asked);
    }
}
