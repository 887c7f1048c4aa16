//! Sending, reading and listing notes.

use super::{Bench, Measured, Rate, by_turns, cheap, floor, product, rate_rows, stop};
use crate::{
    Result,
    api::requests,
    fixtures::{self, Couple, TEXT},
    report::{Row, Target},
    runner::{self, Length},
    scripts::{AnyOf, Each, FreshKey, Repeat},
    server::Server,
    wire::Request,
};
use serde_json::json;
use std::{sync::Arc, time::Duration};

const SENDERS: usize = 64;
const READERS: usize = 32;
/// Rows the floor reads among.
const FLOOR_ROWS: usize = 5_000;
/// Notes read by their ids.
const READ_AMONG: usize = 20_000;
const LONG_LIST: usize = 100_000;
const SHORT_LIST: usize = 1_000;
/// The list of many may be this much slower than the list of few at p99, which is the noise of two runs.
const AS_FEW: f64 = 1.2;

/// What the floor stores: the body of a send.
fn floor_insert() -> Request {
    Request::post("/notes").json(&json!({"channel": "partner", "content": TEXT}))
}

pub(super) fn floor_sends(_turn: u32) -> Vec<Repeat> {
    (0..SENDERS).map(|_| Repeat(floor_insert().bytes())).collect()
}

/// Every connection takes the side of one of the two.
fn side(couple: &Couple, connection: usize) -> &str {
    if connection.is_multiple_of(2) { couple.one.token() } else { couple.other.token() }
}

pub(super) async fn send(bench: &Bench) -> Result<Vec<Row>> {
    let (data, bare) = (bench.data()?, bench.data()?);
    let server = product(data.path(), &cheap()).await?;
    let floor = floor(bare.path()).await?;
    let couple = fixtures::verified_couple(server.addr, 0).await?;
    let scripts = |_| (0..SENDERS).map(|c| Repeat(requests::send_note(side(&couple, c), TEXT).bytes())).collect();
    let (ours, theirs) = by_turns(bench, (&server, scripts), (&floor, floor_sends)).await?;
    stop(server, data.path()).await?;
    stop(floor, bare.path()).await?;
    let target = Rate { per_second: 13_000.0, cpu_micros: Some(80.0), p99_millis: Some(15.0) };
    Ok(rate_rows("send", &ours, Some(&theirs), &target))
}

pub(super) async fn send_keyed(bench: &Bench) -> Result<Vec<Row>> {
    let (data, bare) = (bench.data()?, bench.data()?);
    let server = product(data.path(), &cheap()).await?;
    let floor = floor(bare.path()).await?;
    let couple = fixtures::verified_couple(server.addr, 0).await?;
    let scripts = |turn| {
        let keyed = |c| FreshKey::new(requests::send_note(side(&couple, c), TEXT), &format!("{turn}-{c}"));
        (0..SENDERS).map(keyed).collect()
    };
    let (ours, theirs) = by_turns(bench, (&server, scripts), (&floor, floor_sends)).await?;
    stop(server, data.path()).await?;
    stop(floor, bare.path()).await?;
    let target = Rate { per_second: 10_000.0, cpu_micros: Some(105.0), p99_millis: None };
    Ok(rate_rows("send-keyed", &ours, Some(&theirs), &target))
}

pub(super) async fn send_spread(bench: &Bench) -> Result<Vec<Row>> {
    let (data, bare) = (bench.data()?, bench.data()?);
    let server = product(data.path(), &cheap()).await?;
    let floor = floor(bare.path()).await?;
    let couples = fixtures::couples(server.addr, 0..bench.members / 2).await?;
    let requests: Arc<[Vec<u8>]> = couples
        .iter()
        .flat_map(|couple| [&couple.one, &couple.other])
        .map(|member| requests::send_note(member.token(), TEXT).bytes())
        .collect();
    let scripts = |_| AnyOf::scripts(&requests, SENDERS as u64);
    let (ours, theirs) = by_turns(bench, (&server, scripts), (&floor, floor_sends)).await?;
    stop(server, data.path()).await?;
    stop(floor, bare.path()).await?;
    let target = Rate { per_second: 10_000.0, cpu_micros: None, p99_millis: None };
    let mut rows = rate_rows("send-spread", &ours, Some(&theirs), &target);
    rows.push(Row::new("send-spread", "members", "count", runner::float(requests.len() as u64)));
    Ok(rows)
}

/// Requests for the notes that the receiver has.
pub(super) async fn reads(server: &Server, couple: &Couple) -> Result<Arc<[Vec<u8>]>> {
    let ids = fixtures::notes(server.addr, couple, READ_AMONG).await?;
    Ok(ids.iter().map(|id| requests::read_note(couple.other.token(), id).bytes()).collect())
}

/// Readers of one of these at random.
pub(super) fn readers(requests: &Arc<[Vec<u8>]>) -> Vec<AnyOf> {
    AnyOf::scripts(requests, READERS as u64)
}

pub(super) async fn read(bench: &Bench) -> Result<Vec<Row>> {
    let (data, bare) = (bench.data()?, bench.data()?);
    let server = product(data.path(), &cheap()).await?;
    let floor = floor(bare.path()).await?;
    let couple = fixtures::verified_couple(server.addr, 0).await?;
    let requests = reads(&server, &couple).await?;
    let insert = |_| floor_insert();
    fixtures::all(floor.addr, Each::scripts(FLOOR_ROWS, SENDERS, &insert, &|_: &[u8]| Some(())), FLOOR_ROWS).await?;
    let rows: Arc<[Vec<u8>]> = (1..=FLOOR_ROWS).map(|id| Request::get(&format!("/notes/{id}")).bytes()).collect();
    let (ours, theirs) = by_turns(bench, (&server, |_| readers(&requests)), (&floor, |_| readers(&rows))).await?;
    stop(server, data.path()).await?;
    stop(floor, bare.path()).await?;
    let target = Rate { per_second: 36_000.0, cpu_micros: Some(35.0), p99_millis: None };
    Ok(rate_rows("read", &ours, Some(&theirs), &target))
}

pub(super) async fn list(bench: &Bench) -> Result<Vec<Row>> {
    let data = bench.data()?;
    let server = product(data.path(), &cheap()).await?;
    let many = fixtures::verified_couple(server.addr, 0).await?;
    let few = fixtures::verified_couple(server.addr, 1).await?;
    fixtures::notes(server.addr, &many, LONG_LIST).await?;
    fixtures::notes(server.addr, &few, SHORT_LIST).await?;
    let first_page = |couple: &Couple| {
        let request = requests::list_notes(couple.other.token(), "received", 20, None).bytes();
        (0..READERS).map(|_| Repeat(request.clone())).collect::<Vec<_>>()
    };
    let (long, short) = by_turns(bench, (&server, |_| first_page(&many)), (&server, |_| first_page(&few))).await?;
    stop(server, data.path()).await?;
    let target = Rate { per_second: 25_000.0, cpu_micros: Some(55.0), p99_millis: None };
    let mut rows = rate_rows("list", &long, None, &target);
    let p99 = |measured: &Measured| measured.outcome.percentile_millis(99);
    rows.push(
        Row::new("list", "p99 of 100,000 to p99 of 1,000", "ratio", p99(&long) / p99(&short))
            .target(Target::AtMost(AS_FEW))
            .note(format!("a list of {SHORT_LIST}: {:.2} ms", p99(&short))),
    );
    Ok(rows)
}

/// A short run that fills caches and pools.
pub(super) async fn warm(server: &Server, requests: &Arc<[Vec<u8>]>) -> Result<()> {
    let length = Length { warm_up: Duration::ZERO, measured: Duration::from_secs(1) };
    runner::run(server.addr, length, readers(requests)).await.map(drop)
}
