//! The contract of this port: one case per sentence of its documentation.

use super::{MAX_MAIL, Mail, Message, Sent};
use crate::{
    Fault,
    contract::{Case, CaseFuture},
};
use base::{Time, id::SentId};
use std::{collections::BTreeSet, future::Future, pin::Pin, sync::Arc};
use tokio::task::JoinSet;

pub type Delivered = Pin<Box<dyn Future<Output = Vec<String>> + Send>>;
pub type Reopened = Pin<Box<dyn Future<Output = Arc<dyn Mail>> + Send>>;

/// A mail adapter that has sent nothing.
#[derive(Clone)]
pub struct Subject {
    pub mail: Arc<dyn Mail>,
    pub now: Time,
    /// What arrived for an address (lower case), oldest first, in its form on the wire.
    pub delivered: Arc<dyn Fn(&str) -> Delivered + Send + Sync>,
    /// The same data through a new adapter, as after a restart.
    pub reopen: Arc<dyn Fn() -> Reopened + Send + Sync>,
}

pub const CASES: &[Case<Subject>] = &[
    ("a mail arrives with its headers, text and HTML", |s| run(arrives(s))),
    ("the same idempotency key sends once", |s| run(sends_once(s))),
    ("the same idempotency key sends once at the same time", |s| run(sends_once_at_once(s))),
    ("the same idempotency key sends once across a restart", |s| run(sends_once_across_restart(s))),
    ("our id, the provider's and the Message-ID are three things", |s| run(three_ids(s))),
    ("header injection is refused", |s| run(injection(s))),
    ("non-ASCII is encoded", |s| run(encoded(s))),
    ("one recipient at a time", |s| run(one_recipient(s))),
    ("a suppressed address is not sent to, and the caller learns it", |s| run(suppressed(s))),
    ("suppression outlives a restart", |s| run(suppressed_across_restart(s))),
    ("a receipt given before suppression stands", |s| run(receipts_stand(s))),
    ("a mail over 40 MB is refused", |s| run(too_large(s))),
    ("Debug shows neither addresses nor content", |s| run(async move { debug_is_silent(&s) })),
];

fn run(case: impl Future<Output = ()> + Send + 'static) -> CaseFuture {
    Box::pin(case)
}

const ADA: &str = "ada@example.com";

impl Subject {
    /// Mail number `n`, made for the time of the case.
    fn message(&self, n: u8) -> Message {
        let mut id = [n; 16];
        id[..6].copy_from_slice(&self.now.0.to_be_bytes()[2..]);
        Message {
            id: SentId::from_bytes(id),
            from: "One 2 One <hello@o2o.example>".to_owned(),
            to: ADA.to_owned(),
            subject: format!("Subject {n}"),
            text: format!("Text {n}"),
            html: format!("<p>Markup {n}</p>"),
            idempotency_key: format!("key {n}"),
            meta: serde_json::Map::new(),
        }
    }

    async fn send(&self, message: &Message) -> Sent {
        self.mail.send(message, self.now).await.expect("a send")
    }

    /// The provider's id of an accepted mail.
    async fn accepted(&self, message: &Message) -> String {
        match self.send(message).await {
            Sent::Accepted { provider_id } => provider_id,
            Sent::Suppressed => String::new(),
        }
    }

    async fn refused(&self, message: &Message) {
        let error = self.mail.send(message, self.now).await.expect_err("refused");
        assert_eq!(error.fault, Fault::Refused);
        assert!(!format!("{error:?}").contains(&message.to) || message.to.is_empty(), "{error:?}");
    }

    async fn inbox(&self, address: &str) -> Vec<String> {
        (self.delivered)(address).await
    }
}

/// The value of a header, unfolded.
fn header(mail: &str, name: &str) -> String {
    let head = mail.split("\r\n\r\n").next().unwrap_or_default().replace("\r\n ", " ").replace("\r\n\t", " ");
    let found = head.split("\r\n").filter_map(|line| line.split_once(": ")).find(|(n, _)| n.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.to_owned()).unwrap_or_default()
}

async fn arrives(s: Subject) {
    assert!(!s.accepted(&s.message(1)).await.is_empty());
    let inbox = s.inbox(ADA).await;
    assert_eq!(inbox.len(), 1);
    let mail = &inbox[0];
    assert_eq!(header(mail, "Subject"), "Subject 1");
    assert!(header(mail, "From").ends_with("<hello@o2o.example>") && header(mail, "To").contains(ADA));
    assert!(header(mail, "Content-Type").starts_with("multipart/alternative"));
    assert!(header(mail, "Date").contains(':'));
    let (text, html) = (mail.find("Text 1"), mail.find("<p>Markup 1</p>"));
    assert!(text.is_some() && text < html, "{mail}");
}

async fn sends_once(s: Subject) {
    let first = s.accepted(&s.message(1)).await;
    let again = Message { subject: "Changed".to_owned(), id: s.message(9).id, ..s.message(1) };
    for repeat in [s.message(1), again] {
        assert_eq!(s.accepted(&repeat).await, first);
    }
    assert_eq!(s.inbox(ADA).await.len(), 1);
    assert_ne!(s.accepted(&s.message(2)).await, first);
    assert_eq!(s.inbox(ADA).await.len(), 2);
}

async fn sends_once_at_once(s: Subject) {
    let mut racers = JoinSet::new();
    for n in 0..8 {
        let s = s.clone();
        let message = Message { id: s.message(n).id, ..s.message(0) };
        racers.spawn(async move { s.accepted(&message).await });
    }
    let receipts: BTreeSet<_> = racers.join_all().await.into_iter().collect();
    assert!(receipts.len() == 1 && !receipts.contains(""), "{receipts:?}");
    assert_eq!(s.inbox(ADA).await.len(), 1);
}

async fn sends_once_across_restart(s: Subject) {
    let first = s.accepted(&s.message(1)).await;
    let s = Subject { mail: (s.reopen)().await, ..s };
    assert_eq!(s.accepted(&s.message(1)).await, first);
    assert_eq!(s.inbox(ADA).await.len(), 1);
}

async fn three_ids(s: Subject) {
    let mut seen = BTreeSet::new();
    for n in [1, 2] {
        let message = s.message(n);
        let provider_id = s.accepted(&message).await;
        let message_id = header(s.inbox(ADA).await.last().expect("delivered"), "Message-ID");
        let inner = message_id.strip_prefix('<').and_then(|id| id.strip_suffix('>')).expect("angle brackets");
        let (left, right) = inner.split_once('@').expect("a left and a right side");
        assert!(!left.is_empty() && !right.is_empty());
        assert!(seen.insert(left.to_owned()) && seen.insert(provider_id) && seen.insert(message.id.to_string()));
    }
}

async fn injection(s: Subject) {
    for odd in ["\r\nBcc: eve@example.com", "\nBcc: eve@example.com", "\rBcc: eve@example.com", "\0"] {
        let plain = s.message(1);
        s.refused(&Message { subject: format!("Hi{odd}"), ..plain.clone() }).await;
        s.refused(&Message { to: format!("{ADA}{odd}"), ..plain.clone() }).await;
        s.refused(&Message { from: format!("One{odd} <hello@o2o.example>"), ..plain.clone() }).await;
        s.refused(&Message { from: format!("One <hello@o2o.example{odd}>"), ..plain }).await;
    }
    assert!(s.inbox(ADA).await.is_empty() && s.inbox("eve@example.com").await.is_empty());
    assert!(!s.accepted(&s.message(1)).await.is_empty(), "a refused key is not used up");
}

async fn encoded(s: Subject) {
    let from = "Zwei für immer 💞 <hello@o2o.example>".to_owned();
    let subject = "Grüße für dich, ganz lange Grüße, die in keine Zeile passen, und noch mehr Grüße 💌".to_owned();
    s.accepted(&Message { from, subject, text: "Schöne Grüße".to_owned(), ..s.message(1) }).await;
    let inbox = s.inbox(ADA).await;
    let head = inbox[0].split("\r\n\r\n").next().expect("a head");
    assert!(head.is_ascii() && head.lines().all(|line| line.len() <= 78), "{head}");
    for name in ["From", "Subject"] {
        assert!(header(&inbox[0], name).to_ascii_lowercase().starts_with("=?utf-8?"), "{head}");
    }
}

async fn one_recipient(s: Subject) {
    for to in ["", "ada", "ada@", "@example.com", "ada@example.com, bo@example.com", "a@b@c", "Ada <ada@example.com>"] {
        s.refused(&Message { to: to.to_owned(), ..s.message(1) }).await;
    }
    assert!(s.inbox(ADA).await.is_empty());
}

async fn suppressed(s: Subject) {
    s.mail.suppress("Ada@Example.com", s.now).await.expect("suppressing");
    s.mail.suppress(ADA, s.now).await.expect("suppressing twice");
    assert_eq!(s.send(&s.message(1)).await, Sent::Suppressed);
    assert_eq!(s.send(&Message { to: "ADA@example.com".to_owned(), ..s.message(2) }).await, Sent::Suppressed);
    assert!(s.inbox(ADA).await.is_empty());
    let other = Message { to: "bo@example.com".to_owned(), ..s.message(3) };
    assert!(matches!(s.send(&other).await, Sent::Accepted { .. }));
}

async fn suppressed_across_restart(s: Subject) {
    s.mail.suppress(ADA, s.now).await.expect("suppressing");
    let s = Subject { mail: (s.reopen)().await, ..s };
    assert_eq!(s.send(&s.message(1)).await, Sent::Suppressed);
}

async fn receipts_stand(s: Subject) {
    let first = s.accepted(&s.message(1)).await;
    s.mail.suppress(ADA, s.now).await.expect("suppressing");
    assert_eq!(s.accepted(&s.message(1)).await, first);
    assert_eq!(s.send(&s.message(2)).await, Sent::Suppressed);
}

async fn too_large(s: Subject) {
    s.refused(&Message { text: "a".repeat(MAX_MAIL + 1), ..s.message(1) }).await;
    // Fits as it is, not as it has to be encoded.
    s.refused(&Message { html: "é".repeat(MAX_MAIL / 2 - 1_000), ..s.message(1) }).await;
    assert!(s.inbox(ADA).await.is_empty());
}

fn debug_is_silent(s: &Subject) {
    let shown = format!("{:?}", s.message(1));
    assert!(!shown.contains("ada") && !shown.contains("Text") && !shown.contains("Subject"), "{shown}");
}
