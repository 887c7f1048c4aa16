//! A data folder that release 0.1.0 made, with its content, in the hands of this release; and a migration that fails.
//!
//! The folder is kept as a backup (`fixtures/`): Ana and Ben, a couple with three notes, one of them opened, and one
//! scheduled; Ana has Premiere and a profile; Eva has nobody yet.

use crate::common::{QUICK, Server, run, said};
use ports::sql::{
    Db,
    migrate::{MIGRATIONS, Migration, migrate, migrate_to, status, status_of},
};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Migrations of release 0.1.0.
const OLD: usize = 3;
const NOW: base::Time = base::Time(1_800_000_000_000);

fn restored(root: &TempDir) -> PathBuf {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/release-0.1.0.o2o");
    let data = root.path().join("data");
    let (fixture, folder) = (fixture.to_str().unwrap(), data.to_str().unwrap());
    let output = run(&["backup", "restore", fixture, "--data", folder]);
    assert!(output.status.success(), "{}", said(&output));
    data
}

#[test]
fn a_folder_of_the_first_release_goes_on_with_all_it_has() {
    let root = TempDir::new().unwrap();
    let data = restored(&root);
    let folder = data.to_str().unwrap();
    assert!(!run(&["doctor", "--data", folder]).status.success(), "migrations are pending");
    let migrated = run(&["migrate", "--data", folder, "--json"]);
    let report: Value = serde_json::from_slice(&migrated.stdout).unwrap();
    assert_eq!(report["applied"].as_array().unwrap().len(), MIGRATIONS.len() - OLD, "{report}");

    let server = Server::start(&data, QUICK);
    let (ana, ben) = (server.sign_in("ana"), server.sign_in("ben"));
    let me = server.ok("GET", "/v1/me", &ana, &Value::Null);
    let told = ["email", "bio", "location", "timezone", "language", "plan"].map(|name| me[name].as_str().unwrap());
    let bio = "Tea, and long walks by the river.";
    assert_eq!(told, ["ana@example.com", bio, "Lisbon", "Europe/Lisbon", "es", "premiere"]);
    assert!(me["email_verified"] == true && me["interests"] == json!(["tea", "walks"]), "{me}");
    let couple = server.ok("GET", "/v1/couple", &ben, &Value::Null).to_string();
    assert!(couple.contains(me["id"].as_str().unwrap()), "{couple}");
    let notes = ["Vuelve pronto, te espero con sopa.", "The kettle is on. So is the radio."];
    assert_eq!(server.notes(&ana, "sent"), notes);
    assert_eq!(server.notes(&ben, "received"), notes);
    assert_eq!(server.notes(&ana, "received"), ["I kept you the window seat. 💛"]);
    let opened = server.ok("GET", "/v1/notes?box=sent", &ana, &Value::Null);
    assert!(opened["data"][1]["opened_at"].is_string() && opened["data"][0]["opened_at"].is_null(), "{opened}");
    // It is due in October 2027; later it has been sent.
    let waiting = server.ok("GET", "/v1/scheduled-notes?status=scheduled", &ana, &Value::Null);
    let sent = server.notes(&ana, "sent").len() > notes.len();
    assert!(sent || waiting["data"][0]["content"] == "Good morning, you.", "{waiting}");

    // And it is not only to look at.
    let note = json!({ "channel": "partner", "content": "Still here." });
    server.ok("POST", "/v1/notes", &ana, &note);
    assert_eq!(server.notes(&ben, "received")[0], "Still here.");
    let doctor = run(&["doctor", "--data", folder, "--json"]);
    assert!(doctor.status.success(), "{}", String::from_utf8_lossy(&doctor.stdout));
}

/// Every row of every table, as text.
async fn everything(db: &Db) -> Vec<String> {
    let mut tx = db.read().await.unwrap();
    let tables = "select group_concat('select ''' || name || ''' || json_object(' ||
        (select group_concat('''' || c.name || ''', hex(\"' || c.name || '\")', ', ') from pragma_table_info(m.name) c)
        || ') from ' || name, ' union all ') from sqlite_master m
        where type = 'table' and name not like 'sqlite_%'";
    let all = tx.row(tables, Vec::new()).await.unwrap().unwrap().text(0).unwrap();
    let rows = tx.rows(String::leak(all), Vec::new()).await.unwrap();
    let mut rows: Vec<_> = rows.iter().map(|row| row.text(0).unwrap()).collect();
    rows.sort_unstable();
    rows
}

#[tokio::test]
async fn a_migration_that_fails_leaves_the_folder_to_the_old_release() {
    let root = TempDir::new().unwrap();
    let data = restored(&root);
    let db = Db::open_sqlite(&data.join("sql.db"), 1).await.unwrap();
    let old = &MIGRATIONS[..OLD];
    assert!(status_of(&db, old).await.unwrap().is_current());
    let before = everything(&db).await;
    assert!(before.len() > 10, "there is something to lose");
    // It changes and removes what is there, and then it breaks.
    let text = "create table lost (id text);\nupdate accounts set name = 'nobody';\ndelete from couple_members;\n\
                alter table accounts add column lost text;\ninsert into nowhere (id) values ('x');\n";
    let broken = Migration { name: "0004_broken", text };
    let list: Vec<_> = old.iter().copied().chain([broken]).collect();
    let error = migrate_to(&db, NOW, &list).await.unwrap_err();
    assert!(error.detail.contains("0004_broken"), "{error}");
    assert!(status_of(&db, old).await.unwrap().is_current(), "the old release would still take it");
    assert_eq!(everything(&db).await, before);
    // The corrected release has nothing to clean up.
    migrate(&db, NOW).await.unwrap();
    assert!(status(&db).await.unwrap().is_current());
    db.close().await;
    let server = Server::start(&data, QUICK);
    server.sign_in("ana");
}
