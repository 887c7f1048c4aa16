//! `cargo xtask bench`: builds the server and the load generator for release and lets the latter measure the former.

use crate::run;
use std::process::ExitCode;

/// Measures the release build: `cargo xtask bench [SCENARIO…] [--seconds N] [--json]`; `--help` lists the scenarios
#[derive(Debug, clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Args {
    /// Handed to the generator as they are
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

pub(crate) fn run(args: &Args) -> ExitCode {
    let cargo = |words: &[&str], rest: &[String]| {
        run::command().args(words).args(rest).status().is_ok_and(|status| status.success())
    };
    // Built together, so that the server stands beside the generator, which looks for it there.
    let done = cargo(&["build", "--release", "-p", "o2o", "-p", "load"], &[])
        && cargo(&["run", "--release", "--quiet", "-p", "load", "--bin", "o2o-bench", "--"], &args.rest);
    if done { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    #[test]
    fn everything_is_handed_on() {
        let words = ["send", "--seconds", "3", "--json", "--help"];
        for from in 0..words.len() {
            let line = Line::try_parse_from(std::iter::once(&"bench").chain(&words[from..])).unwrap();
            assert_eq!(line.args.rest, words[from..]);
        }
    }
}
