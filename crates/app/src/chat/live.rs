//! Chat as devices hear it: what an event of the log tells one of them, what a device has got on its open stream, and
//! what is told without being kept.

use super::{
    messages, receipts, render,
    state::{Seated, total},
    view,
};
use crate::{app::App, realtime};
use base::{
    Cx, Error, Kind, Result,
    error::Chain,
    id::{ConversationId, MemberId},
};
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::{collections::HashMap, sync::Arc, time::Duration};
use tokio::sync::Notify;

/// Marks of what was pushed are gathered for this long, so that a burst is one commit.
const GATHER: Duration = Duration::from_millis(50);
/// Marks stored at once: few, so that no message has to wait behind a heap of them.
const AT_ONCE: usize = 8;
/// Typing stops by itself.
const TYPING: Duration = Duration::from_secs(5);

/// A message that counts as delivered once its frame is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt {
    conversation: ConversationId,
    seq: u64,
}

/// What follows from an event: the conversation as it has become, and the total of what is unread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Follow {
    /// Another event of the same conversation comes behind it.
    Nothing,
    /// What this event has changed.
    Changed,
    /// All of it, for a device that missed several.
    All,
}

/// One thing to tell a device.
pub struct Telling {
    pub kind: &'static str,
    /// JSON.
    pub data: Bytes,
    pub receipt: Option<Receipt>,
}

/// What devices have got since the last look.
#[derive(Default)]
pub(super) struct Pushed {
    marks: Mutex<HashMap<(MemberId, ConversationId), u64>>,
    bell: Notify,
}

/// Who is typing where; a number tells a start from a later one.
pub(super) type Typing = Mutex<HashMap<(ConversationId, MemberId), u64>>;

const CREATED: &str = "message.created";
const UPDATED: &str = "message.updated";
const DELETED: &str = "message.deleted";
const CONVERSATION: &str = "conversation.updated";
const TOTAL: &str = "unread.total";

/// Whether an event is more than its stored data, and so [`tell`] is to be asked.
pub fn tells(kind: &str) -> bool {
    [CREATED, UPDATED, DELETED, CONVERSATION].contains(&kind)
}

#[derive(Deserialize)]
struct About {
    conversation_id: ConversationId,
    #[serde(default)]
    seq: u64,
}

fn json(value: &impl Serialize) -> Result<Bytes> {
    Ok(Bytes::from(serde_json::to_vec(value).map_err(|e| Error::bug("write an event", e))?))
}

/// What an event tells a member now: itself, then what follows. Nothing, when it is no longer the member's to know;
/// none, when it cannot be read.
pub async fn tell(
    app: &App,
    member: MemberId,
    kind: &str,
    data: &RawValue,
    follow: Follow,
) -> Result<Option<Vec<Telling>>> {
    let Ok(about) = serde_json::from_str::<About>(data.get()) else { return Ok(None) };
    let cx = Cx::new(&app.world);
    let us = match Seated::load(app, member, about.conversation_id).await {
        Ok(us) => us,
        Err(error) if error.kind() == Kind::NotFound => return Ok(Some(Vec::new())),
        Err(error) => return Err(error),
    };
    let telling = |kind, data| Telling { kind, data, receipt: None };
    let mut out = Vec::with_capacity(3);
    match kind {
        CREATED | UPDATED => {
            let Some(item) = messages::at(app, &us, about.seq).await? else { return Ok(Some(out)) };
            let mut body = Vec::with_capacity(item.body.len() + 128);
            render::write(app, &cx, &us, &item, &mut body).await?;
            let theirs = super::model::sender_of(item.number) != us.seat;
            let receipt =
                (theirs && kind == CREATED).then_some(Receipt { conversation: about.conversation_id, seq: about.seq });
            let kind = if kind == CREATED { CREATED } else { UPDATED };
            out.push(Telling { kind, data: Bytes::from(body), receipt });
        }
        DELETED => out.push(telling(DELETED, Bytes::copy_from_slice(data.get().as_bytes()))),
        _ => {}
    }
    if follow == Follow::Nothing {
        return Ok(Some(out));
    }
    out.push(telling(CONVERSATION, json(&view::of(app, &cx, &us).await?)?));
    // One's own message changes nothing of what is unread.
    if follow == Follow::All || kind != CREATED || out[0].receipt.is_some() {
        out.push(telling(TOTAL, json(&serde_json::json!({ "total": total(app, member).await? }))?));
    }
    Ok(Some(out))
}

/// A device has got these on its open stream.
pub fn delivered_live(app: &App, member: MemberId, receipts: &[Receipt]) {
    if receipts.is_empty() {
        return;
    }
    let mut marks = app.chat.pushed.marks.lock();
    for receipt in receipts {
        let mark = marks.entry((member, receipt.conversation)).or_default();
        *mark = (*mark).max(receipt.seq);
    }
    drop(marks);
    app.chat.pushed.bell.notify_one();
}

/// Stores what devices have got; how many marks there were.
pub async fn store_delivered(app: &App) -> usize {
    let marks = std::mem::take(&mut *app.chat.pushed.marks.lock());
    let store = |((member, conversation), seq)| async move {
        let cx = Cx::new(&app.world);
        if let Err(error) = receipts::delivered(app, &cx, member, conversation, seq).await {
            // The device has it all the same; its next receipt covers this one.
            tracing::warn!(error = %Chain(&error), "a delivery was not recorded");
        }
    };
    let count = marks.len();
    stream::iter(marks).map(store).buffer_unordered(AT_ONCE).for_each(|()| std::future::ready(())).await;
    count
}

/// Runs until the soft stop.
pub async fn run(app: Arc<App>) {
    while !app.tasks.is_stopping() {
        tokio::select! {
            () = app.chat.pushed.bell.notified() => tokio::time::sleep(GATHER).await,
            () = app.tasks.stopping() => {}
        }
        store_delivered(&app).await;
    }
}

/// Tells the other participant that the member types, or has stopped; kept nowhere.
pub async fn typing(
    app: &Arc<App>,
    cx: &Cx,
    member: MemberId,
    conversation: ConversationId,
    typing: bool,
) -> Result<()> {
    let us = Seated::load(app, member, conversation).await?;
    if us.me().blocks || us.them().blocks {
        return Ok(());
    }
    let place = (conversation, member);
    if !typing {
        app.chat.typing.lock().remove(&place);
        return say(app, cx, &us, false).await;
    }
    let nth = {
        let mut all = app.chat.typing.lock();
        let nth = all.entry(place).or_default();
        *nth += 1;
        *nth
    };
    let (later, them) = (app.clone(), us.clone());
    app.tasks.spawn("typing", async move {
        tokio::select! {
            () = tokio::time::sleep(TYPING) => {}
            () = later.tasks.stopping() => return,
        }
        if !ended(&later, place, nth) {
            return;
        }
        if let Err(error) = say(&later, &Cx::new(&later.world), &them, false).await {
            tracing::debug!(error = %Chain(&error), "nobody heard that typing stopped");
        }
    });
    say(app, cx, &us, true).await
}

/// Ends what began as the `nth`, unless it was renewed or has ended meanwhile.
fn ended(app: &App, place: (ConversationId, MemberId), nth: u64) -> bool {
    let mut all = app.chat.typing.lock();
    let ours = all.get(&place) == Some(&nth);
    if ours {
        all.remove(&place);
    }
    ours
}

async fn say(app: &App, cx: &Cx, us: &Seated, typing: bool) -> Result<()> {
    let data = serde_json::json!({ "conversation_id": us.state.id, "member_id": us.my_id(), "typing": typing });
    realtime::whisper(app, us.their_id(), "typing", cx.now(), &data).await
}
