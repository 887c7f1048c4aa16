//! Access tokens: what they say, who can check them, how their keys rotate.

use base::time::{DAY, HOUR, MINUTE, SECOND};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::signature::{ED25519, UnparsedPublicKey};
use serde_json::{Value, json};
use testkit::{Actor, TestApp};

fn part(token: &str, n: usize) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(n).unwrap()).unwrap()).unwrap()
}

fn token(of: &Actor) -> String {
    of.access_token.clone().unwrap()
}

/// The ids of the published keys.
async fn published(app: &TestApp) -> Vec<Value> {
    app.get("/.well-known/jwks.json").await.expect(200).at("/keys").as_array().unwrap().clone()
}

/// Checks a token as another service would: by the published keys alone.
async fn verifies(app: &TestApp, token: &str) -> bool {
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let kid = part(token, 0)["kid"].clone();
    let keys = published(app).await;
    let Some(key) = keys.iter().find(|key| key["kid"] == kid) else { return false };
    let raw = URL_SAFE_NO_PAD.decode(key["x"].as_str().unwrap()).unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    UnparsedPublicKey::new(&ED25519, raw).verify(signed.as_bytes(), &signature).is_ok()
}

#[tokio::test]
async fn a_token_says_who_and_until_when_and_anybody_can_check_it() {
    let app = TestApp::new().await;
    let ana = app.newcomer("Ana").await;
    let token = token(&ana);
    assert_eq!(part(&token, 0), json!({ "alg": "EdDSA", "typ": "JWT", "kid": published(&app).await[0]["kid"] }));
    let claims = part(&token, 1);
    let now = app.now().seconds();
    assert_eq!((&claims["sub"], &claims["iss"]), (&json!(ana.id), &json!("o2o")));
    assert_eq!((&claims["iat"], &claims["exp"]), (&json!(now), &json!(now + 900)));
    let sessions = ana.get("/v1/auth/sessions").await.expect(200).data();
    assert_eq!(claims["sid"], sessions[0]["id"]);
    assert!(claims["sid"].as_str().unwrap().starts_with("ses_"));

    let answer = app.get("/.well-known/jwks.json").await.expect(200);
    assert!(answer.header("cache-control").unwrap().contains("max-age"));
    let key = &answer.at("/keys")[0];
    let fixed = json!({ "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA" });
    assert!(fixed.as_object().unwrap().iter().all(|(name, value)| key[name] == *value));
    assert!(key.get("d").is_none() && answer.at("/keys").as_array().unwrap().len() == 1);
    assert!(verifies(&app, &token).await);
    let (head, tail) = token.split_at(token.len() / 2);
    assert!(!verifies(&app, &format!("{head}{}{}", if tail.starts_with('A') { 'B' } else { 'A' }, &tail[1..])).await);
}

#[tokio::test]
async fn a_token_lives_fifteen_minutes() {
    let app = TestApp::new().await;
    let ana = app.newcomer("Ana").await;
    ana.get("/v1/me").await.expect(200);
    app.advance(15 * MINUTE - SECOND);
    ana.get("/v1/me").await.expect(200);
    app.advance(SECOND);
    let answer = ana.get("/v1/me").await;
    answer.problem(401, "unauthenticated");
    assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
}

#[tokio::test]
async fn forged_and_mangled_tokens_are_nobody() {
    let app = TestApp::new().await;
    let ana = app.newcomer("Ana").await;
    let bob = app.newcomer("Bob").await;
    let good = token(&ana);
    let [head, claims, signature] = good.split('.').collect::<Vec<_>>()[..] else { unreachable!() };
    let encoded = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let kid = part(&good, 0)["kid"].clone();
    let none = encoded(json!({ "alg": "none", "typ": "JWT", "kid": kid }));
    let hmac = encoded(json!({ "alg": "HS256", "typ": "JWT", "kid": kid }));
    let mut later = part(&good, 1);
    later["exp"] = json!(app.now().seconds() + 90_000);
    let other = token(&bob);
    for forged in [
        String::new(),
        ".".to_owned(),
        "..".to_owned(),
        format!("{none}.{claims}."),
        format!("{none}.{claims}.{signature}"),
        format!("{hmac}.{claims}.{signature}"),
        format!("{head}.{}.{signature}", encoded(later)),
        format!("{head}.{}.{signature}", other.split('.').nth(1).unwrap()),
        format!("{head}.{claims}"),
        format!("{good}="),
        format!("{good}.{good}"),
        "x".repeat(30_000),
    ] {
        let call = app.get("/v1/me").header("authorization", &format!("Bearer {forged}"));
        call.await.problem(401, "unauthenticated");
    }
    for scheme in ["Basic", "bearer:", ""] {
        app.get("/v1/me").header("authorization", &format!("{scheme} {good}")).await.problem(401, "unauthenticated");
    }
    app.get("/v1/me").header("authorization", &format!("bearer {good}")).await.expect(200);
    // Another installation has other keys.
    let elsewhere = TestApp::new().await;
    elsewhere.newcomer("Ana").await;
    elsewhere.get("/v1/me").header("authorization", &format!("Bearer {good}")).await.problem(401, "unauthenticated");
}

#[tokio::test]
async fn keys_rotate_after_ninety_days_and_overlap() {
    let app = TestApp::new().await;
    let node = app.another_node().await;
    let ana = app.newcomer("Ana").await;
    let first = published(&app).await;
    app.advance(90 * DAY - 5 * MINUTE);
    app::work::reconcile(app.core()).await;
    assert_eq!(published(&app).await, first, "too early");
    let old = ana.another_device().await;
    assert_eq!(part(&token(&old), 0)["kid"], first[0]["kid"]);

    app.advance(6 * MINUTE);
    app::work::reconcile(app.core()).await;
    let both = published(&app).await;
    assert_eq!((both.len(), &both[1]), (2, &first[0]));
    let new = ana.another_device().await;
    assert_eq!(part(&token(&new), 0)["kid"], both[0]["kid"]);
    // The old ones verify until they run out; here, elsewhere, and on a node that has yet to take over the ring.
    for holder in [&old, &new] {
        holder.get("/v1/me").await.expect(200);
        assert!(verifies(&app, &token(holder)).await);
    }
    node.get("/v1/me").header("authorization", &format!("Bearer {}", token(&old))).await.expect(200);
    app::work::reconcile(node.core()).await;
    assert_eq!(published(&node).await, both);
    node.get("/v1/me").header("authorization", &format!("Bearer {}", token(&new))).await.expect(200);

    app.advance(9 * MINUTE);
    old.get("/v1/me").await.problem(401, "unauthenticated");
    new.get("/v1/me").await.expect(200);
    // Much later the old key goes. Refresh credentials never depended on it.
    app.advance(DAY + HOUR);
    app::work::reconcile(app.core()).await;
    assert_eq!(published(&app).await, both[..1]);
    old.renewed().await.get("/v1/me").await.expect(200);
    app.settle().await;
}
