//! The command line of the product.

use super::settings::Setting;
use crate::{Error, Result, server::binary};
use std::path::Path;
use tokio::process::Command;

/// `o2o` with these settings; every subcommand takes the same ones as the server.
fn command(settings: &[Setting]) -> Result<Command> {
    let mut command = Command::new(binary("o2o")?);
    command.envs(settings.iter().map(|(key, value)| (key, value)));
    Ok(command)
}

/// The server on a free port of loopback.
pub fn serve(data: &Path, settings: &[Setting]) -> Result<Command> {
    let mut command = command(settings)?;
    command.arg("serve").arg("--data").arg(data).args(["--listen", "127.0.0.1:0"]);
    Ok(command)
}

/// Gives a member the largest plan.
pub async fn grant_exclusive(data: &Path, settings: &[Setting], email: &str) -> Result<()> {
    let mut command = command(settings)?;
    command.args(["member", "grant-plan", "--email", email, "--plan", "exclusive", "--data"]).arg(data);
    succeed(command, "grant-plan").await.map(drop)
}

/// Checks the stores of a folder; the report.
pub async fn doctor(data: &Path, settings: &[Setting]) -> Result<String> {
    let mut command = command(settings)?;
    command.args(["doctor", "--json", "--data"]).arg(data);
    succeed(command, "doctor").await
}

async fn succeed(mut command: Command, name: &str) -> Result<String> {
    let output = command.kill_on_drop(true).output().await?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(said);
    }
    let complaint = String::from_utf8_lossy(&output.stderr);
    Err(Error::Program(format!("{name} ended with {}: {said}{complaint}", output.status)))
}
