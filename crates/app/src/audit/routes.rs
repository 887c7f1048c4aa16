//! HTTP of the record of security-relevant acts.

use super::list::{self, AuditEntry, ListAudit, Record};
use crate::{
    app::{App, AppState},
    edge::{input::Params, problem::Answer, request::Unit},
    identity::staff::Staff,
};
use axum::{Json, extract::State};
use base::page::Page;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(read_audit))
}

/// A list of audit entries.
#[derive(Serialize, ToSchema)]
pub struct AuditPage {
    pub data: Vec<AuditEntry>,
    pub next_cursor: Option<String>,
}

/// The record of security-relevant acts, newest first. For moderators and superadmins; reading it is recorded.
#[utoipa::path(get, path = "/v1/staff/audit", tag = "Staff", params(ListAudit),
    responses((status = 200, body = AuditPage)))]
async fn read_audit(
    State(app): AppState,
    staff: Staff<Record>,
    Unit(cx): Unit,
    Params(asked): Params<ListAudit>,
) -> Answer<Json<Page<AuditEntry>>> {
    Ok(Json(list::list(&app, &cx, &staff, &asked).await?))
}
