//! `o2o backup create`, `verify` and `restore`.

use super::{
    block_on,
    progress::{Progress, Unit, rate},
    report,
};
use crate::{
    backup::{
        Places,
        create::create,
        restore::{self, Verified},
    },
    cli::{BackupCommand, Shared},
    wire::Failure,
};
use base::{World as _, world::SystemWorld};
use serde_json::json;
use std::{fmt::Write as _, io::Write, path::Path, process::ExitCode, time::Duration};

pub fn run(shared: &Shared, command: &BackupCommand, out: &mut dyn Write) -> Result<ExitCode, Failure> {
    match command {
        BackupCommand::Create { to } => {
            let config = shared.load(std::env::vars_os(), None)?;
            let places = Places::of(&config)?;
            let now = SystemWorld::default().now().to_string();
            let mut bar = Progress::new("backup", Unit::Bytes, 0);
            let sealed = create(&places, to, &now, &mut bar)?;
            let took = bar.end();
            let document = json!({
                "ok": true, "file": to, "bytes": sealed.bytes, "members": sealed.members, "sha256": sealed.sha256,
                "created_at": now, "seconds": took.as_secs_f64(), "mb_per_second": rate(sealed.bytes, took),
            });
            let words = words("written", to, sealed.bytes, sealed.members, took, &sealed.sha256);
            report(shared, out, &document, &words)?;
        }
        BackupCommand::Verify { file } => {
            let mut bar = Progress::new("verify", Unit::Bytes, 0);
            let found = block_on(async { Ok(restore::verify(file, &mut bar).await?) })?;
            told(shared, out, "sound", file, None, &found, bar.end())?;
        }
        BackupCommand::Restore { file } => {
            let config = shared.load(std::env::vars_os(), None)?;
            let data = &config.data.dir;
            Places::of(&config)?.must_be_usual(data)?;
            let mut bar = Progress::new("restore", Unit::Bytes, 0);
            let found = block_on(async { Ok(restore::restore(file, data, &mut bar).await?) })?;
            told(shared, out, "restored", file, Some(data), &found, bar.end())?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn told(
    shared: &Shared,
    out: &mut dyn Write,
    what: &str,
    file: &Path,
    data: Option<&Path>,
    found: &Verified,
    took: Duration,
) -> Result<(), Failure> {
    let members = found.manifest.members.len();
    let document = json!({
        "ok": true, "file": file, "data": data, "bytes": found.bytes, "members": members, "sha256": found.sha256,
        "release": found.manifest.release, "created_at": found.manifest.created_at, "seconds": took.as_secs_f64(),
        "mb_per_second": rate(found.bytes, took),
    });
    let mut words = words(what, file, found.bytes, members, took, &found.sha256);
    let _infallible = write!(words, "\nmade by release {} at {}", found.manifest.release, found.manifest.created_at);
    if let Some(data) = data {
        let _infallible = write!(words, "\nstart it with: o2o serve --data {}", data.display());
    }
    report(shared, out, &document, &words)
}

fn words(what: &str, file: &Path, bytes: u64, members: usize, took: Duration, sha256: &str) -> String {
    format!(
        "{}: {what}; {members} files, {bytes} bytes in {:.1} s, {:.0} MB/s\nsha256 {sha256}",
        file.display(),
        took.as_secs_f64(),
        rate(bytes, took)
    )
}
