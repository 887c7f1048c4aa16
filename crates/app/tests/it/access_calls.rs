//! Rows of the access table: calls. Bob is rung by Alice, so to others he is busy.

use crate::access::{Row, members};
use serde_json::{Value, json};

#[rustfmt::skip]
pub(crate) const TABLE: &[Row] = &[
    //                                             anonymous, single, alice, bob, former, other
    Row("POST /v1/calls", [401, 201, 409, 422, 201, 201], |s, who|
        who.post("/v1/calls", json!({ "member_id": s.bob.id, "type": "video" }))),
    Row("POST /v1/calls", [401, 404, 409, 409, 404, 404], |s, who|
        who.post("/v1/calls", json!({ "conversation_id": s.conversation, "type": "voice" }))),
    Row("GET /v1/calls", members(200), |_, who| who.get("/v1/calls")),
    Row("GET /v1/calls/{id}", [401, 404, 200, 200, 404, 404], |s, who| who.get(&s.rung(""))),
    // The caller waits, and the callee has not begun.
    Row("POST /v1/calls/{id}/accept", [401, 404, 403, 200, 404, 404], |s, who|
        who.post(&s.rung("/accept"), Value::Null)),
    Row("POST /v1/calls/{id}/reject", [401, 404, 403, 200, 404, 404], |s, who|
        who.post(&s.rung("/reject"), Value::Null)),
    Row("POST /v1/calls/{id}/cancel", [401, 404, 200, 403, 404, 404], |s, who|
        who.post(&s.rung("/cancel"), Value::Null)),
    Row("POST /v1/calls/{id}/end", [401, 404, 409, 409, 404, 404], |s, who| who.post(&s.rung("/end"), Value::Null)),
    Row("POST /v1/calls/{id}/signal", [401, 404, 204, 204, 404, 404], |s, who|
        who.post(&s.rung("/signal"), json!({ "kind": "offer", "payload": {} }))),
    Row("POST /v1/calls/{id}/media", [401, 404, 204, 204, 404, 404], |s, who|
        who.post(&s.rung("/media"), json!({ "muted": true }))),
    Row("GET /v1/calls/{id}/relay", [401, 404, 200, 200, 404, 404], |s, who| who.get(&s.rung("/relay"))),
];
