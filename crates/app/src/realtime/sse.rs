//! Server-sent events: the same frames for networks that let no WebSocket through.

use super::{
    connection::{Connection, Kind},
    outlet::{Outlet, Wake},
    resume,
};
use crate::{
    app::App,
    chat,
    identity::{Caller, sessions},
    presence,
};
use axum::{
    body::Body,
    http::{HeaderValue, Response, header},
};
use base::{Cx, Error, Result, id::MemberId};
use bytes::{BufMut as _, Bytes, BytesMut};
use futures_util::stream;
use std::{collections::VecDeque, convert::Infallible, sync::Arc};

/// Leaves its room when the client goes away and the stream is dropped.
struct Seat {
    app: Arc<App>,
    member: MemberId,
    connection: Arc<Connection>,
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.app.rooms.leave(self.member, &self.connection);
        self.app.metrics.sockets.sub(1);
    }
}

pub(super) async fn stream(app: Arc<App>, cx: &Cx, caller: &Caller, last: Option<u64>) -> Result<Response<Body>> {
    let connection = Arc::new(Connection::new(caller.session, Kind::Stream));
    app.rooms.enter(caller.member, connection.clone(), app.settings.realtime.max_sockets_per_member);
    app.metrics.sockets.add(1);
    let seat = Seat { app, member: caller.member, connection: connection.clone() };
    // Only now, in its room: a session that ends later closes the stream there.
    if !sessions::is_live(&seat.app, caller.member, caller.session, cx.now()).await? {
        return Err(Error::unauthenticated());
    }
    presence::arrived(&seat.app, caller.member, caller.session).await;
    let start = resume::start(&seat.app, cx, caller.member, last).await?;
    // The stream's id is what the browser sends back when it reconnects.
    let greeting: VecDeque<Bytes> = start.greeting().map(|frame| event(start.after, &frame)).collect();
    let outlet = Outlet::new(connection, start.after, start.missed);
    let body = Body::from_stream(stream::unfold((seat, greeting, outlet), async |(seat, mut greeting, mut outlet)| {
        let bytes = match greeting.pop_front() {
            Some(bytes) => bytes,
            None => match outlet.next().await {
                Wake::Close(_) => return None,
                Wake::Ping => {
                    // A comment; that it can be written is the sign of life.
                    seat.connection.heard();
                    Bytes::from_static(b": ping\n\n")
                }
                Wake::Frame(frame) => {
                    chat::delivered_live(&seat.app, seat.member, &frame.receipts);
                    event(frame.last, &frame.bytes)
                }
            },
        };
        Some((Ok::<_, Infallible>(bytes), (seat, greeting, outlet)))
    }));
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Proxies that buffer would hold events back.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

/// One event of the stream; frames hold no line break.
fn event(id: u64, frame: &[u8]) -> Bytes {
    let mut out = BytesMut::with_capacity(frame.len() + 40);
    out.put_slice(format!("id: {id}\n").as_bytes());
    out.put_slice(b"data: ");
    out.put_slice(frame);
    out.put_slice(b"\n\n");
    out.freeze()
}
