use super::Subject;
use crate::cache::{Bucket, Taken};
use crate::contract::{assert_refused, race as racers};

/// A token each 100 ms.
const TEN: Bucket = Bucket { capacity: 10, per_ms: 1_000 };

impl Subject {
    async fn take(&self, cost: u32) -> Taken {
        self.port.take("b", TEN, cost, self.now()).await.expect("take answers")
    }
}

pub(super) async fn capacity(s: Subject) {
    for left in (0..10).rev() {
        let taken = s.take(1).await;
        assert_eq!((taken.allowed, taken.remaining), (true, left));
    }
    assert_eq!((s.take(1).await.allowed, s.take(1).await.remaining), (false, 0));
    let other = s.port.take("other", TEN, 10, s.now()).await.expect("take answers");
    assert_eq!((other.allowed, other.remaining), (true, 0), "keys are apart");
}

pub(super) async fn refill(s: Subject) {
    assert!(s.take(10).await.allowed);
    s.after(99);
    assert!(!s.take(1).await.allowed, "before the first token is whole");
    s.after(1);
    assert!(s.take(1).await.allowed, "after a tenth of the time");
    assert!(!s.take(1).await.allowed, "one token in that time");
    // Fractions are not lost by looking: ten looks within one token's time.
    for _ in 0..10 {
        s.after(25);
        s.take(0).await;
    }
    assert_eq!(s.take(0).await.remaining, 2);
    s.after(60_000);
    assert_eq!(s.take(0).await.remaining, 10, "never more than the capacity");
    assert!(s.take(10).await.allowed);
}

pub(super) async fn times(s: Subject) {
    let expected = |allowed, remaining, reset_ms, retry_ms| Taken { allowed, remaining, reset_ms, retry_ms };
    assert_eq!(s.take(0).await, expected(true, 10, 0, 0));
    assert_eq!(s.take(4).await, expected(true, 6, 400, 0));
    assert_eq!(s.take(7).await, expected(false, 6, 400, 100));
    assert_eq!(s.take(6).await, expected(true, 0, 1_000, 0));
    assert_eq!(s.take(3).await, expected(false, 0, 1_000, 300));
    s.after(250);
    assert_eq!(s.take(3).await, expected(false, 2, 750, 50));
    s.after(50);
    assert!(s.take(3).await.allowed, "a take succeeds when it said it would");
}

pub(super) async fn refused_is_free(s: Subject) {
    assert!(s.take(5).await.allowed);
    for _ in 0..20 {
        assert!(!s.take(6).await.allowed);
    }
    assert_eq!(s.take(5).await.remaining, 0, "refused takes took something");
}

pub(super) async fn limits(s: Subject) {
    let now = s.now();
    for (what, bucket, cost) in [
        ("no capacity", Bucket { capacity: 0, per_ms: 1_000 }, 0),
        ("no time", Bucket { capacity: 1, per_ms: 0 }, 1),
        ("a cost over the capacity", TEN, 11),
    ] {
        assert_refused(s.port.take("b", bucket, cost, now).await, what);
    }
    assert_eq!(s.take(10).await.remaining, 0);
}

pub(super) async fn race(s: Subject) {
    let bucket = Bucket { capacity: 20, per_ms: 600_000 };
    let (port, now) = (&s.port, s.now());
    let allowed = racers(80, |_| {
        let port = port.clone();
        async move { port.take("b", bucket, 1, now).await.expect("take answers").allowed }
    });
    assert_eq!(allowed.await.into_iter().filter(|allowed| *allowed).count(), 20);
}
