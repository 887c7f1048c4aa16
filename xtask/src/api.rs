//! `cargo xtask api`: a server of its own on an empty folder, and schemathesis (scripts/api), which asks it everything its
//! OpenAPI document allows and much that it does not: no 5xx, no undocumented status, no answer of another shape, nothing
//! accepted that the document forbids, nothing refused that it allows, nothing seen that belongs to others.

use crate::{run::cargo, say};
use std::{
    env, fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    time::Instant,
};

/// Cheap passwords, no rates, no lock-outs: the same request is sent many times.
const SETTINGS: [(&str, &str); 5] = [
    ("O2O__EDGE__RATE_LIMITS__ENABLED", "false"),
    ("O2O__IDENTITY__ARGON2_MEMORY_KIB", "64"),
    ("O2O__IDENTITY__ARGON2_PASSES", "1"),
    ("O2O__IDENTITY__LOCKOUT_FAILURES", "1000"),
    ("O2O__IDENTITY__LOCKOUT_IP_FAILURES", "10000"),
];

/// Asks a running server everything that its OpenAPI document allows, and more
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Handed to schemathesis as they are: `-- --include-path /v1/notes`
    #[arg(last = true)]
    rest: Vec<String>,
}

/// Builds the program first.
pub(crate) fn run(root: &Path, args: &Args) -> Result<(), String> {
    cargo(root, &["build", "--package", "o2o"], &[])?;
    check(root, &args.rest)
}

/// With the program as it was built last.
pub(crate) fn check(root: &Path, rest: &[String]) -> Result<(), String> {
    say("==> schemathesis against a server of its own");
    let started = Instant::now();
    let python = root.join(".venv/bin/python");
    if !root.join(".venv/bin/schemathesis").exists() {
        return Err("schemathesis is not installed; run: sh scripts/setup.sh".to_owned());
    }
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let program = target.join("debug/o2o");
    let folder = Folder::new()?;
    let data = folder.0.join("data");
    let server = Server::start(&program, &data)?;
    let status = Command::new(python)
        .arg(root.join("scripts/api/check.py"))
        .args([server.url.as_str().as_ref(), folder.0.as_os_str(), program.as_os_str(), data.as_os_str()])
        .args(rest)
        .status()
        .map_err(|error| format!("scripts/api/check.py does not start: {error}"))?;
    say(&format!("    {:.0} s", started.elapsed().as_secs_f32()));
    if status.success() {
        return Ok(());
    }
    drop(server);
    for line in fs::read_to_string(log_of(&data)).unwrap_or_default().lines().filter(|line| line.contains("\"ERROR\""))
    {
        say(line);
    }
    Err("the API is not what its document says; see above".to_owned())
}

/// A folder of this run, gone with it.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Self, String> {
        let path = env::temp_dir().join(format!("o2o-api-{}", std::process::id()));
        fs::create_dir_all(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _gone = fs::remove_dir_all(&self.0);
    }
}

struct Server {
    child: Child,
    url: String,
    /// Kept open: the server may print to it.
    out: BufReader<ChildStdout>,
}

impl Server {
    fn start(program: &Path, data: &Path) -> Result<Self, String> {
        let failed = |error: std::io::Error| format!("{} does not start: {error}", program.display());
        // A line per request; what went wrong in the server stands there too.
        let log = fs::File::create(log_of(data)).map_err(failed)?;
        let mut child = Command::new(program)
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .envs(SETTINGS)
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .map_err(failed)?;
        let out = child.stdout.take().ok_or("the server has no standard output")?;
        let mut server = Self { child, url: String::new(), out: BufReader::new(out) };
        let mut line = String::new();
        server.out.read_line(&mut line).map_err(failed)?;
        let url = line.trim().strip_prefix("listening on ");
        server.url = url.ok_or_else(|| fs::read_to_string(log_of(data)).unwrap_or_default())?.to_owned();
        Ok(server)
    }
}

fn log_of(data: &Path) -> PathBuf {
    data.with_extension("log")
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}
