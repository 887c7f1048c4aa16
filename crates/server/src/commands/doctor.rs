//! `o2o doctor`: a line per port, beside a running server or without one: which adapter, whether it answers, how long
//! that took, and what to do where something is wrong.

use super::block_on;
use crate::{
    cli::Shared,
    config::{self, Config},
    lock,
    wire::{self, Failure},
};
use app::topics::JOBS;
use base::{World, world::SystemWorld};
use ports::{
    embedded::{Store, outbox::Outbox},
    sql::{Engine, migrate},
};
use serde::Serialize;
use std::{io::Write, path::Path, process::ExitCode, sync::Arc, time::Instant};

/// One examined part.
#[derive(Debug, Serialize)]
struct Line {
    component: &'static str,
    adapter: String,
    ok: bool,
    /// Milliseconds the examination took.
    millis: u128,
    /// What is wrong, or worth knowing.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<&'static str>,
}

/// What was found: nothing to say, something worth knowing, or a failure; the last two with advice.
enum Finding {
    Fine,
    Note(String, &'static str),
    Fails(String, &'static str),
}

use Finding::{Fails, Fine, Note};

/// A failure with this advice, or nothing.
fn judged(outcome: Result<(), impl ToString>, advice: &'static str) -> Finding {
    outcome.map_or_else(|error| Fails(error.to_string(), advice), |()| Fine)
}

pub fn run(shared: &Shared, out: &mut dyn Write) -> Result<ExitCode, Failure> {
    let config = shared.load(std::env::vars_os(), None)?;
    config.require_adapters()?;
    if !config.data.dir.is_dir() {
        return Err(format!("{} is not a data folder", config.data.dir.display()).into());
    }
    let lines = block_on(async { Ok(examine(&config).await) })?;
    let ok = lines.iter().all(|line| line.ok);
    if shared.json {
        writeln!(out, "{:#}", serde_json::json!({ "ok": ok, "components": lines }))?;
    } else {
        for line in &lines {
            let mark = if line.ok { "ok" } else { "FAILS" };
            let detail = line.detail.as_deref().unwrap_or_default();
            writeln!(out, "{:<10} {:<12} {mark:<6} {:>5} ms  {detail}", line.component, line.adapter, line.millis)?;
            if let Some(advice) = line.advice {
                writeln!(out, "{:40}→ {advice}", "")?;
            }
        }
    }
    Ok(if ok { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

const RESTORE: &str = "restore the last backup into another folder (docs/OPERATIONS.md, A file is damaged)";
const MIGRATE: &str = "run `o2o migrate`, or start the server once";
const ANOTHER_RELEASE: &str = "run the release that wrote it, or a later one";

async fn examine(config: &Config) -> Vec<Line> {
    let world: Arc<dyn World> = Arc::new(SystemWorld::default());
    let effective = config.effective();
    let line = |component: &'static str, since: Instant, finding: Finding| {
        let kind = effective.get(component).and_then(|section| section.get("kind")).and_then(|kind| kind.as_str());
        let (ok, detail, advice) = match finding {
            Fine => (true, None, None),
            Note(detail, advice) => (true, Some(detail), Some(advice)),
            Fails(detail, advice) => (false, Some(detail), Some(advice)),
        };
        let adapter = kind.unwrap_or("-").to_owned();
        Line { component, adapter, ok, millis: since.elapsed().as_millis(), detail, advice }
    };
    let mut lines = Vec::new();
    let since = Instant::now();
    lines.push(line("data", since, data(config)));
    let since = Instant::now();
    lines.push(line("secrets", since, secrets(config, &world).await));
    let since = Instant::now();
    lines.push(line("sql", since, sql(config).await));

    // Items, queue, stream and what was "sent" share a file, opened once.
    let since = Instant::now();
    let store = match wire::open_store(&config.store_path()) {
        Ok(store) => store,
        Err(error) => {
            let text = error.to_string();
            let advice = if text.contains("newer release") { ANOTHER_RELEASE } else { RESTORE };
            lines.push(line("items", since, Fails(text, advice)));
            return lines;
        }
    };
    lines.push(line("items", since, items(config, &store, &world).await));
    let since = Instant::now();
    lines.push(line("queue", since, queue(config, &store, &world).await));
    let since = Instant::now();
    lines.push(line("objects", since, objects(config)));
    let since = Instant::now();
    lines.push(line("mail", since, mail(config, &store, &*world)));
    // What follows has nothing of its own to open: it lies in the memory of the server or in the file of items.
    for component in ["sms", "stream", "cache", "fanout"] {
        lines.push(line(component, Instant::now(), Fine));
    }
    lines
}

/// Written to and synced, as a start does; others may list it, which is worth a word.
fn data(config: &Config) -> Finding {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = &config.data.dir;
    if let Err(error) = lock::prepare_folder(folder) {
        return Fails(error.to_string(), "free space, or give the folder to the user that runs the server");
    }
    match std::fs::metadata(folder).map(|about| about.permissions().mode() & 0o777) {
        Ok(mode) if mode & 0o077 != 0 => {
            let detail = format!("{} can be listed by others (mode {mode:o})", folder.display());
            Note(detail, "chmod 700 it; what lies in it is for the service alone anyway")
        }
        Ok(_) => Fine,
        Err(error) => Fails(error.to_string(), "look at the disk"),
    }
}

/// Reads every ring that is there; makes and rotates none.
async fn secrets(config: &Config, world: &Arc<dyn World>) -> Finding {
    let config::Secrets::File { path } = &config.secrets else { return Fine };
    let store = match wire::open_secrets(config) {
        Ok(store) => store,
        Err(error) => return Fails(error.to_string(), "look at [secrets] of the configuration"),
    };
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
    for name in entries.filter_map(|entry| Some(entry.file_name().to_str()?.strip_suffix(".ring")?.to_owned())) {
        if let Err(error) = store.keyring(&name, i64::MAX / 4, 0, world.now()).await {
            return Fails(error.to_string(), "restore this file from a backup (docs/OPERATIONS.md, The data folder)");
        }
    }
    Fine
}

async fn sql(config: &Config) -> Finding {
    match look_at_sql(config).await {
        Ok(finding) => finding,
        Err(error) => Fails(error.to_string(), "is the file there, readable and on a local disk?"),
    }
}

async fn look_at_sql(config: &Config) -> Result<Finding, Failure> {
    let secrets = wire::open_secrets(config)?;
    let db = wire::open_sql(config, &*secrets).await?;
    let status = migrate::status(&db).await?;
    if let Some(name) = status.newer.last() {
        let detail = format!("the schema was written by a newer release (it has {name})");
        return Ok(Fails(detail, ANOTHER_RELEASE));
    }
    if let Some(name) = status.changed.first() {
        return Ok(Fails(format!("migration {name} is not the text that was applied"), ANOTHER_RELEASE));
    }
    if !status.pending.is_empty() {
        return Ok(Fails(format!("{} migrations are pending", status.pending.len()), MIGRATE));
    }
    if db.engine() == Engine::Sqlite {
        let mut tx = db.read().await?;
        for row in tx.rows("pragma integrity_check", Vec::new()).await? {
            let finding = row.text(0)?;
            if finding != "ok" {
                return Ok(Fails(format!("the file is damaged: {finding}"), RESTORE));
            }
        }
    }
    Ok(Fine)
}

async fn items(config: &Config, store: &Arc<Store>, world: &Arc<dyn World>) -> Finding {
    let findings = match wire::open_items(config, store, world) {
        Ok(items) => items.integrity().await,
        Err(error) => return Fails(error.to_string(), "look at [items] of the configuration"),
    };
    match findings {
        Ok(findings) => {
            findings.first().map_or(Fine, |finding| Fails(format!("the file is damaged: {finding}"), RESTORE))
        }
        Err(error) => Fails(error.to_string(), RESTORE),
    }
}

async fn queue(config: &Config, store: &Arc<Store>, world: &Arc<dyn World>) -> Finding {
    /// Parked jobs that are counted; more are "many".
    const COUNTED: usize = 1_000;
    let queue = match wire::open_queue(config, store, world) {
        Ok(queue) => queue,
        Err(error) => return Fails(error.to_string(), "look at [queue] of the configuration"),
    };
    match queue.parked(JOBS, COUNTED).await {
        Ok(parked) if parked.is_empty() => Fine,
        Ok(parked) => {
            Note(format!("{} jobs are parked", parked.len()), "see `o2o jobs parked`, then `o2o jobs redrive`")
        }
        Err(error) => Fails(error.to_string(), RESTORE),
    }
}

fn objects(config: &Config) -> Finding {
    let config::Objects::Folder { path } = &config.objects else { return Fine };
    let missing = |path: &Path| format!("{} is missing", path.display());
    judged(if path.is_dir() { Ok(()) } else { Err(missing(path)) }, "start the server once, or restore a backup")
}

fn mail(config: &Config, store: &Arc<Store>, world: &dyn World) -> Finding {
    let config::Mail::Local { .. } = &config.mail else { return Fine };
    let newest = Outbox::new(store.clone()).list(None, Some("email"), 1, world.now());
    judged(newest.map(drop), RESTORE)
}
