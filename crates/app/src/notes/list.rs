//! The lists of notes: one box, newest first, by channel and status.

use super::{
    boxes::{self, Side},
    channel::Channel,
    model::{Note, Status},
};
use crate::{app::App, check::Checks, identity::Caller, tables::NOTES};
use base::{Result, id::MemberId, page};
use bytes::Bytes;
use ports::items::{Item, Part, Query};
use serde::Deserialize;
use std::collections::VecDeque;
use utoipa::IntoParams;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListNotes {
    /// `received` (default) or `sent`.
    #[serde(rename = "box")]
    #[param(rename = "box")]
    pub side: Option<String>,
    pub channel: Option<String>,
    /// `sent` (also what has arrived and is not opened yet), `delivered`, `opened` or `failed`.
    pub status: Option<String>,
    pub limit: Option<u32>,
    pub cursor: Option<String>,
}

/// Notes that a filter reads at a time.
const STEP: usize = 200;

/// What is asked for.
struct Filter {
    channel: Option<Channel>,
    status: Option<Status>,
}

impl Filter {
    /// Boxes in which something can fit: only a partner opens, and only gateways fail.
    fn sides(&self, sent: bool) -> Vec<Side> {
        let partner = self.channel.is_none_or(|c| c == Channel::Partner) && self.status != Some(Status::Failed);
        let outside = self.channel != Some(Channel::Partner) && self.status != Some(Status::Opened);
        let sides =
            [(Side::Received, partner && !sent), (Side::Sent, partner && sent), (Side::Outside, outside && sent)];
        sides.into_iter().filter(|(_, wanted)| *wanted).map(|(side, _)| side).collect()
    }

    /// Whether notes must be read to know if they fit; partner notes of every status are in boxes of their own.
    fn looks_inside(&self) -> bool {
        self.status.is_some() || self.channel.is_some_and(|c| c != Channel::Partner)
    }

    fn fits(&self, note: &Note) -> bool {
        let status_fits = match self.status {
            None => true,
            Some(Status::Sent) => matches!(note.status, Status::Sent | Status::Delivered),
            Some(status) => note.status == status,
        };
        status_fits && self.channel.is_none_or(|c| c == note.channel)
    }
}

/// One box that is read from its newest note on.
struct Source {
    pk: [u8; 17],
    read: VecDeque<Item>,
    after: Option<Part>,
    ended: bool,
}

impl Source {
    async fn fill(&mut self, app: &App, step: usize) -> Result<()> {
        // A page of the store may be empty while more follows.
        while self.read.is_empty() && !self.ended {
            let query = Query::partition(NOTES, self.pk).backward().limit(step).after(self.after.take());
            let found = app.ports.items.query(query).await?;
            self.read.extend(found.items);
            self.ended = found.next.is_none();
            self.after = found.next;
        }
        Ok(())
    }
}

/// Several boxes as one, the newest note first.
struct Sources(Vec<Source>);

impl Sources {
    fn new(member: MemberId, sides: &[Side], after: Option<&Part>) -> Self {
        let source = |side: &Side| Source {
            pk: boxes::partition(member, *side),
            read: VecDeque::new(),
            after: after.cloned(),
            ended: false,
        };
        Self(sides.iter().map(source).collect())
    }

    async fn next(&mut self, app: &App, step: usize) -> Result<Option<Item>> {
        for source in &mut self.0 {
            source.fill(app, step).await?;
        }
        let newest = |source: &&mut Source| source.read.front().map(|item| item.key.sk.clone());
        Ok(self.0.iter_mut().max_by_key(newest).and_then(|source| source.read.pop_front()))
    }
}

/// A page of one box as the answer's bytes. It looks on until it knows whether another note follows, so the last page
/// says that it is the last, and none is empty unless nothing fits at all.
pub(super) async fn list(app: &App, caller: &Caller, asked: &ListNotes) -> Result<Bytes> {
    let mut checks = Checks::default();
    let side = checks.one_of("/query/box", asked.side.as_deref(), &["sent", "received"]);
    let channel = checks.one_of("/query/channel", asked.channel.as_deref(), Channel::NAMES);
    let status = checks.one_of("/query/status", asked.status.as_deref(), Status::NAMES);
    checks.done()?;
    let sent = side.as_deref() == Some("sent");
    let limit = page::limit(asked.limit)?;
    let scope = format!("notes {} {sent} {channel:?} {status:?}", caller.member);
    let after = match &asked.cursor {
        None => None,
        Some(cursor) => Some(Part::from_vec(app.cursors.open(&scope, cursor)?)),
    };
    let filter = Filter {
        channel: channel.as_deref().and_then(Channel::parse),
        status: status.and_then(|status| serde_json::from_value(status.into()).ok()),
    };
    let mut sources = Sources::new(caller.member, &filter.sides(sent), after.as_ref());
    let looks = filter.looks_inside();
    let step = if looks { STEP } else { limit + 1 };
    let mut items: Vec<Item> = Vec::with_capacity(limit);
    let mut more = false;
    while let Some(item) = sources.next(app, step).await? {
        if looks && !filter.fits(&boxes::read(&item)?) {
            continue;
        }
        if items.len() == limit {
            more = true;
            break;
        }
        items.push(item);
    }
    let last = items.last().filter(|_| more);
    let cursor = last.map(|item| app.cursors.seal(&scope, &item.key.sk));
    Ok(boxes::join(&items, cursor.as_deref()))
}
