//! The end of a couple: at once for both, whatever crashes, and before any note that is not yet acknowledged.

use crate::{
    couples::{answer, invite, join, sent},
    identity::{execute, number, told},
    raced,
};
use ports::Fault;
use serde_json::json;
use std::sync::Arc;
use testkit::{Actor, Couple, Fail, TestApp};
use tokio::sync::Semaphore;

/// Neither sees the couple, nor reaches the other.
async fn are_apart(alice: &Actor, bob: &Actor) {
    for one in [alice, bob] {
        one.get("/v1/couple").await.problem(404, "not_found");
        one.delete("/v1/couple").await.problem(404, "not_found");
        let body = json!({ "channel": "partner", "content": "Are you there?" });
        let refused = one.post("/v1/notes", body).await.problem(409, "conflict");
        assert_eq!(refused["reason"], "no_partner");
    }
}

/// How many notes lie in a member's box, and their contents.
async fn received(of: &Actor) -> Vec<String> {
    let list = of.get("/v1/notes?box=received&limit=100").await.expect(200).data();
    list.iter().map(|note| note["content"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn either_may_end_it_and_both_are_told() {
    let Couple { app, alice, bob, former, stranger, anon } = TestApp::couple().await;
    for outsider in [&former, &stranger] {
        outsider.get("/v1/couple").await.problem(404, "not_found");
        outsider.delete("/v1/couple").await.problem(404, "not_found");
    }
    anon.delete("/v1/couple").await.problem(401, "unauthenticated");
    bob.sends("Good night").await;
    app.settle().await;
    let ended = bob.delete("/v1/couple").await.expect(204);
    assert!(ended.bytes().is_empty());
    // At once, before any work behind.
    are_apart(&alice, &bob).await;
    app.settle().await;
    are_apart(&alice, &bob).await;
    // Alice has had two couples, Bob and the former one each.
    for (one, ends) in [(&alice, 2), (&bob, 1), (&former, 1)] {
        assert_eq!(told(&app, one, "couple.ended").await, ends);
    }
    assert_eq!(app.mails_to(&bob.email)[0].meta["letter"], "couple_ended");
    // What was received stays with whom it was sent to.
    assert_eq!(received(&alice).await, ["Good night"]);
    assert_eq!(
        number(&app, "select count(*) from couples where status = 'ended' and ended_by = initiated_by").await,
        1
    );
    assert_eq!(number(&app, "select count(*) from couple_members").await, 0);
}

#[tokio::test]
async fn they_may_find_together_again() {
    let Couple { app, alice, bob, .. } = TestApp::couple().await;
    let before = alice.get("/v1/couple").await.expect(200).text("/id");
    alice.delete("/v1/couple").await.expect(204);
    app.settle().await;
    let it = invite(&bob, &alice.email).await.expect(201);
    answer(&alice, &it.text("/id"), "accept").await.expect(200);
    app.settle().await;
    let after = bob.get("/v1/couple").await.expect(200);
    assert_ne!(after.text("/id"), before);
    assert_eq!(after.text("/partner/id"), alice.id);
    alice.sends("Hello again").await;
    app.settle().await;
    assert_eq!(received(&bob).await, ["Hello again"]);
}

#[tokio::test]
async fn an_unlink_that_stops_half_way_has_happened_and_is_finished_later() {
    let Couple { app, alice, bob, stranger, .. } = TestApp::couple().await;
    // The first half moves the epoch; `sql` refuses to follow, as after a crash between the two.
    execute(&app, "create trigger t before update on couples begin select raise(abort, 'no'); end").await;
    alice.delete("/v1/couple").await.expect(204);
    assert_eq!(number(&app, "select count(*) from couples where status = 'active'").await, 1);
    are_apart(&alice, &bob).await;
    let node = app.another_node().await;
    let call = node.get("/v1/couple").header("authorization", &format!("Bearer {}", bob.access_token.clone().unwrap()));
    call.await.problem(404, "not_found");
    execute(&app, "drop trigger t").await;
    // The next start finishes it by the job that was part of the first half.
    node.settle().await;
    assert_eq!(number(&node, "select count(*) from couples where status = 'active'").await, 0);
    assert_eq!(number(&node, "select count(*) from couple_members").await, 0);
    are_apart(&alice, &bob).await;
    for one in [&alice, &bob] {
        assert!(told(&app, one, "couple.ended").await >= 1);
    }
    // A new link is possible for both.
    let code = invite(&bob, &stranger.email).await.expect(201).text("/code");
    join(&stranger, &code).await.expect(200);
    app.settle().await;
    invite(&alice, "somebody@example.com").await.expect(201);
    app.settle().await;
}

#[tokio::test]
async fn a_link_that_stops_half_way_is_finished_later() {
    let app = TestApp::new().await;
    let (mut half, mut whole) = (0, 0);
    // The store of the epoch and the cards fails from the first call of the join on, from the second, and so on.
    for spared in 0.. {
        let ana = app.newcomer(&format!("Ana{spared}")).await;
        let bob = app.newcomer(&format!("Bob{spared}")).await;
        let code = invite(&ana, "somebody@example.com").await.expect(201).text("/code");
        app.settle().await;
        app.faults().items.fail_after(spared, Fail::Fault(Fault::Unavailable));
        let answer = join(&bob, &code).await;
        app.faults().items.heal();
        let linked = sent(&ana).await[0]["status"] == "accepted";
        assert!(linked || answer.status() == 503, "{answer:?}");
        app.settle().await;
        for (one, other) in [(&ana, &bob), (&bob, &ana)] {
            let view = one.get("/v1/couple").await;
            if linked {
                assert_eq!(view.expect(200).text("/partner/id"), other.id);
                one.sends("We did it").await;
                assert_eq!(told(&app, one, "couple.accepted").await, 1);
            } else {
                view.problem(404, "not_found");
            }
        }
        app.settle().await;
        half += usize::from(linked && answer.status() == 503);
        whole += usize::from(answer.status() == 200);
        if whole > 0 {
            break;
        }
    }
    assert!(half > 0, "some stopped between the two stores");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_who_end_it_at_once_one_does() {
    let app = TestApp::new().await;
    let ana = app.newcomer("Ana").await;
    let bob = app.newcomer("Bob").await;
    for round in 1..=10 {
        app.link(&ana, &bob).await;
        let statuses = raced([&ana, &bob, &ana, &bob].map(|one| {
            let call = one.delete("/v1/couple");
            async move { call.await.status() }
        }))
        .await;
        assert_eq!(statuses.iter().filter(|s| **s == 204).count(), 1, "{statuses:?}");
        assert_eq!(statuses.iter().filter(|s| **s == 404).count(), 3, "{statuses:?}");
        app.settle().await;
        for one in [&ana, &bob] {
            assert_eq!(told(&app, one, "couple.ended").await, round);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_note_is_acknowledged_after_the_end() {
    let app = TestApp::new().await;
    let ana = app.newcomer("Ana").await;
    let bob = app.newcomer("Bob").await;
    app.grant_plan(&ana, "exclusive").await;
    let mut delivered = 0;
    for round in 0..12 {
        app.link(&ana, &bob).await;
        // In every other round `sql`, and with it what senders know of their couple, stays behind the end.
        if round % 2 == 1 {
            execute(&app, "create trigger t before update on couples begin select raise(abort, 'no'); end").await;
        }
        let acknowledged = Arc::new(Semaphore::new(0));
        // Each sender goes on until it is refused; the first refusal is the last word.
        let senders = (0..4).map(|n| {
            let (ana, acknowledged) = (ana.clone(), acknowledged.clone());
            async move {
                for sent in 0..1_000 {
                    let body = json!({ "channel": "partner", "content": format!("{round} {n} {sent}") });
                    let answer = ana.post("/v1/notes", body.clone()).await;
                    if answer.status() != 201 {
                        answer.problem(409, "conflict");
                        ana.post("/v1/notes", body).await.problem(409, "conflict");
                        return sent;
                    }
                    acknowledged.add_permits(1);
                }
                panic!("notes go on and on after the end");
            }
        });
        let ended = async {
            // In the middle of it, each time a little later.
            drop(acknowledged.acquire_many(1 + round * 3).await.unwrap());
            bob.delete("/v1/couple").await.expect(204);
            number_received(&bob).await
        };
        let (sent, at_the_end) = tokio::join!(raced(senders), ended);
        execute(&app, "drop trigger if exists t").await;
        app.settle().await;
        delivered += sent.iter().sum::<usize>();
        assert_eq!(at_the_end, delivered, "each acknowledged note is there when the end is acknowledged");
        assert_eq!(number_received(&bob).await, delivered, "and no other comes after it");
        are_apart(&ana, &bob).await;
    }
}

async fn number_received(of: &Actor) -> usize {
    let (mut count, mut cursor) = (0, String::new());
    loop {
        let page = of.get(&format!("/v1/notes?box=received&limit=100{cursor}")).await.expect(200);
        count += page.data().len();
        match page.at("/next_cursor").as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return count,
        }
    }
}
