//! The sentences of the port's documentation.

use crate::engines::{Home, NOW, on_both};
use base::{
    Error, Kind,
    id::{CoupleId, MemberId},
};
use ports::{
    Fault, args,
    sql::{Db, SqlError, Tx},
    tally,
};

on_both! {
    a_commit_stays_and_a_drop_does_not,
    a_write_sees_itself_and_others_see_it_after_the_commit,
    a_read_is_one_snapshot_and_does_not_wait,
    a_read_cannot_write,
    constraints_have_one_name,
    after_a_failure_the_transaction_is_over,
    values_come_back_as_they_went_in,
    nulls_keep_their_type,
    statements_say_how_many_rows_they_changed,
    text_compares_byte_by_byte,
    writers_at_once_lose_nothing,
    of_two_accepts_one_wins,
    the_sequence_never_goes_back,
    statements_and_rows_are_counted,
}

const INSERT: &str = "insert into probe (id, word, n, yes, raw, parent) values ($1, $2, $3, $4, $5, $6)";

/// Some ten milliseconds of counting.
const LONG: &str =
    "with recursive c (n) as (select 1 union all select n + 1 from c where n < 100000) select count(*) from c";

async fn put(tx: &mut Tx, id: &str, n: i64) -> Result<u64, SqlError> {
    tx.exec(INSERT, args![id, None::<String>, n, true, None::<Vec<u8>>, None::<String>]).await
}

async fn count(tx: &mut Tx) -> i64 {
    tx.row("select count(*) from probe", args![]).await.unwrap().unwrap().int(0).unwrap()
}

async fn stored(db: &Db) -> i64 {
    count(&mut db.read().await.unwrap()).await
}

async fn a_commit_stays_and_a_drop_does_not(home: Home) {
    let db = home.ready().await;
    let mut tx = db.begin().await.unwrap();
    put(&mut tx, "a", 1).await.unwrap();
    tx.commit().await.unwrap();
    let mut tx = db.begin().await.unwrap();
    put(&mut tx, "b", 2).await.unwrap();
    drop(tx);
    assert_eq!(stored(&db).await, 1);
    db.close().await;
    assert_eq!(stored(&home.open().await).await, 1, "still there for the next process");
}

async fn a_write_sees_itself_and_others_see_it_after_the_commit(home: Home) {
    let db = home.ready().await;
    let mut tx = db.begin().await.unwrap();
    put(&mut tx, "a", 1).await.unwrap();
    assert_eq!(count(&mut tx).await, 1);
    assert_eq!(stored(&db).await, 0);
    tx.commit().await.unwrap();
    assert_eq!(stored(&db).await, 1);
}

async fn a_read_is_one_snapshot_and_does_not_wait(home: Home) {
    let db = home.ready().await;
    let mut before = db.read().await.unwrap();
    assert_eq!(count(&mut before).await, 0);
    let mut tx = db.begin().await.unwrap();
    put(&mut tx, "a", 1).await.unwrap();
    assert_eq!(count(&mut before).await, 0);
    tx.commit().await.unwrap();
    assert_eq!(count(&mut before).await, 0);
    assert_eq!(stored(&db).await, 1);
    before.commit().await.unwrap();
}

async fn a_read_cannot_write(home: Home) {
    let db = home.ready().await;
    let mut tx = db.read().await.unwrap();
    let error = put(&mut tx, "a", 1).await.unwrap_err();
    assert_eq!((error.fault(), error.violated(), error.retryable()), (Fault::Refused, None, false), "{error}");
    drop(tx);
    assert_eq!(stored(&db).await, 0);
}

async fn constraints_have_one_name(home: Home) {
    let db = home.ready().await;
    let none = || None::<String>;
    let mut tx = db.begin().await.unwrap();
    let first = args![none(), "word", 1, true, None::<Vec<u8>>, none()];
    tx.exec(INSERT, [args!["a"], first[1..].to_vec()].concat()).await.unwrap();
    account(&mut tx, &member(1), "ada@example.org").await.unwrap();
    invite(&mut tx, "one", "pending").await.unwrap();
    idempotent(&mut tx).await.unwrap();
    tx.commit().await.unwrap();

    for (row, name) in [
        (args!["b", "word", 1, true, None::<Vec<u8>>, none()], "probe_word_n_key"),
        (args!["a", none(), 2, true, None::<Vec<u8>>, none()], "probe_pkey"),
        (args!["b", none(), 13, true, None::<Vec<u8>>, none()], "probe_n_check"),
        (args![none(), none(), 2, true, None::<Vec<u8>>, none()], "probe_id_not_null"),
        (args!["b", none(), 2, true, None::<Vec<u8>>, "nobody"], "foreign_key"),
    ] {
        let error = db.begin().await.unwrap().exec(INSERT, row).await.unwrap_err();
        assert!(error.violates(name), "{name}: {error}");
        assert_eq!((error.fault(), error.retryable()), (Fault::Refused, false));
        assert!(!error.to_string().contains("nobody"), "no values in the log: {error}");
        assert_eq!(Error::from(error).kind(), Kind::Bug, "a violation nobody expected is our fault");
    }
    // The constraints that features rely on.
    let error = account(&mut db.begin().await.unwrap(), &member(2), "ADA@example.org").await.unwrap_err();
    assert!(error.violates("accounts_email_key"), "{error}");
    let error = invite(&mut db.begin().await.unwrap(), "two", "pending").await.unwrap_err();
    assert!(error.violates("invitations_inviter_id_key"), "{error}");
    let error = invite(&mut db.begin().await.unwrap(), "one", "declined").await.unwrap_err();
    assert!(error.violates("invitations_code_digest_key"), "{error}");
    let error = idempotent(&mut db.begin().await.unwrap()).await.unwrap_err();
    assert!(error.violates("idempotency_pkey"), "{error}");
    invite(&mut db.begin().await.unwrap(), "two", "declined").await.unwrap();
}

async fn after_a_failure_the_transaction_is_over(home: Home) {
    let db = home.ready().await;
    let mut tx = db.begin().await.unwrap();
    put(&mut tx, "a", 1).await.unwrap();
    put(&mut tx, "a", 2).await.unwrap_err();
    let error = put(&mut tx, "b", 2).await.unwrap_err();
    assert_eq!((error.fault(), error.violated()), (Fault::Refused, None));
    assert_eq!(tx.commit().await.unwrap_err().fault(), Fault::Refused);
    assert_eq!(stored(&db).await, 0);

    // A statement that its caller gave up waiting for counts as failed too.
    let mut tx = db.begin().await.unwrap();
    put(&mut tx, "a", 1).await.unwrap();
    tokio::select! {
        biased;
        _ = tx.rows(LONG, args![]) => panic!("that takes longer than one look"),
        () = std::future::ready(()) => {}
    }
    assert_eq!(tx.commit().await.unwrap_err().fault(), Fault::Refused);
    assert_eq!(stored(&db).await, 0);

    let mut tx = db.begin().await.unwrap();
    put(&mut tx, "a", 1).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(stored(&db).await, 1, "the next transaction is a fresh one");
}

async fn values_come_back_as_they_went_in(home: Home) {
    let db = home.ready().await;
    let mut tx = db.begin().await.unwrap();
    let words = ["", "it's", "zeile\nzwei", "ἀγάπη 💞", "$1 %_\\ \"x\""];
    let numbers = [0, -1, i64::MAX, i64::MIN, NOW.0];
    let raws: [&[u8]; 5] = [b"", b"\0\xff", b"'", b"\\x00", &[7; 5000]];
    for i in 0..5 {
        let id = member(i as u128).to_string();
        tx.exec(INSERT, args![&id, words[i], numbers[i], i % 2 == 0, raws[i], None::<&str>]).await.unwrap();
        let sql =
            "select id, word, n, yes, raw from probe where id = $1 and word = $2 and n = $3 and yes = $4 and raw = $5";
        let row = tx.row(sql, args![&id, words[i], numbers[i], i % 2 == 0, raws[i]]).await.unwrap().unwrap();
        assert_eq!(row.id::<base::id::Member>(0).unwrap(), member(i as u128));
        assert_eq!(row.id::<base::id::Couple>(0).unwrap_err().fault(), Fault::Corrupt);
        assert_eq!((row.text(1).unwrap().as_str(), row.int(2).unwrap()), (words[i], numbers[i]));
        assert_eq!((row.bool(3).unwrap(), row.bytes(4).unwrap().as_slice()), (i % 2 == 0, raws[i]));
        assert_eq!(row.time(2).unwrap().0, numbers[i]);
        assert_eq!(row.int(1).unwrap_err().fault(), Fault::Corrupt, "text is not a number");
        assert_eq!(row.int(9).unwrap_err().fault(), Fault::Refused, "there is no tenth column");
    }
    let row = tx.row("select 1, count(*), cast(sum(n) as bigint), exists (select 1) from probe where n = 0", args![]);
    let row = row.await.unwrap().unwrap();
    assert_eq!((row.int(0).unwrap(), row.int(1).unwrap(), row.int(2).unwrap()), (1, 1, 0));
    assert!(row.bool(3).unwrap());
}

async fn nulls_keep_their_type(home: Home) {
    let db = home.ready().await;
    let mut tx = db.begin().await.unwrap();
    let nulls = args![None::<&str>, None::<i64>, None::<bool>, None::<Vec<u8>>, None::<MemberId>];
    tx.exec(INSERT, [args!["a"], nulls].concat()).await.unwrap();
    let sql = "select word, n, yes, raw, parent from probe where coalesce(n, $1) = coalesce($2, $3)";
    let row = tx.row(sql, args![7, None::<i64>, 7]).await.unwrap().unwrap();
    assert_eq!((row.text_opt(0).unwrap(), row.str_opt(0).unwrap(), row.int_opt(1).unwrap()), (None, None, None));
    assert_eq!((row.bool_opt(2).unwrap(), row.bytes_opt(3).unwrap()), (None, None));
    assert_eq!((row.time_opt(1).unwrap(), row.id_opt::<base::id::Member>(4).unwrap()), (None, None));
    for error in [row.text(0).map(drop), row.int(1).map(drop), row.bool(2).map(drop), row.bytes(3).map(drop)] {
        assert_eq!(error.unwrap_err().fault(), Fault::Corrupt);
    }
}

async fn statements_say_how_many_rows_they_changed(home: Home) {
    let db = home.ready().await;
    let mut tx = db.begin().await.unwrap();
    for n in 0..5 {
        assert_eq!(put(&mut tx, &format!("p{n}"), n).await.unwrap(), 1);
    }
    let again = "insert into probe (id, n) values ($1, $2) on conflict (id) do nothing";
    assert_eq!(tx.exec(again, args!["p0", 9]).await.unwrap(), 0);
    let upsert = "insert into probe (id, n) values ($1, $2) on conflict (id) do update set n = excluded.n returning n";
    assert_eq!(tx.row(upsert, args!["p0", 9]).await.unwrap().unwrap().int(0).unwrap(), 9);
    assert_eq!(tx.exec("update probe set n = n + 100 where n < $1", args![3]).await.unwrap(), 2);
    assert_eq!(tx.exec("delete from probe where id = $1", args!["nobody"]).await.unwrap(), 0);
    // A page by key.
    let page = "select id from probe where id > $1 order by id limit $2";
    let rows = tx.rows(page, args!["p1", 2]).await.unwrap();
    assert_eq!(rows.iter().map(|r| r.text(0).unwrap()).collect::<Vec<_>>(), ["p2", "p3"]);
    assert!(tx.row(page, args!["p4", 2]).await.unwrap().is_none());
}

async fn text_compares_byte_by_byte(home: Home) {
    let db = home.ready().await;
    let mut tx = db.begin().await.unwrap();
    let mut words = ["b", "a", "B", "_", "Z", "é", "aa", "a b", "a_b", "ab"];
    for (n, word) in (0..).zip(words) {
        put(&mut tx, word, n + 20).await.unwrap();
    }
    words.sort_unstable();
    let rows = tx.rows("select id from probe order by id", args![]).await.unwrap();
    assert_eq!(rows.iter().map(|r| r.text(0).unwrap()).collect::<Vec<_>>(), words);
    let after = tx.rows("select id from probe where id > $1", args!["a_"]).await.unwrap();
    assert_eq!(after.len(), words.iter().filter(|word| **word > "a_").count());
}

async fn writers_at_once_lose_nothing(home: Home) {
    let (one, two) = (home.ready().await, home.open().await);
    let mut tx = one.begin().await.unwrap();
    put(&mut tx, "counter", 1000).await.unwrap();
    tx.commit().await.unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for i in 0..20 {
        let db = if i % 2 == 0 { one.clone() } else { two.clone() };
        tasks.spawn(async move {
            let mut tx = db.begin().await.unwrap();
            tx.exec("update probe set n = n + 1 where id = $1", args!["counter"]).await.unwrap();
            tx.commit().await.unwrap();
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    let row = two.read().await.unwrap().row("select n from probe", args![]).await.unwrap().unwrap();
    assert_eq!(row.int(0).unwrap(), 1020);
}

async fn of_two_accepts_one_wins(home: Home) {
    let db = home.ready().await;
    let accept = |couple: u128, partner: u128| {
        let db = db.clone();
        async move {
            let mut tx = db.begin().await?;
            for id in [1, partner] {
                tx.exec(
                    "insert into couple_members (member_id, bucket, couple_id) values ($1, $2, $3)",
                    args![member(id), ports::sql::bucket(&member(id)), CoupleId::from_bytes(couple.to_be_bytes())],
                )
                .await?;
            }
            tx.commit().await
        }
    };
    let (one, two) = tokio::join!(accept(1, 2), accept(2, 3));
    let lost = match (one, two) {
        (Ok(()), Err(error)) | (Err(error), Ok(())) => error,
        both => panic!("one wins and one loses, not {both:?}"),
    };
    assert!(lost.violates("couple_members_pkey"), "{lost}");
}

async fn the_sequence_never_goes_back(home: Home) {
    let db = home.ready().await;
    let mut tx = db.begin().await.unwrap();
    let mut seen = vec![];
    for _ in 0..3 {
        let sql = "insert into outbox (name, body, created_at) values ($1, $2, $3) returning seq";
        seen.push(tx.row(sql, args!["probe", "{}", NOW]).await.unwrap().unwrap().int(0).unwrap());
        tx.exec("delete from outbox", args![]).await.unwrap();
    }
    assert!(seen.is_sorted_by(|a, b| a < b), "{seen:?}");
}

async fn statements_and_rows_are_counted(home: Home) {
    let db = home.ready().await;
    let ((), tally) = tally::counted(async {
        let mut tx = db.begin().await.unwrap();
        for n in 0..3 {
            put(&mut tx, &n.to_string(), n).await.unwrap();
        }
        tx.rows("select id from probe", args![]).await.unwrap();
        tx.commit().await.unwrap();
    })
    .await;
    assert_eq!((tally.statements, tally.rows), (4, 6));
}

fn member(n: u128) -> MemberId {
    MemberId::from_bytes(n.to_be_bytes())
}

async fn account(tx: &mut Tx, id: &MemberId, email: &str) -> Result<u64, SqlError> {
    let sql = "insert into accounts (id, bucket, email, email_key, name, created_at, updated_at)
               values ($1, $2, $3, $4, $5, $6, $6)";
    tx.exec(sql, args![*id, ports::sql::bucket(id), email, email.to_lowercase(), "Ada", NOW]).await
}

async fn invite(tx: &mut Tx, code: &str, status: &str) -> Result<u64, SqlError> {
    let sql = "insert into invitations (id, bucket, inviter_id, email, email_key, code_digest, status, expires_at,
               created_at, updated_at) values ($1, $2, $3, $4, $4, $5, $6, $7, $7, $7)";
    let id = format!("inv_{code}_{status}");
    let inviter = member(1);
    tx.exec(sql, args![id, ports::sql::bucket(&inviter), inviter, "g@example.org", code, status, NOW]).await
}

async fn idempotent(tx: &mut Tx) -> Result<u64, SqlError> {
    let sql = "insert into idempotency (scope, key, digest, expires_at, created_at) values ($1, $2, $3, $4, $4)";
    tx.exec(sql, args!["mem_1 POST /v1/notes", "key", "digest", NOW]).await
}
