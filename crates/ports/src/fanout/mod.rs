//! Fan-out: live events to every node. Messages may be lost; subscribers recover from the log.
//!
//! - A subscriber gets what is published on its channel after it subscribed, in the order of one publisher.
//! - Nothing of another channel arrives.
//! - A slow subscriber loses the oldest messages and is told so once, before the next it gets.
//! - Publishing without subscribers succeeds.

pub mod contract;
mod memory;

pub use memory::MemoryFanout;

use crate::PortResult;
use async_trait::async_trait;
use bytes::Bytes;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    Message(Bytes),
    /// This many messages were lost, or, after a reconnect, an unknown number (0).
    Lost(u64),
}

/// One subscription; dropping it ends it.
#[async_trait]
pub trait Subscription: Send + 'static {
    /// The next message; none when the adapter was closed.
    async fn next(&mut self) -> Option<Heard>;
}

#[async_trait]
pub trait Fanout: Send + Sync + 'static {
    async fn publish(&self, channel: &str, message: Bytes) -> PortResult<()>;
    async fn subscribe(&self, channel: &str) -> PortResult<Box<dyn Subscription>>;
}
