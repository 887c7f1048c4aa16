//! Scheduled notes and the end of a couple: they wait for their author, and reach nobody else.

use crate::schedule::{at, cancel, get, list, patch, premiere, schedule};
use base::time::{DAY, HOUR, MINUTE};
use serde_json::{Value, json};
use testkit::{Actor, Couple, Fail};

const SOON: &str = "13:00";

async fn notes(actor: &Actor) -> usize {
    let page = actor.another_device().await.get("/v1/notes?limit=100").await.expect(200);
    page.data().len()
}

async fn status(actor: &Actor, id: &str) -> (String, Value) {
    let it = get(&actor.another_device().await, id).await.expect(200);
    (it.text("/status"), it.at("/failure_reason"))
}

fn paused() -> (String, Value) {
    ("paused".to_owned(), json!("partner_gone"))
}

#[tokio::test]
async fn an_unlink_pauses_what_either_had_scheduled() {
    let Couple { app, alice, bob, .. } = premiere().await;
    app.grant_plan(&bob, "premiere").await;
    let hers = schedule(&alice, at("2026-11-22", SOON, "UTC")).await.expect(201).text("/id");
    let his = schedule(&bob, at("2026-11-22", SOON, "UTC")).await.expect(201).text("/id");
    app.settle().await;
    alice.delete("/v1/couple").await.expect(204);
    // At once, before any background work.
    assert_eq!((status(&alice, &hers).await, status(&bob, &his).await), (paused(), paused()));
    app.settle().await;
    app.advance(2 * HOUR);
    app.settle().await;
    assert_eq!((notes(&alice).await, notes(&bob).await), (0, 0));
    let alice = alice.another_device().await;
    assert_eq!(list(&alice, "paused").await, [&*hers]);
    // Without a partner it can only be cancelled.
    assert_eq!(patch(&alice, &hers, json!({ "time": "20:00" })).await.problem(409, "conflict")["reason"], "no_partner");
    alice.post(&format!("/v1/scheduled-notes/{hers}/retry"), Value::Null).await.problem(409, "conflict");
    cancel(&alice, &hers).await.expect(204);
    assert_eq!(list(&alice, "cancelled").await, [hers]);
    app.settle().await;
}

#[tokio::test]
async fn a_new_partner_gets_it_only_when_it_is_addressed_anew() {
    let Couple { app, alice, bob, stranger, .. } = premiere().await;
    let left = schedule(&alice, at("2026-11-22", SOON, "UTC")).await.expect(201).text("/id");
    let meant = schedule(&alice, at("2026-11-22", SOON, "UTC")).await.expect(201).text("/id");
    bob.delete("/v1/couple").await.expect(204);
    app.settle().await;
    app.link(&alice, &stranger).await;
    // Its old time still holds; one that has passed does not.
    let again = patch(&alice, &meant, json!({ "content": "For you" })).await.expect(200);
    assert_eq!((again.text("/status"), again.text("/recipient")), ("scheduled".into(), stranger.id.clone()));
    assert_eq!(again.at("/failure_reason"), Value::Null);
    app.advance(HOUR + MINUTE);
    app.settle().await;
    assert_eq!((notes(&bob).await, notes(&stranger).await), (0, 1));
    assert_eq!((status(&alice, &left).await, status(&alice, &meant).await.0), (paused(), "sent".to_owned()));
    let alice = alice.another_device().await;
    patch(&alice, &left, json!({ "content": "Late" })).await.invalid(&[("/time", "too_soon")]);
    patch(&alice, &left, json!({ "date": "2026-11-23" })).await.expect(200);
    app.advance(2 * DAY);
    app.settle().await;
    assert_eq!((notes(&bob).await, notes(&stranger).await), (0, 2));
    app.settle().await;
}

#[tokio::test]
async fn a_link_renewed_between_the_same_two_does_not_revive_it() {
    let Couple { app, alice, bob, .. } = premiere().await;
    let id = schedule(&alice, at("2026-11-22", SOON, "UTC")).await.expect(201).text("/id");
    bob.delete("/v1/couple").await.expect(204);
    app.settle().await;
    app.link(&alice, &bob).await;
    app.advance(2 * HOUR);
    app.settle().await;
    assert_eq!((status(&alice, &id).await, notes(&bob).await), (paused(), 0));
    app.settle().await;
}

#[tokio::test]
async fn an_unlink_stops_what_is_being_repeated() {
    let Couple { app, alice, bob, .. } = premiere().await;
    let id = schedule(&alice, at("2026-11-22", SOON, "UTC")).await.expect(201).text("/id");
    app.settle().await;
    app.advance(HOUR);
    app.faults().notes.fail_times(Fail::Fault(ports::Fault::Unavailable), 1);
    app.settle().await;
    app.faults().notes.heal();
    assert_eq!(status(&alice, &id).await.0, "sending");
    alice.another_device().await.delete("/v1/couple").await.expect(204);
    assert_eq!(status(&alice, &id).await, paused());
    app.settle().await;
    app.advance(DAY);
    app.settle().await;
    assert_eq!((status(&alice, &id).await, notes(&bob).await), (paused(), 0));
    app.settle().await;
}

#[tokio::test]
async fn an_unlink_at_the_very_minute_lets_none_slip_past() {
    // The two race; whichever comes first, afterwards a note was either sent before the end or never.
    for yields in 0..12 {
        let Couple { app, alice, bob, .. } = premiere().await;
        let id = schedule(&alice, at("2026-11-22", "12:10", "UTC")).await.expect(201).text("/id");
        app.settle().await;
        let other = app.another_node().await;
        app.advance(10 * MINUTE);
        let unlink = async {
            for _ in 0..yields {
                tokio::task::yield_now().await;
            }
            alice.delete("/v1/couple").await.expect(204);
            // From here on nothing may come any more.
            notes(&bob).await
        };
        let (before, _) = tokio::join!(Box::pin(unlink), Box::pin(other.settle_with_failures()));
        app.settle().await;
        app.advance(HOUR);
        app.settle().await;
        assert_eq!(notes(&bob).await, before, "{yields} yields");
        let (status, _) = status(&alice, &id).await;
        assert_eq!(status, if before == 1 { "sent" } else { "paused" }, "{yields} yields");
        app.settle().await;
    }
}
