//! The link: accepting, joining, who wins, and the couple as both see it.

use crate::{
    couples::{answer, conflict, invite, join, received, sent},
    identity::{events, number, register, sign_up_with, told},
    raced,
};
use serde_json::{Value, json};
use testkit::{Actor, Couple, TestApp};

#[tokio::test]
async fn an_accepted_invitation_makes_a_couple() {
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    let bob = app.member("Bob").await;
    let id = invite(&ana, &bob.email).await.expect(201).text("/id");
    app.settle().await;
    let couple = answer(&bob, &id, "accept").await.expect(200);
    // At once, before any work behind.
    let view = ana.get("/v1/couple").await.expect(200);
    assert!(couple.text("/id").starts_with("cpl_"));
    assert_eq!((couple.text("/status"), couple.text("/initiated_by")), ("active".to_owned(), ana.id.clone()));
    assert_eq!(couple.text("/accepted_at"), app.now().to_string());
    for (view, me, partner) in [(&couple, &bob, &ana), (&view, &ana, &bob)] {
        assert_eq!(view.text("/id"), couple.text("/id"));
        assert_eq!((view.text("/me/id"), view.text("/me/name")), (me.id.clone(), me.name.clone()));
        assert_eq!((view.text("/partner/id"), view.text("/partner/name")), (partner.id.clone(), partner.name.clone()));
        // What the other side keeps to itself.
        assert!(view.at("/partner/email").is_null() && view.at("/partner/partner_email").is_null());
    }
    app.settle().await;
    let data = json!({ "couple_id": couple.text("/id"), "invitation_id": id, "member_ids": [ana.id, bob.id] });
    for one in [&ana, &bob] {
        let accepted = ("couple.accepted".to_owned(), data.clone());
        assert_eq!(events(&app, one).await.iter().filter(|e| **e == accepted).count(), 1);
        assert_eq!(told(&app, one, "couple.accepted").await, 1);
    }
    assert_eq!(app.mails_to(&ana.email)[0].meta["letter"], "invitation_accepted");
    assert_eq!(
        (&sent(&ana).await[0]["status"], &received(&bob).await[0]["status"]),
        (&json!("accepted"), &json!("accepted"))
    );
    conflict(&answer(&bob, &id, "accept").await, "already_answered");
    conflict(&answer(&bob, &id, "decline").await, "already_answered");
}

#[tokio::test]
async fn only_the_verified_address_may_accept() {
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    let it = invite(&ana, "bob@example.com").await.expect(201);
    let bob = app.newcomer("Bob").await;
    for how in ["accept", "decline"] {
        answer(&bob, &it.text("/id"), how).await.problem(404, "not_found");
        app.anonymous()
            .post(&format!("/v1/couple/invitations/{}/{how}", it.text("/id")), Value::Null)
            .await
            .problem(401, "unauthenticated");
        for odd in ["x", "inv_00000000000000000000000000", &bob.id] {
            answer(&bob, odd, how).await.problem(404, "not_found");
        }
    }
    assert_eq!(sent(&ana).await[0]["status"], "pending");
    // Whoever holds the link needs no verified address.
    join(&bob, &it.text("/code")).await.expect(200);
    app.settle().await;
}

#[tokio::test]
async fn a_code_is_read_as_people_type_it_and_works_once() {
    let app = TestApp::new().await;
    let typed: [fn(&str) -> String; 5] = [
        |code| code.to_lowercase(),
        |code| format!(" {code} "),
        |code| format!("{}-{}", &code[..4], &code[4..].to_lowercase()),
        |code| format!("{} {}", &code[..4], &code[4..]),
        |code| code.replace('0', "o").replace('1', "l"),
    ];
    for (n, typed) in typed.into_iter().enumerate() {
        let ana = app.newcomer(&format!("Ana{n}")).await;
        let bob = app.newcomer(&format!("Bob{n}")).await;
        let eve = app.newcomer(&format!("Eve{n}")).await;
        // The address it was sent to does not matter to whoever has the code.
        let code = invite(&ana, "somebody@example.com").await.expect(201).text("/code");
        join(&bob, &typed(&code)).await.expect(200);
        join(&eve, &code).await.invalid(&[("/code", "unknown_value")]);
        app.settle().await;
    }
    let ana = app.newcomer("Ana").await;
    let code = invite(&ana, "somebody@example.com").await.expect(201).text("/code");
    join(&ana, &code).await.invalid(&[("/code", "own_address")]);
    ana.post("/v1/couple/join", json!({})).await.invalid(&[("/code", "required")]);
    app.anonymous().post("/v1/couple/join", json!({ "code": code })).await.problem(401, "unauthenticated");
    app.settle().await;
}

#[tokio::test]
async fn whoever_is_linked_can_neither_invite_nor_be_linked_again() {
    let Couple { app, alice, bob, stranger, .. } = TestApp::couple().await;
    for one in [&alice, &bob] {
        conflict(&invite(one, "somebody@example.com").await, "already_linked");
    }
    let it = invite(&stranger, &bob.email).await.expect(201);
    conflict(&answer(&bob, &it.text("/id"), "accept").await, "already_linked");
    conflict(&join(&alice, &it.text("/code")).await, "already_linked");
    // That was no answer: it stays open, and can be declined.
    assert_eq!(sent(&stranger).await[0]["status"], "pending");
    answer(&bob, &it.text("/id"), "decline").await.expect(204);
    app.settle().await;
    assert_eq!(bob.get("/v1/couple").await.expect(200).text("/partner/id"), alice.id);
}

#[tokio::test]
async fn a_link_takes_back_what_either_had_sent() {
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    let bob = app.member("Bob").await;
    let from_ana = invite(&ana, &bob.email).await.expect(201);
    let from_bob = invite(&bob, "carl@example.com").await.expect(201);
    join(&bob, &from_ana.text("/code")).await.expect(200);
    assert_eq!(sent(&bob).await[0]["status"], "cancelled");
    let carl = app.member("Carl").await;
    join(&carl, &from_bob.text("/code")).await.problem(422, "validation");
    app.settle().await;
}

#[tokio::test]
async fn the_partner_is_named_where_nobody_was_and_different_anniversaries_are_told() {
    let app = TestApp::new().await;
    let person = async |name: &str, day: Value| {
        let body = sign_up_with(name, &json!({ "anniversary_date": day }));
        Actor::signed_in(&app, &register(&app, &body).await.expect(201))
    };
    let ana = person("Ana", json!("2024-06-21")).await;
    let bob = person("Bob", json!("2024-06-22")).await;
    bob.patch("/v1/me", json!({ "partner_name": "Annie" })).await.expect(200);
    app.settle().await;
    app.link(&ana, &bob).await;
    assert_eq!(ana.get("/v1/me").await.expect(200).text("/partner_name"), "Bob");
    assert_eq!(bob.get("/v1/me").await.expect(200).text("/partner_name"), "Annie");
    for one in [&ana, &bob] {
        assert_eq!(one.get("/v1/couple").await.expect(200).at("/anniversary_differs"), true);
    }
    bob.patch("/v1/me", json!({ "anniversary_date": "2024-06-21" })).await.expect(200);
    assert_eq!(ana.get("/v1/couple").await.expect(200).at("/anniversary_differs"), false);
    bob.patch("/v1/me", json!({ "anniversary_date": "" })).await.expect(200);
    let view = ana.get("/v1/couple").await.expect(200);
    assert_eq!((view.at("/anniversary_differs"), view.at("/partner/anniversary_date")), (json!(false), Value::Null));
    app.settle().await;
    // What one changes, the other's devices hear.
    assert_eq!(told(&app, &ana, "profile.updated").await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_who_join_by_one_code_one_wins() {
    let app = TestApp::new().await;
    for round in 0..8 {
        let ana = app.newcomer(&format!("Ana{round}")).await;
        let mut others = Vec::new();
        for n in 0..6 {
            others.push(app.newcomer(&format!("Other{round}x{n}")).await);
        }
        let code = invite(&ana, "somebody@example.com").await.expect(201).text("/code");
        let statuses = raced(others.iter().map(|other| {
            let call = join(other, &code);
            async move { call.await.status() }
        }))
        .await;
        assert_eq!(statuses.iter().filter(|s| **s == 200).count(), 1, "{statuses:?}");
        assert!(statuses.iter().all(|s| matches!(s, 200 | 409 | 422)), "{statuses:?}");
        app.settle().await;
        let partner = ana.get("/v1/couple").await.expect(200).text("/partner/id");
        let mut linked = 0;
        for other in &others {
            let view = other.get("/v1/couple").await;
            linked += usize::from(view.status() == 200);
            assert_eq!(view.status() == 200, other.id == partner);
        }
        assert_eq!(linked, 1);
    }
    assert_eq!(number(&app, "select count(*) from couples where status = 'active'").await, 8);
    assert_eq!(number(&app, "select count(*) from couple_members").await, 16);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_crossing_answers_one_couple_comes() {
    // Ana, Bob and Carl have invited each other in a circle; all accept at once, twice each.
    let app = TestApp::new().await;
    for round in 0..8 {
        let mut people = Vec::new();
        for name in ["Ana", "Bob", "Carl"] {
            people.push(app.member(&format!("{name}{round}")).await);
        }
        let mut accepts = Vec::new();
        for n in 0..3 {
            let (inviter, invitee) = (&people[n], &people[(n + 1) % 3]);
            let id = invite(inviter, &invitee.email).await.expect(201).text("/id");
            for _ in 0..2 {
                accepts.push(answer(invitee, &id, "accept"));
            }
        }
        let statuses = raced(accepts.into_iter().map(|call| async move { call.await.status() })).await;
        assert_eq!(statuses.iter().filter(|s| **s == 200).count(), 1, "{statuses:?}");
        assert!(statuses.iter().all(|s| matches!(s, 200 | 409)), "{statuses:?}");
        app.settle().await;
        let mut views = Vec::new();
        for one in &people {
            views.push(one.get("/v1/couple").await);
        }
        let linked: Vec<_> = views.iter().filter(|v| v.status() == 200).collect();
        assert_eq!(linked.len(), 2, "{views:?}");
        assert_eq!(linked[0].text("/me/id"), linked[1].text("/partner/id"));
        assert_eq!(linked[0].text("/partner/id"), linked[1].text("/me/id"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_answer_and_its_opposite_have_one_winner() {
    let app = TestApp::new().await;
    for round in 0..8 {
        let ana = app.member(&format!("Ana{round}")).await;
        let bob = app.member(&format!("Bob{round}")).await;
        let it = invite(&ana, &bob.email).await.expect(201);
        let id = it.text("/id");
        let cancel = ana.delete(&format!("/v1/couple/invitations/{id}"));
        let calls = [answer(&bob, &id, "accept"), answer(&bob, &id, "decline"), cancel];
        let statuses = raced(calls.into_iter().map(|call| async move { call.await.status() })).await;
        assert_eq!(statuses.iter().filter(|s| matches!(s, 200 | 204)).count(), 1, "{statuses:?}");
        assert_eq!(statuses.iter().filter(|s| **s == 409).count(), 2, "{statuses:?}");
        let linked = statuses.contains(&200);
        assert_eq!(ana.get("/v1/couple").await.status() == 200, linked);
        assert_eq!(sent(&ana).await[0]["status"] == "accepted", linked);
        app.settle().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_invitations_sent_at_once_one_is_open() {
    let app = TestApp::new().await;
    for round in 0..8 {
        let ana = app.newcomer(&format!("Ana{round}")).await;
        let statuses = raced((0..6).map(|n| {
            let call = invite(&ana, &format!("b{n}@example.com"));
            async move { call.await.status() }
        }))
        .await;
        assert_eq!(statuses.iter().filter(|s| **s == 201).count(), 1, "{statuses:?}");
        assert_eq!(statuses.iter().filter(|s| **s == 409).count(), 5, "{statuses:?}");
        assert_eq!(sent(&ana).await.len(), 1);
        app.settle().await;
    }
}
