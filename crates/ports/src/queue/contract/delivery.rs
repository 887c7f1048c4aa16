use super::{MAIL, SHORT, Subject, bodies, lapsed, message, sorted};
use crate::contract::race;

pub(super) async fn at_most_max(s: Subject) {
    s.send((0..7).map(|i| message(&i.to_string())).collect()).await;
    assert_eq!(s.receive(0).await.len(), 0);
    assert_eq!(s.receive(3).await.len(), 3);
    assert_eq!(s.receive(10).await.len(), 4);
    s.nothing("all are in flight").await;
}

pub(super) async fn shared(s: Subject) {
    let count = 60;
    let sent = s.send((0..count).map(|i| message(&i.to_string())).collect()).await;
    let (port, now) = (&s.port, s.now());
    let got = race(8, |_| {
        let port = port.clone();
        async move {
            let mut mine = Vec::new();
            loop {
                let found = port.receive(MAIL, 4, SHORT, now).await.expect("receive answers");
                if found.is_empty() {
                    return mine;
                }
                mine.extend(found.into_iter().map(|d| d.id));
            }
        }
    });
    let got: Vec<_> = got.await.into_iter().flatten().collect();
    assert_eq!(got.len(), count, "received by two at once, or by nobody");
    assert_eq!(sorted(got), sorted(sent));
}

pub(super) async fn visibility(s: Subject) {
    s.send(vec![message("x")]).await;
    let first = s.one().await;
    s.nothing("in flight").await;
    s.after(SHORT / 2);
    s.nothing("still in flight").await;
    s.after(SHORT / 2);
    let second = s.one().await;
    assert_eq!((second.id, second.receives, second.sent_at), (first.id, 2, first.sent_at));
    assert!(second.receipt.fence > first.receipt.fence, "the fence does not grow");
}

pub(super) async fn restart(mut s: Subject) {
    s.send(vec![message("x")]).await;
    let first = s.one().await;
    s = s.reopened().await;
    s.nothing("the lease was forgotten").await;
    assert!(s.port.done(MAIL, first.receipt).await.expect("done answers"), "the receipt was forgotten");
}

pub(super) async fn done(mut s: Subject) {
    s.send(vec![message("x"), message("y")]).await;
    for delivery in s.receive(10).await {
        if &delivery.body[..] == b"x" {
            assert!(s.port.done(MAIL, delivery.receipt).await.expect("done answers"));
            assert!(!s.port.done(MAIL, delivery.receipt).await.expect("done answers"), "done twice");
        }
    }
    s = s.reopened().await;
    lapsed(&s);
    assert_eq!(bodies(&s.receive(10).await), ["y"]);
}

pub(super) async fn retry(s: Subject) {
    s.send(vec![message("x")]).await;
    let first = s.one().await;
    assert!(s.port.retry(MAIL, first.receipt, 0, s.now()).await.expect("retry answers"));
    let second = s.one().await;
    assert_eq!(second.receives, 2, "a retry with no delay is visible at once");
    // A back-off longer than what was left of the lease.
    assert!(s.port.retry(MAIL, second.receipt, 2 * SHORT, s.now()).await.expect("retry answers"));
    s.after(SHORT + SHORT / 2);
    s.nothing("before its back-off is over").await;
    s.after(SHORT / 2);
    assert_eq!(s.one().await.receives, 3);
}
