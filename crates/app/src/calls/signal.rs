//! What the devices of the two tell each other through us: how they reach each other, and what they have switched off.
//! Payloads are passed on unread, go to nobody else and are soon forgotten.

use super::{
    model::Media,
    store::{ATTEMPTS, Party, busy},
};
use crate::{app::App, edge::once::Once, identity::Caller, work::outbox::Event};
use axum::http::StatusCode;
use base::{
    Cx, Error, Result,
    id::{CallId, MemberId, SessionId},
    time::MINUTE,
};
use bytes::Bytes;
use ports::items::{Commit, Outcome, When};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;
use utoipa::ToSchema;

/// Bytes of a payload.
const LONGEST: usize = 64 * 1024;
/// How long a device that was cut off gets what it missed.
const KEPT: i64 = 10 * MINUTE;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = CallSignalKind)]
pub enum Kind {
    Offer,
    Answer,
    Candidate,
    Renegotiate,
}

/// Something for the device of the other party.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "kind": "offer", "payload": { "type": "offer", "sdp": "v=0\r\n" } }))]
pub struct Signal {
    #[schema(inline = false)]
    pub kind: Kind,
    /// Any JSON of at most 64 KB; passed on as it is.
    #[schema(value_type = serde_json::Value)]
    pub payload: Box<RawValue>,
}

impl Signal {
    fn check(&self) -> Result<()> {
        let text = self.payload.get();
        // Of a text the quotes around it do not count.
        let around = if text.starts_with('"') { 2 } else { 0 };
        if text.len() - around > LONGEST {
            return Err(Error::field("/payload", "too_long", "A payload has at most 64 KB."));
        }
        Ok(())
    }
}

#[derive(Serialize)]
struct Signalled<'a> {
    call_id: CallId,
    from: MemberId,
    /// The device it is for; null as long as nobody has answered.
    session_id: Option<SessionId>,
    kind: Kind,
    payload: &'a RawValue,
}

/// Passes a signal on to the devices of the other party.
pub(super) async fn send(
    app: &App,
    cx: &Cx,
    caller: &Caller,
    id: CallId,
    signal: &Signal,
    once: &Once,
) -> Result<(StatusCode, Bytes)> {
    for _ in 0..ATTEMPTS {
        let us = Party::load(app, cx, caller.member, id).await?;
        signal.check()?;
        let us = us.live()?;
        let data = Signalled {
            call_id: id,
            from: us.me(),
            session_id: us.call.session(us.role.other()),
            kind: signal.kind,
            payload: &signal.payload,
        };
        let event = Event::new(None, vec![(us.them(), Cow::Borrowed("call.signal"))], data).kept(KEPT).emit(cx)?;
        let mut writes = vec![us.still()];
        writes.extend(once.write(cx, StatusCode::NO_CONTENT, b"")?);
        match app.ports.items.commit(Commit { writes, outbox: vec![event], token: None }).await? {
            Outcome::Applied { .. } => {
                app.bells.relay.notify_one();
                return Ok((StatusCode::NO_CONTENT, Bytes::new()));
            }
            Outcome::Refused(refusals) => {
                if let Some(error) = once.overtaken(&refusals) {
                    return Err(error);
                }
                // Answered or over at this very moment: look again.
            }
        }
    }
    Err(busy())
}

/// What has changed of one's own sound and picture.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(as = ReportCallMedia, example = json!({ "muted": true }))]
pub struct ReportMedia {
    pub muted: Option<bool>,
    pub camera_off: Option<bool>,
}

#[derive(Serialize)]
struct MediaChanged {
    call_id: CallId,
    member_id: MemberId,
    #[serde(flatten)]
    media: Media,
}

/// Remembers it for the call, and tells the other party.
pub(super) async fn report(app: &App, cx: &Cx, caller: &Caller, id: CallId, asked: &ReportMedia) -> Result<()> {
    for _ in 0..ATTEMPTS {
        let us = Party::load(app, cx, caller.member, id).await?.live()?;
        let mut after = us.call.clone();
        let media = &mut after.media[us.role.index()];
        media.muted = asked.muted.unwrap_or(media.muted);
        media.camera_off = asked.camera_off.unwrap_or(media.camera_off);
        let data = MediaChanged { call_id: id, member_id: us.me(), media: *media };
        if after == us.call {
            return Ok(());
        }
        let event = Event::new(None, vec![(us.them(), Cow::Borrowed("call.media"))], data).kept(KEPT).emit(cx)?;
        let writes = vec![after.put(When::Version(us.version))?];
        let outcome = app.ports.items.commit(Commit { writes, outbox: vec![event], token: None }).await?;
        if matches!(outcome, Outcome::Applied { .. }) {
            app.bells.relay.notify_one();
            return Ok(());
        }
    }
    Err(busy())
}
