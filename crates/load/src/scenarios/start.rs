//! How soon a server serves, and what it holds when nobody is there.

use super::{Bench, cheap, product, stop};
use crate::{
    Result, fixtures, process,
    report::{Row, Target},
    runner::float,
};
use std::time::Duration;

const STARTS: usize = 7;
/// What a start leaves to the background is done by then.
const REST: Duration = Duration::from_secs(3);

pub(super) async fn run(bench: &Bench) -> Result<Vec<Row>> {
    let data = bench.data()?;
    let settings = cheap();
    let first = product(data.path(), &settings).await?;
    let created = first.started_in;
    fixtures::verified_couple(first.addr, 0).await?;
    stop(first, data.path()).await?;

    let mut times = Vec::new();
    let mut memory = None;
    for start in 0..STARTS {
        let server = product(data.path(), &settings).await?;
        times.push(server.started_in);
        if start + 1 == STARTS {
            tokio::time::sleep(REST).await;
            memory = Some(process::memory(server.pid)?);
        }
        stop(server, data.path()).await?;
    }
    times.sort_unstable();
    let median = Row::new("start", "exec to ready, median", "s", times[STARTS / 2].as_secs_f64())
        .target(Target::AtMost(0.1))
        .note(format!("slowest {:.3} s, new folder {:.3} s", times[STARTS - 1].as_secs_f64(), created.as_secs_f64()));
    let rest = memory.map(|memory| {
        Row::new("start", "resident at rest, no login", "MiB", float(memory.resident_kib) / 1024.0)
            .target(Target::AtMost(30.0))
            .note(format!("{:.1} MiB of it anonymous", float(memory.anonymous_kib) / 1024.0))
    });
    Ok([Some(median), rest].into_iter().flatten().collect())
}
