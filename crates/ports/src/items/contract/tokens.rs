use super::{METERS, NOTES, Subject, add, put};
use crate::contract::{assert_refused, race as racers};
use crate::items::{Commit, Emit, Outcome, When};
use bytes::Bytes;

fn paid(token: u8, amount: i64) -> Commit {
    Commit {
        writes: vec![add(&METERS.key("m", "paid"), amount, None), put(&NOTES.key("p", "receipt"), "x", When::Always)],
        outbox: vec![Emit { name: "paid", body: Bytes::from_static(b"{}") }],
        token: Some([token; 16]),
    }
}

pub(super) async fn once(mut s: Subject) {
    let expected = Outcome::Applied { numbers: vec![3, 0] };
    assert_eq!(s.port.commit(paid(1, 3)).await.expect("commit answers"), expected);
    s.after(2_000);
    assert_eq!(s.port.commit(paid(1, 3)).await.expect("commit answers"), expected, "a repeat gets the first answer");
    s = s.reopened().await;
    assert_eq!(s.port.commit(paid(1, 3)).await.expect("commit answers"), expected, "also after a restart");
    assert_eq!(s.item(&METERS.key("m", "paid")).await.map(|i| i.number), Some(3));
    assert_eq!(s.item(&NOTES.key("p", "receipt")).await.map(|i| i.version), Some(1));
    assert_eq!(s.port.outbox(0, 10).await.expect("outbox answers").len(), 1);
    let other = s.port.commit(paid(2, 3)).await.expect("commit answers");
    assert_eq!(other, Outcome::Applied { numbers: vec![6, 0] }, "another token is another commit");
}

pub(super) async fn other_content(s: Subject) {
    s.port.commit(paid(1, 3)).await.expect("commit answers");
    let mut renamed = paid(1, 3);
    renamed.outbox[0].name = "refunded";
    let mut moved = paid(1, 3);
    moved.writes.swap(0, 1);
    for (what, commit) in [("another amount", paid(1, 4)), ("another event", renamed), ("another order", moved)] {
        assert_refused(s.port.commit(commit).await, what);
    }
    assert_eq!(s.item(&METERS.key("m", "paid")).await.map(|i| i.number), Some(3));
}

pub(super) async fn race(s: Subject) {
    let port = &s.port;
    let answers = racers(30, |_| {
        let port = port.clone();
        async move { port.commit(paid(9, 1)).await.expect("commit answers") }
    });
    for answer in answers.await {
        assert_eq!(answer, Outcome::Applied { numbers: vec![1, 0] });
    }
    assert_eq!(s.item(&METERS.key("m", "paid")).await.map(|i| i.number), Some(1));
}
