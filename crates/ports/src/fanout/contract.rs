//! The contract of fan-out: one case per sentence of the port's documentation.

use super::{Fanout, Heard, Subscription};
use crate::contract::{Case, cases, race};
use bytes::Bytes;
use std::{sync::Arc, time::Duration};

pub type Subject = Arc<dyn Fanout>;

/// The longest a message may take; far more than it does.
const PATIENCE: Duration = Duration::from_secs(30);

pub const CASES: &[Case<Subject>] = cases![
    "a subscriber gets what is published, in order" => in_order,
    "every subscriber gets it" => everybody,
    "nothing from before the subscription, nothing of another channel" => nothing_else,
    "each publisher's messages keep their order" => many_publishers,
    "a slow subscriber loses the oldest and is told once" => slow,
    "publishing without subscribers succeeds" => nobody,
    "a subscription ends alone" => ends_alone,
];

async fn next(subscription: &mut Box<dyn Subscription>) -> Heard {
    let heard = tokio::time::timeout(PATIENCE, subscription.next()).await.expect("a message comes");
    heard.expect("the adapter is open")
}

async fn text(subscription: &mut Box<dyn Subscription>) -> String {
    match next(subscription).await {
        Heard::Message(message) => String::from_utf8_lossy(&message).into_owned(),
        Heard::Lost(count) => format!("lost {count}"),
    }
}

async fn publish(fanout: &Subject, channel: &str, message: &str) {
    fanout.publish(channel, Bytes::copy_from_slice(message.as_bytes())).await.expect("publish answers");
}

async fn subscribe(fanout: &Subject, channel: &str) -> Box<dyn Subscription> {
    fanout.subscribe(channel).await.expect("subscribe answers")
}

async fn in_order(fanout: Subject) {
    let mut heard = subscribe(&fanout, "c").await;
    for i in 0..20 {
        publish(&fanout, "c", &i.to_string()).await;
    }
    for i in 0..20 {
        assert_eq!(text(&mut heard).await, i.to_string());
    }
}

async fn everybody(fanout: Subject) {
    let mut all = Vec::new();
    for _ in 0..5 {
        all.push(subscribe(&fanout, "c").await);
    }
    publish(&fanout, "c", "hello").await;
    publish(&fanout, "c", "").await;
    for heard in &mut all {
        assert_eq!((text(heard).await, text(heard).await), ("hello".to_owned(), String::new()));
    }
}

async fn nothing_else(fanout: Subject) {
    publish(&fanout, "c", "before").await;
    let mut early = subscribe(&fanout, "c").await;
    publish(&fanout, "c", "first").await;
    let mut late = subscribe(&fanout, "c").await;
    for other in ["C", "c:1", "", "c*"] {
        publish(&fanout, other, "elsewhere").await;
    }
    publish(&fanout, "c", "second").await;
    assert_eq!((text(&mut early).await, text(&mut early).await), ("first".to_owned(), "second".to_owned()));
    assert_eq!(text(&mut late).await, "second");
}

async fn many_publishers(fanout: Subject) {
    let mut heard = subscribe(&fanout, "c").await;
    let publishers = race(4, |who| {
        let fanout = fanout.clone();
        async move {
            for i in 0..10 {
                publish(&fanout, "c", &format!("{who} {i}")).await;
            }
        }
    });
    let (_, all) = tokio::join!(publishers, async {
        let mut all = Vec::new();
        for _ in 0..40 {
            all.push(text(&mut heard).await);
        }
        all
    });
    for who in 0..4 {
        let prefix = format!("{who} ");
        let mine: Vec<_> = all.iter().filter(|m| m.starts_with(&prefix)).cloned().collect();
        assert_eq!(mine, (0..10).map(|i| format!("{who} {i}")).collect::<Vec<_>>());
    }
}

/// How far behind is too far is the adapter's choice; ten thousand is.
async fn slow(fanout: Subject) {
    let mut heard = subscribe(&fanout, "c").await;
    let count = 10_000_u64;
    for i in 0..count {
        publish(&fanout, "c", &i.to_string()).await;
    }
    let Heard::Lost(lost) = next(&mut heard).await else { unreachable!("not told of a loss") };
    let first: u64 = text(&mut heard).await.parse().expect("a message after the loss, told once");
    assert!(first > 0, "the oldest was kept");
    assert!(lost == 0 || lost == first, "{lost} told, {first} lost");
    for i in first + 1..count {
        assert_eq!(text(&mut heard).await, i.to_string());
    }
    publish(&fanout, "c", "after").await;
    assert_eq!(text(&mut heard).await, "after");
}

async fn nobody(fanout: Subject) {
    publish(&fanout, "c", "x").await;
    drop(subscribe(&fanout, "c").await);
    publish(&fanout, "c", "y").await;
    let mut heard = subscribe(&fanout, "c").await;
    publish(&fanout, "c", "z").await;
    assert_eq!(text(&mut heard).await, "z");
}

async fn ends_alone(fanout: Subject) {
    let first = subscribe(&fanout, "c").await;
    let mut second = subscribe(&fanout, "c").await;
    drop(first);
    publish(&fanout, "c", "x").await;
    assert_eq!(text(&mut second).await, "x");
}
