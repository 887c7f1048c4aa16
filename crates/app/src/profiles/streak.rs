//! The account's streak: consecutive days, where the member lives, with a sign-in. A session that renews itself on a
//! new day counts as one: people who stay signed in come back all the same. A missed day begins anew.

use crate::{app::App, cards};
use base::{Cx, Result, Time, error::Chain, id::MemberId, zone};
use ports::{args, sql::Tx};

fn zone_of(name: &str) -> zone::Zone {
    name.parse().unwrap_or_else(|_| zone::Zone::utc())
}

/// Days of the streak that still runs: the last one is today or yesterday.
pub(super) fn running((days, last): &(i64, Option<String>), timezone: &str, now: Time) -> i64 {
    let (Some(last), Some(today)) = (last.as_deref().and_then(zone::date), zone_of(timezone).today(now)) else {
        return 0;
    };
    // A member who travelled west may have been here "tomorrow".
    if today.yesterday().is_ok_and(|yesterday| last < yesterday) { 0 } else { *days }
}

/// A sign-in at this moment. Once a day it changes something.
pub async fn mark(cx: &Cx, tx: &mut Tx, member: MemberId, timezone: &str) -> Result<()> {
    let Some(today) = zone_of(timezone).today(cx.now()) else { return Ok(()) };
    let sql = "select streak_days, streak_day from profiles where member_id = $1";
    let Some(row) = tx.row(sql, args![member]).await? else { return Ok(()) };
    let stored = (row.int(0)?, row.text_opt(1)?);
    if stored.1.as_deref().and_then(zone::date).is_some_and(|last| last >= today) {
        return Ok(());
    }
    let days = running(&stored, timezone, cx.now()) + 1;
    let sql = "update profiles set streak_days = $1, streak_day = $2 where member_id = $3";
    tx.exec(sql, args![days, today.to_string(), member]).await?;
    Ok(())
}

/// A session was renewed that was last used at `before`. Nothing waits for the outcome.
pub async fn seen(app: &App, cx: &Cx, member: MemberId, before: Time) {
    if let Err(error) = new_day(app, cx, member, before).await {
        tracing::warn!(error = %Chain(&error), "a day of a streak was not counted");
    }
}

async fn new_day(app: &App, cx: &Cx, member: MemberId, before: Time) -> Result<()> {
    let card = cards::load(app, cx, member).await?;
    let zone = zone_of(&card.timezone);
    if zone.today(before) == zone.today(cx.now()) {
        return Ok(());
    }
    let mut tx = app.ports.sql.begin().await?;
    mark(cx, &mut tx, member, &card.timezone).await?;
    Ok(tx.commit().await?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::time::{DAY, HOUR};

    #[test]
    fn a_streak_runs_until_a_day_is_missed() {
        let streak = (5, Some("2026-11-21".to_owned()));
        let noon: Time = "2026-11-21T12:00:00.000Z".parse().unwrap();
        assert_eq!(running(&streak, "UTC", noon), 5);
        assert_eq!(running(&streak, "UTC", noon.plus(DAY)), 5);
        assert_eq!(running(&streak, "UTC", noon.plus(2 * DAY)), 0);
        // In Tokyo the 23rd begins nine hours earlier.
        assert_eq!(running(&streak, "Asia/Tokyo", noon.plus(DAY + 4 * HOUR)), 0);
        assert_eq!(running(&streak, "Nowhere", noon), 5);
        assert_eq!(running(&(0, None), "UTC", noon), 0);
    }
}
