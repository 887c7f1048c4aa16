//! An answer, with the questions tests ask of it.

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde_json::Value;

/// A whole answer. `Debug` shows what failed assertions need: the call, the status and the body.
#[derive(Clone)]
pub struct Answer {
    pub(crate) call: String,
    pub(crate) path: String,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} → {} {}", self.call, self.status.as_u16(), String::from_utf8_lossy(&self.body))
    }
}

impl Answer {
    pub fn status(&self) -> u16 {
        self.status.as_u16()
    }

    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// A header's value; the first when there are several.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("headers are text"))
    }

    pub fn bytes(&self) -> &Bytes {
        &self.body
    }

    /// The body as text.
    pub fn body(&self) -> &str {
        std::str::from_utf8(&self.body).expect("bodies are UTF-8")
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| fail(&format!("{self:?} is not JSON: {error}")))
    }

    /// The text at a JSON pointer.
    #[track_caller]
    pub fn text(&self, pointer: &str) -> String {
        let found = self.json().pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        found.unwrap_or_else(|| fail(&format!("no text at {pointer} in {self:?}")))
    }

    /// The value at a JSON pointer; null when there is none.
    #[track_caller]
    pub fn at(&self, pointer: &str) -> Value {
        self.json().pointer(pointer).cloned().unwrap_or_default()
    }

    /// The list `data` of a page.
    #[track_caller]
    pub fn data(&self) -> Vec<Value> {
        self.at("/data").as_array().cloned().unwrap_or_else(|| fail(&format!("no list of data in {self:?}")))
    }

    /// The answer, if this is its status.
    #[expect(clippy::return_self_not_must_use, reason = "often the status is all a test wants")]
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status(), status, "{self:?}");
        self
    }

    /// A refusal with every member that RFC 9457 and the API promise; the document.
    #[track_caller]
    pub fn problem(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status(), status, "{self:?}");
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self:?}");
        let document = self.json();
        let text = |name: &str| document.get(name).and_then(Value::as_str).unwrap_or_default();
        assert_eq!(text("code"), code, "{self:?}");
        assert_eq!(text("type"), format!("/problems/{code}"), "{self:?}");
        assert_eq!(document.get("status"), Some(&status.into()), "{self:?}");
        assert_eq!(text("instance"), self.path, "{self:?}");
        assert!(!text("title").is_empty() && !text("detail").is_empty(), "{self:?}");
        assert!(!text("request_id").is_empty(), "{self:?}");
        assert_eq!(Some(text("request_id")), self.header("x-request-id"), "{self:?}");
        document
    }

    /// A 422 whose `errors` name exactly these `(pointer, code)` pairs, in any order; the document.
    #[track_caller]
    pub fn invalid(&self, fields: &[(&str, &str)]) -> Value {
        let document = self.problem(422, "validation");
        let errors = document.get("errors").and_then(Value::as_array).cloned().unwrap_or_default();
        let text = |error: &Value, name: &str| error.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let mut named: Vec<_> = errors.iter().map(|e| (text(e, "pointer"), text(e, "code"))).collect();
        let mut wanted: Vec<_> = fields.iter().map(|(p, c)| ((*p).to_owned(), (*c).to_owned())).collect();
        named.sort();
        wanted.sort();
        assert_eq!(named, wanted, "{self:?}");
        assert!(errors.iter().all(|e| !text(e, "detail").is_empty()), "{self:?}");
        document
    }
}

/// Ends the test with this message, at the line of the test.
#[expect(clippy::panic, reason = "this is how a test fails")]
#[track_caller]
pub(crate) fn fail(message: &str) -> ! {
    panic!("{message}")
}
