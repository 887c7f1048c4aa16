//! Fan-out within one process: a broadcast channel per channel name, for as long as somebody listens.

use super::{Fanout, Heard, Subscription};
use crate::PortResult;
use async_trait::async_trait;
use bytes::Bytes;
use parking_lot::RwLock;
use std::{
    collections::HashMap,
    sync::{Arc, Weak},
};
use tokio::sync::broadcast::{self, error::RecvError};

/// Messages kept for a slow subscriber unless told otherwise: a channel costs about 64 bytes for each.
const DEPTH: usize = 64;

type Channels = RwLock<HashMap<String, broadcast::Sender<Bytes>>>;

/// Dropping it closes every subscription.
pub struct MemoryFanout {
    channels: Arc<Channels>,
    depth: usize,
}

impl Default for MemoryFanout {
    fn default() -> Self {
        Self::new(DEPTH)
    }
}

impl MemoryFanout {
    /// `depth`: messages a subscriber may be behind before it loses the oldest; rounded up to a power of two.
    pub fn new(depth: usize) -> Self {
        Self { channels: Arc::default(), depth: depth.max(1) }
    }

    /// Channels somebody listens on.
    pub fn channels(&self) -> usize {
        self.channels.read().len()
    }
}

#[async_trait]
impl Fanout for MemoryFanout {
    async fn publish(&self, channel: &str, message: Bytes) -> PortResult<()> {
        if let Some(sender) = self.channels.read().get(channel) {
            // Nobody listening any more is no failure.
            let _listeners = sender.send(message);
        }
        Ok(())
    }

    async fn subscribe(&self, channel: &str) -> PortResult<Box<dyn Subscription>> {
        let mut channels = self.channels.write();
        let receiver =
            channels.entry(channel.to_owned()).or_insert_with(|| broadcast::Sender::new(self.depth)).subscribe();
        let channel = channel.to_owned();
        Ok(Box::new(MemorySubscription { receiver: Some(receiver), channel, channels: Arc::downgrade(&self.channels) }))
    }
}

struct MemorySubscription {
    /// None only while dropping.
    receiver: Option<broadcast::Receiver<Bytes>>,
    channel: String,
    channels: Weak<Channels>,
}

#[async_trait]
impl Subscription for MemorySubscription {
    async fn next(&mut self) -> Option<Heard> {
        match self.receiver.as_mut()?.recv().await {
            Ok(message) => Some(Heard::Message(message)),
            Err(RecvError::Lagged(lost)) => Some(Heard::Lost(lost)),
            Err(RecvError::Closed) => None,
        }
    }
}

impl Drop for MemorySubscription {
    fn drop(&mut self) {
        let Some(channels) = self.channels.upgrade() else { return };
        // Under the lock, so that nobody subscribes between the last one's leaving and the channel's removal.
        let mut channels = channels.write();
        self.receiver = None;
        if channels.get(&self.channel).is_some_and(|sender| sender.receiver_count() == 0) {
            channels.remove(&self.channel);
        }
    }
}
