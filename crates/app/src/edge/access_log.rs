//! One JSON line per request. Formatted once into a buffer that a thread swaps out and writes, so that a request
//! waits for no terminal and no disk. When the writer cannot keep up, lines are dropped and counted. Members have the
//! names that the other log lines have.

use base::Time;
use parking_lot::{Condvar, Mutex};
use ports::tally::Tally;
use std::{
    io::{IsTerminal as _, Write as _},
    sync::Arc,
    thread,
    time::Duration,
};

/// Bytes that may wait for the writer.
const LIMIT: usize = 8 * 1024 * 1024;
/// How long a line may wait when there is little to write.
const PAUSE: Duration = Duration::from_millis(100);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Json,
    Pretty,
    Off,
}

impl Format {
    /// Pretty where a person looks on.
    pub fn auto() -> Self {
        if std::io::stderr().is_terminal() { Self::Pretty } else { Self::Json }
    }
}

#[derive(Default)]
struct Waiting {
    lines: Vec<u8>,
    dropped: u64,
    stop: bool,
}

pub struct AccessLog {
    format: Format,
    shared: Arc<(Mutex<Waiting>, Condvar)>,
    writer: Option<thread::JoinHandle<()>>,
}

/// What one line tells.
pub(super) struct Line<'a> {
    pub at: Time,
    pub method: &'a str,
    /// The template, never the path: a path may carry what a person typed.
    pub route: &'a str,
    pub status: u16,
    pub took: Duration,
    pub tally: Tally,
    pub request_id: &'a str,
    pub trace_id: &'a str,
    pub code: Option<&'a str>,
}

impl AccessLog {
    pub fn start(format: Format) -> Self {
        let shared = Arc::new((Mutex::new(Waiting::default()), Condvar::new()));
        let writer = (format != Format::Off).then(|| {
            let shared = shared.clone();
            thread::Builder::new().name("access-log".to_owned()).spawn(move || write_loop(&shared)).ok()
        });
        Self { format, shared, writer: writer.flatten() }
    }

    pub(super) fn write(&self, line: &Line<'_>) {
        if self.format == Format::Off {
            return;
        }
        let mut waiting = self.shared.0.lock();
        if waiting.lines.len() > LIMIT {
            waiting.dropped += 1;
            return;
        }
        match self.format {
            Format::Pretty => pretty(line, &mut waiting.lines),
            _ => json(line, &mut waiting.lines),
        }
        // Rung only for a full buffer; otherwise the writer looks by itself.
        if waiting.lines.len() > LIMIT / 64 {
            self.shared.1.notify_one();
        }
    }
}

fn json(line: &Line<'_>, out: &mut Vec<u8>) {
    let mut text = |name: &str, value: &str| {
        out.extend_from_slice(name.as_bytes());
        // Ids, templates and codes are of a checked alphabet: nothing in them needs escaping.
        out.extend_from_slice(value.as_bytes());
    };
    let mut at = [0; 24];
    line.at.write(&mut at);
    let mut number = itoa::Buffer::new();
    text("{\"timestamp\":\"", std::str::from_utf8(&at).unwrap_or_default());
    text("\",\"level\":\"INFO\",\"message\":\"request\",\"method\":\"", line.method);
    text("\",\"route\":\"", line.route);
    text("\",\"status\":", number.format(line.status));
    text(",\"duration_us\":", number.format(u64::try_from(line.took.as_micros()).unwrap_or(u64::MAX)));
    text(",\"statements\":", number.format(line.tally.statements));
    text(",\"rows\":", number.format(line.tally.rows));
    if let Some(code) = line.code {
        text(",\"code\":\"", code);
        text("\"", "");
    }
    text(",\"request_id\":\"", line.request_id);
    text("\",\"trace_id\":\"", line.trace_id);
    text("\"}\n", "");
}

fn pretty(line: &Line<'_>, out: &mut Vec<u8>) {
    let at = line.at.to_string();
    let clock = at.get(11..23).unwrap_or_default();
    let micros = line.took.as_micros();
    let took = if micros < 10_000 { format!("{micros} µs") } else { format!("{} ms", micros / 1000) };
    let code = line.code.map(|c| format!(" {c}")).unwrap_or_default();
    let _infallible = writeln!(
        out,
        "{clock} {} {:<6} {} {took} ({} statements, {} rows){code}",
        line.status, line.method, line.route, line.tally.statements, line.tally.rows
    );
}

fn write_loop(shared: &(Mutex<Waiting>, Condvar)) {
    let mut lines = Vec::new();
    loop {
        let mut waiting = shared.0.lock();
        if waiting.lines.is_empty() && !waiting.stop {
            shared.1.wait_for(&mut waiting, PAUSE);
        }
        std::mem::swap(&mut lines, &mut waiting.lines);
        let (dropped, stop) = (std::mem::take(&mut waiting.dropped), waiting.stop);
        drop(waiting);
        let mut err = std::io::stderr().lock();
        let mut written = err.write_all(&lines);
        if dropped > 0 {
            written = writeln!(err, "{{\"level\":\"WARN\",\"message\":\"log lines dropped\",\"count\":{dropped}}}");
        }
        drop(written);
        let quiet = lines.is_empty();
        lines.clear();
        if lines.capacity() > LIMIT / 16 {
            lines = Vec::new();
        }
        if stop && quiet {
            return;
        }
        if !stop {
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for AccessLog {
    fn drop(&mut self) {
        self.shared.0.lock().stop = true;
        self.shared.1.notify_one();
        if let Some(writer) = self.writer.take() {
            let _ended = writer.join();
        }
    }
}
