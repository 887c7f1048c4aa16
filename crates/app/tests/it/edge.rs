//! What every request passes: refusals, headers, compression, preconditions, languages; and what no request can do.

use axum::http::Response;
use base::time::MINUTE;
use serde_json::{Value, json};
use testkit::{Actor, Couple, Fail, HIDDEN, TestApp};

async fn ana() -> (TestApp, Actor) {
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    (app, ana)
}

#[tokio::test]
async fn nowhere_is_404_and_the_wrong_method_405() {
    let (app, ana) = ana().await;
    for path in
        ["/v1", "/v1/", "/v1/nothing", "/v1/notes/", "/v1//notes", "/V1/notes", "/nothing", "/v2/me", "/v1/me/x"]
    {
        ana.get(path).await.problem(404, "not_found");
        app.get(path).await.problem(404, "not_found");
    }
    for (method, path, allow) in [
        ("PUT", "/v1/notes", "GET,HEAD,POST"),
        ("DELETE", "/v1/me", "GET,HEAD,PATCH"),
        ("HEAD", "/v1/auth/login", "POST"),
        ("OPTIONS", "/v1/auth/login", "POST"),
        ("TRACE", "/v1/notes", "GET,HEAD,POST"),
        ("BREW", "/v1/notes", "GET,HEAD,POST"),
        ("POST", "/livez", "GET,HEAD"),
        ("POST", "/openapi.json", "GET,HEAD"),
        ("POST", "/asyncapi.json", "GET,HEAD"),
    ] {
        let answer = app.call(method, path).await;
        answer.problem(405, "method_not_allowed");
        let mut named: Vec<_> = answer.header("allow").unwrap().split(',').map(str::trim).collect();
        named.sort_unstable();
        assert_eq!(named.join(","), allow, "{method} {path}");
    }
}

#[tokio::test]
async fn a_store_that_does_not_answer_is_503_and_a_bug_500() {
    let Couple { app, alice, .. } = TestApp::couple().await;
    alice.get("/v1/notes").await.expect(200);
    let items = &app.faults().items;
    for fault in [ports::Fault::Unavailable, ports::Fault::Throttled] {
        items.fail(Fail::Fault(fault));
        let answer = alice.get("/v1/notes").await;
        answer.problem(503, "unavailable");
        assert!(answer.header("retry-after").unwrap().parse::<u64>().unwrap() > 0);
        assert!(!answer.body().contains(HIDDEN) && !answer.body().contains("items"), "{answer:?}");
    }
    for how in [Fail::Fault(ports::Fault::Corrupt), Fail::Fault(ports::Fault::Refused), Fail::Panic] {
        items.fail(how);
        let answer = alice.get("/v1/notes").await;
        answer.problem(500, "internal");
        assert!(!answer.body().contains(HIDDEN) && !answer.body().contains("items"), "{how:?}: {answer:?}");
        let german = alice.get("/v1/notes").header("accept-language", "de").await;
        assert!(!german.body().contains(HIDDEN), "{german:?}");
    }
    // A store that fails while a note is sent leaves nothing half done, and the key free for another try.
    items.fail_times(Fail::Panic, 1);
    let send = || alice.post("/v1/notes", json!({ "channel": "partner", "content": "Hi" })).key("one");
    send().await.problem(500, "internal");
    items.heal();
    send().await.expect(201);
    assert_eq!(alice.get("/v1/notes?box=sent").await.data().len(), 1);
    app.settle().await;
}

#[tokio::test]
async fn readiness_follows_the_stores() {
    let app = TestApp::new().await;
    app.get("/livez").await.expect(200);
    let ready = app.get("/readyz").await.expect(200);
    let checks = ready.at("/checks");
    for name in ["sql", "items", "writes", "cache", "queue", "objects"] {
        assert!(checks.as_array().unwrap().iter().any(|c| c["name"] == name && c["ok"] == true), "{name}: {checks}");
    }
    // The disk is full: what is read still answers, what is written does not.
    app.advance(5_000);
    app.faults().items.fail_after(1, Fail::Fault(ports::Fault::Unavailable));
    let ready = app.get("/readyz").await.expect(503);
    let failing: Vec<_> =
        ready.at("/checks").as_array().unwrap().iter().filter(|c| c["ok"] == false).cloned().collect();
    assert!(failing.len() == 1 && failing[0]["name"] == "writes", "{failing:?}");
    app.faults().items.heal();
    app.get("/readyz").await.expect(200);
    app.faults().items.fail(Fail::Fault(ports::Fault::Unavailable));
    let ready = app.get("/readyz").await.expect(503);
    assert!(ready.header("retry-after").is_some());
    app.get("/livez").await.expect(200);
}

#[tokio::test]
async fn request_ids_are_kept_when_they_are_ids() {
    let app = TestApp::new().await;
    let asked = async |id: &str| {
        let answer = app.get("/v1/me").header("x-request-id", id).await;
        answer.problem(401, "unauthenticated");
        answer.header("x-request-id").unwrap().to_owned()
    };
    for id in ["a", "0123-abc_DEF.9", &"x".repeat(128)] {
        assert_eq!(asked(id).await, id);
    }
    let mut given = std::collections::BTreeSet::new();
    for bad in ["", "a b", "ä", "a/b", "\"", "<x>", &"x".repeat(129)] {
        let id = asked(bad).await;
        assert_ne!(id, bad);
        assert!((1..=128).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric()), "{id}");
        assert!(given.insert(id), "an id was given twice");
    }
    // Every answer has one: pages, files, health, preflights, nothing.
    for path in
        ["/", "/docs/", "/site.css", "/livez", "/openapi.json", "/asyncapi.json", "/metrics", "/nothing", "/objects/x"]
    {
        assert!(app.get(path).await.header("x-request-id").is_some(), "{path}");
    }
    for traceparent in ["00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "00-", "é", "00-zz"] {
        app.get("/livez").header("traceparent", traceparent).await.expect(200);
    }
}

#[tokio::test]
async fn personal_data_is_not_stored_on_the_way() {
    let Couple { app, alice, anon, .. } = TestApp::couple().await;
    let note = alice.sends("Hi").await;
    for path in
        ["/v1/me", "/v1/couple", "/v1/notes", &format!("/v1/notes/{note}"), "/v1/notes/none", "/v1/auth/sessions"]
    {
        assert_eq!(alice.get(path).await.header("cache-control"), Some("no-store"), "{path}");
        assert_eq!(anon.get(path).await.header("cache-control"), Some("no-store"), "{path}");
    }
    for path in ["/v1/me", "/", "/livez", "/openapi.json", "/asyncapi.json", "/nothing"] {
        assert_eq!(alice.get(path).await.header("x-content-type-options"), Some("nosniff"), "{path}");
    }
    app.settle().await;
}

#[tokio::test]
async fn an_answer_is_compressed_when_asked() {
    let Couple { app, alice, .. } = TestApp::couple().await;
    for i in 0..3 {
        alice.sends(&format!("{i} {}", "tea ".repeat(500))).await;
    }
    let plain = alice.get("/v1/notes?box=sent").await.expect(200);
    assert_eq!(plain.header("content-encoding"), None);
    for (asked, given) in [("gzip", "gzip"), ("br", "br"), ("gzip;q=0.5, br;q=0.9", "br"), ("deflate, gzip", "gzip")] {
        let packed = alice.get("/v1/notes?box=sent").header("accept-encoding", asked).await.expect(200);
        assert_eq!(packed.header("content-encoding"), Some(given), "{asked}");
        assert!(packed.bytes().len() * 4 < plain.bytes().len());
        assert!(packed.header("vary").unwrap().to_lowercase().contains("accept-encoding"));
    }
    for asked in ["identity", "gzip;q=0", "zstd"] {
        let answer = alice.get("/v1/notes?box=sent").header("accept-encoding", asked).await.expect(200);
        assert_eq!(answer.bytes(), plain.bytes(), "{asked}");
    }
    app.settle().await;
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    let (_app, ana) = ana().await;
    for path in ["/v1/me", "/v1/notes", "/openapi.json", "/asyncapi.json", "/docs/", "/livez"] {
        let (get, head) = (ana.get(path).await.expect(200), ana.call("HEAD", path).await.expect(200));
        assert!(head.bytes().is_empty(), "{path}");
        for name in ["content-type", "etag", "cache-control"] {
            assert_eq!(head.header(name), get.header(name), "{path} {name}");
        }
    }
    ana.app.call("HEAD", "/v1/me").await.expect(401);
}

#[tokio::test]
async fn what_has_not_changed_is_not_sent_again() {
    let Couple { app, alice, bob, .. } = TestApp::couple().await;
    let path = format!("/v1/notes/{}", alice.sends("Hi").await);
    let first = bob.get(&path).await.expect(200);
    let tag = first.header("etag").unwrap();
    assert!(tag.starts_with('"') && tag.ends_with('"'), "a strong tag: {tag}");
    for condition in [tag.to_owned(), format!("\"other\", {tag}"), format!("W/{tag}"), "*".to_owned()] {
        let again = bob.get(&path).header("if-none-match", &condition).await.expect(304);
        assert!(again.bytes().is_empty() && again.header("etag") == Some(tag), "{condition}");
    }
    bob.get(&path).header("if-none-match", "\"other\"").await.expect(200);
    bob.post(&format!("{path}/open"), Value::Null).await.expect(200);
    let opened = bob.get(&path).header("if-none-match", tag).await.expect(200);
    assert_ne!(opened.header("etag"), Some(tag));
    app.settle().await;
}

#[tokio::test]
async fn a_change_may_name_the_version_it_is_for() {
    let Couple { app, alice, .. } = TestApp::couple().await;
    app.grant_plan(&alice, "premiere").await;
    let body = json!({ "channel": "partner", "content": "One", "date": "2026-12-01", "time": "09:00" });
    let id = alice.post("/v1/scheduled-notes", body).await.expect(201).text("/id");
    for (path, field) in [("/v1/me".to_owned(), "bio"), (format!("/v1/scheduled-notes/{id}"), "content")] {
        let seen = alice.get(&path).await.expect(200).header("etag").unwrap().to_owned();
        let change = |value: &str, tag: &str| alice.patch(&path, json!({ field: value })).header("if-match", tag);
        app.advance(1);
        let changed = change("Two", &seen).await.expect(200);
        let now = changed.header("etag").unwrap().to_owned();
        assert_ne!(now, seen);
        assert_eq!(alice.get(&path).await.header("etag"), Some(&*now), "{path}");
        for stale in [seen.clone(), "\"x\"".to_owned(), format!("W/{now}"), now.trim_matches('"').to_owned()] {
            change("Three", &stale).await.problem(412, "precondition_failed");
        }
        assert_eq!(alice.get(&path).await.at(&format!("/{field}")), json!("Two"));
        change("Four", &format!("\"x\", {now}")).await.expect(200);
        change("Five", "*").await.expect(200);
        alice.patch(&path, json!({ field: "Six" })).await.expect(200);
    }
    app.settle().await;
}

#[tokio::test]
async fn problems_speak_the_callers_language() {
    let app = TestApp::new().await;
    let asked = async |language: &str| app.get("/v1/me").header("accept-language", language).await;
    let english = asked("en").await.problem(401, "unauthenticated");
    let mut details = std::collections::BTreeSet::from([english["detail"].to_string()]);
    for language in ["es", "fr", "it", "de"] {
        let answer = asked(language).await;
        let problem = answer.problem(401, "unauthenticated");
        assert_eq!(answer.header("content-language"), Some(language));
        assert_ne!(problem["title"], english["title"]);
        assert!(details.insert(problem["detail"].to_string()), "{language}: {problem}");
        assert_eq!(problem["type"], english["type"]);
    }
    for (language, chosen) in [
        ("pt, de;q=0.5", "de"),
        ("de-AT", "de"),
        ("nl", "en"),
        ("*", "en"),
        ("fr;q=0.1, es;q=0.9", "es"),
        ("fr;q=0", "en"),
        (";;;,,q=", "en"),
    ] {
        assert_eq!(asked(language).await.header("content-language"), Some(chosen), "{language}");
    }
    let fields = app.anonymous().post("/v1/auth/email/resend", json!({ "email": "no" }));
    let fields = fields.header("accept-language", "de").await.invalid(&[("/email", "invalid_email")]);
    assert!(fields["errors"][0]["detail"].as_str().unwrap().contains("E-Mail"), "{fields}");
    let long = app.get("/v1/me").header("accept-language", &"de,".repeat(2_000)).await;
    long.problem(401, "unauthenticated");
}

#[tokio::test]
async fn a_members_own_language_comes_first() {
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    let refused = async || ana.get("/v1/couple").header("accept-language", "de").await;
    for language in ["it", "fr"] {
        ana.patch("/v1/me", json!({ "language": language })).await.expect(200);
        app.settle().await;
        let answer = refused().await;
        answer.problem(404, "not_found");
        assert_eq!(answer.header("content-language"), Some(language));
    }
    app.faults().items.fail(Fail::Panic);
    let answer = refused().await;
    answer.problem(500, "internal");
    assert_eq!(answer.header("content-language"), Some("de"));
    app.faults().items.heal();
}

/// Server-owned members of a body are ignored, whatever they say.
#[tokio::test]
async fn nobody_writes_what_the_server_owns() {
    let Couple { app, alice, bob, stranger, .. } = TestApp::couple().await;
    let before = alice.get("/v1/me").await.expect(200).json();
    let mine = json!({
        "id": bob.id, "email": "root@example.com", "email_verified": false, "email_verified_at": null,
        "user_type": "professional", "role": "admin", "is_verified": true, "is_active": false, "plan": "exclusive",
        "plan_status": "active", "completion": { "percentage": 100 }, "member_id": bob.id, "revision": 99,
        "password": "another password", "password_hash": "x", "partner_id": stranger.id, "couple_id": "cpl_x",
        "created_at": "2001-01-01T00:00:00.000Z", "updated_at": "2001-01-01T00:00:00.000Z", "bio": "Hi",
    });
    let after = alice.patch("/v1/me", mine).await.expect(200).json();
    let mut expected = before;
    for changed in ["bio", "completion", "updated_at"] {
        expected[changed] = after[changed].clone();
    }
    assert_eq!(after, expected);
    assert_eq!(after["bio"], "Hi");
    assert!(after["updated_at"].as_str().unwrap() > "2026", "{after}");

    let note = json!({
        "channel": "partner", "content": "Hi", "id": "note_00000000000000000000000000", "sender_id": bob.id,
        "recipient": stranger.id, "recipient_id": stranger.id, "member_id": stranger.id, "status": "opened",
        "opened_at": "2001-01-01T00:00:00.000Z", "sent_at": "2001-01-01T00:00:00.000Z",
        "created_at": "2001-01-01T00:00:00.000Z", "couple_id": "cpl_x",
    });
    let note = alice.post("/v1/notes", note).await.expect(201).json();
    assert_eq!(note["sender_id"], alice.id);
    assert_eq!(note["recipient"], bob.id);
    assert_eq!(note["opened_at"], Value::Null);
    assert_ne!(note["id"], "note_00000000000000000000000000");
    assert_eq!(note["sent_at"], note["created_at"]);
    assert!(note["created_at"].as_str().unwrap() > "2026" && note["status"] != "opened", "{note}");
    assert!(stranger.get("/v1/notes").await.data().is_empty());

    app.grant_plan(&alice, "premiere").await;
    let scheduled = json!({
        "channel": "partner", "content": "Hi", "date": "2026-12-01", "time": "09:00", "timezone": "UTC",
        "sender_id": bob.id, "recipient": stranger.id, "status": "sent", "due_at": "2001-01-01T00:00:00.000Z",
        "attempts": 7, "note_id": note["id"], "id": "sch_00000000000000000000000000",
    });
    let scheduled = alice.post("/v1/scheduled-notes", scheduled).await.expect(201).json();
    assert_eq!(scheduled["sender_id"], alice.id);
    assert_eq!(scheduled["recipient"], bob.id);
    assert_eq!(scheduled["status"], "scheduled");
    assert_eq!(scheduled["due_at"], "2026-12-01T09:00:00.000Z");
    assert_eq!((&scheduled["attempts"], &scheduled["note_id"]), (&json!(0), &Value::Null));

    let mut rich = TestApp::sign_up("Rich");
    let own = json!({ "plan": "exclusive", "role": "admin", "user_type": "therapist", "is_verified": true,
                      "email_verified": true, "id": alice.id });
    rich.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
    let member = app.anonymous().post("/v1/auth/register", rich).await.expect(201).at("/member");
    assert_ne!(member["id"], alice.id);
    let told = ["plan", "role", "user_type", "is_verified", "email_verified"].map(|name| member[name].clone());
    assert_eq!(told, [json!("basic"), Value::Null, json!("regular"), json!(false), json!(false)]);

    let invitation =
        json!({ "email": "ivy@example.com", "code": "AAAAAAAA", "status": "accepted", "inviter_id": bob.id });
    let invitation = stranger.post("/v1/couple/invitations", invitation).await.expect(201).json();
    assert_eq!((&invitation["status"], &invitation["inviter"]["id"]), (&json!("pending"), &json!(stranger.id)));
    assert_ne!(invitation["code"], "AAAAAAAA");
    app.settle().await;
}

/// A stream has no end to wait for; its head is that of any answer.
#[tokio::test]
async fn a_stream_has_the_headers_of_every_answer() {
    let (app, ana) = ana().await;
    let stream: Response<_> = ana.get("/v1/realtime/events").open().await;
    assert_eq!(stream.status(), 200);
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    assert_eq!(stream.headers()["cache-control"], "no-store");
    assert!(stream.headers().contains_key("x-request-id"));
    app.advance(MINUTE);
}
