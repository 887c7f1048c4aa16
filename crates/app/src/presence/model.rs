//! What is known of a member's presence, and what follows from it. Pure.

use base::{
    Time,
    id::{MemberId, SessionId},
    time::{DAY, HOUR, MINUTE},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A device counts as here for so long after its last heartbeat.
pub(super) const LIVE: i64 = 5 * MINUTE;
/// Devices of one member that are remembered; beyond, the quietest is forgotten.
const DEVICES: usize = 32;
const WEEK: i64 = 7 * DAY;

/// How a member wants to be seen, or is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = PresenceStatus)]
pub enum Status {
    #[default]
    Online,
    Away,
    Busy,
    Offline,
}

impl Status {
    pub(super) const ALL: [Self; 4] = [Self::Online, Self::Away, Self::Busy, Self::Offline];
    pub(super) const NAMES: &[&str] = &["online", "away", "busy", "offline"];

    pub(super) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().zip(Self::NAMES).find(|(_, own)| **own == name).map(|(status, _)| status)
    }
}

/// How long ago, in the words of the app.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LastSeenBucket {
    JustNow,
    Minutes,
    Hours,
    Days,
    LongAgo,
}

impl LastSeenBucket {
    pub(super) fn of(seen: Option<Time>, now: Time) -> Self {
        let Some(seen) = seen else { return Self::LongAgo };
        match now.since(seen) {
            ..MINUTE => Self::JustNow,
            MINUTE..HOUR => Self::Minutes,
            HOUR..DAY => Self::Hours,
            DAY..WEEK => Self::Days,
            _ => Self::LongAgo,
        }
    }
}

/// A member's presence as the caller may see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MemberPresence {
    pub member_id: MemberId,
    /// What the member chose, while a device of the member is here; otherwise `offline`.
    pub status: Status,
    /// Whether the status is `online`.
    pub online: bool,
    /// Null when it is not known, or not the caller's to know.
    pub last_seen: Option<Time>,
    pub last_seen_bucket: LastSeenBucket,
}

impl MemberPresence {
    pub(super) fn new(member_id: MemberId, status: Status, last_seen: Option<Time>, now: Time) -> Self {
        let last_seen_bucket = LastSeenBucket::of(last_seen, now);
        Self { member_id, status, online: status == Status::Online, last_seen, last_seen_bucket }
    }

    /// Of nobody, and of somebody who does not show it: the two cannot be told apart.
    pub fn unknown(member_id: MemberId) -> Self {
        Self::new(member_id, Status::Offline, None, Time::default())
    }
}

/// What the cache keeps of a member.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Record {
    pub chosen: Status,
    /// The last activity as others may know it: it stands still while the member has chosen `offline`.
    pub seen: Option<Time>,
    /// When each device was heard last.
    pub devices: Vec<(SessionId, Time)>,
}

impl Record {
    /// The last heartbeat of any device that has not said goodbye.
    pub fn last_active(&self) -> Option<Time> {
        self.devices.iter().map(|(_, at)| *at).max()
    }

    pub fn is_live(&self, now: Time) -> bool {
        self.last_active().is_some_and(|at| now.since(at) <= LIVE)
    }

    /// What others see.
    pub fn shown(&self, now: Time) -> Status {
        if self.is_live(now) { self.chosen } else { Status::Offline }
    }

    /// A device was heard.
    pub fn beat(&mut self, device: SessionId, now: Time) {
        self.devices.retain(|(other, at)| *other != device && now.since(*at) <= LIVE);
        if self.devices.len() >= DEVICES {
            self.devices.remove(0);
        }
        self.devices.push((device, now));
        self.active(now);
    }

    /// A device said goodbye.
    pub fn leave(&mut self, device: SessionId, now: Time) {
        let before = self.devices.len();
        self.devices.retain(|(other, _)| *other != device);
        if self.devices.len() < before {
            self.active(now);
        }
    }

    /// From `offline` on, nothing that the member does shows.
    pub fn choose(&mut self, status: Status, now: Time) {
        if self.is_live(now) {
            self.active(now);
        }
        self.chosen = status;
    }

    fn active(&mut self, now: Time) {
        if self.chosen != Status::Offline {
            self.seen = self.seen.max(Some(now));
        }
    }

    pub fn view(&self, member: MemberId, now: Time) -> MemberPresence {
        MemberPresence::new(member, self.shown(now), self.seen, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::time::SECOND;
    use proptest::prelude::*;

    const MEMBER: MemberId = MemberId::from_bytes([1; 16]);

    fn device(n: u8) -> SessionId {
        SessionId::from_bytes([n; 16])
    }

    #[test]
    fn a_status_is_read_as_it_is_written() {
        for status in Status::ALL {
            let written = serde_json::to_value(status).unwrap();
            assert_eq!(Status::parse(written.as_str().unwrap()), Some(status));
        }
        assert_eq!(Status::parse("invisible"), None);
    }

    #[test]
    fn buckets_change_at_their_boundaries() {
        use LastSeenBucket::{Days, Hours, JustNow, LongAgo, Minutes};
        let now = Time(100 * DAY);
        for (ago, bucket) in [
            (-1, JustNow),
            (0, JustNow),
            (MINUTE - 1, JustNow),
            (MINUTE, Minutes),
            (HOUR - 1, Minutes),
            (HOUR, Hours),
            (DAY - 1, Hours),
            (DAY, Days),
            (7 * DAY - 1, Days),
            (7 * DAY, LongAgo),
        ] {
            assert_eq!(LastSeenBucket::of(Some(now.minus(ago)), now), bucket, "{ago}");
        }
        assert_eq!(LastSeenBucket::of(None, now), LongAgo);
    }

    #[test]
    fn somebody_is_live_for_five_minutes_of_any_device() {
        let (start, mut record) = (Time(DAY), Record::default());
        assert_eq!(record.shown(start), Status::Offline);
        record.beat(device(1), start);
        record.beat(device(2), start.plus(MINUTE));
        assert_eq!(record.shown(start.plus(6 * MINUTE)), Status::Online);
        assert_eq!(record.shown(start.plus(6 * MINUTE + 1)), Status::Offline);
        record.leave(device(2), start.plus(2 * MINUTE));
        assert_eq!(record.shown(start.plus(5 * MINUTE)), Status::Online, "the first one said nothing yet");
        assert_eq!(record.shown(start.plus(5 * MINUTE + 1)), Status::Offline);
        assert_eq!(record.seen, Some(start.plus(2 * MINUTE)));
    }

    #[test]
    fn whoever_chose_offline_leaves_no_trace() {
        let (start, mut record) = (Time(DAY), Record::default());
        record.beat(device(1), start);
        record.choose(Status::Offline, start.plus(SECOND));
        record.beat(device(1), start.plus(MINUTE));
        record.leave(device(1), start.plus(MINUTE));
        assert_eq!(record.seen, Some(start.plus(SECOND)));
        record.choose(Status::Busy, start.plus(HOUR));
        assert_eq!(record.seen, Some(start.plus(SECOND)), "a choice is no sign of life");
    }

    proptest! {
        /// Whatever happens, what is shown is the choice or `offline`, the last activity never goes back, and the
        /// record stays small.
        #[test]
        fn a_record_stays_sound(steps in prop::collection::vec((0_u8..3, 0_u8..60, 0_usize..4, 0_i64..HOUR), 0..200)) {
            let (mut record, mut now) = (Record::default(), Time(DAY));
            for (what, n, status, pause) in steps {
                now = now.plus(pause / 10);
                let (before, chosen) = (record.seen, record.chosen);
                match what {
                    0 => record.beat(device(n), now),
                    1 => record.leave(device(n), now),
                    _ => record.choose(Status::ALL[status], now),
                }
                prop_assert!(record.seen >= before && record.seen <= Some(now));
                prop_assert!(what == 2 || record.chosen == chosen);
                prop_assert!(record.devices.len() <= DEVICES);
                let shown = record.view(MEMBER, now);
                prop_assert!(shown.status == record.chosen || !record.is_live(now));
                prop_assert_eq!(shown.online, record.is_live(now) && record.chosen == Status::Online);
                let stored = serde_json::to_vec(&record).unwrap();
                prop_assert_eq!(serde_json::from_slice::<Record>(&stored).unwrap(), record.clone());
            }
        }
    }
}
