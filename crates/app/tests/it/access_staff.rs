//! The access table of what staff do. Nobody in it is staff; what each role may is in `staff` and beside each area.

use crate::access::{Row, members};
use serde_json::Value;

#[rustfmt::skip]
pub const TABLE: &[Row] = &[
    Row("GET /v1/staff/audit", members(403), |_, who| who.get("/v1/staff/audit")),
    Row("GET /v1/staff/members", members(403), |_, who| who.get("/v1/staff/members?q=bob")),
    Row("GET /v1/staff/members/{id}", members(403), |s, who|
        who.get(&format!("/v1/staff/members/{}?reason=curious", s.bob.id))),
    Row("GET /v1/staff/queues", members(403), |_, who| who.get("/v1/staff/queues")),
    Row("GET /v1/staff/queues/{queue}/parked", members(403), |_, who| who.get("/v1/staff/queues/jobs/parked")),
    Row("POST /v1/staff/queues/{queue}/redrive", members(403), |_, who|
        who.post("/v1/staff/queues/jobs/redrive", Value::Null)),
];
