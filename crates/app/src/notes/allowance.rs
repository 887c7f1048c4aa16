//! What a plan lets a member send: counted by the store, in the commit of the note.

use super::model::Note;
use crate::{
    app::App,
    cards::{self, Card},
    identity::Caller,
    plans::{self, Meter, Plan, Taken},
    settings::{Allowance, Notes, Window},
};
use base::{Cx, Error, Result, Time, id::MemberId};
use ports::items::{Refusal, Write};
use serde::Serialize;
use utoipa::ToSchema;

/// Channels with their meters, counted one by one; `email` is one of the seven platforms. Stored: append-only.
const CHANNELS: &[(&str, &str)] = &[
    ("partner", "notes.partner"),
    ("sms", "notes.sms"),
    ("whatsapp", "notes.whatsapp"),
    ("facebook", "notes.facebook"),
    ("instagram", "notes.instagram"),
    ("twitter", "notes.twitter"),
    ("tiktok", "notes.tiktok"),
    ("linkedin", "notes.linkedin"),
    ("email", "notes.email"),
];

/// -1 in the settings is unlimited.
fn limit(allowance: Allowance, channel: &str) -> Option<i64> {
    let limit = match channel {
        "partner" => allowance.partner,
        "sms" => allowance.sms,
        _ => allowance.platform,
    };
    (limit >= 0).then_some(limit)
}

fn of_plan(settings: &Notes, plan: Plan, channel: &str) -> Option<i64> {
    // The configuration names every plan; the check at start-up saw to it.
    settings.allowance.get(plan.key()).and_then(|a| limit(*a, channel))
}

fn meter(settings: &Notes, channel: &str) -> Meter {
    let named = CHANNELS.iter().find(|(known, _)| *known == channel);
    let window = match settings.window {
        Window::Month => plans::Window::Month,
        Window::Lifetime => plans::Window::Standing,
    };
    Meter { name: named.map_or("notes.other", |(_, name)| *name), window }
}

/// Every channel's meter with the limit of a plan (none: unlimited).
pub fn sending(settings: &Notes, plan: Plan) -> impl Iterator<Item = (Meter, Option<i64>)> {
    CHANNELS.iter().map(move |(channel, _)| (meter(settings, channel), of_plan(settings, plan, channel)))
}

/// One more on this channel's meter, refused at the plan's limit.
pub(super) fn take(app: &App, cx: &Cx, member: MemberId, plan: Plan, channel: &str) -> Write {
    let notes = &app.settings.notes;
    let mut taken = meter(notes, channel).take(cx, member, 1, of_plan(notes, plan, channel));
    if let Write::Add { expires_at, .. } = &mut taken {
        // Kept for good: a member's statistics are the sum of the windows.
        *expires_at = None;
    }
    taken
}

/// What was taken for a note when it was made: to be given back when it fails.
pub(super) fn taken(app: &App, note: &Note) -> Taken {
    meter(&app.settings.notes, note.channel.name()).taken_at(note.created_at, note.sender_id, 1)
}

/// The answer when the meter was full.
pub(super) fn reached(app: &App, cx: &Cx, plan: Plan, channel: &str, refusal: &Refusal) -> Error {
    let notes = &app.settings.notes;
    let asked = (1, of_plan(notes, plan, channel));
    meter(notes, channel).reached(cx, plan, asked, Meter::found(refusal), |plan| of_plan(notes, plan, channel))
}

/// One channel of the allowance.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChannelAllowance {
    pub channel: &'static str,
    pub used: i64,
    /// Null is unlimited.
    pub limit: Option<i64>,
    pub remaining: Option<i64>,
    /// At 80 % or more.
    pub warning: bool,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct AllowanceView {
    pub plan: Plan,
    pub window: Window,
    pub resets_at: Option<Time>,
    pub channels: Vec<ChannelAllowance>,
}

pub(super) async fn read(app: &App, cx: &Cx, caller: &Caller) -> Result<AllowanceView> {
    let card: Card = cards::load(app, cx, caller.member).await?;
    let (plan, notes) = (card.plan(cx.now()), &app.settings.notes);
    let mut channels = Vec::with_capacity(CHANNELS.len());
    for (channel, _) in CHANNELS {
        let usage = meter(notes, channel).usage(app, cx, caller.member, of_plan(notes, plan, channel)).await?;
        let plans::Usage { used, limit, remaining, warning, .. } = usage;
        channels.push(ChannelAllowance { channel, used, limit, remaining, warning });
    }
    let resets_at = meter(notes, "partner").resets_at(cx.now());
    Ok(AllowanceView { plan, window: notes.window, resets_at, channels })
}
