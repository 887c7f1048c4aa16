//! The connections of this node by member.

use super::connection::{Connection, close};
use base::{
    Time,
    id::{MemberId, SessionId},
};
use bytes::Bytes;
use parking_lot::Mutex;
use std::{collections::HashMap, sync::Arc};

/// Locks, so that connections do not queue behind each other.
const SHARDS: usize = 16;
/// A device that is silent this long is asked for a sign of life; twice as long again, and it is gone.
const SILENT: i64 = 45_000;
const GONE: i64 = 100_000;

type Room = Vec<Arc<Connection>>;

#[derive(Default)]
pub struct Rooms([Mutex<HashMap<MemberId, Room>>; SHARDS]);

impl Rooms {
    fn shard(&self, member: MemberId) -> &Mutex<HashMap<MemberId, Room>> {
        &self.0[usize::from(member.bytes()[15]) % SHARDS]
    }

    /// Lets a connection hear its member's events; beyond `max` the oldest gives way.
    pub fn enter(&self, member: MemberId, connection: Arc<Connection>, max: usize) {
        let mut shard = self.shard(member).lock();
        let room = shard.entry(member).or_default();
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

    /// Hands a frame to every connection of the member; how many there were.
    pub fn deliver(&self, member: MemberId, id: u64, frame: &Bytes) -> u64 {
        let shard = self.shard(member).lock();
        let Some(room) = shard.get(&member) else { return 0 };
        for connection in room {
            connection.push(id, frame.clone());
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

    /// One look at every connection for signs of life.
    pub fn sweep(&self, now: Time) {
        for shard in &self.0 {
            for connection in shard.lock().values().flatten() {
                match connection.silent_for(now) {
                    GONE.. => connection.close(close::GOING_AWAY),
                    SILENT.. => connection.ask_for_sign(),
                    _ => {}
                }
            }
        }
    }
}
