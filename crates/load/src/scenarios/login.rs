//! Password logins cost what argon2id costs and little more, and readers hardly notice them.

use super::{Bench, Measured, TURNS, WARM_UP, notes, product, stop};
use crate::{
    Error, Result,
    api::{requests, settings},
    fixtures, process,
    report::{Row, Target},
    runner::{self, Length, Outcome, float},
    scripts::Repeat,
};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use std::time::{Duration, Instant};

/// Parameters of the product's laptop preset.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
/// Threads that hash, for product and floor.
const THREADS: usize = 1;
/// Callers that log in again and again.
const CALLERS: usize = 4;

pub(super) async fn run(bench: &Bench) -> Result<Vec<Row>> {
    let data = bench.data()?;
    let settings = [settings::common(), settings::hashes(MEMORY_KIB, PASSES, THREADS)].concat();
    let server = product(data.path(), &settings).await?;
    let couple = fixtures::verified_couple(server.addr, 0).await?;
    let members = fixtures::members(server.addr, 0..CALLERS).await?;
    let logins = || members.iter().map(|member| Repeat(requests::login(&member.email).bytes())).collect::<Vec<_>>();

    let mut ours = Measured::default();
    let mut bare = 0.0;
    for _ in 0..TURNS {
        ours.add(&server, bench.turn(), logins()).await?;
        bare += bare_hashes(bench.turn().measured).await? / f64::from(TURNS);
    }

    let requests = notes::reads(&server, &couple).await?;
    notes::warm(&server, &requests).await?;
    process::settled_cpu(server.pid).await?;
    let (mut calm, mut storm) = (Outcome::default(), Outcome::default());
    for _ in 0..TURNS {
        calm.merge(&runner::run(server.addr, bench.turn(), notes::readers(&requests)).await?.0);
        // The storm begins before the readers are measured and ends after them.
        let around = Length { warm_up: WARM_UP, measured: bench.turn().measured + WARM_UP };
        let (reading, _) = tokio::try_join!(
            runner::run(server.addr, bench.turn(), notes::readers(&requests)),
            runner::run(server.addr, around, logins())
        )?;
        storm.merge(&reading.0);
    }
    stop(server, data.path()).await?;

    let p99 = |outcome: &Outcome| outcome.percentile_millis(99);
    Ok(vec![
        Row::new("login", "password logins", "1/s", ours.outcome.per_second())
            .target(Target::AtLeast(0.9 * bare))
            .floor(bare)
            .note(ours.outcome.faults()),
        Row::new("login", "server CPU per login", "µs", ours.cpu_micros()),
        Row::new("login", "p99 of reads in a login storm", "ms", p99(&storm))
            .target(Target::AtMost(2.0 * p99(&calm)))
            .note(format!(
                "{:.2} ms without; {:.0} reads/s, {:.0} without",
                p99(&calm),
                storm.per_second(),
                calm.per_second()
            )),
    ])
}

/// Hashes a second of the bare function with the same parameters on as many threads.
async fn bare_hashes(length: Duration) -> Result<f64> {
    let threads = (0..THREADS).map(|_| tokio::task::spawn_blocking(move || hash_for(length)));
    let mut sum = 0.0;
    for thread in threads.collect::<Vec<_>>() {
        sum += thread.await.map_err(|error| Error::Program(error.to_string()))??;
    }
    Ok(sum)
}

fn hash_for(length: Duration) -> Result<f64> {
    let failed = |error: argon2::Error| Error::Program(format!("argon2: {error}"));
    let params = Params::new(MEMORY_KIB, PASSES, 1, None).map_err(failed)?;
    // One buffer for all: the floor does not pay for memory that a pool would keep.
    let mut memory = vec![Block::default(); params.block_count()];
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let begin = Instant::now();
    let mut count = 0;
    while begin.elapsed() < length {
        let mut hash = [0; 32];
        argon2
            .hash_password_into_with_memory(
                crate::api::PASSWORD.as_bytes(),
                b"sixteen of salt.",
                &mut hash,
                &mut memory,
            )
            .map_err(failed)?;
        std::hint::black_box(hash);
        count += 1;
    }
    Ok(float(count) / begin.elapsed().as_secs_f64())
}
