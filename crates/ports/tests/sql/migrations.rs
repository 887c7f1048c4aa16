//! Migrating: once, together, never backwards.

use crate::engines::{Home, NOW, PROBE, on_both, with_probe};
use ports::{
    Fault, args,
    sql::{
        Db,
        migrate::{MIGRATIONS, Migration, Status, migrate, migrate_to, pending, status, status_of},
    },
    tally,
};

on_both! {
    an_empty_store_gets_everything_once,
    two_migrators_at_once_both_succeed,
    a_newer_schema_is_refused,
    a_changed_migration_is_refused,
    a_migration_is_all_or_nothing,
    a_current_schema_costs_one_statement,
}

fn names(list: &[Migration]) -> Vec<&'static str> {
    list.iter().map(|m| m.name).collect()
}

async fn an_empty_store_gets_everything_once(home: Home) {
    let db = home.open().await;
    assert_eq!(pending(&db).await.unwrap(), names(MIGRATIONS));
    assert!(!status(&db).await.unwrap().is_current());
    let report = migrate(&db, NOW).await.unwrap();
    assert_eq!((report.applied, report.total), (names(MIGRATIONS), MIGRATIONS.len()));
    assert!(status(&db).await.unwrap().is_current());
    assert_eq!(migrate(&db, NOW.plus(1)).await.unwrap().applied, Vec::<&str>::new());

    let mut tx = db.read().await.unwrap();
    let rows =
        tx.rows("select name, checksum, applied_at from schema_migrations order by name", args![]).await.unwrap();
    assert_eq!(rows.len(), MIGRATIONS.len());
    for (row, name) in rows.iter().zip(names(MIGRATIONS)) {
        assert_eq!((row.text(0).unwrap().as_str(), row.time(2).unwrap()), (name, NOW));
        assert_eq!(row.text(1).unwrap().len(), 64);
    }
}

async fn two_migrators_at_once_both_succeed(home: Home) {
    let (one, two) = (home.open().await, home.open().await);
    let (one, two) = tokio::join!(migrate(&one, NOW), migrate(&two, NOW));
    let mut applied = [one.unwrap().applied, two.unwrap().applied].concat();
    applied.sort_unstable();
    assert_eq!(applied, names(MIGRATIONS), "each migration was applied by one of them");
}

async fn refused(db: &Db, list: &[Migration], why: &str) {
    let error = migrate_to(db, NOW, list).await.unwrap_err();
    assert_eq!(error.fault, Fault::Refused);
    assert!(error.detail.contains(why), "{error}");
}

async fn a_newer_schema_is_refused(home: Home) {
    let db = home.ready().await;
    refused(&db, MIGRATIONS, "newer release (it has 9000_probe)").await;
    let status = status(&db).await.unwrap();
    assert_eq!(status, Status { newer: vec![PROBE.name.to_owned()], ..Status::default() });
}

async fn a_changed_migration_is_refused(home: Home) {
    let db = home.ready().await;
    let mut list = with_probe();
    list[1].text = "-- nothing of what it was";
    refused(&db, &list, list[1].name).await;
    assert_eq!(status_of(&db, &list).await.unwrap().changed, [list[1].name]);
}

async fn a_migration_is_all_or_nothing(home: Home) {
    let db = home.open().await;
    let broken = Migration { name: "9000_probe", text: "create table probe (id text); create table probe (id text);" };
    let list: Vec<_> = MIGRATIONS.iter().copied().chain([broken]).collect();
    let error = migrate_to(&db, NOW, &list).await.unwrap_err();
    assert!(error.detail.starts_with("9000_probe: "), "{error}");
    assert_eq!(status_of(&db, &list).await.unwrap().pending, ["9000_probe"], "what came before it stays");
    // Half of it would be in the way of the corrected one.
    assert_eq!(migrate_to(&db, NOW, &with_probe()).await.unwrap().applied, ["9000_probe"]);
}

async fn a_current_schema_costs_one_statement(home: Home) {
    let table = |n| format!("create table t{n} (id text, constraint t{n}_pkey primary key (id));");
    let text = (0..100).map(table).collect::<Vec<_>>().join("\n");
    let many = Migration { name: "9000_many", text: text.leak() };
    let list: Vec<_> = MIGRATIONS.iter().copied().chain([many]).collect();
    let db = home.open().await;
    migrate_to(&db, NOW, &list).await.unwrap();
    db.close().await;
    let (report, tally) = tally::counted(async { migrate_to(&home.open().await, NOW, &list).await.unwrap() }).await;
    assert!(report.applied.is_empty());
    assert_eq!(tally.statements, 1);
}
