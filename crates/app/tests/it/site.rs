//! The files and pages of the app for couples, from a small build of our own: what is sent, in which form, how long it may
//! be kept, and what is not there.

use app::edge::{self, gate::Gate, site::Site};
use axum::body::Body;
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use std::{borrow::Cow, net::IpAddr, sync::Arc};
use testkit::TestApp;

const BUILD: [(&str, &str); 9] = [
    ("index.html", "<!doctype html><title>One 2 One Love</title>"),
    ("index.html.br", "packed page"),
    ("routes.json", r#"["/", "/login", "/notes/sent", "/chat/$id"]"#),
    ("sw.js", "self.onfetch = null; // and enough more that packing it would pay"),
    ("manifest.webmanifest", "{}"),
    ("assets/main-1a2b.js", "export {}"),
    ("assets/main-1a2b.js.br", "packed by brotli"),
    ("assets/main-1a2b.js.gz", "packed by gzip"),
    ("icons/icon-192.png", "picture"),
];

struct Answer {
    status: StatusCode,
    headers: http::HeaderMap,
    body: String,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

async fn served() -> (TestApp, Arc<Gate>) {
    let app = TestApp::new().await;
    let build = BUILD.map(|(name, text)| (name.to_owned(), Cow::Borrowed(text.as_bytes())));
    let gate = edge::gate(app.core(), Some(Site::of(build).unwrap()));
    (app, gate)
}

async fn ask(gate: &Gate, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = gate.handle(request.body(Body::empty()).unwrap(), IpAddr::from([127, 0, 0, 1])).await;
    let (parts, body) = response.into_parts();
    let body = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
    Answer { status: parts.status, headers: parts.headers, body }
}

async fn get(gate: &Gate, path: &str, headers: &[(&str, &str)]) -> Answer {
    ask(gate, Method::GET, path, headers).await
}

#[test]
fn without_a_page_or_its_routes_there_is_no_app() {
    let without = |left_out: &str| {
        let build = BUILD.into_iter().filter(|(name, _)| *name != left_out);
        Site::of(build.map(|(name, text)| (name.to_owned(), Cow::Borrowed(text.as_bytes()))))
    };
    assert!(without("sw.js").is_some());
    assert!(without("index.html").is_none() && without("routes.json").is_none());
}

#[tokio::test]
async fn pages_are_the_app_whatever_the_case_of_their_letters() {
    let (app, gate) = served().await;
    for path in ["/", "/login", "/Login", "/NOTES/Sent/", "/chat/cnv_01kam9q1v0fz8rzk7c4v2t9m5e", "/login?to=%2Fhome"] {
        let page = get(&gate, path, &[]).await;
        assert_eq!((page.status, page.body.as_str()), (StatusCode::OK, BUILD[0].1), "{path}");
        assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"), "{path}");
        assert_eq!(page.header("cache-control"), Some("no-cache"), "{path}");
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.contains("script-src 'self';") && !policy.contains("unsafe"), "{policy}");
        assert!(policy.contains(&format!("img-src 'self' blob: data: {};", app.core().public_url())), "{policy}");
        assert_eq!(page.header("referrer-policy"), Some("no-referrer"), "tokens of links stay here");
    }
}

#[tokio::test]
async fn elsewhere_people_get_a_page_and_programs_a_problem() {
    let (_app, gate) = served().await;
    for path in
        ["/nowhere", "/notes/sent/more", "/chat", "/routes.json", "/index.html.br", "/assets", "/assets/gone.js"]
    {
        let asked = get(&gate, path, &[]).await;
        assert_eq!(asked.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(asked.header("content-type"), Some("application/problem+json"), "{path}");
    }
    let browser = [("accept", "text/html,application/xhtml+xml")];
    let lost = get(&gate, "/nowhere", &browser).await;
    assert_eq!((lost.status, lost.body.as_str()), (StatusCode::NOT_FOUND, BUILD[0].1));
    for path in
        ["/v1/nowhere", "/v1", "/dev/nowhere", "/docs/nowhere", "/objects/x", "/assets/gone.js", "/.well-known/x"]
    {
        let asked = get(&gate, path, &browser).await;
        assert!(asked.status.is_client_error() && !asked.body.contains("<title>One"), "{path}: {}", asked.status);
    }
    assert_eq!(get(&gate, "/v1/me", &browser).await.status, StatusCode::UNAUTHORIZED);
    let posted = ask(&gate, Method::POST, "/login", &browser).await;
    assert_eq!(posted.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn no_path_leads_out_of_the_build() {
    let (_app, gate) = served().await;
    for path in
        ["/assets/../routes.json", "/assets/%2e%2e/routes.json", "/%72outes.json", "//routes.json", "/../Cargo.toml"]
    {
        let asked = get(&gate, path, &[("accept", "text/html")]).await;
        assert_eq!(asked.status, StatusCode::NOT_FOUND, "{path}");
        assert!(!asked.body.contains("/login"), "{path}");
    }
}

#[tokio::test]
async fn files_come_in_the_best_form_that_the_caller_takes() {
    let (_app, gate) = served().await;
    let mut tags = std::collections::BTreeSet::new();
    for (accepts, encoding, body) in [
        ("gzip, deflate, br", Some("br"), BUILD[6].1),
        ("gzip", Some("gzip"), BUILD[7].1),
        ("br;q=0, gzip;q=0.5", Some("gzip"), BUILD[7].1),
        ("identity", None, BUILD[5].1),
    ] {
        let file = get(&gate, "/assets/main-1a2b.js", &[("accept-encoding", accepts)]).await;
        assert_eq!((file.header("content-encoding"), file.body.as_str()), (encoding, body), "{accepts}");
        assert_eq!(file.header("vary"), Some("Accept-Encoding"));
        assert_eq!(file.header("content-type"), Some("text/javascript; charset=utf-8"));
        assert_eq!(file.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(file.header("cache-control"), Some("public, max-age=31536000, immutable"));
        tags.insert(file.header("etag").unwrap().to_owned());
    }
    assert_eq!(tags.len(), 3, "each form has its own tag");
    // What has no packed form gains nothing by one, and goes out under its own tag.
    let picture = get(&gate, "/icons/icon-192.png", &[("accept-encoding", "gzip, br")]).await;
    assert_eq!((picture.header("content-type"), picture.header("content-encoding")), (Some("image/png"), None));
    let worker = get(&gate, "/sw.js", &[("accept-encoding", "gzip, br")]).await;
    assert_eq!((worker.header("content-encoding"), worker.body.as_str()), (None, BUILD[3].1));
    let manifest = get(&gate, "/manifest.webmanifest", &[]).await;
    assert_eq!(manifest.header("content-type"), Some("application/manifest+json"));
}

#[tokio::test]
async fn what_the_caller_has_is_not_sent_again() {
    let (_app, gate) = served().await;
    for path in ["/", "/sw.js", "/assets/main-1a2b.js"] {
        let first = get(&gate, path, &[]).await;
        let tag = first.header("etag").unwrap();
        let again = get(&gate, path, &[("if-none-match", tag)]).await;
        assert_eq!((again.status, again.body.as_str()), (StatusCode::NOT_MODIFIED, ""), "{path}");
        assert_eq!(again.header("etag"), Some(tag));
        let other = get(&gate, path, &[("if-none-match", "\"other\"")]).await;
        assert_eq!((other.status, other.body), (StatusCode::OK, first.body), "{path}");
    }
    let head = ask(&gate, Method::HEAD, "/sw.js", &[]).await;
    assert_eq!((head.status, head.body.as_str()), (StatusCode::OK, ""));
    assert_eq!(head.header("content-length"), Some(BUILD[3].1.len().to_string().as_str()));
}
