//! What an idle socket costs together with the session that opened it.

use super::{Bench, cheap, product, stop};
use crate::{
    Error, Result,
    api::{Caller, requests},
    fixtures::{self, in_lanes},
    process,
    report::{Row, Target},
    runner::float,
};
use futures_util::StreamExt;
use std::{net::SocketAddr, ops::Range, time::Duration};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{self, protocol::WebSocketConfig},
};

const LANES: usize = 16;
/// Sockets opened before the first look, so that pools and code are not charged to the rest.
const FIRST: usize = 100;
/// Files that neither the server nor we use for sockets.
const OTHER_FILES: u64 = 256;
const REST: Duration = Duration::from_secs(3);
const PATIENCE: Duration = Duration::from_secs(10);

pub(super) type Socket = WebSocketStream<TcpStream>;

pub(super) async fn run(bench: &Bench) -> Result<Vec<Row>> {
    let room = usize::try_from(process::open_files().saturating_sub(OTHER_FILES)).unwrap_or(usize::MAX);
    let count = bench.sockets.min(room.saturating_sub(FIRST));
    let data = bench.data()?;
    let settings = cheap();
    // The accounts are made by another process: only what sessions and sockets cost is to grow here.
    let before = product(data.path(), &settings).await?;
    let members = fixtures::members(before.addr, 0..FIRST + count).await?;
    stop(before, data.path()).await?;

    let server = product(data.path(), &settings).await?;
    let emails: Vec<String> = members.into_iter().map(|member| member.email).collect();
    let first = open(server.addr, &emails, 0..FIRST).await?;
    tokio::time::sleep(REST).await;
    let start = process::memory(server.pid)?;
    let rest = open(server.addr, &emails, FIRST..FIRST + count).await?;
    tokio::time::sleep(REST).await;
    let end = process::memory(server.pid)?;
    drop((first, rest));
    stop(server, data.path()).await?;

    let each = |from: u64, to: u64| float(to.saturating_sub(from)) / float(count.max(1) as u64);
    let resident = each(start.resident_kib, end.resident_kib);
    let anonymous = each(start.anonymous_kib, end.anonymous_kib);
    Ok(vec![
        Row::new("sockets", "resident per socket and session", "KiB", resident)
            .target(Target::AtMost(12.0))
            .note(format!("{anonymous:.1} KiB of it anonymous; {count} sockets")),
    ])
}

/// Signs in and opens a socket for each of these members.
async fn open(addr: SocketAddr, emails: &[String], numbers: Range<usize>) -> Result<Vec<Socket>> {
    in_lanes(addr, LANES, numbers, async |caller: &mut Caller, number| {
        let member = caller.login(&emails[number]).await?;
        let ticket = caller.ticket(member.token()).await?;
        let mut socket = open_at(addr, &requests::realtime_path(&ticket)).await?;
        greeted(&mut socket).await?;
        Ok(socket)
    })
    .await
}

/// A socket with small buffers.
pub(super) async fn open_at(addr: SocketAddr, path: &str) -> Result<Socket> {
    let small = WebSocketConfig::default().read_buffer_size(1024).write_buffer_size(0);
    let stream = TcpStream::connect(addr).await?;
    let url = format!("ws://localhost{path}");
    let (socket, _) = client_async_with_config(url, stream, Some(small)).await.map_err(|error| broken(&error))?;
    Ok(socket)
}

/// Waits for `ready`; the last event it names.
pub(super) async fn greeted(socket: &mut Socket) -> Result<u64> {
    #[derive(serde::Deserialize)]
    struct Ready {
        last_event_id: u64,
    }
    let greeting = tokio::time::timeout(PATIENCE, socket.next()).await;
    match greeting.map_err(|_| Error::Timeout { op: "socket", after: PATIENCE })? {
        Some(Ok(message)) => {
            let ready: Option<Ready> = serde_json::from_str(message.to_text().unwrap_or_default()).ok();
            let unknown = || Error::Shape { op: "socket", detail: format!("greeted with {message}") };
            ready.map(|ready| ready.last_event_id).ok_or_else(unknown)
        }
        Some(Err(error)) => Err(broken(&error)),
        None => Err(Error::Wire("the socket was closed")),
    }
}

fn broken(error: &tungstenite::Error) -> Error {
    Error::Program(format!("socket: {error}"))
}
