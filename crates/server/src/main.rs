use clap::Parser as _;
use server::{
    cli::{Cli, Command},
    commands,
};
use std::{
    io::{self, Write as _},
    process::ExitCode,
};

/// Many small allocations of many threads: a third less CPU per request than the system's allocator
/// (docs/BENCHMARKS.md), for two MiB at rest.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// 0 success, 1 failure; clap ends with 2 on wrong usage.
fn main() -> ExitCode {
    let cli = Cli::parse();
    let mut out = io::stdout();
    let done = match &cli.command {
        Command::Serve(args) => commands::serve::run(&cli.shared, args),
        Command::Migrate(_) => commands::migrate::run(&cli.shared, &mut out),
        Command::Config(command) => commands::config::run(&cli.shared, command, &mut out),
        Command::Doctor(_) => commands::doctor::run(&cli.shared, &mut out),
        Command::Member(command) => commands::member::run(&cli.shared, command, &mut out),
        Command::Jobs(command) => commands::jobs::run(&cli.shared, command, &mut out),
        Command::Backup(command) => commands::backup::run(&cli.shared, command, &mut out),
        Command::Seed(args) => commands::seed::run(&cli.shared, args, &mut out),
        Command::Completion(args) => commands::complete::completion(args, &mut out),
        Command::Man(_) => commands::complete::man(&mut out),
        Command::Templates(command) => commands::templates::run(&cli.shared, command, &mut out),
    };
    done.unwrap_or_else(|error| {
        // When both are closed, the exit code still tells.
        if cli.shared.json {
            let _ = writeln!(out, "{:#}", serde_json::json!({ "ok": false, "error": error.to_string() }));
        }
        let _ = writeln!(io::stderr(), "o2o: {error}");
        ExitCode::FAILURE
    })
}
