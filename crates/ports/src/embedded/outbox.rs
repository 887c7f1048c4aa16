//! The development outbox: what the local adapters of mail, SMS and push sent, to be read back instead of delivered.
//!
//! It also remembers which addresses must not be sent to. Rows are seen for seven days; [`Outbox::reap`] frees their
//! space, and with it the memory of their idempotency keys, which no queue retries for that long.

use super::Store;
use crate::{PortResult, tally};
use base::{Time, id::SentId, time::DAY};
use rusqlite::{Connection, OptionalExtension as _, Row, params, types::Type};
use serde::Serialize;
use serde_json::{Map, Value};
use std::sync::Arc;

/// How long what was sent can be read back, in milliseconds.
pub const KEEP: i64 = 7 * DAY;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    Email,
    Sms,
    Push,
}

impl Channel {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Sms => "sms",
            Self::Push => "push",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        [Self::Email, Self::Sms, Self::Push].into_iter().find(|channel| channel.name() == name)
    }
}

/// One thing that was sent. As JSON: what `GET /dev/outbox` shows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Entry {
    pub id: SentId,
    pub channel: Channel,
    pub to: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    pub text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
    pub sent_at: Time,
    pub meta: Map<String, Value>,
    #[serde(skip)]
    pub provider_id: String,
    /// Unique per channel.
    #[serde(skip)]
    pub idempotency_key: String,
}

/// What became of something to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kept {
    Stored,
    /// The same idempotency key was used before; the receipt of then. Nothing was stored.
    Repeated {
        id: SentId,
        provider_id: String,
    },
    /// The address is blocked. Nothing was stored.
    Blocked,
}

pub struct Outbox {
    store: Arc<Store>,
}

impl Outbox {
    /// What the file must have: what was sent, and the addresses that are not sent to.
    pub fn schema() -> String {
        "create table if not exists sent (seq integer primary key autoincrement, id text not null unique, channel text not null,
           address text not null, folded text not null, subject text, text text not null, html text, sent_at integer not null,
           meta text not null, provider_id text not null, idempotency_key text not null) strict;
         create unique index if not exists sent_idempotency on sent (channel, idempotency_key);
         create index if not exists sent_newest on sent (sent_at desc, seq desc);
         create index if not exists sent_folded on sent (folded, sent_at desc, seq desc);
         create table if not exists sent_blocked (channel text not null, folded text not null, since integer not null,
           primary key (channel, folded)) strict, without rowid;"
            .to_owned()
    }

    pub fn new(store: Arc<Store>) -> Self {
        Self { store }
    }

    /// What [`Outbox::keep`] would answer instead of storing. Only it decides; this spares the work before it.
    pub fn before(&self, channel: Channel, to: &str, idempotency_key: &str) -> PortResult<Option<Kept>> {
        tally::add(1, 1);
        self.store.read("outbox.before", |conn| before(conn, channel, &fold(to), idempotency_key))
    }

    /// Stores an entry unless its key was used or its address is blocked. With `then_block` the address is blocked in
    /// the same step: feedback that a provider would send later.
    pub async fn keep(&self, entry: Entry, then_block: bool) -> PortResult<Kept> {
        tally::add(1, 1);
        self.store
            .write("outbox.keep", move |conn| {
                let folded = fold(&entry.to);
                if let Some(instead) = before(conn, entry.channel, &folded, &entry.idempotency_key)? {
                    return Ok(instead);
                }
                insert(conn, &entry, &folded)?;
                if then_block {
                    block(conn, entry.channel, &folded, entry.sent_at)?;
                }
                Ok(Kept::Stored)
            })
            .await
    }

    /// From now on nothing is sent to this address.
    pub async fn block(&self, channel: Channel, address: &str, now: Time) -> PortResult<()> {
        let folded = fold(address);
        self.store.write("outbox.block", move |conn| block(conn, channel, &folded, now)).await
    }

    /// The inverse of [`Outbox::block`].
    pub async fn unblock(&self, channel: Channel, address: &str) -> PortResult<()> {
        let folded = fold(address);
        self.store
            .write("outbox.unblock", move |conn| {
                conn.prepare_cached("delete from sent_blocked where channel = ?1 and folded = ?2")?
                    .execute(params![channel.name(), folded])
                    .map(drop)
            })
            .await
    }

    /// Newest first, of the last seven days; addresses are compared without regard to case.
    pub fn list(&self, to: Option<&str>, channel: Option<&str>, limit: usize, now: Time) -> PortResult<Vec<Entry>> {
        let entries: Vec<Entry> = self.store.read("outbox.list", |conn| {
            let one = if to.is_some() { "folded = ?1" } else { "?1 is null" };
            let mut statement = conn.prepare_cached(&format!(
                "select id, channel, address, subject, text, html, sent_at, meta, provider_id, idempotency_key
                 from sent where {one} and (?2 is null or channel = ?2) and sent_at > ?3
                 order by sent_at desc, seq desc limit ?4"
            ))?;
            let rows = statement.query_map(params![to.map(fold), channel, now.minus(KEEP).0, limit], entry)?;
            rows.collect()
        })?;
        tally::add(1, entries.len());
        Ok(entries)
    }

    /// Frees what is older than seven days; how many rows went.
    pub async fn reap(&self, now: Time) -> PortResult<usize> {
        self.store
            .write("outbox.reap", move |conn| {
                conn.prepare_cached("delete from sent where sent_at <= ?1")?.execute([now.minus(KEEP).0])
            })
            .await
    }
}

/// Addresses differ by more than case.
fn fold(address: &str) -> String {
    address.to_lowercase()
}

fn before(conn: &Connection, channel: Channel, folded: &str, key: &str) -> rusqlite::Result<Option<Kept>> {
    // An accepted key answers its receipt even when the address was blocked since.
    let used = conn
        .prepare_cached("select id, provider_id from sent where channel = ?1 and idempotency_key = ?2")?
        .query_row(params![channel.name(), key], |row| Ok(Kept::Repeated { id: id(row, 0)?, provider_id: row.get(1)? }))
        .optional()?;
    if used.is_some() {
        return Ok(used);
    }
    let blocked = conn
        .prepare_cached("select 1 from sent_blocked where channel = ?1 and folded = ?2")?
        .exists(params![channel.name(), folded])?;
    Ok(blocked.then_some(Kept::Blocked))
}

fn block(conn: &Connection, channel: Channel, folded: &str, since: Time) -> rusqlite::Result<()> {
    conn.prepare_cached("insert into sent_blocked (channel, folded, since) values (?1, ?2, ?3) on conflict do nothing")?
        .execute(params![channel.name(), folded, since.0])
        .map(drop)
}

fn insert(conn: &Connection, entry: &Entry, folded: &str) -> rusqlite::Result<()> {
    let meta = serde_json::to_string(&entry.meta).map_err(|e| rusqlite::Error::ToSqlConversionFailure(e.into()))?;
    conn.prepare_cached(
        "insert into sent (id, channel, address, folded, subject, text, html, sent_at, meta, provider_id, idempotency_key)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )?
    .execute(params![
        entry.id.to_string(),
        entry.channel.name(),
        entry.to,
        folded,
        entry.subject,
        entry.text,
        entry.html,
        entry.sent_at.0,
        meta,
        entry.provider_id,
        entry.idempotency_key
    ])
    .map(drop)
}

fn bad(column: usize, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, cause.into())
}

fn id(row: &Row<'_>, column: usize) -> rusqlite::Result<SentId> {
    row.get::<_, String>(column)?.parse().map_err(|e: base::id::BadId| bad(column, e))
}

fn entry(row: &Row<'_>) -> rusqlite::Result<Entry> {
    let (channel, meta): (String, String) = (row.get(1)?, row.get(7)?);
    Ok(Entry {
        id: id(row, 0)?,
        channel: Channel::from_name(&channel).ok_or_else(|| bad(1, "an unknown channel"))?,
        to: row.get(2)?,
        subject: row.get(3)?,
        text: row.get(4)?,
        html: row.get(5)?,
        sent_at: Time(row.get(6)?),
        meta: serde_json::from_str(&meta).map_err(|e| bad(7, e))?,
        provider_id: row.get(8)?,
        idempotency_key: row.get(9)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time(1_795_348_800_000);

    fn outbox(folder: &tempfile::TempDir) -> Outbox {
        Outbox::new(Store::open(&folder.path().join("items.db"), &[Outbox::schema()]).unwrap())
    }

    fn entry(n: u8, channel: Channel, to: &str, sent_at: Time) -> Entry {
        Entry {
            id: SentId::from_bytes([n; 16]),
            channel,
            to: to.to_owned(),
            subject: (channel == Channel::Email).then(|| format!("Subject {n}")),
            text: "Text".to_owned(),
            html: None,
            sent_at,
            meta: Map::from_iter([("template".to_owned(), Value::from("welcome"))]),
            provider_id: format!("p{n}"),
            idempotency_key: "same on every channel".to_owned() + &n.to_string(),
        }
    }

    #[tokio::test]
    async fn it_is_read_newest_first_by_address_and_channel_for_seven_days() {
        let folder = tempfile::tempdir().unwrap();
        let outbox = outbox(&folder);
        let sent = [
            entry(1, Channel::Email, "Ada@Example.com", NOW),
            entry(2, Channel::Sms, "+4915112345678", NOW.plus(1)),
            entry(3, Channel::Email, "bo@example.com", NOW.plus(1)),
            entry(4, Channel::Push, "ada@example.com", NOW.plus(2)),
        ];
        for one in sent.clone() {
            assert_eq!(outbox.keep(one, false).await.unwrap(), Kept::Stored);
        }
        let ids = |to, channel, limit, now| -> Vec<u8> {
            outbox.list(to, channel, limit, now).unwrap().iter().map(|e| e.id.bytes()[0]).collect()
        };
        assert_eq!(ids(None, None, 10, NOW), [4, 3, 2, 1]);
        assert_eq!(ids(None, None, 3, NOW), [4, 3, 2]);
        assert_eq!(ids(Some("ADA@example.COM"), None, 10, NOW), [4, 1]);
        assert_eq!(ids(Some("ADA@example.COM"), Some("email"), 10, NOW), [1]);
        assert_eq!(ids(None, Some("pigeon"), 10, NOW), [0_u8; 0]);
        assert_eq!(outbox.list(Some("ada@example.com"), Some("email"), 1, NOW).unwrap(), sent[..1]);
        let later = NOW.plus(KEEP + 1);
        assert_eq!(ids(None, None, 10, later), [4]);
        assert_eq!(outbox.reap(later).await.unwrap(), 3);
        assert_eq!(ids(None, None, 10, NOW), [4]);
    }

    #[tokio::test]
    async fn a_key_counts_once_per_channel_and_a_block_stops_one_channel() {
        let folder = tempfile::tempdir().unwrap();
        let outbox = outbox(&folder);
        let to = "ada@example.com";
        outbox.keep(entry(1, Channel::Email, to, NOW), true).await.unwrap();
        let again = Entry { id: SentId::from_bytes([9; 16]), ..entry(1, Channel::Email, to, NOW) };
        let receipt = Kept::Repeated { id: SentId::from_bytes([1; 16]), provider_id: "p1".to_owned() };
        assert_eq!(outbox.keep(again.clone(), false).await.unwrap(), receipt);
        assert_eq!(outbox.keep(Entry { channel: Channel::Push, ..again }, false).await.unwrap(), Kept::Stored);
        assert_eq!(outbox.keep(entry(2, Channel::Email, "ADA@example.com", NOW), false).await.unwrap(), Kept::Blocked);
        outbox.unblock(Channel::Email, "Ada@Example.com").await.unwrap();
        assert_eq!(outbox.keep(entry(2, Channel::Email, to, NOW), false).await.unwrap(), Kept::Stored);
        assert_eq!(outbox.list(None, None, 10, NOW).unwrap().len(), 3);
    }

    #[test]
    fn its_json_is_what_the_viewer_shows() {
        let json = serde_json::to_value(entry(1, Channel::Sms, "+4915112345678", NOW)).unwrap();
        let names: Vec<_> = json.as_object().unwrap().keys().cloned().collect();
        assert_eq!(names, ["channel", "id", "meta", "sent_at", "text", "to"]);
        assert_eq!(json["channel"], "sms");
    }
}
