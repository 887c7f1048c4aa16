//! The second factor: switched on, asked for, used up, lost, switched off.

use crate::{
    identity::{execute, number},
    raced,
};
use base::{
    Time,
    time::{MINUTE, SECOND},
};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use testkit::{Actor, Answer, Call, PASSWORD, TestApp};

const STEP: i64 = 30 * SECOND;

/// The code that an authenticator app shows: our own reading of RFC 6238, from the secret as a person types it.
pub fn code_at(secret: &str, at: Time) -> String {
    let mut bits = 0_u32;
    let mut held = 0_u32;
    let mut key = Vec::new();
    for c in secret.bytes() {
        let value = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".iter().position(|a| *a == c).expect("base 32");
        bits = (bits << 5) | u32::try_from(value).unwrap();
        held += 5;
        if held >= 8 {
            held -= 8;
            key.push(u8::try_from((bits >> held) & 255).unwrap());
        }
    }
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &key);
    let tag = ring::hmac::sign(&key, &(at.0 / STEP).to_be_bytes());
    let tag = tag.as_ref();
    let at = usize::from(tag[19] & 15);
    let number = (u32::from(tag[at]) & 127) << 24
        | u32::from(tag[at + 1]) << 16
        | u32::from(tag[at + 2]) << 8
        | u32::from(tag[at + 3]);
    format!("{:06}", number % 1_000_000)
}

/// A code that is none of those that could be right now.
fn wrong_code(app: &TestApp, secret: &str) -> String {
    let near: BTreeSet<_> = (-2..=2).map(|n| code_at(secret, app.now().plus(n * STEP))).collect();
    (0..6).map(|n| format!("{n:06}")).find(|code| !near.contains(code)).unwrap()
}

/// What a member with a second factor holds.
pub struct Factor {
    pub secret: String,
    pub recovery_codes: Vec<String>,
}

/// Switches the second factor on. The code that did it is used up, so the clock moves to the next.
pub async fn switched_on(who: &Actor) -> Factor {
    let secret = who.post("/v1/auth/totp", Value::Null).await.expect(200).text("/secret");
    let code = code_at(&secret, who.app.now());
    let answer = who.post("/v1/auth/totp/confirm", json!({ "code": code })).await.expect(200);
    let codes = answer.at("/recovery_codes");
    let recovery_codes = codes.as_array().unwrap().iter().map(|c| c.as_str().unwrap().to_owned()).collect();
    who.app.advance(STEP);
    Factor { secret, recovery_codes }
}

pub fn login_with(app: &TestApp, email: &str, totp: Option<&str>) -> Call {
    let mut body = json!({ "email": email, "password": PASSWORD, "client": "native" });
    if let Some(totp) = totp {
        body["totp"] = totp.into();
    }
    app.anonymous().post("/v1/auth/login", body)
}

/// Signs in with the code of this moment, and waits for the next one.
pub async fn signed_in(who: &Actor, factor: &Factor) -> Actor {
    let code = code_at(&factor.secret, who.app.now());
    let answer = login_with(&who.app, &who.email, Some(&code)).await.expect(200);
    who.app.advance(STEP);
    Actor::signed_in(&who.app, &answer)
}

fn refused(answer: &Answer, reason: Option<&str>) {
    let problem = answer.problem(401, "mfa_required");
    assert_eq!(problem.get("reason").and_then(Value::as_str), reason, "{answer:?}");
}

#[tokio::test]
async fn a_code_of_the_app_switches_it_on() {
    let app = TestApp::new().await;
    let ana = app.newcomer("Ana").await;
    let confirm = |code: &str| ana.post("/v1/auth/totp/confirm", json!({ "code": code }));
    assert_eq!(confirm("123456").await.problem(409, "conflict")["reason"], "mfa_not_started");
    let first = ana.post("/v1/auth/totp", Value::Null).await.expect(200);
    let offer = ana.post("/v1/auth/totp", Value::Null).await.expect(200);
    let secret = offer.text("/secret");
    assert!(secret.len() == 32 && secret.bytes().all(|b| b.is_ascii_uppercase() || (b'2'..=b'7').contains(&b)));
    let url = offer.text("/otpauth_url");
    assert!(url.starts_with("otpauth://totp/One%202%20One%20Love:ana%40example.com?"), "{url}");
    assert!(url.contains(&format!("secret={secret}&issuer=One%202%20One%20Love")), "{url}");
    // What was offered is not on yet, and an earlier offer is void.
    let off = json!({ "enabled": false, "enabled_at": null, "recovery_codes_left": 0 });
    assert_eq!(ana.get("/v1/auth/totp").await.expect(200).json(), off);
    login_with(&app, &ana.email, None).await.expect(200);
    let old = code_at(&first.text("/secret"), app.now());
    for bad in ["", "12345", "1234567", "abcdef", "１２３４５６", &wrong_code(&app, &secret), &old] {
        let problem = confirm(bad).await.invalid(&[("/code", "unknown_value")]);
        assert_eq!(problem["reason"], "wrong_code");
    }
    let codes = confirm(&code_at(&secret, app.now())).await.expect(200).at("/recovery_codes");
    let codes: BTreeSet<_> = codes.as_array().unwrap().iter().map(|c| c.as_str().unwrap().to_owned()).collect();
    assert_eq!(codes.len(), 10);
    assert!(codes.iter().all(|c| c.len() == 11 && c.as_bytes()[5] == b'-'), "{codes:?}");
    let on = json!({ "enabled": true, "enabled_at": app.now(), "recovery_codes_left": 10 });
    assert_eq!(ana.get("/v1/auth/totp").await.expect(200).json(), on);
    assert_eq!(ana.post("/v1/auth/totp", Value::Null).await.problem(409, "conflict")["reason"], "mfa_enabled");
    let again = confirm(&code_at(&secret, app.now())).await;
    assert_eq!(again.problem(409, "conflict")["reason"], "mfa_enabled");
    // Sessions go on as they are.
    ana.get("/v1/me").await.expect(200);
    ana.renewed().await.get("/v1/me").await.expect(200);
    app.settle().await;
}

#[tokio::test]
async fn neither_secret_nor_codes_are_in_the_database() {
    let app = TestApp::new().await;
    let ana = app.newcomer("Ana").await;
    let factor = switched_on(&ana).await;
    app.settle().await;
    let mut tx = app.core().ports.sql.read().await.unwrap();
    let stored = tx.row("select secret from second_factors", vec![]).await.unwrap().unwrap().text(0).unwrap();
    assert!(!stored.contains(&factor.secret) && stored.contains('.'), "{stored}");
    let rows = tx.rows("select digest from recovery_codes", vec![]).await.unwrap();
    assert_eq!(rows.len(), 10);
    for code in &factor.recovery_codes {
        let plain = code.replace('-', "");
        let known = [code.clone(), plain.clone(), base::secret::digest(code), base::secret::digest(&plain)];
        assert!(rows.iter().all(|row| !known.contains(&row.text(0).unwrap())), "a plain digest can be guessed");
    }
}

#[tokio::test]
async fn sign_in_asks_for_it_and_takes_a_code_once() {
    let app = TestApp::new().await;
    let ana = app.newcomer("Ana").await;
    let secret = ana.post("/v1/auth/totp", Value::Null).await.expect(200).text("/secret");
    let confirming = code_at(&secret, app.now());
    ana.post("/v1/auth/totp/confirm", json!({ "code": confirming })).await.expect(200);
    let login = |totp: Option<&str>| login_with(&app, &ana.email, totp);
    for none in [None, Some(""), Some("  ")] {
        refused(&login(none).await, None);
    }
    // Without the password it says nothing of a second factor.
    let body = json!({ "email": ana.email, "password": "not this one" });
    app.anonymous().post("/v1/auth/login", body).await.problem(401, "unauthenticated");
    refused(&login(Some(&wrong_code(&app, &secret))).await, Some("wrong_code"));
    refused(&login(Some("no code at all")).await, Some("wrong_code"));
    login(Some(&"1".repeat(65))).await.invalid(&[("/totp", "too_long")]);
    // The code that switched it on is used up.
    refused(&login(Some(&confirming)).await, Some("wrong_code"));
    app.advance(STEP);
    let code = code_at(&secret, app.now());
    login(Some(&format!(" {code} "))).await.expect(200);
    refused(&login(Some(&code)).await, Some("wrong_code"));
    // Neither in its late minute, nor on another node.
    app.advance(STEP);
    let node = app.another_node().await;
    refused(&login_with(&node, &ana.email, Some(&code)).await, Some("wrong_code"));
    login_with(&node, &ana.email, Some(&code_at(&secret, app.now()))).await.expect(200);
    app.settle().await;
}

#[tokio::test]
async fn a_clock_may_be_one_step_off() {
    let app = TestApp::new().await;
    let ana = app.newcomer("Ana").await;
    let factor = switched_on(&ana).await;
    for (off, good) in [(-2, false), (2, false), (-1, true), (1, true)] {
        app.advance(10 * STEP);
        let code = code_at(&factor.secret, app.now().plus(off * STEP));
        let answer = login_with(&app, &ana.email, Some(&code)).await;
        assert_eq!(answer.status(), if good { 200 } else { 401 }, "{off}: {answer:?}");
    }
    // A step early was taken: what came before it no longer is.
    refused(&login_with(&app, &ana.email, Some(&code_at(&factor.secret, app.now()))).await, Some("wrong_code"));
    app.settle().await;
}

#[tokio::test]
async fn a_recovery_code_opens_once() {
    let app = TestApp::new().await;
    let ana = app.newcomer("Ana").await;
    let bob = app.newcomer("Bob").await;
    let (factor, other) = (switched_on(&ana).await, switched_on(&bob).await);
    let left = async || ana.get("/v1/auth/totp").await.expect(200).at("/recovery_codes_left");
    let typed = factor.recovery_codes[0].to_lowercase().replace('-', " ");
    login_with(&app, &ana.email, Some(&typed)).await.expect(200);
    assert_eq!(left().await, 9);
    refused(&login_with(&app, &ana.email, Some(&factor.recovery_codes[0])).await, Some("wrong_code"));
    refused(&login_with(&app, &ana.email, Some(&other.recovery_codes[0])).await, Some("wrong_code"));
    for code in &factor.recovery_codes[1..] {
        login_with(&app, &ana.email, Some(code)).await.expect(200);
    }
    assert_eq!(left().await, 0);
    login_with(&app, &bob.email, Some(&other.recovery_codes[0])).await.expect(200);
    app.settle().await;
}

#[tokio::test]
async fn wrong_codes_count_into_the_lock_out_and_missing_ones_do_not() {
    let app = TestApp::new().await;
    let ana = app.newcomer("Ana").await;
    let factor = switched_on(&ana).await;
    for _ in 0..12 {
        refused(&login_with(&app, &ana.email, None).await, None);
    }
    let wrong = wrong_code(&app, &factor.secret);
    for n in 0..9 {
        let call = login_with(&app, &ana.email, Some(&wrong)).from(&format!("10.1.1.{n}"));
        refused(&call.await, Some("wrong_code"));
        // Knowing the password forgives nothing.
        refused(&login_with(&app, &ana.email, None).await, None);
    }
    refused(&login_with(&app, &ana.email, Some(&wrong)).await, Some("wrong_code"));
    let code = code_at(&factor.secret, app.now());
    for totp in [None, Some(&*code), Some(&*factor.recovery_codes[0])] {
        let locked = login_with(&app, &ana.email, totp).from("10.9.9.9").await;
        locked.problem(429, "rate_limited");
        assert_eq!(locked.header("retry-after"), Some("900"));
    }
    app.advance(15 * MINUTE);
    login_with(&app, &ana.email, Some(&code_at(&factor.secret, app.now()))).await.expect(200);
    // A success forgives what came before.
    assert_eq!(number(&app, "select count(*) from audit where action = 'lock_out'").await, 1);
    app.settle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_uses_of_one_code_at_once_one_succeeds() {
    let app = TestApp::with(|s| s.identity.lockout_failures = 1_000).await;
    let ana = app.newcomer("Ana").await;
    let factor = switched_on(&ana).await;
    let sessions = async || ana.get("/v1/auth/sessions").await.expect(200).data().len();
    for code in [code_at(&factor.secret, app.now()), factor.recovery_codes[3].clone()] {
        let before = sessions().await;
        let answers = raced((0..8).map(|n| {
            let call = login_with(&app, &ana.email, Some(&code)).from(&format!("10.1.1.{n}"));
            async move { call.await }
        }))
        .await;
        assert_eq!(answers.iter().filter(|a| a.status() == 200).count(), 1, "{answers:?}");
        answers.iter().filter(|a| a.status() != 200).for_each(|a| refused(a, Some("wrong_code")));
        // Those that lost left no session behind.
        assert_eq!(sessions().await, before + 1);
    }
    app.settle().await;
}

#[tokio::test]
async fn the_password_switches_it_off() {
    let app = TestApp::new().await;
    let ana = app.newcomer("Ana").await;
    let off = |password: &str| ana.delete("/v1/auth/totp").json(&json!({ "password": password }));
    off(PASSWORD).await.problem(404, "not_found");
    // An offer is no second factor.
    ana.post("/v1/auth/totp", Value::Null).await.expect(200);
    off(PASSWORD).await.problem(404, "not_found");
    let factor = switched_on(&ana).await;
    off("").await.invalid(&[("/password", "required")]);
    let problem = off("not this one").await.invalid(&[("/password", "unknown_value")]);
    assert_eq!(problem["reason"], "wrong_credentials");
    refused(&login_with(&app, &ana.email, None).await, None);
    off(PASSWORD).await.expect(204);
    login_with(&app, &ana.email, None).await.expect(200);
    assert_eq!(number(&app, "select count(*) from recovery_codes").await, 0);
    // On again it is another one.
    let again = switched_on(&ana).await;
    assert_ne!(again.secret, factor.secret);
    for old in [code_at(&factor.secret, app.now()), factor.recovery_codes[0].clone()] {
        refused(&login_with(&app, &ana.email, Some(&old)).await, Some("wrong_code"));
    }
    signed_in(&ana, &again).await.get("/v1/me").await.expect(200);
    // With the one above these are ten.
    for _ in 0..9 {
        off("not this one").await.expect(422);
    }
    off(PASSWORD).await.problem(429, "rate_limited");
    app.settle().await;
}

#[tokio::test]
async fn no_other_way_in_goes_around_it() {
    let app = TestApp::new().await;
    let ana = app.newcomer("Ana").await;
    let factor = switched_on(&ana).await;
    // The link of the verification mail signs in as well.
    let token = app.mailed(&ana.email, "/verify?token=");
    let verify = |totp: Value| {
        let body = json!({ "token": token, "client": "native", "totp": totp });
        app.anonymous().post("/v1/auth/email/verify", body)
    };
    refused(&verify(Value::Null).await, None);
    refused(&verify(wrong_code(&app, &factor.secret).into()).await, Some("wrong_code"));
    assert_eq!(ana.get("/v1/me").await.expect(200).at("/email_verified"), false);
    verify(code_at(&factor.secret, app.now()).into()).await.expect(200);
    verify(Value::Null).await.invalid(&[("/token", "unknown_value")]);
    assert_eq!(ana.get("/v1/me").await.expect(200).at("/email_verified"), true);
    // A new password is not a new second factor.
    app.anonymous().post("/v1/auth/password/forgot", json!({ "email": ana.email })).await.expect(202);
    app.settle().await;
    let token = app.mailed(&ana.email, "/reset?token=");
    let body = json!({ "token": token, "password": PASSWORD });
    app.anonymous().post("/v1/auth/password/reset", body).await.expect(204);
    refused(&login_with(&app, &ana.email, None).await, None);
    app.advance(STEP);
    signed_in(&ana, &factor).await.get("/v1/me").await.expect(200);
    app.settle().await;
}

/// Copied to another member's row, a sealed secret opens nothing; the answer is our mistake and not a way in.
#[tokio::test]
async fn a_secret_belongs_to_its_member() {
    let app = TestApp::new().await;
    let (ana, bob) = (app.newcomer("Ana").await, app.newcomer("Bob").await);
    let factor = switched_on(&ana).await;
    switched_on(&bob).await;
    execute(
        &app,
        "update second_factors set last_step = -1, secret = (select s.secret from second_factors s
           join accounts a on a.id = s.member_id where a.email = 'ana@example.com')",
    )
    .await;
    let code = code_at(&factor.secret, app.now());
    login_with(&app, &bob.email, Some(&code)).await.problem(500, "internal");
    login_with(&app, &ana.email, Some(&code)).await.expect(200);
    app.settle().await;
}
