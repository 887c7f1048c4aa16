//! Records of the outbox: events for members' devices and for other consumers, and jobs. The record is part of the
//! commit of what it tells of. Names are stored, so they are append-only.

use super::jobs::Job;
use base::{Cx, Error, Result, Time, id::MemberId};
use bytes::Bytes;
use ports::{args, items::Emit, sql::Tx};
use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};
use std::borrow::Cow;

pub const EVENT: &str = "event";
pub const JOB: &str = "job";

/// Something that happened, in the past tense. Carries ids, not content.
#[derive(Debug, Serialize, Deserialize)]
pub struct Event<D = Value> {
    /// What happened, for consumers of the stream: `note.sent`. None: only for devices.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub fact: Option<Cow<'static, str>>,
    /// Whose devices hear of it, and under which type.
    pub to: Vec<(MemberId, Cow<'static, str>)>,
    pub at: Time,
    /// How long devices' logs keep it, in milliseconds; none: as long as they keep anything.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub kept: Option<i64>,
    pub data: D,
}

/// As the relay reads it: the data passed through unparsed.
pub type Relayed = Event<Box<RawValue>>;

impl<D: Serialize> Event<D> {
    pub fn new(fact: Option<&'static str>, to: Vec<(MemberId, Cow<'static, str>)>, data: D) -> Self {
        Self { fact: fact.map(Cow::Borrowed), to, at: Time(0), kept: None, data }
    }

    /// The same event to every device of one member; also a fact.
    pub fn to_one(member: MemberId, kind: &'static str, data: D) -> Self {
        Self::new(Some(kind), vec![(member, Cow::Borrowed(kind))], data)
    }

    pub fn to_many(members: &[MemberId], kind: &'static str, data: D) -> Self {
        Self::new(Some(kind), members.iter().map(|m| (*m, Cow::Borrowed(kind))).collect(), data)
    }

    /// A fact that no device hears of.
    pub fn fact(kind: &'static str, data: D) -> Self {
        Self::new(Some(kind), Vec::new(), data)
    }

    /// Of use for a short time only: devices' logs forget it after these milliseconds.
    #[must_use]
    pub fn kept(mut self, millis: i64) -> Self {
        self.kept = Some(millis);
        self
    }

    fn encode(mut self, cx: &Cx) -> Result<Vec<u8>> {
        self.at = cx.now();
        serde_json::to_vec(&self).map_err(|e| Error::bug("write an event", e))
    }

    /// As part of a commit in `items`.
    pub fn emit(self, cx: &Cx) -> Result<Emit> {
        Ok(Emit { name: EVENT, body: Bytes::from(self.encode(cx)?) })
    }

    /// As part of a transaction in `sql`.
    pub async fn in_sql(self, cx: &Cx, tx: &mut Tx) -> Result<()> {
        let body = self.encode(cx)?;
        insert(cx, tx, EVENT, &body).await
    }
}

impl Job {
    /// As part of a commit in `items`.
    pub fn emit(&self) -> Result<Emit> {
        let body = serde_json::to_vec(self).map_err(|e| Error::bug("write a job", e))?;
        Ok(Emit { name: JOB, body: Bytes::from(body) })
    }

    /// As part of a transaction in `sql`.
    pub async fn enqueue(&self, cx: &Cx, tx: &mut Tx) -> Result<()> {
        let body = serde_json::to_vec(self).map_err(|e| Error::bug("write a job", e))?;
        insert(cx, tx, JOB, &body).await
    }
}

async fn insert(cx: &Cx, tx: &mut Tx, name: &'static str, body: &[u8]) -> Result<()> {
    let text = String::from_utf8_lossy(body).into_owned();
    tx.exec("insert into outbox (name, body, created_at) values ($1, $2, $3)", args![name, text, cx.now()]).await?;
    Ok(())
}
