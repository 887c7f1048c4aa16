//! The generator against a real program over real sockets: the floor, which is started, loaded, measured and stopped
//! just as the product is.

use load::{
    process,
    runner::{self, Length},
    scripts::{AnyOf, Each, Repeat},
    server::Server,
    wire::Request,
};
use serde_json::json;
use std::{sync::Arc, time::Duration};
use tokio::process::Command;

const ROWS: usize = 40;
const SHORT: Length = Length { warm_up: Duration::from_millis(50), measured: Duration::from_millis(300) };

#[tokio::test]
async fn the_floor_is_started_loaded_measured_and_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_o2o-floor"));
    command.arg(folder.path().join("floor.db"));
    let server = Server::start(command, &folder.path().join("log"), "/notes/0").await.unwrap();
    assert!(server.started_in > Duration::ZERO);

    let body = json!({"content": "hello"});
    let insert = {
        let body = body.clone();
        move |_| Request::post("/notes").json(&body)
    };
    let id = |answer: &[u8]| serde_json::from_slice::<serde_json::Value>(answer).ok()?["id"].as_i64();
    let mut ids = load::fixtures::all(server.addr, Each::scripts(ROWS, 4, &insert, &id), ROWS).await.unwrap();
    ids.sort_unstable();
    assert_eq!(ids, (1..=40).collect::<Vec<_>>(), "every insert has a row of its own");

    let reads: Arc<[Vec<u8>]> = ids.iter().map(|id| Request::get(&format!("/notes/{id}")).bytes()).collect();
    let kept = Each::scripts(1, 1, &|_| Request::get("/notes/7"), &|answer: &[u8]| Some(answer.to_vec()));
    let row = load::fixtures::all(server.addr, kept, 1).await.unwrap();
    assert_eq!(serde_json::from_slice::<serde_json::Value>(&row[0]).unwrap(), body);

    let before = process::cpu(server.pid).unwrap();
    let (outcome, scripts) = runner::run(server.addr, SHORT, AnyOf::scripts(&reads, 4)).await.unwrap();
    assert_eq!(scripts.len(), 4);
    assert!(outcome.latency.len() > 4 && outcome.answers > outcome.latency.len(), "{outcome:?}");
    assert_eq!(outcome.faults(), "");
    assert!(outcome.window >= SHORT.measured.mul_f64(0.9) && outcome.window <= SHORT.measured);
    assert!(process::settled_cpu(server.pid).await.unwrap() > before);

    let absent = vec![Repeat(Request::get("/notes/999999").bytes())];
    let (outcome, _) = runner::run(server.addr, SHORT, absent).await.unwrap();
    assert!(outcome.latency.is_empty() && outcome.faults().starts_with("404 × "), "{}", outcome.faults());

    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_program_that_does_not_serve_is_an_error_with_its_last_words() {
    let folder = tempfile::tempdir().unwrap();
    let command = Command::new(env!("CARGO_BIN_EXE_o2o-floor"));
    let error = Server::start(command, &folder.path().join("log"), "/notes/0").await.unwrap_err();
    assert!(error.to_string().contains("usage"), "{error}");
}

#[tokio::test]
async fn a_dead_server_breaks_connections_and_ends_no_run() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_o2o-floor"));
    command.arg(folder.path().join("floor.db"));
    let server = Server::start(command, &folder.path().join("log"), "/notes/0").await.unwrap();
    let addr = server.addr;
    let insert = || Repeat(Request::post("/notes").json(&json!({"n": 1})).bytes());
    let length = Length { warm_up: Duration::ZERO, measured: Duration::from_millis(500) };
    let kill = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        server.kill().await
    };
    let (run, killed) = tokio::join!(runner::run(addr, length, vec![insert(), insert()]), kill);
    killed.unwrap();
    let (outcome, _) = run.unwrap();
    assert!(outcome.broken >= 2 && !outcome.latency.is_empty(), "{}", outcome.faults());
}
