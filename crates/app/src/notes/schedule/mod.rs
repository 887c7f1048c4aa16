//! Scheduling: a note for 09:00 in Lisbon. The timer, the note and its place in the owner's list change in one
//! commit; what the timer does is one commit too, so it has one effect however many workers try.
//!
//! A note that could not be sent when it was due is `sending` and tried again after 1, 5 and 30 minutes, then
//! `failed`. One whose couple has ended is `paused`: it never reaches a former or a later partner by itself.
//!
//! A text message or a mail is `sending` until a gateway has it: its timer leaves the note and a job in one commit,
//! and the job, with the same repeats, writes the outcome. A share for WhatsApp is handed to its author and so `sent`.

mod change;
mod create;
mod due;
mod outcome;
mod pause;
mod store;

pub(super) use change::{ChangeScheduled, cancel, change, retry};
pub(super) use create::{NewScheduled, create};
pub use due::{REPEATS, due, not_sent};
pub(super) use outcome::{delivered, put_off};
pub use pause::pause_for_ended;
pub(super) use store::{Scheduled, own};

use super::{
    channel::{Address, Channel},
    model::{check_sms, sms_text},
    outside::home,
};
use crate::{app::App, check::Checks, identity::Caller, tables::SCHEDULED_BY, work::outbox::Event};
use base::{
    Cx, Error, Lang, Result, Time,
    id::ScheduledId,
    page::{self, Page},
    time::MINUTE,
    zone::{self, Zone},
};
use ports::items::{Emit, Part, Query};
use serde::Deserialize;
use store::{State, list_partition};
use utoipa::IntoParams;

/// Whom it goes to, by one of the methods that can be scheduled.
fn check_method(checks: &mut Checks, channel: &str, recipient: Option<&str>) -> Option<Address> {
    if Channel::parse(channel).is_some_and(|channel| !channel.is_method()) {
        checks.refuse("/channel", "unknown_value", "This channel cannot be scheduled.");
        return None;
    }
    Address::check(checks, channel, recipient)
}

/// What goes out as a text message must fit into one.
fn check_text(
    checks: &mut Checks,
    app: &App,
    sender: &str,
    to: Option<&Address>,
    title: Option<&str>,
    content: &str,
    language: Lang,
) {
    if to.is_some_and(|to| to.channel == Channel::Sms) && checks.is_clean() {
        check_sms(checks, &sms_text(sender, title, content, language, &home(app)));
    }
}

/// The instant of a wall clock, with what it must satisfy: today or later there, a minute to a year ahead.
fn due_at(checks: &mut Checks, cx: &Cx, date: &str, time: &str, zone: &Zone) -> Time {
    let (day, clock) = (zone::date(date), zone::time(time));
    if day.is_none() {
        checks.refuse("/date", "invalid_date", "This is not a date such as 2026-11-22.");
    }
    if clock.is_none() {
        checks.refuse("/time", "invalid_time", "This is not a time such as 09:00.");
    }
    let (Some(day), Some(clock)) = (day, clock) else { return cx.now() };
    let Some(due) = zone.instant(day, clock) else {
        checks.refuse("/date", "invalid_date", "This date cannot be reached.");
        return cx.now();
    };
    if zone.today(cx.now()).is_some_and(|today| day < today) {
        checks.refuse("/date", "in_past", "This day has passed.");
    } else if due < cx.now().plus(MINUTE) {
        checks.refuse("/time", "too_soon", "This must be at least a minute ahead.");
    } else if in_a_year(cx, zone).is_none_or(|latest| due > latest) {
        checks.refuse("/date", "too_far", "This must be within a year.");
    }
    due
}

/// The same wall clock a calendar year from now.
fn in_a_year(cx: &Cx, zone: &Zone) -> Option<Time> {
    let then = zone.wall(cx.now())?.checked_add(jiff::Span::new().years(1)).ok()?;
    zone.instant(then.date(), then.time())
}

fn too_many_open(max: i64, used: i64) -> Error {
    Error::limit_reached(max, used, None, None).reason("too_many_open")
}

/// The author's devices hear what became of it.
fn told(cx: &Cx, scheduled: &Scheduled, kind: &'static str) -> Result<Emit> {
    let data = serde_json::json!({
        "scheduled_note_id": scheduled.id, "status": scheduled.status, "due_at": scheduled.due_at,
        "reason": scheduled.failure_reason,
    });
    Event::to_one(scheduled.sender_id, kind, data).emit(cx)
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListScheduled {
    /// `scheduled` (default), `sending`, `sent`, `failed`, `cancelled` or `paused`.
    pub status: Option<String>,
    pub limit: Option<u32>,
    pub cursor: Option<String>,
}

/// One state of the caller's scheduled notes, the earliest first.
pub(super) async fn list(app: &App, caller: &Caller, asked: &ListScheduled) -> Result<Page<Scheduled>> {
    let mut checks = Checks::default();
    let status = checks.one_of("/query/status", asked.status.as_deref(), State::NAMES);
    checks.done()?;
    let state = status.as_deref().and_then(State::parse).unwrap_or(State::Scheduled);
    let limit = page::limit(asked.limit)?;
    let scope = format!("scheduled {} {state:?}", caller.member);
    let after = match &asked.cursor {
        None => None,
        Some(cursor) => Some(Part::from_vec(app.cursors.open(&scope, cursor)?)),
    };
    let query = Query::partition(SCHEDULED_BY, list_partition(caller.member, state)).limit(limit).after(after);
    let found = app.ports.items.query(query).await?;
    let mut data = Vec::with_capacity(found.items.len());
    for place in &found.items {
        let Some(id) = place.key.sk.get(8..).and_then(ScheduledId::from_slice) else { continue };
        let Some(item) = app.ports.items.get(&store::key(caller.member, id)).await? else { continue };
        let scheduled = Scheduled::read(&item)?;
        // It may have moved on between the two reads.
        if scheduled.status == state {
            data.push(scheduled);
        }
    }
    Ok(Page { data, next_cursor: found.next.map(|position| app.cursors.seal(&scope, &position)) })
}
