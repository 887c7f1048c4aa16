//! Chat between two: sending, reading, counters, who may.

use serde_json::{Value, json};
use testkit::{Actor, Couple, TestApp};

/// Says a text; the message.
pub(crate) async fn says(who: &Actor, conversation: &str, text: &str) -> Value {
    let path = format!("/v1/conversations/{conversation}/messages");
    who.post(&path, json!({ "kind": "text", "content": text })).await.expect(201).json()
}

/// The conversation of the caller with a member.
pub(crate) async fn with(who: &Actor, other: &Actor) -> String {
    let answer = who.post("/v1/conversations", json!({ "member_id": other.id })).await;
    assert!([200, 201].contains(&answer.status()), "{answer:?}");
    answer.text("/id")
}

pub(crate) async fn list(who: &Actor, conversation: &str, query: &str) -> Vec<Value> {
    who.get(&format!("/v1/conversations/{conversation}/messages{query}")).await.expect(200).data()
}

pub(crate) async fn unread(who: &Actor) -> i64 {
    who.get("/v1/unread").await.expect(200).at("/total").as_i64().unwrap()
}

#[tokio::test]
async fn a_couple_has_its_conversation_and_every_word_arrives_once() {
    let Couple { app, alice, bob, .. } = TestApp::couple().await;
    let hers = alice.get("/v1/conversations").await.expect(200).data();
    let his = bob.get("/v1/conversations").await.expect(200).data();
    // Alice had one with her former partner, too.
    assert_eq!((hers.len(), his.len()), (2, 1));
    let chat = his[0]["id"].as_str().unwrap();
    assert_eq!(with(&alice, &bob).await, chat);
    assert_eq!(his[0]["member"]["name"], "Alice");

    let path = format!("/v1/conversations/{chat}/messages");
    let input = json!({ "client_id": "a-1", "kind": "text", "content": "  Tea? \u{2615} " });
    let first = alice.post(&path, input.clone()).await.expect(201);
    assert_eq!(first.at("/seq"), json!(1));
    assert_eq!(first.at("/content"), "Tea? \u{2615}");
    assert_eq!(first.at("/status"), "sent");
    let again = alice.post(&path, input).await.expect(200);
    assert_eq!(again.json(), first.json());
    // The same name of another sender is another message.
    let answer = bob.post(&path, json!({ "client_id": "a-1", "content": "Yes" })).await.expect(201);
    assert_eq!(answer.at("/seq"), json!(2));
    assert_eq!(unread(&bob).await, 1);
    assert_eq!(unread(&alice).await, 1);

    let seen = list(&bob, chat, "").await;
    assert_eq!(seen.iter().map(|m| m["seq"].as_u64().unwrap()).collect::<Vec<_>>(), [2, 1]);
    assert_eq!(seen[1]["id"], first.at("/id"));
    // Fetching acknowledged the delivery, and reading is told to the sender.
    let hers = format!("/v1/messages/{}", first.text("/id"));
    assert_eq!(alice.get(&hers).await.expect(200).at("/status"), "delivered");
    bob.post(&format!("/v1/conversations/{chat}/read"), json!({ "seq": 2 })).await.expect(200);
    assert_eq!(alice.get(&hers).await.expect(200).at("/status"), "read");
    assert_eq!(unread(&bob).await, 0);
    let info = alice.get(&format!("{hers}/info")).await.expect(200);
    assert_eq!(info.at("/read_at"), app.now().to_string());
    app.settle().await;
}
