//! The stream in the items file: an append-only log per topic, gap-free offsets per partition, a cursor per group.
//!
//! Ends and cursors are rows of their own, so that an offset is never given twice even when retention emptied a
//! partition, and lag is a subtraction instead of a count.

use super::{NewRecord, Record, Stream, Topic};
use crate::{Fault, PortError, PortResult, embedded::Store, tally};
use async_trait::async_trait;
use base::Time;
use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension as _, params};
use std::{collections::HashMap, sync::Arc};

/// Bytes of a record, key included.
const MAX_RECORD: usize = 1024 * 1024;
/// A read ends here even when fewer than `limit` records were found.
const MAX_READ: usize = 4 * 1024 * 1024;
/// Records dropped in one step, so that commits in between do not wait for a long retention.
const EXPIRE: usize = 1_000;

pub struct SqliteStream {
    store: Arc<Store>,
    topics: HashMap<&'static str, Topic>,
}

impl SqliteStream {
    pub fn new(store: Arc<Store>, topics: &[Topic]) -> Self {
        Self { store, topics: topics.iter().map(|t| (t.name, *t)).collect() }
    }

    /// What the file must have. `next` is the first offset not yet given, or not yet dealt with.
    pub fn schema() -> String {
        "create table if not exists stream (id integer primary key, topic text not null, partition integer not null, offset integer not null, at integer not null, key blob not null, body blob not null) strict;
         create unique index if not exists stream_place on stream (topic, partition, offset);
         create table if not exists stream_ends (topic text not null, partition integer not null, next integer not null, primary key (topic, partition)) strict, without rowid;
         create table if not exists stream_cursors (topic text not null, reader text not null, partition integer not null, next integer not null, primary key (topic, reader, partition)) strict, without rowid;"
            .to_owned()
    }

    /// Topics are not created by accident, and a declared one is used as declared.
    fn known(&self, topic: Topic, op: &'static str) -> PortResult<()> {
        if topic.partitions > 0 && self.topics.get(topic.name) == Some(&topic) {
            return Ok(());
        }
        Err(refused(op, format!("no topic {} of {} partitions", topic.name, topic.partitions)))
    }

    fn check(&self, topic: Topic, partition: u16, group: &str, op: &'static str) -> PortResult<()> {
        self.known(topic, op)?;
        if partition >= topic.partitions || group.is_empty() {
            return Err(refused(op, format!("no partition {partition} of {} for group {group:?}", topic.name)));
        }
        Ok(())
    }
}

#[async_trait]
impl Stream for SqliteStream {
    async fn append(&self, topic: Topic, records: Vec<NewRecord>, now: Time) -> PortResult<()> {
        let op = "stream.append";
        self.known(topic, op)?;
        if let Some(size) = records.iter().map(|r| r.key.len() + r.body.len()).find(|size| *size > MAX_RECORD) {
            return Err(refused(op, format!("a record of {size} bytes in {}", topic.name)));
        }
        if records.is_empty() {
            return Ok(());
        }
        tally::add(records.len(), records.len());
        self.store.write(op, move |conn| insert(conn, topic, &records, now)).await
    }

    async fn read(
        &self,
        topic: Topic,
        partition: u16,
        group: &str,
        after: Option<u64>,
        limit: usize,
    ) -> PortResult<Vec<Record>> {
        let op = "stream.read";
        self.check(topic, partition, group, op)?;
        let records = self.store.read(op, |conn| {
            let committed = conn
                .prepare_cached("select next from stream_cursors where topic = ?1 and reader = ?2 and partition = ?3")?
                .query_row(params![topic.name, group, partition], |row| row.get::<_, u64>(0))
                .optional()?;
            let start = committed.unwrap_or(0).max(after.map_or(0, |offset| offset.saturating_add(1)));
            // Beyond what the engine counts to there is nothing.
            let start = i64::try_from(start).unwrap_or(i64::MAX);
            page(conn, topic, partition, start, limit)
        })?;
        tally::add(2, records.len());
        Ok(records)
    }

    async fn commit(&self, topic: Topic, partition: u16, group: &str, offset: u64) -> PortResult<()> {
        let op = "stream.commit";
        self.check(topic, partition, group, op)?;
        tally::add(1, 1);
        let reader = group.to_owned();
        // Only what exists can be dealt with: a cursor ahead of the end would skip records that come later.
        let moved = self.store.write(op, move |conn| {
            let Some(next) = offset.checked_add(1).filter(|next| i64::try_from(*next).is_ok()) else { return Ok(0) };
            conn.prepare_cached(
                "insert into stream_cursors (topic, reader, partition, next)
                 select ?1, ?2, ?3, ?4 from stream_ends where topic = ?1 and partition = ?3 and next >= ?4
                 on conflict do update set next = max(next, excluded.next)",
            )?
            .execute(params![topic.name, reader, partition, next])
        });
        match moved.await? {
            0 => Err(refused(op, format!("offset {offset} of {} {partition} is beyond the end", topic.name))),
            _ => Ok(()),
        }
    }

    async fn lag(&self, topic: Topic, group: &str) -> PortResult<u64> {
        let op = "stream.lag";
        self.check(topic, 0, group, op)?;
        tally::add(1, 1);
        self.store.read(op, |conn| {
            conn.prepare_cached(
                "select coalesce(sum(e.next - max(coalesce(c.next, 0), coalesce(
                     (select min(s.offset) from stream s where s.topic = e.topic and s.partition = e.partition), e.next
                   ))), 0)
                 from stream_ends e
                 left join stream_cursors c on c.topic = e.topic and c.reader = ?2 and c.partition = e.partition
                 where e.topic = ?1",
            )?
            .query_row(params![topic.name, group], |row| row.get(0))
        })
    }

    async fn expire(&self, topic: Topic, now: Time) -> PortResult<u64> {
        let op = "stream.expire";
        self.known(topic, op)?;
        let until = now.minus(topic.retention_ms);
        let mut gone = 0;
        for partition in 0..topic.partitions {
            while let Some(offset) = self.store.read(op, |conn| last_expired(conn, topic, partition, until))? {
                let dropped = self.store.write(op, move |conn| {
                    conn.prepare_cached("delete from stream where topic = ?1 and partition = ?2 and offset <= ?3")?
                        .execute(params![topic.name, partition, offset])
                });
                gone += dropped.await? as u64;
            }
        }
        Ok(gone)
    }
}

fn refused(op: &'static str, detail: impl Into<String>) -> PortError {
    PortError::new(op, Fault::Refused, detail)
}

/// FNV-1a. It decides where a key's records lie on disk, so it never changes.
fn partition_of(key: &[u8], partitions: u16) -> u16 {
    let hash = key
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    u16::try_from(hash % u64::from(partitions)).unwrap_or(0)
}

fn insert(conn: &Connection, topic: Topic, records: &[NewRecord], now: Time) -> rusqlite::Result<()> {
    let mut ends: HashMap<u16, i64> = HashMap::new();
    let mut end = conn.prepare_cached("select next from stream_ends where topic = ?1 and partition = ?2")?;
    let mut put = conn.prepare_cached(
        "insert into stream (topic, partition, offset, at, key, body) values (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for record in records {
        let partition = partition_of(&record.key, topic.partitions);
        let next = match ends.get(&partition) {
            Some(next) => *next,
            None => end.query_row(params![topic.name, partition], |row| row.get(0)).optional()?.unwrap_or(0),
        };
        put.execute(params![topic.name, partition, next, now.0, &record.key[..], &record.body[..]])?;
        ends.insert(partition, next + 1);
    }
    let mut move_end =
        conn.prepare_cached("insert or replace into stream_ends (topic, partition, next) values (?1, ?2, ?3)")?;
    let mut ends: Vec<_> = ends.into_iter().collect();
    ends.sort_unstable();
    for (partition, next) in ends {
        move_end.execute(params![topic.name, partition, next])?;
    }
    Ok(())
}

fn page(conn: &Connection, topic: Topic, partition: u16, start: i64, limit: usize) -> rusqlite::Result<Vec<Record>> {
    let mut statement = conn.prepare_cached(
        "select offset, key, body, at from stream
         where topic = ?1 and partition = ?2 and offset >= ?3 order by offset limit ?4",
    )?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut rows = statement.query(params![topic.name, partition, start, limit])?;
    let (mut out, mut size) = (Vec::new(), 0);
    while size < MAX_READ
        && let Some(row) = rows.next()?
    {
        let record = Record {
            partition,
            offset: row.get(0)?,
            key: Bytes::copy_from_slice(row.get_ref(1)?.as_blob()?),
            body: Bytes::copy_from_slice(row.get_ref(2)?.as_blob()?),
            at: Time(row.get(3)?),
        };
        size += record.key.len() + record.body.len();
        out.push(record);
    }
    Ok(out)
}

/// The offset up to which the next step of retention goes: records older than `until`, oldest first, up to the first
/// that is not.
fn last_expired(conn: &Connection, topic: Topic, partition: u16, until: Time) -> rusqlite::Result<Option<i64>> {
    let mut statement = conn
        .prepare_cached("select offset, at from stream where topic = ?1 and partition = ?2 order by offset limit ?3")?;
    let mut rows = statement.query(params![topic.name, partition, EXPIRE])?;
    let mut last = None;
    while let Some(row) = rows.next()? {
        if row.get::<_, i64>(1)? >= until.0 {
            break;
        }
        last = Some(row.get(0)?);
    }
    Ok(last)
}
