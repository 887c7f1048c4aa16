//! The messages of a conversation, page by page in both directions, and the search within it.

use super::{
    messages::{self, between},
    model::{Stored, flags, is_visible},
    receipts, render,
    state::Seated,
};
use crate::{app::App, check::Checks, fold::fold, identity::Caller};
use base::{Cx, Result, id::ConversationId, page};
use bytes::Bytes;
use ports::items::{Item, Order, Part, Query};
use serde::Deserialize;
use utoipa::IntoParams;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListMessages {
    /// Messages before this one, the newest first.
    #[param(minimum = 0)]
    #[serde(default, deserialize_with = "crate::check::whole_opt")]
    pub before_seq: Option<u64>,
    /// Messages after this one, the oldest first; with `before_seq`, those between the two.
    #[param(minimum = 0)]
    #[serde(default, deserialize_with = "crate::check::whole_opt")]
    pub after_seq: Option<u64>,
    /// Messages whose text has this, without regard to case and accents.
    #[param(max_length = 200)]
    pub q: Option<String>,
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<u32>,
    pub cursor: Option<String>,
}

/// Messages that a search reads at a time, and for one page at most.
const STEP: usize = 500;
const SEARCHED: usize = 20_000;

/// From where, and which way.
struct Direction {
    order: Order,
    /// Exclusive.
    start: Option<u64>,
    /// Exclusive, of the other end.
    end: Option<u64>,
}

impl Direction {
    fn query(&self, us: &Seated, limit: usize) -> Option<Query> {
        let last = self.end.map_or(us.state.last_seq, |end| us.state.last_seq.min(end.saturating_sub(1)));
        let first = us.me().cleared + 1;
        let (first, last) = match (self.order, self.start) {
            (_, None) => (first, last),
            (Order::Backward, Some(before)) => (first, last.min(before.saturating_sub(1))),
            (Order::Forward, Some(after)) => (first.max(after.saturating_add(1)), last),
        };
        if first > last {
            return None;
        }
        let query = between(us.tag(), first - 1, last).limit(limit);
        Some(if self.order == Order::Backward { query.backward() } else { query })
    }
}

/// A page as the answer's bytes. What was addressed to the caller counts as delivered.
pub(super) async fn list(
    app: &App,
    cx: &Cx,
    caller: &Caller,
    conversation: ConversationId,
    asked: &ListMessages,
) -> Result<Bytes> {
    let mut checks = Checks::default();
    let words = asked.q.as_deref().map(str::trim).filter(|q| !q.is_empty());
    if let Some(words) = words {
        checks.length("/query/q", words, 1, 200);
    }
    checks.done()?;
    let limit = page::limit(asked.limit)?;
    let order = if asked.after_seq.is_some() { Order::Forward } else { Order::Backward };
    let end = asked.after_seq.and(asked.before_seq);
    let scope = format!("messages {} {conversation} {order:?} {end:?} {words:?}", caller.member);
    let start = match &asked.cursor {
        None => asked.after_seq.or(asked.before_seq),
        Some(cursor) => seq_of(&app.cursors.open(&scope, cursor)?),
    };
    let direction = Direction { order, start, end };
    receipts::fetched(app, cx, caller.member, conversation).await?;
    let us = Seated::load(app, caller.member, conversation).await?;
    let (items, last) = match words {
        None => read(app, &us, &direction, limit).await?,
        Some(words) => search(app, &us, &direction, limit, &fold(words)).await?,
    };
    let cursor = last.map(|seq| app.cursors.seal(&scope, &seq.to_be_bytes()));
    let mut out = Joined::default();
    for item in &items {
        out.push(app, cx, &us, item).await?;
    }
    Ok(out.done(cursor.as_deref()))
}

fn seq_of(position: &[u8]) -> Option<u64> {
    position.try_into().ok().map(u64::from_be_bytes)
}

/// Messages the participant sees, and the last one's `seq` when more follow.
async fn read(app: &App, us: &Seated, direction: &Direction, limit: usize) -> Result<(Vec<Item>, Option<u64>)> {
    let mut items: Vec<Item> = Vec::with_capacity(limit + 1);
    let Some(query) = direction.query(us, limit + 1) else { return Ok((items, None)) };
    let mut next = None::<Part>;
    loop {
        let found = app.ports.items.query(query.clone().after(next)).await?;
        items.extend(found.items.into_iter().filter(|item| is_visible(item.number, us.seat)));
        next = found.next;
        if items.len() > limit {
            items.truncate(limit);
            let last = items.last().map(messages::seq_of);
            return Ok((items, last));
        }
        if next.is_none() {
            return Ok((items, None));
        }
    }
}

/// Like [`read`], of those whose text has `words`. It looks at a bounded number; the continuation goes on from there.
async fn search(
    app: &App,
    us: &Seated,
    direction: &Direction,
    limit: usize,
    words: &str,
) -> Result<(Vec<Item>, Option<u64>)> {
    let mut items: Vec<Item> = Vec::new();
    let Some(query) = direction.query(us, STEP) else { return Ok((items, None)) };
    let (mut next, mut looked) = (None::<Part>, 0);
    loop {
        let found = app.ports.items.query(query.clone().after(next)).await?;
        for item in found.items {
            let seq = messages::seq_of(&item);
            looked += 1;
            if item.number & flags::GONE == 0 && is_visible(item.number, us.seat) && has(&item, words)? {
                items.push(item);
            }
            if items.len() == limit || looked == SEARCHED {
                return Ok((items, Some(seq)));
            }
        }
        next = found.next;
        if next.is_none() {
            return Ok((items, None));
        }
    }
}

fn has(item: &Item, words: &str) -> Result<bool> {
    let message = Stored::read(item)?;
    Ok(message.content.is_some_and(|content| fold(&content).contains(words)))
}

/// `{"data": […], "next_cursor": …}`, message by message.
#[derive(Default)]
pub(super) struct Joined {
    out: Vec<u8>,
    count: usize,
    last: u64,
    /// Members of the answer beside the list.
    beside: Vec<u8>,
}

impl Joined {
    pub fn len(&self) -> usize {
        self.count
    }

    /// The `seq` of the last message.
    pub fn last(&self) -> u64 {
        self.last
    }

    /// Another member of the answer, as JSON.
    pub fn with(mut self, name: &'static str, json: &[u8]) -> Self {
        self.beside.extend_from_slice(format!(",\"{name}\":").as_bytes());
        self.beside.extend_from_slice(json);
        self
    }

    pub async fn push(&mut self, app: &App, cx: &Cx, us: &Seated, item: &Item) -> Result<()> {
        self.out.extend_from_slice(if self.count == 0 { b"{\"data\":[" } else { b"," });
        self.count += 1;
        self.last = messages::seq_of(item);
        render::write(app, cx, us, item, &mut self.out).await
    }

    pub fn done(mut self, cursor: Option<&str>) -> Bytes {
        let start: &[u8] = if self.count == 0 { b"{\"data\":[" } else { b"" };
        self.out.extend_from_slice(start);
        self.out.push(b']');
        self.out.extend_from_slice(&self.beside);
        self.out.extend_from_slice(b",\"next_cursor\":");
        match cursor {
            None => self.out.extend_from_slice(b"null}"),
            // Cursors are base64url: nothing in them needs an escape.
            Some(cursor) => self.out.extend_from_slice(format!("\"{cursor}\"}}").as_bytes()),
        }
        Bytes::from(self.out)
    }
}
