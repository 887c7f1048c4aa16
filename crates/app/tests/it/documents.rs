//! The pages and documents that are served beside the API.

use testkit::{Couple, TestApp};

#[tokio::test]
async fn fixtures_stand() {
    let Couple { app, alice, bob, former, stranger, anon } = TestApp::couple().await;
    let id = alice.sends("Hello").await;
    app.settle().await;
    bob.get(&format!("/v1/notes/{id}")).await.expect(200);
    for other in [&former, &stranger] {
        other.get(&format!("/v1/notes/{id}")).await.problem(404, "not_found");
    }
    anon.get("/v1/me").await.problem(401, "unauthenticated");
}
