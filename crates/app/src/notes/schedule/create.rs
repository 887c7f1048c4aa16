//! A new scheduled note.

use super::{
    check_method, check_text, due_at,
    store::{Scheduled, State},
    told, too_many_open,
};
use crate::{
    app::App,
    check::Checks,
    couples::Membership,
    edge::once::Once,
    identity::Caller,
    notes::{channel::Channel, library, model::check_words, send::no_partner},
    plans::{self, Feature},
};
use axum::http::StatusCode;
use base::{Cx, Error, Result, id::TemplateId, zone::Zone};
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
    /// `partner`, `sms`, `email` or `whatsapp`.
    #[schema(value_type = Channel)]
    pub channel: String,
    /// `sms`: a phone in E.164; `email`: an address; `whatsapp`: a phone, if you like. Other channels have none.
    #[schema(max_length = 320)]
    pub recipient: Option<String>,
    #[schema(max_length = 10_000)]
    pub title: Option<String>,
    #[schema(min_length = 1, max_length = 10_000)]
    pub content: String,
    #[schema(value_type = Option<String>, pattern = "^(tpl_[0-7][0-9a-hjkmnp-tv-z]{25})?$")]
    #[serde(default, deserialize_with = "crate::check::id_or_empty")]
    pub template_id: Option<TemplateId>,
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
    let to = check_method(&mut checks, &input.channel, input.recipient.as_deref());
    let title = check_words(&mut checks, input.title.as_deref(), &input.content);
    let language = checks.lang("/language", input.language.as_deref()).unwrap_or(card.lang);
    let home = || card.timezone.parse().unwrap_or_else(|_| Zone::utc());
    let zone = checks.zone("/timezone", input.timezone.as_deref()).unwrap_or_else(home);
    let due_at = due_at(&mut checks, cx, &input.date, &input.time, &zone);
    check_text(&mut checks, app, &card.name, to.as_ref(), title.as_deref(), &input.content, language);
    checks.done()?;
    library::check_origin(app, cx, input.template_id).await?;
    let to = to.ok_or_else(|| Error::bug("check a scheduled note", "a channel without a complaint"))?;
    let us = match to.channel {
        Channel::Partner => Some(Membership::of(&card, caller.member).ok_or_else(no_partner)?),
        _ => None,
    };
    let mut scheduled = Scheduled {
        id: cx.id(),
        sender_id: caller.member,
        recipient_type: to.channel.recipient_type(),
        platform: None,
        recipient: None,
        couple_id: None,
        channel: to.channel,
        title,
        content: input.content.clone(),
        template_id: input.template_id,
        language,
        scheduled_date: input.date.clone(),
        scheduled_time: input.time.clone(),
        timezone: zone.name().to_owned(),
        due_at,
        status: State::Scheduled,
        attempts: 0,
        failure_reason: None,
        note_id: None,
        share: None,
        sent_at: None,
        next_attempt_at: due_at,
        created_at: cx.now(),
        updated_at: cx.now(),
    };
    scheduled.address_to(&to, us.map(|us| (us.couple(), us.partner())));
    let max_open = app.settings.notes.max_open_scheduled;
    let mut writes = scheduled.create(max_open)?;
    writes.extend(us.map(|us| us.still()));
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
