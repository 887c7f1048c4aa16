//! A server of its own for a check from outside: the debug binary on loopback, a free port and an empty folder.

use crate::say;
use std::{
    env, fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
};

/// Cheap passwords, no rates, no lock-outs: the same request is sent many times.
const SETTINGS: [(&str, &str); 5] = [
    ("O2O__EDGE__RATE_LIMITS__ENABLED", "false"),
    ("O2O__IDENTITY__ARGON2_MEMORY_KIB", "64"),
    ("O2O__IDENTITY__ARGON2_PASSES", "1"),
    ("O2O__IDENTITY__LOCKOUT_FAILURES", "1000"),
    ("O2O__IDENTITY__LOCKOUT_IP_FAILURES", "10000"),
];

/// The program as it was built last.
pub(crate) fn program(root: &Path) -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from).join("debug/o2o")
}

/// A folder of this run, gone with it.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new(purpose: &str) -> Result<Self, String> {
        let path = env::temp_dir().join(format!("o2o-{purpose}-{}", std::process::id()));
        fs::create_dir_all(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Self(path))
    }

    /// Of the server.
    pub(crate) fn data(&self) -> PathBuf {
        self.0.join("data")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _gone = fs::remove_dir_all(&self.0);
    }
}

pub(crate) struct Server {
    child: Child,
    pub(crate) url: String,
    log: PathBuf,
    /// Kept open: the server may print to it.
    out: BufReader<ChildStdout>,
}

impl Server {
    pub(crate) fn start(program: &Path, data: &Path) -> Result<Self, String> {
        let failed = |error: std::io::Error| format!("{} does not start: {error}", program.display());
        // A line per request; what went wrong in the server stands there too.
        let log = data.with_extension("log");
        let errors = fs::File::create(&log).map_err(failed)?;
        let mut child = Command::new(program)
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .envs(SETTINGS)
            .stdout(Stdio::piped())
            .stderr(errors)
            .spawn()
            .map_err(failed)?;
        let out = child.stdout.take().ok_or("the server has no standard output")?;
        let mut server = Self { child, url: String::new(), log, out: BufReader::new(out) };
        let mut line = String::new();
        server.out.read_line(&mut line).map_err(failed)?;
        let url = line.trim().strip_prefix("listening on ");
        server.url = url.ok_or_else(|| fs::read_to_string(&server.log).unwrap_or_default())?.to_owned();
        Ok(server)
    }

    /// For a check that failed: what went wrong in the server.
    pub(crate) fn end_and_say_errors(self) {
        let log = self.log.clone();
        drop(self);
        let text = fs::read_to_string(log).unwrap_or_default();
        text.lines().filter(|line| line.contains("\"ERROR\"")).for_each(say);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}
