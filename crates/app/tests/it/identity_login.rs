//! Sign-in: one generic error, lock-outs, the bounded queue of password hashes.

use crate::{
    identity::{execute, number},
    raced,
};
use base::time::{MINUTE, SECOND};
use serde_json::{Value, json};
use testkit::{Actor, Answer, Call, PASSWORD, TestApp};

const LOCK: i64 = 15 * MINUTE;

fn login(app: &TestApp, email: &str, password: &str) -> Call {
    app.anonymous().post("/v1/auth/login", json!({ "email": email, "password": password, "client": "native" }))
}

/// Addresses nobody else calls from, so that only the account is counted.
fn elsewhere(n: usize) -> String {
    format!("10.1.{}.{}", n / 250, n % 250 + 1)
}

/// A refusal without what differs from call to call.
fn bare(answer: &Answer) -> Value {
    let mut document = answer.json();
    document.as_object_mut().unwrap().remove("request_id");
    document
}

fn retry_after(answer: &Answer) -> i64 {
    answer.problem(429, "rate_limited");
    answer.header("retry-after").unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_sign_in_answers_member_and_session() {
    let app = TestApp::new().await;
    let ana = app.newcomer("Ana").await;
    app.advance(MINUTE);
    let answer = login(&app, " ANA@Example.com", PASSWORD).await.expect(200);
    // An address that is not verified does not block; the answer says so.
    assert_eq!(answer.at("/member/email_verified"), false);
    assert_eq!((answer.text("/member/id"), answer.text("/member/email")), (ana.id.clone(), ana.email.clone()));
    assert_eq!((answer.at("/session/expires_in"), answer.at("/session/token_type")), (json!(900), json!("Bearer")));
    let again = Actor::signed_in(&app, &answer);
    assert_eq!(again.get("/v1/me").await.expect(200).text("/id"), ana.id);
    // The session of the sign-up is another one and lives on.
    ana.get("/v1/me").await.expect(200);
    assert_eq!(number(&app, "select last_sign_in_at from accounts").await, app.now().0);
    app.settle().await;
}

#[tokio::test]
async fn wrong_is_wrong_whatever_was_wrong() {
    let app = TestApp::new().await;
    app.newcomer("Ana").await;
    app.newcomer("Pro").await;
    execute(&app, "update accounts set password_hash = null where email = 'pro@example.com'").await;
    let wrong = login(&app, "ana@example.com", "not this one").await;
    let problem = wrong.problem(401, "unauthenticated");
    assert_eq!(problem["reason"], "wrong_credentials");
    for (email, password) in [
        ("nobody@example.com", PASSWORD),
        ("not even an address", PASSWORD),
        ("pro@example.com", PASSWORD),
        ("ana@example.com", "correct horse batterY"),
        ("ana@example.com", "correct horse battery "),
    ] {
        let other = login(&app, email, password).await;
        assert_eq!((bare(&other), other.status()), (bare(&wrong), 401), "{email}");
    }
    login(&app, "", "").await.invalid(&[("/email", "required"), ("/password", "required")]);
    app.settle().await;
}

#[tokio::test]
async fn an_inactive_account_is_told_so_by_the_right_password_only() {
    let app = TestApp::new().await;
    app.newcomer("Ana").await;
    execute(&app, "update accounts set is_active = false").await;
    login(&app, "ana@example.com", "not this one").await.problem(401, "unauthenticated");
    let problem = login(&app, "ana@example.com", PASSWORD).await.problem(403, "forbidden");
    assert_eq!(problem["reason"], "account_inactive");
    app.settle().await;
}

#[tokio::test]
async fn a_missing_profile_is_made_on_the_spot() {
    let app = TestApp::new().await;
    app.newcomer("Ana").await;
    execute(&app, "delete from profiles").await;
    let answer = login(&app, "ana@example.com", PASSWORD).await.expect(200);
    assert_eq!(answer.at("/member/interests"), json!([]));
    Actor::signed_in(&app, &answer).get("/v1/me").await.expect(200);
    app.settle().await;
}

#[tokio::test]
async fn ten_failures_lock_an_account_for_fifteen_minutes() {
    let app = TestApp::new().await;
    app.newcomer("Ana").await;
    app.newcomer("Bob").await;
    for email in ["ana@example.com", "nobody@example.com"] {
        for n in 0..10 {
            // Typed differently, and from everywhere.
            let typed = if n % 2 == 0 { email.to_owned() } else { email.to_uppercase() };
            login(&app, &typed, "wrong password").from(&elsewhere(n)).await.problem(401, "unauthenticated");
            app.advance(SECOND);
        }
        // The last failure was a second ago. The right password does not help, nor does another address.
        assert_eq!(retry_after(&login(&app, email, PASSWORD).await), LOCK / 1000 - 1);
        assert_eq!(retry_after(&login(&app, email, PASSWORD).from("10.9.9.9").await), LOCK / 1000 - 1);
        assert_eq!(retry_after(&login(&app, email, "wrong password").await), LOCK / 1000 - 1);
    }
    // What was refused did not count, and nobody else is touched.
    login(&app, "bob@example.com", PASSWORD).await.expect(200);
    // Another process forgives nothing.
    let node = app.another_node().await;
    retry_after(&login(&node, "nobody@example.com", PASSWORD).await);
    app.advance(LOCK - 1_001);
    assert_eq!(retry_after(&login(&app, "nobody@example.com", PASSWORD).await), 1);
    app.advance(1);
    login(&app, "nobody@example.com", PASSWORD).await.problem(401, "unauthenticated");
    login(&app, "ana@example.com", PASSWORD).await.expect(200);
    app.settle().await;
}

#[tokio::test]
async fn a_success_forgives_what_came_before() {
    let app = TestApp::new().await;
    app.newcomer("Ana").await;
    for _ in 0..2 {
        for n in 0..9 {
            login(&app, "ana@example.com", "wrong password").from(&elsewhere(n)).await.problem(401, "unauthenticated");
        }
        login(&app, "ana@example.com", PASSWORD).from("10.9.9.9").await.expect(200);
    }
    app.settle().await;
}

#[tokio::test]
async fn any_fifteen_minutes_count_not_those_since_the_first_failure() {
    let app = TestApp::new().await;
    let fail = |n| login(&app, "nobody@example.com", "wrong password").from(&elsewhere(n)).into_future();
    fail(0).await.problem(401, "unauthenticated");
    app.advance(LOCK - MINUTE);
    for n in 1..9 {
        fail(n).await.problem(401, "unauthenticated");
    }
    // The first no longer counts: nine within the last fifteen minutes, then ten.
    app.advance(2 * MINUTE);
    fail(9).await.problem(401, "unauthenticated");
    fail(10).await.problem(401, "unauthenticated");
    assert_eq!(retry_after(&fail(11).await), LOCK / 1000);
    app.settle().await;
}

#[tokio::test]
async fn thirty_failures_lock_a_network() {
    let app = TestApp::new().await;
    app.newcomer("Ana").await;
    let from = |n: usize, peer: &str| login(&app, &format!("nobody{n}@example.com"), PASSWORD).from(peer).into_future();
    for n in 0..29 {
        from(n, "203.0.113.7").await.problem(401, "unauthenticated");
    }
    // A success in between does not forgive the network.
    login(&app, "ana@example.com", PASSWORD).from("203.0.113.7").await.expect(200);
    from(29, "203.0.113.7").await.problem(401, "unauthenticated");
    let locked = login(&app, "ana@example.com", PASSWORD).from("203.0.113.7").await;
    assert_eq!(retry_after(&locked), LOCK / 1000);
    login(&app, "ana@example.com", PASSWORD).from("203.0.113.8").await.expect(200);
    // A household of IPv6 is a /64.
    for n in 0..30 {
        from(100 + n, &format!("2001:db8::{n:x}")).await.problem(401, "unauthenticated");
    }
    retry_after(&login(&app, "ana@example.com", PASSWORD).from("2001:db8::ffff").await);
    login(&app, "ana@example.com", PASSWORD).from("2001:db8:0:1::1").await.expect(200);
    app.advance(LOCK);
    login(&app, "ana@example.com", PASSWORD).from("203.0.113.7").await.expect(200);
    app.settle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn guesses_made_at_once_learn_no_more_than_ten() {
    let app = TestApp::new().await;
    let answers = raced((0..60).map(|n| {
        let call = login(&app, "nobody@example.com", "wrong password").from(&elsewhere(n));
        async move { call.await }
    }))
    .await;
    let told = answers.iter().filter(|a| a.status() == 401).count();
    assert_eq!(told, 10, "{answers:?}");
    assert!(answers.iter().all(|a| matches!(a.status(), 401 | 429)), "{answers:?}");
    app.settle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_full_queue_of_hashes_is_told_and_other_routes_go_on() {
    // A hash of some milliseconds on one thread; at least 64 may wait.
    let app = TestApp::with(|s| {
        s.identity.argon2_memory_kib = 8 * 1024;
        s.identity.argon2_passes = 2;
        s.identity.hash_threads = 1;
        s.identity.hash_queue = 1;
        s.identity.lockout_failures = 1_000;
    })
    .await;
    let ana = app.newcomer("Ana").await;
    let answers = raced((0..240).map(|n| {
        // An unknown address costs a hash as well: it waits, or is refused, like a known one.
        let email = if n % 2 == 0 { "ana@example.com" } else { "nobody@example.com" };
        let call = login(&app, email, PASSWORD).from(&elsewhere(n));
        async move { (n % 2 == 0, call.await) }
    }))
    .await;
    let count = |known: bool, status: u16| answers.iter().filter(|(k, a)| *k == known && a.status() == status).count();
    let (fits, unknown) = (count(true, 200), count(false, 401));
    let (known_refused, unknown_refused) = (count(true, 503), count(false, 503));
    assert_eq!(fits + unknown + known_refused + unknown_refused, 240, "{answers:?}");
    // One more where the worker took its next before the storm was over.
    assert!(fits + unknown >= 64, "64 waiting: {fits} and {unknown}");
    assert!(known_refused > 0 && unknown_refused > 0, "{known_refused} and {unknown_refused}");
    for (_, answer) in answers.iter().filter(|(_, a)| a.status() == 503) {
        answer.problem(503, "unavailable");
        assert!(answer.header("retry-after").unwrap().parse::<u32>().unwrap() >= 1);
    }
    // Refused ones were no failures, and the storm is over.
    assert_eq!(app.core().identity.passwords.waiting(), 0);
    login(&app, "ana@example.com", PASSWORD).await.expect(200);
    ana.get("/v1/me").await.expect(200);
    app.settle().await;
}
