//! Topics of the stream and queues, declared once.

use base::time::DAY;
use ports::{queue::QueueName, stream::Topic};

pub const USER: Topic = Topic { name: "user", partitions: 8, retention_ms: 7 * DAY };
pub const LOVE_NOTE: Topic = Topic { name: "love-note", partitions: 8, retention_ms: 7 * DAY };

pub const CHAT: Topic = Topic { name: "chat", partitions: 8, retention_ms: 7 * DAY };

pub const ALL: &[Topic] = &[USER, LOVE_NOTE, CHAT];

/// Jobs of every kind.
pub const JOBS: QueueName = QueueName("jobs");

pub const QUEUES: &[QueueName] = &[JOBS];

/// The topic of a fact, by the area it names.
pub fn of_fact(fact: &str) -> Option<&'static Topic> {
    let name = match fact.split('.').next()? {
        "note" => LOVE_NOTE.name,
        "message" | "call" => CHAT.name,
        "account" | "profile" | "session" | "couple" | "entitlements" => USER.name,
        _ => return None,
    };
    ALL.iter().find(|t| t.name == name)
}
