//! HTTP of the console of staff.

use super::{
    members::{self, FindMembers, Members, Reveal, StaffMember},
    queues::{self, ListParked, ParkedJob, QueueState, Redrive, Redriven, Redriving, Watching},
};
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
use base::{id::MemberId, page::Page};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(list_queues))
        .routes(routes!(list_parked))
        .routes(routes!(redrive_jobs))
        .routes(routes!(find_staff_members))
        .routes(routes!(read_staff_member))
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

/// A list of members, as staff see them.
#[derive(Serialize, ToSchema)]
pub struct StaffMemberPage {
    pub data: Vec<StaffMember>,
    pub next_cursor: Option<String>,
}

/// Members by address, id or the beginning of a name, with name and address hidden. For support, moderators and
/// superadmins; searching is recorded.
#[utoipa::path(get, path = "/v1/staff/members", tag = "Staff", params(FindMembers),
    responses((status = 200, body = StaffMemberPage)))]
async fn find_staff_members(
    State(app): AppState,
    staff: Staff<Members>,
    Unit(cx): Unit,
    Params(asked): Params<FindMembers>,
) -> Answer<Json<Page<StaffMember>>> {
    Ok(Json(members::find(&app, &cx, &staff, &asked).await?))
}

/// One member. With a reason, name and address are shown whole, and the record has the reason. For support, moderators
/// and superadmins.
#[utoipa::path(get, path = "/v1/staff/members/{id}", tag = "Staff", params(("id" = MemberId, Path), Reveal),
    responses((status = 200, body = StaffMember)))]
async fn read_staff_member(
    State(app): AppState,
    staff: Staff<Members>,
    Unit(cx): Unit,
    Place(id): Place<MemberId>,
    Params(asked): Params<Reveal>,
) -> Answer<Json<StaffMember>> {
    Ok(Json(members::one(&app, &cx, &staff, id, &asked).await?))
}
