//! `o2o doctor`: a line per port, beside a running server or without one.

use super::block_on;
use crate::{
    cli::Shared,
    config::Config,
    wire::{self, Failure},
};
use base::{World, world::SystemWorld};
use serde::Serialize;
use std::{io::Write, process::ExitCode, sync::Arc, time::Instant};

/// One examined part.
#[derive(Debug, Serialize)]
struct Line {
    component: &'static str,
    adapter: String,
    ok: bool,
    /// Milliseconds the examination took.
    millis: u128,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

pub fn run(shared: &Shared, out: &mut dyn Write) -> Result<ExitCode, Failure> {
    let config = shared.load(std::env::vars_os(), None)?;
    config.require_adapters()?;
    if !config.data.dir.is_dir() {
        return Err(format!("{} is not a data folder", config.data.dir.display()).into());
    }
    let lines = block_on(examine(&config))?;
    let ok = lines.iter().all(|line| line.ok);
    if shared.json {
        writeln!(out, "{:#}", serde_json::json!({ "ok": ok, "components": lines }))?;
    } else {
        for line in &lines {
            let mark = if line.ok { "ok" } else { "FAILS" };
            let detail = line.detail.as_deref().unwrap_or_default();
            writeln!(out, "{:<10} {:<12} {mark:<6} {:>5} ms  {detail}", line.component, line.adapter, line.millis)?;
        }
    }
    Ok(if ok { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn line(config: &Config, component: &'static str, since: Instant, outcome: Result<(), Failure>) -> Line {
    let effective = config.effective();
    let kind = effective.get(component).and_then(|s| s.get("kind")).and_then(|k| k.as_str()).unwrap_or("-");
    Line {
        component,
        adapter: kind.to_owned(),
        ok: outcome.is_ok(),
        millis: since.elapsed().as_millis(),
        detail: outcome.err().map(|e| e.to_string()),
    }
}

async fn examine(config: &Config) -> Result<Vec<Line>, Failure> {
    let world: Arc<dyn World> = Arc::new(SystemWorld::default());
    let mut lines = Vec::new();

    let since = Instant::now();
    let mut data = line(config, "data", since, std::fs::metadata(&config.data.dir).map(drop).map_err(Into::into));
    data.detail = data.detail.or_else(|| open_to_others(config));
    lines.push(data);

    let since = Instant::now();
    lines.push(line(config, "secrets", since, wire::open_secrets(config).map(drop)));

    let since = Instant::now();
    lines.push(line(config, "sql", since, sql(config).await));

    let since = Instant::now();
    lines.push(line(config, "items", since, items(config, &world).await));

    let since = Instant::now();
    lines.push(line(config, "objects", since, objects(config)));
    Ok(lines)
}

/// Advice, when others may list the folder; what lies in it is for the service alone anyway.
fn open_to_others(config: &Config) -> Option<String> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::metadata(&config.data.dir).ok()?.permissions().mode() & 0o777;
    let folder = config.data.dir.display();
    (mode & 0o077 != 0).then(|| format!("{folder} can be listed by others (mode {mode:o}); chmod 700 it"))
}

async fn sql(config: &Config) -> Result<(), Failure> {
    let secrets = wire::open_secrets(config)?;
    let db = wire::open_sql(config, &*secrets).await?;
    let status = ports::sql::migrate::status(&db).await?;
    if let Some(name) = status.newer.last() {
        return Err(format!("the schema was written by a newer release (it has {name})").into());
    }
    if !status.is_current() {
        return Err(format!("{} migrations are pending; run `o2o migrate`", status.pending.len()).into());
    }
    if db.engine() == ports::sql::Engine::Sqlite {
        let mut tx = db.read().await?;
        for row in tx.rows("pragma integrity_check", Vec::new()).await? {
            let finding = row.text(0)?;
            if finding != "ok" {
                return Err(format!("the file is damaged: {finding}; restore a backup").into());
            }
        }
    }
    Ok(())
}

async fn items(config: &Config, world: &Arc<dyn World>) -> Result<(), Failure> {
    let store = wire::open_store(&config.store_path())?;
    let findings = wire::open_items(config, &store, world)?.integrity().await?;
    match findings.first() {
        None => Ok(()),
        Some(finding) => Err(format!("the file is damaged: {finding}; restore a backup").into()),
    }
}

fn objects(config: &Config) -> Result<(), Failure> {
    match &config.objects {
        crate::config::Objects::Folder { path } if path.is_dir() => Ok(()),
        crate::config::Objects::Folder { path } => Err(format!("{} is missing", path.display()).into()),
        crate::config::Objects::S3 { .. } => Ok(()),
    }
}
