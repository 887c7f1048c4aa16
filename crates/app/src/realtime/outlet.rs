//! What goes out to one device, in order: what it missed, then what is live; at most ten frames a second, the first
//! ones single, then events joined into one frame.

use super::connection::{Connection, Event};
use crate::chat::Receipt;
use bytes::{BufMut as _, Bytes, BytesMut};
use std::{collections::VecDeque, sync::Arc, time::Duration};
use tokio::time::Instant;

/// Frames in any second.
const PER_SECOND: usize = 10;
/// Of these, how many go as soon as there is an event; the others are kept for joined events, this far apart.
const AT_ONCE: usize = 8;
const APART: Duration = Duration::from_millis(200);
const SECOND: Duration = Duration::from_secs(1);
/// Events, and about how many bytes of them, in one frame.
const JOINED: usize = 2_048;
const JOINED_BYTES: usize = 512 * 1024;

/// What is to do next for a device.
pub(super) enum Wake {
    Frame(Frame),
    /// Ask for a sign of life.
    Ping,
    Close(u16),
}

/// One or several events for the device.
pub(super) struct Frame {
    /// The last event that the device has with it.
    pub last: u64,
    pub bytes: Bytes,
    /// What counts as delivered once it is sent.
    pub receipts: Vec<Receipt>,
}

pub(super) struct Outlet {
    pub connection: Arc<Connection>,
    /// Missed events that are not sent yet.
    missed: VecDeque<Event>,
    /// The last event the device has.
    sent: u64,
    pace: Pace,
}

impl Outlet {
    /// The device has everything up to `sent`; `missed` comes first.
    pub fn new(connection: Arc<Connection>, sent: u64, missed: VecDeque<Event>) -> Self {
        Self { connection, missed, sent, pace: Pace::default() }
    }

    /// Waits for what is to do. A close comes before everything: a revoked session gets nothing more. Dropping the
    /// future loses nothing.
    pub async fn next(&mut self) -> Wake {
        loop {
            if let Some(code) = self.connection.closing() {
                return Wake::Close(code);
            }
            if self.connection.asked() {
                return Wake::Ping;
            }
            let now = Instant::now();
            match self.pace.at(now) {
                Go::After(wait) => {
                    tokio::select! {
                        () = self.connection.changed() => {}
                        () = tokio::time::sleep(wait) => {}
                    }
                }
                go => match self.frame(go) {
                    Some(frame) => {
                        self.pace.went(now);
                        return Wake::Frame(frame);
                    }
                    None => self.connection.changed().await,
                },
            }
        }
    }

    /// Another frame that may go at once, to be written together with the one before.
    pub fn ready(&mut self) -> Option<Frame> {
        if self.connection.closing().is_some() {
            return None;
        }
        let now = Instant::now();
        match self.pace.at(now) {
            Go::After(_) => None,
            go => {
                let frame = self.frame(go)?;
                self.pace.went(now);
                Some(frame)
            }
        }
    }

    /// The next frame, if an event waits.
    fn frame(&mut self, go: Go) -> Option<Frame> {
        // A long gap comes in few frames.
        let most = if go == Go::Single && self.missed.len() <= AT_ONCE { 1 } else { JOINED };
        let (mut count, mut size) = (0, 0);
        let mut fits = |bytes: usize| {
            let fits = count == 0 || (count < most && size + bytes <= JOINED_BYTES);
            count += 1;
            size += bytes;
            fits
        };
        let mut events = Vec::new();
        if self.missed.is_empty() {
            events = self.connection.take(self.sent, fits);
        } else {
            while self.missed.front().is_some_and(|event| fits(event.frame.len())) {
                events.extend(self.missed.pop_front());
            }
            if self.missed.is_empty() {
                self.missed = VecDeque::new();
            }
        }
        let newest = events.iter().map(|event| event.id).max()?;
        self.sent = self.sent.max(newest);
        let receipts = events.iter().filter_map(|event| event.receipt).collect();
        let bytes = if events.len() == 1 { events.pop()?.frame } else { batch(&events) };
        Some(Frame { last: self.sent, bytes, receipts })
    }
}

/// Several events as one frame.
fn batch(events: &[Event]) -> Bytes {
    let mut out = BytesMut::with_capacity(events.iter().map(|event| event.frame.len() + 1).sum::<usize>() + 32);
    out.put_slice(b"{\"type\":\"batch\",\"events\":[");
    for (i, event) in events.iter().enumerate() {
        if i > 0 {
            out.put_u8(b',');
        }
        out.put_slice(&event.frame);
    }
    out.put_slice(b"]}");
    out.freeze()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Go {
    Single,
    Joined,
    After(Duration),
}

/// When the latest frames went.
#[derive(Default)]
struct Pace {
    at: [Option<Instant>; PER_SECOND],
    next: usize,
}

impl Pace {
    fn at(&self, now: Instant) -> Go {
        let lately = self.at.iter().flatten().filter(|at| now.saturating_duration_since(**at) < SECOND);
        let (count, first, last) =
            lately.fold((0, now, None::<Instant>), |(n, first, last), at| (n + 1, first.min(*at), last.max(Some(*at))));
        if count < AT_ONCE {
            return Go::Single;
        }
        let since = last.map_or(APART, |at| now.saturating_duration_since(at));
        let until = if count < PER_SECOND { APART.saturating_sub(since) } else { first + SECOND - now };
        if until.is_zero() { Go::Joined } else { Go::After(until) }
    }

    fn went(&mut self, now: Instant) {
        self.at[self.next] = Some(now);
        self.next = (self.next + 1) % PER_SECOND;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// However events come, no second has more than ten frames, and nothing waits longer than a second.
        #[test]
        fn ten_frames_a_second(gaps in prop::collection::vec(0_u64..400, 1..200)) {
            let (mut pace, mut now) = (Pace::default(), Instant::now());
            let mut went: Vec<Instant> = Vec::new();
            for gap in gaps {
                now += Duration::from_millis(gap);
                let mut waited = Duration::ZERO;
                while let Go::After(wait) = pace.at(now) {
                    waited += wait;
                    now += wait;
                }
                prop_assert!(waited <= SECOND);
                pace.went(now);
                went.push(now);
                if let Some(tenth) = went.len().checked_sub(11) {
                    prop_assert!(now - went[tenth] >= SECOND);
                }
            }
        }
    }
}
