//! A new scheduled note.

use super::{
    due_at,
    store::{Scheduled, State},
    told, too_many_open,
};
use crate::{
    app::App,
    check::Checks,
    couples::Membership,
    edge::once::Once,
    identity::Caller,
    notes::{
        model::{check_channel, check_words},
        send::no_partner,
    },
    plans::{self, Feature},
};
use axum::http::StatusCode;
use base::{Cx, Error, Result, zone::Zone};
use bytes::Bytes;
use ports::items::{Commit, Outcome, Refusal};
use serde::Deserialize;
use utoipa::ToSchema;

#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({
    "channel": "partner", "content": "Good morning, you.", "date": "2027-02-14", "time": "09:00",
    "timezone": "Europe/Lisbon",
}))]
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

pub(in crate::notes) async fn create(
    app: &App,
    cx: &Cx,
    caller: &Caller,
    input: &NewScheduled,
    once: &Once,
) -> Result<(StatusCode, Bytes)> {
    let (card, _entitled) = plans::gate(app, cx, caller.member, Feature::SurpriseMessages).await?;
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

/// Why a new one was refused: its first write is the count of open ones; besides, only the couple's epoch and the
/// record of this call have conditions that can fail.
fn refused(refusals: &[Option<Refusal>], max_open: i64, once: &Once) -> Error {
    if let Some(error) = once.overtaken(refusals) {
        return error;
    }
    match &refusals[0] {
        Some(full) => too_many_open(max_open, full.current.as_ref().map_or(max_open, |item| item.number)),
        None => no_partner(),
    }
}
