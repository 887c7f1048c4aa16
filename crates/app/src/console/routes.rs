//! HTTP of the console of staff.

use super::queues::{self, ListParked, ParkedJob, QueueState, Redrive, Redriven, Redriving, Watching};
use crate::{
    app::{App, AppState},
    edge::{
        input::{OptionalInput, Params, Place},
        problem::Answer,
        request::Unit,
    },
    identity::staff::Staff,
};
use axum::{Json, extract::State};
use base::page::Page;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(list_queues)).routes(routes!(list_parked)).routes(routes!(redrive_jobs))
}

/// The queues; there is one page of them.
#[derive(Serialize, ToSchema)]
pub struct QueuePage {
    pub data: Vec<QueueState>,
    pub next_cursor: Option<String>,
}

/// A list of parked jobs.
#[derive(Serialize, ToSchema)]
pub struct ParkedPage {
    pub data: Vec<ParkedJob>,
    pub next_cursor: Option<String>,
}

/// How full each queue of background jobs is. For support and superadmins.
#[utoipa::path(get, path = "/v1/staff/queues", tag = "Staff", responses((status = 200, body = QueuePage)))]
async fn list_queues(State(app): AppState, staff: Staff<Watching>, Unit(cx): Unit) -> Answer<Json<Page<QueueState>>> {
    Ok(Json(queues::all(&app, &cx, &staff).await?))
}

/// Jobs of a queue that were given up, the longest parked first, without their content. For support and superadmins.
#[utoipa::path(get, path = "/v1/staff/queues/{queue}/parked", tag = "Staff",
    params(("queue" = String, Path), ListParked), responses((status = 200, body = ParkedPage)))]
async fn list_parked(
    State(app): AppState,
    staff: Staff<Watching>,
    Place(queue): Place<String>,
    Params(asked): Params<ListParked>,
) -> Answer<Json<Page<ParkedJob>>> {
    Ok(Json(queues::parked(&app, &staff, &queue, &asked).await?))
}

/// Parked jobs get all their attempts anew: those named, or every one of the queue. For superadmins; it is recorded.
#[utoipa::path(post, path = "/v1/staff/queues/{queue}/redrive", tag = "Staff", params(("queue" = String, Path)),
    request_body(content = Option<Redrive>), responses((status = 200, body = Redriven)))]
async fn redrive_jobs(
    State(app): AppState,
    staff: Staff<Redriving>,
    Unit(cx): Unit,
    Place(queue): Place<String>,
    OptionalInput(asked): OptionalInput<Redrive>,
) -> Answer<Json<Redriven>> {
    Ok(Json(queues::redrive(&app, &cx, &staff, &queue, &asked).await?))
}
