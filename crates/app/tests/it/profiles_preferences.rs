//! Preferences, the own activity, and the list of languages.

use serde_json::{Value, json};
use testkit::{Actor, Couple, TestApp};

#[tokio::test]
async fn preferences_are_kept_and_cleared() {
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    let read = async || ana.get("/v1/me/preferences").await.expect(200).json();
    let change = async |body: Value| ana.patch("/v1/me/preferences", body).await.expect(200).json();
    let empty = json!({
        "partner_name": null, "pet_name": null, "special_place": null, "favorite_activity_types": [],
        "recent_emojis": [], "language": "en", "updated_at": app.now().to_string(),
    });
    assert_eq!(read().await, empty);
    let all = json!({
        "partner_name": "Ben", "pet_name": " bear ", "special_place": "the pier",
        "favorite_activity_types": ["fun", "creative", "fun"], "recent_emojis": ["❤️", "😀", "❤️"], "language": "it",
        "updated_at": "2001-01-01T00:00:00.000Z", "member_id": "x", "theme": "dark",
    });
    let kept = change(all).await;
    let expected = json!({
        "partner_name": "Ben", "pet_name": "bear", "special_place": "the pier",
        "favorite_activity_types": ["creative", "fun"], "recent_emojis": ["❤️", "😀"], "language": "it",
        "updated_at": app.now().to_string(),
    });
    assert_eq!(kept, expected);
    assert_eq!(read().await, expected);
    // The partner's name is one value, wherever it is changed.
    assert_eq!(ana.get("/v1/me").await.at("/partner_name"), "Ben");
    assert_eq!(ana.get("/v1/me").await.at("/language"), "it");
    ana.patch("/v1/me", json!({ "partner_name": "Benny" })).await.expect(200);
    assert_eq!(read().await["partner_name"], "Benny");
    // A language that is not enabled is ignored.
    assert_eq!(change(json!({ "language": "nl", "pet_name": "x" })).await["language"], "it");
    let cleared = json!({
        "partner_name": "", "pet_name": null, "special_place": "", "favorite_activity_types": null,
        "recent_emojis": [], "language": "en",
    });
    assert_eq!(change(cleared).await, empty);
    app.settle().await;
}

#[tokio::test]
async fn preferences_have_limits() {
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    let longest = "é".repeat(80);
    let emojis: Vec<_> = (0..30_u32).map(|i| char::from_u32(0x1F600 + i).unwrap().to_string()).collect();
    let most = json!({
        "partner_name": longest, "pet_name": longest, "special_place": longest, "recent_emojis": emojis,
        "favorite_activity_types": ["creative", "learning", "fun", "growth", "memories", "celebration"],
    });
    let kept = ana.patch("/v1/me/preferences", most).await.expect(200).json();
    assert_eq!(kept["recent_emojis"], json!(emojis));
    assert_eq!(kept["favorite_activity_types"].as_array().unwrap().len(), 6);
    let longer = "é".repeat(81);
    let more: Vec<_> = emojis.iter().cloned().chain(["🫶".to_owned()]).collect();
    let wrong = json!({
        "partner_name": longer, "pet_name": longer, "special_place": longer, "recent_emojis": more,
        "favorite_activity_types": ["fun", "sport"], "language": "xx",
    });
    ana.patch("/v1/me/preferences", wrong).await.invalid(&[
        ("/partner_name", "too_long"),
        ("/pet_name", "too_long"),
        ("/special_place", "too_long"),
        ("/recent_emojis", "too_long"),
        ("/favorite_activity_types", "unknown_value"),
        ("/language", "unknown_value"),
    ]);
    for emoji in ["", "two words", "😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀"] {
        let body = json!({ "recent_emojis": [emoji] });
        ana.patch("/v1/me/preferences", body).await.invalid(&[("/recent_emojis", "unknown_value")]);
    }
    ana.patch("/v1/me/preferences", json!({ "recent_emojis": "😀" })).await.expect(422);
    assert_eq!(ana.get("/v1/me/preferences").await.expect(200).json(), kept);
    app.settle().await;
}

#[tokio::test]
async fn preferences_are_changed_in_the_version_that_was_seen() {
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    let seen = ana.get("/v1/me/preferences").await.expect(200).header("etag").unwrap().to_owned();
    app.advance(1);
    let change =
        |name: &str, tag: &str| ana.patch("/v1/me/preferences", json!({ "pet_name": name })).header("if-match", tag);
    let now = change("One", &seen).await.expect(200).header("etag").unwrap().to_owned();
    assert_ne!(now, seen);
    change("Two", &seen).await.problem(412, "precondition_failed");
    assert_eq!(change("Three", &now).await.expect(200).at("/pet_name"), "Three");
    app.settle().await;
}

async fn kinds(who: &Actor) -> Vec<(String, String)> {
    let text = |v: &Value| v.as_str().unwrap().to_owned();
    let data = who.get("/v1/me/activity").await.expect(200).data();
    data.iter().map(|a| (text(&a["kind"]), text(&a["subject_id"]))).collect()
}

#[tokio::test]
async fn own_actions_are_listed_the_latest_first() {
    let app = TestApp::new().await;
    let (ana, ben) = (app.member("Ana").await, app.member("Ben").await);
    app.grant_plan(&ana, "premiere").await;
    let mut expected = vec![("account_created".to_owned(), ana.id.clone())];
    let mut did = |kind: &str, subject: &str| {
        expected.insert(0, (kind.to_owned(), subject.to_owned()));
        app.advance(1_000);
    };
    app.advance(1_000);
    let invitation = ana.post("/v1/couple/invitations", json!({ "email": ben.email })).await.expect(201);
    did("invitation_sent", &invitation.text("/id"));
    ben.post("/v1/couple/join", json!({ "code": invitation.text("/code") })).await.expect(200);
    app.settle().await;
    let couple = ana.get("/v1/couple").await.expect(200).text("/id");
    did("couple_linked", &couple);
    ana.call("PUT", "/v1/me/picture")
        .header("content-type", "image/png")
        .bytes(crate::profiles_pictures::png(4, 4))
        .await
        .expect(200);
    did("picture_changed", &ana.id);
    for content in ["One", "Two"] {
        did("note_sent", &ana.sends(content).await);
    }
    let later = json!({ "channel": "partner", "content": "Hi", "date": "2026-12-01", "time": "09:00" });
    did("note_scheduled", &ana.post("/v1/scheduled-notes", later).await.expect(201).text("/id"));
    ana.patch("/v1/me", json!({ "bio": "x" })).await.expect(200);
    did("profile_updated", &ana.id);
    ben.sends("Mine").await;
    ana.delete("/v1/couple").await.expect(204);
    did("couple_ended", &couple);
    app.settle().await;
    assert_eq!(kinds(&ana).await, expected);
    // Of the couple's end only who ended it is told as of an own action; a note is its sender's.
    let bens: Vec<_> = kinds(&ben).await.into_iter().map(|(kind, _)| kind).collect();
    assert!(!bens.contains(&"couple_ended".to_owned()) && !bens.contains(&"invitation_sent".to_owned()), "{bens:?}");
    assert_eq!(bens.iter().filter(|kind| *kind == "note_sent").count(), 1);
}

/// Everything at one moment, in pages of every size: each entry once, in one order.
#[tokio::test]
async fn pages_of_activity_neither_repeat_nor_skip() {
    let Couple { app, alice, .. } = TestApp::couple().await;
    app.grant_plan(&alice, "premiere").await;
    for i in 0..4 {
        alice.sends(&format!("{i}")).await;
        let later = json!({ "channel": "partner", "content": "Hi", "date": "2026-12-01", "time": "09:00" });
        alice.post("/v1/scheduled-notes", later).await.expect(201);
    }
    alice.patch("/v1/me", json!({ "bio": "x" })).await.expect(200);
    let whole = alice.get("/v1/me/activity").await.expect(200);
    assert_eq!(whole.at("/next_cursor"), Value::Null);
    let whole = whole.data();
    assert!(whole.len() >= 12, "{whole:?}");
    for limit in [1, 2, 3, 5] {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = alice.get(&format!("/v1/me/activity?limit={limit}{cursor}")).await.expect(200);
            seen.extend(page.data());
            match page.at("/next_cursor").as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
            assert!(seen.len() <= whole.len(), "{limit}");
        }
        assert_eq!(seen, whole, "{limit}");
    }
    for bad in ["limit=0", "limit=101", "cursor=x", "cursor="] {
        alice.get(&format!("/v1/me/activity?{bad}")).await.problem(422, "validation");
    }
    app.settle().await;
}

#[tokio::test]
async fn languages_are_listed_in_the_readers_own() {
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    let listed = app.get("/v1/languages").await.expect(200).data();
    let active: Vec<_> = listed.iter().filter(|l| l["active"] == true).map(|l| l["code"].as_str().unwrap()).collect();
    assert_eq!(active, ["en", "es", "fr", "it", "de"]);
    let coming: Vec<_> = listed.iter().filter(|l| l["active"] == false).map(|l| l["code"].as_str().unwrap()).collect();
    assert_eq!(coming, ["nl", "pt"]);
    let german = |data: &[Value]| data.iter().find(|l| l["code"] == "de").unwrap()["localized_name"].clone();
    assert_eq!(german(&listed), "German");
    ana.patch("/v1/me", json!({ "language": "es" })).await.expect(200);
    app.settle().await;
    // Explicit, then the account's, then what is accepted.
    for (who, query, accepted, expected) in [
        (&app.anonymous(), "", "fr", "allemand"),
        (&ana, "", "fr", "alemán"),
        (&ana, "?language=it", "fr", "tedesco"),
        (&ana, "?language=pt", "fr", "alemán"),
        (&ana, "?language=", "fr", "alemán"),
    ] {
        let answer = who.get(&format!("/v1/languages{query}")).header("accept-language", accepted).await.expect(200);
        assert_eq!(german(&answer.data()), expected, "{query}");
    }
    app.get("/v1/languages?language=xx").await.invalid(&[("/query/language", "unknown_value")]);
}
