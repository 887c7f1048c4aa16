//! `o2o templates …`: works beside a running server, which follows within seconds.

use super::{block_on, report};
use crate::{
    cli::{Shared, TemplatesCommand},
    wire::{self, Failure},
};
use app::operator;
use base::{Cx, World, world::SystemWorld};
use serde_json::json;
use std::{io::Write, process::ExitCode, sync::Arc};

pub fn run(shared: &Shared, command: &TemplatesCommand, out: &mut dyn Write) -> Result<ExitCode, Failure> {
    let config = shared.load(std::env::vars_os(), None)?;
    config.require_adapters()?;
    if !config.data.dir.is_dir() {
        return Err(format!("{} is not a data folder", config.data.dir.display()).into());
    }
    let TemplatesCommand::Import { file } = command;
    let text = std::fs::read_to_string(file).map_err(|e| format!("{}: {e}", file.display()))?;
    block_on(async {
        let world: Arc<dyn World> = Arc::new(SystemWorld::default());
        let secrets = wire::open_secrets(&config)?;
        let db = wire::open_sql(&config, &*secrets).await?;
        if !ports::sql::migrate::status(&db).await?.is_current() {
            return Err("the database is not of this release; run `o2o migrate` or start the server once".into());
        }
        match operator::import_templates(&Cx::new(&world), &db, &text).await {
            Ok(done) => {
                let operator::Imported { added, changed, unchanged } = done;
                let document = json!({ "ok": true, "added": added, "changed": changed, "unchanged": unchanged });
                let words = format!("{added} templates added, {changed} changed, {unchanged} as they were");
                report(shared, out, &document, &words)?;
                Ok(ExitCode::SUCCESS)
            }
            Err(operator::ImportError::Wrong(wrong)) => {
                Err(format!("{}: nothing was imported\n{}", file.display(), wrong.join("\n")).into())
            }
            Err(error @ operator::ImportError::Store(_)) => Err(error.into()),
        }
    })
}
