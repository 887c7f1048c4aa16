use super::{NOTES, Subject, add, put, until};
use crate::items::{Query, Refusal, When, Write};

pub(super) async fn reads(s: Subject) {
    let (short, long) = (NOTES.key("p", "short"), NOTES.key("p", "very long"));
    let at = s.now().plus(5_000);
    s.applied(vec![until(&short, "x", at), put(&long, "y", When::Always)]).await;
    s.after(4_999);
    assert_eq!(s.item(&short).await.and_then(|i| i.expires_at), Some(at), "gone before its time");
    s.after(1);
    assert_eq!(s.item(&short).await, None);
    for query in [Query::partition(NOTES, "p"), Query::partition(NOTES, "p").backward()] {
        let found = s.port.query(query).await.expect("query answers");
        assert!(found.items.iter().map(|i| &i.key).eq([&long]), "{:?}", found.items);
    }
}

pub(super) async fn conditions(s: Subject) {
    let key = NOTES.key("p", "k");
    s.applied(vec![until(&key, "x", s.now().plus(2_000))]).await;
    let check = |when| vec![Write::Check { key: key.clone(), when }];
    s.applied(check(When::Version(1))).await;
    s.after(2_000);
    s.applied(check(When::Absent)).await;
    for when in [When::Present, When::Version(1), When::Number(5)] {
        assert_eq!(s.refusals(check(when)).await, [Some(Refusal { current: None })], "{when:?}");
    }
    let over = s.refusals(vec![put(&key, "y", When::Version(1))]).await;
    assert_eq!(over, [Some(Refusal { current: None })], "put over an expired version");
    s.refusals(vec![add(&key, 9, Some(8))]).await;
    assert_eq!(s.applied(vec![add(&key, 8, Some(8))]).await, [8], "the expired number still counts");
}

pub(super) async fn new_life(s: Subject) {
    let (by_put, by_add) = (NOTES.key("p", "put"), NOTES.key("p", "add"));
    let old = s.now().plus(1_000);
    s.applied(vec![until(&by_put, "old", old), until(&by_add, "old", old)]).await;
    s.applied(vec![until(&by_put, "old", old), until(&by_add, "old", old)]).await;
    let new = s.after(1_000).plus(9_000);
    let fresh = Write::Add { key: by_add.clone(), amount: 2, ceiling: None, expires_at: Some(new) };
    assert_eq!(s.applied(vec![put(&by_put, "new", When::Absent), fresh]).await, [0, 2]);
    let (a, b) = (s.item(&by_put).await.expect("put anew"), s.item(&by_add).await.expect("added anew"));
    assert_eq!((a.version, a.number, &a.body[..], a.expires_at), (1, 0, &b"new"[..], None));
    assert_eq!((b.version, b.number, &b.body[..], b.expires_at), (1, 2, &b""[..], Some(new)));
}

pub(super) async fn reaping(s: Subject) {
    let at = s.now().plus(1_000);
    let gone: Vec<_> = (0..20).map(|i| until(&NOTES.key("p", format!("{i:02}")), "x", at)).collect();
    s.applied(gone).await;
    let (kept, later) = (NOTES.key("p", "kept"), NOTES.key("p", "later"));
    s.applied(vec![put(&kept, "y", When::Always), until(&later, "z", at.plus(1))]).await;
    s.after(1_000);
    for _ in 0..4 {
        assert!(s.port.reap(7).await.expect("reap answers") <= 7, "more than asked for");
    }
    let found = s.port.query(Query::partition(NOTES, "p")).await.expect("query answers");
    assert_eq!(found.items.into_iter().map(|i| i.key).collect::<Vec<_>>(), [kept, later]);
    assert_eq!(s.port.integrity().await.expect("integrity answers"), Vec::<String>::new());
}
