//! One device's connection as the node sees it: a bounded queue of events and a reason to close. Empty it costs a few
//! hundred bytes.

use crate::chat::Receipt;
use base::id::SessionId;
use bytes::Bytes;
use parking_lot::Mutex;
use std::{
    collections::VecDeque,
    sync::atomic::{AtomicBool, AtomicU16, AtomicU64, Ordering::Relaxed},
    time::Duration,
};
use tokio::{sync::Notify, time::Instant};

/// Why a connection ends (product/api.md).
pub mod close {
    /// The session was revoked, or the ticket is not valid.
    pub const UNAUTHENTICATED: u16 = 4401;
    /// The device does not read fast enough.
    pub const SLOW: u16 = 4408;
    /// A newer connection of this device, or one device too many, took its place.
    pub const REPLACED: u16 = 4409;
    /// The device sends too much.
    pub const TOO_MANY: u16 = 4429;
    /// The server stops (RFC 6455 "going away").
    pub const GOING_AWAY: u16 = 1001;
}

/// Events, and bytes of them, that may wait for a device: what it gets in a second or so.
const EVENTS: usize = 4_096;
const BYTES: usize = 4 * 1024 * 1024;

/// An event as it is sent.
#[derive(Debug, Clone)]
pub struct Event {
    /// 0: ephemeral, in no log.
    pub id: u64,
    pub frame: Bytes,
    /// What counts as delivered once it is sent.
    pub receipt: Option<Receipt>,
}

/// A frame that is nothing but told.
impl From<(u64, Bytes)> for Event {
    fn from((id, frame): (u64, Bytes)) -> Self {
        Self { id, frame, receipt: None }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    WebSocket,
    /// Server-sent events.
    Stream,
}

pub struct Connection {
    pub session: SessionId,
    pub kind: Kind,
    waiting: Mutex<Waiting>,
    bell: Notify,
    /// 0 while open.
    closing: AtomicU16,
    /// Real time, not the world's: how long a device is silent has nothing to do with calendars.
    opened: Instant,
    /// Milliseconds after `opened` at which the device was last heard.
    heard: AtomicU64,
    /// The sweeper asks for a sign of life.
    ping: AtomicBool,
}

#[derive(Default)]
struct Waiting {
    events: VecDeque<Event>,
    bytes: usize,
}

impl Connection {
    pub fn new(session: SessionId, kind: Kind) -> Self {
        Self {
            session,
            kind,
            waiting: Mutex::default(),
            bell: Notify::new(),
            closing: AtomicU16::new(0),
            opened: Instant::now(),
            heard: AtomicU64::new(0),
            ping: AtomicBool::new(false),
        }
    }

    /// One whose device has been silent for this long.
    #[cfg(test)]
    pub fn silent(session: SessionId, silent: Duration) -> Self {
        let mut this = Self::new(session, Kind::WebSocket);
        this.opened = Instant::now().checked_sub(silent).expect("the clock has run that long");
        this
    }

    /// Queues an event; a queue that is full closes the connection.
    pub fn push(&self, event: Event) {
        let mut waiting = self.waiting.lock();
        if waiting.events.len() >= EVENTS || waiting.bytes + event.frame.len() > BYTES {
            drop(waiting);
            self.close(close::SLOW);
            return;
        }
        waiting.bytes += event.frame.len();
        waiting.events.push_back(event);
        drop(waiting);
        self.bell.notify_one();
    }

    /// Takes waiting events after `sent` as long as `more` wants the next one, told its size.
    pub fn take(&self, sent: u64, mut more: impl FnMut(usize) -> bool) -> Vec<Event> {
        let mut taken = Vec::new();
        let mut waiting = self.waiting.lock();
        while let Some(event) = waiting.events.front() {
            // What a resume already sent comes a second time from the live queue.
            let fresh = event.id == 0 || event.id > sent;
            if fresh && !more(event.frame.len()) {
                break;
            }
            let Some(event) = waiting.events.pop_front() else { break };
            waiting.bytes -= event.frame.len();
            if fresh {
                taken.push(event);
            }
        }
        if waiting.events.is_empty() {
            // An idle device keeps no room for its last burst.
            waiting.events = VecDeque::new();
        }
        taken
    }

    /// The first reason stays.
    pub fn close(&self, code: u16) {
        let _already = self.closing.compare_exchange(0, code, Relaxed, Relaxed);
        self.bell.notify_one();
    }

    pub fn closing(&self) -> Option<u16> {
        Some(self.closing.load(Relaxed)).filter(|code| *code != 0)
    }

    pub fn heard(&self) {
        self.heard.store(self.age(), Relaxed);
    }

    fn age(&self) -> u64 {
        u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    pub fn silent_for(&self) -> Duration {
        Duration::from_millis(self.age().saturating_sub(self.heard.load(Relaxed)))
    }

    pub fn ask_for_sign(&self) {
        self.ping.store(true, Relaxed);
        self.bell.notify_one();
    }

    /// Whether the sweeper asked; once.
    pub fn asked(&self) -> bool {
        self.ping.swap(false, Relaxed)
    }

    /// Until something may have changed. Who waits looks first and waits then: a change between the two is not lost.
    pub async fn changed(&self) {
        self.bell.notified().await;
    }

    /// Resolves when the connection is to be closed.
    pub async fn closed(&self) -> u16 {
        loop {
            match self.closing() {
                Some(code) => {
                    // The bell may be somebody else's to hear next.
                    self.bell.notify_one();
                    return code;
                }
                None => self.changed().await,
            }
        }
    }
}
