use super::{MAIL, PUSH, SHORT, Subject, lapsed, message};
use crate::contract::race;
use crate::queue::MAX_LEASE_MS;

pub(super) async fn extend(s: Subject) {
    s.send(vec![message("x")]).await;
    let held = s.one().await;
    s.after(SHORT / 2);
    assert!(s.port.extend(MAIL, held.receipt, SHORT, s.now()).await.expect("extend answers"));
    s.after(SHORT / 2);
    s.nothing("the old lease still counts").await;
    s.after(SHORT / 2);
    let next = s.one().await;
    assert_eq!(next.receives, 2, "the extended lease does not end");
    assert!(!s.port.extend(MAIL, held.receipt, SHORT, s.now()).await.expect("extend answers"), "no longer ours");
    assert!(s.port.done(MAIL, next.receipt).await.expect("done answers"));
}

pub(super) async fn twelve_hours(s: Subject) {
    s.send(vec![message("x")]).await;
    let held = s.port.receive(MAIL, 1, MAX_LEASE_MS / 2, s.now()).await.expect("receive answers").remove(0);
    s.after(MAX_LEASE_MS / 2 - 1_000);
    assert!(s.port.extend(MAIL, held.receipt, MAX_LEASE_MS, s.now()).await.expect("extend answers"));
    s.after(MAX_LEASE_MS / 2 - 1_000);
    s.nothing("shortly before the twelve hours").await;
    s.after(2_000);
    assert_eq!(s.one().await.receives, 2, "held for more than twelve hours");
}

pub(super) async fn earlier_receipt(s: Subject) {
    s.send(vec![message("x")]).await;
    let old = s.one().await.receipt;
    lapsed(&s);
    let new = s.one().await.receipt;
    let now = s.now();
    assert!(!s.port.done(MAIL, old).await.expect("done answers"));
    assert!(!s.port.retry(MAIL, old, 0, now).await.expect("retry answers"));
    assert!(!s.port.extend(MAIL, old, SHORT, now).await.expect("extend answers"));
    assert!(!s.port.park(MAIL, old, "late", now).await.expect("park answers"));
    s.nothing("the holder's lease was touched").await;
    assert!(s.port.done(MAIL, new).await.expect("done answers"));
    assert!(!s.port.retry(MAIL, new, 0, now).await.expect("retry answers"), "of a message that is gone");
}

pub(super) async fn other_queue(s: Subject) {
    s.send(vec![message("x")]).await;
    let held = s.one().await.receipt;
    assert!(!s.port.done(PUSH, held).await.expect("done answers"));
    assert!(s.port.done(MAIL, held).await.expect("done answers"));
}

pub(super) async fn done_race(s: Subject) {
    s.send(vec![message("x")]).await;
    let (port, held) = (&s.port, s.one().await.receipt);
    let answers = race(20, |_| {
        let port = port.clone();
        async move { port.done(MAIL, held).await.expect("done answers") }
    });
    assert_eq!(answers.await.into_iter().filter(|ours| *ours).count(), 1);
}
