//! The contract of this port: one case per sentence of its documentation.

use super::{MAX_CHARS, Message, Sent, Sms};
use crate::{
    Fault,
    contract::{Case, CaseFuture},
};
use base::{Time, id::SentId};
use std::{collections::BTreeSet, future::Future, pin::Pin, sync::Arc};
use tokio::task::JoinSet;

pub type Delivered = Pin<Box<dyn Future<Output = Vec<String>> + Send>>;
pub type Reopened = Pin<Box<dyn Future<Output = Arc<dyn Sms>> + Send>>;

/// An SMS adapter that has sent nothing.
#[derive(Clone)]
pub struct Subject {
    pub sms: Arc<dyn Sms>,
    pub now: Time,
    /// The texts that arrived at a number, oldest first.
    pub delivered: Arc<dyn Fn(&str) -> Delivered + Send + Sync>,
    /// The same data through a new adapter, as after a restart.
    pub reopen: Arc<dyn Fn() -> Reopened + Send + Sync>,
}

pub const CASES: &[Case<Subject>] = &[
    ("a text arrives", |s| run(arrives(s))),
    ("what is not E.164 is refused", |s| run(numbers(s))),
    ("the same idempotency key sends once", |s| run(sends_once(s))),
    ("the same idempotency key sends once at the same time", |s| run(sends_once_at_once(s))),
    ("the same idempotency key sends once across a restart", |s| run(sends_once_across_restart(s))),
    ("an opted-out number is refused by name until it opts in again", |s| run(opted_out(s))),
    ("an opt-out outlives a restart", |s| run(opted_out_across_restart(s))),
    ("a receipt given before the opt-out stands", |s| run(receipts_stand(s))),
    ("a body over 1,600 characters is refused", |s| run(too_long(s))),
    ("numbers and bodies do not appear in errors and Debug", |s| run(nothing_shows(s))),
];

fn run(case: impl Future<Output = ()> + Send + 'static) -> CaseFuture {
    Box::pin(case)
}

const ADA: &str = "+4915112345678";

impl Subject {
    fn message(&self, n: u8) -> Message {
        let mut id = [n; 16];
        id[..6].copy_from_slice(&self.now.0.to_be_bytes()[2..]);
        Message {
            id: SentId::from_bytes(id),
            to: ADA.to_owned(),
            text: format!("Text {n}"),
            idempotency_key: format!("key {n}"),
            meta: serde_json::Map::new(),
        }
    }

    async fn send(&self, message: &Message) -> Sent {
        self.sms.send(message, self.now).await.expect("a send")
    }

    /// The provider's id of an accepted text.
    async fn accepted(&self, message: &Message) -> String {
        match self.send(message).await {
            Sent::Accepted { provider_id } => provider_id,
            Sent::OptedOut => String::new(),
        }
    }

    async fn opt(&self, out: bool) {
        self.sms.opt(ADA, out, self.now).await.expect("an opt");
    }

    async fn inbox(&self) -> Vec<String> {
        (self.delivered)(ADA).await
    }
}

async fn arrives(s: Subject) {
    let text = "Schöne Grüße 💌".to_owned();
    assert!(!s.accepted(&Message { text: text.clone(), ..s.message(1) }).await.is_empty());
    assert_eq!(s.inbox().await, [text]);
}

async fn numbers(s: Subject) {
    let odd = [
        "",
        "+",
        "4915112345678",
        "+0151123456",
        "+1234567",
        "+1234567890123456",
        "+49 151 1234567",
        "+49x51123456",
        "+٤٩١٥١١٢٣٤",
    ];
    for to in odd {
        let error = s.sms.send(&Message { to: to.to_owned(), ..s.message(1) }, s.now).await.expect_err("refused");
        assert_eq!(error.fault, Fault::Refused, "{to:?}");
        assert_eq!(s.sms.opt(to, true, s.now).await.expect_err("refused").fault, Fault::Refused, "{to:?}");
    }
    for (n, to) in [(1, "+12345678"), (2, "+123456789012345")] {
        assert!(!s.accepted(&Message { to: to.to_owned(), ..s.message(n) }).await.is_empty(), "{to}");
    }
}

async fn sends_once(s: Subject) {
    let first = s.accepted(&s.message(1)).await;
    let again = Message { text: "Changed".to_owned(), id: s.message(9).id, ..s.message(1) };
    for repeat in [s.message(1), again] {
        assert_eq!(s.accepted(&repeat).await, first);
    }
    assert_ne!(s.accepted(&s.message(2)).await, first);
    assert_eq!(s.inbox().await, ["Text 1", "Text 2"]);
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
    assert_eq!(s.inbox().await, ["Text 0"]);
}

async fn sends_once_across_restart(s: Subject) {
    let first = s.accepted(&s.message(1)).await;
    let s = Subject { sms: (s.reopen)().await, ..s };
    assert_eq!(s.accepted(&s.message(1)).await, first);
    assert_eq!(s.inbox().await, ["Text 1"]);
}

async fn opted_out(s: Subject) {
    s.opt(false).await;
    s.opt(true).await;
    s.opt(true).await;
    assert_eq!(s.send(&s.message(1)).await, Sent::OptedOut);
    assert!(s.inbox().await.is_empty());
    let other = Message { to: "+4915112345679".to_owned(), ..s.message(2) };
    assert!(matches!(s.send(&other).await, Sent::Accepted { .. }));
    s.opt(false).await;
    assert!(matches!(s.send(&s.message(1)).await, Sent::Accepted { .. }), "a text that was refused may be sent later");
    assert_eq!(s.inbox().await, ["Text 1"]);
}

async fn opted_out_across_restart(s: Subject) {
    s.opt(true).await;
    let s = Subject { sms: (s.reopen)().await, ..s };
    assert_eq!(s.send(&s.message(1)).await, Sent::OptedOut);
}

async fn receipts_stand(s: Subject) {
    let first = s.accepted(&s.message(1)).await;
    s.opt(true).await;
    assert_eq!(s.accepted(&s.message(1)).await, first);
    assert_eq!(s.send(&s.message(2)).await, Sent::OptedOut);
}

async fn too_long(s: Subject) {
    let text = "é".repeat(MAX_CHARS);
    let over = Message { text: format!("{text}!"), ..s.message(1) };
    assert_eq!(s.sms.send(&over, s.now).await.expect_err("refused").fault, Fault::Refused);
    assert!(s.inbox().await.is_empty());
    s.accepted(&Message { text: text.clone(), ..s.message(1) }).await;
    assert_eq!(s.inbox().await, [text]);
}

async fn nothing_shows(s: Subject) {
    let long = Message { text: "secret words ".repeat(200), ..s.message(1) };
    let bad = Message { to: "+49151123456789012".to_owned(), text: "secret words".to_owned(), ..s.message(1) };
    for message in [long, bad] {
        let error = s.sms.send(&message, s.now).await.expect_err("refused");
        let shown = format!("{error} {error:?} {message:?}");
        assert!(!shown.contains("secret words") && !shown.contains("151123"), "{shown}");
    }
}
