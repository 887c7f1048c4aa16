//! Where a device's events begin: after the last one it has, or now.

use super::{
    Logged, SPREAD,
    connection::Event,
    hydrate::{conversation, events},
};
use crate::{app::App, chat::Follow, tables::EVENTS};
use base::{Cx, Result, Time, id::MemberId, time::MINUTE};
use bytes::Bytes;
use ports::items::{Part, Query};
use serde::Deserialize;
use std::collections::{HashMap, VecDeque};

/// More missed events, or bytes of them, than this are told as `resync`.
const MOST: usize = 10_000;
const MOST_BYTES: usize = 8 * 1024 * 1024;

/// What a fresh connection starts with.
pub(super) struct Start {
    /// Every event after this one follows.
    pub after: u64,
    /// The gap is unknown, too old or too wide: the device loads afresh.
    resync: bool,
    /// What it missed, in order.
    pub missed: VecDeque<Event>,
}

impl Start {
    /// `ready`, with the id after which events follow; then `resync` when it must load afresh.
    pub fn greeting(&self) -> impl Iterator<Item = Bytes> + use<> {
        let ready = Bytes::from(format!("{{\"type\":\"ready\",\"last_event_id\":{}}}", self.after));
        let resync = self.resync.then(|| Bytes::from_static(b"{\"type\":\"resync\"}"));
        [ready].into_iter().chain(resync)
    }
}

/// Looks after the connection has entered its room, so that what happens from now on is in its queue. `last` is the
/// last event the device has; 0 means that there was none yet.
pub(super) async fn start(app: &App, cx: &Cx, member: MemberId, last: Option<u64>) -> Result<Start> {
    let newest = newest(app, member).await?;
    let afresh = |resync| Start { after: newest, resync, missed: VecDeque::new() };
    let Some(last) = last else { return Ok(afresh(false)) };
    if last == newest {
        return Ok(afresh(false));
    }
    // Beyond the end, or not in the log (any more): what came after it is not known. Of the newest record the device
    // may have more than there is by now.
    if record_of(last) > newest || (last > 0 && !is_known(app, member, last).await?) {
        return Ok(afresh(true));
    }
    Ok(match missed(app, cx, member, last).await? {
        Some(missed) => Start { after: last, resync: false, missed },
        None => afresh(true),
    })
}

/// The id of the last event of a member's log; 0 when it is empty.
async fn newest(app: &App, member: MemberId) -> Result<u64> {
    let found = app.ports.items.query(Query::partition(EVENTS, member.bytes()).backward().limit(1)).await?;
    let Some(item) = found.items.into_iter().next() else { return Ok(0) };
    let record = Logged { member, id: id_of(&item.key.sk), body: item.body };
    Ok(events(app, &record, Follow::Changed).await.last().map_or(record.id, |event| event.id))
}

async fn is_known(app: &App, member: MemberId, id: u64) -> Result<bool> {
    Ok(app.ports.items.get(&EVENTS.key(member.bytes(), record_of(id).to_be_bytes())).await?.is_some())
}

/// The record that an event was read from.
fn record_of(id: u64) -> u64 {
    id - id % SPREAD
}

fn id_of(sk: &[u8]) -> u64 {
    sk.try_into().map_or(0, u64::from_be_bytes)
}

/// The events after `last`, when the gap is within the resume window.
async fn missed(app: &App, cx: &Cx, member: MemberId, last: u64) -> Result<Option<VecDeque<Event>>> {
    let oldest = cx.now().minus(app.settings.realtime.resume_minutes * MINUTE);
    let Some(records) = records(app, member, last).await? else { return Ok(None) };
    let first = records.iter().find(|record| record.id > last);
    if first.is_some_and(|record| occurred(&record.body).is_none_or(|at| at < oldest)) {
        return Ok(None);
    }
    // How a conversation is now is told once, with the last that happened in it.
    let about: Vec<_> = records.iter().map(conversation).collect();
    let last_of: HashMap<_, _> = about.iter().enumerate().filter_map(|(i, c)| c.map(|c| (c, i))).collect();
    let (mut out, mut size) = (VecDeque::with_capacity(records.len()), 0);
    for (i, record) in records.iter().enumerate() {
        let is_last = about[i].is_none_or(|conversation| last_of.get(&conversation) == Some(&i));
        let follow = if is_last { Follow::All } else { Follow::Nothing };
        let events = events(app, record, follow).await.into_iter().filter(|event| event.id > last);
        out.extend(events.inspect(|event| size += event.frame.len()));
        if out.len() > MOST || size > MOST_BYTES {
            return Ok(None);
        }
    }
    Ok(Some(out))
}

/// The records from that of `last` on, which the device may have in part; none when they are too many.
async fn records(app: &App, member: MemberId, last: u64) -> Result<Option<Vec<Logged>>> {
    let (mut out, mut after) = (Vec::new(), None::<Part>);
    loop {
        let query =
            Query::partition(EVENTS, member.bytes()).from(record_of(last).to_be_bytes()).after(after).limit(500);
        let found = app.ports.items.query(query).await?;
        out.extend(found.items.into_iter().map(|item| Logged { member, id: id_of(&item.key.sk), body: item.body }));
        after = found.next;
        if out.len() > MOST {
            return Ok(None);
        }
        if after.is_none() {
            return Ok(Some(out));
        }
    }
}

fn occurred(body: &[u8]) -> Option<Time> {
    #[derive(Deserialize)]
    struct At {
        occurred_at: Time,
    }
    serde_json::from_slice::<At>(body).ok().map(|at| at.occurred_at)
}
