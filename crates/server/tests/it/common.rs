//! What tests of the binary share: the program with an environment of its own, and a running server.

use serde_json::{Value, json};
use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Output, Stdio},
    time::Duration,
};
use tempfile::TempDir;

/// Everybody's.
pub const PASSWORD: &str = "tea at the kitchen table";

/// Settings under which tests are quick: cheap passwords, no request rates.
pub const QUICK: &[(&str, &str)] = &[
    ("O2O__EDGE__RATE_LIMITS__ENABLED", "false"),
    ("O2O__IDENTITY__ARGON2_MEMORY_KIB", "64"),
    ("O2O__IDENTITY__ARGON2_PASSES", "1"),
];

/// `o2o` with an environment of ours alone.
pub fn o2o(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_o2o"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("O2O__")) {
        command.env_remove(name);
    }
    command.args(arguments);
    command
}

pub fn run(arguments: &[&str]) -> Output {
    o2o(arguments).output().unwrap()
}

pub fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A running server; killed by its own pid when dropped.
pub struct Server {
    child: Child,
    pub address: String,
    _out: BufReader<ChildStdout>,
}

impl Server {
    pub fn start(data: &Path, settings: &[(&str, &str)]) -> Self {
        let data = data.to_str().unwrap();
        let mut command = o2o(&["serve", "--data", data, "--listen", "127.0.0.1:0"]);
        command.envs(settings.iter().copied()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on http://").expect("the address is printed").to_owned();
        Self { child, address, _out: out }
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream
    }

    /// One exchange on a connection of its own; everything that came back.
    pub fn get(&self, path: &str) -> String {
        let mut stream = self.connect();
        write!(stream, "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// One call of the API: its status and body.
    pub fn call(&self, method: &str, path: &str, token: &str, body: &Value) -> (u16, Value) {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let mut stream = self.connect();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer {token}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, serde_json::from_str(body).unwrap_or(Value::Null))
    }

    /// A call that must succeed.
    pub fn ok(&self, method: &str, path: &str, token: &str, body: &Value) -> Value {
        let (status, answer) = self.call(method, path, token, body);
        assert!((200..300).contains(&status), "{method} {path}: {status} {answer}");
        answer
    }

    /// Signs somebody up by name and opens the link of the mail; the access token.
    pub fn member(&self, name: &str) -> String {
        let email = format!("{name}@example.com");
        let sign_up = json!({ "name": name, "email": email, "password": PASSWORD, "consent": true,
            "age_attested": true, "client": "native" });
        self.ok("POST", "/v1/auth/register", "", &sign_up);
        let path = format!("/dev/outbox?to={email}&channel=email");
        let mail = loop {
            let sent = self.ok("GET", &path, "", &Value::Null);
            if let Some(text) = sent["data"][0]["text"].as_str() {
                break text.to_owned();
            }
            std::thread::yield_now();
        };
        let token = mail.split_once("/verify?token=").unwrap().1;
        let token: String = token.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).collect();
        let verified = self.ok("POST", "/v1/auth/email/verify", "", &json!({ "token": token, "client": "native" }));
        verified["session"]["access_token"].as_str().unwrap().to_owned()
    }

    /// Two members who are a couple: their access tokens.
    pub fn couple(&self, first: &str, second: &str) -> [String; 2] {
        let (one, two) = (self.member(first), self.member(second));
        let invited = json!({ "email": format!("{second}@example.com") });
        let code = self.ok("POST", "/v1/couple/invitations", &one, &invited)["code"].clone();
        self.ok("POST", "/v1/couple/join", &two, &json!({ "code": code }));
        [one, two]
    }

    /// The access token of a new session.
    pub fn sign_in(&self, name: &str) -> String {
        let body = json!({ "email": format!("{name}@example.com"), "password": PASSWORD, "client": "native" });
        self.ok("POST", "/v1/auth/login", "", &body)["session"]["access_token"].as_str().unwrap().to_owned()
    }

    /// Contents of every note in a box.
    pub fn notes(&self, token: &str, side: &str) -> Vec<String> {
        let (mut found, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = self.ok("GET", &format!("/v1/notes?box={side}&limit=100{cursor}"), token, &Value::Null);
            found.extend(page["data"].as_array().unwrap().iter().map(|n| n["content"].as_str().unwrap().to_owned()));
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return found,
            }
        }
    }

    pub fn signal(&mut self, signal: &str) -> std::process::ExitStatus {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
        self.child.wait().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// A disk so small that it is soon full; unmounted when dropped.
pub struct SmallDisk {
    pub place: PathBuf,
    _folder: TempDir,
}

impl SmallDisk {
    /// Of `size` in the words of `mount`, as `128k`. None, and said aloud, where there is no right to mount.
    pub fn mount(size: &str) -> Option<Self> {
        let folder = TempDir::new().unwrap();
        let place = folder.path().join("small");
        fs::create_dir(&place).unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"]).arg(&place).stderr(Stdio::null());
        if !mount.status().is_ok_and(|status| status.success()) {
            let _loud = writeln!(std::io::stderr(), "SKIPPED: a small disk needs the right to mount");
            return None;
        }
        Some(Self { place, _folder: folder })
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _unmounted = Command::new("umount").arg(&self.place).status();
    }
}
