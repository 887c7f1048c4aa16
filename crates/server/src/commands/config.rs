//! `o2o config check` and `o2o config show`.

use crate::{
    cli::{ConfigCommand, Shared},
    config::{ConfigError, Problem},
    wire::Failure,
};
use serde_json::json;
use std::{ffi::OsStr, io::Write, process::ExitCode};

/// Runs the command with the environment of the process.
pub fn run(shared: &Shared, command: &ConfigCommand, out: &mut dyn Write) -> Result<ExitCode, Failure> {
    run_with(shared, std::env::vars_os(), command, out)
}

fn run_with<K: AsRef<OsStr>, V: AsRef<OsStr>>(
    shared: &Shared,
    env: impl IntoIterator<Item = (K, V)>,
    command: &ConfigCommand,
    out: &mut dyn Write,
) -> Result<ExitCode, Failure> {
    match command {
        ConfigCommand::Check => check(shared.check(env), shared.json, out),
        ConfigCommand::Show => {
            let effective = shared.load(env, None)?.effective();
            let text = if shared.json {
                serde_json::to_string_pretty(&effective)? + "\n"
            } else {
                toml::to_string_pretty(&effective)?
            };
            out.write_all(text.as_bytes())?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// "OK" on standard output, or every problem on standard error; with `json` one document on standard output.
fn check(found: Result<(), ConfigError>, json: bool, out: &mut dyn Write) -> Result<ExitCode, Failure> {
    if !json {
        found?;
        writeln!(out, "OK")?;
        return Ok(ExitCode::SUCCESS);
    }
    let problems: Vec<Problem> = found.err().map(|error| error.problems).unwrap_or_default();
    let ok = problems.is_empty();
    writeln!(out, "{:#}", json!({ "ok": ok, "problems": problems }))?;
    Ok(if ok { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Preset;

    fn shared(json: bool) -> Shared {
        Shared { preset: Preset::Laptop, config: None, data: None, json }
    }

    fn output(env: &[(&str, &str)], json: bool, command: &ConfigCommand) -> (Result<ExitCode, String>, String) {
        let mut out = Vec::new();
        let done = run_with(&shared(json), env.iter().copied(), command, &mut out).map_err(|error| error.to_string());
        (done, String::from_utf8(out).unwrap())
    }

    #[test]
    fn show_prints_what_a_file_could_say_and_no_secret() {
        let env = [("O2O__EDGE__METRICS_TOKEN", "hunter2"), ("O2O__EDGE__TRUSTED_PROXIES", "2")];
        let (done, text) = output(&env, false, &ConfigCommand::Show);
        assert_eq!(done, Ok(ExitCode::SUCCESS));
        assert!(!text.contains("hunter2") && text.contains("«secret»"));
        let shown: toml::Table = text.parse().unwrap();
        assert_eq!(shown["edge"]["trusted_proxies"].as_integer(), Some(2));
        assert_eq!(shown["sql"]["kind"].as_str(), Some("sqlite"));

        let (_, text) = output(&env, true, &ConfigCommand::Show);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), serde_json::to_value(shown).unwrap());
    }

    #[test]
    fn check_says_ok_or_everything() {
        let (done, text) = output(&[], false, &ConfigCommand::Check);
        assert_eq!((done, text.as_str()), (Ok(ExitCode::SUCCESS), "OK\n"));

        let wrong =
            [("O2O__EDGE__TRUSTED_PROXY", "1"), ("O2O__CACHE__KIND", "redis"), ("O2O__CACHE__URL", "redis://a")];
        let (done, text) = output(&wrong, false, &ConfigCommand::Check);
        let said = done.unwrap_err();
        assert!(said.contains("did you mean edge.trusted_proxies?"), "{said}");
        assert_eq!(said.contains("\"redis\" is not in this build"), !cfg!(feature = "cloud"), "{said}");
        assert_eq!(text, "");
    }

    #[test]
    fn json_is_one_document_with_the_failure_in_it() {
        let (done, text) = output(&[("O2O__WROK", "1")], true, &ConfigCommand::Check);
        assert_eq!(done, Ok(ExitCode::FAILURE));
        let document: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(document["ok"], false);
        assert_eq!(document["problems"][0]["source"], "O2O__WROK");
    }
}
