//! Queue: work to do once, by whoever is free. Mail, SMS, push, media, index.
//!
//! - Delivery is at least once and in no promised order; a message sent is on disk when `send` answers.
//! - A received message is invisible for the visibility time, then comes back with a higher receive count; `extend`
//!   prolongs it, to at most 12 hours from the receive that the receipt names.
//! - A receipt of an earlier receive is answered `false` ("no longer ours"), never as an error.
//! - After `max_receives` receives the message is parked and delivered no more; it is nowhere else.
//! - `redrive` moves parked messages back and says how many; `redrive_some` those of them that are named.
//! - `counts` tells what is waiting, held and parked: each message is in exactly one of the three.
//! - The same `dedup` key within 5 minutes returns the same message id and is delivered once.
//! - A delay over 15 minutes, a visibility or back-off over 12 hours, a body over 256 KiB (attributes included) or an
//!   unknown queue is refused.
//! - A poison message does not block the queue.

pub mod contract;
mod sqlite;

pub use sqlite::SqliteQueue;

use crate::PortResult;
use async_trait::async_trait;
use base::{Time, id::QueuedId};
use bytes::Bytes;

/// A queue by its name, declared once in `app::work`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct QueueName(pub &'static str);

pub const MAX_DELAY_MS: i64 = 15 * base::time::MINUTE;
/// The longest visibility and the longest back-off.
pub const MAX_LEASE_MS: i64 = 12 * base::time::HOUR;
/// The body and its `dedup` key.
pub const MAX_BODY: usize = 256 * 1024;
pub const MAX_DEDUP: usize = 128;
/// How long a `dedup` key is remembered from its first send.
pub const DEDUP_MS: i64 = 5 * base::time::MINUTE;

#[derive(Debug, Clone)]
pub struct NewMessage {
    pub body: Bytes,
    /// Invisible at first for this long; at most [`MAX_DELAY_MS`].
    pub delay_ms: i64,
    /// 1 to [`MAX_DEDUP`] bytes.
    pub dedup: Option<String>,
    /// Parked after this many receives; 1 or more.
    pub max_receives: u32,
}

#[derive(Debug, Clone)]
pub struct Delivery {
    pub id: QueuedId,
    /// Names this receive; a later receive has another.
    pub receipt: Receipt,
    pub body: Bytes,
    /// 1 at the first receive.
    pub receives: u32,
    pub sent_at: Time,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt {
    pub id: QueuedId,
    /// The fencing token: grows with every receive of this message, also over a redrive.
    pub fence: u32,
}

/// A message that was received too often.
#[derive(Debug, Clone)]
pub struct Parked {
    pub id: QueuedId,
    pub body: Bytes,
    pub receives: u32,
    pub parked_at: Time,
    /// What the last worker said of it.
    pub reason: String,
}

/// What is in a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// To be delivered, now or after its delay.
    pub waiting: u64,
    /// Held by a worker whose lease runs.
    pub running: u64,
    pub parked: u64,
    /// When the oldest of the waiting ones was sent.
    pub oldest_waiting_at: Option<Time>,
}

#[async_trait]
pub trait Queue: Send + Sync + 'static {
    /// All or none of `messages`; their ids in order.
    async fn send(&self, queue: QueueName, messages: Vec<NewMessage>, now: Time) -> PortResult<Vec<QueuedId>>;

    /// Up to `max` visible messages, each invisible to others for `visibility_ms` (above zero).
    async fn receive(&self, queue: QueueName, max: usize, visibility_ms: i64, now: Time) -> PortResult<Vec<Delivery>>;

    /// The heartbeat of long work: invisible for `visibility_ms` from `now`. False when no longer ours.
    async fn extend(&self, queue: QueueName, receipt: Receipt, visibility_ms: i64, now: Time) -> PortResult<bool>;

    /// Done with it: the message is gone. False when the receipt is no longer ours.
    async fn done(&self, queue: QueueName, receipt: Receipt) -> PortResult<bool>;

    /// Visible again after `delay_ms` from `now` (0: at once). False when no longer ours.
    async fn retry(&self, queue: QueueName, receipt: Receipt, delay_ms: i64, now: Time) -> PortResult<bool>;

    /// Parks it at once, with a reason for staff. False when no longer ours.
    async fn park(&self, queue: QueueName, receipt: Receipt, reason: &str, now: Time) -> PortResult<bool>;

    /// The longest parked first.
    async fn parked(&self, queue: QueueName, limit: usize) -> PortResult<Vec<Parked>> {
        self.parked_after(queue, None, limit).await
    }

    /// [`Queue::parked`] from behind one of them, which may be gone by now.
    async fn parked_after(
        &self,
        queue: QueueName,
        after: Option<(Time, QueuedId)>,
        limit: usize,
    ) -> PortResult<Vec<Parked>>;

    /// Moves every parked message back, with its receives at zero.
    async fn redrive(&self, queue: QueueName, now: Time) -> PortResult<u64>;

    /// [`Queue::redrive`] of these alone. Those that are not parked, or in another queue, are left as they are.
    async fn redrive_some(&self, queue: QueueName, ids: &[QueuedId], now: Time) -> PortResult<u64>;

    async fn counts(&self, queue: QueueName, now: Time) -> PortResult<Counts>;
}
