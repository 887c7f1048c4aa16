//! Items in the embedded store: a rowid table per kind of item with a small unique `(pk, sk)` index, because bodies
//! appended to a rowid table touch fewer random pages than any clustered layout.

use super::lately::Lately;
use super::limits::{MAX_KEY, check_commit, check_key, check_query, digest, refused};
use super::{Commit, Emitted, Found, Item, Items, Key, Order, Outcome, Part, Query, Refusal, Table, When, Write};
use crate::{Fault, PortError, PortResult, embedded::Store, tally};
use async_trait::async_trait;
use base::{Time, World, time::MINUTE};
use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension as _, Row, params, types::ValueRef};
use std::{collections::HashMap, sync::Arc};

/// A page of a query ends here even when fewer than `limit` items were read: bytes, and rows.
const MAX_PAGE: usize = 1024 * 1024;
const MAX_ROWS: usize = 1_000;
const TOKEN_LIFE: i64 = 10 * MINUTE;
const REAP_TOKENS: &str = "delete from request_tokens where token in
    (select token from request_tokens where expires <= ?1 limit ?2)";

pub struct SqliteItems {
    store: Arc<Store>,
    world: Arc<dyn World>,
    sql: Arc<HashMap<&'static str, Statements>>,
    lately: Arc<Lately>,
}

/// The texts of one table, made once.
struct Statements {
    get: String,
    forward: String,
    backward: String,
    put: String,
    replace: String,
    delete: String,
    add: String,
    create: String,
    reap: String,
}

impl SqliteItems {
    /// What the file must have: one table per kind of item, the outbox and the request tokens.
    pub fn schema(tables: &[Table]) -> String {
        let shared = "create table if not exists outbox (seq integer primary key autoincrement, name text not null, body blob not null) strict;
             create table if not exists request_tokens (token blob primary key, digest blob not null, numbers text not null, expires integer not null) strict, without rowid;
             create index if not exists request_tokens_expires on request_tokens (expires);"
            .to_owned();
        let each = tables.iter().map(|Table { name }| {
            format!(
                "create table if not exists i_{name} (id integer primary key, pk blob not null, sk blob not null, version integer not null, number integer not null, expires integer, body blob not null) strict;
                 create unique index if not exists i_{name}_key on i_{name} (pk, sk);
                 create index if not exists i_{name}_expires on i_{name} (expires) where expires is not null;"
            )
        });
        std::iter::once(shared).chain(each).collect()
    }

    /// `memory` bounds, in bytes, what it remembers of items read. One adapter alone may write the file.
    pub fn new(store: Arc<Store>, tables: &[Table], world: Arc<dyn World>, memory: u64) -> Self {
        let sql = tables.iter().map(|t| (t.name, Statements::of(t.name))).collect();
        Self { store, world, sql: Arc::new(sql), lately: Arc::new(Lately::new(memory)) }
    }

    fn statements(&self, table: Table, op: &'static str) -> PortResult<&Statements> {
        self.sql.get(table.name).ok_or_else(|| refused(op, format!("no table {}", table.name)))
    }
}

impl Statements {
    fn of(name: &str) -> Self {
        let columns = "version, number, expires, body";
        let range = |order: &str| {
            format!(
                "select sk, {columns} from i_{name} where pk = ?1 and sk >= ?2 and sk < ?3 order by sk {order} limit ?4"
            )
        };
        Self {
            get: format!("select {columns} from i_{name} where pk = ?1 and sk = ?2"),
            forward: range("asc"),
            backward: range("desc"),
            // Over an expired item a new life begins at version 1.
            put: format!(
                "insert into i_{name} (pk, sk, version, number, expires, body) values (?1, ?2, 1, ?3, ?4, ?5)
                 on conflict (pk, sk) do update set
                   version = case when expires <= ?6 then 1 else version + 1 end,
                   number = excluded.number, expires = excluded.expires, body = excluded.body"
            ),
            replace: format!(
                "update i_{name} set version = version + 1, number = ?3, expires = ?4, body = ?5
                 where pk = ?1 and sk = ?2 and version = ?7 and (expires is null or expires > ?6)"
            ),
            delete: format!("delete from i_{name} where pk = ?1 and sk = ?2"),
            // A sum beyond 64 bits stays at the end of the range: the engine would turn it into a float. Says nothing of
            // `expires`, so that its index is left alone: most adds touch one page.
            add: format!(
                "update i_{name} set version = version + 1,
                   number = case
                     when ?3 > 0 and number > 9223372036854775807 - ?3 then 9223372036854775807
                     when ?3 < 0 and number < -9223372036854775807 - 1 - ?3 then -9223372036854775807 - 1
                     else number + ?3 end
                 where pk = ?1 and sk = ?2 and (expires is null or expires > ?4)
                 returning number"
            ),
            // What an add begins with: a new item, or a new life over an expired one.
            create: format!(
                "insert into i_{name} (pk, sk, version, number, expires, body) values (?1, ?2, 1, ?3, ?4, x'')
                 on conflict (pk, sk) do update set
                   version = 1, number = excluded.number, expires = excluded.expires, body = x''"
            ),
            reap: format!("delete from i_{name} where id in (select id from i_{name} where expires <= ?1 limit ?2)"),
        }
    }
}

#[async_trait]
impl Items for SqliteItems {
    async fn get(&self, key: &Key) -> PortResult<Option<Item>> {
        check_key(key, "items.get")?;
        tally::add(1, 1);
        let sql = self.statements(key.table, "items.get")?;
        let now = self.world.now();
        self.lately.get(key, now, || self.store.read("items.get", |conn| fetch(conn, sql, key, now)))
    }

    async fn query(&self, query: Query) -> PortResult<Found> {
        let op = "items.query";
        check_query(&query, op)?;
        let sql = self.statements(query.table, op)?;
        let now = self.world.now();
        let found = self.store.read(op, |conn| page(conn, sql, &query, now))?;
        tally::add(1, found.items.len());
        Ok(found)
    }

    async fn commit(&self, commit: Commit) -> PortResult<Outcome> {
        let op = "items.commit";
        check_commit(&commit, op)?;
        for write in &commit.writes {
            self.statements(write.key().table, op)?;
        }
        tally::add(commit.writes.len() + commit.outbox.len(), commit.writes.len());
        let (sql, now) = (self.sql.clone(), self.world.now());
        let token = commit.token.map(|token| (token, digest(&commit)));
        let (commit, lately) = (Arc::new(commit), self.lately.clone());
        let written = commit.clone();
        let landed = move |outcome: Option<&Option<Outcome>>| lately.landed(&written, outcome);
        self.store
            .write_checked(op, move |conn| apply(conn, &sql, &commit, token, now), landed)
            .await?
            .ok_or_else(|| refused(op, "this request token was used with another content"))
    }

    async fn outbox(&self, after: u64, limit: usize) -> PortResult<Vec<Emitted>> {
        self.store.read("items.outbox", |conn| {
            let mut statement =
                conn.prepare_cached("select seq, name, body from outbox where seq > ?1 order by seq limit ?2")?;
            let rows = statement.query_map(params![after, limit], |row| {
                Ok(Emitted { seq: row.get(0)?, name: row.get(1)?, body: bytes(row, 2)? })
            })?;
            rows.collect()
        })
    }

    async fn settle(&self, seq: u64) -> PortResult<()> {
        self.store
            .write("items.settle", move |conn| {
                conn.prepare_cached("delete from outbox where seq <= ?1")?.execute([seq]).map(drop)
            })
            .await
    }

    async fn reap(&self, limit: usize) -> PortResult<usize> {
        let (sql, now) = (self.sql.clone(), self.world.now());
        self.store
            .write("items.reap", move |conn| {
                let mut gone = conn.prepare_cached(REAP_TOKENS)?.execute(params![now.0, limit])?;
                let mut names: Vec<_> = sql.keys().collect();
                names.sort_unstable();
                for name in names {
                    if gone >= limit {
                        break;
                    }
                    gone += conn.prepare_cached(&sql[name].reap)?.execute(params![now.0, limit - gone])?;
                }
                Ok(gone)
            })
            .await
    }

    async fn integrity(&self) -> PortResult<Vec<String>> {
        let (op, store) = ("items.integrity", self.store.clone());
        // Reads the whole file: not on a thread that answers requests.
        let checked = tokio::task::spawn_blocking(move || {
            store.read(op, |conn| {
                let mut statement = conn.prepare("pragma integrity_check")?;
                let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
                Ok(rows.collect::<rusqlite::Result<Vec<_>>>()?.into_iter().filter(|line| line != "ok").collect())
            })
        });
        checked.await.map_err(|e| PortError::new(op, Fault::Unavailable, e.to_string()))?
    }
}

fn bytes(row: &Row<'_>, column: usize) -> rusqlite::Result<Bytes> {
    Ok(match row.get_ref(column)? {
        ValueRef::Blob(blob) => Bytes::copy_from_slice(blob),
        _ => Bytes::new(),
    })
}

/// `version, number, expires, body` from `first` on; none when expired.
fn item(row: &Row<'_>, first: usize, key: Key, now: Time) -> rusqlite::Result<Option<Item>> {
    let expires_at = row.get::<_, Option<i64>>(first + 2)?.map(Time);
    if expires_at.is_some_and(|at| at <= now) {
        return Ok(None);
    }
    let item =
        Item { key, version: row.get(first)?, number: row.get(first + 1)?, expires_at, body: bytes(row, first + 3)? };
    Ok(Some(item))
}

fn fetch(conn: &Connection, sql: &Statements, key: &Key, now: Time) -> rusqlite::Result<Option<Item>> {
    let mut statement = conn.prepare_cached(&sql.get)?;
    let found =
        statement.query_row(params![&key.pk[..], &key.sk[..]], |row| item(row, 0, key.clone(), now)).optional()?;
    Ok(found.flatten())
}

fn page(conn: &Connection, sql: &Statements, query: &Query, now: Time) -> rusqlite::Result<Found> {
    let text = match query.order {
        Order::Forward => &sql.forward,
        Order::Backward => &sql.backward,
    };
    let (from, to) = range(query);
    let limit = query.limit.min(MAX_ROWS);
    let mut statement = conn.prepare_cached(text)?;
    let mut rows = statement.query(params![&query.pk[..], &from[..], &to[..], limit + 1])?;
    let mut found = Found { items: Vec::with_capacity(limit.min(128)), next: None };
    let (mut read, mut size, mut last) = (0, 0, None::<Part>);
    while let Some(row) = rows.next()? {
        if read == limit || size > MAX_PAGE {
            found.next = last;
            break;
        }
        read += 1;
        let sk = Part::from_slice(row.get_ref(0)?.as_blob()?);
        last = Some(sk.clone());
        let key = Key { table: query.table, pk: query.pk.clone(), sk };
        if let Some(item) = item(row, 1, key, now)? {
            size += item.body.len();
            found.items.push(item);
        }
    }
    Ok(found)
}

/// The range as sort keys, the first included and the last not, with the continuation worked into it: the index is
/// entered where the page begins, however deep that is.
fn range(query: &Query) -> (Part, Part) {
    // Above every key: longer than any, and never the smaller at any byte.
    const ABOVE: &[u8] = &[0xff; MAX_KEY + 1];
    // The smallest key above `sk`.
    let next = |sk: &Part| {
        let mut sk = sk.clone();
        sk.push(0);
        sk
    };
    let from = query.from.clone().unwrap_or_default();
    let to = query.to.as_ref().map_or_else(|| Part::from_slice(ABOVE), next);
    match (&query.after, query.order) {
        (None, _) => (from, to),
        (Some(after), Order::Forward) => (from.max(next(after)), to),
        (Some(after), Order::Backward) => (from, to.min(after.clone())),
    }
}

/// `None`: the token was used with another content.
fn apply(
    conn: &Connection,
    sql: &HashMap<&'static str, Statements>,
    commit: &Commit,
    token: Option<([u8; 16], [u8; 32])>,
    now: Time,
) -> rusqlite::Result<Option<Outcome>> {
    if let Some((token, digest)) = &token
        && let Some(earlier) = replay(conn, token, digest, now)?
    {
        return Ok(earlier);
    }
    // While nothing is written yet, one write may find out by itself whether its condition holds.
    let replaced = commit.writes.iter().position(|write| matches!(write, Write::Put { when: When::Version(_), .. }));
    let all_hold = check(conn, sql, &commit.writes, replaced, now)?.is_empty()
        && replaced.map_or(Ok(true), |one| replace(conn, sql, &commit.writes[one], now))?;
    if !all_hold {
        return Ok(Some(Outcome::Refused(check(conn, sql, &commit.writes, None, now)?)));
    }
    let mut numbers = Vec::with_capacity(commit.writes.len());
    for (i, write) in commit.writes.iter().enumerate() {
        numbers.push(match write {
            Write::Put { number, .. } if replaced == Some(i) => *number,
            _ => execute(conn, sql, write, now)?,
        });
    }
    for emit in &commit.outbox {
        conn.prepare_cached("insert into outbox (name, body) values (?1, ?2)")?
            .execute(params![emit.name, &emit.body[..]])?;
    }
    if let Some((token, digest)) = token {
        let text = numbers.iter().map(i64::to_string).collect::<Vec<_>>().join(",");
        conn.prepare_cached(
            "insert or replace into request_tokens (token, digest, numbers, expires) values (?1, ?2, ?3, ?4)",
        )?
        .execute(params![&token[..], &digest[..], text, now.plus(TOKEN_LIFE).0])?;
    }
    Ok(Some(Outcome::Applied { numbers }))
}

/// The answer of an earlier commit with this token: `Some(None)` when its content was another.
#[expect(clippy::option_option, reason = "unknown token, used otherwise, and used the same are three answers")]
fn replay(conn: &Connection, token: &[u8], digest: &[u8], now: Time) -> rusqlite::Result<Option<Option<Outcome>>> {
    let earlier = conn
        .prepare_cached("select digest, numbers from request_tokens where token = ?1 and expires > ?2")?
        .query_row(params![token, now.0], |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, String>(1)?)))
        .optional()?;
    Ok(earlier.map(|(stored, numbers)| {
        (stored == digest)
            .then(|| Outcome::Applied { numbers: numbers.split(',').filter_map(|n| n.parse().ok()).collect() })
    }))
}

/// A put over a known version: one statement finds the item, compares and replaces. Whether it found the item as the condition wants it.
fn replace(
    conn: &Connection,
    sql: &HashMap<&'static str, Statements>,
    write: &Write,
    now: Time,
) -> rusqlite::Result<bool> {
    let Write::Put { key, number, body, expires_at, when: When::Version(version) } = write else { return Ok(false) };
    let put = params![&key.pk[..], &key.sk[..], number, expires_at.map(|t| t.0), &body[..], now.0, version];
    Ok(conn.prepare_cached(&sql[key.table.name].replace)?.execute(put)? == 1)
}

/// Empty, or one entry per write: a refusal where its condition does not hold. A condition sees the state before this
/// commit. The write at `except` is left out.
fn check(
    conn: &Connection,
    sql: &HashMap<&'static str, Statements>,
    writes: &[Write],
    except: Option<usize>,
    now: Time,
) -> rusqlite::Result<Vec<Option<Refusal>>> {
    let mut refusals = Vec::new();
    for (i, write) in writes.iter().enumerate().filter(|(i, _)| except != Some(*i)) {
        let holds: &dyn Fn(Option<&Item>) -> bool = match write {
            Write::Put { when, .. } | Write::Delete { when, .. } | Write::Check { when, .. } => match when {
                When::Always => continue,
                When::Absent => &|item| item.is_none(),
                When::Present => &|item| item.is_some(),
                When::Version(version) => &|item| item.is_some_and(|i| i.version == *version),
                When::Number(number) => &|item| item.is_some_and(|i| i.number == *number),
            },
            Write::Add { ceiling: None, .. } => continue,
            Write::Add { amount, ceiling: Some(ceiling), .. } => {
                &|item| item.map_or(0, |i| i.number).saturating_add(*amount) <= *ceiling
            }
        };
        let key = write.key();
        let current = fetch(conn, &sql[key.table.name], key, now)?;
        if !holds(current.as_ref()) {
            refusals.resize(writes.len(), None);
            refusals[i] = Some(Refusal { current });
        }
    }
    Ok(refusals)
}

fn execute(
    conn: &Connection,
    sql: &HashMap<&'static str, Statements>,
    write: &Write,
    now: Time,
) -> rusqlite::Result<i64> {
    let key = write.key();
    let sql = &sql[key.table.name];
    match write {
        Write::Check { .. } => Ok(0),
        Write::Delete { .. } => {
            conn.prepare_cached(&sql.delete)?.execute(params![&key.pk[..], &key.sk[..]])?;
            Ok(0)
        }
        Write::Put { number, body, expires_at, .. } => {
            conn.prepare_cached(&sql.put)?.execute(params![
                &key.pk[..],
                &key.sk[..],
                number,
                expires_at.map(|t| t.0),
                &body[..],
                now.0
            ])?;
            Ok(*number)
        }
        Write::Add { amount, expires_at, .. } => {
            let add = params![&key.pk[..], &key.sk[..], amount, now.0];
            let sum = conn.prepare_cached(&sql.add)?.query_row(add, |row| row.get(0)).optional()?;
            if let Some(sum) = sum {
                return Ok(sum);
            }
            let create = params![&key.pk[..], &key.sk[..], amount, expires_at.map(|t| t.0)];
            conn.prepare_cached(&sql.create)?.execute(create)?;
            Ok(*amount)
        }
    }
}
