//! Pinned messages: for both, by either, for a time or until unpinned.

use super::{
    evidence,
    messages::{self, Found, find, replace},
    model::{Pinned, Stored},
    post::Ids,
    render::{self, Message},
    state::{ATTEMPTS, Seated, busy},
};
use crate::{app::App, identity::Caller, tables::PINS, work::outbox::Event};
use base::{
    Cx, Error, Result, Time,
    id::{ConversationId, MemberId, MessageId},
    time::HOUR,
};
use bytes::Bytes;
use ports::items::{Commit, Outcome, Query, When, Write};
use serde::{Deserialize, Deserializer, Serialize};
use std::borrow::Cow;
use utoipa::ToSchema;

/// A week, and thirty days.
const USUAL: i64 = 7 * 24;
const LONGEST: i64 = 30 * 24;

#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(example = json!({ "hours": 168 }))]
pub struct PinMessage {
    /// The app offers 24, 168 and 720; 168 when nothing is said. Null or 0: until it is unpinned.
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 720)]
    pub hours: Lasting,
}

/// How long a pin is to last.
#[derive(Debug, Clone, Copy, Default)]
pub enum Lasting {
    /// Nothing was said.
    #[default]
    Usual,
    Forever,
    Hours(i64),
}

impl<'de> Deserialize<'de> for Lasting {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Hours(#[serde(deserialize_with = "crate::check::whole")] u64);
        Ok(match Option::<Hours>::deserialize(input)? {
            None | Some(Hours(0)) => Self::Forever,
            Some(Hours(hours)) => Self::Hours(i64::try_from(hours).unwrap_or(i64::MAX)),
        })
    }
}

/// A pinned message of a conversation.
#[derive(Debug, Serialize, ToSchema)]
pub struct Pin {
    pub message: Message,
    pub pinned_by: MemberId,
    pub pinned_at: Time,
    /// Null: until it is unpinned.
    pub expires_at: Option<Time>,
}

/// The pins of a conversation.
#[derive(Debug, Serialize, ToSchema)]
pub struct PinList {
    /// The newest pin first.
    pub data: Vec<Pin>,
    pub next_cursor: Option<String>,
}

impl PinMessage {
    fn until(&self, now: Time) -> Result<Option<Time>> {
        match self.hours {
            Lasting::Usual => Ok(Some(now.plus(USUAL * HOUR))),
            Lasting::Forever => Ok(None),
            Lasting::Hours(hours) if hours <= LONGEST => Ok(Some(now.plus(hours * HOUR))),
            Lasting::Hours(_) => Err(Error::field("/hours", "out_of_range", "A pin lasts up to 720 hours.")),
        }
    }
}

fn told(cx: &Cx, us: &Seated, stored: &Stored, pin: Option<Pinned>) -> Result<ports::items::Emit> {
    let ids = Ids::of(stored);
    let data = serde_json::json!({
        "conversation_id": ids.conversation_id, "message_id": ids.message_id, "seq": ids.seq, "pinned": pin.is_some(),
        "pinned_by": pin.map(|pin| pin.by), "expires_at": pin.and_then(|pin| pin.until), "member_id": us.my_id(),
    });
    let kind = Cow::Borrowed("pin.changed");
    Event::new(None, vec![(us.their_id(), kind.clone()), (us.my_id(), kind)], data).emit(cx)
}

/// Pins a message; again refreshes the expiry.
pub(super) async fn pin(app: &App, cx: &Cx, caller: &Caller, id: MessageId, asked: &PinMessage) -> Result<Bytes> {
    let until = asked.until(cx.now())?;
    set(app, cx, caller, id, Some(Pinned { by: caller.member, at: cx.now(), until })).await
}

pub(super) async fn unpin(app: &App, cx: &Cx, caller: &Caller, id: MessageId) -> Result<Bytes> {
    set(app, cx, caller, id, None).await
}

async fn set(app: &App, cx: &Cx, caller: &Caller, id: MessageId, pin: Option<Pinned>) -> Result<Bytes> {
    for _ in 0..ATTEMPTS {
        let found = find(app, caller.member, id).await?;
        let Found { us, item, mut stored } = if pin.is_some() { found.standing()? } else { found };
        if stored.more.pinned.filter(|pin| pin.holds(cx.now())) == pin {
            return render::one(app, cx, &us, &stored).await;
        }
        if pin.is_some() {
            evidence::may_write(app, cx, &us).await?;
        }
        stored.more.pinned = pin;
        let key = PINS.key(us.tag().bytes(), stored.seq.to_be_bytes());
        let entry = match pin {
            None => Write::Delete { key, when: When::Always },
            Some(Pinned { until, .. }) => {
                Write::Put { key, number: 0, body: Bytes::new(), expires_at: until, when: When::Always }
            }
        };
        let commit = Commit {
            writes: vec![replace(&item, &stored)?, entry],
            outbox: vec![told(cx, &us, &stored, pin)?],
            token: None,
        };
        if let Outcome::Applied { .. } = app.ports.items.commit(commit).await? {
            app.bells.relay.notify_one();
            return render::one(app, cx, &us, &stored).await;
        }
    }
    Err(busy())
}

pub(super) async fn list(app: &App, cx: &Cx, caller: &Caller, conversation: ConversationId) -> Result<PinList> {
    let us = Seated::load(app, caller.member, conversation).await?;
    let (mut pins, mut next) = (Vec::new(), None);
    loop {
        let query = Query::partition(PINS, us.tag().bytes()).after(next);
        let found = app.ports.items.query(query).await?;
        for entry in &found.items {
            let Some(item) = messages::at(app, &us, messages::seq_of(entry)).await? else { continue };
            let stored = Stored::read(&item)?;
            let Some(pin) = stored.more.pinned.filter(|pin| pin.holds(cx.now())) else { continue };
            let message = render::view(app, cx, &us, &stored).await?;
            pins.push(Pin { message, pinned_by: pin.by, pinned_at: pin.at, expires_at: pin.until });
        }
        next = found.next;
        if next.is_none() {
            break;
        }
    }
    pins.sort_by_key(|pin| std::cmp::Reverse((pin.pinned_at, pin.message.seq)));
    Ok(PinList { data: pins, next_cursor: None })
}
