//! Somebody who calls: a member on one device, or a visitor.

use crate::{Answer, Call, TestApp};
use serde_json::{Value, json};

/// Every member's password, until a test changes it.
pub const PASSWORD: &str = "correct horse battery";

/// A member signed in on one device, or a visitor (then everything but `app` is empty).
#[derive(Clone)]
pub struct Actor {
    pub app: TestApp,
    pub id: String,
    pub name: String,
    pub email: String,
    pub access_token: Option<String>,
    pub refresh_token: String,
}

impl Actor {
    /// From an answer of register, login or verify with `"client": "native"`.
    #[track_caller]
    pub fn signed_in(app: &TestApp, answer: &Answer) -> Self {
        Self {
            app: app.clone(),
            id: answer.text("/member/id"),
            name: answer.text("/member/name"),
            email: answer.text("/member/email"),
            access_token: Some(answer.text("/session/access_token")),
            refresh_token: answer.text("/session/refresh_token"),
        }
    }

    /// The same person and credentials towards another application: a copy, or another node.
    #[must_use]
    pub fn on(&self, app: &TestApp) -> Self {
        Self { app: app.clone(), ..self.clone() }
    }

    /// A request to be made complete and sent by `.await`.
    pub fn call(&self, method: &str, path: &str) -> Call {
        Call::new(&self.app, method, path, self.access_token.as_deref())
    }

    pub fn get(&self, path: &str) -> Call {
        self.call("GET", path)
    }

    /// A `Null` body is none at all.
    #[expect(clippy::needless_pass_by_value, reason = "tests write `json!({…})` in place")]
    pub fn post(&self, path: &str, body: Value) -> Call {
        let call = self.call("POST", path);
        if body.is_null() { call } else { call.json(&body) }
    }

    #[expect(clippy::needless_pass_by_value, reason = "tests write `json!({…})` in place")]
    pub fn patch(&self, path: &str, body: Value) -> Call {
        self.call("PATCH", path).json(&body)
    }

    #[expect(clippy::needless_pass_by_value, reason = "tests write `json!({…})` in place")]
    pub fn put(&self, path: &str, body: Value) -> Call {
        self.call("PUT", path).json(&body)
    }

    pub fn delete(&self, path: &str) -> Call {
        self.call("DELETE", path)
    }

    /// Signs in once more, as another device.
    pub async fn another_device(&self) -> Self {
        let body = json!({ "email": self.email, "password": PASSWORD, "client": "native" });
        let answer = self.app.anonymous().post("/v1/auth/login", body).await.expect(200);
        Self::signed_in(&self.app, &answer)
    }

    /// The same device with a new pair of credentials: needed after the clock moved by 15 minutes or more.
    pub async fn renewed(&self) -> Self {
        let body = json!({ "refresh_token": self.refresh_token });
        let answer = self.app.anonymous().post("/v1/auth/refresh", body).await.expect(200);
        Self {
            access_token: Some(answer.text("/session/access_token")),
            refresh_token: answer.text("/session/refresh_token"),
            ..self.clone()
        }
    }

    /// Sends the partner a note with this content; its id.
    pub async fn sends(&self, content: &str) -> String {
        let body = json!({ "channel": "partner", "content": content });
        self.post("/v1/notes", body).await.expect(201).text("/id")
    }
}
