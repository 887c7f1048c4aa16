use super::{METERS, NOTES, Subject, put, until};
use crate::items::{Item, Query, When};

async fn seed(s: &Subject, sks: &[&[u8]]) {
    let mut order: Vec<_> = sks.to_vec();
    // Not in the order they will be read in.
    order.rotate_left(sks.len() / 2);
    s.applied(order.iter().map(|sk| put(&NOTES.key("p", sk), "x", When::Always)).collect()).await;
    let beside = [NOTES.key("o", "b"), NOTES.key("pp", "b"), NOTES.key("q", "b"), METERS.key("p", "b")];
    s.applied(beside.iter().map(|key| put(key, "elsewhere", When::Always)).collect()).await;
}

fn sks(items: Vec<Item>) -> Vec<Vec<u8>> {
    items.into_iter().map(|item| item.key.sk.to_vec()).collect()
}

async fn found(s: &Subject, query: Query) -> Vec<Vec<u8>> {
    sks(s.port.query(query).await.expect("query answers").items)
}

/// All pages of `query`, and how many there were.
async fn walk(s: &Subject, query: Query) -> (Vec<Vec<u8>>, usize) {
    let (mut out, mut pages, mut query) = (Vec::new(), 0, query);
    loop {
        let page = s.port.query(query.clone()).await.expect("query answers");
        assert!(page.items.len() <= query.limit, "a page beyond its limit");
        assert!(page.next.is_none() || page.next != query.after, "the continuation does not move");
        out.extend(sks(page.items));
        pages += 1;
        assert!(pages < 200, "the pages do not end");
        match page.next {
            Some(next) => query = query.after(Some(next)),
            None => return (out, pages),
        }
    }
}

/// In byte order; shorter before longer, and the last above any short run of 0xff.
fn keys() -> Vec<Vec<u8>> {
    let mut keys: Vec<Vec<u8>> =
        [&[0][..], &[0, 0], &[0, 1], b"a", b"a\0", b"aa", b"ab", b"b", &[0x7f], &[0x80], &[0xff], &[0xff, 0xff]]
            .iter()
            .map(|key| key.to_vec())
            .collect();
    keys.extend([vec![0xff; 64], vec![0xff; 65], vec![0xff; 1_024]]);
    keys
}

fn reversed(mut keys: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    keys.reverse();
    keys
}

pub(super) async fn order(s: Subject) {
    let keys = keys();
    seed(&s, &keys.iter().map(|k| &k[..]).collect::<Vec<_>>()).await;
    assert_eq!(found(&s, Query::partition(NOTES, "p")).await, keys);
    assert_eq!(found(&s, Query::partition(NOTES, "p").backward()).await, reversed(keys));
    assert_eq!(found(&s, Query::partition(NOTES, "nothing")).await, Vec::<Vec<u8>>::new());
}

pub(super) async fn bounds(s: Subject) {
    let keys = keys();
    seed(&s, &keys.iter().map(|k| &k[..]).collect::<Vec<_>>()).await;
    for (from, to) in [("a", "b"), ("a\0", "ab"), ("a", "a"), ("aaa", "abb"), ("b", "a"), ("c", "d")] {
        let expected: Vec<_> =
            keys.iter().filter(|k| &k[..] >= from.as_bytes() && &k[..] <= to.as_bytes()).cloned().collect();
        let query = Query::partition(NOTES, "p").from(from).to(to);
        assert_eq!(found(&s, query.clone()).await, expected, "{from:?}..={to:?}");
        assert_eq!(found(&s, query.clone().backward()).await, reversed(expected.clone()), "{from:?}..={to:?} backward");
        for query in [query.clone(), query.backward()] {
            let mut all = walk(&s, query.limit(1)).await.0;
            all.sort();
            assert_eq!(all, expected, "{from:?}..={to:?}, one by one");
        }
    }
    let query = Query::partition(NOTES, "p").from([0x80]);
    assert_eq!(found(&s, query.clone()).await, keys[9..]);
    assert_eq!(found(&s, query.backward().limit(2)).await, [&keys[14][..], &keys[13][..]]);
    assert_eq!(found(&s, Query::partition(NOTES, "p").to([0, 1])).await, keys[..3]);
    // A continuation outside the bounds stays within them.
    let query = Query::partition(NOTES, "p").from("aa").to("ab");
    assert_eq!(found(&s, query.clone().after(Some([0]))).await, [b"aa", b"ab"]);
    assert_eq!(found(&s, query.clone().after(Some("b"))).await, Vec::<Vec<u8>>::new());
    assert_eq!(found(&s, query.clone().backward().after(Some("c"))).await, [b"ab", b"aa"]);
    assert_eq!(found(&s, query.backward().after(Some([0]))).await, Vec::<Vec<u8>>::new());
}

pub(super) async fn pages(mut s: Subject) {
    let keys = keys();
    seed(&s, &keys.iter().map(|k| &k[..]).collect::<Vec<_>>()).await;
    for limit in [1, 2, 7, 14, 15, 16] {
        let query = Query::partition(NOTES, "p").limit(limit);
        assert_eq!(walk(&s, query.clone()).await.0, keys, "{limit} a page");
        assert_eq!(walk(&s, query.backward()).await.0, reversed(keys.clone()), "{limit} a page, backward");
    }
    for (query, expected) in [
        (Query::partition(NOTES, "p").limit(6), keys.clone()),
        (Query::partition(NOTES, "p").limit(6).backward(), reversed(keys)),
    ] {
        let first = s.port.query(query.clone()).await.expect("query answers");
        s = s.reopened().await;
        let mut all = sks(first.items);
        assert!(first.next.is_some(), "more follows");
        all.extend(walk(&s, query.after(first.next)).await.0);
        assert_eq!(all, expected);
    }
}

pub(super) async fn cursor_without_item(s: Subject) {
    seed(&s, &[b"a", b"b", b"c", b"d"]).await;
    let page = s.port.query(Query::partition(NOTES, "p").limit(2)).await.expect("query answers");
    s.applied(vec![crate::items::Write::Delete { key: NOTES.key("p", "b"), when: When::Present }]).await;
    assert_eq!(found(&s, Query::partition(NOTES, "p").after(page.next.clone())).await, [b"c", b"d"]);
    assert_eq!(found(&s, Query::partition(NOTES, "p").backward().after(page.next)).await, [b"a"]);
}

pub(super) async fn empty_pages(s: Subject) {
    let at = s.now().plus(1_000);
    s.applied((0..9).map(|i| until(&NOTES.key("p", format!("m{i}")), "x", at)).collect()).await;
    s.applied(vec![put(&NOTES.key("p", "a"), "x", When::Always), put(&NOTES.key("p", "z"), "x", When::Always)]).await;
    s.after(1_000);
    assert_eq!(walk(&s, Query::partition(NOTES, "p").limit(2)).await.0, [b"a", b"z"]);
    assert_eq!(walk(&s, Query::partition(NOTES, "p").limit(2).backward()).await.0, [b"z", b"a"]);
}

pub(super) async fn large_pages(s: Subject) {
    let keys: Vec<Vec<u8>> = (0..12).map(|i| format!("{i:02}").into_bytes()).collect();
    let body = "x".repeat(300 * 1024);
    for key in &keys {
        s.applied(vec![put(&NOTES.key("p", key), &body, When::Always)]).await;
    }
    let (all, pages) = walk(&s, Query::partition(NOTES, "p")).await;
    assert_eq!(all, keys);
    assert!(pages > 1, "3.6 MB in one page");
    assert_eq!(walk(&s, Query::partition(NOTES, "p").backward()).await.0, reversed(keys));
}
