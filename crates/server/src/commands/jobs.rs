//! `o2o jobs …`: what the job runner gave up. Works beside a running server, which takes redriven jobs up within a second.

use super::{block_on, report, say};
use crate::{
    cli::{JobsCommand, Shared},
    config::Config,
    wire::{self, Failure},
};
use app::topics::JOBS;
use base::{World, world::SystemWorld};
use ports::queue::Queue;
use serde_json::{Value, json};
use std::{io::Write, process::ExitCode, sync::Arc};

/// Jobs one look shows.
const SHOWN: usize = 1_000;

pub fn run(shared: &Shared, command: &JobsCommand, out: &mut dyn Write) -> Result<ExitCode, Failure> {
    let config = shared.load(std::env::vars_os(), None)?;
    config.require_adapters()?;
    if !config.data.dir.is_dir() {
        return Err(format!("{} is not a data folder", config.data.dir.display()).into());
    }
    let world: Arc<dyn World> = Arc::new(SystemWorld::default());
    let queue = open(&config, &world)?;
    match command {
        JobsCommand::Parked => {
            let parked: Vec<Value> = block_on(async { Ok(queue.parked(JOBS, SHOWN).await?) })?
                .into_iter()
                .map(|job| {
                    // A payload that is not JSON is the very reason why some jobs are parked.
                    let payload = serde_json::from_slice(&job.body)
                        .unwrap_or_else(|_| Value::from(String::from_utf8_lossy(&job.body).into_owned()));
                    json!({ "id": job.id.to_string(), "parked_at": job.parked_at.to_string(), "receives": job.receives,
                        "reason": job.reason, "payload": payload })
                })
                .collect();
            write(&parked, shared.json, out)?;
        }
        JobsCommand::Redrive => {
            let moved = block_on(async { Ok(queue.redrive(JOBS, world.now()).await?) })?;
            report(
                shared,
                out,
                &json!({ "ok": true, "redriven": moved }),
                &format!("{moved} jobs will be tried again"),
            )?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn open(config: &Config, world: &Arc<dyn World>) -> Result<Arc<dyn Queue>, Failure> {
    wire::open_queue(config, &wire::open_store(&config.store_path())?, world)
}

fn write(parked: &[Value], json: bool, out: &mut dyn Write) -> Result<(), Failure> {
    if json {
        writeln!(out, "{:#}", json!({ "parked": parked }))?;
        return Ok(());
    }
    for job in parked {
        let text = |name: &str| job[name].as_str().unwrap_or_default();
        writeln!(out, "{}  {}  {}  {}", text("parked_at"), text("id"), text("reason"), job["payload"])?;
    }
    say(&format!("{} parked", parked.len()));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Preset;
    use ports::queue::NewMessage;

    #[test]
    fn parked_jobs_are_shown_and_given_another_chance() {
        let folder = tempfile::tempdir().unwrap();
        let shared = Shared { preset: Preset::Laptop, config: None, data: Some(folder.path().to_owned()), json: true };
        let config = shared.load(std::iter::empty::<(&str, &str)>(), None).unwrap();
        let world: Arc<dyn World> = Arc::new(SystemWorld::default());
        let queue = open(&config, &world).unwrap();
        let body = br#"{"job":"identity.verification_requested","email":"ana@example.com"}"#.as_slice().into();
        block_on(async {
            let message = NewMessage { body, delay_ms: 0, dedup: None, max_receives: 12 };
            queue.send(JOBS, vec![message], world.now()).await?;
            let job = queue.receive(JOBS, 1, 60_000, world.now()).await?.remove(0);
            assert!(queue.park(JOBS, job.receipt, "validation", world.now()).await?);
            Ok(())
        })
        .unwrap();
        drop(queue);

        let shown = || {
            let mut out = Vec::new();
            run(&shared, &JobsCommand::Parked, &mut out).unwrap();
            serde_json::from_slice::<Value>(&out).unwrap()["parked"].clone()
        };
        let parked = shown();
        assert_eq!(parked.as_array().unwrap().len(), 1);
        assert_eq!((&parked[0]["reason"], &parked[0]["receives"]), (&json!("validation"), &json!(1)));
        assert_eq!(parked[0]["payload"]["job"], "identity.verification_requested");

        run(&shared, &JobsCommand::Redrive, &mut Vec::new()).unwrap();
        assert_eq!(shown(), json!([]));
    }
}
