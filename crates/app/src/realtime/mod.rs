//! Real time: log first, socket second. The relay writes each member's event log and publishes; a node hands what it
//! hears to its sockets. Fan-out may lose anything, the log may not: a device that comes back says the last id it has
//! and gets what it missed, or `resync`.

pub mod asyncapi;
mod connection;
mod frames;
mod hub;
mod hydrate;
mod outlet;
mod resume;
mod rooms;
mod routes;
mod socket;
mod sse;
mod tickets;

pub use connection::{Connection, Event, close, close::GOING_AWAY};
pub use hub::run;
pub use rooms::Rooms;
pub use routes::routes;

use crate::app::App;
use base::{
    Error, Result, Time,
    id::{MemberId, SessionId},
};
use bytes::{BufMut as _, Bytes, BytesMut};
use serde::Serialize;

/// The fan-out channel of events for devices.
pub const CHANNEL: &str = "events";
/// Ids apart from one record of a log to the next: a record may tell a device several things, each with an id.
pub const SPREAD: u64 = 8;

/// One event of one member's log.
#[derive(Debug, Clone)]
pub struct Logged {
    pub member: MemberId,
    /// Grows within the member's log, by [`SPREAD`] at least. 0: ephemeral, in no log.
    pub id: u64,
    /// `{"type": …, "occurred_at": …, "data": …}`; the id comes in front when it is sent.
    pub body: Bytes,
}

/// The stored form of an event. `data` is JSON.
pub fn body(kind: &str, at: Time, data: &[u8]) -> Bytes {
    let mut out = BytesMut::with_capacity(kind.len() + data.len() + 72);
    let mut stamp = [0; 24];
    at.write(&mut stamp);
    out.put_slice(b"{\"type\":\"");
    out.put_slice(kind.as_bytes());
    out.put_slice(b"\",\"occurred_at\":\"");
    out.put_slice(&stamp);
    out.put_slice(b"\",\"data\":");
    out.put_slice(data);
    out.put_slice(b"}");
    out.freeze()
}

/// Tells devices something that is in no log: typing, presence. Lost where nobody listens.
pub async fn whisper(app: &App, to: MemberId, kind: &str, at: Time, data: &impl Serialize) -> Result<()> {
    let data = serde_json::to_vec(data).map_err(|e| Error::bug("write an event", e))?;
    let event = Logged { member: to, id: 0, body: body(kind, at, &data) };
    app.ports.fanout.publish(CHANNEL, encode(&[event])).await?;
    Ok(())
}

/// A frame: the stored form with its id in front, if it has one.
fn frame(id: u64, body: &Bytes) -> Bytes {
    if id == 0 {
        return body.clone();
    }
    let mut number = itoa::Buffer::new();
    let number = number.format(id).as_bytes();
    let mut out = BytesMut::with_capacity(body.len() + number.len() + 8);
    out.put_slice(b"{\"id\":");
    out.put_slice(number);
    out.put_slice(b",");
    out.put_slice(body.strip_prefix(b"{").unwrap_or(body));
    out.freeze()
}

/// Many events as one fan-out message: member, id, length, body, one after another.
pub fn encode(events: &[Logged]) -> Bytes {
    let size = events.iter().map(|e| e.body.len() + 28).sum();
    let mut out = BytesMut::with_capacity(size);
    for event in events {
        out.put_slice(event.member.bytes());
        out.put_u64(event.id);
        out.put_u32(u32::try_from(event.body.len()).unwrap_or(u32::MAX));
        out.put_slice(&event.body);
    }
    out.freeze()
}

/// The next event of a fan-out message.
fn decode(message: &mut Bytes) -> Option<Logged> {
    if message.len() < 28 {
        return None;
    }
    let head = message.split_to(28);
    let member = MemberId::from_slice(&head[..16])?;
    let id = u64::from_be_bytes(head[16..24].try_into().ok()?);
    let length = u32::from_be_bytes(head[24..].try_into().ok()?) as usize;
    (message.len() >= length).then(|| Logged { member, id, body: message.split_to(length) })
}

/// Closes the sockets of a session on this node. Other nodes hear of it by the session's event.
pub fn close_session(app: &App, member: MemberId, session: SessionId) {
    app.rooms.close_session(member, session);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn messages_round_trip(bodies in prop::collection::vec("\\PC{0,80}", 0..10), ids: Vec<u64>) {
            let events: Vec<_> = bodies.iter().zip(&ids).map(|(body, id)| Logged {
                member: MemberId::from_bytes([7; 16]), id: *id, body: Bytes::from(body.clone()),
            }).collect();
            let mut message = encode(&events);
            for event in &events {
                let read = decode(&mut message).unwrap();
                prop_assert_eq!((read.member, read.id, read.body), (event.member, event.id, event.body.clone()));
            }
            prop_assert!(decode(&mut message).is_none());
        }

        #[test]
        fn no_bytes_panic_the_reader(bytes: Vec<u8>) {
            let mut message = Bytes::from(bytes);
            while decode(&mut message).is_some() {}
        }
    }
}
