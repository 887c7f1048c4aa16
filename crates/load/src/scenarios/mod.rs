//! What is measured, and against which targets.
//!
//! Each scenario starts a server of its own on a fresh folder, seeds it through the interface, measures, and stops it.
//! Where a bare floor exists it runs by turns with the product, so that both meet the same minutes of the machine.

mod chat;
mod chat_live;
mod login;
mod notes;
mod presence;
mod scheduled;
mod sockets;
mod start;

use crate::{
    Result,
    api::{self, commands, settings, settings::Setting},
    process,
    report::{Row, Target},
    runner::{self, Length, Outcome, Script, float},
    server::{Server, binary},
};
use clap::ValueEnum;
use std::{
    path::{Path, PathBuf},
    time::Duration,
};
use tempfile::TempDir;
use tokio::process::Command;

/// Product and floor take this many turns each.
const TURNS: u32 = 2;
const WARM_UP: Duration = Duration::from_secs(1);

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Scenario {
    /// Partner notes of one couple over 64 connections
    Send,
    /// The same with a fresh idempotency key each
    SendKeyed,
    /// Partner notes spread over many members
    SendSpread,
    /// One note by its id over 32 connections
    Read,
    /// The newest 20 out of 100,000 notes
    List,
    /// From exec to ready, and memory at rest
    Start,
    /// Password logins beside bare argon2id, and reads meanwhile
    Login,
    /// Memory of an idle socket with its session
    Sockets,
    /// Scheduled notes due in the same minute
    Scheduled,
    /// Scheduled notes due second after second
    Lateness,
    /// Messages of 64 conversations over 64 connections
    Chat,
    /// Messages of many conversations
    ChatSpread,
    /// The newest 50 messages of a short and of a very long conversation
    ChatPage,
    /// From a message's answer to its frame, at half load
    ChatLive,
    /// A device that comes back and has missed 1,000 messages
    ChatResume,
    /// Presence that flaps beside a chat
    Presence,
}

/// What a run was asked for.
#[derive(Debug, Clone)]
pub struct Bench {
    /// Where data folders are made: a real disk, or fsync costs nothing.
    pub folder: PathBuf,
    /// Length of one measurement, all turns together.
    pub seconds: u64,
    pub members: usize,
    pub sockets: usize,
    pub scheduled: usize,
    /// Messages of the long conversation.
    pub messages: usize,
}

impl Bench {
    pub async fn run(&self, scenario: Scenario) -> Result<Vec<Row>> {
        match scenario {
            Scenario::Send => notes::send(self).await,
            Scenario::SendKeyed => notes::send_keyed(self).await,
            Scenario::SendSpread => notes::send_spread(self).await,
            Scenario::Read => notes::read(self).await,
            Scenario::List => notes::list(self).await,
            Scenario::Start => start::run(self).await,
            Scenario::Login => login::run(self).await,
            Scenario::Sockets => sockets::run(self).await,
            Scenario::Scheduled => scheduled::burst(self).await,
            Scenario::Lateness => scheduled::steady(self).await,
            Scenario::Chat => chat::send(self).await,
            Scenario::ChatSpread => chat::send_spread(self).await,
            Scenario::ChatPage => chat::page(self).await,
            Scenario::ChatLive => chat_live::live(self).await,
            Scenario::ChatResume => chat_live::resume(self).await,
            Scenario::Presence => presence::flaps(self).await,
        }
    }

    /// A fresh data folder.
    fn data(&self) -> Result<TempDir> {
        Ok(tempfile::Builder::new().prefix("o2o-bench-").tempdir_in(&self.folder)?)
    }

    fn turn(&self) -> Length {
        Length { warm_up: WARM_UP, measured: Duration::from_secs(self.seconds) / TURNS }
    }
}

/// Settings of most scenarios: the common ones, and accounts that are cheap to make.
fn cheap() -> Vec<Setting> {
    [settings::common(), settings::cheap_hashes()].concat()
}

async fn product(data: &Path, settings: &[Setting]) -> Result<Server> {
    Server::start(commands::serve(data, settings)?, &log(data), api::READY).await
}

async fn floor(data: &Path) -> Result<Server> {
    let mut command = Command::new(binary("o2o-floor")?);
    command.arg(data.join("floor.db"));
    Server::start(command, &log(data), "/notes/0").await
}

/// Logs go to memory where there is such a place: their write-back would be charged to the fsyncs of the stores,
/// while in operation a collector takes them from a pipe.
fn log(data: &Path) -> PathBuf {
    let memory = Path::new("/dev/shm");
    match data.file_name() {
        Some(name) if memory.is_dir() => memory.join(name).with_extension("log"),
        _ => data.with_extension("log"),
    }
}

/// Stops a server and removes what it logged.
async fn stop(server: Server, data: &Path) -> Result<()> {
    let stopped = server.stop().await;
    drop(std::fs::remove_file(log(data)));
    stopped
}

#[derive(Debug, Default)]
struct Measured {
    outcome: Outcome,
    /// Processor time of the server, work in the background included.
    cpu: Duration,
}

impl Measured {
    /// Runs the scripts once and adds what they saw.
    async fn add<S: Script>(&mut self, server: &Server, length: Length, scripts: Vec<S>) -> Result<()> {
        let before = process::settled_cpu(server.pid).await?;
        let (outcome, _) = runner::run(server.addr, length, scripts).await?;
        self.cpu += process::settled_cpu(server.pid).await?.saturating_sub(before);
        self.outcome.merge(&outcome);
        Ok(())
    }

    fn cpu_micros(&self) -> f64 {
        if self.outcome.answers == 0 { 0.0 } else { self.cpu.as_secs_f64() * 1e6 / float(self.outcome.answers) }
    }
}

/// Product and floor by turns.
async fn by_turns<A: Script, B: Script>(
    bench: &Bench,
    (product, product_scripts): (&Server, impl Fn(u32) -> Vec<A>),
    (floor, floor_scripts): (&Server, impl Fn(u32) -> Vec<B>),
) -> Result<(Measured, Measured)> {
    let mut sums = (Measured::default(), Measured::default());
    for turn in 0..TURNS {
        sums.0.add(product, bench.turn(), product_scripts(turn)).await?;
        sums.1.add(floor, bench.turn(), floor_scripts(turn)).await?;
    }
    Ok(sums)
}

/// Targets of a request rate.
struct Rate {
    per_second: f64,
    cpu_micros: Option<f64>,
    p99_millis: Option<f64>,
}

/// Throughput, processor time and p99 of a scenario.
fn rate_rows(scenario: &'static str, measured: &Measured, floor: Option<&Measured>, target: &Rate) -> Vec<Row> {
    let rows = [
        (
            Row::new(scenario, "requests", "1/s", measured.outcome.per_second()).note(measured.outcome.faults()),
            Some(Target::AtLeast(target.per_second)),
            floor.map(|floor| floor.outcome.per_second()),
        ),
        (
            Row::new(scenario, "server CPU per request", "µs", measured.cpu_micros()),
            target.cpu_micros.map(Target::AtMost),
            floor.map(Measured::cpu_micros),
        ),
        (
            Row::new(scenario, "p99", "ms", measured.outcome.percentile_millis(99))
                .note(format!("p50 {:.2} ms", measured.outcome.percentile_millis(50))),
            target.p99_millis.map(Target::AtMost),
            floor.map(|floor| floor.outcome.percentile_millis(99)),
        ),
    ];
    rows.into_iter()
        .map(|(row, target, floor)| {
            let row = if let Some(target) = target { row.target(target) } else { row };
            if let Some(floor) = floor { row.floor(floor) } else { row }
        })
        .collect()
}
