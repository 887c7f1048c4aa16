//! `o2o seed --demo`: couples to look at. Not beside a running server, whose folder it takes.

use super::{
    block_on,
    progress::{Progress, Unit},
    report,
};
use crate::{
    cli::{SeedArgs, Shared},
    demo::{PASSWORD, Stage},
    lock::{self, FolderLock},
    wire::{self, Failure},
};
use app::{
    app::App,
    edge::access_log::{AccessLog, Format},
};
use base::{World, world::SystemWorld};
use serde_json::json;
use std::{fmt::Write as _, io::Write, process::ExitCode, sync::Arc};

pub fn run(shared: &Shared, args: &SeedArgs, out: &mut dyn Write) -> Result<ExitCode, Failure> {
    let mut config = shared.load(std::env::vars_os(), None)?;
    config.require_adapters()?;
    // One caller signs up everybody.
    config.edge.rate_limits.enabled = false;
    lock::prepare_folder(&config.data.dir)?;
    let _folder = FolderLock::take(&config.data.dir, lock::PATIENCE)?;
    let made = block_on(Box::pin(async {
        let world: Arc<dyn World> = Arc::new(SystemWorld::default());
        let mut parts = Box::pin(wire::open(&config, world, &config.public_url(config.server.listen))).await?;
        parts.access_log = AccessLog::start(Format::Off);
        let app = Box::pin(App::new(parts)).await?;
        app.set_public_url(&config.public_url(config.server.listen));
        let stage = Stage::new(app);
        if !args.force && stage.has_members().await? {
            let folder = config.data.dir.display();
            return Err(format!("{folder} has members already; --force adds to them").into());
        }
        let mut bar = Progress::new("seed", Unit::Pieces("couples"), args.couples as u64);
        let mut made = Vec::with_capacity(args.couples);
        for n in 0..args.couples {
            made.push(Box::pin(stage.couple(n)).await?);
            bar.add(1);
        }
        bar.end();
        Ok(made)
    }))?;
    let first = made.first().cloned().unwrap_or_default();
    let document = json!({ "ok": true, "couples": made.len(), "members": 2 * made.len(), "password": PASSWORD,
        "sign_ins": first });
    let mut words = format!("{} couples are in {}", made.len(), config.data.dir.display());
    for email in &first {
        let _infallible = write!(words, "\nsign in as {email} with \"{PASSWORD}\"");
    }
    report(shared, out, &document, &words)?;
    Ok(ExitCode::SUCCESS)
}
