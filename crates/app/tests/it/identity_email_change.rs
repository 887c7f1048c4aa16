//! Change of the address: both mailboxes agree, or nothing changes.

use crate::{
    identity::{events, execute, number, told},
    raced,
};
use base::time::{DAY, HOUR, MINUTE};
use serde_json::{Value, json};
use testkit::{Actor, Answer, Call, PASSWORD, TestApp};

const LINK: &str = "/email-change?token=";

fn change(who: &Actor, email: &str) -> Call {
    who.post("/v1/auth/email/change", json!({ "password": PASSWORD, "new_email": email }))
}

fn confirm(app: &TestApp, token: &str) -> Call {
    app.anonymous().post("/v1/auth/email/change/confirm", json!({ "token": token }))
}

fn login(app: &TestApp, email: &str) -> Call {
    app.anonymous().post("/v1/auth/login", json!({ "email": email, "password": PASSWORD, "client": "native" }))
}

/// Begins a change; the tokens of the old address and of the new one.
async fn begun(who: &Actor, email: &str) -> (String, String) {
    change(who, email).await.expect(202);
    who.app.settle().await;
    (who.app.mailed(&who.email, LINK), who.app.mailed(email, LINK))
}

fn is_refused(answer: &Answer) {
    assert_eq!(answer.invalid(&[("/token", "unknown_value")])["reason"], "token_invalid");
}

fn letters(app: &TestApp, address: &str) -> Vec<Value> {
    app.mails_to(address).into_iter().map(|mail| mail.meta["letter"].clone()).collect()
}

#[tokio::test]
async fn the_change_is_made_when_both_addresses_have_confirmed() {
    for new_first in [false, true] {
        let app = TestApp::new().await;
        let ana = app.newcomer("Ana").await;
        let answer = change(&ana, " Ana.Silva@Example.org ").await.expect(202);
        assert_eq!(answer.text("/new_email"), "Ana.Silva@Example.org");
        assert_eq!(answer.text("/expires_at"), app.now().plus(DAY).to_string());
        app.settle().await;
        assert_eq!(letters(&app, "ana@example.com")[0], "email_change_old");
        assert_eq!(letters(&app, "ana.silva@example.org"), ["email_change_new"]);
        let (old, new) = (app.mailed(&ana.email, LINK), app.mailed("ana.silva@example.org", LINK));
        let (first, second) = if new_first { (&new, &old) } else { (&old, &new) };
        assert_eq!(confirm(&app, first).await.expect(200).json(), json!({ "changed": false }));
        app.settle().await;
        assert_eq!(ana.get("/v1/me").await.expect(200).text("/email"), "ana@example.com");
        login(&app, "ana.silva@example.org").await.problem(401, "unauthenticated");
        is_refused(&confirm(&app, first).await);

        app.advance(MINUTE);
        assert_eq!(confirm(&app, second).await.expect(200).json(), json!({ "changed": true }));
        is_refused(&confirm(&app, second).await);
        let me = ana.get("/v1/me").await.expect(200);
        assert_eq!((me.text("/email"), me.at("/email_verified")), ("Ana.Silva@Example.org".to_owned(), json!(true)));
        assert_eq!(number(&app, "select email_verified_at from accounts").await, app.now().0);
        login(&app, "ANA.SILVA@example.org").await.expect(200);
        login(&app, "ana@example.com").await.problem(401, "unauthenticated");
        app.settle().await;
        for address in ["ana@example.com", "ana.silva@example.org"] {
            assert_eq!(letters(&app, address)[0], "email_changed", "{address}");
        }
        assert_eq!(told(&app, &ana, "profile.updated").await, 1);
        // The former address is free.
        app.newcomer("Ana").await;
        assert_eq!(number(&app, "select count(*) from email_changes").await, 0);
    }
}

#[tokio::test]
async fn a_change_needs_the_password_and_an_address() {
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    app.member("Bob").await;
    let post = |body: Value| ana.post("/v1/auth/email/change", body);
    let wrong = post(json!({ "password": "not this one", "new_email": "new@example.com" })).await;
    assert_eq!(wrong.invalid(&[("/password", "unknown_value")])["reason"], "wrong_credentials");
    post(json!({ "password": "", "new_email": "" }))
        .await
        .invalid(&[("/password", "required"), ("/new_email", "required")]);
    post(json!({ "new_email": "new@example.com" })).await.invalid(&[("/password", "required")]);
    post(json!({ "password": PASSWORD })).await.invalid(&[("/new_email", "required")]);
    change(&ana, "new@").await.invalid(&[("/new_email", "invalid_email")]);
    change(&ana, "ANA@example.com").await.invalid(&[("/new_email", "unchanged")]);
    let taken = change(&ana, "BOB@example.com").await.problem(409, "conflict");
    assert_eq!(taken["reason"], "email_taken");
    // Who does not know the password learns nothing of other accounts.
    let guess = json!({ "password": "not this one", "new_email": "bob@example.com" });
    post(guess).await.invalid(&[("/password", "unknown_value")]);
    app.settle().await;
    assert_eq!(letters(&app, "bob@example.com"), ["verify_email"]);
    assert_eq!(number(&app, "select count(*) from email_changes").await, 0);
    // Guesses count together with those at other places that ask for the password.
    for _ in 0..8 {
        post(json!({ "password": "not this one", "new_email": "new@example.com" })).await.expect(422);
    }
    change(&ana, "new@example.com").await.problem(429, "rate_limited");
    let body = json!({ "current_password": PASSWORD, "new_password": "another good one" });
    ana.post("/v1/auth/password/change", body).await.problem(429, "rate_limited");
}

#[tokio::test]
async fn a_new_request_voids_the_one_before() {
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    let (old, new) = begun(&ana, "first@example.com").await;
    confirm(&app, &old).await.expect(200);
    let (again, second) = begun(&ana, "second@example.com").await;
    // What the old address had confirmed was another change.
    for void in [&old, &new] {
        is_refused(&confirm(&app, void).await);
    }
    assert_eq!(confirm(&app, &second).await.expect(200).at("/changed"), false);
    assert_eq!(confirm(&app, &again).await.expect(200).at("/changed"), true);
    assert_eq!(ana.get("/v1/me").await.expect(200).text("/email"), "second@example.com");
    app.settle().await;
}

#[tokio::test]
async fn links_run_out_and_others_do_not_fit() {
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    app.anonymous().post("/v1/auth/password/forgot", json!({ "email": ana.email })).await.expect(202);
    let (old, new) = begun(&ana, "new@example.com").await;
    let reset = app.mailed(&ana.email, "/reset?token=");
    for bad in ["", "x", &old[1..], &format!("{old}A"), &reset, &"A".repeat(9_000)] {
        is_refused(&confirm(&app, bad).await);
    }
    let spend = json!({ "token": old, "password": "another good one" });
    app.anonymous().post("/v1/auth/password/reset", spend).await.expect(422);
    app.anonymous().post("/v1/auth/email/verify", json!({ "token": new })).await.expect(422);
    app.anonymous().post("/v1/auth/email/change/confirm", json!({})).await.invalid(&[("/token", "required")]);
    confirm(&app, &old).await.expect(200);
    app.advance(DAY);
    is_refused(&confirm(&app, &new).await);
    assert_eq!(ana.renewed().await.get("/v1/me").await.expect(200).text("/email"), "ana@example.com");
    app::work::reconcile(app.core()).await;
    assert_eq!(number(&app, "select count(*) from email_changes").await, 0);
    app.settle().await;
}

#[tokio::test]
async fn an_address_that_was_taken_meanwhile_is_not_taken_over() {
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    let (old, new) = begun(&ana, "bob@example.com").await;
    let bob = app.newcomer("Bob").await;
    // One link alone tells nothing of it.
    assert_eq!(confirm(&app, &new).await.expect(200).json(), json!({ "changed": false }));
    let problem = confirm(&app, &old).await.problem(409, "conflict");
    assert_eq!(problem["reason"], "email_taken");
    for over in [&old, &new] {
        is_refused(&confirm(&app, over).await);
    }
    assert_eq!(ana.get("/v1/me").await.expect(200).text("/email"), "ana@example.com");
    assert_eq!(bob.get("/v1/me").await.expect(200).text("/email"), "bob@example.com");
    app.settle().await;
    assert!(!letters(&app, "ana@example.com").contains(&json!("email_changed")));
}

#[tokio::test]
async fn links_in_the_former_mailbox_open_nothing() {
    let app = TestApp::new().await;
    let ana = app.newcomer("Ana").await;
    app.anonymous().post("/v1/auth/password/forgot", json!({ "email": ana.email })).await.expect(202);
    let (old, new) = begun(&ana, "new@example.com").await;
    let (verify, reset) = (app.mailed(&ana.email, "/verify?token="), app.mailed(&ana.email, "/reset?token="));
    confirm(&app, &old).await.expect(200);
    confirm(&app, &new).await.expect(200);
    app.anonymous().post("/v1/auth/email/verify", json!({ "token": verify })).await.expect(422);
    let body = json!({ "token": reset, "password": "another good one" });
    app.anonymous().post("/v1/auth/password/reset", body).await.expect(422);
    app.settle().await;
    // What is asked for from now on goes to the new address.
    app.anonymous().post("/v1/auth/password/forgot", json!({ "email": "new@example.com" })).await.expect(202);
    app.settle().await;
    assert_eq!(letters(&app, "new@example.com")[0], "reset_password");
}

/// Whoever begins a change with a password that leaked loses it with the password.
#[tokio::test]
async fn a_new_password_voids_what_was_begun_with_the_old_one() {
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    app.anonymous().post("/v1/auth/password/forgot", json!({ "email": ana.email })).await.expect(202);
    let (old, new) = begun(&ana, "new@example.com").await;
    confirm(&app, &new).await.expect(200);
    let body = json!({ "current_password": PASSWORD, "new_password": "another good one" });
    ana.post("/v1/auth/password/change", body).await.expect(204);
    is_refused(&confirm(&app, &old).await);
    let body = json!({ "token": app.mailed(&ana.email, "/reset?token="), "password": PASSWORD });
    app.anonymous().post("/v1/auth/password/reset", body).await.expect(422);
    assert_eq!(ana.get("/v1/me").await.expect(200).text("/email"), "ana@example.com");
    app.settle().await;
}

#[tokio::test]
async fn invitations_follow_the_address() {
    let app = TestApp::new().await;
    let [ana, bob, cleo] = [app.member("Ana").await, app.member("Bob").await, app.member("Cleo").await];
    let invite = |who: &Actor, email: &str| who.post("/v1/couple/invitations", json!({ "email": email }));
    let to_old = invite(&bob, "ana@example.com").await.expect(201).text("/id");
    let to_new = invite(&cleo, "New@example.com").await.expect(201).text("/id");
    let own = invite(&ana, "new@example.com").await.expect(201).text("/id");
    let (old, new) = begun(&ana, "new@example.com").await;
    confirm(&app, &old).await.expect(200);
    confirm(&app, &new).await.expect(200);
    app.settle().await;
    let received = ana.get("/v1/couple/invitations?direction=received").await.expect(200).data();
    let ids: Vec<_> = received.iter().map(|it| (it["id"].clone(), it["status"].clone())).collect();
    // Hers to herself is over; nobody can answer it.
    assert_eq!(ids, [(json!(own), json!("cancelled")), (json!(to_new), json!("pending"))]);
    let heard: Vec<_> = events(&app, &ana).await.into_iter().filter(|(kind, _)| kind == "couple.invited").collect();
    assert_eq!(heard.last().unwrap().1["invitation_id"], to_new);
    let accept = |id: &str| ana.post(&format!("/v1/couple/invitations/{id}/accept"), Value::Null);
    accept(&to_old).await.problem(404, "not_found");
    accept(&to_new).await.expect(200);
    app.settle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn links_opened_at_once_make_one_change() {
    let app = TestApp::new().await;
    for n in 0..6 {
        let ana = app.newcomer(&format!("Ana{n}")).await;
        let to = format!("new{n}@example.com");
        let (old, new) = begun(&ana, &to).await;
        let answers = raced((0..8).map(|i| {
            let call = confirm(&app, if i % 2 == 0 { &old } else { &new });
            async move { call.await }
        }))
        .await;
        let done: Vec<_> = answers.iter().filter(|a| a.status() == 200).map(|a| a.at("/changed")).collect();
        assert_eq!(done.len(), 2, "{answers:?}");
        assert!(done.contains(&json!(true)) && done.contains(&json!(false)), "{answers:?}");
        assert_eq!(ana.get("/v1/me").await.expect(200).text("/email"), to);
    }
    app.settle().await;
}

#[tokio::test]
async fn requests_are_limited_and_repeatable() {
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    let first = change(&ana, "new@example.com").key("k").await.expect(202);
    assert_eq!(change(&ana, "new@example.com").key("k").await.expect(202).bytes(), first.bytes());
    change(&ana, "other@example.com").key("k").await.problem(422, "idempotency_key_reused");
    app.settle().await;
    assert_eq!(app.mails_to("new@example.com").len(), 1);
    for n in 2..=5 {
        change(&ana, &format!("new{n}@example.com")).await.expect(202);
    }
    let answer = change(&ana, "new6@example.com").await;
    answer.problem(429, "rate_limited");
    assert_eq!(answer.header("retry-after"), Some("3600"));
    app.settle().await;
    app.advance(HOUR);
    change(&ana.renewed().await, "new6@example.com").await.expect(202);
    app.settle().await;
}

#[tokio::test]
async fn mails_speak_the_language_of_the_account_and_stop_with_it() {
    let app = TestApp::new().await;
    let ana = app.newcomer("Ana").await;
    ana.patch("/v1/me", json!({ "language": "it" })).await.expect(200);
    let (old, new) = begun(&ana, "new@example.com").await;
    confirm(&app, &old).await.expect(200);
    confirm(&app, &new).await.expect(200);
    app.settle().await;
    for mail in app.mails_to("new@example.com") {
        assert_eq!(mail.meta["language"], "it");
    }
    change(&ana, "third@example.com").await.expect(202);
    execute(&app, "delete from accounts").await;
    app.settle().await;
    assert!(app.mails_to("third@example.com").is_empty());
}
