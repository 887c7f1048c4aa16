//! History over all channels, and the statistics of own notes.

use crate::notes_channels::{MUM, PHONE, send};
use base::time::DAY;
use rand::{Rng as _, SeedableRng as _, rngs::SmallRng};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use testkit::{Actor, Couple, Fail, TestApp};

async fn statistics(actor: &Actor) -> Value {
    actor.another_device().await.get("/v1/notes/statistics").await.expect(200).json()
}

fn channel<'a>(statistics: &'a Value, name: &str) -> &'a Value {
    statistics["channels"].as_array().unwrap().iter().find(|c| c["channel"] == name).unwrap()
}

/// Every page of a list. None but the last may lack a cursor, and none but an only one may be empty.
async fn walk(actor: &Actor, query: &str, limit: usize) -> Vec<String> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = actor.get(&format!("/v1/notes?{query}&limit={limit}{cursor}")).await.expect(200);
        let data = page.data();
        let next = page.at("/next_cursor");
        assert!(!data.is_empty() || (all.is_empty() && next.is_null()), "{query}: an empty page");
        assert!(next.is_null() || data.len() == limit, "{query}: a page that is not full");
        all.extend(data.iter().map(|note| note["id"].as_str().unwrap().to_owned()));
        match next.as_str() {
            None => return all,
            Some(next) => cursor = format!("&cursor={next}"),
        }
    }
}

#[tokio::test]
async fn the_history_mixes_channels_and_filters_find_the_few_among_many() {
    let seed: u64 = rand::random();
    let mut random = SmallRng::seed_from_u64(seed);
    let Couple { app, alice, bob, .. } = TestApp::couple().await;
    app.grant_plan(&alice, "exclusive").await;
    app.faults().mail.fail(Fail::Fault(ports::Fault::Refused));
    // Newest first: id, channel, status.
    let mut all: Vec<(String, &str, &str)> = Vec::new();
    for _ in 0..150 {
        app.advance(random.random_range(0..3));
        let note = match random.random_range(0..20) {
            0 => (send(&alice, "sms", Some(PHONE)).await.expect(201).text("/id"), "sms", "delivered"),
            1 => (send(&alice, "email", Some(MUM)).await.expect(201).text("/id"), "email", "failed"),
            2 => (send(&alice, "tiktok", None).await.expect(201).text("/id"), "tiktok", "sent"),
            3 => {
                let id = alice.sends("Open me").await;
                bob.post(&format!("/v1/notes/{id}/open"), Value::Null).await.expect(200);
                (id, "partner", "opened")
            }
            _ => (alice.sends("Hello").await, "partner", "delivered"),
        };
        all.insert(0, note);
    }
    app.settle().await;
    let fits = |status: &str, wanted: &str| match wanted {
        "" => true,
        "sent" => matches!(status, "sent" | "delivered"),
        _ => status == wanted,
    };
    for channel in ["", "partner", "sms", "email", "tiktok", "linkedin"] {
        for status in ["", "sent", "delivered", "opened", "failed"] {
            let wanted: Vec<_> = all
                .iter()
                .filter(|(_, c, s)| (channel.is_empty() || *c == channel) && fits(s, status))
                .map(|(id, ..)| id.clone())
                .collect();
            let query = format!("box=sent&channel={channel}&status={status}");
            for limit in [1 + random.random_range(0..7), 100] {
                assert_eq!(walk(&alice, &query, limit).await, wanted, "{query}, seed {seed}");
            }
            let received = format!("box=received&channel={channel}&status={status}");
            let partner: Vec<_> = all.iter().filter(|(id, c, _)| *c == "partner" && wanted.contains(id)).collect();
            assert_eq!(walk(&bob, &received, 40).await.len(), partner.len(), "{received}, seed {seed}");
        }
    }
    // The statistics say the same, without having read a note.
    let statistics = statistics(&alice).await;
    let mut counts: BTreeMap<(&str, &str), i64> = BTreeMap::new();
    for (_, channel, status) in &all {
        *counts.entry((channel, status)).or_default() += 1;
    }
    for name in ["partner", "sms", "email", "tiktok", "linkedin"] {
        let one = channel(&statistics, name);
        for status in ["sent", "delivered", "opened", "failed"] {
            assert_eq!(
                one[status],
                json!(counts.get(&(name, status)).copied().unwrap_or(0)),
                "{name} {status}, {seed}"
            );
        }
    }
    assert_eq!(statistics["total"], json!(all.len()));
    app.settle().await;
}

#[tokio::test]
async fn statistics_follow_what_happens() {
    let Couple { app, alice, bob, .. } = TestApp::couple().await;
    let empty = statistics(&alice).await;
    for member in ["total", "sent", "delivered", "opened", "failed", "replied", "templates_used", "this_month"] {
        assert_eq!(empty[member], 0, "{member}");
    }
    assert_eq!(empty["channels"].as_array().unwrap().len(), 9);
    let template = alice.get("/v1/note-templates?limit=1").await.expect(200).text("/data/0/id");
    let body = json!({ "channel": "partner", "content": "x", "template_id": template });
    let first = alice.post("/v1/notes", body.clone()).key("once").await.expect(201);
    alice.post("/v1/notes", body).key("once").await.expect(201);
    alice.sends("Two").await;
    send(&alice, "sms", Some(PHONE)).await.expect(201);
    let waiting = statistics(&alice).await;
    assert_eq!((&channel(&waiting, "sms")["sent"], &channel(&waiting, "sms")["delivered"]), (&json!(1), &json!(0)));
    app.settle().await;
    for _ in 0..2 {
        // Opening twice is opening once.
        bob.post(&format!("/v1/notes/{}/open", first.text("/id")), Value::Null).await.expect(200);
    }
    let reply = json!({ "channel": "partner", "content": "You too", "reply_to": first.text("/id") });
    bob.post("/v1/notes", reply).await.expect(201);
    let hers = statistics(&alice).await;
    let expected = [
        ("total", 3),
        ("sent", 0),
        ("delivered", 2),
        ("opened", 1),
        ("failed", 0),
        ("replied", 1),
        ("templates_used", 1),
        ("this_month", 3),
    ];
    for (member, value) in expected {
        assert_eq!(hers[member], value, "{member} of {hers}");
    }
    let his = statistics(&bob).await;
    assert_eq!((&his["total"], &his["replied"], &his["opened"]), (&json!(1), &json!(0), &json!(0)));
    // Next month the sums stay.
    app.advance(20 * DAY);
    let later = statistics(&alice).await;
    assert_eq!((&later["total"], &later["this_month"]), (&json!(3), &json!(0)));
    // And in a year.
    app.advance(400 * DAY);
    app::work::reconcile(app.core()).await;
    assert_eq!(statistics(&alice).await["total"], 3);
    app.settle().await;
}

#[tokio::test]
async fn a_lifetime_window_has_no_month() {
    let app = TestApp::with(|settings| settings.notes.window = app::settings::Window::Lifetime).await;
    let Couple { app, alice, .. } = app.with_couple().await;
    alice.sends("One").await;
    let statistics = statistics(&alice).await;
    assert_eq!((&statistics["total"], &statistics["this_month"]), (&json!(1), &Value::Null));
    app.settle().await;
}
