//! Meters: how much of something a member has used in a window. A meter is one item whose number the store adds to, so
//! taking is a condition in the commit of the action itself: whoever comes at the limit writes nothing, and neither
//! does their action. Counted per member, never pooled per couple.

use super::Plan;
use crate::{app::App, tables::METERS};
use base::{Cx, Error, Result, Time, id::MemberId, time::DAY};
use ports::items::{Commit, Emit, Key, Outcome, Refusal, When, Write};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A meter outlives its window by this, for the statistics and for what is given back late.
const KEPT: i64 = 40 * DAY;
/// Attempts to give back while others move the same meter.
const ATTEMPTS: usize = 64;

/// When a meter begins anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Window {
    /// With each calendar month in UTC.
    Month,
    /// Never.
    Standing,
    /// Never; what matters is whether it is included at all.
    None,
}

/// One meter by its stored name (append-only) and window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meter {
    pub name: &'static str,
    pub window: Window,
}

impl Meter {
    /// The sort key at a moment: window and name.
    fn place(self, now: Time) -> String {
        match self.window {
            Window::Month => format!("{}:{}", now.month(), self.name),
            Window::Standing | Window::None => format!("ever:{}", self.name),
        }
    }

    fn key(self, member: MemberId, now: Time) -> Key {
        METERS.key(member.bytes(), self.place(now))
    }

    pub fn resets_at(self, now: Time) -> Option<Time> {
        (self.window == Window::Month).then(|| now.next_month())
    }

    /// `amount` more of it, refused when that would pass the limit (none: unlimited). Part of the commit of the action.
    pub fn take(self, cx: &Cx, member: MemberId, amount: i64, limit: Option<i64>) -> Write {
        Write::Add {
            key: self.key(member, cx.now()),
            amount: amount.max(0),
            ceiling: limit,
            expires_at: self.resets_at(cx.now()).map(|at| at.plus(KEPT)),
        }
    }

    /// What [`Meter::take`] takes at this moment, to be kept with an action that may yet fail upstream.
    pub fn taken(self, cx: &Cx, member: MemberId, amount: i64) -> Taken {
        self.taken_at(cx.now(), member, amount)
    }

    /// What was taken at `at`, for an action that remembers when it was.
    pub fn taken_at(self, at: Time, member: MemberId, amount: i64) -> Taken {
        Taken { member, place: self.place(at), amount: amount.max(0) }
    }

    /// How much is used at this moment.
    pub async fn used(self, app: &App, cx: &Cx, member: MemberId) -> Result<i64> {
        let item = app.ports.items.get(&self.key(member, cx.now())).await?;
        Ok(item.map_or(0, |item| item.number))
    }

    /// The usage as members read it.
    pub async fn usage(self, app: &App, cx: &Cx, member: MemberId, limit: Option<i64>) -> Result<Usage> {
        Ok(Usage::new(self, self.used(app, cx, member).await?, limit, cx.now()))
    }

    /// How much is used, as a refused [`Meter::take`] found it.
    pub fn found(refusal: &Refusal) -> i64 {
        refusal.current.as_ref().map_or(0, |item| item.number)
    }

    /// The answer when there is no room for `amount`: with the cheapest plan above `plan` that would have
    /// allowed it, if there is one. `of_plan` is the limit of a plan.
    pub fn reached(
        self,
        cx: &Cx,
        plan: Plan,
        (amount, limit): (i64, Option<i64>),
        used: i64,
        of_plan: impl Fn(Plan) -> Option<i64>,
    ) -> Error {
        let fits = |plan: &Plan| of_plan(*plan).is_none_or(|limit| limit >= used.saturating_add(amount));
        let higher = plan.above().find(fits).map(Plan::key);
        Error::limit_reached(limit.unwrap_or(i64::MAX), used, self.resets_at(cx.now()), higher)
    }
}

/// What an action took, from the window it took it from. Kept with the action until its outcome is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    member: MemberId,
    place: String,
    amount: i64,
}

impl Taken {
    /// Gives it back because the action failed upstream, in one commit with what marks the action as failed (`writes`
    /// and `outbox`). The conditions among `writes` are what makes it happen once; false when one of them refused, and
    /// then nothing was given back. Never below zero.
    pub async fn give_back(&self, app: &App, writes: &[Write], outbox: &[Emit]) -> Result<bool> {
        let key = METERS.key(self.member.bytes(), &self.place);
        for _ in 0..ATTEMPTS {
            let mut all = writes.to_vec();
            // A meter whose window is long over has nothing to give back to.
            if let Some(item) = app.ports.items.get(&key).await?.filter(|item| item.number > 0) {
                all.push(Write::Put {
                    key: key.clone(),
                    number: (item.number - self.amount).max(0),
                    body: item.body,
                    expires_at: item.expires_at,
                    when: When::Version(item.version),
                });
            }
            if all.is_empty() && outbox.is_empty() {
                return Ok(true);
            }
            match app.ports.items.commit(Commit { writes: all, outbox: outbox.to_vec(), token: None }).await? {
                Outcome::Applied { .. } => return Ok(true),
                Outcome::Refused(refusals) if refusals.iter().take(writes.len()).any(Option::is_some) => {
                    return Ok(false);
                }
                // Somebody else moved the meter: look again.
                Outcome::Refused(_) => {}
            }
        }
        Err(Error::unavailable("This is being used at this very moment."))
    }
}

/// Usage of one meter.
#[derive(Debug, Serialize, ToSchema)]
pub struct Usage {
    /// Its name. `file_storage` counts bytes, the others count pieces.
    pub meter: &'static str,
    pub used: i64,
    /// Null: unlimited.
    pub limit: Option<i64>,
    /// Null: unlimited.
    pub remaining: Option<i64>,
    pub window: Window,
    /// Null: never.
    pub resets_at: Option<Time>,
    /// At 80 % or more.
    pub warning: bool,
    /// Which set is included, where it is a set instead of a number: `basic` or `all`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<&'static str>,
}

impl Usage {
    pub(super) fn new(meter: Meter, used: i64, limit: Option<i64>, now: Time) -> Self {
        Self {
            meter: meter.name,
            used,
            limit,
            remaining: limit.map(|limit| (limit - used).max(0)),
            window: meter.window,
            resets_at: meter.resets_at(now),
            // What is not included at all cannot run out.
            warning: limit.is_some_and(|limit| limit > 0 && used.saturating_mul(5) >= limit.saturating_mul(4)),
            scope: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MONTHLY: Meter = Meter { name: "test", window: Window::Month };
    const STANDING: Meter = Meter { name: "test", window: Window::Standing };

    fn at(text: &str) -> Time {
        text.parse().unwrap()
    }

    #[test]
    fn windows_are_calendar_months_in_utc() {
        for (moment, place, resets_at) in [
            ("2026-11-01T00:00:00.000Z", "2026-11:test", "2026-12-01T00:00:00.000Z"),
            ("2026-12-31T23:59:59.999Z", "2026-12:test", "2027-01-01T00:00:00.000Z"),
            ("2027-01-01T00:00:00.000Z", "2027-01:test", "2027-02-01T00:00:00.000Z"),
            // Still the old year in New York, and already the new one in Tokyo an instant before.
            ("2027-01-01T04:59:59.999-05:00", "2027-01:test", "2027-02-01T00:00:00.000Z"),
            ("2027-01-01T08:59:59.999+09:00", "2026-12:test", "2027-01-01T00:00:00.000Z"),
            ("2028-02-29T23:59:59.999Z", "2028-02:test", "2028-03-01T00:00:00.000Z"),
        ] {
            assert_eq!(MONTHLY.place(at(moment)), place, "{moment}");
            assert_eq!(MONTHLY.resets_at(at(moment)), Some(at(resets_at)), "{moment}");
        }
        assert_eq!((STANDING.place(Time(0)), STANDING.resets_at(Time(0))), ("ever:test".to_owned(), None));
    }

    #[test]
    fn eighty_percent_warns() {
        let warns = |used, limit| Usage::new(STANDING, used, limit, Time(0)).warning;
        assert!(!warns(39, Some(50)) && warns(40, Some(50)) && warns(50, Some(50)) && warns(53, Some(50)));
        assert!(!warns(3, Some(4)) && warns(4, Some(5)) && !warns(0, Some(1)) && warns(1, Some(1)));
        assert!(!warns(i64::MAX, None) && !warns(0, Some(0)));
        assert_eq!(Usage::new(STANDING, 53, Some(50), Time(0)).remaining, Some(0));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_window_ends_where_it_says(ms in 0_i64..250_000_000_000_000) {
            let resets_at = MONTHLY.resets_at(Time(ms)).unwrap();
            prop_assert!(resets_at > Time(ms));
            prop_assert_eq!(MONTHLY.place(resets_at.minus(1)), MONTHLY.place(Time(ms)));
            prop_assert_ne!(MONTHLY.place(resets_at), MONTHLY.place(Time(ms)));
        }

        #[test]
        fn what_is_left_and_what_is_used_are_the_limit(used in 0..1_000_i64, limit in 0..1_000_i64) {
            let usage = Usage::new(MONTHLY, used, Some(limit), Time(0));
            prop_assert_eq!(usage.remaining, Some((limit - used).max(0)));
            prop_assert_eq!(usage.warning, limit > 0 && used * 100 >= limit * 80);
        }
    }
}
