//! `o2o migrate`.

use super::{block_on, say};
use crate::{
    cli::Shared,
    lock,
    wire::{self, Failure},
};
use base::{World as _, world::SystemWorld};
use serde_json::json;
use std::{io::Write, process::ExitCode};

pub fn run(shared: &Shared, out: &mut dyn Write) -> Result<ExitCode, Failure> {
    let config = shared.load(std::env::vars_os(), None)?;
    config.require_adapters()?;
    lock::prepare_folder(&config.data.dir)?;
    block_on(async {
        let secrets = wire::open_secrets(&config)?;
        let db = wire::open_sql(&config, &*secrets).await?;
        let report = ports::sql::migrate::migrate(&db, SystemWorld::default().now()).await?;
        // Opening the embedded store brings its layout up to date.
        drop(wire::open_store(&config.store_path())?);
        for name in &report.applied {
            say(&format!("applied {name}"));
        }
        let done = json!({ "ok": true, "total": report.total, "applied": report.applied });
        let words = format!("{} migrations, {} applied now", report.total, report.applied.len());
        super::report(shared, out, &done, &words)?;
        Ok(ExitCode::SUCCESS)
    })
}
