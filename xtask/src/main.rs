//! `cargo xtask COMMAND`: what people and CI run, one module per command.

mod bench;

use clap::Parser;
use std::process::ExitCode;

#[derive(Debug, Parser)]
enum Command {
    Bench(bench::Args),
}

fn main() -> ExitCode {
    match Command::parse() {
        Command::Bench(args) => bench::run(&args),
    }
}
