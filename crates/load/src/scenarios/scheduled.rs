//! Many scheduled notes due at the same instant: how late is the last?
//!
//! The notes are due an hour ahead; the server's clock is then moved to just before that. Lateness is read from the
//! `sent_at` of what arrived, by the server's own clock, so that looking does not blur it.

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
const HOUR_MS: i64 = 3_600_000;
const MINUTE_MS: i64 = 60_000;
/// The clock is moved to this long before the instant.
const LEAD_MS: i64 = 2_000;
const LOOK: Duration = Duration::from_millis(250);
/// Looks until the notes that are left are given up: five minutes.
const LOOKS: usize = 1_200;

pub(super) async fn run(bench: &Bench) -> Result<Vec<Row>> {
    let data = bench.data()?;
    let settings = [cheap(), settings::schedules()].concat();
    let server = product(data.path(), &settings).await?;
    let couples = fixtures::couples(server.addr, 0..COUPLES).await?;
    fixtures::grant_exclusive(data.path(), &settings, &couples).await?;

    let mut caller = Caller::new(server.addr);
    let now = caller.advance(0).await?;
    let due = Time((now.0 + 2 * HOUR_MS) / MINUTE_MS * MINUTE_MS);
    let tokens: Vec<String> =
        couples.iter().flat_map(|c| [&c.one, &c.other]).map(|member| member.token().to_owned()).collect();
    let make =
        move |index: usize| requests::schedule_note(&tokens[index % tokens.len()], &format!("For later: {index}"), due);
    let count = bench.scheduled;
    fixtures::all(server.addr, Each::scripts(count, LANES, &make, &created_id), count).await?;

    let now = caller.advance(0).await?;
    caller.advance(due.since(now) - LEAD_MS).await?;
    await_all(&mut caller, &couples).await?;
    let arrived = arrivals(server.addr, &couples).await?;
    stop(server, data.path()).await?;

    let last = arrived.iter().max().map_or(0, |last| last.since(due));
    let early = arrived.iter().filter(|sent| **sent < due).count();
    Ok(vec![
        Row::new("scheduled", "due to last sent", "s", Duration::from_millis(last.unsigned_abs()).as_secs_f64())
            .target(Target::AtMost(60.0))
            .note(format!("{early} early")),
        Row::new("scheduled", "arrived", "count", float(arrived.len() as u64))
            .target(Target::AtLeast(float(count as u64)))
            .note(format!("of {count}")),
    ])
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

/// When each note that anybody has received was sent.
async fn arrivals(addr: SocketAddr, couples: &[Couple]) -> Result<Vec<Time>> {
    let boxes = fixtures::in_lanes(addr, LANES, 0..couples.len(), async |caller, number| {
        let couple = &couples[number];
        let mut sent = Vec::new();
        for token in [couple.one.token(), couple.other.token()] {
            for note in caller.all_notes(token, "received").await? {
                let at =
                    note.sent_at.ok_or_else(|| Error::Shape { op: "list notes", detail: "no sent_at".to_owned() })?;
                sent.push(time("list notes", &at)?);
            }
        }
        Ok(sent)
    })
    .await?;
    Ok(boxes.into_iter().flatten().collect())
}
