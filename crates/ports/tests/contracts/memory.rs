//! What the adapters in memory promise beside their contracts: bounds, and nothing kept for nobody.

use base::{Time, World, world::TestWorld};
use bytes::Bytes;
use ports::cache::{Bucket, Cache, MemoryCache};
use ports::fanout::{Fanout, Heard, MemoryFanout};

const MIB: usize = 1024 * 1024;
const HOUR: i64 = base::time::HOUR;

fn now() -> Time {
    TestWorld::default().now()
}

#[tokio::test]
async fn the_cache_keeps_within_its_weight() {
    let cache = MemoryCache::new(8 * MIB);
    for i in 0..3_000 {
        cache.set(&format!("value {i}"), Bytes::from(vec![0; 10_000]), HOUR, now()).await.expect("set answers");
        cache.get("hot", now()).await.expect("get answers");
        if i == 0 {
            cache.set("hot", Bytes::from_static(b"x"), HOUR, now()).await.expect("set answers");
        }
    }
    let weight = cache.weight();
    assert!(weight <= 8 * MIB && weight > 6 * MIB, "{weight} bytes");
    assert!(cache.get("hot", now()).await.expect("get answers").is_some(), "what is used all the time was evicted");
    assert!(cache.get("value 2999", now()).await.expect("get answers").is_some(), "the newest was evicted");
}

#[tokio::test]
async fn expired_entries_go_without_being_asked_for() {
    let cache = MemoryCache::new(8 * MIB);
    let bucket = Bucket { capacity: 1, per_ms: 1_000 };
    for i in 0..1_000 {
        cache.take(&format!("old {i}"), bucket, 1, now()).await.expect("take answers");
    }
    let full = cache.weight();
    for i in 0..1_000 {
        cache.take(&format!("new {i}"), bucket, 1, now().plus(5_000)).await.expect("take answers");
    }
    assert!(cache.weight() < full * 5 / 4, "{} bytes after {full}", cache.weight());
}

#[tokio::test]
async fn a_held_lock_is_not_evicted() {
    let cache = MemoryCache::new(4 * MIB);
    let lock = cache.lock("l", HOUR, now()).await.expect("lock answers").expect("free");
    for i in 0..2_000 {
        cache.set(&format!("value {i}"), Bytes::from(vec![0; 10_000]), HOUR, now()).await.expect("set answers");
    }
    assert_eq!(cache.lock("l", HOUR, now()).await.expect("lock answers"), None);
    assert!(cache.unlock(&lock, now()).await.expect("unlock answers"));
}

#[tokio::test]
async fn fencing_tokens_grow_over_a_restart() {
    let mut last = 0;
    for restart in 0..3 {
        let cache = MemoryCache::new(MIB);
        for i in 0..100 {
            let lock = cache.lock(&format!("l{i}"), HOUR, now().plus(restart)).await.expect("lock answers");
            let token = lock.expect("free").token;
            assert!(token > last, "{token} after {last}");
            last = token;
        }
    }
}

#[tokio::test]
async fn a_bucket_keeps_what_was_used_when_its_limit_changes() {
    let cache = MemoryCache::new(MIB);
    let take = async |capacity, cost| {
        cache.take("b", Bucket { capacity, per_ms: HOUR }, cost, now()).await.expect("take answers")
    };
    assert_eq!(take(10, 8).await.remaining, 2);
    assert_eq!(take(100, 0).await.remaining, 92, "a larger plan");
    assert_eq!(take(5, 0).await.remaining, 0, "a smaller one");
}

#[tokio::test]
async fn the_cache_survives_a_clock_that_goes_back() {
    let cache = MemoryCache::new(MIB);
    let take = async |cost, at| cache.take("b", Bucket { capacity: 10, per_ms: 1_000 }, cost, at).await;
    assert!(take(10, now()).await.expect("take answers").allowed);
    let earlier = take(1, now().minus(HOUR)).await.expect("take answers");
    assert!(!earlier.allowed && earlier.retry_ms <= 1_000, "{earlier:?}");
    assert!(!take(6, now().plus(500)).await.expect("take answers").allowed, "the hour was given back");
    assert!(take(10, now().plus(1_000)).await.expect("take answers").allowed);
}

#[tokio::test]
async fn a_channel_nobody_listens_on_is_gone() {
    let fanout = MemoryFanout::default();
    let (a, b) = (fanout.subscribe("c").await.expect("answers"), fanout.subscribe("c").await.expect("answers"));
    fanout.subscribe("d").await.map(drop).expect("answers");
    assert_eq!(fanout.channels(), 1);
    drop(a);
    assert_eq!(fanout.channels(), 1);
    drop(b);
    assert_eq!(fanout.channels(), 0);
}

#[tokio::test]
async fn closing_the_fanout_ends_its_subscriptions() {
    let fanout = MemoryFanout::new(8);
    let mut heard = fanout.subscribe("c").await.expect("answers");
    fanout.publish("c", Bytes::from_static(b"last")).await.expect("answers");
    drop(fanout);
    assert_eq!(heard.next().await, Some(Heard::Message(Bytes::from_static(b"last"))));
    assert_eq!(heard.next().await, None);
}
