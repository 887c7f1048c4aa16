//! People that most tests need.

use crate::{Actor, PASSWORD, TestApp};
use serde_json::{Value, json};

/// A couple and those around it.
pub struct Couple {
    pub app: TestApp,
    pub alice: Actor,
    /// Alice's partner.
    pub bob: Actor,
    /// A member without a partner.
    pub stranger: Actor,
    /// Was linked with Alice before Bob was; now without a partner.
    pub former: Actor,
    /// A visitor.
    pub anon: Actor,
}

impl TestApp {
    /// The body of a sign-up: Ana is `ana@example.com`.
    pub fn sign_up(name: &str) -> Value {
        json!({
            "name": name, "email": format!("{}@example.com", name.to_lowercase()), "password": PASSWORD,
            "consent": true, "age_attested": true, "client": "native",
        })
    }

    /// A new member whose address is not verified yet, signed in on one device. The verification mail is sent.
    pub async fn newcomer(&self, name: &str) -> Actor {
        let answer = self.anonymous().post("/v1/auth/register", Self::sign_up(name)).await.expect(201);
        self.settle().await;
        Actor::signed_in(self, &answer)
    }

    /// A member with a verified address, signed in on one device: verifying opened another session, which is the one
    /// the actor uses; that of the sign-up has been signed out.
    pub async fn member(&self, name: &str) -> Actor {
        let newcomer = self.newcomer(name).await;
        let token = self.mailed(&newcomer.email, "/verify?token=");
        let body = json!({ "token": token, "client": "native" });
        let answer = self.anonymous().post("/v1/auth/email/verify", body).await.expect(200);
        newcomer.post("/v1/auth/logout", Value::Null).await.expect(204);
        self.settle().await;
        Actor::signed_in(self, &answer)
    }

    /// Makes two members a couple: the first invites, the second joins by the code.
    pub async fn link(&self, inviter: &Actor, invitee: &Actor) {
        let body = json!({ "email": invitee.email });
        let code = inviter.post("/v1/couple/invitations", body).await.expect(201).text("/code");
        invitee.post("/v1/couple/join", json!({ "code": code })).await.expect(200);
        self.settle().await;
    }

    /// Everybody of [`Couple`], on a fresh application.
    pub async fn couple() -> Couple {
        Self::new().await.with_couple().await
    }

    /// Everybody of [`Couple`], on this application.
    pub async fn with_couple(self) -> Couple {
        let alice = self.member("Alice").await;
        let former = self.member("Former").await;
        self.link(&alice, &former).await;
        alice.delete("/v1/couple").await.expect(204);
        self.settle().await;
        let bob = self.member("Bob").await;
        self.link(&alice, &bob).await;
        let stranger = self.member("Stranger").await;
        Couple { alice, bob, stranger, former, anon: self.anonymous(), app: self }
    }
}
