use super::{MAIL, SHORT, Subject, bodies, lapsed, message};
use crate::queue::NewMessage;

fn twice(body: &str) -> NewMessage {
    NewMessage { max_receives: 2, ..message(body) }
}

/// Receives everything as often as it is delivered, without ever being done.
async fn wear_out(s: &Subject, receives: u32) {
    for receive in 1..=receives {
        for delivery in s.receive(10).await {
            assert_eq!(delivery.receives, receive);
        }
        lapsed(s);
    }
    s.nothing("received more often than allowed").await;
}

pub(super) async fn worn_out(mut s: Subject) {
    let ids = s.send(vec![twice("poison")]).await;
    wear_out(&s, 2).await;
    s = s.reopened().await;
    let at = s.now();
    let parked = s.port.parked(MAIL, 10).await.expect("parked answers");
    assert_eq!(parked.len(), 1);
    assert_eq!((parked[0].id, &parked[0].body[..], parked[0].receives), (ids[0], &b"poison"[..], 2));
    assert!(parked[0].parked_at <= at && parked[0].parked_at > at.minus(2 * SHORT), "parked at another time");
    s.after(100 * SHORT);
    s.nothing("a parked message was delivered").await;
}

pub(super) async fn at_once(s: Subject) {
    s.send(vec![message("bad address")]).await;
    let held = s.one().await;
    assert!(s.port.park(MAIL, held.receipt, "no such mailbox", s.now()).await.expect("park answers"));
    lapsed(&s);
    s.nothing("a parked message was delivered").await;
    let parked = s.port.parked(MAIL, 10).await.expect("parked answers");
    assert_eq!((parked.len(), &parked[0].reason[..], parked[0].receives), (1, "no such mailbox", 1));
    assert!(!s.port.done(MAIL, held.receipt).await.expect("done answers"), "the receipt outlives the parking");
    assert_eq!(s.parked_bodies().await, ["bad address"]);
    assert!(s.port.parked(crate::queue::contract::PUSH, 10).await.expect("parked answers").is_empty());
}

pub(super) async fn redrive(s: Subject) {
    assert_eq!(s.port.redrive(MAIL, s.now()).await.expect("redrive answers"), 0);
    s.send(vec![twice("a"), twice("b"), twice("c")]).await;
    wear_out(&s, 2).await;
    assert_eq!(s.parked_bodies().await.len(), 3);
    assert_eq!(s.port.parked(MAIL, 2).await.expect("parked answers").len(), 2, "more than asked for");
    assert_eq!(s.port.redrive(MAIL, s.now()).await.expect("redrive answers"), 3);
    assert_eq!(s.parked_bodies().await, Vec::<String>::new(), "in two places");
    let found = s.receive(10).await;
    assert_eq!(bodies(&found), ["a", "b", "c"]);
    assert!(found.iter().all(|d| d.receives == 1), "the receives begin at zero: {found:?}");
    lapsed(&s);
    assert_eq!(s.receive(10).await.len(), 3, "a second chance of as many receives as the first");
}

pub(super) async fn fence_over_redrive(s: Subject) {
    s.send(vec![message("x")]).await;
    let old = s.one().await.receipt;
    assert!(s.port.park(MAIL, old, "stuck", s.now()).await.expect("park answers"));
    s.port.redrive(MAIL, s.now()).await.expect("redrive answers");
    let new = s.one().await;
    assert_eq!(new.receives, 1);
    assert!(!s.port.done(MAIL, old).await.expect("done answers"), "a receipt from before the redrive passes as ours");
    assert!(s.port.done(MAIL, new.receipt).await.expect("done answers"));
}

pub(super) async fn poison(s: Subject) {
    s.send((0..5).map(|i| twice(&format!("poison {i}"))).collect()).await;
    s.send(vec![message("healthy")]).await;
    let mut healthy = false;
    for _ in 0..12 {
        for delivery in s.receive(2).await {
            if &delivery.body[..] == b"healthy" {
                healthy = s.port.done(MAIL, delivery.receipt).await.expect("done answers");
            } else {
                assert!(s.port.retry(MAIL, delivery.receipt, 0, s.now()).await.expect("retry answers"));
            }
        }
        s.after(1_000);
    }
    assert!(healthy, "the healthy message never came");
    assert_eq!(s.parked_bodies().await.len(), 5);
}
