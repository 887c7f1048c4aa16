//! The closed loop: each connection sends its next request when it has the answer to the last one.

use crate::{Result, client::Connection, histogram::Histogram};
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    time::{Duration, Instant},
};
use tokio::task::JoinSet;

/// Pause before a broken connection is opened anew, so that a dead server is not hammered.
const REOPEN: Duration = Duration::from_millis(20);

/// What one connection says.
pub trait Script: Send + 'static {
    /// Appends the next request to `out` (empty on entry); false when there is nothing more to send.
    fn next(&mut self, out: &mut Vec<u8>) -> bool;

    /// Sees each answer.
    fn answered(&mut self, _status: u16, _body: &[u8]) {}
}

#[derive(Debug, Clone, Copy)]
pub struct Length {
    /// Sent but not measured.
    pub warm_up: Duration,
    pub measured: Duration,
}

#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// Time measured.
    pub window: Duration,
    /// Of the 2xx answers within the window.
    pub latency: Histogram,
    /// All answers, those of the warm-up too: what the processor time of the server is divided by.
    pub answers: u64,
    /// Answers other than 2xx within the window, by status.
    pub refused: BTreeMap<u16, u64>,
    /// Connections that broke.
    pub broken: u64,
}

impl Outcome {
    /// 2xx answers a second.
    pub fn per_second(&self) -> f64 {
        if self.window.is_zero() { 0.0 } else { float(self.latency.len()) / self.window.as_secs_f64() }
    }

    pub fn percentile_millis(&self, percent: u64) -> f64 {
        self.latency.percentile(percent).as_secs_f64() * 1000.0
    }

    /// Adds what another run saw.
    pub fn merge(&mut self, other: &Self) {
        self.window += other.window;
        self.absorb(other);
    }

    /// Adds what another connection saw in the same window.
    fn absorb(&mut self, other: &Self) {
        self.latency.merge(&other.latency);
        self.answers += other.answers;
        self.broken += other.broken;
        for (status, count) in &other.refused {
            *self.refused.entry(*status).or_default() += count;
        }
    }

    /// "429 × 12, broken × 1"; empty when every answer was 2xx.
    pub fn faults(&self) -> String {
        let mut parts: Vec<String> = self.refused.iter().map(|(status, count)| format!("{status} × {count}")).collect();
        if self.broken > 0 {
            parts.push(format!("broken × {}", self.broken));
        }
        parts.join(", ")
    }
}

/// A count as a number to divide by; exact far beyond any run.
#[expect(clippy::cast_precision_loss, reason = "counts of a run stay below 2^53")]
pub(crate) fn float(count: u64) -> f64 {
    count as f64
}

/// Runs one connection per script until the time is over or every script is at its end; gives the scripts back.
pub async fn run<S: Script>(addr: SocketAddr, length: Length, scripts: Vec<S>) -> Result<(Outcome, Vec<S>)> {
    let mut opened = Vec::with_capacity(scripts.len());
    for script in scripts {
        opened.push((Connection::open(addr).await?, script));
    }
    let begin = Instant::now();
    let from = begin + length.warm_up;
    let until = from + length.measured;
    let mut tasks = JoinSet::new();
    for (index, (connection, script)) in opened.into_iter().enumerate() {
        tasks.spawn(async move { (index, drive(addr, connection, script, from, until).await) });
    }
    let mut outcome = Outcome::default();
    let mut scripts = Vec::new();
    while let Some(ended) = tasks.join_next().await {
        let (index, (script, own)) = ended.map_err(|error| crate::Error::Program(error.to_string()))?;
        outcome.absorb(&own);
        scripts.push((index, script));
    }
    outcome.window = Instant::now().min(until).saturating_duration_since(from);
    scripts.sort_by_key(|(index, _)| *index);
    Ok((outcome, scripts.into_iter().map(|(_, script)| script).collect()))
}

async fn drive<S: Script>(
    addr: SocketAddr,
    connection: Connection,
    mut script: S,
    from: Instant,
    until: Instant,
) -> (S, Outcome) {
    let mut seen = Outcome::default();
    let mut request = Vec::new();
    let mut open = Some(connection);
    while Instant::now() < until {
        let Some(connection) = open.as_mut() else {
            tokio::time::sleep(REOPEN).await;
            open = Connection::open(addr).await.ok();
            continue;
        };
        request.clear();
        if !script.next(&mut request) {
            break;
        }
        let sent = Instant::now();
        let Ok(answer) = connection.exchange(&request).await else {
            seen.broken += 1;
            open = None;
            continue;
        };
        let now = Instant::now();
        seen.answers += 1;
        if now >= from && now < until {
            if answer.accepted() {
                seen.latency.record(now - sent);
            } else {
                *seen.refused.entry(answer.status).or_default() += 1;
            }
        }
        script.answered(answer.status, answer.body);
    }
    (script, seen)
}
