//! Counters and durations per operation, as Prometheus reads them. Labels are routes and statuses, never ids.

use super::operations::Operations;
use std::{
    fmt::Write as _,
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

/// Statuses counted by themselves; anything else is counted as 599.
const STATUSES: [u16; 30] = [
    101, 200, 201, 202, 204, 206, 301, 302, 303, 304, 400, 401, 402, 403, 404, 405, 406, 408, 409, 412, 413, 415, 416,
    422, 428, 429, 431, 500, 503, 599,
];
/// Upper bounds of the duration histogram in microseconds.
const BOUNDS: [u64; 11] = [250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 100_000, 250_000, 1_000_000, 10_000_000];

#[derive(Default)]
struct OneOp {
    statuses: [AtomicU64; STATUSES.len()],
    buckets: [AtomicU64; BOUNDS.len() + 1],
    micros: AtomicU64,
}

/// A number that other parts keep: sockets open, jobs done, timers late.
pub struct Gauge {
    pub name: &'static str,
    pub help: &'static str,
    pub kind: &'static str,
    pub value: AtomicU64,
}

impl Gauge {
    pub const fn counter(name: &'static str, help: &'static str) -> Self {
        Self { name, help, kind: "counter", value: AtomicU64::new(0) }
    }
    pub const fn level(name: &'static str, help: &'static str) -> Self {
        Self { name, help, kind: "gauge", value: AtomicU64::new(0) }
    }
    pub fn add(&self, n: u64) {
        self.value.fetch_add(n, Relaxed);
    }
    pub fn sub(&self, n: u64) {
        self.value.fetch_sub(n, Relaxed);
    }
    pub fn set(&self, n: u64) {
        self.value.store(n, Relaxed);
    }
}

pub struct Metrics {
    ops: OnceLock<Vec<OneOp>>,
    pub connections: Gauge,
    pub sockets: Gauge,
    pub events_published: Gauge,
    pub outbox_relayed: Gauge,
    pub jobs_done: Gauge,
    pub jobs_retried: Gauge,
    pub jobs_parked: Gauge,
    pub timers_fired: Gauge,
    pub timers_late_ms: Gauge,
    pub hashes_waiting: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            ops: OnceLock::new(),
            connections: Gauge::level("http_connections", "Open connections."),
            sockets: Gauge::level("realtime_sockets", "Open real-time connections."),
            events_published: Gauge::counter("realtime_events_total", "Events handed to connections of this node."),
            outbox_relayed: Gauge::counter("outbox_relayed_total", "Outbox records relayed."),
            jobs_done: Gauge::counter("jobs_done_total", "Jobs done."),
            jobs_retried: Gauge::counter("jobs_retried_total", "Job attempts that will be repeated."),
            jobs_parked: Gauge::counter("jobs_parked_total", "Jobs parked for staff."),
            timers_fired: Gauge::counter("timers_fired_total", "Timers fired."),
            timers_late_ms: Gauge::level("timers_late_milliseconds", "Lateness of the last timer fired."),
            hashes_waiting: Gauge::level("password_hashes_waiting", "Password hashes waiting for a thread."),
        }
    }
}

impl Metrics {
    pub(super) fn prepare(&self, operations: &Operations) {
        self.ops.get_or_init(|| (0..=operations.all.len()).map(|_| OneOp::default()).collect());
    }

    /// `op` is the operation's index; none for what is outside the API.
    pub(super) fn observe(&self, op: Option<usize>, status: u16, took: Duration) {
        let Some(ops) = self.ops.get() else { return };
        let one = &ops[op.unwrap_or(ops.len() - 1)];
        let slot = STATUSES.iter().position(|s| *s == status).unwrap_or(STATUSES.len() - 1);
        one.statuses[slot].fetch_add(1, Relaxed);
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let bucket = BOUNDS.iter().position(|bound| micros <= *bound).unwrap_or(BOUNDS.len());
        one.buckets[bucket].fetch_add(1, Relaxed);
        one.micros.fetch_add(micros, Relaxed);
    }

    fn gauges(&self) -> [&Gauge; 10] {
        [
            &self.connections,
            &self.sockets,
            &self.events_published,
            &self.outbox_relayed,
            &self.jobs_done,
            &self.jobs_retried,
            &self.jobs_parked,
            &self.timers_fired,
            &self.timers_late_ms,
            &self.hashes_waiting,
        ]
    }

    /// The exposition format of Prometheus, version 0.0.4.
    pub(super) fn render(&self, operations: &Operations) -> String {
        let mut out = String::with_capacity(16_384);
        self.render_requests(operations, &mut out);
        for gauge in self.gauges() {
            let (name, value) = (gauge.name, gauge.value.load(Relaxed));
            let _infallible =
                writeln!(out, "# HELP {name} {}\n# TYPE {name} {}\n{name} {value}", gauge.help, gauge.kind);
        }
        out
    }

    fn render_requests(&self, operations: &Operations, out: &mut String) {
        let Some(ops) = self.ops.get() else { return };
        out.push_str("# HELP http_requests_total Requests answered.\n# TYPE http_requests_total counter\n");
        let labels =
            |i: usize| operations.all.get(i).map_or(("-", "other"), |op| (op.method.as_str(), op.template.as_str()));
        for (i, one) in ops.iter().enumerate() {
            let (method, route) = labels(i);
            for (slot, status) in STATUSES.iter().enumerate() {
                let count = one.statuses[slot].load(Relaxed);
                if count > 0 {
                    let line = format!("{{method=\"{method}\",route=\"{route}\",status=\"{status}\"}} {count}");
                    let _infallible = writeln!(out, "http_requests_total{line}");
                }
            }
        }
        let name = "http_server_request_duration_seconds";
        let _infallible = writeln!(out, "# HELP {name} Time to answer.\n# TYPE {name} histogram");
        for (i, one) in ops.iter().enumerate() {
            let (method, route) = labels(i);
            let total: u64 = one.buckets.iter().map(|b| b.load(Relaxed)).sum();
            if total == 0 {
                continue;
            }
            let mut so_far = 0;
            for (slot, bound) in BOUNDS.iter().enumerate() {
                so_far += one.buckets[slot].load(Relaxed);
                let le = seconds(*bound);
                let _infallible =
                    writeln!(out, "{name}_bucket{{method=\"{method}\",route=\"{route}\",le=\"{le}\"}} {so_far}");
            }
            let sum = seconds(one.micros.load(Relaxed));
            let _infallible = writeln!(
                out,
                "{name}_bucket{{method=\"{method}\",route=\"{route}\",le=\"+Inf\"}} {total}\n\
                 {name}_sum{{method=\"{method}\",route=\"{route}\"}} {sum}\n\
                 {name}_count{{method=\"{method}\",route=\"{route}\"}} {total}"
            );
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a metric")]
fn seconds(micros: u64) -> f64 {
    micros as f64 / 1e6
}
