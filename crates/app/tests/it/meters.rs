//! Meters under concurrency: never below zero, never above the limit, and never other than what was taken and given
//! back.

use crate::raced;
use app::{
    plans::{Meter, Taken, Window},
    tables::{METERS, STRIKES},
};
use base::{
    id::{Member, MemberId},
    time::{DAY, HOUR},
};
use bytes::Bytes;
use ports::items::{Commit, Key, Outcome, When, Write};
use testkit::TestApp;

const MONTHLY: Meter = Meter { name: "date_idea_details", window: Window::Month };

/// The action that takes, and whose removal marks it as failed.
fn action(member: MemberId, nth: u64) -> Key {
    STRIKES.key(member.bytes(), nth.to_be_bytes())
}

fn starts(key: Key) -> Write {
    Write::Put { key, number: 0, body: Bytes::new(), expires_at: None, when: When::Absent }
}

fn fails(key: Key) -> Write {
    Write::Delete { key, when: When::Present }
}

/// A number below `below`, from a seed and a place in it.
fn pick(seed: u64, nth: u64, below: u64) -> u64 {
    let mut n = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(nth.wrapping_mul(0xd1b5_4a32_d192_ed03));
    n = (n ^ (n >> 31)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (n ^ (n >> 29)) % below
}

/// One member's action: takes, and perhaps fails upstream and gives back, twice, as a retried job would. What stays.
async fn acts(app: TestApp, member: MemberId, seed: u64, nth: u64, limit: Option<i64>) -> i64 {
    let (cx, core) = (app.cx(), app.core().clone());
    let amount = i64::try_from(pick(seed, nth, 3)).unwrap() + 1;
    let writes = vec![starts(action(member, nth)), MONTHLY.take(&cx, member, amount, limit)];
    let took = match core.ports.items.commit(Commit { writes, ..Commit::default() }).await.unwrap() {
        Outcome::Applied { numbers } => {
            assert!(limit.is_none_or(|limit| numbers[1] <= limit), "seed {seed}: {numbers:?} over {limit:?}");
            amount
        }
        Outcome::Refused(refusals) => {
            let used = Meter::found(refusals[1].as_ref().unwrap());
            assert!((0..=limit.unwrap()).contains(&used) && used + amount > limit.unwrap(), "seed {seed}: {used}");
            return 0;
        }
    };
    if pick(seed, nth + 1_000, 2) == 0 {
        return took;
    }
    let taken: Taken = MONTHLY.taken(&cx, member, amount);
    let mut given = 0;
    for _ in 0..2 {
        given += usize::from(taken.give_back(&core, &[fails(action(member, nth))], &[]).await.unwrap());
    }
    assert_eq!(given, 1, "seed {seed}: action {nth} gave back {given} times");
    0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn takers_and_givers_at_once_leave_what_they_should() {
    let app = TestApp::new().await;
    for seed in 0..24 {
        let member = app.cx().id::<Member>();
        let limit = (seed % 4 != 3).then(|| i64::try_from(pick(seed, 7, 12)).unwrap());
        let stays = raced((0..20).map(|nth| acts(app.clone(), member, seed, nth, limit))).await;
        let used = MONTHLY.used(app.core(), &app.cx(), member).await.unwrap();
        assert_eq!(used, stays.iter().sum::<i64>(), "seed {seed}: {stays:?}");
        assert!(used >= 0 && limit.is_none_or(|limit| used <= limit), "seed {seed}: {used} of {limit:?}");
        // What was given back can be taken again.
        if let Some(left) = limit.map(|limit| limit - used).filter(|left| *left > 0) {
            let take = MONTHLY.take(&app.cx(), member, left, limit);
            assert!(app.core().ports.items.try_commit(vec![take]).await.unwrap().is_some(), "seed {seed}");
            let one_more = MONTHLY.take(&app.cx(), member, 1, limit);
            assert!(app.core().ports.items.try_commit(vec![one_more]).await.unwrap().is_none(), "seed {seed}");
        }
    }
}

#[tokio::test]
async fn a_refused_action_takes_nothing_and_a_full_meter_stops_the_action() {
    let app = TestApp::new().await;
    let (member, items) = (app.cx().id::<Member>(), &app.core().ports.items);
    let both = |nth| vec![starts(action(member, nth)), MONTHLY.take(&app.cx(), member, 1, Some(1))];
    items.try_commit(vec![starts(action(member, 1))]).await.unwrap().unwrap();
    assert!(items.try_commit(both(1)).await.unwrap().is_none(), "the action exists");
    assert_eq!(MONTHLY.used(app.core(), &app.cx(), member).await.unwrap(), 0);
    assert!(items.try_commit(both(2)).await.unwrap().is_some());
    assert!(items.try_commit(both(3)).await.unwrap().is_none(), "the meter is full");
    assert!(items.get(&action(member, 3)).await.unwrap().is_none());
}

/// Given back late, it goes to the month it was taken from.
#[tokio::test]
async fn what_is_given_back_goes_where_it_came_from() {
    let app = TestApp::new().await;
    let (member, core) = (app.cx().id::<Member>(), app.core());
    app.advance(39 * DAY + 11 * HOUR);
    let take = |nth| vec![starts(action(member, nth)), MONTHLY.take(&app.cx(), member, 2, Some(2))];
    let used = async || MONTHLY.used(core, &app.cx(), member).await.unwrap();
    core.ports.items.try_commit(take(1)).await.unwrap().unwrap();
    // Kept with the action, as JSON.
    let taken = serde_json::to_string(&MONTHLY.taken(&app.cx(), member, 2)).unwrap();
    app.advance(2 * HOUR);
    assert_eq!(app.now().month(), "2027-01");
    core.ports.items.try_commit(take(2)).await.unwrap().unwrap();
    let taken: Taken = serde_json::from_str(&taken).unwrap();
    assert!(taken.give_back(core, &[fails(action(member, 1))], &[]).await.unwrap());
    assert_eq!(used().await, 2, "the new month is untouched");
    let december = core.ports.items.get(&METERS.key(member.bytes(), "2026-12:date_idea_details")).await.unwrap();
    assert_eq!(december.unwrap().number, 0);
    // Without the action's own condition it may come twice; below zero it never goes.
    assert!(taken.give_back(core, &[], &[]).await.unwrap());
    let january = MONTHLY.taken(&app.cx(), member, 5);
    assert!(january.give_back(core, &[], &[]).await.unwrap());
    assert_eq!(used().await, 0);
    // Long after, the meter is gone, and the action can still be marked.
    core.ports.items.try_commit(take(3)).await.unwrap().unwrap();
    app.advance(100 * DAY);
    assert!(january.give_back(core, &[fails(action(member, 3))], &[]).await.unwrap());
}
