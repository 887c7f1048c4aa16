//! Requests whose bytes are wanted: for the closed loop and for calls that carry an idempotency key.

use crate::wire::Request;
use base::Time;
use serde_json::json;

/// A note to the partner.
pub fn send_note(token: &str, content: &str) -> Request {
    Request::post("/v1/notes").bearer(token).json(&json!({"channel": "partner", "content": content}))
}

/// A note to the partner at `due`, whole seconds.
pub fn schedule_note(token: &str, content: &str, due: Time) -> Request {
    let text = due.to_string();
    let (date, time) = (&text[..10], &text[11..19]);
    Request::post("/v1/scheduled-notes")
        .bearer(token)
        .json(&json!({"channel": "partner", "content": content, "date": date, "time": time, "timezone": "UTC"}))
}

pub fn read_note(token: &str, id: &str) -> Request {
    Request::get(&format!("/v1/notes/{id}")).bearer(token)
}

/// `mailbox` is `sent` or `received`; newest first.
pub fn list_notes(token: &str, mailbox: &str, limit: u32, cursor: Option<&str>) -> Request {
    list(&format!("/v1/notes?box={mailbox}&limit={limit}"), token, cursor)
}

/// Own scheduled notes of one status.
pub fn list_scheduled(token: &str, status: &str, limit: u32, cursor: Option<&str>) -> Request {
    list(&format!("/v1/scheduled-notes?status={status}&limit={limit}"), token, cursor)
}

fn list(path: &str, token: &str, cursor: Option<&str>) -> Request {
    let from = cursor.map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
    Request::get(&format!("{path}{from}")).bearer(token)
}

/// Says something in a conversation; `client_id` is the device's own name for it.
pub fn send_message(token: &str, conversation: &str, client_id: &str, content: &str) -> Request {
    Request::post(&format!("/v1/conversations/{conversation}/messages"))
        .bearer(token)
        .json(&json!({"client_id": client_id, "kind": "text", "content": content}))
}

/// The newest messages of a conversation.
pub fn list_messages(token: &str, conversation: &str, limit: u32, cursor: Option<&str>) -> Request {
    list(&format!("/v1/conversations/{conversation}/messages?limit={limit}"), token, cursor)
}

/// The status that a member chooses.
pub fn set_status(token: &str, status: &str) -> Request {
    Request::put("/v1/me/presence").bearer(token).json(&json!({"status": status}))
}

pub fn login(email: &str) -> Request {
    Request::post("/v1/auth/login").json(&json!({"email": email, "password": super::PASSWORD, "client": "native"}))
}

/// Where a socket is opened.
pub fn realtime_path(ticket: &str) -> String {
    format!("/v1/realtime?ticket={ticket}")
}
