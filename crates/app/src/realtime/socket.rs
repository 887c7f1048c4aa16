//! The WebSocket of one device: what it missed, then live frames in order, until either side ends it.

use super::{
    connection::{Connection, Kind, close},
    frames,
    outlet::{Outlet, Wake},
    resume,
};
use crate::{
    app::App,
    chat,
    identity::sessions,
    presence::{self, Watches},
};
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use base::{
    Cx,
    error::Chain,
    id::{MemberId, SessionId},
};
use bytes::Bytes;
use futures_util::SinkExt as _;
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, timeout};

/// Frames a second from one device, and how many at once.
const FROM_DEVICE: f32 = 20.0;
const FROM_DEVICE_BURST: f32 = 60.0;
/// A device that takes nothing for this long is too slow.
const PATIENCE: Duration = Duration::from_secs(15);
/// For the device's half of a close.
const GOODBYE: Duration = Duration::from_secs(2);

/// Why a conversation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// We close, with this code.
    Code(u16),
    /// The device closed.
    Goodbye,
    /// The device is gone without a word.
    Dropped,
}

/// Refuses a ticket on the open socket, so that a browser can read why.
pub(super) async fn refuse(socket: WebSocket, code: u16) {
    finish(socket, code, "ticket invalid").await;
}

pub(super) async fn run(
    app: Arc<App>,
    mut socket: WebSocket,
    member: MemberId,
    session: SessionId,
    last_event_id: Option<u64>,
) {
    let connection = Arc::new(Connection::new(session, Kind::WebSocket));
    app.rooms.enter(member, connection.clone(), app.settings.realtime.max_sockets_per_member);
    app.metrics.sockets.add(1);
    // What happens once is boxed here and below: a socket that rests has no room for it.
    let begun = Box::pin(begin(&app, &mut socket, member, &connection, last_event_id)).await;
    let end = match begun {
        Ok(outlet) => converse(&app, &mut socket, member, &connection, outlet).await,
        Err(end) => Err(end),
    };
    app.rooms.leave(member, &connection);
    app.metrics.sockets.sub(1);
    // A device that was dropped may be back in a moment; one that said goodbye is not here, nor is a signed-out one.
    let ended = matches!(end, Err(End::Goodbye | End::Code(close::UNAUTHENTICATED)));
    if ended && !app.rooms.has(member, session) {
        Box::pin(presence::left(&app, member, session)).await;
    }
    if let Err(End::Code(code)) = end {
        Box::pin(finish(socket, code, "")).await;
    }
}

/// Says why and waits a moment for the answer: a socket dropped with unread frames would be reset, and the reason
/// lost with it.
async fn finish(mut socket: WebSocket, code: u16, reason: &'static str) {
    let frame = CloseFrame { code, reason: Utf8Bytes::from_static(reason) };
    if let Ok(Ok(())) = timeout(PATIENCE, socket.send(Message::Close(Some(frame)))).await {
        let _answer = timeout(GOODBYE, async { while let Some(Ok(_)) = socket.recv().await {} }).await;
    }
}

/// Says hello, and sees what the device has missed.
async fn begin(
    app: &App,
    socket: &mut WebSocket,
    member: MemberId,
    connection: &Arc<Connection>,
    last_event_id: Option<u64>,
) -> Result<Outlet, End> {
    let cx = Cx::new(&app.world);
    let failed = |error: base::Error| {
        tracing::warn!(error = %Chain(&error), "a socket could not be resumed");
        End::Code(close::GOING_AWAY)
    };
    // Only now, in its room: a session that ends later closes the socket there.
    if !sessions::is_live(app, member, connection.session, cx.now()).await.map_err(failed)? {
        return Err(End::Code(close::UNAUTHENTICATED));
    }
    presence::arrived(app, member, connection.session).await;
    let start = resume::start(app, &cx, member, last_event_id).await.map_err(failed)?;
    put(socket, connection, start.greeting().map(text).collect::<Result<_, _>>()?).await?;
    Ok(Outlet::new(connection.clone(), start.after, start.missed))
}

async fn converse(
    app: &Arc<App>,
    socket: &mut WebSocket,
    member: MemberId,
    connection: &Arc<Connection>,
    mut outlet: Outlet,
) -> Result<(), End> {
    let mut input = Input::new();
    let mut watches: Option<Box<Watches>> = None;
    loop {
        tokio::select! {
            wake = outlet.next() => match wake {
                Wake::Close(code) => return Err(End::Code(code)),
                Wake::Ping => put(socket, connection, vec![Message::Ping(Bytes::new())]).await?,
                Wake::Frame(frame) => {
                    let (mut frames, mut receipts) = (vec![text(frame.bytes)?], frame.receipts);
                    // What follows from an event leaves with it.
                    while let Some(frame) = outlet.ready() {
                        frames.push(text(frame.bytes)?);
                        receipts.extend(frame.receipts);
                    }
                    put(socket, connection, frames).await?;
                    chat::delivered_live(app, member, &receipts);
                }
            },
            message = socket.recv() => match message {
                None | Some(Err(_)) => return Err(End::Dropped),
                Some(Ok(Message::Close(_))) => return Err(End::Goodbye),
                // Any frame is a sign of life.
                Some(Ok(message)) => {
                    connection.heard();
                    input.count(1.0)?;
                    if let Message::Text(text) = message {
                        let cost = Box::pin(frames::heard(app, member, connection, &mut watches, &text)).await;
                        input.count(cost)?;
                    }
                }
            },
        }
    }
}

/// Frames are JSON that we wrote: always UTF-8.
fn text(frame: Bytes) -> Result<Message, End> {
    Utf8Bytes::try_from(frame).map(Message::Text).map_err(|_| End::Code(close::GOING_AWAY))
}

/// Sends in one go, unless the connection is to be closed meanwhile: a device that does not read must not hold that up.
async fn put(socket: &mut WebSocket, connection: &Connection, messages: Vec<Message>) -> Result<(), End> {
    let send = async {
        for message in messages {
            socket.feed(message).await?;
        }
        socket.flush().await
    };
    tokio::select! {
        biased;
        sent = send => sent.map_err(|_: axum::Error| End::Dropped),
        code = connection.closed() => Err(End::Code(code)),
        () = tokio::time::sleep(PATIENCE) => Err(End::Code(close::SLOW)),
    }
}

/// What a device sends, counted: tokens that refill evenly.
struct Input {
    left: f32,
    at: Instant,
}

impl Input {
    fn new() -> Self {
        Self { left: FROM_DEVICE_BURST, at: Instant::now() }
    }

    fn count(&mut self, cost: f32) -> Result<(), End> {
        let now = Instant::now();
        let refill = now.duration_since(self.at).as_secs_f32() * FROM_DEVICE;
        self.left = (self.left + refill).min(FROM_DEVICE_BURST) - cost;
        self.at = now;
        if self.left < 0.0 { Err(End::Code(close::TOO_MANY)) } else { Ok(()) }
    }
}
