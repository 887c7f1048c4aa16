//! Invitations: by mail and by code, their states, lists and limits.

use crate::{
    identity::{events, register, sign_up_with, told},
    raced,
};
use base::time::{DAY, HOUR, MINUTE, SECOND};
use serde_json::{Value, json};
use testkit::{Actor, Answer, Call, TestApp};

const ALPHABET: &str = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

pub fn invite(of: &Actor, email: &str) -> Call {
    of.post("/v1/couple/invitations", json!({ "email": email }))
}

pub fn join(of: &Actor, code: &str) -> Call {
    of.post("/v1/couple/join", json!({ "code": code }))
}

pub fn answer(of: &Actor, invitation: &str, how: &str) -> Call {
    of.post(&format!("/v1/couple/invitations/{invitation}/{how}"), Value::Null)
}

pub async fn sent(of: &Actor) -> Vec<Value> {
    of.get("/v1/couple/invitations?direction=sent").await.expect(200).data()
}

pub async fn received(of: &Actor) -> Vec<Value> {
    of.get("/v1/couple/invitations?direction=received").await.expect(200).data()
}

/// A conflict for this reason; the document.
pub fn conflict(answer: &Answer, reason: &str) -> Value {
    let document = answer.problem(409, "conflict");
    assert_eq!(document["reason"], reason);
    document
}

#[tokio::test]
async fn an_invitation_goes_by_mail_with_a_code() {
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    let bob = app.member("Bob").await;
    let it = invite(&ana, "Bob@Example.com").await.expect(201);
    let (id, code) = (it.text("/id"), it.text("/code"));
    assert!(id.starts_with("inv_"));
    assert!(code.len() == 8 && code.chars().all(|c| ALPHABET.contains(c)), "{code}");
    assert_eq!((it.text("/email"), it.text("/status")), ("Bob@Example.com".to_owned(), "pending".to_owned()));
    assert_eq!(it.text("/join_url"), format!("http://o2o.test/join?code={code}"));
    assert_eq!(it.text("/expires_at"), app.now().plus(30 * DAY).to_string());
    app.settle().await;
    // To a member: mail and event, both with what is needed to answer.
    let mail = &app.mails_to(&bob.email)[0];
    assert_eq!(mail.meta["letter"], "partner_invitation_known");
    assert!(mail.text.contains(&format!("http://o2o.test/join?code={code}")) && mail.text.contains("Ana"));
    assert_eq!(
        events(&app, &bob).await.last().unwrap(),
        &("couple.invited".to_owned(), json!({ "invitation_id": id, "inviter_id": ana.id }))
    );
    let list = sent(&ana).await;
    assert_eq!((list.len(), &list[0]), (1, &it.json()));
    // Whoever is invited sees it, without the code that would let others answer.
    let list = received(&bob).await;
    assert_eq!((list.len(), &list[0]["id"], &list[0]["inviter"]["name"]), (1, &json!(id), &json!("Ana")));
    assert!(list[0].get("code").is_none() && list[0].get("join_url").is_none());
    assert!(received(&ana).await.is_empty() && sent(&bob).await.is_empty());
}

#[tokio::test]
async fn an_address_without_an_account_gets_the_link() {
    let app = TestApp::new().await;
    let body = sign_up_with("Ana", &json!({ "language": "de" }));
    let ana = Actor::signed_in(&app, &register(&app, &body).await.expect(201));
    let code = invite(&ana, "bob@example.com").await.expect(201).text("/code");
    app.settle().await;
    let mail = &app.mails_to("bob@example.com")[0];
    // In the inviter's language: nothing better is known.
    assert_eq!((&mail.meta["letter"], &mail.meta["language"]), (&json!("partner_invitation"), &json!("de")));
    assert!(mail.text.contains(&code));
    // After registration with that address it can be answered, once the address is verified.
    let bob = app.newcomer("Bob").await;
    assert!(received(&bob).await.is_empty());
    assert_eq!(told(&app, &bob, "couple.invited").await, 0);
    let token = app.mailed(&bob.email, "/verify?token=");
    app.anonymous().post("/v1/auth/email/verify", json!({ "token": token })).await.expect(200);
    app.settle().await;
    assert_eq!(told(&app, &bob, "couple.invited").await, 1);
    let list = received(&bob).await;
    answer(&bob, list[0]["id"].as_str().unwrap(), "accept").await.expect(200);
    app.settle().await;
}

#[tokio::test]
async fn a_partner_named_at_sign_up_is_invited() {
    let app = TestApp::new().await;
    let body = sign_up_with("Ana", &json!({ "partner_email": "Bob@Example.com" }));
    let signed_up = register(&app, &body).await.expect(201);
    assert_eq!(signed_up.text("/member/partner_email"), "Bob@Example.com");
    let ana = Actor::signed_in(&app, &signed_up);
    app.settle().await;
    let list = sent(&ana).await;
    assert_eq!((list.len(), &list[0]["email"], &list[0]["status"]), (1, &json!("Bob@Example.com"), &json!("pending")));
    let code = list[0]["code"].as_str().unwrap();
    assert!(app.mails_to("bob@example.com")[0].text.contains(code));
    // A typed address gives access to nothing.
    ana.get("/v1/couple").await.problem(404, "not_found");
    conflict(&invite(&ana, "carl@example.com").await, "invitation_pending");
    let bob = app.newcomer("Bob").await;
    join(&bob, code).await.expect(200);
    app.settle().await;
}

#[tokio::test]
async fn who_cannot_be_invited() {
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    for (body, code) in [
        (json!({ "email": "ANA@example.com" }), "own_address"),
        (json!({ "email": " ana@example.com " }), "own_address"),
        (json!({ "email": "bob" }), "invalid_email"),
        (json!({ "email": "" }), "required"),
        (json!({}), "required"),
        (json!({ "email": null }), "wrong_type"),
    ] {
        ana.post("/v1/couple/invitations", body).await.invalid(&[("/email", code)]);
    }
    app.anonymous()
        .post("/v1/couple/invitations", json!({ "email": "b@example.com" }))
        .await
        .problem(401, "unauthenticated");
    // One open invitation at a time.
    let first = invite(&ana, "bob@example.com").await.expect(201).text("/id");
    conflict(&invite(&ana, "bob@example.com").await, "invitation_pending");
    conflict(&invite(&ana, "carl@example.com").await, "invitation_pending");
    ana.delete(&format!("/v1/couple/invitations/{first}")).await.expect(204);
    invite(&ana, "carl@example.com").await.expect(201);
    app.settle().await;
    assert_eq!(sent(&ana).await.iter().map(|i| i["status"].clone()).collect::<Vec<_>>(), ["pending", "cancelled"]);
}

#[tokio::test]
async fn a_repeat_with_the_same_key_invites_once() {
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    let first = invite(&ana, "bob@example.com").key("k").await.expect(201);
    let second = invite(&ana, "bob@example.com").key("k").await.expect(201);
    assert_eq!(first.bytes(), second.bytes());
    invite(&ana, "carl@example.com").key("k").await.problem(422, "idempotency_key_reused");
    app.settle().await;
    assert_eq!(app.mails_to("bob@example.com").len(), 1);
}

#[tokio::test]
async fn a_decline_is_told_and_cools_down_for_a_day() {
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    let bob = app.member("Bob").await;
    let id = invite(&ana, &bob.email).await.expect(201).text("/id");
    answer(&bob, &id, "decline").await.expect(204);
    app.settle().await;
    assert_eq!(
        events(&app, &ana).await.last().unwrap(),
        &("couple.declined".to_owned(), json!({ "invitation_id": id }))
    );
    assert_eq!(app.mails_to(&ana.email)[0].meta["letter"], "invitation_declined");
    assert_eq!(
        (&sent(&ana).await[0]["status"], &received(&bob).await[0]["status"]),
        (&json!("declined"), &json!("declined"))
    );
    for how in ["accept", "decline"] {
        conflict(&answer(&bob, &id, how).await, "already_answered");
    }
    // Not to this address for a day, however it is typed; to another at once, and the other way round.
    let refused = conflict(&invite(&ana, "BOB@example.com").await, "cooldown");
    assert_eq!(refused["retry_at"], app.now().plus(DAY).to_string());
    let other = invite(&ana, "carl@example.com").await.expect(201).text("/id");
    ana.delete(&format!("/v1/couple/invitations/{other}")).await.expect(204);
    invite(&bob, &ana.email).await.expect(201);
    app.advance(DAY - 1);
    let ana = ana.renewed().await;
    conflict(&invite(&ana, &bob.email).await, "cooldown");
    app.advance(1);
    invite(&ana, &bob.email).await.expect(201);
    app.settle().await;
}

#[tokio::test]
async fn an_invitation_runs_out_after_thirty_days() {
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    let bob = app.member("Bob").await;
    let it = invite(&ana, &bob.email).await.expect(201);
    let (id, code) = (it.text("/id"), it.text("/code"));
    app.advance(30 * DAY - 1);
    let (ana, bob) = (ana.another_device().await, bob.another_device().await);
    assert_eq!(sent(&ana).await[0]["status"], "pending");
    app.advance(1);
    // It needs no sweeper to be so.
    assert_eq!(sent(&ana).await[0]["status"], "expired");
    assert_eq!(received(&bob).await[0]["status"], "expired");
    for how in ["accept", "decline"] {
        conflict(&answer(&bob, &id, how).await, "invitation_expired");
    }
    join(&bob, &code).await.invalid(&[("/code", "unknown_value")]);
    conflict(&answer(&ana, &id, "resend").await, "already_answered");
    conflict(&ana.delete(&format!("/v1/couple/invitations/{id}")).await, "already_answered");
    app::work::reconcile(app.core()).await;
    assert_eq!(sent(&ana).await[0]["status"], "expired");
    // It no longer stands in the way; there is no cool-down.
    let again = invite(&ana, &bob.email).await.expect(201).text("/id");
    answer(&bob, &again, "accept").await.expect(200);
    app.settle().await;
}

#[tokio::test]
async fn only_the_inviter_sees_resends_and_cancels() {
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    let bob = app.member("Bob").await;
    let eve = app.member("Eve").await;
    let it = invite(&ana, &bob.email).await.expect(201);
    let (id, code) = (it.text("/id"), it.text("/code"));
    app.settle().await;
    for other in [&bob, &eve] {
        answer(other, &id, "resend").await.problem(404, "not_found");
        other.delete(&format!("/v1/couple/invitations/{id}")).await.problem(404, "not_found");
    }
    answer(&ana, &id, "accept").await.problem(404, "not_found");
    answer(&eve, &id, "accept").await.problem(404, "not_found");
    answer(&eve, &id, "decline").await.problem(404, "not_found");
    app.advance(SECOND);
    // The same code again; then at most one a minute.
    let again = answer(&ana, &id, "resend").await.expect(200);
    assert_eq!((again.text("/code"), again.text("/status")), (code.clone(), "pending".to_owned()));
    app.settle().await;
    let mails = app.mails_to(&bob.email);
    assert!(mails[..2].iter().all(|m| m.text.contains(&code)));
    app.advance(MINUTE - SECOND);
    let early = answer(&ana, &id, "resend").await;
    early.problem(429, "rate_limited");
    assert_eq!(early.header("retry-after"), Some("1"));
    app.advance(SECOND);
    answer(&ana, &id, "resend").await.expect(200);
    app.settle().await;
    assert_eq!(app.mails_to(&bob.email).len(), mails.len() + 1);
    // Taken back: the code and the link are worth nothing.
    ana.delete(&format!("/v1/couple/invitations/{id}")).await.expect(204);
    conflict(&ana.delete(&format!("/v1/couple/invitations/{id}")).await, "already_answered");
    conflict(&answer(&bob, &id, "accept").await, "already_answered");
    join(&bob, &code).await.problem(422, "validation");
    app.advance(MINUTE);
    conflict(&answer(&ana, &id, "resend").await, "already_answered");
    app.settle().await;
    assert_eq!(app.mails_to(&bob.email).len(), mails.len() + 1);
}

#[tokio::test]
async fn lists_have_pages_and_cursors_of_their_own() {
    let app = TestApp::new().await;
    let bob = app.member("Bob").await;
    let ana = app.member("Ana").await;
    for n in 0..5 {
        app.advance(SECOND);
        let id = invite(&ana, &bob.email).await.expect(201).text("/id");
        if n < 4 {
            ana.delete(&format!("/v1/couple/invitations/{id}")).await.expect(204);
        }
    }
    app.settle().await;
    for (actor, direction) in [(&ana, "sent"), (&bob, "received")] {
        let path = format!("/v1/couple/invitations?direction={direction}");
        let whole = actor.get(&path).await.expect(200).data();
        assert_eq!(whole.len(), 5);
        let times: Vec<_> = whole.iter().map(|i| i["created_at"].as_str().unwrap()).collect();
        assert!(times.is_sorted_by(|a, b| a > b), "{times:?}");
        let (mut paged, mut cursor) = (Vec::new(), String::new());
        for size in [2, 2, 1] {
            let page = actor.get(&format!("{path}&limit=2{cursor}")).await.expect(200);
            assert_eq!(page.data().len(), size);
            paged.extend(page.data());
            cursor = page.at("/next_cursor").as_str().map(|c| format!("&cursor={c}")).unwrap_or_default();
        }
        assert_eq!((paged, cursor), (whole, String::new()));
    }
    assert_eq!(ana.get("/v1/couple/invitations").await.expect(200).data().len(), 5, "sent unless said");
    let cursor = ana.get("/v1/couple/invitations?limit=1").await.expect(200).text("/next_cursor");
    let with = |of: &Actor, query: String| of.get(&format!("/v1/couple/invitations?{query}")).into_future();
    for foreign in [
        with(&bob, format!("cursor={cursor}")),
        with(&ana, format!("direction=received&cursor={cursor}")),
        with(&ana, format!("cursor={}", &cursor[1..])),
        with(&ana, "cursor=x".to_owned()),
    ] {
        foreign.await.invalid(&[("/query/cursor", "invalid_cursor")]);
    }
    for limit in ["0", "101"] {
        with(&ana, format!("limit={limit}")).await.invalid(&[("/query/limit", "out_of_range")]);
    }
    with(&ana, "limit=x".to_owned()).await.invalid(&[("/query/limit", "wrong_type")]);
    with(&ana, "direction=both".to_owned()).await.invalid(&[("/query/direction", "unknown_value")]);
}

#[tokio::test]
async fn wrong_codes_are_counted_by_member_and_by_network() {
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    let code = invite(&ana, "somebody@example.com").await.expect(201).text("/code");
    let bob = app.member("Bob").await;
    let wrong = |n: usize| if n.is_multiple_of(2) { "00000000".to_owned() } else { format!("wrong {n}") };
    for n in 0..10 {
        join(&bob, &wrong(n)).from("203.0.113.7").await.invalid(&[("/code", "unknown_value")]);
    }
    // The right one as well, and from anywhere.
    for peer in ["203.0.113.7", "203.0.113.8"] {
        let locked = join(&bob, &code).from(peer).await;
        locked.problem(429, "rate_limited");
        assert_eq!(locked.header("retry-after"), Some("3600"));
    }
    // Others at this network may try twenty times more, all together.
    for name in ["Cleo", "Dora"] {
        let other = app.member(name).await;
        for n in 0..10 {
            join(&other, &wrong(n)).from("203.0.113.7").await.problem(422, "validation");
        }
    }
    let eve = app.member("Eve").await;
    join(&eve, &code).from("203.0.113.7").await.problem(429, "rate_limited");
    // Lock-outs are no request rates: those are off here. An hour later all is forgiven.
    app.advance(HOUR - 1);
    let bob = bob.renewed().await;
    join(&bob, &code).from("203.0.113.9").await.problem(429, "rate_limited");
    app.advance(1);
    join(&bob, &code).from("203.0.113.7").await.expect(200);
    app.settle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn codes_tried_at_once_are_counted_one_by_one() {
    let app = TestApp::new().await;
    let bob = app.newcomer("Bob").await;
    let answers = raced((0..30).map(|n| {
        let call = join(&bob, "00000000").from(&format!("10.0.0.{}", n + 1));
        async move { call.await.status() }
    }))
    .await;
    assert_eq!(answers.iter().filter(|s| **s == 422).count(), 10, "{answers:?}");
    assert_eq!(answers.iter().filter(|s| **s == 429).count(), 20, "{answers:?}");
}
