//! Server-sent events: the same frames for networks that let no WebSocket through.

use super::{
    connection::{Connection, Wake},
    socket::{BATCH, PER_SECOND, Pace, batch, greet},
};
use crate::{app::App, identity::Caller};
use axum::{
    body::Body,
    http::{HeaderValue, Response, header},
};
use base::{Result, id::MemberId};
use bytes::{BufMut as _, Bytes, BytesMut};
use futures_util::stream;
use std::{collections::VecDeque, convert::Infallible, sync::Arc};

/// Leaves its room when the client goes away and the stream is dropped.
struct Seat {
    app: Arc<App>,
    member: MemberId,
    connection: Arc<Connection>,
    /// Ready to go out.
    out: VecDeque<Bytes>,
    sent: u64,
    pace: Pace,
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.app.rooms.leave(self.member, &self.connection);
        self.app.metrics.sockets.sub(1);
    }
}

pub(super) async fn stream(app: Arc<App>, caller: &Caller, last: Option<u64>) -> Result<Response<Body>> {
    let connection = Arc::new(Connection::new(caller.session, app.world.now()));
    app.rooms.enter(caller.member, connection.clone(), app.settings.realtime.max_sockets_per_member);
    app.metrics.sockets.add(1);
    let pace = Pace::new(PER_SECOND, PER_SECOND);
    let mut seat = Seat { app, member: caller.member, connection, out: VecDeque::new(), sent: 0, pace };
    let (frames, newest) = greet(&seat.app, caller.member, last).await?;
    seat.sent = newest;
    seat.out.extend(frames.iter().map(|frame| event(None, frame)));
    let body = Body::from_stream(stream::unfold(seat, |mut seat| async move {
        let bytes = seat.next().await?;
        Some((Ok::<_, Infallible>(bytes), seat))
    }));
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Proxies that buffer would hold events back.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

impl Seat {
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(bytes) = self.out.pop_front() {
                return Some(bytes);
            }
            match self.connection.next().await {
                Wake::Close(_) => return None,
                Wake::Ping => {
                    // A comment; that it can be written is the sign of life.
                    self.connection.heard(self.app.world.now());
                    return Some(Bytes::from_static(b": ping\n\n"));
                }
                Wake::Frames(frames) => self.queue(frames).await,
            }
        }
    }

    async fn queue(&mut self, mut frames: VecDeque<(u64, Bytes)>) {
        frames.retain(|(id, _)| *id > self.sent);
        while let Some((id, _)) = frames.front() {
            if let Err(wait) = self.pace.take() {
                tokio::time::sleep(wait).await;
            }
            let single = frames.len() <= PER_SECOND as usize / 2;
            let (id, frame) = if single {
                let id = *id;
                (id, frames.pop_front().map(|(_, frame)| frame).unwrap_or_default())
            } else {
                let count = frames.len().min(BATCH);
                let last = frames[count - 1].0;
                let mut joined = frames.drain(..count).map(|(_, frame)| frame).collect();
                (last, batch(&mut joined))
            };
            self.sent = id;
            self.out.push_back(event(Some(id), &frame));
        }
    }
}

/// One event of the stream; frames hold no line break.
fn event(id: Option<u64>, frame: &[u8]) -> Bytes {
    let mut out = BytesMut::with_capacity(frame.len() + 40);
    // Replayed frames carry their own id inside; the stream's id is what the browser sends back.
    let id = id.or_else(|| serde_json::from_slice::<Head>(frame).ok().and_then(|h| h.id.or(h.last_event_id)));
    if let Some(id) = id {
        out.put_slice(format!("id: {id}\n").as_bytes());
    }
    out.put_slice(b"data: ");
    out.put_slice(frame);
    out.put_slice(b"\n\n");
    out.freeze()
}

#[derive(serde::Deserialize)]
struct Head {
    id: Option<u64>,
    last_event_id: Option<u64>,
}
