//! What a device missed.

use super::{Logged, frame, hub::hydrate};
use crate::{app::App, tables::EVENTS};
use base::{Cx, Result, Time, id::MemberId, time::MINUTE};
use bytes::Bytes;
use ports::items::{Part, Query};
use serde::Deserialize;

/// More than this is told as `resync`.
const MOST: usize = 5_000;

pub(super) enum Missed {
    /// Frames in order, each with its id.
    Events(Vec<(u64, Bytes)>),
    /// The gap is too old or too wide: the device loads afresh.
    Resync,
}

/// The newest id of a member's log; 0 when it is empty.
pub(super) async fn newest(app: &App, member: MemberId) -> Result<u64> {
    let found = app.ports.items.query(Query::partition(EVENTS, member.bytes()).backward().limit(1)).await?;
    Ok(found.items.first().map_or(0, |item| id_of(&item.key.sk)))
}

fn id_of(sk: &[u8]) -> u64 {
    sk.try_into().map_or(0, u64::from_be_bytes)
}

/// The events after `last`, when the gap is within the resume window.
pub(super) async fn missed(app: &App, cx: &Cx, member: MemberId, last: u64, newest: u64) -> Result<Missed> {
    if last == newest {
        return Ok(Missed::Events(Vec::new()));
    }
    if last > newest {
        // Not an id of ours, or of a log that has gone.
        return Ok(Missed::Resync);
    }
    let oldest = cx.now().minus(app.settings.realtime.resume_minutes * MINUTE);
    let mut out = Vec::new();
    let mut after = Some(Part::from_slice(&last.to_be_bytes()));
    loop {
        let query = Query::partition(EVENTS, member.bytes()).after(after).limit(200);
        let found = app.ports.items.query(query).await?;
        for item in found.items {
            let event = Logged { member, id: id_of(&item.key.sk), body: item.body };
            if out.is_empty() && occurred(&event.body).is_none_or(|at| at < oldest) {
                return Ok(Missed::Resync);
            }
            out.push((event.id, frame(event.id, &hydrate(app, &event).await)));
        }
        if out.len() > MOST {
            return Ok(Missed::Resync);
        }
        after = found.next;
        if after.is_none() {
            return Ok(Missed::Events(out));
        }
    }
}

fn occurred(body: &[u8]) -> Option<Time> {
    #[derive(Deserialize)]
    struct At {
        occurred_at: Time,
    }
    serde_json::from_slice::<At>(body).ok().map(|at| at.occurred_at)
}
