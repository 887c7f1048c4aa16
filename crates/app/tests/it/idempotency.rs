//! Idempotency keys: the same call has one effect and one answer, however often it is sent.

use base::time::{HOUR, MINUTE};
use serde_json::{Value, json};
use testkit::{Actor, Answer, Couple, TestApp};
use tokio::task::JoinSet;

/// The calls that take a key.
const CALLS: [&str; 4] = ["/v1/auth/register", "/v1/couple/invitations", "/v1/notes", "/v1/scheduled-notes"];

struct Stage {
    app: TestApp,
    alice: Actor,
    bob: Actor,
    stranger: Actor,
}

impl Stage {
    /// Alice and Bob may schedule; the stranger may invite.
    async fn new() -> Self {
        let Couple { app, alice, bob, stranger, .. } = TestApp::couple().await;
        for member in [&alice, &bob] {
            app.grant_plan(member, "premiere").await;
        }
        Self { app, alice, bob, stranger }
    }

    /// Who makes a call in this file.
    fn caller(&self, path: &str) -> Actor {
        match path {
            "/v1/auth/register" => self.app.anonymous(),
            "/v1/couple/invitations" => self.stranger.clone(),
            _ => self.alice.clone(),
        }
    }

    /// How many effects there are.
    async fn effects(&self, path: &str) -> usize {
        self.app.settle().await;
        match path {
            // One letter for each.
            "/v1/auth/register" | "/v1/couple/invitations" => self.app.mails_to("ivy@example.com").len(),
            "/v1/notes" => self.alice.get("/v1/notes?box=sent&limit=100").await.expect(200).data().len(),
            _ => self.alice.get("/v1/scheduled-notes?limit=100").await.expect(200).data().len(),
        }
    }
}

fn body(path: &str) -> Value {
    match path {
        "/v1/auth/register" => TestApp::sign_up("Ivy"),
        "/v1/couple/invitations" => json!({ "email": "ivy@example.com" }),
        "/v1/notes" => json!({ "channel": "partner", "content": "Tea?" }),
        _ => json!({ "channel": "partner", "content": "Tea?", "date": "2026-12-24", "time": "09:00" }),
    }
}

fn other_body(path: &str) -> Value {
    let mut other = body(path);
    let member = match path {
        "/v1/auth/register" => "name",
        _ if path.ends_with("notes") => "content",
        _ => "email",
    };
    other[member] = json!("other@example.com");
    other
}

#[tokio::test]
async fn the_same_call_gets_the_same_answer_and_has_one_effect() {
    for path in CALLS {
        let stage = Stage::new().await;
        let caller = stage.caller(path);
        let before = stage.effects(path).await;
        let call = || caller.post(path, body(path)).key("a key of mine");
        let first = call().await.expect(201);
        for wait in [0, 1, 5 * MINUTE] {
            stage.app.advance(wait);
            let again = call().await.expect(201);
            assert_eq!(
                (again.bytes(), again.header("content-type")),
                (first.bytes(), first.header("content-type")),
                "{path}"
            );
        }
        // What a restart, or another node, makes of it.
        let node = stage.app.another_node().await;
        let again = caller.on(&node).post(path, body(path)).key("a key of mine").await.expect(201);
        assert_eq!(again.bytes(), first.bytes(), "{path} on another node");
        assert_eq!(stage.effects(path).await, before + 1, "{path}");
        // Without a key the same call is another call.
        let without = caller.post(path, body(path)).await.status();
        assert_eq!(without, if path.ends_with("notes") { 201 } else { 409 }, "{path}");
        stage.app.settle().await;
    }
}

#[tokio::test]
async fn a_key_with_another_body_is_refused() {
    for path in CALLS {
        let stage = Stage::new().await;
        let caller = stage.caller(path);
        let first = caller.post(path, body(path)).key("k").await.expect(201);
        caller.post(path, other_body(path)).key("k").await.problem(422, "idempotency_key_reused");
        assert_eq!(caller.post(path, body(path)).key("k").await.expect(201).bytes(), first.bytes(), "{path}");
        stage.app.settle().await;
    }
}

/// One of them is made; the others wait, or are given its answer.
fn one_effect(answers: &[Answer], path: &str) {
    let made: Vec<_> = answers.iter().filter(|a| a.status() == 201).collect();
    assert!(!made.is_empty(), "{path}: {answers:?}");
    assert!(made.iter().all(|a| a.bytes() == made[0].bytes()), "{path}: {made:?}");
    for answer in answers.iter().filter(|a| a.status() != 201) {
        answer.problem(409, "idempotency_in_progress");
        assert!(answer.header("retry-after").is_some(), "{answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_calls_at_the_same_time_one_has_an_effect() {
    for path in CALLS {
        let stage = Stage::new().await;
        let node = stage.app.another_node().await;
        let before = stage.effects(path).await;
        let mut racers = JoinSet::new();
        for i in 0..12 {
            let caller = stage.caller(path);
            let caller = if i % 3 == 0 { caller.on(&node) } else { caller };
            racers.spawn(async move { caller.post(path, body(path)).key("raced").await });
        }
        one_effect(&racers.join_all().await, path);
        assert_eq!(stage.effects(path).await, before + 1, "{path}");
        stage.caller(path).post(path, body(path)).key("raced").await.expect(201);
        node.settle().await;
    }
}

#[tokio::test]
async fn a_key_belongs_to_its_caller_and_operation() {
    let stage = Stage::new().await;
    let mine = stage.alice.post("/v1/notes", body("/v1/notes")).key("k").await.expect(201);
    let theirs = stage.bob.post("/v1/notes", body("/v1/notes")).key("k").await.expect(201);
    assert_ne!(mine.text("/id"), theirs.text("/id"));
    assert_eq!(theirs.text("/sender_id"), stage.bob.id);
    let scheduled = stage.alice.post("/v1/scheduled-notes", body("/v1/scheduled-notes")).key("k").await.expect(201);
    assert_ne!(scheduled.text("/id"), mine.text("/id"));
    // Another device is the same caller.
    let tablet = stage.alice.another_device().await;
    assert_eq!(tablet.post("/v1/notes", body("/v1/notes")).key("k").await.expect(201).bytes(), mine.bytes());
    // Keys have case.
    let upper = stage.alice.post("/v1/notes", body("/v1/notes")).key("K").await.expect(201);
    assert_ne!(upper.text("/id"), mine.text("/id"));
    stage.app.settle().await;
}

#[tokio::test]
async fn an_answer_is_kept_for_a_day() {
    for path in CALLS {
        let stage = Stage::new().await;
        let mut caller = stage.caller(path);
        let first = caller.post(path, body(path)).key("k").await.expect(201);
        stage.app.settle().await;
        stage.app.advance(24 * HOUR - 1);
        if caller.access_token.is_some() {
            caller = caller.renewed().await;
        }
        assert_eq!(caller.post(path, body(path)).key("k").await.expect(201).bytes(), first.bytes(), "{path}");
        stage.app.advance(1);
        let later = caller.post(path, body(path)).key("k").await;
        if path.ends_with("notes") {
            assert_ne!(later.expect(201).text("/id"), first.text("/id"), "{path}");
        } else {
            later.problem(409, "conflict");
        }
        stage.app.settle().await;
    }
}

/// The answer is that of then: what has changed since does not matter.
#[tokio::test]
async fn a_repeat_is_answered_though_the_call_would_be_refused_now() {
    let Couple { app, alice, .. } = TestApp::couple().await;
    let send = |key: &str| alice.post("/v1/notes", body("/v1/notes")).key(key);
    let first = send("1").await.expect(201);
    send("2").await.expect(201);
    send("3").await.expect(201);
    send("4").await.problem(403, "limit_reached");
    assert_eq!(send("1").await.expect(201).bytes(), first.bytes());
    alice.delete("/v1/couple").await.expect(204);
    send("5").await.problem(409, "conflict");
    assert_eq!(send("1").await.expect(201).bytes(), first.bytes());
    app.settle().await;
}

/// What was refused left nothing, so its key is free: also for a mended body.
#[tokio::test]
async fn a_refused_call_leaves_its_key_free() {
    let stage = Stage::new().await;
    for path in CALLS {
        let caller = stage.caller(path);
        let broken = caller.post(
            path,
            json!({ "channel": "smoke", "content": "", "email": "no", "password": "x",
                                               "date": "never", "time": "late" }),
        );
        assert_eq!(broken.key("free").await.status(), 422, "{path}");
        caller.post(path, body(path)).key("free").await.expect(201);
    }
    stage.app.settle().await;
}

#[tokio::test]
async fn a_key_has_1_to_255_characters() {
    let stage = Stage::new().await;
    for path in CALLS {
        for bad in ["", &"k".repeat(256), "schlüssel"] {
            stage.caller(path).post(path, body(path)).key(bad).await.problem(400, "malformed");
        }
        let long = "k".repeat(255);
        let call = || stage.caller(path).post(path, body(path)).key(&long);
        assert_eq!(call().await.expect(201).bytes(), call().await.expect(201).bytes(), "{path}");
    }
    stage.app.settle().await;
}

/// A repeat of a sign-up gives the credentials of then; a session that was ended meanwhile stays ended.
#[tokio::test]
async fn a_repeated_sign_up_does_not_revive_its_session() {
    let app = TestApp::new().await;
    let call = || app.anonymous().post("/v1/auth/register", TestApp::sign_up("Ivy")).key("k");
    let ivy = Actor::signed_in(&app, &call().await.expect(201));
    ivy.get("/v1/me").await.expect(200);
    ivy.post("/v1/auth/logout", Value::Null).await.expect(204);
    let again = Actor::signed_in(&app, &call().await.expect(201));
    assert_eq!(again.id, ivy.id);
    again.get("/v1/me").await.problem(401, "unauthenticated");
    app.anonymous().post("/v1/auth/refresh", json!({ "refresh_token": again.refresh_token })).await.expect(401);
    app.settle().await;
}

/// No session tells visitors apart: their keys share one scope, and only the very same body gets the first answer.
#[tokio::test]
async fn visitors_repeat_from_anywhere_and_only_with_the_same_body() {
    let app = TestApp::new().await;
    let sign_up = |name: &str| app.anonymous().post("/v1/auth/register", TestApp::sign_up(name)).key("1");
    let ivy = sign_up("Ivy").await.expect(201);
    assert_eq!(sign_up("Ivy").from("192.0.2.7").await.expect(201).bytes(), ivy.bytes(), "from wherever it is repeated");
    sign_up("Jon").await.problem(422, "idempotency_key_reused");
    app.settle().await;
    let mails = || app.mails_to("ivy@example.com").len();
    for (path, before) in [("/v1/auth/password/forgot", mails()), ("/v1/auth/email/resend", mails() + 1)] {
        for (email, wait) in [("ivy@example.com", 0), ("IVY@example.com", 0), ("ivy@example.com", 5 * MINUTE)] {
            app.advance(wait);
            let answer = app.anonymous().post(path, json!({ "email": email })).key("1").await;
            // Another spelling is another body.
            let wanted = if email == "ivy@example.com" { 202 } else { 422 };
            assert!(answer.expect(wanted).bytes().is_empty() || wanted == 422);
            app.settle().await;
        }
        assert_eq!(mails(), before + 1, "{path}");
    }
}

/// What answers an invitation, and what mails it again, may be repeated like what made it.
#[tokio::test]
async fn answers_to_invitations_are_repeatable() {
    let app = TestApp::new().await;
    let [ana, bob, cleo, dan] =
        [app.member("Ana").await, app.member("Bob").await, app.member("Cleo").await, app.member("Dan").await];
    let invite = async |who: &Actor, to: &Actor| {
        let answer = who.post("/v1/couple/invitations", json!({ "email": to.email })).await.expect(201);
        app.settle().await;
        (format!("/v1/couple/invitations/{}", answer.text("/id")), answer.text("/code"))
    };
    let (invitation, _) = invite(&ana, &bob).await;
    let repeated = async |who: &Actor, path: &str, body: Value, status: u16| {
        let first = who.post(path, body.clone()).key("k").await.expect(status);
        for wait in [0, 2 * MINUTE] {
            app.advance(wait);
            let again = who.post(path, body.clone()).key("k").await.expect(status);
            assert_eq!((again.bytes(), again.header("content-type")), (first.bytes(), first.header("content-type")));
        }
        app.settle().await;
        first
    };
    let mails = |who: &Actor| app.mails_to(&who.email).len();
    let before = mails(&bob);
    repeated(&ana, &format!("{invitation}/resend"), Value::Null, 200).await;
    assert_eq!(mails(&bob), before + 1);
    // Declined once, told once.
    let before = mails(&ana);
    repeated(&bob, &format!("{invitation}/decline"), Value::Null, 204).await;
    assert_eq!(mails(&ana), before + 1);
    bob.post(&format!("{invitation}/decline"), Value::Null).key("l").await.problem(409, "conflict");
    // Accepted by the address, and by the code.
    let (invitation, _) = invite(&bob, &ana).await;
    let couple = repeated(&ana, &format!("{invitation}/accept"), Value::Null, 200).await;
    assert_eq!(ana.get("/v1/couple").await.expect(200).json(), couple.json());
    let (_, code) = invite(&cleo, &dan).await;
    let couple = repeated(&dan, "/v1/couple/join", json!({ "code": code }), 200).await;
    assert_eq!(dan.get("/v1/couple").await.expect(200).json(), couple.json());
    dan.post("/v1/couple/join", json!({ "code": "AAAAAAAA" })).key("k").await.problem(422, "idempotency_key_reused");
    // However the story went on, the answer is that of then.
    ana.delete("/v1/couple").await.expect(204);
    app.settle().await;
    ana.post(&format!("{invitation}/accept"), Value::Null).key("k").await.expect(200);
    ana.get("/v1/couple").await.problem(404, "not_found");
}
