//! The contract of the queue: one case per sentence of the port's documentation.
//!
//! The adapter under test is opened with [`QUEUES`].

mod delivery;
mod leases;
mod parking;
mod sending;

use super::{Delivery, NewMessage, Queue, QueueName};
use crate::contract::{Case, cases};
use base::Time;
use base::id::QueuedId;
use bytes::Bytes;

pub type Subject = crate::contract::Subject<dyn Queue>;

const MAIL: QueueName = QueueName("contract-mail");
const PUSH: QueueName = QueueName("contract-push");

/// What the adapter under test must know.
pub const QUEUES: &[QueueName] = &[MAIL, PUSH];

/// A visibility that a harness with a real clock can wait for.
const SHORT: i64 = 2_000;

pub const CASES: &[Case<Subject>] = cases![
    "what was sent is delivered as it was, to its queue alone" => sending::delivered,
    "a message sent is on disk when send answers" => sending::survives,
    "all messages of a send or none" => sending::all_or_none,
    "what is beyond the limits is refused" => sending::limits,
    "a delayed message comes when its delay is over" => sending::delay,
    "the same dedup key returns the same id and is delivered once" => sending::dedup,
    "a dedup key sent by many at once is delivered once" => sending::dedup_race,
    "a dedup key is free again after five minutes" => sending::dedup_ends,
    "no more than max at once" => delivery::at_most_max,
    "many receivers share the messages" => delivery::shared,
    "a received message is invisible, then comes back with a higher count" => delivery::visibility,
    "a receive survives a restart" => delivery::restart,
    "what is done is gone" => delivery::done,
    "a retry makes it visible after its delay" => delivery::retry,
    "extending prolongs the lease" => leases::extend,
    "a lease ends at most twelve hours after its receive" => leases::twelve_hours,
    "an earlier receipt is answered false" => leases::earlier_receipt,
    "a receipt of another queue is answered false" => leases::other_queue,
    "of many with one receipt one is done" => leases::done_race,
    "after max_receives it is parked and nowhere else" => parking::worn_out,
    "a worker parks at once with a reason" => parking::at_once,
    "redrive moves back what is parked and says how many" => parking::redrive,
    "a redrive of some leaves the others parked" => parking::redrive_some,
    "parked ones are read on from behind the last one seen" => parking::read_on,
    "every message is counted once: waiting, held or parked" => parking::counts,
    "a receipt from before a redrive stays dead" => parking::fence_over_redrive,
    "a poison message does not block the queue" => parking::poison,
];

fn message(body: &str) -> NewMessage {
    NewMessage { body: Bytes::copy_from_slice(body.as_bytes()), delay_ms: 0, dedup: None, max_receives: 10 }
}

impl Subject {
    async fn send(&self, messages: Vec<NewMessage>) -> Vec<QueuedId> {
        self.port.send(MAIL, messages, self.now()).await.expect("send answers")
    }

    async fn receive(&self, max: usize) -> Vec<Delivery> {
        self.port.receive(MAIL, max, SHORT, self.now()).await.expect("receive answers")
    }

    /// The one message that is due.
    async fn one(&self) -> Delivery {
        let mut found = self.receive(10).await;
        assert_eq!(found.len(), 1, "not one message: {found:?}");
        found.remove(0)
    }

    async fn nothing(&self, what: &str) {
        let found = self.receive(10).await;
        assert!(found.is_empty(), "{what}: {found:?}");
    }

    async fn parked_bodies(&self) -> Vec<String> {
        let parked = self.port.parked(MAIL, 100).await.expect("parked answers");
        parked.into_iter().map(|p| String::from_utf8_lossy(&p.body).into_owned()).collect()
    }
}

fn bodies(found: &[Delivery]) -> Vec<String> {
    let mut out: Vec<String> = found.iter().map(|d| String::from_utf8_lossy(&d.body).into_owned()).collect();
    out.sort();
    out
}

fn sorted<T: Ord>(mut all: Vec<T>) -> Vec<T> {
    all.sort();
    all
}

/// Far enough ahead that every short lease has lapsed.
fn lapsed(s: &Subject) -> Time {
    s.after(SHORT)
}
