//! The couple has ended: what either had scheduled for the other is paused, and its author told.

use super::{
    store::{self, Scheduled, State, list_partition},
    told,
};
use crate::{app::App, tables::SCHEDULED_BY, work::timers};
use base::{
    Cx, Result,
    id::{CoupleId, MemberId, ScheduledId},
};
use ports::items::{Commit, Query};

/// The epoch has moved before, so no new one can come. May run twice.
pub async fn pause_for_ended(app: &App, cx: &Cx, couple: CoupleId) -> Result<()> {
    let mut tx = app.ports.sql.read().await?;
    let sql = "select member_a, member_b from couples where id = $1";
    let Some(row) = tx.row(sql, ports::args![couple]).await? else { return Ok(()) };
    let members: [MemberId; 2] = [row.id(0)?, row.id(1)?];
    drop(tx);
    for owner in members {
        for state in [State::Scheduled, State::Sending] {
            pause_all(app, cx, owner, state, couple).await?;
        }
    }
    Ok(())
}

async fn pause_all(app: &App, cx: &Cx, owner: MemberId, state: State, couple: CoupleId) -> Result<()> {
    let mut after = None;
    loop {
        let query = Query::partition(SCHEDULED_BY, list_partition(owner, state)).limit(100).after(after);
        let found = app.ports.items.query(query).await?;
        for place in &found.items {
            if let Some(id) = place.key.sk.get(8..).and_then(ScheduledId::from_slice) {
                pause(app, cx, owner, id, couple).await?;
            }
        }
        after = found.next;
        if after.is_none() {
            return Ok(());
        }
    }
}

async fn pause(app: &App, cx: &Cx, owner: MemberId, id: ScheduledId, couple: CoupleId) -> Result<()> {
    let Some(item) = app.ports.items.get(&store::key(owner, id)).await? else { return Ok(()) };
    let before = Scheduled::read(&item)?;
    if before.couple_id != Some(couple) || !matches!(before.status, State::Scheduled | State::Sending) {
        return Ok(());
    }
    let after = Scheduled {
        status: State::Paused,
        failure_reason: Some("partner_gone".to_owned()),
        updated_at: cx.now(),
        ..before.clone()
    };
    let mut writes = after.replace(&item, &before, None)?;
    writes.push(timers::cancel(id, before.next_attempt_at));
    let outbox = vec![told(cx, &after, "note.failed")?];
    // Refused: its timer fires at this very moment, and finds the couple ended by itself.
    app.ports.items.commit(Commit { writes, outbox, token: None }).await?;
    app.bells.relay.notify_one();
    Ok(())
}
