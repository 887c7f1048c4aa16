//! What a plan lets a member send: counted by the store, in the commit of the note.

use crate::{
    app::App,
    cards::{self, Card},
    identity::Caller,
    plans::Plan,
    settings::{Allowance, Window},
    tables::METERS,
};
use base::{Cx, Error, Result, Time, id::MemberId, time::DAY};
use ports::items::{Key, Refusal, Write};
use serde::Serialize;
use utoipa::ToSchema;

/// Channels counted one by one; `email` is one of the seven platforms.
const PLATFORMS: &[&str] = &["whatsapp", "facebook", "instagram", "twitter", "tiktok", "linkedin", "email"];
/// A meter outlives its window by this, for the statistics.
const KEPT: i64 = 40 * DAY;

/// -1 in the settings is unlimited.
fn limit(allowance: Allowance, channel: &str) -> Option<i64> {
    let limit = match channel {
        "partner" => allowance.partner,
        "sms" => allowance.sms,
        _ => allowance.platform,
    };
    (limit >= 0).then_some(limit)
}

fn of_plan(app: &App, plan: Plan, channel: &str) -> Option<i64> {
    // The configuration names every plan; the check at start-up saw to it.
    app.settings.notes.allowance.get(plan.key()).and_then(|a| limit(*a, channel))
}

fn key(app: &App, member: MemberId, channel: &str, now: Time) -> Key {
    let window = match app.settings.notes.window {
        Window::Month => now.month(),
        Window::Lifetime => "ever".to_owned(),
    };
    METERS.key(member.bytes(), format!("{window}:notes.{channel}"))
}

fn resets_at(app: &App, now: Time) -> Option<Time> {
    (app.settings.notes.window == Window::Month).then(|| now.next_month())
}

/// One more on this channel's meter, refused at the plan's limit.
pub(super) fn take(app: &App, cx: &Cx, member: MemberId, plan: Plan, channel: &str) -> Write {
    Write::Add {
        key: key(app, member, channel, cx.now()),
        amount: 1,
        ceiling: of_plan(app, plan, channel),
        expires_at: resets_at(app, cx.now()).map(|at| at.plus(KEPT)),
    }
}

/// The answer when the meter was full.
pub(super) fn reached(app: &App, cx: &Cx, plan: Plan, channel: &str, refusal: &Refusal) -> Error {
    let used = refusal.current.as_ref().map_or(0, |item| item.number);
    let limit = of_plan(app, plan, channel).unwrap_or(i64::MAX);
    let higher =
        Plan::ALL.into_iter().find(|p| *p > plan && of_plan(app, *p, channel).is_none_or(|l| l > used)).map(Plan::key);
    Error::limit_reached(limit, used, resets_at(app, cx.now()), higher)
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
    let plan = card.plan(cx.now());
    let mut channels = Vec::with_capacity(PLATFORMS.len() + 2);
    for channel in ["partner", "sms"].iter().chain(PLATFORMS) {
        let item = app.ports.items.get(&key(app, caller.member, channel, cx.now())).await?;
        let used = item.map_or(0, |i| i.number);
        let limit = of_plan(app, plan, channel);
        channels.push(ChannelAllowance {
            channel,
            used,
            limit,
            remaining: limit.map(|l| (l - used).max(0)),
            warning: limit.is_some_and(|l| used * 10 >= l * 8),
        });
    }
    Ok(AllowanceView { plan, window: app.settings.notes.window, resets_at: resets_at(app, cx.now()), channels })
}
