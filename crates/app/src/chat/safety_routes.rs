//! HTTP of blocks and reports.

use super::{
    block::{self, Blocked, BlockedPage, ListBlocked},
    reports::{self, ListReports, Moderation, NewReport, Report, ReportPage},
};
use crate::{
    app::{App, AppState},
    edge::{
        gate::empty,
        input::{OptionalInput, Params, Place},
        problem::Answer,
        request::Unit,
    },
    identity::{Caller, staff::Staff},
};
use axum::{
    Json,
    body::Body,
    extract::State,
    http::{Response, StatusCode},
};
use base::{
    id::{MemberId, MessageId, ReportId},
    page::Page,
};
use std::sync::Arc;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(block_member, unblock_member))
        .routes(routes!(list_blocked))
        .routes(routes!(report_member))
        .routes(routes!(report_message))
        .routes(routes!(list_reports))
        .routes(routes!(close_report))
}

/// Block a member: no messages, calls, requests or presence in either direction. The member is not told.
#[utoipa::path(put, path = "/v1/members/{id}/block", tag = "Chat", params(("id" = MemberId, Path)),
    responses((status = 204)))]
async fn block_member(
    State(app): AppState,
    caller: Caller,
    Unit(cx): Unit,
    Place(id): Place<MemberId>,
) -> Answer<Response<Body>> {
    block::set(&app, &cx, &caller, id, true).await?;
    Ok(empty(StatusCode::NO_CONTENT))
}

/// Take a block back.
#[utoipa::path(delete, path = "/v1/members/{id}/block", tag = "Chat", params(("id" = MemberId, Path)),
    responses((status = 204)))]
async fn unblock_member(
    State(app): AppState,
    caller: Caller,
    Unit(cx): Unit,
    Place(id): Place<MemberId>,
) -> Answer<Response<Body>> {
    block::set(&app, &cx, &caller, id, false).await?;
    Ok(empty(StatusCode::NO_CONTENT))
}

/// Whom the caller has blocked.
#[utoipa::path(get, path = "/v1/me/blocks", tag = "Chat", params(ListBlocked),
    responses((status = 200, body = BlockedPage)))]
async fn list_blocked(
    State(app): AppState,
    caller: Caller,
    Unit(cx): Unit,
    Params(asked): Params<ListBlocked>,
) -> Answer<Json<Page<Blocked>>> {
    Ok(Json(block::list(&app, &cx, &caller, &asked).await?))
}

fn answer((report, new): (Report, bool)) -> (StatusCode, Json<Report>) {
    (if new { StatusCode::CREATED } else { StatusCode::OK }, Json(report))
}

/// Report a member to the moderators. A repeat gives the first report (200).
#[utoipa::path(post, path = "/v1/members/{id}/report", tag = "Chat", params(("id" = MemberId, Path)),
    request_body(content = Option<NewReport>),
    responses((status = 200, body = Report), (status = 201, body = Report)))]
async fn report_member(
    State(app): AppState,
    caller: Caller,
    Unit(cx): Unit,
    Place(id): Place<MemberId>,
    OptionalInput(asked): OptionalInput<NewReport>,
) -> Answer<(StatusCode, Json<Report>)> {
    Ok(answer(reports::member(&app, &cx, &caller, id, &asked).await?))
}

/// Report what somebody wrote, with its beginning, to the moderators. A repeat gives the first report (200).
#[utoipa::path(post, path = "/v1/messages/{id}/report", tag = "Chat", params(("id" = MessageId, Path)),
    request_body(content = Option<NewReport>),
    responses((status = 200, body = Report), (status = 201, body = Report)))]
async fn report_message(
    State(app): AppState,
    caller: Caller,
    Unit(cx): Unit,
    Place(id): Place<MessageId>,
    OptionalInput(asked): OptionalInput<NewReport>,
) -> Answer<(StatusCode, Json<Report>)> {
    Ok(answer(reports::message(&app, &cx, &caller, id, &asked).await?))
}

/// What was reported, the oldest first. For moderators.
#[utoipa::path(get, path = "/v1/staff/reports", tag = "Staff", params(ListReports),
    responses((status = 200, body = ReportPage)))]
async fn list_reports(
    State(app): AppState,
    staff: Staff<Moderation>,
    Params(asked): Params<ListReports>,
) -> Answer<Json<Page<Report>>> {
    Ok(Json(reports::list(&app, &staff, &asked).await?))
}

/// A report is dealt with. For moderators.
#[utoipa::path(post, path = "/v1/staff/reports/{id}/close", tag = "Staff", params(("id" = ReportId, Path)),
    responses((status = 200, body = Report)))]
async fn close_report(
    State(app): AppState,
    staff: Staff<Moderation>,
    Unit(cx): Unit,
    Place(id): Place<ReportId>,
) -> Answer<Json<Report>> {
    Ok(Json(reports::close(&app, &cx, &staff, id).await?))
}
