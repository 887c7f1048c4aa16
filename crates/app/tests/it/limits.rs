//! Request rates: per network and per member, told in headers, refused with the time to wait.

use base::time::SECOND;
use serde_json::json;
use testkit::{Actor, Answer, TestApp};

/// With so many requests per minute for a network and for a member.
async fn limited(per_ip: u32, per_member: u32) -> TestApp {
    TestApp::with(|settings| {
        settings.edge.rate_limits.enabled = true;
        settings.edge.rate_limits.per_ip_per_minute = per_ip;
        settings.edge.rate_limits.per_member_per_minute = per_member;
    })
    .await
}

async fn languages(app: &TestApp, from: &str) -> Answer {
    app.get("/v1/languages").from(from).await
}

/// `(policy, limit)` and `(policy, left)` of an answer.
fn told(answer: &Answer) -> ((String, u32), (String, u32)) {
    let part = |header: &str, name: &str| {
        let value = answer.header(header).unwrap_or_else(|| panic!("no {header} in {answer:?}"));
        let mut parts = value.split(';').map(str::trim);
        let policy = parts.next().unwrap().trim_matches('"').to_owned();
        let number = parts.find_map(|p| p.strip_prefix(name)?.strip_prefix('=')?.parse().ok());
        (policy, number.unwrap_or_else(|| panic!("no {name} in {value}")))
    };
    assert_eq!(part("ratelimit-policy", "w").1, 60, "a window of a minute");
    assert!(part("ratelimit", "t").1 <= 60);
    (part("ratelimit-policy", "q"), part("ratelimit", "r"))
}

fn refused(answer: &Answer, wait: u64) {
    answer.problem(429, "rate_limited");
    assert_eq!(answer.header("retry-after").unwrap(), wait.to_string(), "{answer:?}");
    assert_eq!(told(answer).1.1, 0);
}

#[tokio::test]
async fn a_network_has_its_rate() {
    let app = limited(5, 100).await;
    for left in (0..5).rev() {
        let answer = languages(&app, "192.0.2.1").await.expect(200);
        assert_eq!(told(&answer), (("ip".to_owned(), 5), ("ip".to_owned(), left)));
    }
    refused(&languages(&app, "192.0.2.1").await, 12);
    // Refused before anything is looked at, and whatever is asked.
    refused(&app.call("PATCH", "/v1/me").from("192.0.2.1").bytes("{").await, 12);
    languages(&app, "192.0.2.2").await.expect(200);
    app.advance(12 * SECOND - 1);
    refused(&languages(&app, "192.0.2.1").await, 1);
    app.advance(1);
    languages(&app, "192.0.2.1").await.expect(200);
    refused(&languages(&app, "192.0.2.1").await, 12);
    app.advance(600 * SECOND);
    assert_eq!(told(&languages(&app, "192.0.2.1").await).1.1, 4, "no more than the bucket holds");
}

#[tokio::test]
async fn a_failed_credential_counts_for_its_network() {
    let app = limited(3, 100).await;
    for _ in 0..3 {
        let answer = app.get("/v1/me").header("authorization", "Bearer guess").from("192.0.2.1").await;
        answer.problem(401, "unauthenticated");
        told(&answer);
    }
    let answer = app.get("/v1/me").header("authorization", "Bearer guess").from("192.0.2.1").await;
    refused(&answer, 20);
}

#[tokio::test]
async fn a_network_of_ipv6_is_a_64() {
    let app = limited(2, 100).await;
    languages(&app, "2001:db8:1:2::1").await.expect(200);
    languages(&app, "2001:db8:1:2:ffff:ffff:ffff:ffff").await.expect(200);
    refused(&languages(&app, "2001:db8:1:2::3").await, 30);
    languages(&app, "2001:db8:1:3::1").await.expect(200);
    // An IPv4 address that came over an IPv6 socket is still that address.
    languages(&app, "192.0.2.1").await.expect(200);
    languages(&app, "::ffff:192.0.2.1").await.expect(200);
    refused(&languages(&app, "192.0.2.1").await, 30);
}

#[tokio::test]
async fn forwarded_addresses_count_only_past_trusted_proxies() {
    async fn via(app: &TestApp, forwarded: &str) -> u16 {
        app.get("/v1/languages").from("10.0.0.1").header("x-forwarded-for", forwarded).await.status()
    }
    let none = limited(2, 100).await;
    let statuses = [via(&none, "203.0.113.1").await, via(&none, "203.0.113.2").await, via(&none, "203.0.113.3").await];
    assert_eq!(statuses, [200, 200, 429], "without proxies the header is ignored");

    let one = TestApp::with(|settings| {
        settings.edge.rate_limits.enabled = true;
        settings.edge.rate_limits.per_ip_per_minute = 2;
        settings.edge.trusted_proxies = 1;
    })
    .await;
    let same = [
        via(&one, "203.0.113.1").await,
        // What stands left of the proxy's own entry was typed by the caller.
        via(&one, "198.51.100.1, 203.0.113.1").await,
        via(&one, "198.51.100.2, 203.0.113.1").await,
    ];
    assert_eq!(same, [200, 200, 429]);
    assert_eq!(via(&one, "203.0.113.2").await, 200);
    // What is no address is the proxy itself.
    assert_eq!([via(&one, "unknown").await, via(&one, "").await, via(&one, "x").await], [200, 200, 429]);
}

async fn me(who: &Actor, from: &str) -> Answer {
    who.get("/v1/me").from(from).await
}

#[tokio::test]
async fn a_member_has_one_rate_over_all_devices_and_networks() {
    let app = limited(1_000, 4).await;
    let (ana, bea) = (app.member("Ana").await, app.member("Bea").await);
    app.advance(60 * SECOND);
    let tablet = ana.another_device().await;
    let first = me(&ana, "192.0.2.1").await.expect(200);
    assert_eq!(told(&first), (("member".to_owned(), 4), ("member".to_owned(), 3)));
    me(&tablet, "192.0.2.2").await.expect(200);
    me(&ana, "2001:db8::1").await.expect(200);
    me(&tablet, "192.0.2.3").await.expect(200);
    refused(&me(&ana, "192.0.2.4").await, 15);
    refused(&me(&tablet, "192.0.2.5").await, 15);
    me(&bea, "192.0.2.4").await.expect(200);
    app.advance(15 * SECOND);
    me(&ana, "192.0.2.1").await.expect(200);
    refused(&me(&ana, "192.0.2.1").await, 15);
    app.settle().await;
}

/// The header tells of the limit that will be met first.
#[tokio::test]
async fn the_tighter_limit_is_told() {
    let app = limited(20, 100).await;
    let ana = app.member("Ana").await;
    let answer = me(&ana, "192.0.2.1").await.expect(200);
    assert_eq!(told(&answer), (("ip".to_owned(), 20), ("ip".to_owned(), 19)));
}

#[tokio::test]
async fn pages_and_health_have_no_rate() {
    let app = limited(1, 1).await;
    for _ in 0..3 {
        for path in ["/", "/livez", "/readyz", "/metrics", "/openapi.json", "/asyncapi.json", "/docs/"] {
            assert_eq!(app.get(path).await.expect(200).header("ratelimit"), None, "{path}");
        }
    }
}

#[tokio::test]
async fn the_switch_stops_rates_and_nothing_else() {
    let app = TestApp::with(|settings| {
        settings.edge.rate_limits.enabled = false;
        settings.edge.rate_limits.per_ip_per_minute = 1;
        settings.edge.rate_limits.per_member_per_minute = 1;
    })
    .await;
    let ana = app.member("Ana").await;
    for _ in 0..5 {
        let answer = me(&ana, "127.0.0.1").await.expect(200);
        assert!(answer.header("ratelimit").is_none() && answer.header("ratelimit-policy").is_none());
    }
    let guess = || app.anonymous().post("/v1/auth/login", json!({ "email": ana.email, "password": "a wrong one" }));
    for _ in 0..10 {
        guess().await.problem(401, "unauthenticated");
    }
    let locked = guess().await;
    locked.problem(429, "rate_limited");
    assert_eq!(locked.header("retry-after"), Some("900"));
    app.settle().await;
}
