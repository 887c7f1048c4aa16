//! What members see of each other, and what a couple sees of itself.

use crate::identity::execute;
use base::time::DAY;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use testkit::{Actor, Couple, TestApp};

async fn fill(who: &Actor) {
    let body = json!({
        "bio": "Tea", "location": "Porto", "relationship_status": "married", "anniversary_date": "2019-06-21",
        "partner_name": "Robert", "partner_email": "secret-partner@example.com", "love_language": "quality_time",
        "date_frequency": "weekly", "communication_style": "direct", "conflict_resolution": "a walk",
        "interests": ["hiking"],
    });
    who.patch("/v1/me", body).await.expect(200);
}

#[tokio::test]
async fn members_see_the_public_subset_and_nothing_else() {
    let Couple { app, alice, bob, stranger, anon, .. } = TestApp::couple().await;
    fill(&alice).await;
    let path = format!("/v1/members/{}", alice.id);
    let since = alice.get("/v1/me").await.expect(200).at("/created_at");
    let expected = json!({
        "id": alice.id, "name": "Alice", "avatar_url": null, "avatar_thumbnail_url": null, "bio": "Tea",
        "location": "Porto", "relationship_status": "married", "love_language": "quality_time",
        "interests": ["hiking"], "member_since": since,
    });
    for who in [&alice, &bob, &stranger] {
        assert_eq!(who.get(&path).await.expect(200).json(), expected, "{}", who.name);
    }
    anon.get(&path).await.problem(401, "unauthenticated");
    app.settle().await;
}

#[tokio::test]
async fn who_is_unknown_or_not_active_is_not_found() {
    let app = TestApp::new().await;
    let (ana, ben) = (app.member("Ana").await, app.member("Ben").await);
    ana.get("/v1/members/mem_01hf7yat00000000000000000a").await.problem(404, "not_found");
    ana.get("/v1/members/nobody").await.problem(404, "not_found");
    let path = format!("/v1/members/{}", ben.id);
    execute(&app, "update accounts set user_type = 'influencer' where email_key = 'ben@example.com'").await;
    assert_eq!(ana.get(&path).await.expect(200).at("/name"), "Ben");
    execute(&app, "update accounts set is_active = false where email_key = 'ben@example.com'").await;
    ana.get(&path).await.problem(404, "not_found");
}

#[tokio::test]
async fn visibility_decides_who_finds_it() {
    let Couple { app, alice, bob, stranger, former, .. } = TestApp::couple().await;
    let path = format!("/v1/members/{}", alice.id);
    for (sql, seen) in [
        ("update profiles set visibility = 'everyone'", [200, 200, 200, 200]),
        ("update profiles set visibility = 'friends'", [200, 200, 404, 404]),
        ("update profiles set visibility = 'partner'", [200, 200, 404, 404]),
        ("update profiles set visibility = 'nobody'", [200, 404, 404, 404]),
    ] {
        execute(&app, sql).await;
        let mut statuses = Vec::new();
        for who in [&alice, &bob, &former, &stranger] {
            statuses.push(who.get(&path).await.status());
        }
        assert_eq!(statuses, seen, "{sql}");
    }
    // The couple's own page is not affected, until there is none.
    assert_eq!(bob.get("/v1/couple").await.expect(200).at("/partner/name"), "Alice");
    execute(&app, "update profiles set visibility = 'partner'").await;
    bob.get(&path).await.expect(200);
    alice.delete("/v1/couple").await.expect(204);
    bob.get(&path).await.problem(404, "not_found");
    app.settle().await;
}

#[tokio::test]
async fn a_reader_is_spared_what_has_not_changed() {
    let Couple { app, alice, bob, .. } = TestApp::couple().await;
    let path = format!("/v1/members/{}", alice.id);
    let tag = bob.get(&path).await.expect(200).header("etag").unwrap().to_owned();
    let same = bob.get(&path).header("if-none-match", &tag).await.expect(304);
    assert!(same.bytes().is_empty() && same.header("etag") == Some(&*tag));
    alice.patch("/v1/me", json!({ "bio": "x" })).await.expect(200);
    let changed = bob.get(&path).header("if-none-match", &tag).await.expect(200);
    assert_ne!(changed.header("etag"), Some(&*tag));
    app.settle().await;
}

/// Names of the members of an object.
fn names(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[tokio::test]
async fn a_couple_sees_both_profiles_side_by_side() {
    let Couple { app, alice, bob, .. } = TestApp::couple().await;
    fill(&alice).await;
    bob.patch("/v1/me", json!({ "anniversary_date": "2019-06-22" })).await.expect(200);
    let (of_alice, of_bob) = (alice.get("/v1/couple").await.expect(200), bob.get("/v1/couple").await.expect(200));
    assert_eq!((of_alice.at("/me"), of_alice.at("/partner")), (of_bob.at("/partner"), of_bob.at("/me")));
    let public = bob.get(&format!("/v1/members/{}", alice.id)).await.expect(200).json();
    let half = of_bob.at("/partner");
    for (name, value) in public.as_object().unwrap() {
        assert_eq!(half[name], *value, "{name}");
    }
    let more: Vec<_> = names(&half).difference(&names(&public)).copied().collect();
    assert_eq!(more, ["anniversary_date"]);
    assert_eq!(of_bob.at("/anniversary_differs"), true);
    for answer in [&of_alice, &of_bob] {
        assert!(!answer.body().contains("secret-partner@example.com"), "{answer:?}");
        assert_eq!(answer.at("/latest_memories"), json!([]));
        let next = json!(["love_language_quiz", "plan_date", "create_memory", "set_goals"]);
        assert_eq!(answer.at("/recommendations"), next);
        assert_eq!(answer.at("/invitation/initiated_by"), alice.id);
    }
    // The address that was invited is for who typed it.
    assert_eq!((of_alice.at("/invitation/email"), of_bob.at("/invitation/email")), (json!(bob.email), Value::Null));
    bob.patch("/v1/me", json!({ "love_language": "quality_time" })).await.expect(200);
    assert_eq!(bob.get("/v1/couple").await.at("/recommendations/0"), "plan_date");
    app.settle().await;
}

#[tokio::test]
async fn the_couples_statistics_are_of_this_couple() {
    let app = TestApp::new().await;
    let (alice, bob, former) = (app.member("Alice").await, app.member("Bob").await, app.member("Former").await);
    app.link(&alice, &former).await;
    alice.sends("Then").await;
    former.sends("Then").await;
    alice.delete("/v1/couple").await.expect(204);
    app.settle().await;
    app.advance(60_000);
    app.link(&alice, &bob).await;
    let stats = async |who: &Actor| who.get("/v1/couple").await.expect(200).at("/stats");
    let none = json!({
        "days_linked": 0, "love_notes_from_me": 0, "love_notes_from_partner": 0, "love_notes_exchanged": 0,
        "memories": 0,
    });
    assert_eq!(stats(&alice).await, none);
    for content in ["One", "Two"] {
        alice.sends(content).await;
    }
    bob.sends("Three").await;
    app.settle().await;
    app.advance(3 * DAY + 1);
    let (alice, bob) = (alice.renewed().await, bob.renewed().await);
    let seen = |mine: i64, theirs: i64| {
        json!({ "days_linked": 3, "love_notes_from_me": mine, "love_notes_from_partner": theirs,
                "love_notes_exchanged": 3, "memories": 0 })
    };
    assert_eq!((stats(&alice).await, stats(&bob).await), (seen(2, 1), seen(1, 2)));
    assert_eq!(alice.get("/v1/me").await.expect(200).at("/stats/love_notes_sent"), 3);
    app.settle().await;
}
