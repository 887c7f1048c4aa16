//! The connections of this node by member.

use super::connection::{Connection, Event, Kind, close};
use base::id::{MemberId, SessionId};
use parking_lot::Mutex;
use std::{collections::HashMap, sync::Arc, time::Duration};

/// Locks, so that connections do not queue behind each other.
const SHARDS: usize = 16;

type Room = Vec<Arc<Connection>>;

#[derive(Default)]
pub struct Rooms([Mutex<HashMap<MemberId, Room>>; SHARDS]);

impl Rooms {
    fn shard(&self, member: MemberId) -> &Mutex<HashMap<MemberId, Room>> {
        &self.0[usize::from(member.bytes()[15]) % SHARDS]
    }

    /// Lets a connection hear its member's events. One socket per device: an earlier one of the same session gives way,
    /// and so does the oldest beyond `max`. (Streams have no code to say so, and would only come back.)
    pub fn enter(&self, member: MemberId, connection: Arc<Connection>, max: usize) {
        let mut shard = self.shard(member).lock();
        let room = shard.entry(member).or_default();
        if connection.kind == Kind::WebSocket {
            room.retain(|other| {
                let replaced = other.kind == Kind::WebSocket && other.session == connection.session;
                if replaced {
                    other.close(close::REPLACED);
                }
                !replaced
            });
        }
        if room.len() >= max.max(1) {
            room.remove(0).close(close::REPLACED);
        }
        room.push(connection);
        room.shrink_to_fit();
    }

    pub fn leave(&self, member: MemberId, connection: &Arc<Connection>) {
        let mut shard = self.shard(member).lock();
        if let Some(room) = shard.get_mut(&member) {
            room.retain(|c| !Arc::ptr_eq(c, connection));
            if room.is_empty() {
                shard.remove(&member);
            }
        }
    }

    pub fn is_here(&self, member: MemberId) -> bool {
        self.shard(member).lock().contains_key(&member)
    }

    /// Whether any connection of a session is here.
    pub fn has(&self, member: MemberId, session: SessionId) -> bool {
        self.shard(member).lock().get(&member).is_some_and(|room| room.iter().any(|c| c.session == session))
    }

    /// Hands events to every connection of the member; how many connections there were.
    pub fn deliver(&self, member: MemberId, events: &[impl Clone + Into<Event>]) -> u64 {
        let shard = self.shard(member).lock();
        let Some(room) = shard.get(&member) else { return 0 };
        for connection in room {
            for event in events {
                connection.push(event.clone().into());
            }
        }
        room.len() as u64
    }

    pub fn close_session(&self, member: MemberId, session: SessionId) {
        let shard = self.shard(member).lock();
        for connection in shard.get(&member).into_iter().flatten() {
            if connection.session == session {
                connection.close(close::UNAUTHENTICATED);
            }
        }
    }

    /// Every connection, for a node that lost messages or stops.
    pub fn close_all(&self, code: u16) {
        for shard in &self.0 {
            for connection in shard.lock().values().flatten() {
                connection.close(code);
            }
        }
    }

    /// One look at every connection: a device silent for `heartbeat` is asked for a sign of life, for two it is gone.
    pub fn sweep(&self, heartbeat: Duration) {
        for shard in &self.0 {
            for connection in shard.lock().values().flatten() {
                let silent = connection.silent_for();
                if silent >= heartbeat * 2 {
                    connection.close(close::GOING_AWAY);
                } else if silent >= heartbeat {
                    connection.ask_for_sign();
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEMBER: MemberId = MemberId::from_bytes([1; 16]);

    fn session(n: u8) -> SessionId {
        SessionId::from_bytes([n; 16])
    }

    #[test]
    fn a_silent_device_is_asked_and_then_given_up() {
        const HEARTBEAT: Duration = Duration::from_secs(20);
        let rooms = Rooms::default();
        let enter = |n, heartbeats: f64| {
            let connection = Arc::new(Connection::silent(session(n), HEARTBEAT.mul_f64(heartbeats)));
            rooms.enter(MEMBER, connection.clone(), 10);
            connection
        };
        let (gone, heard, silent, fresh) = (enter(1, 2.5), enter(2, 2.5), enter(3, 1.5), enter(4, 0.5));
        heard.heard();
        rooms.sweep(HEARTBEAT);
        assert_eq!([&gone, &heard, &silent, &fresh].map(|c| c.closing()), [Some(close::GOING_AWAY), None, None, None]);
        assert_eq!([&heard, &silent, &fresh].map(|c| c.asked()), [false, true, false]);
        assert!(!silent.asked(), "it is asked once");
    }

    #[test]
    fn a_newer_socket_of_a_device_and_one_too_many_take_a_place() {
        let rooms = Rooms::default();
        let enter = |n, kind| {
            let connection = Arc::new(Connection::new(session(n), kind));
            rooms.enter(MEMBER, connection.clone(), 3);
            connection
        };
        let first = enter(1, Kind::WebSocket);
        let stream = enter(1, Kind::Stream);
        let again = enter(1, Kind::WebSocket);
        assert_eq!([&first, &stream, &again].map(|c| c.closing()), [Some(close::REPLACED), None, None]);
        let _second = enter(2, Kind::WebSocket);
        let _third = enter(3, Kind::WebSocket);
        assert_eq!([&stream, &again].map(|c| c.closing()), [Some(close::REPLACED), None]);
        let frame = bytes::Bytes::from_static(b"{}");
        assert_eq!(rooms.deliver(MEMBER, &[(1, frame)]), 3);
        assert!(first.take(0, |_| true).is_empty() && again.take(0, |_| true).len() == 1);
    }
}
