//! The WebSocket of one device: resume, live frames in order, at most ten a second, then batches.

use super::{
    connection::{Connection, Wake, close},
    resume::{self, Missed},
};
use crate::app::App;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use base::{
    Cx, Result,
    error::Chain,
    id::{MemberId, SessionId},
};
use bytes::{BufMut as _, Bytes, BytesMut};
use std::{collections::VecDeque, sync::Arc, time::Duration};
use tokio::time::Instant;

/// Frames a second to one device; beyond it events are joined.
pub(super) const PER_SECOND: u32 = 10;
/// Frames a second from one device, and how many at once.
const FROM_DEVICE: u32 = 20;
const FROM_DEVICE_BURST: u32 = 60;
/// Events in one batch frame.
pub(super) const BATCH: usize = 100;

/// Tokens that refill evenly.
pub(super) struct Pace {
    left: f32,
    per_second: f32,
    most: f32,
    at: Instant,
}

impl Pace {
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    pub(super) fn new(per_second: u32, most: u32) -> Self {
        Self { left: most as f32, per_second: per_second as f32, most: most as f32, at: Instant::now() }
    }

    /// Takes one, or says how long until there is one.
    pub(super) fn take(&mut self) -> Result<(), Duration> {
        let now = Instant::now();
        let refill = now.duration_since(self.at).as_secs_f32() * self.per_second;
        self.left = (self.left + refill).min(self.most);
        self.at = now;
        if self.left >= 1.0 {
            self.left -= 1.0;
            return Ok(());
        }
        Err(Duration::from_secs_f32(((1.0 - self.left) / self.per_second).max(0.001)))
    }

    fn has_more(&self) -> bool {
        self.left >= 1.0
    }
}

/// Refuses a ticket on the open socket, so that a browser can read why.
pub(super) async fn refuse(mut socket: WebSocket, code: u16) {
    let frame = CloseFrame { code, reason: Utf8Bytes::from_static("ticket invalid") };
    let _gone = socket.send(Message::Close(Some(frame))).await;
}

pub(super) async fn run(
    app: Arc<App>,
    mut socket: WebSocket,
    member: MemberId,
    session: SessionId,
    last_event_id: Option<u64>,
) {
    let connection = Arc::new(Connection::new(session, app.world.now()));
    app.rooms.enter(member, connection.clone(), app.settings.realtime.max_sockets_per_member);
    app.metrics.sockets.add(1);
    let code = converse(&app, &mut socket, member, &connection, last_event_id).await;
    app.rooms.leave(member, &connection);
    app.metrics.sockets.sub(1);
    if let Some(code) = code {
        let frame = CloseFrame { code, reason: Utf8Bytes::from_static("") };
        let _gone = tokio::time::timeout(Duration::from_secs(2), socket.send(Message::Close(Some(frame)))).await;
    }
}

/// Until either side ends it; the code to close with, when it is ours to close.
async fn converse(
    app: &Arc<App>,
    socket: &mut WebSocket,
    member: MemberId,
    connection: &Arc<Connection>,
    last_event_id: Option<u64>,
) -> Option<u16> {
    let mut sent = match greet(app, member, last_event_id).await {
        Ok((frames, newest)) => {
            for frame in frames {
                send(socket, frame).await?;
            }
            newest
        }
        Err(error) => {
            tracing::warn!(error = %Chain(&error), "a socket could not be resumed");
            return Some(close::GOING_AWAY);
        }
    };
    let mut out = Pace::new(PER_SECOND, PER_SECOND);
    let mut input = Pace::new(FROM_DEVICE, FROM_DEVICE_BURST);
    let mut waiting: VecDeque<Bytes> = VecDeque::new();
    loop {
        let pause = if waiting.is_empty() { None } else { Some(flush(socket, &mut waiting, &mut out).await?) };
        let pause = pause.flatten();
        if pause.is_none() && !waiting.is_empty() {
            continue;
        }
        tokio::select! {
            wake = connection.next() => match wake {
                Wake::Close(code) => return Some(code),
                Wake::Ping => socket.send(Message::Ping(Bytes::new())).await.ok()?,
                Wake::Frames(frames) => for (id, frame) in frames {
                    // What the resume already sent comes a second time from the live queue.
                    if id > sent {
                        sent = id;
                        waiting.push_back(frame);
                    }
                },
            },
            message = socket.recv() => {
                match message {
                    None | Some(Err(_) | Ok(Message::Close(_))) => return None,
                    // Heartbeat, typing and watch need no answer here; any frame is a sign of life.
                    Some(Ok(_)) => connection.heard(app.world.now()),
                }
                if input.take().is_err() {
                    return Some(close::TOO_MANY);
                }
            },
            () = tokio::time::sleep(pause.unwrap_or_default()), if pause.is_some() => {}
        }
    }
}

/// Sends what the pace allows; how long until the next may go. `None` inside an outer `Some`: nothing waits.
#[expect(clippy::option_option, reason = "a broken socket, nothing to wait for, and a pause are three answers")]
async fn flush(socket: &mut WebSocket, waiting: &mut VecDeque<Bytes>, pace: &mut Pace) -> Option<Option<Duration>> {
    while !waiting.is_empty() {
        if let Err(wait) = pace.take() {
            return Some(Some(wait));
        }
        // The last token takes everything that waits.
        let frame = if waiting.len() > 1 && !pace.has_more() { batch(waiting) } else { waiting.pop_front()? };
        send(socket, frame).await?;
    }
    Some(None)
}

/// Up to [`BATCH`] events as one frame.
pub(super) fn batch(waiting: &mut VecDeque<Bytes>) -> Bytes {
    let count = waiting.len().min(BATCH);
    let mut out = BytesMut::with_capacity(waiting.iter().take(count).map(|f| f.len() + 1).sum::<usize>() + 32);
    out.put_slice(b"{\"type\":\"batch\",\"events\":[");
    for (i, frame) in waiting.drain(..count).enumerate() {
        if i > 0 {
            out.put_u8(b',');
        }
        out.put_slice(&frame);
    }
    out.put_slice(b"]}");
    out.freeze()
}

async fn send(socket: &mut WebSocket, frame: Bytes) -> Option<()> {
    // Frames are JSON that we wrote: always UTF-8.
    let text = Utf8Bytes::try_from(frame).ok()?;
    // A device that takes nothing for this long is gone.
    tokio::time::timeout(Duration::from_secs(20), socket.send(Message::Text(text))).await.ok()?.ok()
}

/// What a fresh connection gets first: what it missed, or `resync`; then `ready`.
pub(super) async fn greet(app: &App, member: MemberId, last: Option<u64>) -> Result<(Vec<Bytes>, u64)> {
    let cx = Cx::new(&app.world);
    let mut newest = resume::newest(app, member).await?;
    let mut frames = Vec::new();
    if let Some(last) = last {
        match resume::missed(app, &cx, member, last, newest).await? {
            Missed::Resync => frames.push(Bytes::from_static(b"{\"type\":\"resync\"}")),
            Missed::Events(events) => {
                newest = events.last().map_or(newest, |(id, _)| *id);
                let mut waiting: VecDeque<Bytes> = events.into_iter().map(|(_, frame)| frame).collect();
                if waiting.len() <= PER_SECOND as usize / 2 {
                    frames.extend(waiting.drain(..));
                }
                while !waiting.is_empty() {
                    frames.push(batch(&mut waiting));
                }
            }
        }
    }
    frames.push(Bytes::from(format!("{{\"type\":\"ready\",\"last_event_id\":{newest}}}")));
    Ok((frames, newest))
}
