//! Backups as an operator meets them: made under load, read back, and refused when they are not what they say.

use crate::common::{QUICK, Server, SmallDisk, o2o, run, said};
use serde_json::{Value, json};
use server::backup::{
    BackupError, Places,
    create::{self, Watch},
    format::Reader,
    restore,
};
use std::{
    fs,
    io::Write as _,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
};
use tempfile::TempDir;

struct Blind;
impl Watch for Blind {
    fn expect(&mut self, _: u64) {}
    fn passed(&mut self, _: u64) {}
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn document(output: &std::process::Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {}", said(output)))
}

/// Names in a folder, hidden ones too.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn what_was_acknowledged_before_a_backup_is_in_it() {
    let root = TempDir::new().unwrap();
    let (data, file, restored) = (root.path().join("data"), root.path().join("b.o2o"), root.path().join("restored"));
    let server = Server::start(&data, QUICK);
    let [ana, ben] = server.couple("ana", "ben");
    for who in ["ana", "ben"] {
        let email = format!("{who}@example.com");
        let granted = run(&["member", "grant-plan", "--data", text(&data), "--email", &email, "--plan", "premiere"]);
        assert!(granted.status.success(), "{}", said(&granted));
    }
    while [&ana, &ben].iter().any(|who| server.ok("GET", "/v1/me", who, &Value::Null)["plan"] != "premiere") {
        std::thread::yield_now();
    }
    let (stop, (acknowledged, heard)) = (AtomicBool::new(false), mpsc::channel());
    let created = std::thread::scope(|scope| {
        for (who, token) in [("ana", &ana), ("ben", &ben)] {
            let (acknowledged, server, stop) = (acknowledged.clone(), &server, &stop);
            scope.spawn(move || {
                for n in 0.. {
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                    let note = json!({ "channel": "partner", "content": format!("{who} {n}") });
                    server.ok("POST", "/v1/notes", token, &note);
                    acknowledged.send((who, format!("{who} {n}"))).unwrap();
                }
            });
        }
        let mut before: Vec<_> = heard.iter().take(60).collect();
        before.extend(heard.try_iter());
        let output = run(&["backup", "create", "--data", text(&data), "--to", text(&file), "--json"]);
        let during = heard.try_iter().count();
        stop.store(true, Ordering::Relaxed);
        assert!(output.status.success(), "{}", said(&output));
        assert!(during > 0, "the server went on meanwhile");
        (document(&output), before)
    });
    let (report, before) = created;
    assert_eq!(report["ok"], true);
    assert_eq!(report["bytes"].as_u64(), Some(fs::metadata(&file).unwrap().len()));
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(names(root.path()), ["b.o2o", "data"], "nothing is left beside it");

    let verified = run(&["backup", "verify", text(&file), "--json"]);
    assert!(verified.status.success(), "{}", said(&verified));
    assert_eq!(document(&verified)["sha256"], report["sha256"]);
    let done = run(&["backup", "restore", text(&file), "--data", text(&restored)]);
    assert!(done.status.success(), "{}", said(&done));
    assert_eq!(fs::metadata(&restored).unwrap().permissions().mode() & 0o777, 0o700);
    let doctor = run(&["doctor", "--data", text(&restored), "--json"]);
    assert!(doctor.status.success() && document(&doctor)["ok"] == true, "{}", document(&doctor));

    // The keys came along: what was issued before still works, beside the first server.
    let second = Server::start(&restored, QUICK);
    for (who, token, other) in [("ana", &ana, &ben), ("ben", &ben, &ana)] {
        let (sent, received) = (second.notes(token, "sent"), second.notes(other, "received"));
        let own: Vec<_> = before.iter().filter(|(author, _)| *author == who).map(|(_, content)| content).collect();
        assert!(own.len() > 10, "both wrote");
        for content in own {
            assert!(sent.contains(content) && received.contains(content), "{content} is lost");
        }
        assert_eq!(sent.len(), received.len(), "both copies of a note or none");
    }
    second.sign_in("ana");
}

/// A small folder of data as a server leaves it, and its backup.
fn small(root: &Path) -> (PathBuf, PathBuf) {
    let (data, file) = (root.join("data"), root.join("small.o2o"));
    let mut server = Server::start(&data, QUICK);
    server.member("eva");
    server.signal("-TERM");
    let output = run(&["backup", "create", "--data", text(&data), "--to", text(&file)]);
    assert!(output.status.success(), "{}", said(&output));
    assert!(said(&output).contains("MB/s"), "{}", said(&output));
    (data, file)
}

#[tokio::test]
async fn a_cut_or_altered_file_is_refused_wherever_it_was_touched() {
    let root = TempDir::new().unwrap();
    let (_, file) = small(root.path());
    let whole = fs::read(&file).unwrap();
    restore::verify(&file, &mut Blind).await.unwrap();
    let seed = u64::from(std::process::id()) << 16 | u64::from(whole[whole.len() - 20]);
    let _told = writeln!(std::io::stderr(), "seed {seed}");
    let mut state = seed | 1;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below as u64).unwrap()
    };
    let (broken, data) = (root.path().join("broken.o2o"), root.path().join("new"));
    for round in 0..120 {
        let mut bytes = whole.clone();
        let at = match round {
            // Head, foot and manifest are small, so that chance would hardly meet them.
            0..20 => round,
            20..60 => bytes.len() - 1 - random(600),
            _ => random(bytes.len()),
        };
        if round % 2 == 0 {
            bytes.truncate(at);
        } else {
            bytes[at] ^= 1 << random(8);
        }
        fs::write(&broken, bytes).unwrap();
        let error = restore::restore(&broken, &data, &mut Blind).await.err();
        assert!(error.is_some(), "seed {seed}: byte {at} of round {round} was not missed");
        let verified = restore::verify(&broken, &mut Blind).await.err();
        assert!(verified.is_some(), "seed {seed}: byte {at} of round {round} was not missed");
    }
    // Something after the end is an alteration too.
    fs::write(&broken, [&whole[..], b"x"].concat()).unwrap();
    assert!(restore::verify(&broken, &mut Blind).await.is_err());
    assert_eq!(names(root.path()), ["broken.o2o", "data", "small.o2o"], "nothing was touched or left");
}

#[test]
fn what_is_not_for_this_program_is_refused_by_name() {
    let root = TempDir::new().unwrap();
    let (data, file) = small(root.path());
    let target = root.path().join("new");
    let refused = |file: &Path, data: &Path, why: &str| {
        for line in [vec!["backup", "verify", text(file)], vec!["backup", "restore", text(file), "--data", text(data)]]
        {
            let output = run(&[&line[..], &["--json"]].concat());
            assert_eq!(output.status.code(), Some(1), "{line:?}");
            let document = document(&output);
            assert!(document["ok"] == false && document["error"].as_str().unwrap().contains(why), "{document}");
            assert!(said(&output).contains(text(file)), "{}", said(&output));
        }
        assert!(!target.exists());
    };
    let other = root.path().join("other");
    fs::write(&other, "SQLite format 3\0 and so on, quite long enough to be something".repeat(9)).unwrap();
    refused(&other, &target, "not a backup");
    fs::write(&other, "").unwrap();
    refused(&other, &target, "not a backup");
    let whole = fs::read(&file).unwrap();
    fs::write(&other, &whole[..whole.len() / 2]).unwrap();
    refused(&other, &target, "cut short");
    let mut altered = whole.clone();
    altered[whole.len() / 2] ^= 1;
    fs::write(&other, altered).unwrap();
    refused(&other, &target, "altered");
    let mut newer = whole.clone();
    newer[11] = 2;
    fs::write(&other, newer).unwrap();
    refused(&other, &target, "newer release");
    refused(&root.path().join("none"), &target, "No such file");

    let before = names(&data);
    let output = run(&["backup", "restore", text(&file), "--data", text(&data)]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("not empty"), "{}", said(&output));
    assert_eq!(names(&data), before);
    // An empty folder is as good as none.
    fs::create_dir(&target).unwrap();
    let output = run(&["backup", "restore", text(&file), "--data", text(&target)]);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(run(&["backup", "create", "--data", text(&data)]).status.code(), Some(2));
}

/// The file is sound, but its databases were written by a later release.
#[tokio::test]
async fn a_newer_schema_in_a_sound_file_is_refused() {
    let root = TempDir::new().unwrap();
    let (data, file) = small(root.path());
    let db = ports::sql::Db::open_sqlite(&data.join("sql.db"), 1).await.unwrap();
    let mut tx = db.begin().await.unwrap();
    let sql = "insert into schema_migrations (name, checksum, applied_at) values ('9999_future', 'x', 0)";
    tx.exec(sql, Vec::new()).await.unwrap();
    tx.commit().await.unwrap();
    db.close().await;
    let output = run(&["backup", "create", "--data", text(&data), "--to", text(&file)]);
    assert!(output.status.success(), "an older backup of that name is replaced: {}", said(&output));
    let target = root.path().join("new");
    let error = restore::restore(&file, &target, &mut Blind).await.err().unwrap();
    assert!(matches!(&error, BackupError::Newer { what, .. } if what.contains("9999_future")), "{error}");
    assert_eq!(names(root.path()), ["data", "small.o2o"]);
}

/// Uploads while the first objects are copied, which only the second look can find.
struct Uploads(Option<PathBuf>);
impl Watch for Uploads {
    fn expect(&mut self, _: u64) {}
    fn passed(&mut self, _: u64) {
        let Some(objects) = self.0.take() else { return };
        fs::write(objects.join("new@"), "uploaded meanwhile").unwrap();
        fs::write(objects.join("incoming/half"), "unfinished").unwrap();
        fs::write(objects.join("incoming/other"), "replaced meanwhile").unwrap();
        fs::rename(objects.join("incoming/other"), objects.join("old@")).unwrap();
        fs::remove_file(objects.join("zone@")).unwrap();
    }
}

#[tokio::test]
async fn objects_that_come_while_a_backup_runs_are_in_it() {
    let root = TempDir::new().unwrap();
    let (data, file) = small(root.path());
    let objects = data.join("objects");
    for name in [".hidden@", "old@", "zone@"] {
        fs::write(objects.join(name), format!("{name} before")).unwrap();
    }
    let at = |name: &str| data.join(name);
    let places = Places {
        sql: at("sql.db"),
        items: at("items.db"),
        objects: objects.clone(),
        mail: at("mail"),
        keys: at("keys"),
    };
    let sealed = create::create(&places, &file, "now", &mut Uploads(Some(objects))).unwrap();
    assert_eq!(sealed.sha256, Reader::open(&file).unwrap().sha256);
    let target = root.path().join("deep/new");
    restore::restore(&file, &target, &mut Blind).await.unwrap();
    let objects = target.join("objects");
    assert_eq!(names(&objects), [".hidden@", "new@", "old@"]);
    assert_eq!(fs::read_to_string(objects.join("old@")).unwrap(), "replaced meanwhile");
    assert_eq!(
        names(&target.join("keys")),
        names(&data.join("keys")).into_iter().filter(|n| n != "rings.lock").collect::<Vec<_>>()
    );
    assert_eq!(names(&target.join("mail")), names(&data.join("mail")));
}

#[test]
fn a_place_that_takes_no_backup_is_named_and_left_clean() {
    let root = TempDir::new().unwrap();
    let (data, _) = small(root.path());
    let precious = root.path().join("precious");
    fs::write(&precious, "not a backup").unwrap();
    for (to, why) in [
        (root.path().to_owned(), "folder"),
        (precious.clone(), "something else"),
        (data.join("sql.db"), "something else"),
        (root.path().join("missing/b.o2o"), "missing"),
        (PathBuf::from("/sys/kernel/b.o2o"), "/sys/kernel/b.o2o"),
    ] {
        let output = run(&["backup", "create", "--data", text(&data), "--to", text(&to)]);
        assert_eq!(output.status.code(), Some(1), "{}", to.display());
        assert!(said(&output).contains(why) && said(&output).contains(text(&to)), "{}", said(&output));
    }
    assert_eq!(fs::read_to_string(&precious).unwrap(), "not a backup");
    let nowhere = o2o(&["backup", "create", "--data", "/nowhere", "--to", text(&root.path().join("b.o2o"))]).output();
    assert!(said(&nowhere.unwrap()).contains("not the data folder"));
    assert_eq!(names(root.path()), ["data", "precious", "small.o2o"]);
}

#[test]
fn a_full_disk_leaves_no_half_backup() {
    let root = TempDir::new().unwrap();
    let (data, file) = small(root.path());
    let Some(disk) = SmallDisk::mount("128k") else { return };
    let created = run(&["backup", "create", "--data", text(&data), "--to", text(&disk.place.join("b.o2o"))]);
    let restored = run(&["backup", "restore", text(&file), "--data", text(&disk.place.join("data"))]);
    for output in [created, restored] {
        assert_eq!(output.status.code(), Some(1));
        assert!(said(&output).contains("full"), "{}", said(&output));
    }
    assert_eq!(names(&disk.place), Vec::<String>::new());
}
