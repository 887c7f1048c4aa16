//! Presence that flaps beside a chat: it must hardly be noticed.

use super::{Bench, TURNS, WARM_UP, chat, cheap, product, stop};
use crate::{
    Error, Result,
    api::requests,
    client::Connection,
    fixtures,
    report::{Row, Target},
    runner::{self, Outcome},
};
use futures_util::future::try_join_all;
use std::{
    net::SocketAddr,
    rc::Rc,
    time::{Duration, Instant},
};
use tokio::time::{MissedTickBehavior, interval};

const SENDERS: usize = 64;
const FLAPS: usize = 20_000;
/// Members who flap, each on and off again and again.
const MEMBERS: usize = 1_000;
const LANES: usize = 8;

/// Every member of a lane in turn goes away and comes back, evenly over `window`; how many did.
async fn flap(addr: SocketAddr, tokens: Rc<Vec<String>>, lane: usize, window: Duration, count: usize) -> Result<usize> {
    let mut connection = Connection::open(addr).await?;
    let mut tick = interval(window / u32::try_from(count.max(1)).unwrap_or(1));
    tick.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let begin = Instant::now();
    let mut done = 0;
    while done < count && begin.elapsed() < window {
        tick.tick().await;
        let place = done * LANES + lane;
        let status = if (place / tokens.len()).is_multiple_of(2) { "away" } else { "online" };
        let request = requests::set_status(&tokens[place % tokens.len()], status).bytes();
        let answer = connection.exchange(&request).await?;
        if !answer.accepted() {
            let body = String::from_utf8_lossy(answer.body).into_owned();
            return Err(Error::Refused { op: "flap", status: answer.status, body });
        }
        done += 1;
    }
    Ok(done)
}

pub(super) async fn flaps(bench: &Bench) -> Result<Vec<Row>> {
    let data = bench.data()?;
    let server = product(data.path(), &cheap()).await?;
    let pairs = chat::pairs(server.addr, SENDERS).await?;
    let members = fixtures::members(server.addr, 0..MEMBERS).await?;
    let tokens = Rc::new(members.into_iter().map(|m| m.session.access_token).collect::<Vec<_>>());
    let scripts = |turn| pairs.iter().map(|pair| chat::says(pair, turn, true)).collect();
    let (mut calm, mut flapping, mut done) = (Outcome::default(), Outcome::default(), 0);
    for turn in 0..TURNS {
        calm.merge(&runner::run(server.addr, bench.turn(), scripts(turn * 2)).await?.0);
        let window = bench.turn().measured + WARM_UP;
        let each = FLAPS / LANES / usize::try_from(TURNS).unwrap_or(1);
        let lanes = (0..LANES).map(|lane| flap(server.addr, tokens.clone(), lane, window, each));
        let (chatting, flaps) =
            tokio::try_join!(runner::run(server.addr, bench.turn(), scripts(turn * 2 + 1)), try_join_all(lanes))?;
        flapping.merge(&chatting.0);
        done += flaps.iter().sum::<usize>();
    }
    stop(server, data.path()).await?;
    let p99 = |outcome: &Outcome| outcome.percentile_millis(99);
    Ok(vec![
        Row::new("presence", "p99 of sends beside flaps, to that without", "ratio", p99(&flapping) / p99(&calm))
            .target(Target::AtMost(1.1))
            .note(format!(
                "{done} flaps; {:.2} ms and {:.2} ms; {:.0} and {:.0} messages/s",
                p99(&flapping),
                p99(&calm),
                flapping.per_second(),
                calm.per_second()
            )),
    ])
}
