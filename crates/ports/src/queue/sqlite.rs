//! The queue as a table in the items file, with leases. A message is visible from `visible` on; a receive moves that
//! ahead, so the one index `(queue, visible)` answers both "is anything due" and "what is in flight is not".

use super::{
    Counts, DEDUP_MS, Delivery, MAX_BODY, MAX_DEDUP, MAX_DELAY_MS, MAX_LEASE_MS, NewMessage, Parked, Queue, QueueName,
    Receipt,
};
use crate::{Fault, PortError, PortResult, embedded::Store, tally};
use async_trait::async_trait;
use base::{Cx, Time, World, id::QueuedId};
use bytes::Bytes;
use rusqlite::{CachedStatement, Connection, OptionalExtension as _, Row, params};
use std::sync::Arc;

/// Expired `dedup` keys that a send clears away on its way.
const FORGET: usize = 8;
/// Messages one receive may park before it answers with what it has.
const PARK: usize = 1_000;
/// Characters kept of a reason.
const REASON: usize = 500;

pub struct SqliteQueue {
    store: Arc<Store>,
    queues: Vec<QueueName>,
    world: Arc<dyn World>,
}

impl SqliteQueue {
    /// `world` gives the ids of messages.
    pub fn new(store: Arc<Store>, queues: &[QueueName], world: Arc<dyn World>) -> Self {
        Self { store, queues: queues.to_vec(), world }
    }

    /// What the file must have. `held` is the time of the receive whose lease runs, `fence` counts all receives.
    pub fn schema() -> String {
        "create table if not exists queue (id blob primary key, queue text not null, body blob not null, sent integer not null, visible integer not null, held integer, receives integer not null default 0, fence integer not null default 0, max_receives integer not null, parked integer, reason text) strict;
         create index if not exists queue_due on queue (queue, visible) where parked is null;
         create index if not exists queue_parked on queue (queue, parked) where parked is not null;
         create table if not exists queue_dedup (id integer primary key, queue text not null, key text not null, message blob not null, expires integer not null) strict;
         create unique index if not exists queue_dedup_key on queue_dedup (queue, key);
         create index if not exists queue_dedup_expires on queue_dedup (expires);"
            .to_owned()
    }

    fn known(&self, queue: QueueName, op: &'static str) -> PortResult<()> {
        if self.queues.contains(&queue) { Ok(()) } else { Err(refused(op, format!("no queue {}", queue.0))) }
    }

    /// Runs one statement about the message that `receipt` still holds; whether it did.
    async fn held(
        &self,
        op: &'static str,
        queue: QueueName,
        receipt: Receipt,
        work: impl FnOnce(&Connection, &str, &[u8]) -> rusqlite::Result<usize> + Send + 'static,
    ) -> PortResult<bool> {
        self.known(queue, op)?;
        tally::add(1, 1);
        let changed = self.store.write(op, move |conn| {
            let ours = conn
                .prepare_cached("select 1 from queue where id = ?1 and queue = ?2 and fence = ?3 and held is not null")?
                .exists(params![&receipt.id.bytes()[..], queue.0, receipt.fence])?;
            if ours { work(conn, queue.0, receipt.id.bytes()) } else { Ok(0) }
        });
        Ok(changed.await? > 0)
    }
}

#[async_trait]
impl Queue for SqliteQueue {
    async fn send(&self, queue: QueueName, messages: Vec<NewMessage>, now: Time) -> PortResult<Vec<QueuedId>> {
        let op = "queue.send";
        self.known(queue, op)?;
        for message in &messages {
            check(message, op)?;
        }
        if messages.is_empty() {
            return Ok(Vec::new());
        }
        tally::add(messages.len(), messages.len());
        let cx = Cx::new(&self.world);
        let messages: Vec<(QueuedId, NewMessage)> = messages.into_iter().map(|m| (cx.id(), m)).collect();
        self.store
            .write(op, move |conn| {
                messages.iter().map(|(id, message)| insert(conn, queue, *id, message, now)).collect()
            })
            .await
    }

    async fn receive(&self, queue: QueueName, max: usize, visibility_ms: i64, now: Time) -> PortResult<Vec<Delivery>> {
        let op = "queue.receive";
        self.known(queue, op)?;
        lease(visibility_ms, 1, op)?;
        // Workers ask all the time and mostly for nothing: that must not cost a place in the writer's line.
        let due = self.store.read(op, |conn| {
            conn.prepare_cached("select 1 from queue where queue = ?1 and parked is null and visible <= ?2 limit 1")?
                .exists(params![queue.0, now.0])
        })?;
        if max == 0 || !due {
            return Ok(Vec::new());
        }
        let found = self.store.write(op, move |conn| take_due(conn, queue, max, visibility_ms, now)).await?;
        tally::add(1, found.len());
        Ok(found)
    }

    async fn extend(&self, queue: QueueName, receipt: Receipt, visibility_ms: i64, now: Time) -> PortResult<bool> {
        lease(visibility_ms, 1, "queue.extend")?;
        let until = now.plus(visibility_ms).0;
        self.held("queue.extend", queue, receipt, move |conn, _, id| {
            conn.prepare_cached("update queue set visible = min(?2, held + ?3) where id = ?1")?.execute(params![
                id,
                until,
                MAX_LEASE_MS
            ])
        })
        .await
    }

    async fn done(&self, queue: QueueName, receipt: Receipt) -> PortResult<bool> {
        self.held("queue.done", queue, receipt, |conn, _, id| {
            conn.prepare_cached("delete from queue where id = ?1")?.execute([id])
        })
        .await
    }

    async fn retry(&self, queue: QueueName, receipt: Receipt, delay_ms: i64, now: Time) -> PortResult<bool> {
        lease(delay_ms, 0, "queue.retry")?;
        self.held("queue.retry", queue, receipt, move |conn, _, id| {
            conn.prepare_cached("update queue set visible = ?2, held = null where id = ?1")?
                .execute(params![id, now.plus(delay_ms).0])
        })
        .await
    }

    async fn park(&self, queue: QueueName, receipt: Receipt, reason: &str, now: Time) -> PortResult<bool> {
        let reason: String = reason.chars().take(REASON).collect();
        self.held("queue.park", queue, receipt, move |conn, _, id| set_parked(conn, id, &reason, now)).await
    }

    async fn parked_after(
        &self,
        queue: QueueName,
        after: Option<(Time, QueuedId)>,
        limit: usize,
    ) -> PortResult<Vec<Parked>> {
        let (at, last) = after.map_or((i64::MIN, Vec::new()), |(at, id)| (at.0, id.bytes().to_vec()));
        let op = "queue.parked";
        self.known(queue, op)?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let found = self.store.read(op, |conn| {
            let mut statement = conn.prepare_cached(
                "select id, body, receives, parked, reason from queue
                 where queue = ?1 and parked is not null and (parked, id) > (?3, ?4) order by parked, id limit ?2",
            )?;
            let rows = statement.query_map(params![queue.0, limit, at, last], |row| {
                Ok(Parked {
                    id: id(row, 0)?,
                    body: body(row, 1)?,
                    receives: row.get(2)?,
                    parked_at: Time(row.get(3)?),
                    reason: row.get::<_, Option<String>>(4)?.unwrap_or_default(),
                })
            })?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        })?;
        tally::add(1, found.len());
        Ok(found)
    }

    async fn redrive(&self, queue: QueueName, now: Time) -> PortResult<u64> {
        let op = "queue.redrive";
        self.known(queue, op)?;
        let moved = self.store.write(op, move |conn| {
            conn.prepare_cached(
                "update queue set parked = null, reason = null, receives = 0, held = null, visible = ?2
                 where queue = ?1 and parked is not null",
            )?
            .execute(params![queue.0, now.0])
        });
        Ok(moved.await? as u64)
    }

    async fn redrive_some(&self, queue: QueueName, ids: &[QueuedId], now: Time) -> PortResult<u64> {
        let op = "queue.redrive_some";
        self.known(queue, op)?;
        let ids = ids.to_vec();
        let moved = self.store.write(op, move |conn| {
            let mut statement = conn.prepare_cached(
                "update queue set parked = null, reason = null, receives = 0, held = null, visible = ?2
                 where queue = ?1 and id = ?3 and parked is not null",
            )?;
            ids.iter().map(|id| statement.execute(params![queue.0, now.0, &id.bytes()[..]])).sum()
        });
        let moved: usize = moved.await?;
        Ok(moved as u64)
    }

    async fn counts(&self, queue: QueueName, now: Time) -> PortResult<Counts> {
        let op = "queue.counts";
        self.known(queue, op)?;
        tally::add(1, 1);
        self.store.read(op, |conn| {
            let parked = conn
                .prepare_cached("select count(*) from queue where queue = ?1 and parked is not null")?
                .query_row([queue.0], |row| row.get(0))?;
            // A lease that lapsed is as good as none.
            conn.prepare_cached(
                "select count(*) filter (where held is null or visible <= ?2),
                   count(*) filter (where held is not null and visible > ?2),
                   min(sent) filter (where held is null or visible <= ?2)
                 from queue where queue = ?1 and parked is null",
            )?
            .query_row(params![queue.0, now.0], |row| {
                Ok(Counts {
                    waiting: row.get(0)?,
                    running: row.get(1)?,
                    parked,
                    oldest_waiting_at: row.get::<_, Option<i64>>(2)?.map(Time),
                })
            })
        })
    }
}

fn refused(op: &'static str, detail: impl Into<String>) -> PortError {
    PortError::new(op, Fault::Refused, detail)
}

fn lease(ms: i64, least: i64, op: &'static str) -> PortResult<()> {
    if (least..=MAX_LEASE_MS).contains(&ms) {
        Ok(())
    } else {
        Err(refused(op, format!("{ms} ms is not between {least} ms and 12 hours")))
    }
}

fn check(message: &NewMessage, op: &'static str) -> PortResult<()> {
    let key = message.dedup.as_ref().map(String::len);
    if key.is_some_and(|len| len == 0 || len > MAX_DEDUP) {
        return Err(refused(op, format!("a dedup key has 1 to {MAX_DEDUP} bytes")));
    }
    let size = message.body.len() + key.unwrap_or(0);
    if size > MAX_BODY {
        return Err(refused(op, format!("a message of {size} bytes")));
    }
    if !(0..=MAX_DELAY_MS).contains(&message.delay_ms) {
        return Err(refused(op, format!("a delay of {} ms", message.delay_ms)));
    }
    if message.max_receives == 0 {
        return Err(refused(op, "a message that may never be received"));
    }
    Ok(())
}

/// Stores the message, unless its key is remembered: then the id is that of the message sent first.
fn insert(
    conn: &Connection,
    queue: QueueName,
    id: QueuedId,
    message: &NewMessage,
    now: Time,
) -> rusqlite::Result<QueuedId> {
    if let Some(key) = &message.dedup {
        let earlier = conn
            .prepare_cached("select message from queue_dedup where queue = ?1 and key = ?2 and expires > ?3")?
            .query_row(params![queue.0, key, now.0], |row| self::id(row, 0))
            .optional()?;
        if let Some(earlier) = earlier {
            return Ok(earlier);
        }
        conn.prepare_cached(
            "delete from queue_dedup where id in (select id from queue_dedup where expires <= ?1 order by expires limit ?2)",
        )?
        .execute(params![now.0, FORGET])?;
        conn.prepare_cached(
            "insert or replace into queue_dedup (queue, key, message, expires) values (?1, ?2, ?3, ?4)",
        )?
        .execute(params![queue.0, key, &id.bytes()[..], now.plus(DEDUP_MS).0])?;
    }
    conn.prepare_cached(
        "insert into queue (id, queue, body, sent, visible, max_receives) values (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![
        &id.bytes()[..],
        queue.0,
        &message.body[..],
        now.0,
        now.plus(message.delay_ms).0,
        message.max_receives
    ])?;
    Ok(id)
}

/// Leases up to `max` due messages, the longest due first. What was received too often is parked on the way, so that
/// it does not stand before the others.
fn take_due(
    conn: &Connection,
    queue: QueueName,
    max: usize,
    visibility_ms: i64,
    now: Time,
) -> rusqlite::Result<Vec<Delivery>> {
    let mut due = conn.prepare_cached(
        "select id, body, receives, fence, sent, receives >= max_receives from queue
         where queue = ?1 and parked is null and visible <= ?2 order by visible limit ?3",
    )?;
    let mut lease = conn.prepare_cached(
        "update queue set receives = receives + 1, fence = fence + 1, held = ?2, visible = ?3 where id = ?1",
    )?;
    let (mut out, mut parked) = (Vec::new(), 0);
    while out.len() < max && parked < PARK {
        let found = read_due(&mut due, queue, max - out.len(), now)?;
        let before = parked;
        for (delivery, worn_out) in found {
            let id = &delivery.id.bytes()[..];
            if worn_out {
                parked += set_parked(conn, id, &format!("received {} times", delivery.receives - 1), now)?;
            } else {
                lease.execute(params![id, now.0, now.plus(visibility_ms).0])?;
                out.push(delivery);
            }
        }
        if parked == before {
            break;
        }
    }
    Ok(out)
}

/// Due messages as they will be after this receive, and whether each has had its last one already.
fn read_due(
    due: &mut CachedStatement<'_>,
    queue: QueueName,
    limit: usize,
    now: Time,
) -> rusqlite::Result<Vec<(Delivery, bool)>> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = due.query_map(params![queue.0, now.0, limit], |row| {
        let id = id(row, 0)?;
        let delivery = Delivery {
            id,
            receipt: Receipt { id, fence: row.get::<_, u32>(3)? + 1 },
            body: body(row, 1)?,
            receives: row.get::<_, u32>(2)? + 1,
            sent_at: Time(row.get(4)?),
        };
        Ok((delivery, row.get(5)?))
    })?;
    rows.collect()
}

fn set_parked(conn: &Connection, id: &[u8], reason: &str, now: Time) -> rusqlite::Result<usize> {
    conn.prepare_cached("update queue set parked = ?2, reason = ?3, held = null where id = ?1")?
        .execute(params![id, now.0, reason])
}

fn id(row: &Row<'_>, column: usize) -> rusqlite::Result<QueuedId> {
    row.get::<_, [u8; 16]>(column).map(QueuedId::from_bytes)
}

fn body(row: &Row<'_>, column: usize) -> rusqlite::Result<Bytes> {
    Ok(Bytes::copy_from_slice(row.get_ref(column)?.as_blob()?))
}
