//! The own profile: fields and their limits, completion, statistics, suggestions, and who hears of a change.

use crate::identity::{execute, number, told};
use base::time::{DAY, HOUR};
use serde_json::{Value, json};
use testkit::{Actor, Couple, TestApp};

/// Everything of a profile but the picture.
pub fn full() -> Value {
    json!({
        "bio": "Tea, mostly.", "location": "Porto", "relationship_status": "married",
        "anniversary_date": "2019-06-21", "partner_name": "Ben", "partner_email": "ben@example.com",
        "love_language": "quality_time", "date_frequency": "weekly", "communication_style": "direct",
        "conflict_resolution": "a walk", "interests": ["hiking", "films"],
    })
}

async fn patch(who: &Actor, body: Value) -> Value {
    who.patch("/v1/me", body).await.expect(200).json()
}

#[tokio::test]
async fn every_field_is_kept_and_cleared() {
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    let before = ana.get("/v1/me").await.expect(200).json();
    let after = patch(&ana, full()).await;
    for (key, value) in full().as_object().unwrap() {
        assert_eq!(after[key], *value, "{key}");
    }
    assert_eq!(ana.get("/v1/me").await.json(), after);
    assert_eq!(after["member_since"], after["created_at"]);
    // An echo of the whole object changes nothing but the time.
    let echoed = patch(&ana, after.clone()).await;
    assert_eq!(echoed, after);
    for empty in [json!(""), Value::Null] {
        patch(&ana, full()).await;
        let mut body = json!({});
        for (key, value) in full().as_object().unwrap() {
            let none = if value.is_array() && !empty.is_null() { json!([]) } else { empty.clone() };
            body[key] = none;
        }
        let cleared = patch(&ana, body).await;
        for key in full().as_object().unwrap().keys() {
            assert_eq!(cleared[key], before[key], "{key} with {empty}");
        }
    }
    app.settle().await;
}

#[tokio::test]
async fn limits_are_in_code_points_and_all_named_at_once() {
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    let limits = [
        ("name", 120),
        ("bio", 2000),
        ("location", 120),
        ("partner_name", 120),
        ("date_frequency", 200),
        ("communication_style", 200),
        ("conflict_resolution", 200),
    ];
    let (mut longest, mut longer) = (json!({}), json!({}));
    for (field, limit) in limits {
        longest[field] = "😀".repeat(limit).into();
        longer[field] = "😀".repeat(limit + 1).into();
    }
    longest["interests"] = (0..50).map(|i| format!("{i:é<50}")).collect();
    let kept = patch(&ana, longest).await;
    assert_eq!(kept["interests"].as_array().unwrap().len(), 50);
    assert_eq!(kept["bio"].as_str().unwrap().chars().count(), 2000);

    longer["interests"] = (0..51).map(|i| format!("i{i}")).collect();
    let mut wrong: Vec<_> = limits.map(|(field, _)| (format!("/{field}"), "too_long")).into();
    wrong.push(("/interests".to_owned(), "too_long"));
    for (field, value, code) in [
        ("relationship_status", "widowed", "unknown_value"),
        ("love_language", "touch", "unknown_value"),
        ("anniversary_date", "2026-02-30", "invalid_date"),
        ("partner_email", "ben", "invalid_email"),
        ("timezone", "Mars/Olympus", "invalid_zone"),
        ("language", "tlh", "unknown_value"),
    ] {
        longer[field] = value.into();
        wrong.push((format!("/{field}"), code));
    }
    let wrong: Vec<_> = wrong.iter().map(|(pointer, code)| (&**pointer, *code)).collect();
    ana.patch("/v1/me", longer).await.invalid(&wrong);
    for (interests, code) in [(json!(["x".repeat(51)]), "too_long"), (json!([" "]), "required")] {
        ana.patch("/v1/me", json!({ "interests": interests })).await.invalid(&[("/interests", code)]);
    }
    ana.patch("/v1/me", json!({ "name": " " })).await.invalid(&[("/name", "required")]);
    // What was refused left nothing.
    assert_eq!(ana.get("/v1/me").await.json()["bio"], kept["bio"]);
    let twice = patch(&ana, json!({ "interests": ["tea", " tea ", "Tea"], "language": "nl" })).await;
    assert_eq!((&twice["interests"], &twice["language"]), (&json!(["tea", "Tea"]), &json!("en")));
    app.settle().await;
}

/// Facts of this name on the stream.
async fn facts(app: &TestApp, name: &str) -> usize {
    let mut count = 0;
    for partition in 0..app::topics::USER.partitions {
        let read = app.core().ports.stream.read(app::topics::USER, partition, "test", None, 1_000).await.unwrap();
        count += read.iter().filter(|r| String::from_utf8_lossy(&r.body).contains(&format!("\"{name}\""))).count();
    }
    count
}

#[tokio::test]
async fn completion_counts_fourteen_fields_and_tells_the_first_time() {
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    let completion = async || ana.get("/v1/me/completion").await.expect(200).json();
    let empty = completion().await;
    assert_eq!((&empty["completed"], &empty["total"], &empty["percentage"]), (&json!(2), &json!(14), &json!(14)));
    assert_eq!(empty["missing"].as_array().unwrap().len(), 12);
    assert_eq!(empty["completed_at"], Value::Null);
    // One field after the other, the picture last.
    for (filled, (key, value)) in (3..).zip(full().as_object().unwrap()) {
        let after = patch(&ana, json!({ key: value })).await["completion"].clone();
        let percentage = [21, 29, 36, 43, 50, 57, 64, 71, 79, 86, 93][filled - 3];
        assert_eq!(after, json!({ "completed": filled, "total": 14, "percentage": percentage }), "{key}");
    }
    assert_eq!(completion().await["missing"], json!(["avatar_url"]));
    app.settle().await;
    assert_eq!(facts(&app, "profile.completed").await, 0);
    let picture = ana.call("PUT", "/v1/me/picture").header("content-type", "image/png");
    let me = picture.bytes(crate::profiles_pictures::png(8, 8)).await.expect(200).json();
    assert_eq!(me["completion"], json!({ "completed": 14, "total": 14, "percentage": 100 }));
    let first = completion().await["completed_at"].clone();
    assert_eq!(first, app.now().to_string());
    // Not again: neither after one was cleared and filled, nor when it is counted anew.
    app.advance(HOUR / 60);
    patch(&ana, json!({ "bio": "" })).await;
    assert_eq!(patch(&ana, json!({ "bio": "x" })).await["completion"]["completed"], 14);
    let forced = ana.post("/v1/me/completion", Value::Null).await.expect(200).json();
    assert_eq!((&forced["completed"], &forced["completed_at"]), (&json!(14), &first));
    app.settle().await;
    assert_eq!(facts(&app, "profile.completed").await, 1);
}

/// The link fills the partner's name, which may be the last field.
#[tokio::test]
async fn a_link_may_complete_a_profile() {
    let app = TestApp::new().await;
    let (ana, ben) = (app.member("Ana").await, app.member("Ben").await);
    let mut body = full();
    body["partner_name"] = "".into();
    patch(&ana, body).await;
    execute(&app, "update profiles set picture = 'x.jpg' where bio is not null").await;
    app.link(&ana, &ben).await;
    let done = ana.get("/v1/me/completion").await.expect(200).json();
    assert_eq!((&done["completed"], &done["completed_at"]), (&json!(14), &json!(app.now().to_string())));
    assert_eq!(facts(&app, "profile.completed").await, 1);
}

#[tokio::test]
async fn suggestions_stay_while_they_apply() {
    let app = TestApp::new().await;
    let (ana, ben) = (app.member("Ana").await, app.member("Ben").await);
    let seen = async || {
        let view = ana.get("/v1/me/completion").await.expect(200).json();
        (view["suggestions"].clone(), view["recommendations"].clone())
    };
    let all = json!(["add_bio", "connect_partner", "set_goals", "add_interests", "complete_preferences"]);
    let next = json!(["complete_profile", "love_language_quiz", "plan_date", "create_memory"]);
    assert_eq!(seen().await, (all, next.clone()));
    patch(&ana, json!({ "bio": "x", "interests": ["tea"], "love_language": "quality_time", "partner_name": "Ben" }))
        .await;
    let (cards, next) = seen().await;
    assert_eq!(cards, json!(["connect_partner", "set_goals", "complete_preferences"]));
    // The anniversary is still missing.
    assert_eq!(next, json!(["complete_profile", "plan_date", "create_memory"]));
    patch(&ana, full()).await;
    app.link(&ana, &ben).await;
    assert_eq!(seen().await, (json!(["set_goals"]), json!(["plan_date", "create_memory"])));
}

#[tokio::test]
async fn own_devices_and_the_partner_hear_of_a_change() {
    let Couple { app, alice, bob, stranger, former, .. } = TestApp::couple().await;
    let counts = async || {
        app.settle().await;
        let mut counts = Vec::new();
        for who in [&alice, &bob, &stranger, &former] {
            counts.push(told(&app, who, "profile.updated").await);
        }
        counts
    };
    let before = counts().await;
    let heard = async || counts().await.iter().zip(&before).map(|(now, then)| now - then).collect::<Vec<_>>();
    patch(&alice, json!({ "bio": "x" })).await;
    assert_eq!(heard().await, [1, 1, 0, 0]);
    alice.patch("/v1/me", json!({ "bio": 7 })).await.expect(422);
    assert_eq!(heard().await, [1, 1, 0, 0]);
    alice.patch("/v1/me/preferences", json!({ "partner_name": "Bobby" })).await.expect(200);
    alice.delete("/v1/me/picture").await.expect(204);
    assert_eq!(heard().await, [2, 2, 0, 0]);
}

#[tokio::test]
async fn the_statistics_count_what_was_done() {
    let Couple { app, alice, bob, .. } = TestApp::couple().await;
    let stats = async |who: &Actor| who.get("/v1/me").await.expect(200).json()["stats"].clone();
    let none = json!({ "love_notes_sent": 0, "memories_created": 0, "quizzes_taken": 0, "streak_days": 1 });
    assert_eq!(stats(&bob).await, none);
    let tag = alice.get("/v1/me").await.expect(200).header("etag").unwrap().to_owned();
    for i in 0..3 {
        alice.sends(&format!("{i}")).await;
    }
    assert_eq!(stats(&alice).await["love_notes_sent"], 3);
    assert_eq!(stats(&bob).await["love_notes_sent"], 0);
    // A note is no change of the profile.
    alice.patch("/v1/me", json!({ "bio": "x" })).header("if-match", &tag).await.expect(200);
    app.settle().await;
}

/// Far more notes than one page of counting, so that the count is noted down, and goes on from there.
#[tokio::test]
async fn many_notes_are_counted_once() {
    let Couple { app, alice, .. } = TestApp::couple().await;
    app.grant_plan(&alice, "exclusive").await;
    let sent = async || alice.get("/v1/me").await.expect(200).at("/stats/love_notes_sent");
    for i in 0..120 {
        alice.sends(&format!("{i}")).await;
    }
    assert_eq!(sent().await, 120);
    app.advance(6 * HOUR / 60);
    assert_eq!(sent().await, 120);
    for i in 0..5 {
        alice.sends(&format!("later {i}")).await;
        assert_eq!(sent().await, 121 + i);
    }
    app.settle().await;
}

#[tokio::test]
async fn a_streak_grows_by_days_with_a_sign_in_and_ends_with_a_missed_one() {
    let app = TestApp::new().await;
    let mut ana = app.member("Ana").await;
    let streak = async |who: &Actor| who.get("/v1/me").await.expect(200).at("/stats/streak_days");
    assert_eq!(streak(&ana).await, 1);
    ana = ana.another_device().await;
    assert_eq!(streak(&ana).await, 1);
    app.advance(DAY);
    ana = ana.another_device().await;
    assert_eq!(streak(&ana).await, 2);
    // Somebody who stays signed in comes back as well.
    app.advance(DAY);
    ana = ana.renewed().await;
    assert_eq!(streak(&ana).await, 3);
    app.advance(HOUR);
    ana = ana.renewed().await;
    assert_eq!(streak(&ana).await, 3);
    app.advance(2 * DAY);
    let device = ana.renewed().await;
    assert_eq!(streak(&device).await, 1);
    app.settle().await;
}

/// Midnight is where the member lives.
#[tokio::test]
async fn a_day_of_a_streak_is_a_local_one() {
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    patch(&ana, json!({ "timezone": "Pacific/Auckland" })).await;
    app.settle().await;
    // Noon in London is past midnight in Auckland.
    let midnight = 12 * HOUR - app.now().0 % DAY;
    app.advance(midnight.rem_euclid(DAY));
    let ana = ana.another_device().await;
    assert_eq!(ana.get("/v1/me").await.at("/stats/streak_days"), 2);
    app.settle().await;
}

#[tokio::test]
async fn a_professional_is_told_why() {
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    execute(&app, "update accounts set user_type = 'therapist'").await;
    let me = ana.get("/v1/me").await.expect(200).json();
    assert_eq!((&me["user_type"], &me["profile_closed"]), (&json!("therapist"), &json!("regular_members_only")));
    for body in [json!({ "bio": "x" }), json!({ "interests": [] }), json!({ "name": "Eve", "location": null })] {
        let problem = ana.patch("/v1/me", body).await.problem(403, "forbidden");
        assert_eq!(problem["reason"], "regular_members_only");
    }
    let picture = ana.call("PUT", "/v1/me/picture").header("content-type", "image/png");
    let refused = [picture.bytes(crate::profiles_pictures::png(8, 8)).await, ana.delete("/v1/me/picture").await];
    for answer in refused {
        assert_eq!(answer.problem(403, "forbidden")["reason"], "regular_members_only");
    }
    // The account itself is theirs.
    let named = patch(&ana, json!({ "name": "Dr. Ana", "language": "fr" })).await;
    assert_eq!((&named["name"], &named["language"]), (&json!("Dr. Ana"), &json!("fr")));
    assert_eq!(number(&app, "select count(*) from profiles where bio is not null or picture is not null").await, 0);
    app.settle().await;
}

/// For the directory: names in lower case, whatever the script.
#[tokio::test]
async fn names_are_kept_for_searching() {
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    assert_eq!(number(&app, "select count(*) from profiles where name_key = 'ana'").await, 1);
    patch(&ana, json!({ "name": "ÁNA Éclair" })).await;
    assert_eq!(number(&app, "select count(*) from profiles where name_key = 'ána éclair'").await, 1);
    app.settle().await;
}
