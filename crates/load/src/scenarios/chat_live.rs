//! Messages as they arrive: at devices that listen, and at one that was away.

use super::{
    Bench, Measured,
    chat::{self, Pair},
    cheap, product,
    sockets::{Socket, greeted, open_at},
    stop,
};
use crate::{
    Error, Result,
    api::{Caller, requests},
    client::Connection,
    fixtures::{TEXT, in_lanes},
    histogram::Histogram,
    process,
    report::{Row, Target},
    runner::float,
};
use futures_util::{StreamExt as _, future::try_join_all};
use std::{
    cell::RefCell,
    net::SocketAddr,
    rc::Rc,
    time::{Duration, Instant},
};
use tokio::{
    task::LocalSet,
    time::{MissedTickBehavior, interval_at},
};

/// Messages a second: half of what the way to a frame takes on two cores shared with this generator.
const HALF: u32 = 3_000;
const SENDERS: usize = 32;
const LANES: usize = 16;
/// Devices that listen. A device takes ten frames a second before they are joined, and a message makes three.
const LISTENERS: usize = 4_000;
const MISSED: usize = 1_000;
const ROUNDS: usize = 5;
const PATIENCE: Duration = Duration::from_secs(10);

/// When a message was answered, and when its frame came.
#[derive(Clone, Copy, Default)]
struct Times {
    sent: Option<Instant>,
    answered: Option<Instant>,
    seen: Option<Instant>,
}

type Log = Rc<RefCell<Vec<Times>>>;

/// Devices of the receiving side, each on its own socket.
async fn listen(addr: SocketAddr, pairs: &[Pair]) -> Result<Vec<Socket>> {
    in_lanes(addr, LANES, 0..pairs.len(), async |caller: &mut Caller, number| {
        let ticket = caller.ticket(pairs[number].couple.other.token()).await?;
        let mut socket = open_at(addr, &requests::realtime_path(&ticket)).await?;
        greeted(&mut socket).await?;
        Ok(socket)
    })
    .await
}

/// Notes when each message arrives; ends with the socket.
async fn note_arrivals(mut socket: Socket, log: Log) {
    while let Some(Ok(message)) = socket.next().await {
        let Ok(text) = message.to_text() else { continue };
        let now = Instant::now();
        for part in text.split("\"type\":\"message.created\"").skip(1) {
            let name = part.split_once("\"client_id\":\"").and_then(|(_, rest)| rest.split_once('"'));
            let number = name.and_then(|(name, _)| name.parse::<usize>().ok());
            if let Some(times) = log.borrow_mut().get_mut(number.unwrap_or(usize::MAX)) {
                times.seen = Some(now);
            }
        }
    }
}

/// Sends every `SENDERS`th message, evenly, and not in step with the other lanes.
async fn say(addr: SocketAddr, pairs: Rc<Vec<Pair>>, log: Log, lane: usize) -> Result<()> {
    let mut connection = Connection::open(addr).await?;
    let between = Duration::from_secs(1) / HALF;
    let first = tokio::time::Instant::now() + between * u32::try_from(lane).unwrap_or(0);
    let mut tick = interval_at(first, between * u32::try_from(SENDERS).unwrap_or(1));
    tick.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let count = log.borrow().len();
    for number in (lane..count).step_by(SENDERS) {
        tick.tick().await;
        let pair = &pairs[number % pairs.len()];
        let token = pair.couple.one.token();
        let request = requests::send_message(token, &pair.conversation, &number.to_string(), TEXT).bytes();
        log.borrow_mut()[number].sent = Some(Instant::now());
        let answer = connection.exchange(&request).await?;
        if !answer.accepted() {
            let body = String::from_utf8_lossy(answer.body).into_owned();
            return Err(Error::Refused { op: "say", status: answer.status, body });
        }
        log.borrow_mut()[number].answered = Some(Instant::now());
    }
    Ok(())
}

pub(super) async fn live(bench: &Bench) -> Result<Vec<Row>> {
    let data = bench.data()?;
    let server = product(data.path(), &cheap()).await?;
    let room = usize::try_from(process::open_files()).unwrap_or(usize::MAX).saturating_sub(512);
    let pairs = Rc::new(chat::pairs(server.addr, LISTENERS.min(room)).await?);
    let count = usize::try_from(bench.seconds).unwrap_or(10) * usize::try_from(HALF).unwrap_or(0);
    let log: Log = Rc::new(RefCell::new(vec![Times::default(); count]));
    let sockets = listen(server.addr, &pairs).await?;
    let mut measured = Measured::default();
    let local = LocalSet::new();
    let run = async {
        let ears: Vec<_> =
            sockets.into_iter().map(|s| tokio::task::spawn_local(note_arrivals(s, log.clone()))).collect();
        let before = process::settled_cpu(server.pid).await?;
        try_join_all((0..SENDERS).map(|lane| say(server.addr, pairs.clone(), log.clone(), lane))).await?;
        measured.cpu = process::settled_cpu(server.pid).await?.saturating_sub(before);
        let patience = Instant::now() + PATIENCE;
        while log.borrow().iter().any(|t| t.seen.is_none()) && Instant::now() < patience {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        ears.iter().for_each(tokio::task::JoinHandle::abort);
        Ok::<_, Error>(())
    };
    local.run_until(run).await?;
    stop(server, data.path()).await?;
    let (mut after, mut whole, mut lost) = (Histogram::default(), Histogram::default(), 0);
    for times in log.borrow().iter() {
        match (times.sent, times.answered, times.seen) {
            (Some(sent), Some(answered), Some(seen)) => {
                after.record(seen.saturating_duration_since(answered));
                whole.record(seen.saturating_duration_since(sent));
            }
            _ => lost += 1,
        }
    }
    let millis = |times: &Histogram, percent| times.percentile(percent).as_secs_f64() * 1000.0;
    let each = measured.cpu.as_secs_f64() * 1e6 / float(count.max(1) as u64);
    Ok(vec![
        Row::new("chat-live", "answer to frame, p50", "ms", millis(&after, 50))
            .target(Target::AtMost(2.0))
            .note(format!("{HALF} messages/s to {} sockets; {lost} not seen", pairs.len())),
        Row::new("chat-live", "answer to frame, p99", "ms", millis(&after, 99)).target(Target::AtMost(20.0)),
        Row::new("chat-live", "request to frame, p99", "ms", millis(&whole, 99))
            .note(format!("p50 {:.2} ms", millis(&whole, 50))),
        Row::new("chat-live", "server CPU per message, pushed and recorded", "µs", each),
    ])
}

pub(super) async fn resume(bench: &Bench) -> Result<Vec<Row>> {
    let data = bench.data()?;
    let server = product(data.path(), &cheap()).await?;
    let pair = chat::pairs(server.addr, 1).await?.remove(0);
    let mut caller = Caller::new(server.addr);
    let mut all = Vec::with_capacity(ROUNDS);
    for round in 0..ROUNDS {
        let path = requests::realtime_path(&caller.ticket(pair.couple.other.token()).await?);
        let mut socket = open_at(server.addr, &path).await?;
        let last = greeted(&mut socket).await?;
        drop(socket);
        chat::talk_as(server.addr, &pair, MISSED, &format!("r{round}")).await?;
        // What was said is in the log a moment later.
        tokio::time::sleep(Duration::from_secs(2)).await;
        let path = requests::realtime_path(&caller.ticket(pair.couple.other.token()).await?);
        let begin = Instant::now();
        let mut socket = open_at(server.addr, &format!("{path}&last_event_id={last}")).await?;
        let mut seen = 0;
        while seen < MISSED {
            let frame = tokio::time::timeout(PATIENCE, socket.next()).await;
            match frame.map_err(|_| Error::Timeout { op: "resume", after: PATIENCE })? {
                Some(Ok(message)) => {
                    let text = message.to_text().unwrap_or_default();
                    seen += text.matches("\"type\":\"message.created\"").count();
                }
                _ => return Err(Error::Wire("the socket was closed")),
            }
        }
        all.push(begin.elapsed().as_secs_f64() * 1000.0);
    }
    stop(server, data.path()).await?;
    all.sort_by(f64::total_cmp);
    Ok(vec![
        Row::new("chat-resume", "1,000 missed messages", "ms", all[ROUNDS / 2])
            .target(Target::AtMost(50.0))
            .note(format!("slowest of {ROUNDS}: {:.1} ms", all[ROUNDS - 1])),
    ])
}
