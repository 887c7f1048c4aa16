//! What other areas ask of a member's own notes: how many there are, and which were the latest.

use super::{
    boxes::{self, Side},
    stats,
};
use crate::{
    app::App,
    couples::Membership,
    tables::{METERS, NOTES, SCHEDULED},
};
use base::{
    Cx, Error, Result, Time,
    id::{MemberId, NoteId, ScheduledId},
    time::MINUTE,
};
use bytes::Bytes;
use ports::items::{Item, Key, Part, Query, When, Write};

/// Notes of one page of counting.
const STEP: usize = 1_000;
/// So many that were counted are noted down, and not counted again.
const WORTH_NOTING: i64 = 100;
/// A note with an earlier id may still be on its way for this long.
const LATE: i64 = 5 * MINUTE;

/// The smallest id of a moment, of any kind: ids begin with their time.
fn first_id(at: Time) -> [u8; 16] {
    let mut id = [0; 16];
    let millis = u64::try_from(at.0).unwrap_or(0).to_be_bytes();
    id[..6].copy_from_slice(&millis[2..]);
    id
}

/// When a note, or a scheduled one, was made: its id says.
fn made_at(id: &[u8; 16]) -> Time {
    let mut millis = [0; 8];
    millis[2..].copy_from_slice(&id[..6]);
    Time(i64::from_be_bytes(millis))
}

/// Counts a box from `from` on. How far it got is kept under `key`, so that each note is looked at once or twice.
async fn count(
    app: &App,
    cx: &Cx,
    partition: [u8; 17],
    from: Time,
    key: Key,
    fits: impl Fn(&Item) -> Result<bool>,
) -> Result<i64> {
    let noted = app.ports.items.get(&key).await?;
    let (mut kept, mut after) = match &noted {
        Some(item) => (item.number, Some(Part::from_slice(&item.body))),
        None => (0, None),
    };
    let (before, mut total, mut to_keep) = (kept, kept, None);
    let settled = first_id(cx.now().minus(LATE));
    loop {
        let query = Query::partition(NOTES, partition).from(first_id(from)).limit(STEP).after(after);
        let found = app.ports.items.query(query).await?;
        for item in &found.items {
            total += i64::from(fits(item)?);
            if *item.key.sk < settled[..] {
                kept = total;
                to_keep = Some(item.key.sk.clone());
            }
        }
        after = found.next;
        if after.is_none() {
            break;
        }
    }
    if let Some(sk) = to_keep.filter(|_| kept - before >= WORTH_NOTING) {
        let when = noted.map_or(When::Absent, |item| When::Version(item.version));
        let write = Write::Put { key, number: kept, body: Bytes::copy_from_slice(&sk), expires_at: None, when };
        // Refused: another reader got as far.
        app.ports.items.try_commit(vec![write]).await?;
    }
    Ok(total)
}

/// How many notes a member has sent, on every channel; failed ones do not count.
pub async fn sent_ever(app: &App, cx: &Cx, member: MemberId) -> Result<i64> {
    stats::sent(app, cx, member).await
}

/// How many notes the two have sent each other since they are linked: by the member, by the partner.
pub async fn exchanged(app: &App, cx: &Cx, us: &Membership, since: Time) -> Result<(i64, i64)> {
    let received = async |by: MemberId, of: MemberId| {
        let key = METERS.key(of.bytes(), format!("counted:notes.of:{}", us.couple()));
        let from_partner = |item: &Item| Ok(boxes::read(item)?.sender_id == by);
        count(app, cx, boxes::partition(of, Side::Received), since, key, from_partner).await
    };
    let (me, partner) = (us.member(), us.partner());
    Ok((received(me, partner).await?, received(partner, me).await?))
}

/// Where a list of what was made goes on, the newest first.
#[derive(Debug, Clone, Copy)]
pub enum Before {
    /// Made at this moment or earlier.
    Until(Time),
    /// Before this id.
    Id([u8; 16]),
}

impl Before {
    /// What is wanted has smaller ids than this.
    pub fn bound(self) -> [u8; 16] {
        match self {
            Self::Until(at) => first_id(at.plus(1)),
            Self::Id(id) => id,
        }
    }
}

async fn latest(app: &App, query: Query, before: Before, limit: usize) -> Result<Vec<[u8; 16]>> {
    let found = app.ports.items.query(query.backward().limit(limit).after(Some(before.bound()))).await?;
    let id = |item: &Item| <[u8; 16]>::try_from(&*item.key.sk).map_err(|e| Error::bug("read a key", e));
    found.items.iter().map(id).collect()
}

/// Notes that a member sent on any channel, the latest first, with their times.
pub async fn latest_sent(app: &App, member: MemberId, before: Before, limit: usize) -> Result<Vec<(NoteId, Time)>> {
    let mut ids = Vec::new();
    for side in [Side::Sent, Side::Outside] {
        let query = Query::partition(NOTES, boxes::partition(member, side));
        ids.extend(latest(app, query, before, limit).await?);
    }
    ids.sort_unstable_by(|a, b| b.cmp(a));
    ids.truncate(limit);
    Ok(ids.into_iter().map(|id| (NoteId::from_bytes(id), made_at(&id))).collect())
}

/// Notes that a member scheduled, the latest first, with the times when that was.
pub async fn latest_scheduled(
    app: &App,
    member: MemberId,
    before: Before,
    limit: usize,
) -> Result<Vec<(ScheduledId, Time)>> {
    let ids = latest(app, Query::partition(SCHEDULED, member.bytes()), before, limit).await?;
    Ok(ids.into_iter().map(|id| (ScheduledId::from_bytes(id), made_at(&id))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::world::TestWorld;
    use std::sync::Arc;

    #[test]
    fn ids_tell_their_time() {
        let world: Arc<dyn base::World> = Arc::new(TestWorld::default());
        let cx = Cx::new(&world);
        let id: NoteId = cx.id();
        assert_eq!(made_at(id.bytes()), cx.now());
        assert!(first_id(cx.now()) < *id.bytes() && *id.bytes() < first_id(cx.now().plus(1)));
    }
}
