//! HTTP of couples.

use super::{
    answer, invitations,
    invitations::{InvitationView, Invite, ListInvitations},
    joint::{self, JointRegistration, JointlyRegistered},
    unlink,
    view::{self, CoupleView},
};
use crate::{
    app::{App, AppState},
    edge::{
        gate::empty,
        input::{Params, Place},
        once::{self, Bare, Create, json},
        problem::Answer,
        request::{About, Unit},
    },
    identity::Caller,
};
use axum::{
    Json,
    body::Body,
    extract::State,
    http::{Response, StatusCode},
};
use base::{Error, id::InvitationId, page::Page};
use serde::Deserialize;
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(invite_partner, list_invitations))
        .routes(routes!(cancel_invitation))
        .routes(routes!(resend_invitation))
        .routes(routes!(accept_invitation))
        .routes(routes!(decline_invitation))
        .routes(routes!(join_by_code))
        .routes(routes!(read_couple, unlink_couple))
        .routes(routes!(register_couple))
}

/// A list of invitations.
#[derive(serde::Serialize, ToSchema)]
pub struct InvitationPage {
    pub data: Vec<InvitationView>,
    pub next_cursor: Option<String>,
}

/// Invite the partner by e-mail.
#[utoipa::path(post, path = "/v1/couple/invitations", tag = "Couples", request_body = Invite,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of this call harmless for 24 h.")),
    responses((status = 201, body = InvitationView)))]
async fn invite_partner(
    State(app): AppState,
    caller: Caller,
    Unit(cx): Unit,
    create: Create<Invite>,
) -> Answer<Response<Body>> {
    once::alone(&app, &create.once, async || {
        let mut checks = crate::check::Checks::default();
        let email = checks.email("/email", &create.input.email);
        checks.done()?;
        let mut tx = app.ports.sql.begin().await?;
        if let Some(replay) = create.once.answered_in_sql(&cx, &mut tx).await? {
            return Ok(replay.into());
        }
        let inviter = invitations::regular(&cx, &mut tx, caller.member).await?;
        let it = invitations::create(&app, &cx, &mut tx, &inviter, &email).await?;
        let view = invitations::view(&app, &cx, &it, &inviter.name, caller.member);
        let body = serde_json::to_vec(&view).map_err(|e| Error::bug("write an answer", e))?;
        create.once.store_in_sql(&cx, &mut tx, StatusCode::CREATED, &body).await?;
        tx.commit().await?;
        app.bells.sql.notify_one();
        Ok(json(StatusCode::CREATED, body))
    })
    .await
}

/// Invitations sent by the caller, or received.
#[utoipa::path(get, path = "/v1/couple/invitations", tag = "Couples", params(ListInvitations),
    responses((status = 200, body = InvitationPage)))]
async fn list_invitations(
    State(app): AppState,
    caller: Caller,
    Unit(cx): Unit,
    Params(asked): Params<ListInvitations>,
) -> Answer<Json<Page<InvitationView>>> {
    Ok(Json(invitations::list(&app, &cx, &caller, &asked).await?))
}

/// Take an invitation back.
#[utoipa::path(delete, path = "/v1/couple/invitations/{id}", tag = "Couples",
    params(("id" = InvitationId, Path)), responses((status = 204)))]
async fn cancel_invitation(
    State(app): AppState,
    caller: Caller,
    Unit(cx): Unit,
    Place(id): Place<InvitationId>,
) -> Answer<Response<Body>> {
    invitations::cancel(&app, &cx, &caller, id).await?;
    Ok(empty(StatusCode::NO_CONTENT))
}

/// Mail an invitation again.
#[utoipa::path(post, path = "/v1/couple/invitations/{id}/resend", tag = "Couples",
    params(
        ("id" = InvitationId, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of this call harmless for 24 h."),
    ),
    responses((status = 200, body = InvitationView)))]
async fn resend_invitation(
    State(app): AppState,
    caller: Caller,
    Unit(cx): Unit,
    Place(id): Place<InvitationId>,
    Bare(once): Bare,
) -> Answer<Response<Body>> {
    once::alone(&app, &once, async || invitations::resend(&app, &cx, &caller, id, &once).await).await
}

/// Accept an invitation that was sent to the caller's verified address.
#[utoipa::path(post, path = "/v1/couple/invitations/{id}/accept", tag = "Couples",
    params(
        ("id" = InvitationId, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of this call harmless for 24 h."),
    ),
    responses((status = 200, body = CoupleView)))]
async fn accept_invitation(
    State(app): AppState,
    caller: Caller,
    Unit(cx): Unit,
    Place(id): Place<InvitationId>,
    Bare(once): Bare,
) -> Answer<Response<Body>> {
    once::alone(&app, &once, async || answer::accept(&app, &cx, &caller, id, &once).await).await
}

/// Decline an invitation that was sent to the caller's verified address.
#[utoipa::path(post, path = "/v1/couple/invitations/{id}/decline", tag = "Couples",
    params(
        ("id" = InvitationId, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of this call harmless for 24 h."),
    ),
    responses((status = 204)))]
async fn decline_invitation(
    State(app): AppState,
    caller: Caller,
    Unit(cx): Unit,
    Place(id): Place<InvitationId>,
    Bare(once): Bare,
) -> Answer<Response<Body>> {
    once::alone(&app, &once, async || answer::decline(&app, &cx, &caller, id, &once).await).await
}

#[derive(Deserialize, ToSchema)]
pub struct Join {
    /// Eight characters, as in the link.
    pub code: String,
}

/// Accept an invitation by its code.
#[utoipa::path(post, path = "/v1/couple/join", tag = "Couples", request_body = Join,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of this call harmless for 24 h.")),
    responses((status = 200, body = CoupleView)))]
async fn join_by_code(
    State(app): AppState,
    caller: Caller,
    Unit(cx): Unit,
    About(about): About,
    create: Create<Join>,
) -> Answer<Response<Body>> {
    let Create { input, once } = &create;
    once::alone(&app, once, async || answer::join(&app, &cx, &caller, &about, &input.code, once).await).await
}

/// Register as a couple: two accounts, linked from the start. Both addresses and numbers are verified by code before;
/// each of the two then chooses a password by a mail.
#[utoipa::path(post, path = "/v1/couple/register", tag = "Couples", security(()), request_body = JointRegistration,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of this call harmless for 24 h.")),
    responses((status = 201, body = JointlyRegistered)))]
async fn register_couple(
    State(app): AppState,
    Unit(cx): Unit,
    visit: Create<JointRegistration>,
) -> Answer<Response<Body>> {
    once::alone(&app, &visit.once, async || joint::register(&app, &cx, &visit.input, &visit.once).await).await
}

/// The couple of the caller.
#[utoipa::path(get, path = "/v1/couple", tag = "Couples", responses((status = 200, body = CoupleView)))]
async fn read_couple(State(app): AppState, caller: Caller, Unit(cx): Unit) -> Answer<Json<CoupleView>> {
    Ok(Json(view::load(&app, &cx, &caller).await?))
}

/// End the couple.
#[utoipa::path(delete, path = "/v1/couple", tag = "Couples", responses((status = 204)))]
async fn unlink_couple(State(app): AppState, caller: Caller, Unit(cx): Unit) -> Answer<Response<Body>> {
    unlink::unlink(&app, &cx, &caller).await?;
    Ok(empty(StatusCode::NO_CONTENT))
}
