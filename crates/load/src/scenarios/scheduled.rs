//! Scheduled notes, many at the same instant and many second after second: how late are they?
//!
//! The notes are due an hour or two ahead; the server's clock is then moved to just before that. Lateness is read from
//! the `sent_at` of what arrived, by the server's own clock, so that looking does not blur it.

use super::{Bench, cheap, product, stop};
use crate::{
    Error, Result,
    api::{Caller, created_id, requests, settings, time},
    fixtures::{self, Couple},
    report::{Row, Target},
    runner::float,
    scripts::Each,
};
use base::Time;
use std::{net::SocketAddr, time::Duration};

const COUPLES: usize = 100;
const LANES: usize = 16;
/// What a note says before its number.
const LABEL: &str = "For later: ";
const PER_SECOND: usize = 500;
const STEADY_SECONDS: usize = 8;
const SECOND_MS: i64 = 1_000;
const HOUR_MS: i64 = 3_600_000;
const MINUTE_MS: i64 = 60_000;
/// The clock is moved to this long before the instant.
const LEAD_MS: i64 = 2_000;
const LOOK: Duration = Duration::from_millis(250);
/// Looks until the notes that are left are given up: five minutes.
const LOOKS: usize = 1_200;

/// What arrived of one kind of load.
struct Arrived {
    /// From due to sent, sorted; below zero is early.
    late_ms: Vec<i64>,
    asked: usize,
}

/// All due in the same minute.
pub(super) async fn burst(bench: &Bench) -> Result<Vec<Row>> {
    let arrived = measure(bench, bench.scheduled, |_| 0).await?;
    let last = arrived.late_ms.last().copied().unwrap_or_default();
    Ok(vec![
        Row::new("scheduled", "due to last sent", "s", seconds(last))
            .target(Target::AtMost(60.0))
            .note(format!("{} early", arrived.early())),
        Row::new("scheduled", "arrived", "count", float(arrived.late_ms.len() as u64))
            .target(Target::AtLeast(float(arrived.asked as u64)))
            .note(format!("of {}", arrived.asked)),
    ])
}

/// As many a second as every single one shall be on time with.
pub(super) async fn steady(bench: &Bench) -> Result<Vec<Row>> {
    let offset = |index: usize| i64::try_from(index / PER_SECOND).unwrap_or(i64::MAX) * SECOND_MS;
    let arrived = measure(bench, PER_SECOND * STEADY_SECONDS, offset).await?;
    let at = |percent: usize| arrived.late_ms.get(arrived.late_ms.len() * percent / 100).copied().unwrap_or(i64::MAX);
    let rate = format!("{} early, {} of {} arrived", arrived.early(), arrived.late_ms.len(), arrived.asked);
    Ok(vec![
        Row::new("lateness", "p99 at 500 due a second", "ms", seconds(at(99)) * 1_000.0)
            .target(Target::AtMost(1_000.0))
            .note(format!("p50 {} ms; {rate}", at(50))),
    ])
}

impl Arrived {
    fn early(&self) -> usize {
        self.late_ms.iter().filter(|late| **late < 0).count()
    }
}

/// Schedules `count` notes, each due `offset(its index)` milliseconds after one instant, and moves the clock there.
async fn measure(
    bench: &Bench,
    count: usize,
    offset: impl Fn(usize) -> i64 + Send + Sync + Copy + 'static,
) -> Result<Arrived> {
    let data = bench.data()?;
    let settings = [cheap(), settings::schedules()].concat();
    let server = product(data.path(), &settings).await?;
    let couples = fixtures::couples(server.addr, 0..COUPLES).await?;
    fixtures::grant_exclusive(data.path(), &settings, &couples).await?;

    let mut caller = Caller::new(server.addr);
    let now = caller.advance(0).await?;
    let first = Time((now.0 + 2 * HOUR_MS) / MINUTE_MS * MINUTE_MS);
    let tokens: Vec<String> =
        couples.iter().flat_map(|c| [&c.one, &c.other]).map(|member| member.token().to_owned()).collect();
    let make = move |index: usize| {
        requests::schedule_note(&tokens[index % tokens.len()], &format!("{LABEL}{index}"), first.plus(offset(index)))
    };
    fixtures::all(server.addr, Each::scripts(count, LANES, &make, &created_id), count).await?;

    let now = caller.advance(0).await?;
    caller.advance(first.since(now) - LEAD_MS).await?;
    await_all(&mut caller, &couples).await?;
    let mut late_ms: Vec<i64> = arrivals(server.addr, &couples)
        .await?
        .into_iter()
        .map(|(index, sent)| sent.since(first.plus(offset(index))))
        .collect();
    late_ms.sort_unstable();
    stop(server, data.path()).await?;
    Ok(Arrived { late_ms, asked: count })
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of a run")]
fn seconds(ms: i64) -> f64 {
    ms as f64 / 1_000.0
}

/// Waits until nobody has a note that is scheduled or being sent.
async fn await_all(caller: &mut Caller, couples: &[Couple]) -> Result<()> {
    let mut waiting: Vec<&str> = couples.iter().flat_map(|c| [c.one.token(), c.other.token()]).collect();
    for _ in 0..LOOKS {
        while let Some(token) = waiting.last() {
            if caller.has_scheduled(token, "scheduled").await? || caller.has_scheduled(token, "sending").await? {
                break;
            }
            waiting.pop();
        }
        if waiting.is_empty() {
            return Ok(());
        }
        tokio::time::sleep(LOOK).await;
    }
    Err(Error::Program(format!("{} members still have scheduled notes", waiting.len())))
}

/// Number and time of sending of each note that anybody has received.
async fn arrivals(addr: SocketAddr, couples: &[Couple]) -> Result<Vec<(usize, Time)>> {
    let odd = |detail: &str| Error::Shape { op: "list notes", detail: detail.to_owned() };
    let boxes = fixtures::in_lanes(addr, LANES, 0..couples.len(), async |caller, number| {
        let couple = &couples[number];
        let mut sent = Vec::new();
        for token in [couple.one.token(), couple.other.token()] {
            for note in caller.all_notes(token, "received").await? {
                let index = note.content.strip_prefix(LABEL).and_then(|n| n.parse().ok());
                let at = note.sent_at.ok_or_else(|| odd("no sent_at"))?;
                sent.push((index.ok_or_else(|| odd("another note"))?, time("list notes", &at)?));
            }
        }
        Ok(sent)
    })
    .await?;
    Ok(boxes.into_iter().flatten().collect())
}
