//! Other people's pages: which may read our answers, and which may use the refresh cookie.

use serde_json::{Value, json};
use testkit::{Answer, PASSWORD, TestApp};

const OURS: &str = "http://o2o.test";
const ALLOWED: &str = "https://app.example.com";
const FOREIGN: &str = "https://evil.example.com";

async fn app() -> TestApp {
    TestApp::with(|settings| settings.edge.cors_origins = vec![ALLOWED.to_owned()]).await
}

fn allowed_origin(answer: &Answer) -> Option<&str> {
    answer.header("access-control-allow-origin")
}

#[tokio::test]
async fn only_listed_origins_may_read_an_answer() {
    let app = app().await;
    for origin in [OURS, ALLOWED] {
        for (path, status) in [("/v1/languages", 200), ("/v1/me", 401), ("/v1/nothing", 404)] {
            let answer = app.get(path).header("origin", origin).await.expect(status);
            assert_eq!(allowed_origin(&answer), Some(origin), "{path}");
            assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
            let exposed = answer.header("access-control-expose-headers").unwrap();
            for name in ["x-request-id", "etag", "retry-after", "ratelimit"] {
                assert!(exposed.contains(name), "{exposed}");
            }
            assert!(answer.headers().get_all("vary").iter().any(|v| v == "origin"));
        }
    }
    let near = ["https://app.example.com.evil.com", "http://app.example.com", "https://app.example.com:8443", "null"];
    for origin in near.into_iter().chain([FOREIGN]) {
        let answer = app.get("/v1/languages").header("origin", origin).await.expect(200);
        assert_eq!(allowed_origin(&answer), None, "{origin}");
        assert_eq!(answer.header("access-control-allow-credentials"), None, "{origin}");
    }
    assert_eq!(allowed_origin(&app.get("/v1/languages").await), None);
}

#[tokio::test]
async fn a_preflight_is_answered_without_a_credential() {
    let app = app().await;
    let ask = |origin: &str| {
        let call = app.call("OPTIONS", "/v1/notes").header("origin", origin);
        call.header("access-control-request-method", "POST")
            .header("access-control-request-headers", "authorization, content-type, idempotency-key")
    };
    let answer = ask(ALLOWED).await.expect(204);
    assert_eq!(allowed_origin(&answer), Some(ALLOWED));
    let methods = answer.header("access-control-allow-methods").unwrap();
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
        assert!(methods.contains(method), "{methods}");
    }
    let headers = answer.header("access-control-allow-headers").unwrap();
    for name in ["authorization", "content-type", "idempotency-key", "if-match", "x-o2o-csrf", "last-event-id"] {
        assert!(headers.contains(name), "{headers}");
    }
    let foreign = ask(FOREIGN).await.expect(204);
    assert_eq!(allowed_origin(&foreign), None);
    assert_eq!(foreign.header("access-control-allow-methods"), None);
}

/// `name=value` of the refresh cookie, and its attributes.
fn cookie(answer: &Answer) -> (String, String) {
    let all: Vec<_> = answer.headers().get_all("set-cookie").iter().map(|v| v.to_str().unwrap()).collect();
    assert_eq!(all.len(), 1, "{all:?}");
    let (pair, attributes) = all[0].split_once("; ").unwrap();
    assert!(pair.starts_with("o2o_refresh="), "{pair}");
    (pair.to_owned(), attributes.to_owned())
}

#[tokio::test]
async fn a_browser_keeps_its_credential_in_a_cookie_that_pages_cannot_read() {
    let app = app().await;
    let ana = app.member("Ana").await;
    let login = || app.anonymous().post("/v1/auth/login", json!({ "email": ana.email, "password": PASSWORD }));
    let answer = login().await.expect(200);
    assert_eq!(answer.at("/session/refresh_token"), Value::Null);
    let (pair, attributes) = cookie(&answer);
    let attributes: Vec<_> = attributes.split("; ").collect();
    for wanted in ["HttpOnly", "SameSite=Lax", "Path=/v1/auth", "Max-Age=604800"] {
        assert!(attributes.contains(&wanted), "{attributes:?}");
    }
    assert!(!attributes.contains(&"Secure"), "not on http");
    let refresh = || app.call("POST", "/v1/auth/refresh").header("cookie", &format!("theme=dark; {pair}; a=b"));

    // The cookie alone is what any page can make a browser send.
    for call in [
        refresh(),
        refresh().header("origin", OURS),
        refresh().header("x-o2o-csrf", "1"),
        refresh().header("x-o2o-csrf", "0").header("origin", OURS),
        refresh().header("x-o2o-csrf", "1").header("origin", FOREIGN),
        refresh().header("x-o2o-csrf", "1").header("origin", "null"),
        refresh().header("x-o2o-csrf", "1").header("origin", "http://o2o.test.evil.com"),
    ] {
        let problem = call.await.problem(403, "forbidden");
        assert_eq!(problem["reason"], "csrf");
    }
    let mut last = pair.clone();
    for origin in [OURS, ALLOWED] {
        let answer = refresh().header("cookie", &last).header("x-o2o-csrf", "1").header("origin", origin).await;
        let renewed = cookie(&answer.expect(200)).0;
        assert_ne!(renewed, last);
        last = renewed;
    }
    // The server's own origin, as the browser knows it, is always allowed.
    let behind = refresh().header("cookie", &last).header("host", "192.168.1.7:8080");
    behind.header("x-o2o-csrf", "1").header("origin", "http://192.168.1.7:8080").await.expect(200);
    // A credential in the body needs no protection: no foreign page has it.
    app.anonymous().post("/v1/auth/refresh", json!({ "refresh_token": ana.refresh_token })).await.expect(200);
    app.settle().await;
}

#[tokio::test]
async fn signing_out_takes_the_cookie_back() {
    let app = app().await;
    let ana = app.member("Ana").await;
    let (pair, attributes) = cookie(&ana.post("/v1/auth/logout", Value::Null).await.expect(204));
    assert_eq!(pair, "o2o_refresh=");
    assert!(attributes.contains("Max-Age=0") && attributes.contains("Path=/v1/auth"), "{attributes}");
    app.settle().await;
}
