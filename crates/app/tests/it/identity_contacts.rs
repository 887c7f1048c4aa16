//! Contact codes: sent by mail and text message, limited, guessed in vain, and turned into a receipt once.

use crate::raced;
use base::time::{DAY, HOUR, MINUTE, SECOND};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use testkit::{Answer, Call, TestApp};

const PHONE: &str = "+351912345678";

pub fn send(app: &TestApp, channel: &str, destination: &str) -> Call {
    app.anonymous().post("/v1/auth/codes", json!({ "channel": channel, "destination": destination }))
}

pub fn verify(app: &TestApp, channel: &str, destination: &str, code: &str) -> Call {
    let body = json!({ "channel": channel, "destination": destination, "code": code });
    app.anonymous().post("/v1/auth/codes/verify", body)
}

/// What was sent there, newest first.
fn sent(app: &TestApp, channel: &str, destination: &str) -> Vec<ports::embedded::outbox::Entry> {
    let outbox = app.core().dev_outbox.as_ref().unwrap();
    outbox.list(Some(destination), Some(channel), 100, app.now()).unwrap()
}

fn digits(text: &str) -> String {
    let mut words = text.split(|c: char| !c.is_ascii_alphanumeric());
    words.find(|word| word.len() == 6 && word.bytes().all(|b| b.is_ascii_digit())).unwrap().to_owned()
}

/// Asks for a code and reads it where it arrives.
pub async fn code(app: &TestApp, channel: &str, destination: &str) -> String {
    send(app, channel, destination).await.expect(202);
    app.settle().await;
    let to = if channel == "sms" { reached(destination) } else { destination.to_owned() };
    digits(&sent(app, channel, &to)[0].text)
}

/// Where a number that is typed like those of these tests is sent to.
fn reached(number: &str) -> String {
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    format!("+{}", digits.trim_start_matches("00"))
}

/// A receipt for this destination, the way a form gets one.
pub async fn receipt(app: &TestApp, channel: &str, destination: &str) -> String {
    let code = code(app, channel, destination).await;
    verify(app, channel, destination, &code).await.expect(200).text("/receipt")
}

/// Another code than this one.
fn other(code: &str) -> String {
    format!("{:06}", (code.parse::<u32>().unwrap() + 1) % 1_000_000)
}

fn is_wrong(answer: &Answer) {
    assert_eq!(answer.invalid(&[("/code", "unknown_value")])["reason"], "code_invalid");
}

#[tokio::test]
async fn a_code_arrives_in_the_language_of_who_asks() {
    let app = TestApp::new().await;
    let mut texts = BTreeSet::new();
    for (at, lang) in ["en", "es", "fr", "it", "de"].into_iter().enumerate() {
        let (email, phone) = (format!("{lang}@example.com"), format!("+35191234567{at}"));
        for (channel, to) in [("email", &email), ("sms", &phone)] {
            let answer = send(&app, channel, to).header("accept-language", lang).await.expect(202);
            assert_eq!(answer.json(), json!({ "expires_in": 600, "retry_in": 60 }));
            app.settle().await;
            let entries = sent(&app, channel, to);
            assert_eq!((entries.len(), &entries[0].meta["language"]), (1, &json!(lang)));
            let code = digits(&entries[0].text);
            assert!(texts.insert(entries[0].text.replace(&code, "")), "{entries:?}");
            let receipt = verify(&app, channel, to, &code).await.expect(200);
            assert_eq!(receipt.at("/expires_in"), 3600);
            assert!(receipt.text("/receipt").bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
        }
    }
    // A member's own language counts, not that of the device.
    let ana = app.member("Ana").await;
    ana.patch("/v1/me", json!({ "language": "fr" })).await.expect(200);
    let body = json!({ "channel": "email", "destination": "work@example.com" });
    ana.post("/v1/auth/codes", body).header("accept-language", "de").await.expect(202);
    app.settle().await;
    assert_eq!(sent(&app, "email", "work@example.com")[0].meta["language"], "fr");
}

#[tokio::test]
async fn a_number_may_be_typed_in_many_ways_and_is_one_destination() {
    let app = TestApp::new().await;
    let code = code(&app, "sms", "00351 912-345.678").await;
    assert_eq!(sent(&app, "sms", PHONE)[0].to, PHONE);
    for typed in [PHONE, "+351 (912) 345/678", "351912345678"] {
        send(&app, "sms", typed).await.problem(429, "rate_limited");
    }
    verify(&app, "sms", " +351 912 345 678 ", &format!(" {}-{} ", &code[..3], &code[3..])).await.expect(200);
    let code = self::code(&app, "email", "Ana@Example.com").await;
    send(&app, "email", " ana@example.COM ").await.problem(429, "rate_limited");
    verify(&app, "email", "ana@example.com", &code).await.expect(200);
    assert_eq!(sent(&app, "email", "ana@example.com")[0].to, "Ana@Example.com");
}

#[tokio::test]
async fn input_that_cannot_be_a_destination_is_named() {
    let app = TestApp::new().await;
    for (channel, destination, code) in [
        ("sms", "", "required"),
        ("sms", "123456789", "invalid_phone"),
        ("sms", "0912345678", "invalid_phone"),
        ("sms", "+1234567890123456", "invalid_phone"),
        ("sms", "ana@example.com", "invalid_phone"),
        ("email", PHONE, "invalid_email"),
        ("email", "", "required"),
        ("email", "ana@", "invalid_email"),
    ] {
        send(&app, channel, destination).await.invalid(&[("/destination", code)]);
        verify(&app, channel, destination, "123456").await.invalid(&[("/destination", code)]);
    }
    let post = |body: Value| app.anonymous().post("/v1/auth/codes", body);
    post(json!({ "channel": "pigeon", "destination": PHONE })).await.invalid(&[("/channel", "unknown_value")]);
    post(json!({ "destination": PHONE })).await.invalid(&[("/channel", "required")]);
    post(json!({ "channel": "sms" })).await.invalid(&[("/destination", "required")]);
    verify(&app, "sms", PHONE, "").await.invalid(&[("/code", "required")]);
    verify(&app, "sms", PHONE, &"1".repeat(33)).await.invalid(&[("/code", "too_long")]);
    // Ten digits are enough.
    send(&app, "sms", "+1234567890").await.expect(202);
    app.settle().await;
}

async fn refused(app: &TestApp, wait: i64) {
    let answer = send(app, "sms", PHONE).await;
    answer.problem(429, "rate_limited");
    assert_eq!(answer.header("retry-after").unwrap(), (wait / SECOND).to_string());
}

#[tokio::test]
async fn one_a_minute_five_an_hour_ten_a_day() {
    // Request rates are off here, as everywhere in tests: these limits are not among them.
    let app = TestApp::new().await;
    assert!(!app.core().settings.edge.rate_limits.enabled);
    let ask = async || {
        send(&app, "sms", PHONE).await.expect(202);
        app.settle().await;
    };
    ask().await;
    refused(&app, MINUTE).await;
    app.advance(MINUTE - SECOND);
    refused(&app, SECOND).await;
    app.advance(SECOND);
    for _ in 2..=5 {
        ask().await;
        app.advance(MINUTE);
    }
    // Five minutes have gone since the first of the five.
    refused(&app, 55 * MINUTE).await;
    send(&app, "sms", "+351912345679").await.expect(202);
    app.settle().await;
    app.advance(55 * MINUTE);
    // The hour slides: one place for each that has left it.
    for _ in 6..=10 {
        ask().await;
        app.advance(MINUTE);
    }
    refused(&app, 23 * HOUR - 5 * MINUTE).await;
    app.advance(23 * HOUR - 5 * MINUTE);
    ask().await;
    refused(&app, MINUTE).await;
    assert_eq!(sent(&app, "sms", PHONE).len(), 11);
    // A restart forgives nobody.
    let node = app.another_node().await;
    send(&node, "sms", PHONE).await.problem(429, "rate_limited");
    app.advance(DAY);
    ask().await;
}

#[tokio::test]
async fn a_code_is_good_once_for_ten_minutes_and_only_the_newest_is() {
    let app = TestApp::new().await;
    is_wrong(&verify(&app, "sms", PHONE, "000000").await);
    let first = code(&app, "sms", PHONE).await;
    app.advance(MINUTE);
    let second = code(&app, "sms", PHONE).await;
    assert_ne!(first, second, "once in a million this fails");
    is_wrong(&verify(&app, "sms", PHONE, &first).await);
    // Of another destination, and of another channel, it opens nothing.
    is_wrong(&verify(&app, "sms", "+351912345679", &second).await);
    is_wrong(&verify(&app, "email", "ana@example.com", &second).await);
    app.advance(10 * MINUTE - 1);
    verify(&app, "sms", PHONE, &second).await.expect(200);
    is_wrong(&verify(&app, "sms", PHONE, &second).await);
    let third = code(&app, "sms", PHONE).await;
    app.advance(10 * MINUTE);
    is_wrong(&verify(&app, "sms", PHONE, &third).await);
}

#[tokio::test]
async fn five_wrong_tries_void_a_code() {
    let app = TestApp::new().await;
    let right = code(&app, "email", "ana@example.com").await;
    let wrong = other(&right);
    for guess in
        [&*wrong, "", "12345", "1234567", "abcdef", "0", "１２３４５６"].iter().filter(|g| !g.is_empty()).take(4)
    {
        is_wrong(&verify(&app, "email", "ana@example.com", guess).await);
    }
    // A destination that is misspelt is no try.
    verify(&app, "email", "ana@", &wrong).await.expect(422);
    let spared = app.copy().await;
    verify(&spared, "email", "ana@example.com", &right).await.expect(200);
    is_wrong(&verify(&app, "email", "ana@example.com", &wrong).await);
    is_wrong(&verify(&app, "email", "ana@example.com", &right).await);
    // A new one begins anew.
    app.advance(MINUTE);
    let right = code(&app, "email", "ana@example.com").await;
    is_wrong(&verify(&app, "email", "ana@example.com", &other(&right)).await);
    verify(&app, "email", "ana@example.com", &right).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn guesses_at_once_are_counted_one_by_one() {
    let app = TestApp::new().await;
    for n in 0..6 {
        let phone = format!("+35191234560{n}");
        let right = code(&app, "sms", &phone).await;
        let wrong = other(&right);
        let statuses = raced((0..12).map(|i| {
            let call = verify(&app, "sms", &phone, if i == 11 { &right } else { &wrong });
            async move { call.await.status() }
        }))
        .await;
        assert!(statuses.iter().all(|s| matches!(s, 200 | 422)), "{statuses:?}");
        is_wrong(&verify(&app, "sms", &phone, &right).await);
        // The right one at once, many times: one receipt.
        app.advance(MINUTE);
        let right = code(&app, "sms", &phone).await;
        let statuses = raced((0..8).map(|_| {
            let call = verify(&app, "sms", &phone, &right);
            async move { call.await.status() }
        }))
        .await;
        assert_eq!(statuses.iter().filter(|s| **s == 200).count(), 1, "{statuses:?}");
        // Of calls for a code at once, one is within the limit.
        app.advance(MINUTE);
        let statuses = raced((0..8).map(|_| {
            let call = send(&app, "sms", &phone);
            async move { call.await.status() }
        }))
        .await;
        assert_eq!(statuses.iter().filter(|s| **s == 202).count(), 1, "{statuses:?}");
        app.settle().await;
        assert_eq!(sent(&app, "sms", &phone).len(), 3);
    }
}

#[tokio::test]
async fn a_repeat_with_the_same_key_sends_once() {
    let app = TestApp::new().await;
    let first = send(&app, "sms", PHONE).key("k").await.expect(202);
    assert_eq!(send(&app, "sms", PHONE).key("k").await.expect(202).bytes(), first.bytes());
    send(&app, "sms", "+351912345679").key("k").await.problem(422, "idempotency_key_reused");
    send(&app, "sms", PHONE).key("l").await.problem(429, "rate_limited");
    app.settle().await;
    assert_eq!(sent(&app, "sms", PHONE).len(), 1);
}

#[tokio::test]
async fn a_code_that_is_void_by_the_time_it_could_be_sent_is_not_sent() {
    let app = TestApp::new().await;
    send(&app, "email", "ana@example.com").await.expect(202);
    app.advance(MINUTE);
    send(&app, "email", "ana@example.com").await.expect(202);
    app.settle().await;
    assert_eq!(sent(&app, "email", "ana@example.com").len(), 1);
    send(&app, "email", "bob@example.com").await.expect(202);
    app.advance(10 * MINUTE);
    app.settle().await;
    assert!(sent(&app, "email", "bob@example.com").is_empty());
}

#[tokio::test]
async fn neither_code_nor_receipt_is_stored() {
    let app = TestApp::new().await;
    send(&app, "email", "ana@example.com").await.expect(202);
    let waiting = app.core().ports.items.outbox(0, 100).await.unwrap();
    let bodies: Vec<_> = waiting.iter().map(|e| String::from_utf8_lossy(&e.body).into_owned()).collect();
    assert!(bodies.iter().any(|b| b.contains("identity.contact_code")), "{bodies:?}");
    app.settle().await;
    let code = digits(&sent(&app, "email", "ana@example.com")[0].text);
    assert!(bodies.iter().all(|b| !b.contains(&code)), "{bodies:?}");
}
