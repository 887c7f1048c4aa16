//! Saying something in a conversation, and reading its newest page.

use super::{Bench, Rate, by_turns, cheap, floor, notes::floor_sends, product, rate_rows, stop};
use crate::{
    Result,
    api::requests,
    fixtures::{self, Couple, TEXT, in_lanes},
    report::{Row, Target},
    runner,
    scripts::{Counted, Each, Mixed, Repeat},
};
use std::net::SocketAddr;

const SENDERS: usize = 64;
const READERS: usize = 32;
const LANES: usize = 16;
const SHORT: usize = 1_000;
/// A page of the long conversation may be this much slower, which is the noise of two runs.
const AS_SHORT: f64 = 1.2;

/// A couple with its conversation.
#[derive(Debug, Clone)]
pub(super) struct Pair {
    pub couple: Couple,
    pub conversation: String,
}

pub(super) async fn pairs(addr: SocketAddr, count: usize) -> Result<Vec<Pair>> {
    let couples = fixtures::couples(addr, 0..count).await?;
    let couples = &couples;
    in_lanes(addr, LANES, 0..count, async |caller, number| {
        let couple = couples[number].clone();
        let conversation = caller.conversation(couple.one.token(), &couple.other.id).await?;
        Ok(Pair { couple, conversation })
    })
    .await
}

/// Messages of one side with a name that no other message has. `turn` keeps the names of two runs apart.
pub(super) fn says(pair: &Pair, turn: u32, one: bool) -> Counted {
    let member = if one { &pair.couple.one } else { &pair.couple.other };
    let name = format!("{turn}-{}", Counted::MARK);
    Counted::new(&requests::send_message(member.token(), &pair.conversation, &name, TEXT))
}

pub(super) async fn send(bench: &Bench) -> Result<Vec<Row>> {
    let (data, bare) = (bench.data()?, bench.data()?);
    let server = product(data.path(), &cheap()).await?;
    let floor = floor(bare.path()).await?;
    let pairs = pairs(server.addr, SENDERS).await?;
    let scripts = |turn| pairs.iter().enumerate().map(|(i, pair)| says(pair, turn, i.is_multiple_of(2))).collect();
    let (ours, theirs) = by_turns(bench, (&server, scripts), (&floor, floor_sends)).await?;
    stop(server, data.path()).await?;
    stop(floor, bare.path()).await?;
    let target = Rate { per_second: 13_000.0, cpu_micros: Some(80.0), p99_millis: Some(15.0) };
    Ok(rate_rows("chat", &ours, Some(&theirs), &target))
}

pub(super) async fn send_spread(bench: &Bench) -> Result<Vec<Row>> {
    let (data, bare) = (bench.data()?, bench.data()?);
    let server = product(data.path(), &cheap()).await?;
    let floor = floor(bare.path()).await?;
    let pairs = pairs(server.addr, bench.members / 2).await?;
    let scripts = |turn| {
        let of_lane = |lane: usize| {
            let pairs = pairs.iter().skip(lane).step_by(SENDERS);
            Mixed::new(pairs.flat_map(|pair| [says(pair, turn, true), says(pair, turn, false)]).collect(), lane as u64)
        };
        (0..SENDERS).map(of_lane).collect()
    };
    let (ours, theirs) = by_turns(bench, (&server, scripts), (&floor, floor_sends)).await?;
    stop(server, data.path()).await?;
    stop(floor, bare.path()).await?;
    let target = Rate { per_second: 10_000.0, cpu_micros: None, p99_millis: None };
    let mut rows = rate_rows("chat-spread", &ours, Some(&theirs), &target);
    rows.push(Row::new("chat-spread", "conversations", "count", runner::float(pairs.len() as u64)));
    Ok(rows)
}

/// Says `count` things in a conversation, by both sides in turn.
pub(super) async fn talk(addr: SocketAddr, pair: &Pair, count: usize) -> Result<()> {
    talk_as(addr, pair, count, "seed").await
}

/// The same, with `names` before the messages' own names.
pub(super) async fn talk_as(addr: SocketAddr, pair: &Pair, count: usize, names: &str) -> Result<()> {
    let (pair, lanes, names) = (pair.clone(), LANES.min(count), names.to_owned());
    let make = move |index: usize| {
        let member = if index.is_multiple_of(2) { &pair.couple.one } else { &pair.couple.other };
        let name = format!("{names}-{index}");
        requests::send_message(member.token(), &pair.conversation, &name, &format!("Word {index}: {TEXT}"))
    };
    fixtures::all(addr, Each::scripts(count, lanes, &make, &|_: &[u8]| Some(())), count).await.map(drop)
}

pub(super) async fn page(bench: &Bench) -> Result<Vec<Row>> {
    let data = bench.data()?;
    let server = product(data.path(), &cheap()).await?;
    let pairs = pairs(server.addr, 2).await?;
    talk(server.addr, &pairs[0], bench.messages).await?;
    talk(server.addr, &pairs[1], SHORT).await?;
    let newest = |pair: &Pair| {
        let request = requests::list_messages(pair.couple.other.token(), &pair.conversation, 50, None).bytes();
        (0..READERS).map(|_| Repeat(request.clone())).collect::<Vec<_>>()
    };
    let (long, short) = by_turns(bench, (&server, |_| newest(&pairs[0])), (&server, |_| newest(&pairs[1]))).await?;
    stop(server, data.path()).await?;
    let target = Rate { per_second: 12_000.0, cpu_micros: None, p99_millis: None };
    let mut rows = rate_rows("chat-page", &long, None, &target);
    let ratio = short.outcome.per_second() / long.outcome.per_second();
    rows.push(
        Row::new("chat-page", "pages a second of a short to those of a long one", "ratio", ratio)
            .target(Target::AtMost(AS_SHORT))
            .note(format!("{SHORT} and {} messages", bench.messages)),
    );
    Ok(rows)
}
