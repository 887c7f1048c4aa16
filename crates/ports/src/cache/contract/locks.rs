use super::Subject;
use crate::cache::Lock;
use crate::contract::race as racers;

impl Subject {
    async fn lock(&self, key: &str) -> Option<Lock> {
        self.port.lock(key, 2_000, self.now()).await.expect("lock answers")
    }

    async fn unlock(&self, lock: &Lock) -> bool {
        self.port.unlock(lock, self.now()).await.expect("unlock answers")
    }
}

pub(super) async fn one_holder(s: Subject) {
    let held = s.lock("l").await.expect("free");
    assert_eq!((&held.key[..], held.until), ("l", s.now().plus(2_000)));
    assert_eq!(s.lock("l").await, None);
    assert!(s.lock("other").await.is_some(), "keys are apart");
    assert!(s.unlock(&held).await);
    assert!(!s.unlock(&held).await, "released twice");
    assert!(s.lock("l").await.is_some(), "free again");
    s.after(1_999);
    assert_eq!(s.lock("l").await, None, "still held");
    s.after(1);
    assert!(s.lock("l").await.is_some(), "free at the moment of expiry");
}

pub(super) async fn tokens_grow(s: Subject) {
    let mut last = 0;
    for round in 0..10 {
        let held = s.lock("l").await.expect("free");
        assert!(held.token > last, "{} after {last}", held.token);
        last = held.token;
        if round % 2 == 0 {
            assert!(s.unlock(&held).await);
        } else {
            s.after(2_000);
        }
    }
}

pub(super) async fn lost(s: Subject) {
    let old = s.lock("l").await.expect("free");
    s.after(2_000);
    assert!(!s.unlock(&old).await, "expired, although nobody took it");
    let new = s.lock("l").await.expect("expired");
    assert!(!s.unlock(&old).await);
    assert_eq!(s.lock("l").await, None, "the other's lock was released");
    assert!(!s.unlock(&Lock { token: new.token + 1, ..new.clone() }).await, "an invented token");
    assert!(s.unlock(&new).await);
}

pub(super) async fn race(s: Subject) {
    let (port, now) = (&s.port, s.now());
    let held = racers(50, |_| {
        let port = port.clone();
        async move { port.lock("l", 60_000, now).await.expect("lock answers") }
    });
    assert_eq!(held.await.into_iter().flatten().count(), 1);
}
