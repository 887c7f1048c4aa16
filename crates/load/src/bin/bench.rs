//! `o2o-bench [SCENARIO…]`: runs scenarios against the release binary beside it and prints one table.

use clap::{Parser, ValueEnum};
use load::{
    report::{Machine, Report},
    scenarios::{Bench, Scenario},
};
use std::path::PathBuf;

/// Measures the server from outside; all scenarios unless some are named.
#[derive(Debug, Parser)]
struct Args {
    scenarios: Vec<Scenario>,
    /// Length of one measurement
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
    /// Print JSON instead of the table
    #[arg(long)]
    json: bool,
    /// Where data folders are made, on a real disk; beside the programs unless said
    #[arg(long)]
    folder: Option<PathBuf>,
    /// Members of send-spread
    #[arg(long, default_value_t = 20_000)]
    members: usize,
    /// Sockets, as far as the limit of open files allows
    #[arg(long, default_value_t = 2_000)]
    sockets: usize,
    /// Scheduled notes
    #[arg(long, default_value_t = 100_000)]
    scheduled: usize,
    /// Messages of the long conversation of chat-page
    #[arg(long, default_value_t = 1_000_000)]
    messages: usize,
}

/// One thread: the generator leaves as much of the machine as it can to the server.
#[tokio::main(flavor = "current_thread")]
#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a command-line program: table out, progress to stderr")]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let args = Args::parse();
    let own = std::env::current_exe()?;
    let folder = args.folder.or_else(|| own.parent().map(PathBuf::from)).unwrap_or_default();
    let bench = Bench {
        folder,
        seconds: args.seconds,
        members: args.members,
        sockets: args.sockets,
        scheduled: args.scheduled,
        messages: args.messages,
    };
    let chosen = if args.scenarios.is_empty() { Scenario::value_variants().to_vec() } else { args.scenarios };
    let mut rows = Vec::new();
    let mut failed = Vec::new();
    for scenario in chosen {
        eprintln!("{scenario:?} …");
        // One scenario that cannot run takes no figures of the others away.
        match bench.run(scenario).await {
            Ok(measured) => rows.extend(measured),
            Err(error) => failed.push(format!("{scenario:?}: {error}")),
        }
    }
    let report = Report { machine: Machine::look(&bench.folder)?, seconds_per_measurement: args.seconds, rows };
    println!("{}", if args.json { report.json() } else { report.markdown() });
    if failed.is_empty() { Ok(()) } else { Err(failed.join("\n").into()) }
}
