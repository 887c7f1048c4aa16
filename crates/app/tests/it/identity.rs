//! Sign-up: atomic, checked, once per address. And what the tests of identity and couples share.

use crate::raced;
use app::tables::EVENTS;
use base::{id::MemberId, time::HOUR};
use ports::{Fault, args, items::Query};
use serde_json::{Value, json};
use std::collections::HashSet;
use testkit::{Actor, Answer, Fail, PASSWORD, TestApp};

/// The first number of a statement's first row.
pub async fn number(app: &TestApp, sql: &'static str) -> i64 {
    let mut tx = app.core().ports.sql.read().await.unwrap();
    tx.row(sql, args![]).await.unwrap().unwrap().int(0).unwrap()
}

/// Runs a statement behind the application's back.
pub async fn execute(app: &TestApp, sql: &'static str) {
    let mut tx = app.core().ports.sql.begin().await.unwrap();
    tx.exec(sql, args![]).await.unwrap();
    tx.commit().await.unwrap();
}

/// Everything a member's devices were told, oldest first: type and data.
pub async fn events(app: &TestApp, of: &Actor) -> Vec<(String, Value)> {
    let member: MemberId = of.id.parse().unwrap();
    let found = app.core().ports.items.query(Query::partition(EVENTS, member.bytes()).limit(1_000)).await.unwrap();
    let event = |body: &[u8]| {
        let event: Value = serde_json::from_slice(body).unwrap();
        (event["type"].as_str().unwrap().to_owned(), event["data"].clone())
    };
    found.items.iter().map(|item| event(&item.body)).collect()
}

/// How often devices of a member were told of this.
pub async fn told(app: &TestApp, of: &Actor, kind: &str) -> usize {
    events(app, of).await.iter().filter(|(k, _)| k == kind).count()
}

pub async fn register(app: &TestApp, body: &Value) -> Answer {
    app.anonymous().post("/v1/auth/register", body.clone()).await
}

/// [`TestApp::sign_up`] with members changed; null takes one away.
pub fn sign_up_with(name: &str, changes: &Value) -> Value {
    let mut body = TestApp::sign_up(name);
    for (key, value) in changes.as_object().unwrap() {
        body.as_object_mut().unwrap().remove(key);
        if !value.is_null() {
            body[key] = value.clone();
        }
    }
    body
}

#[tokio::test]
async fn a_sign_up_answers_the_member_and_a_session() {
    let app = TestApp::new().await;
    let body = sign_up_with(
        "Ana",
        &json!({ "email": "Ana.Silva@Example.com", "relationship_status": "dating", "anniversary_date": "2024-02-29",
            "language": "it", "timezone": "Europe/Lisbon", "referral_code": "ABC" }),
    );
    let answer = register(&app, &body).await.expect(201);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let member = answer.at("/member");
    assert!(answer.text("/member/id").starts_with("mem_"));
    let expected = json!({
        "name": "Ana", "email": "Ana.Silva@Example.com", "email_verified": false, "user_type": "regular",
        "is_verified": false, "language": "it", "timezone": "Europe/Lisbon", "plan": "basic",
        "relationship_status": "dating", "anniversary_date": "2024-02-29", "partner_name": null, "interests": [],
        "completion": { "completed": 4, "total": 14, "percentage": 29 },
    });
    for (key, value) in expected.as_object().unwrap() {
        assert_eq!(member[key], *value, "{key}");
    }
    assert!(member.get("role").is_none());
    assert_eq!(answer.at("/session/token_type"), "Bearer");
    assert_eq!(answer.at("/session/expires_in"), 900);
    let ana = Actor::signed_in(&app, &answer);
    assert_eq!(ana.get("/v1/me").await.expect(200).json(), member);

    app.settle().await;
    let terms = "select count(*) from accounts a join consents c on c.member_id = a.id
                 where c.kind = 'terms' and c.version = a.terms_version and c.given_at = a.terms_accepted_at
                   and a.terms_accepted_at = a.created_at";
    assert_eq!(number(&app, terms).await, 1);
    assert_eq!(number(&app, "select count(*) from accounts where referral_code = 'ABC'").await, 1);
    let mails = app.mails_to("ana.silva@example.com");
    assert_eq!(mails.len(), 1);
    assert_eq!((&*mails[0].to, &mails[0].meta["letter"]), ("Ana.Silva@Example.com", &json!("verify_email")));
    assert!(mails[0].html.as_ref().unwrap().contains("http://o2o.test/verify?token="));
}

/// Everything that a sign-up writes in `sql`.
const LEFT: &str = "select (select count(*) from accounts) + (select count(*) from profiles)
    + (select count(*) from consents) + (select count(*) from one_time_tokens) + (select count(*) from invitations)
    + (select count(*) from idempotency) + (select count(*) from outbox)";

#[tokio::test]
async fn a_taken_address_leaves_nothing() {
    let app = TestApp::new().await;
    app.newcomer("Ana").await;
    let before = number(&app, LEFT).await;
    for email in ["ana@example.com", "ANA@Example.COM", "  Ana@example.com "] {
        let body = sign_up_with("Other", &json!({ "email": email, "partner_email": "bob@example.com" }));
        let problem = register(&app, &body).await.problem(409, "conflict");
        assert_eq!(problem["reason"], "email_taken");
        assert_eq!(number(&app, LEFT).await, before);
    }
    app.settle().await;
    assert_eq!(app.mails_to("ana@example.com").len(), 1);
    assert!(app.mails_to("bob@example.com").is_empty());
}

#[tokio::test]
async fn a_step_that_fails_leaves_nothing() {
    // Each statement of a sign-up refused in turn, the last ones too.
    const STEPS: [(&str, &str); 7] = [
        ("accounts", "create trigger t before insert on accounts begin select raise(abort, 'no'); end"),
        ("profiles", "create trigger t before insert on profiles begin select raise(abort, 'no'); end"),
        ("consents", "create trigger t before insert on consents begin select raise(abort, 'no'); end"),
        ("tokens", "create trigger t before insert on one_time_tokens begin select raise(abort, 'no'); end"),
        ("invitations", "create trigger t before insert on invitations begin select raise(abort, 'no'); end"),
        ("outbox", "create trigger t before insert on outbox begin select raise(abort, 'no'); end"),
        ("idempotency", "create trigger t before insert on idempotency begin select raise(abort, 'no'); end"),
    ];
    let app = TestApp::new().await;
    let body = sign_up_with("Ana", &json!({ "partner_email": "bob@example.com" }));
    let sign_up = || app.anonymous().post("/v1/auth/register", body.clone()).key("one");
    for (step, refuse) in STEPS {
        execute(&app, refuse).await;
        sign_up().await.problem(500, "internal");
        assert_eq!(number(&app, LEFT).await, 0, "{step}");
        execute(&app, "drop trigger t").await;
    }
    // The store of sessions, which fails from its first call on, from its second, and so on.
    let login = json!({ "email": "ana@example.com", "password": PASSWORD, "client": "native" });
    let mut spared = 0;
    loop {
        app.faults().items.fail_after(spared, Fail::Fault(Fault::Unavailable));
        let answer = sign_up().await;
        app.faults().items.heal();
        if answer.status() == 201 {
            break;
        }
        answer.problem(503, "unavailable");
        assert!(answer.header("retry-after").is_some() && !answer.body().contains(testkit::HIDDEN));
        assert_eq!(number(&app, LEFT).await, 0);
        app.anonymous().post("/v1/auth/login", login.clone()).await.problem(401, "unauthenticated");
        spared += 1;
    }
    assert!(spared > 0);
    // What follows the sign-up is done by a job when it could not be done at once.
    app.settle().await;
    let ana = Actor::signed_in(&app, &app.anonymous().post("/v1/auth/login", login).await.expect(200));
    assert_eq!(ana.get("/v1/couple/invitations").await.expect(200).data().len(), 1);
    app.settle().await;
    assert_eq!(number(&app, "select count(*) from accounts").await, 1);
}

#[tokio::test]
async fn every_offending_field_is_named() {
    let app = TestApp::new().await;
    register(&app, &json!({})).await.invalid(&[
        ("/email", "required"),
        ("/password", "required"),
        ("/consent", "required"),
        ("/age_attested", "required"),
    ]);
    let long = |n: usize| "x".repeat(n);
    for (changes, pointer, code) in [
        (json!({ "email": "" }), "/email", "required"),
        (json!({ "email": "ana" }), "/email", "invalid_email"),
        (json!({ "email": "ana@exämple.com" }), "/email", "invalid_email"),
        (json!({ "email": "a\r\nBcc: b@example.com" }), "/email", "invalid_email"),
        (json!({ "email": format!("ana@{}.com", vec![long(60); 5].join(".")) }), "/email", "invalid_email"),
        (json!({ "email": 7 }), "/email", "wrong_type"),
        (json!({ "email": "a\u{0}@example.com" }), "/email", "unknown_value"),
        (json!({ "password": "" }), "/password", "required"),
        (json!({ "password": "1234567" }), "/password", "too_short"),
        (json!({ "password": long(129) }), "/password", "too_long"),
        (json!({ "name": "" }), "/name", "required"),
        (json!({ "name": "  \t " }), "/name", "required"),
        (json!({ "name": "é".repeat(121) }), "/name", "too_long"),
        (json!({ "consent": false }), "/consent", "must_be_true"),
        (json!({ "consent": null }), "/consent", "required"),
        (json!({ "consent": "yes" }), "/consent", "wrong_type"),
        (json!({ "age_attested": false }), "/age_attested", "must_be_true"),
        (json!({ "age_attested": null }), "/age_attested", "required"),
        (json!({ "relationship_status": "elsewhere" }), "/relationship_status", "unknown_value"),
        (json!({ "anniversary_date": "2025-02-29" }), "/anniversary_date", "invalid_date"),
        (json!({ "partner_email": "bob@" }), "/partner_email", "invalid_email"),
        (json!({ "partner_email": "ANA@example.com" }), "/partner_email", "own_address"),
        (json!({ "referral_code": "x".repeat(65) }), "/referral_code", "too_long"),
        (json!({ "referral_code": 7 }), "/referral_code", "wrong_type"),
        (json!({ "language": "xx" }), "/language", "unknown_value"),
        (json!({ "timezone": "Mars/Olympus" }), "/timezone", "invalid_zone"),
        (json!({ "client": "toaster" }), "/client", "unknown_value"),
    ] {
        register(&app, &sign_up_with("Ana", &changes)).await.invalid(&[(pointer, code)]);
    }
    // Several at once, in one answer.
    let two = sign_up_with("Ana", &json!({ "consent": false, "timezone": "Nowhere", "password": "short" }));
    register(&app, &two).await.invalid(&[
        ("/consent", "must_be_true"),
        ("/timezone", "invalid_zone"),
        ("/password", "too_short"),
    ]);
    assert_eq!(number(&app, LEFT).await, 0);
}

#[tokio::test]
async fn limits_are_inclusive_and_count_characters() {
    let app = TestApp::new().await;
    let widest = sign_up_with("A", &json!({ "name": "é".repeat(120), "password": "ü".repeat(128) }));
    assert_eq!(register(&app, &widest).await.expect(201).text("/member/name").chars().count(), 120);
    register(&app, &sign_up_with("B", &json!({ "name": " B ", "password": "12345678" }))).await.expect(201);
    // The shortest and the longest address.
    register(&app, &sign_up_with("C", &json!({ "email": "a@b" }))).await.expect(201);
    let label = "x".repeat(61);
    let longest = format!("{}@{label}.{label}.{label}.xyz", "l".repeat(64));
    assert_eq!(longest.len(), 254);
    register(&app, &sign_up_with("D", &json!({ "email": longest }))).await.expect(201);
    app.settle().await;
}

#[tokio::test]
async fn what_is_absent_or_empty_has_its_default() {
    let app = TestApp::new().await;
    let bare = json!({ "email": "Jo.Doe@example.com", "password": PASSWORD, "consent": true, "age_attested": true });
    let member = register(&app, &bare).await.expect(201).at("/member");
    assert_eq!(
        (&member["name"], &member["language"], &member["timezone"]),
        (&json!("Jo.Doe"), &json!("en"), &json!("UTC"))
    );
    let empty = sign_up_with(
        "Em",
        &json!({ "relationship_status": "", "anniversary_date": "", "partner_email": "", "language": "", "timezone": "",
            "client": "", "referral_code": "" }),
    );
    let member = register(&app, &empty).await.expect(201).at("/member");
    assert_eq!((&member["relationship_status"], &member["partner_email"]), (&Value::Null, &Value::Null));
    app.settle().await;
}

#[tokio::test]
async fn the_language_is_the_chosen_one_then_that_of_the_device() {
    let app = TestApp::new().await;
    for (i, (chosen, device, expected)) in [
        (json!("de"), "fr", "de"),
        (json!(null), "fr;q=0.5, es;q=0.9", "es"),
        (json!(null), "ja", "en"),
        // Listed, not enabled: ignored.
        (json!("nl"), "it-IT", "it"),
        (json!("pt"), "ja", "en"),
    ]
    .into_iter()
    .enumerate()
    {
        let body = sign_up_with(&format!("m{i}"), &json!({ "language": chosen }));
        let call = app.anonymous().post("/v1/auth/register", body).header("accept-language", device);
        assert_eq!(call.await.expect(201).text("/member/language"), expected);
    }
    let zone = sign_up_with("zone", &json!({ "timezone": "europe/lisbon" }));
    assert_eq!(register(&app, &zone).await.expect(201).text("/member/timezone"), "Europe/Lisbon");
    app.settle().await;
}

#[tokio::test]
async fn nobody_signs_up_as_more_than_a_regular_member() {
    let app = TestApp::new().await;
    let body = sign_up_with(
        "Eve",
        &json!({ "id": "mem_00000000000000000000000000", "user_type": "therapist", "role": "admin",
            "is_verified": true, "email_verified": true, "email_verified_at": "2020-01-01T00:00:00.000Z",
            "is_active": false, "plan": "exclusive", "created_at": "2020-01-01T00:00:00.000Z" }),
    );
    let member = register(&app, &body).await.expect(201).at("/member");
    assert_eq!((&member["user_type"], &member["plan"]), (&json!("regular"), &json!("basic")));
    assert_eq!((&member["is_verified"], &member["email_verified"]), (&json!(false), &json!(false)));
    assert!(member.get("role").is_none() && member["id"] != "mem_00000000000000000000000000");
    assert_eq!(member["created_at"], app.now().to_string());
    app.settle().await;
}

#[tokio::test]
async fn a_repeat_with_the_same_key_is_the_same_sign_up() {
    let app = TestApp::new().await;
    let sign_up = |body: Value| app.anonymous().post("/v1/auth/register", body).key("again");
    let first = sign_up(TestApp::sign_up("Ana")).await.expect(201);
    let second = sign_up(TestApp::sign_up("Ana")).await.expect(201);
    assert_eq!(first.json(), second.json());
    sign_up(sign_up_with("Ana", &json!({ "name": "Anna" }))).await.problem(422, "idempotency_key_reused");
    // The password in it cannot be found by trying: what is kept of a body is signed, here and elsewhere differently.
    let kept = async |app: &TestApp| {
        let mut tx = app.core().ports.sql.read().await.unwrap();
        let row = tx.row("select digest, body from idempotency", args![]).await.unwrap().unwrap();
        (row.text(0).unwrap(), row.text(1).unwrap())
    };
    let elsewhere = TestApp::new().await;
    elsewhere.anonymous().post("/v1/auth/register", TestApp::sign_up("Ana")).key("again").await.expect(201);
    elsewhere.settle().await;
    let (digest, record) = kept(&app).await;
    assert_ne!(digest, kept(&elsewhere).await.0);
    assert!(!record.contains(&first.text("/session/access_token")) && !record.contains("refresh_token"));
    assert_eq!(number(&app, "select count(*) from accounts").await, 1);
    // A day later the key is forgotten, and the address is what it is: taken.
    app.advance(24 * HOUR);
    sign_up(TestApp::sign_up("Ana")).await.problem(409, "conflict");
    app.settle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_sign_ups_for_one_address_one_wins() {
    let app = TestApp::new().await;
    for round in 0..8 {
        let answers = raced((0..12).map(|i| {
            let app = app.clone();
            let typed = format!("{}{round}@example.com", if i % 2 == 0 { "Race" } else { "race" });
            async move { register(&app, &sign_up_with("R", &json!({ "email": typed }))).await }
        }))
        .await;
        let won: Vec<_> = answers.iter().filter(|a| a.status() == 201).collect();
        assert_eq!(won.len(), 1, "{answers:?}");
        assert!(answers.iter().all(|a| matches!(a.status(), 201 | 409)), "{answers:?}");
        Actor::signed_in(&app, won[0]).get("/v1/me").await.expect(200);
    }
    assert_eq!(number(&app, "select count(*) from accounts").await, 8);
    app.settle().await;
    let ids: HashSet<_> = app.mails_to("race0@example.com").iter().map(|m| m.id).collect();
    assert_eq!(ids.len(), 1);
}
