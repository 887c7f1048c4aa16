//! What the author does to a scheduled note: change it, cancel it, try a failed one again.

use super::{
    check_method, check_text, due_at,
    store::{self, Scheduled, State},
    told, too_many_open,
};
use crate::{
    app::App,
    cards::{self, Card},
    check::Checks,
    couples::Membership,
    edge::{
        etag,
        once::{self, Once},
    },
    identity::Caller,
    notes::{
        channel::{Address, Channel},
        model::check_words,
        send::no_partner,
    },
    tables::{COUPLES, IDEMPOTENCY, METERS},
    work::timers,
};
use axum::http::StatusCode;
use base::{Cx, Error, Result, id::ScheduledId, zone::Zone};
use bytes::Bytes;
use ports::items::{Commit, Outcome, Write};
use serde::Deserialize;
use utoipa::ToSchema;

/// What is absent stays as it is.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(example = json!({ "time": "09:30" }))]
pub struct ChangeScheduled {
    /// `partner`, `sms`, `email` or `whatsapp`.
    #[schema(value_type = Option<Channel>)]
    pub channel: Option<String>,
    /// With another channel it must be said anew.
    #[schema(max_length = 320)]
    pub recipient: Option<String>,
    /// Empty: none.
    #[schema(max_length = 10_000)]
    pub title: Option<String>,
    #[schema(min_length = 1, max_length = 10_000)]
    pub content: Option<String>,
    pub language: Option<String>,
    pub date: Option<String>,
    pub time: Option<String>,
    pub timezone: Option<String>,
}

fn not_editable() -> Error {
    Error::conflict("not_editable", "This scheduled note can no longer be changed.")
}

/// How a scheduled note changes: what it becomes, which writes go with it, and the event that tells of it.
struct Step {
    after: Scheduled,
    writes: Vec<Write>,
    event: &'static str,
}

/// Changes one that waits. A paused one may be addressed anew: it then goes to the partner of now, or to whom the
/// change says.
pub(in crate::notes) async fn change(
    app: &App,
    cx: &Cx,
    caller: &Caller,
    id: ScheduledId,
    change: &ChangeScheduled,
    if_match: Option<&str>,
) -> Result<Scheduled> {
    edit(app, cx, caller, id, if_match, |before, card| {
        if !matches!(before.status, State::Scheduled | State::Paused) {
            return Err(not_editable());
        }
        let (mut after, to) = apply(app, cx, card, before, change)?;
        let mut writes = Vec::new();
        if to.channel == Channel::Partner {
            let us = Membership::of(card, caller.member).ok_or_else(no_partner)?;
            let was_partner = before.status == State::Scheduled && before.channel == Channel::Partner;
            if was_partner && before.couple_id != Some(us.couple()) {
                // Its couple has ended and it is about to be paused; only then may it be addressed anew.
                return Err(not_editable());
            }
            after.address_to(&to, Some((us.couple(), us.partner())));
            writes.push(us.still());
        } else {
            after.address_to(&to, None);
        }
        if after.next_attempt_at != before.next_attempt_at {
            writes.push(timers::cancel(id, before.next_attempt_at));
        }
        writes.push(timers::set(&after.timer(), after.next_attempt_at)?);
        Ok(Step { after, writes, event: "note.scheduled" })
    })
    .await
}

/// The note with the changes, checked, and whom it goes to.
fn apply(
    app: &App,
    cx: &Cx,
    card: &Card,
    before: &Scheduled,
    change: &ChangeScheduled,
) -> Result<(Scheduled, Address)> {
    let mut after = before.clone();
    let mut checks = Checks::default();
    let channel = change.channel.as_deref().filter(|c| !c.is_empty()).unwrap_or(before.channel.name());
    let kept = before.recipient.as_deref().filter(|_| channel == before.channel.name());
    let to = check_method(&mut checks, channel, change.recipient.as_deref().or(kept));
    let content = change.content.as_deref().unwrap_or(&before.content);
    let title = change.title.as_deref().or(before.title.as_deref());
    after.title = check_words(&mut checks, title, content);
    content.clone_into(&mut after.content);
    after.language = checks.lang("/language", change.language.as_deref()).unwrap_or(before.language);
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
    check_text(&mut checks, app, &card.name, to.as_ref(), after.title.as_deref(), &after.content, after.language);
    checks.done()?;
    let to = to.ok_or_else(|| Error::bug("check a scheduled note", "a channel without a complaint"))?;
    after.status = State::Scheduled;
    after.attempts = 0;
    after.failure_reason = None;
    after.next_attempt_at = after.due_at;
    after.updated_at = cx.now();
    Ok((after, to))
}

pub(in crate::notes) async fn cancel(
    app: &App,
    cx: &Cx,
    caller: &Caller,
    id: ScheduledId,
    if_match: Option<&str>,
) -> Result<Scheduled> {
    edit(app, cx, caller, id, if_match, |before, _| {
        if !matches!(before.status, State::Scheduled | State::Paused) {
            return Err(not_editable());
        }
        let after = Scheduled { status: State::Cancelled, updated_at: cx.now(), ..before.clone() };
        let writes = vec![timers::cancel(id, before.next_attempt_at)];
        Ok(Step { after, writes, event: "note.cancelled" })
    })
    .await
}

/// Tries a failed one again, now.
pub(in crate::notes) async fn retry(
    app: &App,
    cx: &Cx,
    caller: &Caller,
    id: ScheduledId,
    once: &Once,
) -> Result<(StatusCode, Bytes)> {
    let after = edit(app, cx, caller, id, None, |before, _| {
        if before.status != State::Failed {
            return Err(Error::conflict("not_editable", "Only a failed note can be tried again."));
        }
        let after = Scheduled {
            status: State::Scheduled,
            attempts: 0,
            failure_reason: None,
            note_id: None,
            next_attempt_at: cx.now(),
            updated_at: cx.now(),
            ..before.clone()
        };
        let mut writes = vec![timers::set(&after.timer(), after.next_attempt_at)?];
        writes.extend(once.write(cx, StatusCode::OK, &after.json()?)?);
        Ok(Step { after, writes, event: "note.scheduled" })
    })
    .await?;
    Ok((StatusCode::OK, after.json()?))
}

/// Commits a step from what is stored; when that changes meanwhile, decides again from what it has become.
async fn edit(
    app: &App,
    cx: &Cx,
    caller: &Caller,
    id: ScheduledId,
    if_match: Option<&str>,
    step: impl Fn(&Scheduled, &Card) -> Result<Step>,
) -> Result<Scheduled> {
    let max_open = app.settings.notes.max_open_scheduled;
    for _ in 0..4 {
        let (item, before) = store::own(app, caller, id).await?;
        etag::check(if_match, &etag::of(&before)?)?;
        let card = cards::load(app, cx, caller.member).await?;
        let Step { after, writes: more, event } = step(&before, &card)?;
        let mut writes = after.replace(&item, &before, Some(max_open))?;
        writes.extend(more);
        let tables: Vec<_> = writes.iter().map(|write| write.key().table).collect();
        let outbox = vec![told(cx, &after, event)?];
        let refusals = match app.ports.items.commit(Commit { writes, outbox, token: None }).await? {
            Outcome::Applied { .. } => {
                app.bells.relay.notify_one();
                app.bells.timers.notify_one();
                return Ok(after);
            }
            Outcome::Refused(refusals) => refusals,
        };
        for (table, refusal) in tables.iter().zip(refusals).filter_map(|(table, r)| Some((*table, r?))) {
            if table == COUPLES {
                return Err(no_partner());
            }
            if table == IDEMPOTENCY {
                return Err(once::in_progress());
            }
            if table == METERS {
                return Err(too_many_open(max_open, refusal.current.map_or(max_open, |item| item.number)));
            }
        }
    }
    Err(Error::unavailable("This scheduled note is being changed elsewhere."))
}
