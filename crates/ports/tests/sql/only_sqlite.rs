//! What holds of the file.

use crate::engines::{Home, NOW};
use ports::{
    Fault, args,
    sql::{
        Db,
        migrate::{migrate, status},
    },
};
use std::os::unix::fs::PermissionsExt as _;

#[tokio::test]
async fn the_file_and_its_log_are_private() {
    let home = Home::sqlite();
    std::fs::write(home.file(), b"").unwrap();
    std::fs::set_permissions(home.file(), std::fs::Permissions::from_mode(0o644)).unwrap();
    let _db = home.ready().await;
    for suffix in ["", "-wal", "-shm"] {
        let path = format!("{}{suffix}", home.file().display());
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600, "{path}");
    }
}

#[tokio::test]
async fn every_commit_is_synced_and_foreign_keys_hold() {
    let home = Home::sqlite();
    let db = home.ready().await;
    let mut tx = db.begin().await.unwrap();
    for (pragma, value) in [
        ("pragma synchronous", 2),
        ("pragma foreign_keys", 1),
        ("pragma busy_timeout", 5000),
        ("pragma cache_size", -2000),
    ] {
        let row = tx.row(pragma, args![]).await.unwrap().unwrap();
        assert_eq!(row.int(0).unwrap(), value, "{pragma}");
    }
    assert_eq!(tx.row("pragma journal_mode", args![]).await.unwrap().unwrap().text(0).unwrap(), "wal");
}

#[tokio::test]
async fn a_full_disk_is_said_and_survived() {
    let home = Home::sqlite();
    let db = home.ready().await;
    let insert = "insert into outbox (name, body, created_at) values ($1, $2, $3)";
    let mut tx = db.begin().await.unwrap();
    tx.rows("pragma max_page_count = 60", args![]).await.unwrap();
    let error = tx.exec(insert, args!["probe", "x".repeat(1 << 20), NOW]).await.unwrap_err();
    assert_eq!(error.fault(), Fault::Unavailable);
    assert!(error.to_string().contains("the disk is full"), "{error}");
    drop(tx);
    let mut tx = db.begin().await.unwrap();
    tx.exec(insert, args!["probe", "small", NOW]).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_file_of_another_kind_is_corrupt() {
    let home = Home::sqlite();
    std::fs::write(home.file(), vec![b'x'; 8192]).unwrap();
    assert_eq!(Db::open_sqlite(&home.file(), 1).await.err().unwrap().fault, Fault::Corrupt);
    let nowhere = home.file().join("below/a/file");
    assert_eq!(Db::open_sqlite(&nowhere, 1).await.err().unwrap().fault, Fault::Unavailable);
}

#[tokio::test]
async fn one_reader_is_enough() {
    let home = Home::sqlite();
    let db = Db::open_sqlite(&home.file(), 1).await.unwrap();
    assert!(!status(&db).await.unwrap().is_current());
    migrate(&db, NOW).await.unwrap();
    assert!(status(&db).await.unwrap().is_current());
}
