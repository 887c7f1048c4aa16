//! The contract of the stream: one case per sentence of the port's documentation.
//!
//! The adapter under test is opened with [`TOPICS`].

mod groups;
mod records;

use super::{NewRecord, Record, Stream, Topic};
use crate::contract::{Case, cases};
use base::time::HOUR;
use bytes::Bytes;

pub type Subject = crate::contract::Subject<dyn Stream>;

const CHAT: Topic = Topic { name: "contract-chat", partitions: 4, retention_ms: HOUR };
const USER: Topic = Topic { name: "contract-user", partitions: 1, retention_ms: 24 * HOUR };

/// What the adapter under test must know.
pub const TOPICS: &[Topic] = &[CHAT, USER];

pub const CASES: &[Case<Subject>] = cases![
    "records of one key stay in order, in one partition" => records::order,
    "many appenders lose nothing and keep their orders" => records::race,
    "a record appended is on disk when append answers" => records::survives,
    "keys spread over the partitions, the same way after a restart" => records::partitions,
    "a record comes back as it was" => records::as_it_was,
    "what is beyond the limits is refused" => records::limits,
    "records older than the retention are dropped" => records::retention,
    "an offset is never given twice" => records::never_twice,
    "a group reads from its committed offset" => groups::committed,
    "what is not committed comes again after a restart" => groups::uncommitted,
    "a committed offset never moves back" => groups::never_back,
    "reading goes on after what was read, or what is committed" => groups::after,
    "a group that lagged behind goes on at the oldest kept" => groups::lagged_behind,
    "lag is measured against the end" => groups::lag,
];

fn record(key: &str, body: &str) -> NewRecord {
    NewRecord { key: Bytes::copy_from_slice(key.as_bytes()), body: Bytes::copy_from_slice(body.as_bytes()) }
}

impl Subject {
    async fn append(&self, topic: Topic, records: Vec<NewRecord>) {
        self.port.append(topic, records, self.now()).await.expect("append answers");
    }

    async fn read(&self, topic: Topic, partition: u16, group: &str) -> Vec<Record> {
        self.port.read(topic, partition, group, None, 10_000).await.expect("read answers")
    }

    /// What `group` has not committed, over all partitions.
    async fn all(&self, topic: Topic, group: &str) -> Vec<Record> {
        let mut out = Vec::new();
        for partition in 0..topic.partitions {
            out.extend(self.read(topic, partition, group).await);
        }
        out
    }

    async fn commit(&self, record: &Record, topic: Topic, group: &str) {
        self.port.commit(topic, record.partition, group, record.offset).await.expect("commit answers");
    }

    async fn lag(&self, topic: Topic, group: &str) -> u64 {
        self.port.lag(topic, group).await.expect("lag answers")
    }
}

fn bodies(records: &[Record]) -> Vec<String> {
    records.iter().map(|r| String::from_utf8_lossy(&r.body).into_owned()).collect()
}
