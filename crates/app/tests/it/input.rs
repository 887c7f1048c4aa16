//! Input that cannot be taken: bodies and queries, each refused with what is wrong and where.

use serde_json::{Value, json};
use testkit::{Actor, Answer, TestApp};

async fn ana() -> (TestApp, Actor) {
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    (app, ana)
}

/// A PATCH of the own profile with these bytes.
async fn patched(who: &Actor, body: impl Into<axum::body::Bytes>) -> Answer {
    who.call("PATCH", "/v1/me").header("content-type", "application/json").bytes(body).await
}

#[tokio::test]
async fn what_is_not_json_is_400() {
    let (_app, ana) = ana().await;
    let deep = format!("{{\"bio\":{}\"x\"{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let broken: [&[u8]; 12] = [
        b"",
        b" ",
        b"{",
        b"{\"bio\": \"x\"",
        b"{\"bio\": \"x\",}",
        b"{\"bio\": 'x'}",
        b"{} {}",
        b"nonsense",
        b"{\"bio\": \"\xff\xfe\"}",
        b"{\"bio\": \"a\0b\"}",
        b"{\"bio\": \"\\ud800\"}",
        b"\xef\xbb\xbf{}",
    ];
    for body in broken {
        patched(&ana, body.to_vec()).await.problem(400, "malformed");
    }
    // However deep, it is refused without falling over.
    let status = patched(&ana, deep.clone()).await.status();
    assert!([400, 422].contains(&status), "{status}");
    for open in ["[", "{\"a\":"] {
        patched(&ana, open.repeat(100_000)).await.problem(400, "malformed");
    }
}

#[tokio::test]
async fn a_member_of_the_wrong_type_is_named() {
    let (app, ana) = ana().await;
    for (body, pointer) in [
        (json!({ "bio": 7 }), "/bio"),
        (json!({ "bio": ["x"] }), "/bio"),
        (json!({ "interests": "x" }), "/interests"),
        (json!({ "interests": ["a", 2] }), "/interests/1"),
        (json!({ "name": { "first": "A" } }), "/name"),
    ] {
        patched(&ana, body.to_string()).await.invalid(&[(pointer, "wrong_type")]);
    }
    let login = |body: Value| app.anonymous().post("/v1/auth/login", body);
    login(json!({ "email": "a@b.c" })).await.invalid(&[("/password", "required")]);
    login(json!({ "password": "x" })).await.invalid(&[("/email", "required")]);
    login(json!({})).await.invalid(&[("/email", "required")]);
    login(json!({ "email": null, "password": "x" })).await.invalid(&[("/email", "wrong_type")]);
}

/// Positions are not names: an array is no object, whatever is in it.
#[tokio::test]
async fn a_body_is_an_object() {
    let (app, ana) = ana().await;
    for body in ["[]", "[\"Ana\"]", "null", "true", "7", "\"{}\"", " [ {} ] "] {
        patched(&ana, body).await.invalid(&[("", "wrong_type")]);
    }
    app.anonymous().post("/v1/auth/email/resend", json!(["ana@example.com"])).await.invalid(&[("", "wrong_type")]);
    app.anonymous().post("/v1/auth/refresh", json!([ana.refresh_token])).await.invalid(&[("", "wrong_type")]);
    app.settle().await;
}

#[tokio::test]
async fn all_offending_members_are_named_at_once() {
    let app = TestApp::new().await;
    let body = json!({ "name": "", "email": "no", "password": "short", "timezone": "Nowhere/At_All",
                       "relationship_status": "it is", "anniversary_date": "2026-02-30", "consent": false });
    app.anonymous().post("/v1/auth/register", body).await.invalid(&[
        ("/name", "required"),
        ("/email", "invalid_email"),
        ("/password", "too_short"),
        ("/timezone", "invalid_zone"),
        ("/relationship_status", "unknown_value"),
        ("/anniversary_date", "invalid_date"),
        ("/consent", "must_be_true"),
        ("/age_attested", "required"),
    ]);
}

#[tokio::test]
async fn a_nul_is_refused_wherever_it_hides() {
    let (app, ana) = ana().await;
    for (body, pointer) in [
        (r#"{"bio":"a\u0000b"}"#, "/bio"),
        (r#"{"interests":["x","\u0000"]}"#, "/interests/1"),
        (r#"{"other":{"deep":["\u0000"]}}"#, "/other/deep/0"),
    ] {
        patched(&ana, body).await.invalid(&[(pointer, "unknown_value")]);
    }
    // A backslash before it makes it six characters of text.
    patched(&ana, r#"{"bio":"a\\u0000b"}"#).await.expect(200);
    ana.get("/v1/notes?channel=a%00b").await.invalid(&[("/query", "unknown_value")]);
    app.settle().await;
}

#[tokio::test]
async fn bodies_are_json_by_name() {
    let (app, ana) = ana().await;
    let typed = |kind: &str| ana.call("PATCH", "/v1/me").header("content-type", kind).bytes("{}");
    for kind in ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", "json", "*/*", ""] {
        typed(kind).await.problem(415, "unsupported_media_type");
    }
    ana.call("PATCH", "/v1/me").bytes("{}").await.problem(415, "unsupported_media_type");
    for kind in ["application/json", "application/json; charset=utf-8", "Application/JSON;charset=UTF-8"] {
        typed(kind).await.expect(200);
    }
    // Members that are all optional: the body may be absent, then without its type.
    app.anonymous().post("/v1/auth/refresh", Value::Null).await.problem(401, "unauthenticated");
    let untyped = app.anonymous().call("POST", "/v1/auth/refresh").bytes("{}");
    untyped.await.problem(415, "unsupported_media_type");
    app.settle().await;
}

#[tokio::test]
async fn a_body_over_a_mebibyte_is_413() {
    let (app, ana) = ana().await;
    let of = |size: usize| format!("{{\"x\":\"{}\"}}", "a".repeat(size - 8));
    patched(&ana, of(1_048_576)).await.expect(200);
    patched(&ana, of(1_048_577)).await.problem(413, "payload_too_large");
    app.settle().await;
}

#[tokio::test]
async fn queries_are_checked() {
    let (_app, ana) = ana().await;
    ana.get("/v1/notes?limit=0").await.invalid(&[("/query/limit", "out_of_range")]);
    ana.get("/v1/notes?limit=101").await.invalid(&[("/query/limit", "out_of_range")]);
    ana.get("/v1/notes?limit=ten").await.invalid(&[("/query/limit", "wrong_type")]);
    ana.get("/v1/notes?limit=-1").await.invalid(&[("/query/limit", "wrong_type")]);
    ana.get("/v1/notes?box=inbox").await.invalid(&[("/query/box", "unknown_value")]);
    ana.get("/v1/notes?status=lost").await.invalid(&[("/query/status", "unknown_value")]);
    ana.get("/v1/couple/invitations?direction=up").await.invalid(&[("/query/direction", "unknown_value")]);
    for cursor in ["x", "%ff", "AAAA", "'--", &"a".repeat(5_000)] {
        let answer = ana.get(&format!("/v1/notes?cursor={cursor}")).await;
        answer.invalid(&[("/query/cursor", "invalid_cursor")]);
    }
    ana.get("/v1/notes?unknown=1&limit=1").await.expect(200);
}
