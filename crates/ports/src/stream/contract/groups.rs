use super::{CHAT, Subject, USER, bodies, record};

async fn five(s: &Subject) {
    s.append(USER, (1..=5).map(|i| record("k", &i.to_string())).collect()).await;
}

pub(super) async fn committed(mut s: Subject) {
    five(&s).await;
    let all = s.all(USER, "mail").await;
    s.commit(&all[1], USER, "mail").await;
    assert_eq!(bodies(&s.all(USER, "mail").await), ["3", "4", "5"]);
    assert_eq!(bodies(&s.all(USER, "lake").await), ["1", "2", "3", "4", "5"], "groups are apart");
    s = s.reopened().await;
    assert_eq!(bodies(&s.all(USER, "mail").await), ["3", "4", "5"], "the cursor was forgotten");
    let limited = s.port.read(USER, 0, "mail", None, 2).await.expect("read answers");
    assert_eq!(bodies(&limited), ["3", "4"]);
}

pub(super) async fn uncommitted(mut s: Subject) {
    five(&s).await;
    let all = s.all(USER, "g").await;
    assert_eq!(s.all(USER, "g").await, all, "reading moved the cursor");
    s = s.reopened().await;
    assert_eq!(s.all(USER, "g").await, all);
}

pub(super) async fn never_back(s: Subject) {
    five(&s).await;
    let all = s.all(USER, "g").await;
    s.commit(&all[3], USER, "g").await;
    s.commit(&all[3], USER, "g").await;
    s.commit(&all[0], USER, "g").await;
    assert_eq!(bodies(&s.all(USER, "g").await), ["5"]);
}

pub(super) async fn after(s: Subject) {
    five(&s).await;
    let all = s.all(USER, "g").await;
    let read = async |offset| bodies(&s.port.read(USER, 0, "g", Some(offset), 10).await.expect("read answers"));
    assert_eq!(read(all[2].offset).await, ["4", "5"]);
    assert_eq!(read(all[4].offset).await, Vec::<String>::new());
    s.commit(&all[3], USER, "g").await;
    assert_eq!(read(all[0].offset).await, ["5"], "what is committed is read again");
}

pub(super) async fn lagged_behind(s: Subject) {
    s.append(USER, vec![record("k", "1"), record("k", "2")]).await;
    let first = s.all(USER, "slow").await[0].clone();
    s.commit(&first, USER, "slow").await;
    s.after(USER.retention_ms + 1);
    s.append(USER, vec![record("k", "3")]).await;
    assert_eq!(s.port.expire(USER, s.now()).await.expect("expire answers"), 2);
    assert_eq!(bodies(&s.all(USER, "slow").await), ["3"]);
    let dropped = s.port.read(USER, 0, "slow", Some(first.offset), 10).await.expect("read answers");
    assert_eq!(bodies(&dropped), ["3"]);
    assert_eq!(s.lag(USER, "slow").await, 1, "what is dropped is no lag");
}

pub(super) async fn lag(s: Subject) {
    assert_eq!(s.lag(CHAT, "g").await, 0, "nothing was appended");
    s.append(CHAT, (0..20).map(|i| record(&i.to_string(), "x")).collect()).await;
    assert_eq!(s.lag(CHAT, "g").await, 20);
    let all = s.all(CHAT, "g").await;
    let first = &all[0];
    s.commit(first, CHAT, "g").await;
    assert_eq!(s.lag(CHAT, "g").await, 19);
    assert_eq!(s.lag(CHAT, "other").await, 20, "groups are apart");
    for record in &all {
        s.commit(record, CHAT, "g").await;
    }
    assert_eq!(s.lag(CHAT, "g").await, 0, "everything read is committed");
    s.append(CHAT, vec![record("k", "one more")]).await;
    assert_eq!(s.lag(CHAT, "g").await, 1);
    let now = s.after(CHAT.retention_ms + 1);
    s.port.expire(CHAT, now).await.expect("expire answers");
    assert_eq!((s.lag(CHAT, "g").await, s.lag(CHAT, "other").await), (0, 0), "what is dropped is no lag");
}
