//! What every adapter of items refuses before it asks its engine, and how it recognises a repeated commit.

use super::{Commit, Key, Query, When, Write};
use crate::{Fault, PortError, PortResult};
use base::Time;
use ring::digest::{Context, SHA256};

/// Bytes of an item, its keys included.
pub const MAX_ITEM: usize = 400 * 1024;
/// Writes of a commit, its outbox included.
pub const MAX_WRITES: usize = 100;
/// Bytes of a commit.
pub const MAX_COMMIT: usize = 4 * 1024 * 1024;
/// Bytes of a partition key or a sort key.
pub const MAX_KEY: usize = 1_024;

pub(super) fn refused(op: &'static str, detail: impl Into<String>) -> PortError {
    PortError::new(op, Fault::Refused, detail)
}

pub(super) fn check_key(key: &Key, op: &'static str) -> PortResult<()> {
    for part in [&key.pk, &key.sk] {
        if part.is_empty() || part.len() > MAX_KEY {
            return Err(refused(op, format!("a key part of {} has {} bytes", key.table.name, part.len())));
        }
    }
    Ok(())
}

pub(super) fn check_query(query: &Query, op: &'static str) -> PortResult<()> {
    if query.pk.is_empty() || query.pk.len() > MAX_KEY || query.limit == 0 {
        return Err(refused(op, "a query needs a partition and a limit"));
    }
    Ok(())
}

pub(super) fn check_commit(commit: &Commit, op: &'static str) -> PortResult<()> {
    let count = commit.writes.len() + commit.outbox.len();
    if count > MAX_WRITES {
        return Err(refused(op, format!("a commit of {count} writes")));
    }
    let mut total = 0;
    for (i, write) in commit.writes.iter().enumerate() {
        let key = write.key();
        check_key(key, op)?;
        if commit.writes[..i].iter().any(|other| other.key() == key) {
            return Err(refused(op, format!("two writes to one item of {}", key.table.name)));
        }
        let size = key.pk.len() + key.sk.len() + if let Write::Put { body, .. } = write { body.len() } else { 0 };
        if size > MAX_ITEM {
            return Err(refused(op, format!("an item of {size} bytes in {}", key.table.name)));
        }
        total += size;
    }
    for emit in &commit.outbox {
        let size = emit.name.len() + emit.body.len();
        if size > MAX_ITEM {
            return Err(refused(op, format!("an outbox record of {size} bytes, {}", emit.name)));
        }
        total += size;
    }
    if total > MAX_COMMIT {
        return Err(refused(op, format!("a commit of {total} bytes")));
    }
    Ok(())
}

/// What a commit asks, as 32 bytes: equal for a repeat, different for another content under the same token.
pub(super) fn digest(commit: &Commit) -> [u8; 32] {
    let mut sum = Sum(Context::new(&SHA256));
    for write in &commit.writes {
        let key = write.key();
        sum.bytes(key.table.name.as_bytes()).bytes(&key.pk).bytes(&key.sk);
        match write {
            Write::Put { number, body, expires_at, when, .. } => {
                sum.number(1).number(*number).bytes(body).time(*expires_at).when(*when);
            }
            Write::Delete { when, .. } => {
                sum.number(2).when(*when);
            }
            Write::Add { amount, ceiling, expires_at, .. } => {
                sum.number(3).number(*amount).optional(*ceiling).time(*expires_at);
            }
            Write::Check { when, .. } => {
                sum.number(4).when(*when);
            }
        }
    }
    for emit in &commit.outbox {
        sum.number(5).bytes(emit.name.as_bytes()).bytes(&emit.body);
    }
    let mut out = [0; 32];
    out.copy_from_slice(sum.0.finish().as_ref());
    out
}

/// Fields fed with their lengths, so that no two contents read the same.
struct Sum(Context);

impl Sum {
    fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.update(&(bytes.len() as u64).to_be_bytes());
        self.0.update(bytes);
        self
    }

    fn number(&mut self, number: i64) -> &mut Self {
        self.0.update(&number.to_be_bytes());
        self
    }

    fn optional(&mut self, number: Option<i64>) -> &mut Self {
        match number {
            None => self.number(0),
            Some(number) => self.number(1).number(number),
        }
    }

    fn time(&mut self, time: Option<Time>) -> &mut Self {
        self.optional(time.map(|t| t.0))
    }

    fn when(&mut self, when: When) -> &mut Self {
        match when {
            When::Always => self.number(0),
            When::Absent => self.number(1),
            When::Present => self.number(2),
            When::Version(version) => self.number(3).bytes(&version.to_be_bytes()),
            When::Number(number) => self.number(4).number(number),
        }
    }
}
