//! A server as a process of its own: started on a free port, awaited until it serves, stopped by its own id.

use crate::{Error, Result, client::Connection, wire::Request};
use std::{
    fs::File,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, ChildStdout, Command},
    task::JoinSet,
};

/// Announces the address on standard output.
const ANNOUNCEMENT: &str = "listening on http://";
/// A start that takes longer has failed.
const START: Duration = Duration::from_mins(1);
/// Between two looks at the readiness of a server, so that a start is timed to the millisecond.
const LOOK: Duration = Duration::from_millis(1);
/// After a polite stop the process is killed when it is still there.
const STOP: Duration = Duration::from_secs(30);

/// Dropping it kills the process.
#[derive(Debug)]
pub struct Server {
    pub addr: SocketAddr,
    pub pid: u32,
    /// From the start of the program to the first answer that it is ready.
    pub started_in: Duration,
    child: Child,
    /// Reads on, so that the program never waits for a full pipe.
    _output: JoinSet<()>,
}

impl Server {
    /// Starts `command`, with its log in `log`, and waits until `ready` answers 200.
    pub async fn start(mut command: Command, log: &Path, ready: &str) -> Result<Self> {
        let begin = Instant::now();
        let mut child = spawn(&mut command, log)?;
        let failed = |why: &str| {
            let said = std::fs::read_to_string(log).unwrap_or_default();
            let tail: Vec<&str> = said.lines().rev().take(5).collect();
            Error::Program(format!("{why}; last words, latest first: {tail:#?}"))
        };
        let (Some(pid), Some(stdout)) = (child.id(), child.stdout.take()) else {
            return Err(failed("the server ended at once"));
        };
        let mut lines = BufReader::new(stdout);
        let addr = match tokio::time::timeout(START, announced(&mut lines)).await {
            Ok(Some(addr)) => addr,
            Ok(None) => return Err(failed("the server ended without an address")),
            Err(_) => return Err(failed("the server announced no address")),
        };
        let ready = Request::get(ready).bytes();
        while !is_ready(addr, &ready).await {
            if begin.elapsed() > START || child.try_wait()?.is_some() {
                return Err(failed("the server did not get ready"));
            }
            tokio::time::sleep(LOOK).await;
        }
        let started_in = begin.elapsed();
        let mut output = JoinSet::new();
        output.spawn(async move {
            let mut line = String::new();
            while lines.read_line(&mut line).await.is_ok_and(|read| read > 0) {
                line.clear();
            }
        });
        Ok(Self { addr, pid, started_in, child, _output: output })
    }

    /// Asks the process to stop and waits for it.
    pub async fn stop(mut self) -> Result<()> {
        let pid = i32::try_from(self.pid).ok().and_then(rustix::process::Pid::from_raw);
        let pid = pid.ok_or_else(|| Error::Program(format!("{} is no process id", self.pid)))?;
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).map_err(std::io::Error::from)?;
        let Ok(status) = tokio::time::timeout(STOP, self.child.wait()).await else {
            self.child.kill().await?;
            return Err(Error::Program(format!("the server did not stop within {STOP:?}")));
        };
        match status? {
            status if status.success() => Ok(()),
            status => Err(Error::Program(format!("the server stopped with {status}"))),
        }
    }

    /// Kills the process (SIGKILL) and waits until it is gone.
    pub async fn kill(mut self) -> Result<()> {
        Ok(self.child.kill().await?)
    }
}

/// Starts `command` and kills it after `life`, ready or not.
pub async fn start_and_kill(mut command: Command, log: &Path, life: Duration) -> Result<()> {
    let mut child = spawn(&mut command, log)?;
    tokio::time::sleep(life).await;
    Ok(child.kill().await?)
}

fn spawn(command: &mut Command, log: &Path) -> Result<Child> {
    let log = File::options().create(true).append(true).open(log)?;
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).kill_on_drop(true);
    command.spawn().map_err(|error| Error::Program(format!("{:?} does not start: {error}", command.as_std())))
}

async fn announced(lines: &mut BufReader<ChildStdout>) -> Option<SocketAddr> {
    let mut line = String::new();
    while lines.read_line(&mut line).await.ok()? > 0 {
        if let Some((_, addr)) = line.split_once(ANNOUNCEMENT) {
            return addr.trim().trim_end_matches('/').parse().ok();
        }
        line.clear();
    }
    None
}

async fn is_ready(addr: SocketAddr, request: &[u8]) -> bool {
    let Ok(mut connection) = Connection::open(addr).await else { return false };
    connection.exchange(request).await.is_ok_and(|answer| answer.status == 200)
}

/// The program `name` of the same build: beside the running one, or a folder above, where tests run. `O2O_BINARY`
/// names another server, such as that of a release.
pub fn binary(name: &str) -> Result<PathBuf> {
    if let Some(other) = other_server().filter(|_| name == "o2o") {
        return Ok(other);
    }
    let own = std::env::current_exe()?;
    let mut folders = own.ancestors().skip(1).take(2);
    folders
        .find_map(|folder| Some(folder.join(name)).filter(|path| path.is_file()))
        .ok_or_else(|| Error::Program(format!("{name} is not built: none beside {}", own.display())))
}

/// The server that the caller wants instead of the one built here.
#[expect(clippy::disallowed_methods, reason = "which program is measured is asked of the caller, not configured")]
pub fn other_server() -> Option<PathBuf> {
    std::env::var("O2O_BINARY").ok().map(PathBuf::from)
}
