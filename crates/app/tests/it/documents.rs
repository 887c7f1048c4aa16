//! The pages and documents that are served beside the API.

use serde_json::json;
use testkit::{Answer, TestApp};

/// What keeps a page harmless, whatever is in it.
fn guarded(page: &Answer) {
    let policy = page.header("content-security-policy").expect("a content security policy");
    for rule in ["default-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"] {
        assert!(policy.contains(rule), "{policy}");
    }
    assert!(!policy.contains("script-src 'self' 'unsafe") && !policy.contains('*'), "{policy}");
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
    ] {
        assert_eq!(page.header(name), Some(value), "{page:?}");
    }
    assert!(page.header("permissions-policy").is_some());
}

/// Addresses of other machines in a text. A namespace is a name, not an address.
fn outside(text: &str) -> Vec<&str> {
    let starts = ["src=\"", "href=\"", "url(", "@import ", "import(\"", "from \""];
    let mut found = Vec::new();
    for start in starts {
        for (at, _) in text.match_indices(start) {
            let target = text[at + start.len()..].trim_start_matches(['"', '\'']);
            if ["http:", "https:", "//"].iter().any(|outer| target.starts_with(outer)) {
                found.push(target.split(['"', '\'', ')']).next().unwrap_or_default());
            }
        }
    }
    found
}

/// Local targets of a page.
fn targets(page: &str) -> Vec<String> {
    let mut found = Vec::new();
    for start in ["src=\"", "href=\""] {
        for (at, _) in page.match_indices(start) {
            let target = page[at + start.len()..].split('"').next().unwrap_or_default();
            if !target.starts_with("data:") && !target.starts_with('#') {
                found.push(target.to_owned());
            }
        }
    }
    found
}

#[tokio::test]
async fn the_front_door_leads_somewhere() {
    let app = TestApp::new().await;
    let home = app.get("/").await.expect(200);
    guarded(&home);
    assert_eq!(home.header("content-type"), Some("text/html; charset=utf-8"));
    assert!(outside(home.body()).is_empty(), "{:?}", outside(home.body()));
    let targets = targets(home.body());
    for wanted in ["/docs", "/dev/outbox", "/openapi.json", "/asyncapi.json"] {
        assert!(targets.iter().any(|t| t == wanted), "{targets:?} lack {wanted}");
    }
    for target in targets {
        let status = app.get(&target).await.status();
        assert!([200, 308].contains(&status), "{target}: {status}");
    }
}

/// Opening the link of a mail, as mail programs do beforehand, uses nothing up.
#[tokio::test]
async fn links_of_mails_lead_to_a_page() {
    let app = TestApp::new().await;
    let ana = app.newcomer("Ana").await;
    app.settle().await;
    let token = app.mailed(&ana.email, "/verify?token=");
    for path in [format!("/verify?token={token}"), "/reset?token=x".to_owned(), "/join?code=x".to_owned()] {
        let page = app.get(&path).await.expect(200);
        assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
        guarded(&page);
        assert!(!page.body().contains(&token));
    }
    app.anonymous().post("/v1/auth/email/verify", json!({ "token": token })).await.expect(200);
    app.settle().await;
}

#[tokio::test]
async fn the_interactive_page_works_offline() {
    let app = TestApp::new().await;
    let moved = app.get("/docs").await.expect(308);
    assert_eq!(moved.header("location"), Some("/docs/"));
    let page = app.get("/docs/").await.expect(200);
    guarded(&page);
    assert!(page.header("content-type").unwrap().starts_with("text/html"));
    assert!(outside(page.body()).is_empty(), "{:?}", outside(page.body()));
    // The policy lets no script run that stands in the page.
    for (at, _) in page.body().match_indices("<script") {
        let tag = page.body()[at..].split('>').next().unwrap();
        assert!(tag.contains("src=\""), "a script in the page: {tag}");
    }
    let files = targets(page.body());
    assert!(files.len() >= 4, "{files:?}");
    let mut names_document = false;
    for file in files {
        let path = if file.starts_with('/') { file } else { format!("/docs/{}", file.trim_start_matches("./")) };
        let found = app.get(&path).await.expect(200);
        let kind = found.header("content-type").unwrap();
        let ending = path.rsplit('.').next().unwrap();
        let named = if ending == "js" { "javascript" } else { ending };
        assert!(kind.contains(named), "{path} is {kind}");
        if let Ok(text) = std::str::from_utf8(found.bytes()) {
            names_document |= text.contains("/openapi.json");
            assert!(ending != "css" || outside(text).is_empty(), "{path}: {:?}", outside(text));
        }
    }
    assert!(names_document, "no file of the page says where the document is");
    app.get("/docs/none.js").await.problem(404, "not_found");
    app.get("/docs/..%2f..%2fCargo.toml").await.problem(404, "not_found");
}

#[tokio::test]
async fn the_outbox_shows_what_was_sent_as_text() {
    let app = TestApp::new().await;
    let body = json!({ "name": "<script>alert(1)</script> & co", "email": "ana@example.com", "consent": true,
                       "password": "correct horse", "age_attested": true });
    app.anonymous().post("/v1/auth/register", body).await.expect(201);
    app.settle().await;
    app.newcomer("Bea").await;
    let all = app.get("/dev/outbox").await.expect(200).data();
    assert_eq!(
        all.iter().map(|m| m["to"].as_str().unwrap()).collect::<Vec<_>>(),
        ["bea@example.com", "ana@example.com"]
    );
    let one = app.get("/dev/outbox?to=ANA@example.com&channel=email").await.expect(200).data();
    assert_eq!(one.len(), 1);
    for member in ["id", "channel", "to", "subject", "text", "html", "sent_at", "meta"] {
        assert!(!one[0][member].is_null(), "{member} in {}", one[0]);
    }
    assert!(one[0]["text"].as_str().unwrap().contains("http://o2o.test/verify?token="));
    assert!(app.get("/dev/outbox?channel=sms").await.expect(200).data().is_empty());
    assert!(app.get("/dev/outbox?to=nobody@example.com").await.expect(200).data().is_empty());

    let page = app.get("/dev/outbox").header("accept", "text/html,application/xhtml+xml").await.expect(200);
    guarded(&page);
    assert!(page.body().contains("bea@example.com") && !page.body().contains("<script>alert"), "{page:?}");
    assert!(page.body().contains("href=\"http://o2o.test/verify?token="), "{page:?}");
    let json = app.get("/dev/outbox").header("accept", "application/json, text/html").await.expect(200);
    assert_eq!(json.header("content-type"), Some("application/json"));
}

#[tokio::test]
async fn the_clock_moves_only_where_it_may() {
    let forward = json!({ "advance_ms": 1_000 });
    let without = TestApp::new().await;
    without.anonymous().post("/dev/clock", forward.clone()).await.problem(404, "not_found");

    let app = TestApp::with(|settings| settings.dev.clock = true).await;
    let clock = |n: i64| app.anonymous().post("/dev/clock", json!({ "advance_ms": n }));
    let before = app.now();
    let now = clock(1_500).await.expect(200).text("/now");
    assert_eq!((now, app.now()), (before.plus(1_500).to_string(), before.plus(1_500)));
    clock(0).await.expect(200);
    clock(-1).await.invalid(&[("/advance_ms", "out_of_range")]);
    clock(1).from("192.0.2.7").await.problem(404, "not_found");
    app.anonymous().post("/dev/clock", json!({})).await.invalid(&[("/advance_ms", "required")]);
    assert_eq!(app.now(), before.plus(1_500));
    let ana = app.member("Ana").await;
    clock(15 * base::time::MINUTE).await.expect(200);
    ana.get("/v1/me").await.problem(401, "unauthenticated");
    app.settle().await;
}

#[tokio::test]
async fn figures_are_for_this_machine_or_a_token() {
    let token = "a token of 32 characters or more..";
    let app = TestApp::with(|settings| settings.edge.metrics_token = base::Secret::new(token)).await;
    app.get("/v1/languages").await.expect(200);
    app.get("/v1/notes/x").await.expect(401);
    let figures = app.get("/metrics").await.expect(200);
    assert!(figures.header("content-type").unwrap().starts_with("text/plain; version=0.0.4"));
    let line = |route: &str, status: u16| {
        format!("http_requests_total{{method=\"GET\",route=\"{route}\",status=\"{status}\"}} 1")
    };
    for wanted in [line("/v1/languages", 200), line("/v1/notes/{id}", 401)] {
        assert!(figures.body().lines().any(|l| l == wanted), "{wanted} is not in\n{}", figures.body());
    }
    assert!(!figures.body().contains("/v1/notes/x"), "a path as typed became a label");
    let outside = || app.get("/metrics").from("192.0.2.7");
    outside().await.problem(404, "not_found");
    outside().header("authorization", "Bearer wrong").await.problem(404, "not_found");
    outside().header("authorization", "Bearer ").await.problem(404, "not_found");
    outside().header("authorization", &format!("Bearer {token}")).await.expect(200);
    // Without a token in the configuration an empty one opens nothing.
    let none = TestApp::new().await;
    none.get("/metrics").from("192.0.2.7").header("authorization", "Bearer ").await.problem(404, "not_found");
}
