//! One device's connection as the node sees it: a bounded queue of frames and a reason to close. Empty it costs a few
//! hundred bytes.

use base::{Time, id::SessionId};
use bytes::Bytes;
use parking_lot::Mutex;
use std::{
    collections::VecDeque,
    sync::atomic::{AtomicI64, AtomicU16, Ordering::Relaxed},
};
use tokio::sync::Notify;

/// Why a connection ends (product/api.md).
pub mod close {
    /// The session was revoked, or the ticket is not valid.
    pub const UNAUTHENTICATED: u16 = 4401;
    /// The device does not read fast enough.
    pub const SLOW: u16 = 4408;
    /// Another device of this member took its place.
    pub const REPLACED: u16 = 4409;
    /// The device sends too much.
    pub const TOO_MANY: u16 = 4429;
    /// The server stops (RFC 6455 "going away").
    pub const GOING_AWAY: u16 = 1001;
}

/// Frames that may wait for a device.
const QUEUE: usize = 512;

pub struct Connection {
    pub session: SessionId,
    frames: Mutex<VecDeque<(u64, Bytes)>>,
    bell: Notify,
    /// 0 while open.
    closing: AtomicU16,
    /// When the device was last heard, milliseconds since the epoch.
    heard: AtomicI64,
    /// The sweeper asks for a sign of life.
    ping: std::sync::atomic::AtomicBool,
}

/// What the task of a connection wakes for.
pub enum Wake {
    Frames(VecDeque<(u64, Bytes)>),
    Ping,
    Close(u16),
}

impl Connection {
    pub fn new(session: SessionId, now: Time) -> Self {
        Self {
            session,
            frames: Mutex::default(),
            bell: Notify::new(),
            closing: AtomicU16::new(0),
            heard: AtomicI64::new(now.0),
            ping: std::sync::atomic::AtomicBool::new(false),
        }
    }

    /// Queues an event; a queue that is full closes the connection.
    pub fn push(&self, id: u64, frame: Bytes) {
        let mut frames = self.frames.lock();
        if frames.len() >= QUEUE {
            drop(frames);
            self.close(close::SLOW);
            return;
        }
        frames.push_back((id, frame));
        drop(frames);
        self.bell.notify_one();
    }

    /// The first reason stays.
    pub fn close(&self, code: u16) {
        let _already = self.closing.compare_exchange(0, code, Relaxed, Relaxed);
        self.bell.notify_one();
    }

    pub fn heard(&self, now: Time) {
        self.heard.store(now.0, Relaxed);
    }

    pub fn silent_for(&self, now: Time) -> i64 {
        now.0 - self.heard.load(Relaxed)
    }

    pub fn ask_for_sign(&self) {
        self.ping.store(true, Relaxed);
        self.bell.notify_one();
    }

    /// What is to do, or nothing yet. A close comes before frames: a revoked session gets nothing more.
    fn take(&self) -> Option<Wake> {
        match self.closing.load(Relaxed) {
            0 => {}
            code => return Some(Wake::Close(code)),
        }
        let mut frames = self.frames.lock();
        if !frames.is_empty() {
            return Some(Wake::Frames(std::mem::take(&mut *frames)));
        }
        drop(frames);
        self.ping.swap(false, Relaxed).then_some(Wake::Ping)
    }

    pub async fn next(&self) -> Wake {
        loop {
            if let Some(wake) = self.take() {
                return wake;
            }
            self.bell.notified().await;
        }
    }
}
