//! Scheduled notes as stored: the note itself, its place in the list of its state, its timer.

use crate::{
    app::App,
    identity::Caller,
    notes::{
        channel::{Address, Channel, RecipientType},
        share::Share,
    },
    tables::{METERS, SCHEDULED, SCHEDULED_BY},
    work::timers::{self, Timer},
};
use base::{
    Error, Lang, Result, Time,
    id::{CoupleId, MemberId, NoteId, ScheduledId, TemplateId},
};
use bytes::Bytes;
use ports::items::{Item, Key, When, Write};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `scheduled → sending → sent`, `scheduled → cancelled`, `sending → failed`, `scheduled → paused`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum State {
    Scheduled,
    Sending,
    Sent,
    Failed,
    Cancelled,
    Paused,
}

impl State {
    pub const NAMES: &[&str] = &["scheduled", "sending", "sent", "failed", "cancelled", "paused"];

    pub fn parse(name: &str) -> Option<Self> {
        serde_json::from_value(name.into()).ok()
    }

    fn byte(self) -> u8 {
        match self {
            Self::Scheduled => 0,
            Self::Sending => 1,
            Self::Sent => 2,
            Self::Failed => 3,
            Self::Cancelled => 4,
            Self::Paused => 5,
        }
    }

    /// Counts towards the limit of open ones.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Scheduled | Self::Sending | Self::Paused)
    }
}

/// A scheduled note, as stored and as answered.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "names of the product's API")]
pub struct Scheduled {
    pub id: ScheduledId,
    pub sender_id: MemberId,
    pub recipient_type: RecipientType,
    /// For `social_media` the platform.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<Channel>,
    /// The partner's member id, a phone or an e-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recipient: Option<String>,
    /// The couple it was addressed in; it is never sent in another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub couple_id: Option<CoupleId>,
    pub channel: Channel,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    pub content: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template_id: Option<TemplateId>,
    pub language: Lang,
    pub scheduled_date: String,
    pub scheduled_time: String,
    pub timezone: String,
    /// The instant that date, time and zone mean.
    pub due_at: Time,
    pub status: State,
    /// Attempts so far.
    pub attempts: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure_reason: Option<String>,
    /// What it became: the note in the history, from the moment it goes out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note_id: Option<NoteId>,
    /// What its author posts: of a due `whatsapp` note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<Share>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<Time>,
    /// When its timer fires next.
    pub next_attempt_at: Time,
    pub created_at: Time,
    pub updated_at: Time,
}

pub(super) fn key(owner: MemberId, id: ScheduledId) -> Key {
    SCHEDULED.key(owner.bytes(), id.bytes())
}

pub(super) fn list_partition(owner: MemberId, state: State) -> [u8; 17] {
    let mut pk = [0; 17];
    pk[..16].copy_from_slice(owner.bytes());
    pk[16] = state.byte();
    pk
}

impl Scheduled {
    pub(super) fn read(item: &Item) -> Result<Self> {
        serde_json::from_slice(&item.body).map_err(|e| Error::bug("read a scheduled note", e))
    }

    pub(in crate::notes) fn json(&self) -> Result<Bytes> {
        Ok(Bytes::from(serde_json::to_vec(self).map_err(|e| Error::bug("write a scheduled note", e))?))
    }

    fn place(&self) -> Key {
        let mut sk = [0; 24];
        sk[..8].copy_from_slice(&self.due_at.0.to_be_bytes());
        sk[8..].copy_from_slice(self.id.bytes());
        SCHEDULED_BY.key(list_partition(self.sender_id, self.status), sk)
    }

    /// Where it goes when it is due, unless that is the partner.
    pub(super) fn address(&self) -> Address {
        Address { channel: self.channel, recipient: self.recipient.clone() }
    }

    /// Addressed to somebody; to the partner of `couple` when there is one.
    pub(super) fn address_to(&mut self, to: &Address, couple: Option<(CoupleId, MemberId)>) {
        self.channel = to.channel;
        self.recipient_type = to.channel.recipient_type();
        self.platform = to.channel.platform();
        self.couple_id = couple.map(|(couple, _)| couple);
        self.recipient = couple.map_or_else(|| to.recipient.clone(), |(_, partner)| Some(partner.to_string()));
    }

    pub(super) fn timer(&self) -> Timer {
        Timer::ScheduledNote {
            owner: self.sender_id,
            id: self.id,
            date: self.scheduled_date.clone(),
            time: self.scheduled_time.clone(),
            zone: self.timezone.clone(),
        }
    }

    fn put(&self, when: When) -> Result<Write> {
        let key = key(self.sender_id, self.id);
        Ok(Write::Put { key, number: i64::from(self.status.byte()), body: self.json()?, expires_at: None, when })
    }

    fn list(&self) -> Write {
        Write::Put { key: self.place(), number: 0, body: Bytes::new(), expires_at: None, when: When::Always }
    }

    /// Everything of a new one; the first write is refused when too many are open.
    pub(super) fn create(&self, max_open: i64) -> Result<Vec<Write>> {
        let open = open(self.sender_id, 1, Some(max_open));
        Ok(vec![open, self.put(When::Absent)?, self.list(), timers::set(&self.timer(), self.next_attempt_at)?])
    }

    /// From the stored one to this: note, list and count. Refused when it was changed meanwhile. Timers are the
    /// caller's to move. `max_open` is the limit when it opens again.
    pub(super) fn replace(&self, stored: &Item, before: &Self, max_open: Option<i64>) -> Result<Vec<Write>> {
        let mut writes = vec![self.put(When::Version(stored.version))?];
        if self.place() != before.place() {
            writes.extend([Write::Delete { key: before.place(), when: When::Always }, self.list()]);
        }
        match (before.status.is_open(), self.status.is_open()) {
            (true, false) => writes.push(open(self.sender_id, -1, None)),
            (false, true) => writes.push(open(self.sender_id, 1, max_open)),
            _ => {}
        }
        Ok(writes)
    }
}

/// The count of open ones.
fn open(owner: MemberId, amount: i64, ceiling: Option<i64>) -> Write {
    Write::Add { key: METERS.key(owner.bytes(), b"notes.scheduled.open"), amount, ceiling, expires_at: None }
}

/// One of the caller's own, or 404.
pub(in crate::notes) async fn own(app: &App, caller: &Caller, id: ScheduledId) -> Result<(Item, Scheduled)> {
    let item = app.ports.items.get(&key(caller.member, id)).await?.ok_or_else(Error::not_found)?;
    let scheduled = Scheduled::read(&item)?;
    Ok((item, scheduled))
}
