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
        Command::Migrate(_) => commands::migrate::run(&cli.shared),
        Command::Config(command) => commands::config::run(&cli.shared, command, &mut out),
        Command::Doctor(args) => commands::doctor::run(&cli.shared, args, &mut out),
        Command::Member(command) => commands::member::run(&cli.shared, command),
        Command::Jobs(command) => commands::jobs::run(&cli.shared, command, &mut out),
    };
    done.unwrap_or_else(|error| {
        // When standard error is closed too, the exit code still tells.
        let _ = writeln!(io::stderr(), "o2o: {error}");
        ExitCode::FAILURE
    })
}
