//! Sessions: renewal, reuse, cookies, the list, their end.

use crate::{
    identity::{events, register, sign_up_with},
    raced,
};
use base::time::{DAY, HOUR, MINUTE, SECOND};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use std::time::Duration;
use testkit::{Actor, Answer, Call, PASSWORD, TestApp};

fn refresh(app: &TestApp, credential: &str) -> Call {
    app.anonymous().post("/v1/auth/refresh", json!({ "refresh_token": credential }))
}

/// How often a credential's session was renewed when it was made.
fn generation(credential: &str) -> u32 {
    u32::from_be_bytes(URL_SAFE_NO_PAD.decode(credential).unwrap()[32..36].try_into().unwrap())
}

/// The member's event stream, open.
async fn stream(of: &Actor) -> axum::body::Body {
    let response = of.get("/v1/realtime/events").open().await;
    assert_eq!(response.status(), 200);
    response.into_body()
}

/// Whether the stream ends by itself.
async fn ends(body: axum::body::Body) {
    tokio::time::timeout(Duration::from_secs(20), body.collect()).await.expect("the stream ends").unwrap();
}

/// Neither the access token nor the refresh credential is good for anything.
async fn is_gone(device: &Actor) {
    device.get("/v1/me").await.problem(401, "unauthenticated");
    refresh(&device.app, &device.refresh_token).await.problem(401, "unauthenticated");
}

#[tokio::test]
async fn a_renewal_gives_a_new_pair() {
    let app = TestApp::new().await;
    let ana = app.newcomer("Ana").await;
    app.advance(MINUTE);
    let answer = refresh(&app, &ana.refresh_token).await.expect(200);
    assert_eq!(answer.at("/session/expires_in"), 900);
    assert_eq!(answer.at("/session/token_type"), "Bearer");
    assert!(answer.header("set-cookie").is_none());
    assert_ne!(answer.text("/session/refresh_token"), ana.refresh_token);
    assert_ne!(Some(answer.text("/session/access_token")), ana.access_token);
    let token = answer.text("/session/access_token");
    app.get("/v1/me").header("authorization", &format!("Bearer {token}")).await.expect(200);
    // The access token from before runs out in its own time.
    ana.get("/v1/me").await.expect(200);
}

#[tokio::test]
async fn within_ten_seconds_the_old_one_gives_the_same_pair() {
    let app = TestApp::new().await;
    let ana = app.newcomer("Ana").await;
    app.advance(MINUTE);
    let first = refresh(&app, &ana.refresh_token).await.expect(200);
    app.advance(10 * SECOND);
    let second = refresh(&app, &ana.refresh_token).await.expect(200);
    for name in ["/session/access_token", "/session/refresh_token"] {
        assert_eq!(first.text(name), second.text(name));
    }
    // What is left of it is said truly.
    assert_eq!((first.at("/session/expires_in"), second.at("/session/expires_in")), (json!(900), json!(890)));
    ana.renewed().await.get("/v1/me").await.expect(200);
}

#[tokio::test]
async fn reuse_after_the_window_ends_the_family() {
    let app = TestApp::new().await;
    let ana = app.newcomer("Ana").await;
    let other = ana.another_device().await;
    let thief = ana.renewed().await;
    let open = stream(&thief).await;
    app.advance(10 * SECOND + 1);
    refresh(&app, &ana.refresh_token).await.problem(401, "unauthenticated");
    is_gone(&ana).await;
    is_gone(&thief).await;
    ends(open).await;
    other.get("/v1/me").await.expect(200);
    other.renewed().await;
    app.settle().await;
    assert_eq!(events(&app, &ana).await.last().unwrap().0, "session.revoked");
    // A fresh process says the same.
    let node = app.another_node().await;
    refresh(&node, &thief.refresh_token).await.problem(401, "unauthenticated");
    let bearer = format!("Bearer {}", thief.access_token.unwrap());
    node.get("/v1/me").header("authorization", &bearer).await.problem(401, "unauthenticated");
}

#[tokio::test]
async fn one_older_than_the_last_ends_the_family_at_once() {
    let app = TestApp::new().await;
    let ana = app.newcomer("Ana").await;
    let second = ana.renewed().await;
    let third = second.renewed().await;
    refresh(&app, &ana.refresh_token).await.problem(401, "unauthenticated");
    is_gone(&third).await;
    app.settle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn renewals_at_once_are_one_renewal() {
    let app = TestApp::new().await;
    let mut ana = app.newcomer("Ana").await;
    for round in 1..=10 {
        let answers = raced((0..24).map(|_| {
            let call = refresh(&app, &ana.refresh_token);
            async move { call.await }
        }))
        .await;
        let pairs: Vec<Value> = answers.into_iter().map(|answer| answer.expect(200).json()).collect();
        assert!(pairs.iter().all(|pair| *pair == pairs[0]), "{pairs:?}");
        ana.refresh_token = pairs[0]["session"]["refresh_token"].as_str().unwrap().to_owned();
        assert_eq!(generation(&ana.refresh_token), round);
        app.advance(MINUTE);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_end_wins_over_renewals_at_the_same_moment() {
    let app = TestApp::new().await;
    let ana = app.newcomer("Ana").await;
    for _ in 0..10 {
        let device = ana.another_device().await;
        let calls = raced((0..8).map(|n| {
            let device = device.clone();
            async move {
                match n {
                    3 => device.post("/v1/auth/logout", Value::Null).await.expect(204),
                    _ => refresh(&device.app, &device.refresh_token).await,
                }
            }
        }))
        .await;
        for answer in calls.iter().filter(|a| a.status() == 200) {
            let credential = answer.text("/session/refresh_token");
            refresh(&app, &credential).await.problem(401, "unauthenticated");
            let bearer = format!("Bearer {}", answer.text("/session/access_token"));
            app.get("/v1/me").header("authorization", &bearer).await.problem(401, "unauthenticated");
        }
        is_gone(&device).await;
    }
    app.settle().await;
}

#[tokio::test]
async fn seven_days_slide() {
    let app = TestApp::new().await;
    let mut ana = app.newcomer("Ana").await;
    for _ in 0..4 {
        app.advance(7 * DAY - SECOND);
        ana = ana.renewed().await;
        ana.get("/v1/me").await.expect(200);
    }
    let until = ana.get("/v1/auth/sessions").await.expect(200).text("/data/0/expires_at");
    assert_eq!(until, app.now().plus(7 * DAY).to_string());
    app.advance(7 * DAY);
    refresh(&app, &ana.refresh_token).await.problem(401, "unauthenticated");
    app.settle().await;
}

#[tokio::test]
async fn what_is_no_credential_is_refused() {
    let app = TestApp::new().await;
    let ana = app.newcomer("Ana").await;
    let mut flipped = URL_SAFE_NO_PAD.decode(&ana.refresh_token).unwrap();
    flipped[35] ^= 1;
    let access = ana.access_token.clone().unwrap();
    for bad in ["x", "é", &access, &URL_SAFE_NO_PAD.encode(flipped), &ana.refresh_token[1..], &"A".repeat(5_000)] {
        refresh(&app, bad).await.problem(401, "unauthenticated");
    }
    app.anonymous().post("/v1/auth/refresh", json!({})).await.problem(401, "unauthenticated");
    app.anonymous().post("/v1/auth/refresh", Value::Null).await.problem(401, "unauthenticated");
    app.anonymous()
        .post("/v1/auth/refresh", json!({ "refresh_token": 5 }))
        .await
        .invalid(&[("/refresh_token", "wrong_type")]);
    ana.renewed().await;
}

/// The value and the attributes of the refresh cookie.
fn cookie(answer: &Answer) -> (String, Vec<String>) {
    let line = answer.header("set-cookie").unwrap();
    let mut parts = line.split("; ").map(str::to_owned);
    let value = parts.next().unwrap().strip_prefix("o2o_refresh=").unwrap().to_owned();
    (value, parts.collect())
}

#[tokio::test]
async fn browsers_keep_the_credential_in_a_cookie() {
    let app = TestApp::new().await;
    let answer = register(&app, &sign_up_with("Ana", &json!({ "client": null }))).await.expect(201);
    assert_eq!(answer.at("/session/refresh_token"), Value::Null);
    let (value, attributes) = cookie(&answer);
    assert_eq!(attributes, ["Path=/v1/auth", "HttpOnly", "SameSite=Lax", "Max-Age=604800"]);
    let renew = |value: &str| {
        let call = app.call("POST", "/v1/auth/refresh").header("cookie", &format!("theme=dark; o2o_refresh={value}"));
        call.header("x-o2o-csrf", "1").header("origin", "http://o2o.test")
    };
    app.advance(MINUTE);
    let renewed = renew(&value).await.expect(200);
    let (next, attributes) = cookie(&renewed);
    assert_eq!(attributes, ["Path=/v1/auth", "HttpOnly", "SameSite=Lax", "Max-Age=604800"]);
    assert!(next != value && renewed.at("/session/refresh_token").is_null());
    // The rules of rotation are the same.
    assert_eq!(cookie(&renew(&value).await.expect(200)).0, next);
    let bearer = format!("Bearer {}", renewed.text("/session/access_token"));
    let out = app.call("POST", "/v1/auth/logout").header("authorization", &bearer).await.expect(204);
    let (value, attributes) = cookie(&out);
    assert!(value.is_empty() && attributes.contains(&"Max-Age=0".to_owned()), "{attributes:?}");
    renew(&next).await.problem(401, "unauthenticated");
    app.settle().await;
}

#[tokio::test]
async fn a_cookie_alone_needs_our_own_page() {
    let app = TestApp::with(|s| s.edge.cors_origins = vec!["https://app.example.com".to_owned()]).await;
    let (value, _) = cookie(&register(&app, &sign_up_with("Ana", &json!({ "client": "web" }))).await.expect(201));
    let call = || app.call("POST", "/v1/auth/refresh").header("cookie", &format!("o2o_refresh={value}"));
    for (csrf, origin) in [
        (None, None),
        (None, Some("http://o2o.test")),
        (Some("1"), None),
        (Some("0"), Some("http://o2o.test")),
        (Some("1"), Some("https://evil.example.com")),
        (Some("1"), Some("http://o2o.test.evil.example.com")),
        (Some("1"), Some("null")),
    ] {
        let mut attempt = call();
        if let Some(csrf) = csrf {
            attempt = attempt.header("x-o2o-csrf", csrf);
        }
        if let Some(origin) = origin {
            attempt = attempt.header("origin", origin);
        }
        let problem = attempt.await.problem(403, "forbidden");
        assert_eq!(problem["reason"], "csrf", "{csrf:?} {origin:?}");
    }
    // Refused before anything happened: the credential is still the first.
    for origin in ["http://o2o.test", "https://app.example.com"] {
        call().header("x-o2o-csrf", "1").header("origin", origin).await.expect(200);
    }
    // The server's own address, whatever the public one is.
    call()
        .header("host", "localhost:8080")
        .header("x-o2o-csrf", "1")
        .header("origin", "http://localhost:8080")
        .await
        .expect(200);
    // A credential in the body is no cookie's doing.
    let native = app.newcomer("Bob").await;
    refresh(&app, &native.refresh_token).header("origin", "https://evil.example.com").await.expect(200);
    app.settle().await;
}

#[tokio::test]
async fn signing_out_ends_this_session_only() {
    let app = TestApp::new().await;
    let ana = app.newcomer("Ana").await;
    let other = ana.another_device().await;
    let (mine, theirs) = (stream(&ana).await, stream(&other).await);
    ana.post("/v1/auth/logout", Value::Null).await.expect(204);
    is_gone(&ana).await;
    ends(mine).await;
    ana.post("/v1/auth/logout", Value::Null).await.problem(401, "unauthenticated");
    app.anonymous().post("/v1/auth/logout", Value::Null).await.problem(401, "unauthenticated");
    other.get("/v1/me").await.expect(200);
    drop(theirs);
    app.settle().await;
    let told = events(&app, &ana).await;
    assert_eq!(told.iter().filter(|(kind, _)| kind == "session.revoked").count(), 1);
}

#[tokio::test]
async fn the_list_shows_live_sessions_and_which_one_asks() {
    let app = TestApp::new().await;
    let ana = app.newcomer("Ana").await;
    app.advance(MINUTE);
    let body = json!({ "email": ana.email, "password": PASSWORD, "client": "native" });
    let login = app.anonymous().post("/v1/auth/login", body).header("user-agent", "Phone/1.0").from("203.0.113.9");
    let phone = Actor::signed_in(&app, &login.await.expect(200));
    app.advance(MINUTE);
    let gone = ana.another_device().await;
    gone.post("/v1/auth/logout", Value::Null).await.expect(204);
    let page = phone.get("/v1/auth/sessions").await.expect(200);
    assert_eq!(page.at("/next_cursor"), Value::Null);
    let list = page.data();
    assert_eq!(list.len(), 2);
    let now = app.now();
    assert_eq!(
        (&list[0]["device"], &list[0]["ip"], &list[0]["current"]),
        (&json!("Phone/1.0"), &json!("203.0.113.9"), &json!(true))
    );
    assert_eq!(list[0]["created_at"], now.minus(MINUTE).to_string());
    assert_eq!(list[0]["expires_at"], now.minus(MINUTE).plus(7 * DAY).to_string());
    assert_eq!(
        (&list[1]["current"], &list[1]["created_at"]),
        (&json!(false), &json!(now.minus(2 * MINUTE).to_string()))
    );
    // Use shows.
    phone.renewed().await;
    let list = ana.get("/v1/auth/sessions").await.expect(200).data();
    assert_eq!((&list[0]["last_used_at"], &list[0]["current"]), (&json!(now.to_string()), &json!(false)));
    app.settle().await;
}

#[tokio::test]
async fn the_list_has_pages() {
    let app = TestApp::new().await;
    let ana = app.newcomer("Ana").await;
    let bob = app.newcomer("Bob").await;
    for n in 0..6 {
        app.advance(SECOND);
        let device = ana.another_device().await;
        if n % 2 == 0 {
            device.post("/v1/auth/logout", Value::Null).await.expect(204);
        }
    }
    let whole = ana.get("/v1/auth/sessions").await.expect(200).data();
    assert_eq!(whole.len(), 4);
    let (mut paged, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let after = cursor.map(|c| format!("&cursor={c}")).unwrap_or_default();
        let page = ana.get(&format!("/v1/auth/sessions?limit=1{after}")).await.expect(200);
        paged.extend(page.data());
        let Some(next) = page.at("/next_cursor").as_str().map(str::to_owned) else { break };
        bob.get(&format!("/v1/auth/sessions?cursor={next}")).await.invalid(&[("/query/cursor", "invalid_cursor")]);
        cursor = Some(next);
    }
    assert_eq!(paged, whole);
    for limit in ["0", "101"] {
        ana.get(&format!("/v1/auth/sessions?limit={limit}")).await.invalid(&[("/query/limit", "out_of_range")]);
    }
    app.settle().await;
}

#[tokio::test]
async fn one_session_can_be_ended_from_another_of_the_same_member_only() {
    let app = TestApp::new().await;
    let ana = app.newcomer("Ana").await;
    let bob = app.newcomer("Bob").await;
    app.advance(SECOND);
    let phone = ana.another_device().await;
    let list = ana.get("/v1/auth/sessions").await.expect(200).data();
    let path = format!("/v1/auth/sessions/{}", list[0]["id"].as_str().unwrap());
    assert_eq!(list[0]["current"], false);
    bob.delete(&path).await.problem(404, "not_found");
    app.anonymous().delete(&path).await.problem(401, "unauthenticated");
    for odd in ["x", "ses_", "mem_00000000000000000000000000", "ses_00000000000000000000000000"] {
        ana.delete(&format!("/v1/auth/sessions/{odd}")).await.problem(404, "not_found");
    }
    phone.get("/v1/me").await.expect(200);
    let open = stream(&phone).await;
    ana.delete(&path).await.expect(204);
    is_gone(&phone).await;
    ends(open).await;
    ana.delete(&path).await.problem(404, "not_found");
    ana.get("/v1/me").await.expect(200);
    // A session that has run out is none either.
    app.advance(6 * DAY);
    let fresh = ana.renewed().await;
    app.advance(2 * DAY);
    let fresh = fresh.renewed().await;
    bob.delete("/v1/auth/sessions").await.problem(401, "unauthenticated");
    assert_eq!(fresh.get("/v1/auth/sessions").await.expect(200).data().len(), 1);
    app.settle().await;
}

#[tokio::test]
async fn all_other_sessions_can_be_ended() {
    let app = TestApp::new().await;
    let ana = app.newcomer("Ana").await;
    let bob = app.newcomer("Bob").await;
    let others = [ana.another_device().await, ana.another_device().await];
    let open = stream(&others[0]).await;
    ana.delete("/v1/auth/sessions").await.expect(204);
    for other in &others {
        is_gone(other).await;
    }
    ends(open).await;
    ana.get("/v1/me").await.expect(200);
    bob.get("/v1/me").await.expect(200);
    assert_eq!(ana.get("/v1/auth/sessions").await.expect(200).data().len(), 1);
    // Nothing left to end is success too.
    ana.delete("/v1/auth/sessions").await.expect(204);
    app.advance(HOUR);
    ana.renewed().await.get("/v1/me").await.expect(200);
    app.settle().await;
}
