//! The contract of items: one case per sentence of the port's documentation.
//!
//! The adapter under test is opened with [`TABLES`]; its clock is the subject's world.

mod conditions;
mod expiry;
mod limits;
mod outbox;
mod queries;
mod tokens;

use super::{Commit, Item, Items, Key, Outcome, Refusal, Table, When, Write};
use crate::contract::{Case, cases};
use base::Time;
use bytes::Bytes;

pub type Subject = crate::contract::Subject<dyn Items>;

const NOTES: Table = Table::new("contract_notes");
const METERS: Table = Table::new("contract_meters");

/// What the adapter under test must know.
pub const TABLES: &[Table] = &[NOTES, METERS];

pub const CASES: &[Case<Subject>] = cases![
    "a commit writes everything, over partitions and tables" => conditions::a_commit_writes_everything,
    "a failed condition writes nothing and shows the stored item" => conditions::a_failed_condition_writes_nothing,
    "every condition that does not hold is named, and nothing is written" => conditions::every_refusal,
    "each condition holds exactly when it says" => conditions::each_condition,
    "conditions see the state before the commit" => conditions::before_the_commit,
    "of many writers on one precondition one wins" => conditions::one_winner,
    "of many writers on one version one wins" => conditions::one_version,
    "no read is older than a write answered before it" => conditions::no_stale_read,
    "adds of many writers all count" => conditions::adds_all_count,
    "exactly the ceiling gets through" => conditions::the_ceiling,
    "an add creates, and keeps what is there" => conditions::add_keeps,
    "a check writes nothing and deleting what is absent succeeds" => conditions::checks_and_deletes,
    "an expired item is absent to reads" => expiry::reads,
    "an expired item is absent to conditions" => expiry::conditions,
    "a new life begins over an expired item" => expiry::new_life,
    "reaping changes nothing that can be read" => expiry::reaping,
    "sizes, keys and counts beyond the limits are refused" => limits::refused,
    "what is within the limits is stored as it is" => limits::stored,
    "no commit writes one item twice" => limits::twice,
    "a query reads one partition in byte order, both ways" => queries::order,
    "bounds are inclusive, both ways" => queries::bounds,
    "pages cover the range once, both ways, also over a restart" => queries::pages,
    "the continuation does not need its item" => queries::cursor_without_item,
    "a page may be empty while more follows" => queries::empty_pages,
    "a large range comes in several pages" => queries::large_pages,
    "the same token applies once" => tokens::once,
    "a token with other content is refused" => tokens::other_content,
    "a token applies once when many send it at once" => tokens::race,
    "the outbox is part of the commit" => outbox::part_of_the_commit,
    "the sequence follows the order of commits" => outbox::order,
    "a reader of the outbox misses nothing while others write" => outbox::nothing_missed,
    "a sequence is never given twice" => outbox::never_twice,
    "what was answered survives a restart" => outbox::survives,
];

fn put(key: &Key, body: &str, when: When) -> Write {
    Write::Put { key: key.clone(), number: 0, body: Bytes::copy_from_slice(body.as_bytes()), expires_at: None, when }
}

fn until(key: &Key, body: &str, at: Time) -> Write {
    Write::Put {
        key: key.clone(),
        number: 5,
        body: Bytes::copy_from_slice(body.as_bytes()),
        expires_at: Some(at),
        when: When::Always,
    }
}

fn add(key: &Key, amount: i64, ceiling: Option<i64>) -> Write {
    Write::Add { key: key.clone(), amount, ceiling, expires_at: None }
}

impl crate::contract::Subject<dyn Items> {
    async fn item(&self, key: &Key) -> Option<Item> {
        self.port.get(key).await.expect("get answers")
    }

    async fn body(&self, key: &Key) -> Option<String> {
        self.item(key).await.map(|item| String::from_utf8_lossy(&item.body).into_owned())
    }

    /// Commits what must apply; the numbers.
    async fn applied(&self, writes: Vec<Write>) -> Vec<i64> {
        self.port.try_commit(writes).await.expect("commit answers").expect("the conditions hold")
    }

    /// Commits what must be refused; why.
    async fn refusals(&self, writes: Vec<Write>) -> Vec<Option<Refusal>> {
        match self.port.commit(Commit { writes, ..Commit::default() }).await.expect("commit answers") {
            Outcome::Refused(refusals) => refusals,
            Outcome::Applied { numbers } => {
                assert!(numbers.is_empty(), "applied, although a condition does not hold");
                Vec::new()
            }
        }
    }
}
