use super::{MAIL, PUSH, SHORT, Subject, bodies, lapsed, message};
use crate::queue::{Counts, NewMessage, QueueName};
use base::id::QueuedId;

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
    assert!(s.port.parked(PUSH, 10).await.expect("parked answers").is_empty());
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

pub(super) async fn redrive_some(s: Subject) {
    let ids = s.send(vec![twice("a"), twice("b"), twice("c")]).await;
    let healthy = s.port.send(PUSH, vec![message("push")], s.now()).await.expect("send answers");
    wear_out(&s, 2).await;
    let some = async |queue: QueueName, ids: &[QueuedId]| {
        s.port.redrive_some(queue, ids, s.now()).await.expect("redrive_some answers")
    };
    assert_eq!(some(MAIL, &[]).await, 0);
    assert_eq!(some(PUSH, &ids).await, 0, "of another queue");
    assert_eq!(some(MAIL, &[ids[1], healthy[0]]).await, 1);
    assert_eq!(some(MAIL, &[ids[1]]).await, 0, "not parked any more");
    assert_eq!(s.parked_bodies().await, ["a", "c"]);
    let found = s.one().await;
    assert_eq!((&found.body[..], found.receives), (&b"b"[..], 1));
}

pub(super) async fn read_on(s: Subject) {
    s.send(["a", "b", "c", "d", "e"].map(twice).to_vec()).await;
    wear_out(&s, 2).await;
    let all = s.port.parked(MAIL, 10).await.expect("parked answers");
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = s.port.parked_after(MAIL, after, 2).await.expect("parked_after answers");
        let Some(last) = page.last() else { break };
        after = Some((last.parked_at, last.id));
        // What was seen may be gone when the next page is asked for.
        s.port.redrive_some(MAIL, &[last.id], s.now()).await.expect("redrive_some answers");
        seen.extend(page.iter().map(|parked| parked.id));
    }
    assert_eq!(seen, all.iter().map(|parked| parked.id).collect::<Vec<_>>());
}

pub(super) async fn counts(s: Subject) {
    let counts = async || s.port.counts(MAIL, s.now()).await.expect("counts answers");
    let none = Counts { waiting: 0, running: 0, parked: 0, oldest_waiting_at: None };
    assert_eq!(counts().await, none);
    let sent = s.now();
    s.send(vec![message("a"), NewMessage { delay_ms: 10 * SHORT, ..message("later") }]).await;
    let waiting = counts().await;
    assert_eq!((waiting.waiting, waiting.running, waiting.parked), (2, 0, 0), "a delay is a wait");
    assert!(waiting.oldest_waiting_at.is_some_and(|at| at >= sent && at <= s.now()));
    s.one().await;
    let running = counts().await;
    assert_eq!((running.waiting, running.running, running.parked), (1, 1, 0));
    lapsed(&s);
    assert_eq!(counts().await.running, 0, "a lease that lapsed is as good as none");
    let held = s.one().await;
    assert!(s.port.park(MAIL, held.receipt, "stuck", s.now()).await.expect("park answers"));
    let parked = counts().await;
    assert_eq!((parked.waiting, parked.running, parked.parked), (1, 0, 1));
    assert_eq!(s.port.counts(PUSH, s.now()).await.expect("counts answers"), none, "of another queue");
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
