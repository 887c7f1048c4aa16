//! The binary as an operator meets it: what it prints, how it ends, what it says when something is in the way.

use crate::common::{QUICK, Server, SmallDisk, o2o, run, said};
use serde_json::{Value, json};
use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpListener,
    os::unix::fs::PermissionsExt as _,
    time::{Duration, Instant},
};
use tempfile::TempDir;
#[test]
fn it_serves_stops_when_told_and_starts_again() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("made/on/the/way");
    let mut server = Server::start(&data, &[]);
    assert!(server.get("/livez").starts_with("HTTP/1.1 200"));
    assert!(server.get("/readyz").contains("\"status\":\"ok\""));
    assert!(server.get("/metrics").contains("http_requests_total"));
    assert!(server.get("/").contains("<title>One 2 One Love"));
    assert!(server.get("/docs/").contains("HTTP/1.1 200"));
    assert_eq!(fs::metadata(&data).unwrap().permissions().mode() & 0o777, 0o700);
    assert_eq!(server.signal("-TERM").code(), Some(0));
    let mut again = Server::start(&data, &[]);
    assert!(again.get("/readyz").contains("\"status\":\"ok\""));
    assert_eq!(again.signal("-INT").code(), Some(0));
}

#[test]
fn a_second_server_on_one_folder_is_refused_by_name() {
    let folder = TempDir::new().unwrap();
    let _first = Server::start(folder.path(), &[]);
    let started = Instant::now();
    let data = folder.path().to_str().unwrap();
    let second = run(&["serve", "--data", data, "--listen", "127.0.0.1:0"]);
    assert_eq!(second.status.code(), Some(1));
    assert!(started.elapsed() < Duration::from_secs(5));
    assert!(said(&second).contains(data), "{}", said(&second));
    // Looking is allowed.
    let doctor = run(&["doctor", "--data", data, "--json"]);
    let report: Value = serde_json::from_slice(&doctor.stdout).unwrap();
    assert_eq!((doctor.status.code(), &report["ok"]), (Some(0), &Value::Bool(true)), "{report}");
}

#[test]
fn a_taken_port_is_named() {
    let folder = TempDir::new().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = run(&["serve", "--data", folder.path().to_str().unwrap(), "--listen", &address]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains(&address) && said(&output).contains("taken"), "{}", said(&output));
}

#[test]
fn a_folder_that_cannot_be_used_is_named() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "in the way").unwrap();
    for data in [file.clone(), file.join("below")] {
        let data = data.to_str().unwrap();
        let output = run(&["serve", "--data", data, "--listen", "127.0.0.1:0"]);
        assert_eq!(output.status.code(), Some(1));
        assert!(said(&output).contains(data), "{}", said(&output));
    }
}

#[test]
fn a_newer_layout_is_left_alone() {
    let folder = TempDir::new().unwrap();
    let mut first = Server::start(folder.path(), &[]);
    assert_eq!(first.signal("-TERM").code(), Some(0));
    let items = folder.path().join("items.db");
    // Byte 60 of an SQLite file is its user version.
    let mut bytes = fs::read(&items).unwrap();
    bytes[60..64].copy_from_slice(&9_999_u32.to_be_bytes());
    fs::write(&items, &bytes).unwrap();
    let output = run(&["serve", "--data", folder.path().to_str().unwrap(), "--listen", "127.0.0.1:0"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("newer release"), "{}", said(&output));
    assert_eq!(fs::read(&items).unwrap(), bytes);
}

#[test]
fn a_mistake_in_the_configuration_is_named() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().to_str().unwrap();
    let output = o2o(&["serve", "--data", data]).env("O2O__EDGE__TRUSTED_PROXY", "1").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("edge.trusted_proxies"), "{}", said(&output));
    assert_eq!(run(&["serve", "--lisen", "x"]).status.code(), Some(2));
    assert_eq!(run(&["dance"]).status.code(), Some(2));
}

#[test]
fn a_plan_is_granted_beside_the_running_server() {
    let folder = TempDir::new().unwrap();
    let _server = Server::start(folder.path(), &[]);
    let data = folder.path().to_str().unwrap();
    let unknown = run(&["member", "grant-plan", "--data", data, "--email", "no@body.example", "--plan", "premiere"]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(said(&unknown).contains("no@body.example"));
    let wrong = run(&["member", "grant-plan", "--data", data, "--email", "no@body.example", "--plan", "gold"]);
    assert_eq!(wrong.status.code(), Some(2));
    let grant = |feature: &str, until: &str| {
        let who = ["--data", data, "--email", "no@body.example"];
        run(&[&["member", "grant-feature"], &who[..], &["--feature", feature, "--until", until]].concat())
    };
    assert_eq!(grant("gold", "2099-12-31").status.code(), Some(2));
    assert!(said(&grant("gold", "2099-12-31")).contains("surprise_messages"));
    let over = grant("vip_badge", "2020-12-31");
    assert_eq!((over.status.code(), said(&over).contains("over")), (Some(1), true));
    let unknown = grant("vip_badge", "2099-12-31");
    assert_eq!((unknown.status.code(), said(&unknown).contains("no@body.example")), (Some(1), true));
}

#[test]
fn templates_are_imported_beside_the_running_server() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(folder.path(), &[]);
    let data = folder.path().to_str().unwrap();
    let file = folder.path().join("more.toml");
    let entry = |key: &str| {
        format!(
            "[[template]]\nkey = '{key}'\ncategory = 'sick'\ntier = 'basic'\ntitle = 'T'\ncontent = 'C'\ntags = ['a']\n"
        )
    };
    fs::write(&file, format!("language = 'en'\n{}{}", entry("one"), entry("One"))).unwrap();
    let import = || run(&["templates", "import", file.to_str().unwrap(), "--data", data]);
    let wrong = import();
    assert_eq!(wrong.status.code(), Some(1));
    assert!(
        said(&wrong).contains("One (entry 2)") && said(&wrong).contains("nothing was imported"),
        "{}",
        said(&wrong)
    );
    fs::write(&file, format!("language = 'en'\n{}{}", entry("one"), entry("two"))).unwrap();
    let good = import();
    assert_eq!(good.status.code(), Some(0), "{}", said(&good));
    assert!(said(&good).contains("2 templates added"), "{}", said(&good));
    assert!(said(&import()).contains("0 templates added, 0 changed, 2 as they were"));
    assert!(server.get("/v1/note-templates?category=sick").starts_with("HTTP/1.1 200"));
}

#[test]
fn a_role_is_granted_beside_the_running_server() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(folder.path(), QUICK);
    let data = folder.path().to_str().unwrap();
    let token = server.member("ana");
    let role = || server.ok("GET", "/v1/me", &token, &Value::Null)["role"].clone();
    let grant = |email: &str, role: &str| {
        run(&["member", "grant-staff", "--data", data, "--email", email, "--role", role, "--json"])
    };
    assert_eq!(role(), Value::Null);
    let granted = grant("ana@example.com", "content_editor");
    assert_eq!(granted.status.code(), Some(0), "{}", said(&granted));
    let document: Value = serde_json::from_slice(&granted.stdout).unwrap();
    assert_eq!((&document["role"], &document["second_factor"]), (&"content_editor".into(), &false.into()));
    assert_eq!(role(), "content_editor");
    let (status, problem) = server.call("GET", "/v1/staff/audit", &token, &Value::Null);
    assert_eq!((status, &problem["code"]), (403, &"forbidden".into()));
    assert_eq!(grant("ana@example.com", "superadmin").status.code(), Some(0));
    let (status, problem) = server.call("GET", "/v1/staff/audit", &token, &Value::Null);
    assert_eq!((status, &problem["reason"]), (403, &"second_factor_needed".into()));
    assert_eq!(grant("ana@example.com", "none").status.code(), Some(0));
    assert_eq!(role(), Value::Null);
    assert_eq!(grant("no@body.example", "support").status.code(), Some(1));
    assert_eq!(grant("ana@example.com", "owner").status.code(), Some(2));
}

#[test]
fn a_full_disk_is_said_and_loses_nothing_that_was_there() {
    let Some(disk) = SmallDisk::mount("256k") else { return };
    let output = run(&["serve", "--data", disk.place.to_str().unwrap(), "--listen", "127.0.0.1:0"]);
    let words = said(&output);
    assert_eq!(output.status.code(), Some(1), "{words}");
    assert!(words.contains("full"), "{words}");
}

#[test]
fn slow_and_oversized_heads_are_cut_off() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(folder.path(), &[("O2O__EDGE__HEAD_SECONDS", "1")]);
    let mut slow = server.connect();
    write!(slow, "GET /livez HTTP/1.1\r\nhost: x\r\n").unwrap();
    let mut answer = Vec::new();
    slow.read_to_end(&mut answer).unwrap();
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 408"), "{}", String::from_utf8_lossy(&answer));

    let mut large = server.connect();
    let head = format!("GET /livez HTTP/1.1\r\nhost: x\r\nx-filler: {}\r\n\r\n", "a".repeat(40 * 1024));
    // The server may close while we still write.
    let _cut = large.write_all(head.as_bytes());
    let mut answer = Vec::new();
    let _cut = large.read_to_end(&mut answer);
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 431"), "{}", String::from_utf8_lossy(&answer));
    let target = server.get(&format!("/livez?{}", "a".repeat(34 * 1024)));
    assert!(target.is_empty() || target.starts_with("HTTP/1.1 431"), "{target}");
    assert!(server.get("/livez").starts_with("HTTP/1.1 200"));
}

#[test]
fn a_slow_body_is_408() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(folder.path(), &[("O2O__EDGE__BODY_SECONDS", "1")]);
    let mut stream = server.connect();
    let head =
        "POST /v1/auth/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{";
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = [0; 16];
    stream.read_exact(&mut answer).unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 408"), "{}", String::from_utf8_lossy(&answer));
}

#[test]
fn a_demonstration_is_made_of_couples_who_can_sign_in() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().to_str().unwrap();
    let seed = ["seed", "--demo", "--couples", "6", "--data", data, "--json"];
    let seeded = o2o(&seed).envs(QUICK.iter().copied()).output().unwrap();
    assert_eq!(seeded.status.code(), Some(0), "{}", said(&seeded));
    assert!(said(&seeded).contains("6 of 6 couples"), "{}", said(&seeded));
    let report: Value = serde_json::from_slice(&seeded.stdout).unwrap();
    assert_eq!((&report["couples"], &report["sign_ins"][0]), (&json!(6), &json!("nora.1@demo.example")));
    let again = o2o(&seed).envs(QUICK.iter().copied()).output().unwrap();
    assert_eq!(again.status.code(), Some(1));
    assert!(said(&again).contains("--force"), "{}", said(&again));

    let server = Server::start(folder.path(), QUICK);
    // One of each language; the sixth couple speaks English again.
    for (email, lang) in [("lucia.2", "es"), ("louis.3", "fr"), ("jonas.4", "de"), ("marco.5", "it"), ("maya.6", "en")]
    {
        let body =
            json!({ "email": format!("{email}@demo.example"), "password": report["password"], "client": "native" });
        let session = server.ok("POST", "/v1/auth/login", "", &body);
        assert_eq!(session["member"]["language"], lang);
        let token = session["session"]["access_token"].as_str().unwrap();
        assert!(!server.notes(token, "received").is_empty() && !server.notes(token, "sent").is_empty());
        server.ok("GET", "/v1/couple", token, &Value::Null);
    }
    let doctor = run(&["doctor", "--data", data, "--json"]);
    let report: Value = serde_json::from_slice(&doctor.stdout).unwrap();
    let names: Vec<_> =
        report["components"].as_array().unwrap().iter().map(|l| l["component"].as_str().unwrap()).collect();
    let ports = ["data", "secrets", "sql", "items", "queue", "objects", "mail", "sms", "stream", "cache", "fanout"];
    assert_eq!(names, ports, "a line per port");
    assert_eq!(run(&["seed", "--demo", "--data", data]).status.code(), Some(1), "the server holds the folder");
}

#[test]
fn doctor_names_what_is_wrong_and_what_to_do() {
    let folder = TempDir::new().unwrap();
    let mut server = Server::start(folder.path(), QUICK);
    assert_eq!(server.signal("-TERM").code(), Some(0));
    let data = folder.path().to_str().unwrap();
    fs::write(folder.path().join("keys/refresh.ring"), "damaged").unwrap();
    fs::remove_dir_all(folder.path().join("objects")).unwrap();
    let doctor = run(&["doctor", "--data", data, "--json"]);
    assert_eq!(doctor.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&doctor.stdout).unwrap();
    let failing: Vec<_> = report["components"].as_array().unwrap().iter().filter(|line| line["ok"] == false).collect();
    assert_eq!(failing.len(), 2, "{report}");
    assert!(failing[0]["component"] == "secrets" && failing[0]["detail"].as_str().unwrap().contains("refresh"));
    assert!(failing.iter().all(|line| line["advice"].is_string()), "{report}");
    let people = run(&["doctor", "--data", data]);
    assert!(String::from_utf8_lossy(&people.stdout).contains("restore this file"), "for people too");
}
