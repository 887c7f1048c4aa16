//! Scheduling: a note for 09:00 in Lisbon. The timer, the note and its place in the owner's list change in one
//! commit; what the timer does is one commit too, so it has one effect however many workers try.

use super::{
    allowance,
    model::{Words, check_channel, check_words},
    schedule_store::{self as store, Scheduled, State, list_partition},
    send::{self, EPOCH, METER, no_partner},
};
use crate::{
    app::App,
    cards,
    check::Checks,
    couples::Membership,
    edge::{etag, once::Once},
    identity::Caller,
    tables::SCHEDULED_BY,
    work::{
        outbox::Event,
        timers::{self, Lease},
    },
};
use axum::http::StatusCode;
use base::{
    Cx, Error, Result, Time,
    id::{CoupleId, MemberId, ScheduledId},
    page::{self, Page},
    time::{DAY, MINUTE},
    zone::{self, Zone},
};
use bytes::Bytes;
use ports::items::{Commit, Outcome, Part, Query, Refusal};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

#[derive(Debug, Deserialize, ToSchema)]
pub struct NewScheduled {
    /// `partner`
    pub channel: String,
    #[schema(max_length = 10_000)]
    pub title: Option<String>,
    #[schema(min_length = 1, max_length = 10_000)]
    pub content: String,
    pub language: Option<String>,
    /// `YYYY-MM-DD`
    pub date: String,
    /// `HH:MM` or `HH:MM:SS`
    pub time: String,
    /// IANA name; the account's zone unless said.
    pub timezone: Option<String>,
}

#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct ChangeScheduled {
    pub channel: Option<String>,
    pub title: Option<String>,
    pub content: Option<String>,
    pub date: Option<String>,
    pub time: Option<String>,
    pub timezone: Option<String>,
}

/// Furthest ahead: a year, counted generously.
const FURTHEST: i64 = 366 * DAY;

/// The instant of a wall clock, with what it must satisfy.
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
    } else if due > cx.now().plus(FURTHEST) {
        checks.refuse("/date", "too_far", "This must be within a year.");
    }
    due
}

pub(super) async fn create(
    app: &App,
    cx: &Cx,
    caller: &Caller,
    input: &NewScheduled,
    once: &Once,
) -> Result<(StatusCode, Bytes)> {
    let mut card = cards::load(app, cx, caller.member).await?;
    if !card.plan(cx.now()).may_schedule() {
        card = cards::fresh(app, cx, caller.member).await?;
    }
    let plan = card.plan(cx.now());
    if !plan.may_schedule() {
        return Err(Error::plan_required("surprise_messages", "premiere", plan.key()));
    }
    let mut checks = Checks::default();
    check_channel(&mut checks, &input.channel);
    let title = check_words(&mut checks, input.title.as_deref(), &input.content);
    let language = checks.lang("/language", input.language.as_deref()).unwrap_or(card.lang);
    let home = || card.timezone.parse().unwrap_or_else(|_| Zone::utc());
    let zone = checks.zone("/timezone", input.timezone.as_deref()).unwrap_or_else(home);
    let due_at = due_at(&mut checks, cx, &input.date, &input.time, &zone);
    checks.done()?;
    let us = Membership::of(&card, caller.member).ok_or_else(no_partner)?;
    let scheduled = Scheduled {
        id: cx.id(),
        sender_id: caller.member,
        recipient_type: "partner".to_owned(),
        recipient: Some(us.partner().to_string()),
        couple_id: Some(us.couple()),
        channel: input.channel.clone(),
        title,
        content: input.content.clone(),
        language,
        scheduled_date: input.date.clone(),
        scheduled_time: input.time.clone(),
        timezone: zone.name().to_owned(),
        due_at,
        status: State::Scheduled,
        attempts: 0,
        failure_reason: None,
        note_id: None,
        sent_at: None,
        next_attempt_at: due_at,
        created_at: cx.now(),
        updated_at: cx.now(),
    };
    let max_open = app.settings.notes.max_open_scheduled;
    let mut writes = scheduled.create(max_open)?;
    writes.push(us.still());
    let json = scheduled.json()?;
    writes.extend(once.write(cx, StatusCode::CREATED, &json)?);
    let outbox = vec![told(cx, &scheduled, "note.scheduled")?];
    match app.ports.items.commit(Commit { writes, outbox, token: None }).await? {
        Outcome::Applied { .. } => {
            app.bells.relay.notify_one();
            app.bells.timers.notify_one();
            Ok((StatusCode::CREATED, json))
        }
        Outcome::Refused(refusals) => Err(refused(&refusals, max_open, once)),
    }
}

/// Why a new one was refused: its first write is the count of open ones, its fifth the couple's epoch.
fn refused(refusals: &[Option<Refusal>], max_open: i64, once: &Once) -> Error {
    if let Some(error) = once.overtaken(refusals) {
        return error;
    }
    match &refusals[0] {
        Some(full) => {
            let used = full.current.as_ref().map_or(max_open, |item| item.number);
            Error::limit_reached(max_open, used, None, None).reason("too_many_open")
        }
        None => no_partner(),
    }
}

fn told(cx: &Cx, scheduled: &Scheduled, kind: &'static str) -> Result<ports::items::Emit> {
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
        if let Some(item) = app.ports.items.get(&store::key(caller.member, id)).await? {
            data.push(Scheduled::read(&item)?);
        }
    }
    Ok(Page { data, next_cursor: found.next.map(|position| app.cursors.seal(&scope, &position)) })
}

fn not_editable() -> Error {
    Error::conflict("not_editable", "This scheduled note can no longer be changed.")
}

/// Changes one that waits. A paused one may be addressed anew: it then goes to the partner of now.
pub(super) async fn change(
    app: &App,
    cx: &Cx,
    caller: &Caller,
    id: ScheduledId,
    change: &ChangeScheduled,
    if_match: Option<&str>,
) -> Result<Scheduled> {
    let (item, before) = store::own(app, caller, id).await?;
    etag::check(if_match, &etag::of(&before)?)?;
    if !matches!(before.status, State::Scheduled | State::Paused) {
        return Err(not_editable());
    }
    let mut after = before.clone();
    let mut checks = Checks::default();
    if let Some(channel) = &change.channel {
        check_channel(&mut checks, channel);
    }
    let content = change.content.as_deref().unwrap_or(&before.content);
    let title = change.title.as_deref().or(before.title.as_deref());
    after.title = check_words(&mut checks, title, content);
    content.clone_into(&mut after.content);
    let zone = checks.zone("/timezone", change.timezone.as_deref());
    let zone = zone.unwrap_or_else(|| before.timezone.parse().unwrap_or_else(|_| Zone::utc()));
    zone.name().clone_into(&mut after.timezone);
    for (new, to) in [(&change.date, &mut after.scheduled_date), (&change.time, &mut after.scheduled_time)] {
        if let Some(new) = new {
            new.clone_into(to);
        }
    }
    let moved = change.date.is_some() || change.time.is_some() || change.timezone.is_some();
    if moved || before.status == State::Paused {
        after.due_at = due_at(&mut checks, cx, &after.scheduled_date, &after.scheduled_time, &zone);
    }
    checks.done()?;
    let us = Membership::load(app, cx, caller.member).await.map_err(|_| no_partner())?;
    after.couple_id = Some(us.couple());
    after.recipient = Some(us.partner().to_string());
    after.status = State::Scheduled;
    after.failure_reason = None;
    after.next_attempt_at = after.due_at;
    after.updated_at = cx.now();
    let mut writes = after.replace(&item, &before)?;
    writes.push(us.still());
    if after.next_attempt_at != before.next_attempt_at {
        writes.push(timers::cancel(id, before.next_attempt_at));
    }
    writes.push(timers::set(&after.timer(), after.next_attempt_at)?);
    let outbox = vec![told(cx, &after, "note.scheduled")?];
    store_change(app, Commit { writes, outbox, token: None }).await?;
    Ok(after)
}

async fn store_change(app: &App, commit: Commit) -> Result<()> {
    match app.ports.items.commit(commit).await? {
        Outcome::Applied { .. } => {
            app.bells.relay.notify_one();
            app.bells.timers.notify_one();
            Ok(())
        }
        // Sent, cancelled or changed a moment ago.
        Outcome::Refused(_) => Err(not_editable()),
    }
}

pub(super) async fn cancel(app: &App, cx: &Cx, caller: &Caller, id: ScheduledId) -> Result<()> {
    let (item, before) = store::own(app, caller, id).await?;
    if !matches!(before.status, State::Scheduled | State::Paused) {
        return Err(not_editable());
    }
    let after = Scheduled { status: State::Cancelled, updated_at: cx.now(), ..before.clone() };
    let mut writes = after.replace(&item, &before)?;
    writes.push(timers::cancel(id, before.next_attempt_at));
    let outbox = vec![told(cx, &after, "note.cancelled")?];
    store_change(app, Commit { writes, outbox, token: None }).await
}

/// Tries a failed one again, now.
pub(super) async fn retry(app: &App, cx: &Cx, caller: &Caller, id: ScheduledId) -> Result<Scheduled> {
    let (item, before) = store::own(app, caller, id).await?;
    if before.status != State::Failed {
        return Err(Error::conflict("not_editable", "Only a failed note can be tried again."));
    }
    let after = Scheduled {
        status: State::Scheduled,
        attempts: 0,
        failure_reason: None,
        next_attempt_at: cx.now(),
        updated_at: cx.now(),
        ..before.clone()
    };
    let mut writes = after.replace(&item, &before)?;
    writes.push(timers::set(&after.timer(), after.next_attempt_at)?);
    let outbox = vec![told(cx, &after, "note.scheduled")?];
    store_change(app, Commit { writes, outbox, token: None }).await?;
    Ok(after)
}

/// The timer of a scheduled note fired: sends it, or says why not. One commit with the end of the lease.
pub async fn due(app: &App, cx: &Cx, lease: &Lease, owner: MemberId, id: ScheduledId) -> Result<()> {
    let Some(item) = app.ports.items.get(&store::key(owner, id)).await? else { return finished(app, lease).await };
    let before = Scheduled::read(&item)?;
    // Cancelled, paused or moved since this timer was set: another timer, or none, stands for it now.
    if !matches!(before.status, State::Scheduled | State::Sending) || before.next_attempt_at > cx.now() {
        return finished(app, lease).await;
    }
    let card = cards::load(app, cx, owner).await?;
    let us = Membership::of(&card, owner).filter(|us| Some(us.couple()) == before.couple_id);
    let Some(us) = us else { return stop(app, cx, lease, &item, &before, State::Paused, "partner_gone").await };
    let plan = card.plan(cx.now());
    let words = Words {
        title: before.title.clone(),
        content: before.content.clone(),
        language: before.language,
        template_id: None,
        reply_to: None,
    };
    let draft = send::draft(app, cx, &us, plan, words)?;
    let after = Scheduled {
        status: State::Sent,
        attempts: before.attempts + 1,
        note_id: Some(draft.note.id),
        sent_at: Some(cx.now()),
        updated_at: cx.now(),
        ..before.clone()
    };
    let mut writes = draft.writes;
    let end = writes.len();
    writes.push(lease.done());
    writes.extend(after.replace(&item, &before)?);
    match app.ports.items.commit(Commit { writes, outbox: vec![draft.event], token: None }).await? {
        Outcome::Applied { .. } => {
            app.bells.relay.notify_one();
            Ok(())
        }
        // Another worker holds it: its effect is the one.
        Outcome::Refused(refusals) if refusals[end].is_some() => Ok(()),
        Outcome::Refused(refusals) if refusals[EPOCH].is_some() => {
            stop(app, cx, lease, &item, &before, State::Paused, "partner_gone").await
        }
        Outcome::Refused(refusals) => match &refusals[METER] {
            Some(full) => {
                let why = allowance::reached(app, cx, plan, "partner", full);
                stop(app, cx, lease, &item, &before, State::Failed, why.code()).await
            }
            None => Err(Error::unavailable("The note is being changed at this moment.")),
        },
    }
}

async fn finished(app: &App, lease: &Lease) -> Result<()> {
    app.ports.items.try_commit(vec![lease.done()]).await?;
    Ok(())
}

/// Ends the lease without a send; the owner is told.
async fn stop(
    app: &App,
    cx: &Cx,
    lease: &Lease,
    item: &ports::items::Item,
    before: &Scheduled,
    status: State,
    reason: &str,
) -> Result<()> {
    let after = Scheduled { status, failure_reason: Some(reason.to_owned()), updated_at: cx.now(), ..before.clone() };
    let mut writes = vec![lease.done()];
    writes.extend(after.replace(item, before)?);
    let outbox = vec![told(cx, &after, "note.failed")?];
    if let Outcome::Applied { .. } = app.ports.items.commit(Commit { writes, outbox, token: None }).await? {
        app.bells.relay.notify_one();
    }
    Ok(())
}

/// The couple has ended: what either had scheduled for the other is paused, and its author told.
pub async fn pause_for_ended(app: &App, cx: &Cx, couple: CoupleId) -> Result<()> {
    let mut tx = app.ports.sql.read().await?;
    let sql = "select member_a, member_b from couples where id = $1";
    let Some(row) = tx.row(sql, ports::args![couple]).await? else { return Ok(()) };
    let members: [MemberId; 2] = [row.id(0)?, row.id(1)?];
    drop(tx);
    for owner in members {
        // Pausing moves a note out of this list, so the first page is always what is left.
        let mut after = None;
        loop {
            let query = Query::partition(SCHEDULED_BY, list_partition(owner, State::Scheduled)).limit(100).after(after);
            let found = app.ports.items.query(query).await?;
            for place in &found.items {
                if let Some(id) = place.key.sk.get(8..).and_then(ScheduledId::from_slice) {
                    pause(app, cx, owner, id, couple).await?;
                }
            }
            after = found.next;
            if after.is_none() {
                break;
            }
        }
    }
    Ok(())
}

async fn pause(app: &App, cx: &Cx, owner: MemberId, id: ScheduledId, couple: CoupleId) -> Result<()> {
    let Some(item) = app.ports.items.get(&store::key(owner, id)).await? else { return Ok(()) };
    let before = Scheduled::read(&item)?;
    if before.couple_id != Some(couple) || before.status != State::Scheduled {
        return Ok(());
    }
    let after = Scheduled {
        status: State::Paused,
        failure_reason: Some("partner_gone".to_owned()),
        updated_at: cx.now(),
        ..before.clone()
    };
    let mut writes = after.replace(&item, &before)?;
    writes.push(timers::cancel(id, before.next_attempt_at));
    let outbox = vec![told(cx, &after, "note.failed")?];
    // Refused: its timer fires at this very moment, and finds the couple ended by itself.
    app.ports.items.commit(Commit { writes, outbox, token: None }).await?;
    app.bells.relay.notify_one();
    Ok(())
}
