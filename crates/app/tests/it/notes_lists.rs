//! Lists of love notes: pages, filters, cursors.

use rand::{Rng as _, SeedableRng as _, rngs::SmallRng};
use serde_json::{Value, json};
use testkit::{Actor, Couple, TestApp};

fn id(note: &Value) -> String {
    note["id"].as_str().unwrap().to_owned()
}

/// Every page of a list, with limits by chance; `between` runs after each page.
async fn walk(actor: &Actor, query: &str, random: &mut SmallRng, mut between: impl AsyncFnMut()) -> Vec<Value> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let limit: usize = random.random_range(1..=12);
        let page = actor.get(&format!("/v1/notes?limit={limit}{query}{cursor}")).await.expect(200);
        let data = page.data();
        assert!(data.len() <= limit, "{page:?}");
        all.extend(data);
        match page.at("/next_cursor").as_str() {
            None => return all,
            Some(next) => cursor = format!("&cursor={next}"),
        }
        between().await;
    }
}

#[tokio::test]
async fn pages_hold_every_note_once_newest_first_also_while_notes_come() {
    let seed: u64 = rand::random();
    let mut random = SmallRng::seed_from_u64(seed);
    let Couple { app, alice, bob, .. } = TestApp::couple().await;
    app.grant_plan(&alice, "premiere").await;
    let mut sent = Vec::new();
    for n in 0..60 {
        // Several in one millisecond, and some apart.
        app.advance(random.random_range(0..3));
        sent.insert(0, alice.sends(&format!("Note {n}")).await);
    }
    for (actor, query) in [(&alice, "&box=sent"), (&bob, ""), (&bob, "&box=received"), (&bob, "&channel=partner")] {
        let all: Vec<_> = walk(actor, query, &mut random, async || {}).await.iter().map(id).collect();
        assert_eq!(all, sent, "seed {seed}");
    }
    // What comes meanwhile is newer than the first page, so it is on none of the later ones.
    let news = walk(&bob, "", &mut random, async || drop(alice.sends("News").await)).await;
    assert_eq!(news.iter().map(id).collect::<Vec<_>>(), sent, "seed {seed}");
    app.settle().await;
}

#[tokio::test]
async fn a_status_finds_the_notes_that_show_it() {
    let seed: u64 = rand::random();
    let mut random = SmallRng::seed_from_u64(seed);
    let Couple { app, alice, bob, .. } = TestApp::couple().await;
    app.grant_plan(&alice, "exclusive").await;
    let (mut opened, mut waiting) = (Vec::new(), Vec::new());
    for n in 0..70 {
        let note = alice.sends(&format!("Note {n}")).await;
        // Rarely, so that a page must look far for the next.
        if random.random_bool(0.1) {
            bob.post(&format!("/v1/notes/{note}/open"), Value::Null).await.expect(200);
            opened.insert(0, note);
        } else {
            waiting.insert(0, note);
        }
    }
    for (actor, side) in [(&alice, "sent"), (&bob, "received")] {
        let mut found = async |filter: &str| -> Vec<String> {
            walk(actor, &format!("&box={side}&{filter}"), &mut random, async || {}).await.iter().map(id).collect()
        };
        assert_eq!(found("status=opened").await, opened, "seed {seed}");
        assert_eq!(found("status=delivered").await, waiting, "seed {seed}");
        assert_eq!(found("status=sent&channel=partner").await, waiting, "seed {seed}");
        assert!(found("status=failed").await.is_empty() && found("channel=sms").await.is_empty());
        // A filter fills its page, however far apart its notes lie.
        let page = actor.get(&format!("/v1/notes?box={side}&status=opened&limit=100")).await.expect(200);
        assert_eq!((page.data().len(), page.at("/next_cursor")), (opened.len(), Value::Null), "seed {seed}");
    }
    app.settle().await;
}

#[tokio::test]
async fn a_page_holds_50_unless_said_and_100_at_most() {
    let Couple { app, alice, bob, .. } = TestApp::couple().await;
    app.grant_plan(&alice, "premiere").await;
    for n in 0..101 {
        alice.sends(&format!("Note {n}")).await;
    }
    for (query, count) in [("", 50), ("?limit=100", 100), ("?limit=1", 1)] {
        let page = bob.get(&format!("/v1/notes{query}")).await.expect(200);
        assert_eq!(page.data().len(), count);
        assert!(page.at("/next_cursor").is_string());
    }
    bob.get("/v1/notes?limit=0").await.invalid(&[("/query/limit", "out_of_range")]);
    bob.get("/v1/notes?limit=101").await.invalid(&[("/query/limit", "out_of_range")]);
    bob.get("/v1/notes?limit=ten").await.invalid(&[("/query/limit", "wrong_type")]);
    bob.get("/v1/notes?box=outbox&status=lost&channel=pigeon").await.invalid(&[
        ("/query/box", "unknown_value"),
        ("/query/status", "unknown_value"),
        ("/query/channel", "unknown_value"),
    ]);
    app.settle().await;
}

#[tokio::test]
async fn a_cursor_is_good_for_one_list_of_one_member() {
    let Couple { app, alice, bob, stranger, .. } = TestApp::couple().await;
    for n in 0..3 {
        alice.sends(&format!("Note {n}")).await;
    }
    let cursor = bob.get("/v1/notes?limit=1").await.expect(200).text("/next_cursor");
    bob.get(&format!("/v1/notes?limit=2&cursor={cursor}")).await.expect(200);
    let refused = &[("/query/cursor", "invalid_cursor")];
    let elsewhere =
        ["/v1/notes?box=sent", "/v1/notes?status=opened", "/v1/notes?channel=partner", "/v1/scheduled-notes?"];
    for list in elsewhere {
        bob.get(&format!("{list}&cursor={cursor}")).await.invalid(refused);
    }
    for foreigner in [&alice, &stranger] {
        foreigner.get(&format!("/v1/notes?cursor={cursor}")).await.invalid(refused);
    }
    let mangled = format!("{}A", &cursor[..cursor.len() - 1]);
    for bad in ["x", "AAAAAAAAAAAAAAAAAAAA", &mangled, &cursor[..8], &format!("{cursor}{cursor}")] {
        if bad != cursor {
            bob.get(&format!("/v1/notes?cursor={bad}")).await.invalid(refused);
        }
    }
    // Another node reads it; it outlives a restart.
    let restarted = app.another_node().await;
    let again = Actor { app: restarted.clone(), ..bob.clone() };
    assert_eq!(again.get(&format!("/v1/notes?limit=5&cursor={cursor}")).await.expect(200).data().len(), 2);
    app.settle().await;
}

#[tokio::test]
async fn boxes_are_apart() {
    let Couple { app, alice, bob, .. } = TestApp::couple().await;
    let first = alice.sends("To Bob").await;
    let second = bob.sends("To Alice").await;
    let both = async |actor: &Actor| {
        let page = |side| actor.get(&format!("/v1/notes?box={side}"));
        (
            page("sent").await.expect(200).data().iter().map(id).collect::<Vec<_>>(),
            page("received").await.expect(200).data().iter().map(id).collect::<Vec<_>>(),
        )
    };
    assert_eq!(both(&alice).await, (vec![first.clone()], vec![second.clone()]));
    assert_eq!(both(&bob).await, (vec![second], vec![first]));
    assert_eq!(alice.get("/v1/notes?box=").await.expect(200).data().len(), 1, "empty: the default");
    let echo = alice.get("/v1/notes?unknown=1").await.expect(200);
    assert_eq!(echo.at("/data/0/sender_id"), json!(bob.id));
    app.settle().await;
}
