//! Statistics of a member's own notes. How many were sent is the sum of the allowance's windows, which every send
//! counts anyway; what happens to them later is counted in the commits in which it happens. Nothing reads notes.

use super::channel::Channel;
use crate::{app::App, identity::Caller, settings::Window, tables::METERS};
use base::{Cx, Result, id::MemberId};
use ports::items::{Item, Query, Write};
use serde::Serialize;
use std::collections::HashMap;
use utoipa::ToSchema;

/// What is counted besides sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Count {
    /// Partner notes that were opened.
    Opened,
    /// Answers to own notes.
    Replied,
    /// Sends made from a template.
    Templates,
    /// Taken by the gateway of this channel.
    Delivered(Channel),
    Failed(Channel),
}

const PREFIX: &str = "stats:notes.";

impl Count {
    fn name(self) -> String {
        match self {
            Self::Opened => "opened".to_owned(),
            Self::Replied => "replied".to_owned(),
            Self::Templates => "templates".to_owned(),
            Self::Delivered(channel) => format!("delivered.{}", channel.name()),
            Self::Failed(channel) => format!("failed.{}", channel.name()),
        }
    }
}

/// Part of the commit of what is counted.
pub(super) fn one_more(member: MemberId, count: Count) -> Write {
    let key = METERS.key(member.bytes(), format!("{PREFIX}{}", count.name()));
    Write::Add { key, amount: 1, ceiling: None, expires_at: None }
}

/// Own notes of one channel, by what they show now.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChannelStatistics {
    pub channel: Channel,
    /// All of them, failed ones too.
    pub total: i64,
    /// On their way, or shared by hand.
    pub sent: i64,
    pub delivered: i64,
    pub opened: i64,
    pub failed: i64,
    /// Sent in this calendar month (UTC), without failed ones. Null where the allowance counts for ever.
    pub this_month: Option<i64>,
}

/// What became of the notes a member sent.
#[derive(Debug, Serialize, ToSchema)]
pub struct NoteStatistics {
    pub total: i64,
    pub sent: i64,
    pub delivered: i64,
    pub opened: i64,
    pub failed: i64,
    /// Answers that came.
    pub replied: i64,
    /// Notes made from a template.
    pub templates_used: i64,
    pub this_month: Option<i64>,
    pub channels: Vec<ChannelStatistics>,
}

/// The counters of a member, read once.
#[derive(Default)]
struct Counters {
    /// Sends by channel: in all windows, and in this month.
    sends: HashMap<String, (i64, i64)>,
    later: HashMap<String, i64>,
}

impl Counters {
    fn add(&mut self, item: &Item, month: &str) {
        let Ok(name) = std::str::from_utf8(&item.key.sk) else { return };
        if let Some(name) = name.strip_prefix(PREFIX) {
            self.later.insert(name.to_owned(), item.number);
        } else if let Some((window, channel)) = name.split_once(":notes.") {
            let (all, this) = self.sends.entry(channel.to_owned()).or_default();
            *all += item.number;
            *this += if window == month { item.number } else { 0 };
        }
    }

    fn later(&self, count: Count) -> i64 {
        self.later.get(&count.name()).copied().unwrap_or(0)
    }

    fn channel(&self, channel: Channel, monthly: bool) -> ChannelStatistics {
        let (gone, this_month) = self.sends.get(channel.name()).copied().unwrap_or_default();
        let failed = self.later(Count::Failed(channel));
        let opened = if channel == Channel::Partner { self.later(Count::Opened) } else { 0 };
        let delivered = match channel {
            // In the partner's box from the start.
            Channel::Partner => gone - opened,
            _ => self.later(Count::Delivered(channel)),
        };
        ChannelStatistics {
            channel,
            total: gone + failed,
            sent: (gone - delivered - opened).max(0),
            delivered: delivered.max(0),
            opened,
            failed,
            this_month: monthly.then_some(this_month),
        }
    }
}

async fn counters(app: &App, cx: &Cx, member: MemberId) -> Result<Counters> {
    let (month, mut counters, mut after) = (cx.now().month(), Counters::default(), None);
    loop {
        // A handful of small items a month; notes are not among them.
        let query = Query::partition(METERS, member.bytes()).limit(500).after(after);
        let found = app.ports.items.query(query).await?;
        found.items.iter().for_each(|item| counters.add(item, &month));
        after = found.next;
        if after.is_none() {
            return Ok(counters);
        }
    }
}

/// How many notes a member has sent, without failed ones.
pub(super) async fn sent(app: &App, cx: &Cx, member: MemberId) -> Result<i64> {
    let counters = counters(app, cx, member).await?;
    Ok(Channel::ALL.iter().filter_map(|channel| counters.sends.get(channel.name())).map(|(all, _)| all).sum())
}

pub(super) async fn read(app: &App, cx: &Cx, caller: &Caller) -> Result<NoteStatistics> {
    let counters = counters(app, cx, caller.member).await?;
    let monthly = app.settings.notes.window == Window::Month;
    let channels: Vec<_> = Channel::ALL.into_iter().map(|channel| counters.channel(channel, monthly)).collect();
    let sum = |of: fn(&ChannelStatistics) -> i64| channels.iter().map(of).sum();
    Ok(NoteStatistics {
        total: sum(|c| c.total),
        sent: sum(|c| c.sent),
        delivered: sum(|c| c.delivered),
        opened: sum(|c| c.opened),
        failed: sum(|c| c.failed),
        replied: counters.later(Count::Replied),
        templates_used: counters.later(Count::Templates),
        this_month: monthly.then(|| sum(|c| c.this_month.unwrap_or(0))),
        channels,
    })
}
