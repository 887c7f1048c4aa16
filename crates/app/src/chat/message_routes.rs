//! HTTP of single messages.

use super::{
    change::{self, DeleteMessage, EditMessage},
    forward::{self, Forward, ForwardResults},
    info::{self, MessageInfo},
    pins::{self, PinMessage},
    reactions::{self, Reactions},
    render::Message,
    routes::MessagePage,
    stars::{self, ListStarred},
};
use crate::{
    app::{App, AppState},
    edge::{
        gate::empty,
        input::{Input, OptionalInput, Params, Place},
        once::{self, Create, json},
        problem::Answer,
        request::Unit,
    },
    identity::Caller,
};
use axum::{
    Json,
    body::Body,
    extract::State,
    http::{Response, StatusCode},
};
use base::id::MessageId;
use std::sync::Arc;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(read_message, edit_message, delete_message))
        .routes(routes!(read_info))
        .routes(routes!(list_reactions))
        .routes(routes!(add_reaction, remove_reaction))
        .routes(routes!(star_message, unstar_message))
        .routes(routes!(pin_message, unpin_message))
        .routes(routes!(forward_messages))
        .routes(routes!(list_starred))
}

/// One message.
#[utoipa::path(get, path = "/v1/messages/{id}", tag = "Chat", params(("id" = MessageId, Path)),
    responses((status = 200, body = Message)))]
async fn read_message(
    State(app): AppState,
    caller: Caller,
    Unit(cx): Unit,
    Place(id): Place<MessageId>,
) -> Answer<Response<Body>> {
    Ok(json(StatusCode::OK, info::one(&app, &cx, &caller, id).await?))
}

/// Edit a text of one's own, within 48 hours.
#[utoipa::path(patch, path = "/v1/messages/{id}", tag = "Chat", request_body = EditMessage,
    params(("id" = MessageId, Path)), responses((status = 200, body = Message)),
    extensions(("x-rate-limit" = json!("chat"))))]
async fn edit_message(
    State(app): AppState,
    caller: Caller,
    Unit(cx): Unit,
    Place(id): Place<MessageId>,
    input: Input<EditMessage>,
) -> Answer<Response<Body>> {
    Ok(json(StatusCode::OK, change::edit(&app, &cx, &caller, id, &input.value).await?))
}

/// Delete a message for oneself, or one of one's own for everyone, within 48 hours.
#[utoipa::path(delete, path = "/v1/messages/{id}", tag = "Chat", params(("id" = MessageId, Path), DeleteMessage),
    responses((status = 204)))]
async fn delete_message(
    State(app): AppState,
    caller: Caller,
    Unit(cx): Unit,
    Place(id): Place<MessageId>,
    Params(asked): Params<DeleteMessage>,
) -> Answer<Response<Body>> {
    change::delete(&app, &cx, &caller, id, &asked).await?;
    Ok(empty(StatusCode::NO_CONTENT))
}

/// Everything about a message: who, when it was sent, delivered and read, pins, stars.
#[utoipa::path(get, path = "/v1/messages/{id}/info", tag = "Chat", params(("id" = MessageId, Path)),
    responses((status = 200, body = MessageInfo)))]
async fn read_info(
    State(app): AppState,
    caller: Caller,
    Unit(cx): Unit,
    Place(id): Place<MessageId>,
) -> Answer<Json<MessageInfo>> {
    Ok(Json(info::read(&app, &cx, &caller, id).await?))
}

/// The reactions to a message, the most frequent first.
#[utoipa::path(get, path = "/v1/messages/{id}/reactions", tag = "Chat", params(("id" = MessageId, Path)),
    responses((status = 200, body = Reactions)))]
async fn list_reactions(State(app): AppState, caller: Caller, Place(id): Place<MessageId>) -> Answer<Json<Reactions>> {
    Ok(Json(reactions::list(&app, &caller, id).await?))
}

/// React to a message with any single emoji.
#[utoipa::path(put, path = "/v1/messages/{id}/reactions/{emoji}", tag = "Chat",
    params(("id" = MessageId, Path), ("emoji" = String, Path)), responses((status = 200, body = Reactions)),
    extensions(("x-rate-limit" = json!("chat"))))]
async fn add_reaction(
    State(app): AppState,
    caller: Caller,
    Unit(cx): Unit,
    Place((id, emoji)): Place<(MessageId, String)>,
) -> Answer<Json<Reactions>> {
    Ok(Json(reactions::set(&app, &cx, &caller, id, &emoji, true).await?))
}

/// Take a reaction back.
#[utoipa::path(delete, path = "/v1/messages/{id}/reactions/{emoji}", tag = "Chat",
    params(("id" = MessageId, Path), ("emoji" = String, Path)), responses((status = 200, body = Reactions)),
    extensions(("x-rate-limit" = json!("chat"))))]
async fn remove_reaction(
    State(app): AppState,
    caller: Caller,
    Unit(cx): Unit,
    Place((id, emoji)): Place<(MessageId, String)>,
) -> Answer<Json<Reactions>> {
    Ok(Json(reactions::set(&app, &cx, &caller, id, &emoji, false).await?))
}

/// Star a message. Nobody else sees it.
#[utoipa::path(put, path = "/v1/messages/{id}/star", tag = "Chat", params(("id" = MessageId, Path)),
    responses((status = 200, body = Message)))]
async fn star_message(
    State(app): AppState,
    caller: Caller,
    Unit(cx): Unit,
    Place(id): Place<MessageId>,
) -> Answer<Response<Body>> {
    Ok(json(StatusCode::OK, stars::set(&app, &cx, &caller, id, true).await?))
}

/// Take the star away.
#[utoipa::path(delete, path = "/v1/messages/{id}/star", tag = "Chat", params(("id" = MessageId, Path)),
    responses((status = 200, body = Message)))]
async fn unstar_message(
    State(app): AppState,
    caller: Caller,
    Unit(cx): Unit,
    Place(id): Place<MessageId>,
) -> Answer<Response<Body>> {
    Ok(json(StatusCode::OK, stars::set(&app, &cx, &caller, id, false).await?))
}

/// Pin a message for both, for a day, a week (default), thirty days, or until it is unpinned. Again begins anew.
#[utoipa::path(put, path = "/v1/messages/{id}/pin", tag = "Chat", params(("id" = MessageId, Path)),
    request_body(content = Option<PinMessage>), responses((status = 200, body = Message)))]
async fn pin_message(
    State(app): AppState,
    caller: Caller,
    Unit(cx): Unit,
    Place(id): Place<MessageId>,
    OptionalInput(asked): OptionalInput<PinMessage>,
) -> Answer<Response<Body>> {
    Ok(json(StatusCode::OK, pins::pin(&app, &cx, &caller, id, &asked).await?))
}

/// Unpin a message; either participant may.
#[utoipa::path(delete, path = "/v1/messages/{id}/pin", tag = "Chat", params(("id" = MessageId, Path)),
    responses((status = 200, body = Message)))]
async fn unpin_message(
    State(app): AppState,
    caller: Caller,
    Unit(cx): Unit,
    Place(id): Place<MessageId>,
) -> Answer<Response<Body>> {
    Ok(json(StatusCode::OK, pins::unpin(&app, &cx, &caller, id).await?))
}

/// Forward messages to members: a result for each.
#[utoipa::path(post, path = "/v1/messages/forward", tag = "Chat", request_body = Forward,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of this call harmless for 24 h.")),
    responses((status = 200, body = ForwardResults)),
    extensions(("x-rate-limit" = json!("chat"))))]
async fn forward_messages(
    State(app): AppState,
    caller: Caller,
    Unit(cx): Unit,
    create: Create<Forward>,
) -> Answer<Response<Body>> {
    once::run(&app, &create.once, async || forward::forward(&app, &cx, &caller, &create.input, &create.once).await)
        .await
}

/// The caller's starred messages, the newest star first.
#[utoipa::path(get, path = "/v1/me/starred-messages", tag = "Chat", params(ListStarred),
    responses((status = 200, body = MessagePage)))]
async fn list_starred(
    State(app): AppState,
    caller: Caller,
    Unit(cx): Unit,
    Params(asked): Params<ListStarred>,
) -> Answer<Response<Body>> {
    Ok(json(StatusCode::OK, stars::list(&app, &cx, &caller, &asked).await?))
}
