//! The job that hands a note to the telephone or mail gateway, and writes down what became of it.
//!
//! The gateway gets the same idempotency key however often the job runs, so a repeat after a lost answer, a crash or a
//! failed commit sends nothing twice and learns what the first one did. A note that the gateway has taken is
//! `delivered`: nobody tells us more of the world outside. One that it refuses, or that does not get through in all
//! repeats, has `failed`, and its sender gets the allowance back.

use super::{
    allowance,
    boxes::{self, Side, replace},
    channel::Channel,
    model::{self, Note, Status},
    outside::{self, home},
    schedule,
    stats::{self, Count},
};
use crate::{
    app::App,
    cards,
    mailing::{self, Letter},
    work::{jobs, outbox::Event},
};
use base::{
    Cx, Error, Result, Time,
    id::{MemberId, NoteId, ScheduledId},
};
use ports::{
    Fault, PortResult,
    items::{Commit, Item, Outcome},
    mail, sms,
};
use serde::{Deserialize, Serialize};

/// A note to deliver. Stored with its job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    pub member: MemberId,
    pub note: NoteId,
    /// What it was scheduled as.
    pub scheduled: Option<ScheduledId>,
}

impl Delivery {
    /// The name of this send at the gateway. A scheduled note keeps its own when its author tries it again: should an
    /// earlier attempt have got through without our knowing, the gateway knows it.
    fn key(&self) -> String {
        self.scheduled.map_or_else(|| self.note.to_string(), |id| id.to_string())
    }
}

/// What a gateway said.
enum Said {
    /// With its name for the message.
    Taken(String),
    /// For good, and why.
    Never(&'static str),
}

/// The note, while it is still to be delivered.
async fn waiting(app: &App, of: &Delivery) -> Result<Option<(Item, Note)>> {
    let Some(item) = boxes::get(app, of.member, Side::Outside, of.note).await? else { return Ok(None) };
    let note = boxes::read(&item)?;
    Ok((note.status == Status::Sent).then_some((item, note)))
}

/// Delivers it unless that is done.
pub async fn deliver(app: &App, cx: &Cx, of: &Delivery) -> Result<()> {
    let Some((_, note)) = waiting(app, of).await? else { return Ok(()) };
    match hand_over(app, cx, of, &note).await? {
        Said::Taken(provider_id) => {
            end(app, cx, of, |note| {
                note.status = Status::Delivered;
                note.delivered_at = Some(cx.now());
                note.provider_message_id = Some(provider_id.clone());
            })
            .await
        }
        Said::Never(reason) => fail(app, cx, of, reason).await,
    }
}

/// No further attempt will be made.
pub async fn given_up(app: &App, cx: &Cx, of: &Delivery, error: &Error) -> Result<()> {
    fail(app, cx, of, error.code()).await
}

/// This attempt failed; the next is at `until`.
pub async fn put_off(app: &App, cx: &Cx, of: &Delivery, until: Time) -> Result<()> {
    schedule::put_off(app, cx, of, until).await
}

async fn hand_over(app: &App, cx: &Cx, of: &Delivery, note: &Note) -> Result<Said> {
    let sender = cards::load(app, cx, of.member).await?.name;
    let to = note.recipient.as_deref().unwrap_or_default();
    let (title, content) = (note.title.as_deref(), &*note.content);
    match note.channel {
        Channel::Sms => {
            let text = model::sms_text(&sender, title, content, note.language, &home(app));
            let mut meta = serde_json::Map::new();
            meta.insert("note_id".to_owned(), note.id.to_string().into());
            meta.insert("language".to_owned(), note.language.code().into());
            meta.insert("segments".to_owned(), mailing::segments(&text).into());
            let message = sms::Message { id: cx.id(), to: to.to_owned(), text, idempotency_key: of.key(), meta };
            said(app.ports.sms.send(&message, cx.now()).await, |sent| match sent {
                sms::Sent::Accepted { provider_id } => Said::Taken(provider_id),
                sms::Sent::OptedOut => Said::Never("opted_out"),
            })
        }
        Channel::Email => {
            let letter = Letter::LoveNote { sender: &sender, title, content, join_link: &home(app) };
            let mut message = jobs::message(app, cx, to, note.language, &letter, &of.key());
            message.meta.insert("note_id".to_owned(), note.id.to_string().into());
            said(app.ports.mail.send(&message, cx.now()).await, |sent| match sent {
                mail::Sent::Accepted { provider_id } => Said::Taken(provider_id),
                mail::Sent::Suppressed => Said::Never("suppressed"),
            })
        }
        channel => Err(outside::astray(channel)),
    }
}

/// A gateway that understood and says no will say so again; whatever else is wrong may pass.
fn said<T>(answer: PortResult<T>, read: impl FnOnce(T) -> Said) -> Result<Said> {
    match answer {
        Ok(sent) => Ok(read(sent)),
        Err(error) if error.fault == Fault::Refused => {
            tracing::warn!(error = %error, "a gateway refuses a note");
            Ok(Said::Never("refused"))
        }
        Err(error) => Err(error.into()),
    }
}

async fn fail(app: &App, cx: &Cx, of: &Delivery, reason: &str) -> Result<()> {
    end(app, cx, of, |note| {
        note.status = Status::Failed;
        note.failure_reason = Some(reason.to_owned());
    })
    .await
}

/// Writes down the end of a delivery: the note, what it was scheduled as, statistics, the allowance of a failed one
/// and the events, in one commit.
async fn end(app: &App, cx: &Cx, of: &Delivery, become_: impl Fn(&mut Note)) -> Result<()> {
    for _ in 0..8 {
        let Some((item, mut note)) = waiting(app, of).await? else { return Ok(()) };
        become_(&mut note);
        note.updated_at = cx.now();
        let mut writes = vec![replace(&item, &note.json()?)];
        let mut outbox = Vec::new();
        let due_at = schedule::delivered(app, cx, of, &note, &mut writes).await?;
        let mut data = serde_json::json!({ "note_id": note.id, "channel": note.channel, "status": note.status });
        if let Some(due_at) = due_at {
            data["scheduled_note_id"] = serde_json::json!(of.scheduled);
            data["due_at"] = serde_json::json!(due_at);
        }
        let applied = if note.status == Status::Failed {
            writes.push(stats::one_more(of.member, Count::Failed(note.channel)));
            data["reason"] = serde_json::json!(note.failure_reason);
            outbox.push(Event::to_one(of.member, "note.failed", data).emit(cx)?);
            allowance::taken(app, &note).give_back(app, &writes, &outbox).await?
        } else {
            writes.push(stats::one_more(of.member, Count::Delivered(note.channel)));
            data["delivered_at"] = serde_json::json!(note.delivered_at);
            outbox.push(outside::gone(&note, of.scheduled).emit(cx)?);
            outbox.push(Event::to_one(of.member, "note.delivered", data).emit(cx)?);
            let outcome = app.ports.items.commit(Commit { writes, outbox, token: None }).await?;
            matches!(outcome, Outcome::Applied { .. })
        };
        if applied {
            app.bells.relay.notify_one();
            return Ok(());
        }
        // The same job ran elsewhere: look again.
    }
    Err(Error::unavailable("This note is being changed elsewhere."))
}
