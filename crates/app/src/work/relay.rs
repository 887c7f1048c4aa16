//! The relay: outbox → event log, stream, queue, fan-out. One relay a node; what it does twice has the same keys.
//!
//! The outbox of `sql` is first copied to that of `items` (a request token makes the copy happen once), so that one
//! sequence orders every event a member gets.

use super::outbox::{EVENT, JOB, Relayed};
use crate::{
    app::App,
    realtime::{self, Logged, SPREAD},
    tables::EVENTS,
    topics,
};
use base::{Cx, Result, Time, error::Chain, time::DAY};
use bytes::Bytes;
use ports::{
    PortResult, args,
    items::{Commit, Emit, Emitted, When, Write},
    queue::NewMessage,
    stream::NewRecord,
};
use std::{collections::HashMap, time::Duration};

/// Records a round takes.
const ROUND: usize = 512;
/// Writes of one commit, and commits at once: more of them would hold up whoever else has something to store.
const WRITES: usize = 90;
const AT_ONCE: usize = 2;
/// The event log of a member.
const LOG_KEPT: i64 = DAY;

/// Copies what `sql` wants told; how many records went. Each copy has a token of its own, so a record that is read
/// again after a crash is copied once; all of them are made durable together.
pub(super) async fn sql_once(app: &App) -> Result<usize> {
    let mut tx = app.ports.sql.read().await?;
    let rows = tx.rows("select seq, name, body from outbox order by seq limit 200", args![]).await?;
    drop(tx);
    if rows.is_empty() {
        return Ok(0);
    }
    let mut copies = Vec::with_capacity(rows.len());
    let mut seqs = Vec::with_capacity(rows.len());
    for row in &rows {
        let (seq, body) = (row.int(0)?, row.text(2)?);
        let name = if row.text(1)? == JOB { JOB } else { EVENT };
        let digest = ring::digest::digest(&ring::digest::SHA256, format!("sql-outbox {seq}").as_bytes());
        let mut token = [0; 16];
        token.copy_from_slice(&digest.as_ref()[..16]);
        let outbox = vec![Emit { name, body: Bytes::from(body) }];
        copies.push(app.ports.items.commit(Commit { outbox, token: Some(token), ..Commit::default() }));
        seqs.push(seq);
    }
    futures_util::future::try_join_all(copies).await?;
    app.bells.relay.notify_one();
    let mut tx = app.ports.sql.begin().await?;
    for seq in &seqs {
        // Exactly what was read: on PostgreSQL a smaller number may appear after a larger one.
        tx.exec("delete from outbox where seq = $1", args![*seq]).await?;
    }
    tx.commit().await?;
    Ok(seqs.len())
}

/// Relays what `items` wants told, until there is nothing; how many records went. What a round has told is forgotten in
/// the same batch as the next one is written.
pub(super) async fn items_once(app: &App) -> Result<usize> {
    let (mut count, mut told) = (0, 0);
    loop {
        let records = app.ports.items.outbox(told, ROUND).await?;
        let Some(last) = records.last().map(|r| r.seq) else { break };
        relay(app, &records, told).await?;
        told = last;
        count += records.len();
        app.metrics.outbox_relayed.add(records.len() as u64);
        if app.tasks.is_stopping() {
            break;
        }
        if let Some(pause) = gather(records.len()) {
            tokio::time::sleep(pause).await;
        }
    }
    forget(app, told).await?;
    Ok(count)
}

/// How long to let more gather after a round of this many records: those of one member share the pages they are written
/// to. Whoever waits for a frame notices nothing, unless the machine is busy anyway.
fn gather(found: usize) -> Option<Duration> {
    const BUSY: usize = 64;
    const LONGEST: usize = 16;
    let millis = (found / 16).min(LONGEST);
    (found >= BUSY).then(|| Duration::from_millis(millis as u64))
}

/// One round. What earlier rounds have `told` is forgotten on the way.
async fn relay(app: &App, records: &[Emitted], told: u64) -> Result<()> {
    let cx = Cx::new(&app.world);
    let round = Round::read(records, cx.now());
    tokio::try_join!(round.store(app, &cx), forget(app, told))?;
    if !round.logged.is_empty() {
        // Before the records are forgotten: told twice is harmless, never told would be noticed by nobody.
        let frames = realtime::encode(&round.logged);
        if let Err(error) = app.ports.fanout.publish(realtime::CHANNEL, frames).await {
            // Work goes on without live events; devices of this node come back and resume from their logs.
            tracing::warn!(error = %Chain(&error), "live events could not be published");
            app.rooms.close_all(realtime::GOING_AWAY);
        }
    }
    if !round.jobs.is_empty() {
        app.bells.jobs.notify_one();
    }
    Ok(())
}

async fn forget(app: &App, told: u64) -> Result<()> {
    if told > 0 {
        app.ports.items.settle(told).await?;
    }
    Ok(())
}

/// A fact as consumers get it: the event with its `seq` in front, by which they know one that comes twice.
fn numbered(record: &Emitted) -> Bytes {
    let rest = record.body.strip_prefix(b"{").unwrap_or(&record.body);
    let mut out = format!("{{\"seq\":{},", record.seq).into_bytes();
    out.extend_from_slice(rest);
    Bytes::from(out)
}

/// One round of records, sorted by where they go.
struct Round {
    logged: Vec<Logged>,
    /// How long each of them is kept.
    kept: Vec<i64>,
    facts: HashMap<&'static str, Vec<NewRecord>>,
    jobs: Vec<NewMessage>,
}

impl Round {
    fn read(records: &[Emitted], now: Time) -> Self {
        let room = records.len() * 2;
        let mut this = Self {
            logged: Vec::with_capacity(room),
            kept: Vec::with_capacity(room),
            facts: HashMap::new(),
            jobs: Vec::new(),
        };
        for record in records {
            if record.name == JOB {
                // The sequence as the key: a round done twice queues the job once.
                let dedup = Some(format!("outbox-{}", record.seq));
                this.jobs.push(NewMessage { body: record.body.clone(), delay_ms: 0, dedup, max_receives: 12 });
                continue;
            }
            match serde_json::from_slice::<Relayed>(&record.body) {
                Ok(event) => this.event(record, &event),
                // Nothing that can be repeated: it would be unreadable for ever and hold up what follows.
                Err(error) => tracing::error!(seq = record.seq, error = %error, at = %now, "an event is unreadable"),
            }
        }
        this
    }

    fn event(&mut self, record: &Emitted, event: &Relayed) {
        for (member, kind) in &event.to {
            self.logged.push(Logged {
                member: *member,
                id: record.seq * SPREAD,
                body: realtime::body(kind, event.at, event.data.get().as_bytes()),
            });
            self.kept.push(event.kept.unwrap_or(LOG_KEPT).min(LOG_KEPT));
        }
        if let Some(topic) = event.fact.as_deref().and_then(topics::of_fact) {
            let key =
                event.to.first().map_or_else(|| Bytes::from_static(b"-"), |(m, _)| Bytes::copy_from_slice(m.bytes()));
            let body = numbered(record);
            self.facts.entry(topic.name).or_default().push(NewRecord { key, body });
        }
    }

    async fn store(&self, app: &App, cx: &Cx) -> Result<()> {
        let put = |at: &usize| Write::Put {
            key: EVENTS.key(self.logged[*at].member.bytes(), self.logged[*at].id.to_be_bytes()),
            number: 0,
            body: self.logged[*at].body.clone(),
            expires_at: Some(cx.now().plus(self.kept[*at])),
            when: When::Always,
        };
        let log = async {
            // What is one member's goes into one commit, where that can be: it shares pages.
            let mut order: Vec<_> = (0..self.logged.len()).collect();
            order.sort_by_key(|at| self.logged[*at].member);
            for some in order.chunks(WRITES * AT_ONCE) {
                let commits = some.chunks(WRITES).map(|some| {
                    let commit = Commit { writes: some.iter().map(put).collect(), ..Commit::default() };
                    app.ports.items.commit(commit)
                });
                futures_util::future::try_join_all(commits).await?;
            }
            PortResult::Ok(())
        };
        let facts = self.facts.iter().filter_map(|(name, records)| {
            let topic = topics::ALL.iter().find(|t| t.name == *name)?;
            Some(app.ports.stream.append(*topic, records.clone(), cx.now()))
        });
        let jobs = async {
            if self.jobs.is_empty() {
                return Ok(Vec::new());
            }
            app.ports.queue.send(topics::JOBS, self.jobs.clone(), cx.now()).await
        };
        // All at once, so that the store makes them durable together.
        let (log, facts, jobs) = tokio::join!(log, futures_util::future::try_join_all(facts), jobs);
        log?;
        facts?;
        jobs?;
        Ok(())
    }
}
