//! The kit itself: what it promises to the tests that trust it.

use serde_json::json;
use testkit::{Couple, Fail, TestApp};

/// Whether dropping the last handle of an application fails its test.
fn dropping_fails(app: TestApp) -> bool {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(app))).is_err()
}

#[tokio::test]
async fn a_test_cannot_end_with_work_undone() {
    let app = TestApp::new().await;
    app.anonymous().post("/v1/auth/register", TestApp::sign_up("Ana")).await.expect(201);
    assert!(dropping_fails(app));

    let app = TestApp::new().await;
    app.anonymous().post("/v1/auth/register", TestApp::sign_up("Ana")).await.expect(201);
    app.settle().await;
    assert!(!dropping_fails(app));

    let app = TestApp::new().await;
    app.anonymous().post("/v1/auth/register", TestApp::sign_up("Ana")).await.expect(201);
    app.leave();
    assert!(!dropping_fails(app));
}

#[tokio::test]
async fn a_parked_job_fails_the_test() {
    let app = TestApp::new().await;
    app.faults().mail.fail(Fail::Fault(ports::Fault::Unavailable));
    app.anonymous().post("/v1/auth/register", TestApp::sign_up("Ana")).await.expect(201);
    for _ in 0..20 {
        app.settle_with_failures().await;
        app.advance(20 * base::time::MINUTE);
    }
    app.faults().mail.heal();
    app.settle().await;
    assert_eq!(app.core().ports.queue.parked(::app::topics::JOBS, 10).await.unwrap().len(), 1);
    assert!(dropping_fails(app));
}

#[tokio::test]
async fn a_copy_goes_its_own_way() {
    let Couple { app, alice, .. } = TestApp::couple().await;
    let copy = app.copy().await;
    let there = alice.on(&copy);
    there.delete("/v1/couple").await.expect(204);
    copy.settle().await;
    alice.get("/v1/couple").await.expect(200);
    there.get("/v1/couple").await.problem(404, "not_found");
}

#[tokio::test]
async fn another_node_shares_what_is_stored() {
    let Couple { app, alice, bob, .. } = TestApp::couple().await;
    let other = app.another_node().await;
    let id = alice.sends("From the first node.").await;
    let note = bob.on(&other).get(&format!("/v1/notes/{id}")).await.expect(200);
    assert_eq!(note.at("/content"), json!("From the first node."));
    other.settle().await;
}

#[tokio::test]
async fn a_served_application_answers_on_its_socket() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let app = TestApp::new().await;
    let mut socket = tokio::net::TcpStream::connect(app.serve().await).await.unwrap();
    socket.write_all(b"GET /livez HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.to_lowercase().contains("\r\ndate: "), "{answer}");
    assert!(app.stop().await);
}
