//! What holds of the server.

use crate::engines::{Home, NOW, PROBE};
use base::{Error, Kind, Secret};
use ports::{
    Fault, args,
    sql::{Db, PostgresOptions, migrate::migrate_to},
};
use std::time::Duration;

#[tokio::test]
async fn a_slow_statement_is_stopped_and_a_deadlock_may_be_repeated() {
    let Some(home) = Home::postgres().await else { return };
    let options = PostgresOptions { statement_timeout: Duration::from_millis(50), ..PostgresOptions::default() };
    let mut tx = home.open_with(&options).await.begin().await.unwrap();
    let error = tx.rows("select 1 from pg_sleep(20)", args![]).await.err().unwrap();
    assert_eq!((error.fault(), error.retryable()), (Fault::Unavailable, true), "{error}");

    let db = home.ready().await;
    let mut tx = db.begin().await.unwrap();
    for id in ["a", "b"] {
        tx.exec("insert into probe (id, n) values ($1, 0)", args![id]).await.unwrap();
    }
    tx.commit().await.unwrap();
    let add = "update probe set n = n + 1 where id = $1";
    let (mut one, mut two) = (db.begin().await.unwrap(), db.begin().await.unwrap());
    one.exec(add, args!["a"]).await.unwrap();
    two.exec(add, args!["b"]).await.unwrap();
    let (first, second) = tokio::join!(one.exec(add, args!["b"]), async {
        let result = two.exec(add, args!["a"]).await;
        drop(two);
        result
    });
    let error = match (first, second) {
        (Ok(_), Err(error)) | (Err(error), Ok(_)) => error,
        both => panic!("one of them is the victim, not {both:?}"),
    };
    assert_eq!((error.fault(), error.retryable()), (Fault::Throttled, true), "{error}");
    assert_eq!(Error::from(error).kind(), Kind::Unavailable);
    drop(one);
    home.clear().await;
}

#[tokio::test]
async fn without_a_statement_cache_all_is_the_same() {
    let Some(home) = Home::postgres().await else { return };
    let db = home.open_with(&PostgresOptions { statement_cache: 0, ..PostgresOptions::default() }).await;
    migrate_to(&db, NOW, &[PROBE]).await.unwrap();
    let mut tx = db.begin().await.unwrap();
    for id in ["a", "b"] {
        assert_eq!(tx.exec("insert into probe (id, n) values ($1, $2)", args![id, 1]).await.unwrap(), 1);
    }
    tx.commit().await.unwrap();
    home.clear().await;
}

#[tokio::test]
async fn a_server_that_is_not_there_is_said_without_the_password() {
    let options = PostgresOptions { acquire_timeout: Duration::from_millis(200), ..PostgresOptions::default() };
    let url = Secret::new("postgres://ada:hunter2@127.0.0.1:1/o2o");
    let error = Db::open_postgres(&url, &options).await.err().unwrap();
    assert_eq!(error.fault, Fault::Unavailable);
    assert!(!format!("{error:?}").contains("hunter2"));
    let error = Db::open_postgres(&Secret::new("postgres://hunter2 @"), &options).await.err().unwrap();
    assert_eq!(error.fault, Fault::Refused);
    assert!(!format!("{error:?}").contains("hunter2"));
}
