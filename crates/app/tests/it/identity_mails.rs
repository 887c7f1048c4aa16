//! What goes by mail: the address verified, the password reset and changed, the words in the member's language.

use crate::{
    identity::{execute, number, register, sign_up_with, told},
    raced,
};
use base::time::{DAY, HOUR, MINUTE, SECOND};
use ports::args;
use serde_json::{Value, json};
use std::collections::HashSet;
use testkit::{Actor, Answer, Call, PASSWORD, TestApp};

fn post(app: &TestApp, path: &str, body: Value) -> Call {
    app.anonymous().post(path, body)
}

fn verify(app: &TestApp, token: &str) -> Call {
    post(app, "/v1/auth/email/verify", json!({ "token": token, "client": "native" }))
}

fn reset(app: &TestApp, token: &str, password: &str) -> Call {
    post(app, "/v1/auth/password/reset", json!({ "token": token, "password": password }))
}

fn login(app: &TestApp, email: &str, password: &str) -> Call {
    post(app, "/v1/auth/login", json!({ "email": email, "password": password, "client": "native" }))
}

/// Asks for a mail and lets it be written.
async fn ask(app: &TestApp, path: &str, email: &str) {
    let answer = post(app, path, json!({ "email": email })).await.expect(202);
    assert!(answer.bytes().is_empty());
    app.settle().await;
}

async fn resend(app: &TestApp, email: &str) {
    ask(app, "/v1/auth/email/resend", email).await;
}

/// Asks for a reset; the token of the mail.
async fn forgotten(app: &TestApp, email: &str) -> String {
    ask(app, "/v1/auth/password/forgot", email).await;
    app.mailed(email, "/reset?token=")
}

fn is_refused(answer: &Answer) {
    assert_eq!(answer.invalid(&[("/token", "unknown_value")])["reason"], "token_invalid");
}

#[tokio::test]
async fn the_link_verifies_once_and_opens_a_session() {
    let app = TestApp::new().await;
    let ana = app.newcomer("Ana").await;
    let token = app.mailed("ana@example.com", "/verify?token=");
    assert!(token.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
    // A body that is refused uses nothing up.
    let odd = json!({ "token": token, "client": "toaster" });
    post(&app, "/v1/auth/email/verify", odd).await.invalid(&[("/client", "unknown_value")]);
    let answer = verify(&app, &token).await.expect(200);
    assert_eq!((answer.at("/member/email_verified"), answer.text("/member/id")), (json!(true), ana.id.clone()));
    Actor::signed_in(&app, &answer).renewed().await.get("/v1/me").await.expect(200);
    assert_eq!(ana.get("/v1/me").await.expect(200).at("/email_verified"), true);
    is_refused(&verify(&app, &token).await);
    app.settle().await;
    assert_eq!(told(&app, &ana, "profile.updated").await, 1);
    assert_eq!(number(&app, "select email_verified_at from accounts").await, app.now().0);
}

#[tokio::test]
async fn links_that_are_unknown_of_another_kind_or_too_old_are_refused() {
    let app = TestApp::new().await;
    app.newcomer("Ana").await;
    let token = app.mailed("ana@example.com", "/verify?token=");
    let of_reset = forgotten(&app, "ana@example.com").await;
    for bad in ["", "x", "é", &token[1..], &format!("{token}A"), &of_reset, &"A".repeat(43), &"A".repeat(9_000)] {
        is_refused(&verify(&app, bad).await);
    }
    is_refused(&reset(&app, &token, "a new password").await);
    verify(&TestApp::new().await, &token).await.problem(422, "validation");
    post(&app, "/v1/auth/email/verify", json!({})).await.invalid(&[("/token", "required")]);
    app.advance(7 * DAY);
    is_refused(&verify(&app, &token).await);
    is_refused(&reset(&app, &of_reset, "a new password").await);
    // Nothing of all that verified anything.
    assert_eq!(number(&app, "select count(*) from accounts where email_verified_at is not null").await, 0);
    app.settle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_link_opened_many_times_at_once_works_once() {
    let app = TestApp::new().await;
    for n in 0..6 {
        let ana = app.newcomer(&format!("Ana{n}")).await;
        let token = app.mailed(&ana.email, "/verify?token=");
        let answers = raced((0..8).map(|_| {
            let call = verify(&app, &token);
            async move { call.await.status() }
        }))
        .await;
        assert_eq!(answers.iter().filter(|s| **s == 200).count(), 1, "{answers:?}");
        assert_eq!(answers.iter().filter(|s| **s == 422).count(), 7, "{answers:?}");
    }
    app.settle().await;
}

#[tokio::test]
async fn resending_is_limited_per_address_and_never_tells() {
    let app = TestApp::new().await;
    app.newcomer("Ana").await;
    let mails = || app.mails_to("ana@example.com").len();
    let first = app.mailed("ana@example.com", "/verify?token=");
    // The mail of the sign-up does not count: one a minute.
    resend(&app, "ANA@example.com").await;
    assert_eq!(mails(), 2);
    resend(&app, "ana@example.com").await;
    app.advance(MINUTE - 1);
    resend(&app, "ana@example.com").await;
    assert_eq!(mails(), 2);
    // Five an hour.
    app.advance(1);
    for sent in 3..=6 {
        resend(&app, "ana@example.com").await;
        assert_eq!(mails(), sent);
        app.advance(MINUTE);
    }
    resend(&app, "ana@example.com").await;
    assert_eq!(mails(), 6);
    app.advance(HOUR - 5 * MINUTE);
    resend(&app, "ana@example.com").await;
    assert_eq!(mails(), 7);
    // Nobody, and somebody who is verified: the same answer, no mail.
    resend(&app, "nobody@example.com").await;
    assert!(app.mails_to("nobody@example.com").is_empty());
    // The newest link is the one that counts.
    is_refused(&verify(&app, &first).await);
    verify(&app, &app.mailed("ana@example.com", "/verify?token=")).await.expect(200);
    app.advance(2 * MINUTE);
    resend(&app, "ana@example.com").await;
    assert_eq!(mails(), 7);
    for (body, pointer, code) in [
        (json!({}), "/email", "required"),
        (json!({ "email": "" }), "/email", "required"),
        (json!({ "email": "ana" }), "/email", "invalid_email"),
    ] {
        for path in ["/v1/auth/email/resend", "/v1/auth/password/forgot"] {
            post(&app, path, body.clone()).await.invalid(&[(pointer, code)]);
        }
    }
    app.settle().await;
}

#[tokio::test]
async fn known_and_unknown_addresses_cause_the_same_work_before_the_answer() {
    let app = TestApp::new().await;
    app.newcomer("Ana").await;
    for (path, job) in [
        ("/v1/auth/password/forgot", "identity.reset_requested"),
        ("/v1/auth/email/resend", "identity.verification_requested"),
    ] {
        let mut left = Vec::new();
        for email in ["ana@example.com", "zoe@example.com"] {
            let answer = post(&app, path, json!({ "email": email })).await.expect(202);
            let mut tx = app.core().ports.sql.read().await.unwrap();
            let rows = tx.rows("select name, body from outbox", args![]).await.unwrap();
            drop(tx);
            let rows: Vec<_> = rows.iter().map(|r| (r.text(0).unwrap(), r.text(1).unwrap())).collect();
            assert_eq!(rows.len(), 1);
            assert!(rows[0].1.contains(job), "{rows:?}");
            left.push((answer.bytes().clone(), rows[0].0.clone(), rows[0].1.replace(email, "…")));
            app.settle().await;
        }
        assert_eq!(left[0], left[1]);
    }
    assert!(app.mails_to("zoe@example.com").is_empty());
}

#[tokio::test]
async fn a_reset_sets_the_password_once_and_ends_every_session() {
    let app = TestApp::new().await;
    let ana = app.newcomer("Ana").await;
    let bob = app.newcomer("Bob").await;
    let phone = ana.another_device().await;
    let token = forgotten(&app, "Ana@Example.com").await;
    // Too short a password uses nothing up.
    reset(&app, &token, "short").await.invalid(&[("/password", "too_short")]);
    reset(&app, &token, &"x".repeat(129)).await.invalid(&[("/password", "too_long")]);
    reset(&app, &token, "a new password").await.expect(204);
    for device in [&ana, &phone] {
        device.get("/v1/me").await.problem(401, "unauthenticated");
        let body = json!({ "refresh_token": device.refresh_token });
        post(&app, "/v1/auth/refresh", body).await.problem(401, "unauthenticated");
    }
    bob.get("/v1/me").await.expect(200);
    is_refused(&reset(&app, &token, "another password").await);
    login(&app, "ana@example.com", PASSWORD).await.problem(401, "unauthenticated");
    let answer = login(&app, "ana@example.com", "a new password").await.expect(200);
    // Whoever had the mail reads that address.
    assert_eq!(answer.at("/member/email_verified"), true);
    app.settle().await;
    let notice = &app.mails_to("ana@example.com")[0];
    assert_eq!(notice.meta["letter"], "password_reset");
    assert_eq!(told(&app, &ana, "session.revoked").await, 2);
    Actor::signed_in(&app, &answer).get("/v1/me").await.expect(200);
}

#[tokio::test]
async fn a_reset_tells_invitations_that_waited_for_the_address() {
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    let bob = app.newcomer("Bob").await;
    ana.post("/v1/couple/invitations", json!({ "email": bob.email })).await.expect(201);
    app.settle().await;
    assert_eq!(told(&app, &bob, "couple.invited").await, 0);
    let token = forgotten(&app, &bob.email).await;
    reset(&app, &token, "a new password").await.expect(204);
    app.settle().await;
    assert_eq!(told(&app, &bob, "couple.invited").await, 1);
}

#[tokio::test]
async fn reset_links_last_a_day_and_the_newest_counts() {
    let app = TestApp::new().await;
    app.newcomer("Ana").await;
    let first = forgotten(&app, "ana@example.com").await;
    let second = forgotten(&app, "ana@example.com").await;
    assert_ne!(first, second);
    is_refused(&reset(&app, &first, "a new password").await);
    app.advance(DAY - 1);
    reset(&app, &second, "a new password").await.expect(204);
    let third = forgotten(&app, "ana@example.com").await;
    app.advance(DAY);
    is_refused(&reset(&app, &third, "a newer password").await);
    login(&app, "ana@example.com", "a new password").await.expect(200);
    // Whoever asks again and again fills nobody's mailbox.
    let before = app.mails_to("ana@example.com").len();
    for _ in 0..9 {
        ask(&app, "/v1/auth/password/forgot", "ana@example.com").await;
    }
    assert_eq!(app.mails_to("ana@example.com").len(), before + 5);
    app.advance(HOUR + SECOND);
    forgotten(&app, "ana@example.com").await;
    assert_eq!(app.mails_to("ana@example.com").len(), before + 6);
    app.settle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_session_opened_with_the_old_password_survives_a_reset() {
    let app = TestApp::new().await;
    for n in 0..12 {
        let ana = app.newcomer(&format!("Ana{n}")).await;
        let token = forgotten(&app, &ana.email).await;
        let answers = raced((0..8).map(|i| {
            let call = if i == 4 { reset(&app, &token, "a new password") } else { login(&app, &ana.email, PASSWORD) };
            async move { call.await }
        }))
        .await;
        assert_eq!(answers.iter().filter(|a| a.status() == 204).count(), 1, "{answers:?}");
        assert!(answers.iter().all(|a| matches!(a.status(), 200 | 204 | 401)), "{answers:?}");
        for answer in answers.iter().filter(|a| a.status() == 200) {
            Actor::signed_in(&app, answer).get("/v1/me").await.problem(401, "unauthenticated");
        }
        let fresh = Actor::signed_in(&app, &login(&app, &ana.email, "a new password").await.expect(200));
        assert_eq!(fresh.get("/v1/auth/sessions").await.expect(200).data().len(), 1);
    }
    app.settle().await;
}

#[tokio::test]
async fn a_change_needs_the_current_password_and_keeps_this_session() {
    let app = TestApp::new().await;
    let ana = app.newcomer("Ana").await;
    let phone = ana.another_device().await;
    let change = |current: &str, new: &str| {
        ana.post("/v1/auth/password/change", json!({ "current_password": current, "new_password": new })).into_future()
    };
    let problem = change("wrong password", "a new password").await.invalid(&[("/current_password", "unknown_value")]);
    assert_eq!(problem["reason"], "wrong_credentials");
    change(PASSWORD, "short").await.invalid(&[("/new_password", "too_short")]);
    change("", &"x".repeat(129)).await.invalid(&[("/current_password", "required"), ("/new_password", "too_long")]);
    let anonymous = json!({ "current_password": PASSWORD, "new_password": "a new password" });
    post(&app, "/v1/auth/password/change", anonymous).await.problem(401, "unauthenticated");
    phone.get("/v1/me").await.expect(200);

    change(PASSWORD, "a new password").await.expect(204);
    ana.get("/v1/me").await.expect(200);
    ana.renewed().await;
    phone.get("/v1/me").await.problem(401, "unauthenticated");
    login(&app, "ana@example.com", PASSWORD).await.problem(401, "unauthenticated");
    login(&app, "ana@example.com", "a new password").await.expect(200);
    app.settle().await;
    assert_eq!(app.mails_to("ana@example.com")[0].meta["letter"], "password_changed");
    ana.get("/v1/me").await.expect(200);
}

#[tokio::test]
async fn the_current_password_cannot_be_found_by_trying() {
    let app = TestApp::new().await;
    let ana = app.newcomer("Ana").await;
    let change = |current: &str| {
        let body = json!({ "current_password": current, "new_password": "a new password" });
        ana.post("/v1/auth/password/change", body).into_future()
    };
    for _ in 0..10 {
        change("wrong password").await.problem(422, "validation");
    }
    let locked = change(PASSWORD).await;
    locked.problem(429, "rate_limited");
    assert_eq!(locked.header("retry-after"), Some("900"));
    app.advance(15 * MINUTE);
    let ana = ana.renewed().await;
    let body = json!({ "current_password": PASSWORD, "new_password": "a new password" });
    ana.post("/v1/auth/password/change", body).await.expect(204);
    app.settle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_changes_at_once_one_counts() {
    let app = TestApp::new().await;
    for n in 0..6 {
        let ana = app.newcomer(&format!("Ana{n}")).await;
        let statuses = raced((0..6).map(|i| {
            let body = json!({ "current_password": PASSWORD, "new_password": format!("new password {i}") });
            let call = ana.post("/v1/auth/password/change", body);
            async move { (i, call.await.status()) }
        }))
        .await;
        let won: Vec<_> = statuses.iter().filter(|(_, s)| *s == 204).collect();
        assert_eq!(won.len(), 1, "{statuses:?}");
        login(&app, &ana.email, &format!("new password {}", won[0].0)).await.expect(200);
    }
    app.settle().await;
}

#[tokio::test]
async fn mails_speak_the_language_of_the_account() {
    let app = TestApp::new().await;
    let mut subjects = HashSet::new();
    for lang in ["en", "es", "fr", "it", "de"] {
        let answer = register(&app, &sign_up_with(lang, &json!({ "language": lang }))).await.expect(201);
        let email = answer.text("/member/email");
        app.settle().await;
        // The language of the device asking does not matter.
        let call = post(&app, "/v1/auth/password/forgot", json!({ "email": email })).header("accept-language", "fr");
        call.await.expect(202);
        app.settle().await;
        let token = app.mailed(&email, "/reset?token=");
        reset(&app, &token, "a new password").header("accept-language", "fr").await.expect(204);
        app.settle().await;
        let mails = app.mails_to(&email);
        let letters: Vec<_> = mails.iter().map(|m| m.meta["letter"].as_str().unwrap()).collect();
        assert_eq!(letters, ["password_reset", "reset_password", "verify_email"]);
        for mail in &mails {
            assert_eq!(mail.meta["language"], lang);
            assert!(mail.html.as_ref().unwrap().contains(&format!("lang=\"{lang}\"")), "{:?}", mail.html);
            assert!(subjects.insert(mail.subject.clone().unwrap()), "{mail:?}");
        }
    }
    assert_eq!(subjects.len(), 15);
}

#[tokio::test]
async fn a_change_of_language_is_heard_by_the_next_mail() {
    let app = TestApp::new().await;
    let ana = app.newcomer("Ana").await;
    ana.patch("/v1/me", json!({ "language": "de" })).await.expect(200);
    forgotten(&app, &ana.email).await;
    assert_eq!(app.mails_to(&ana.email)[0].meta["language"], "de");
    // Nobody is mailed who is no longer there.
    post(&app, "/v1/auth/password/forgot", json!({ "email": ana.email })).await.expect(202);
    execute(&app, "delete from accounts").await;
    app.settle().await;
    assert_eq!(app.mails_to(&ana.email).len(), 2);
}
