//! HTTP of conversations.

use super::{
    conversation::{self, ChangeConversation},
    live,
    media::{self, ListMedia},
    model::NewMessage,
    open,
    page::{self, ListMessages},
    pins::{self, PinList},
    post, receipts,
    render::Message,
    sending::{MessageForm, Sending},
    view::{self, Conversation, ConversationPage, ListConversations, Unread},
};
use crate::{
    app::{App, AppState},
    edge::{
        gate::empty,
        input::{Input, Params, Place},
        once::{self, json},
        problem::Answer,
        request::Unit,
        upload::FORM,
    },
    files,
    identity::Caller,
};
use axum::{
    Json,
    body::Body,
    extract::State,
    http::{Response, StatusCode},
};
use base::{
    id::{ConversationId, MemberId},
    page::Page,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(open_conversation, list_conversations))
        .routes(routes!(read_conversation, change_conversation, delete_conversation))
        .routes(routes!(clear_conversation))
        .routes(routes!(list_messages, send_message))
        .routes(routes!(mark_delivered))
        .routes(routes!(mark_read))
        .routes(routes!(say_typing))
        .routes(routes!(list_pins))
        .routes(routes!(list_media))
        .routes(routes!(read_unread))
}

/// With whom.
#[derive(Debug, Deserialize, ToSchema)]
pub struct OpenConversation {
    pub member_id: MemberId,
}

/// Up to which message.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "seq": 12 }))]
pub struct UpTo {
    #[schema(minimum = 0)]
    #[serde(deserialize_with = "crate::check::whole")]
    pub seq: u64,
}

#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "typing": true }))]
pub struct SayTyping {
    pub typing: bool,
}

/// A list of messages.
#[derive(Serialize, ToSchema)]
pub struct MessagePage {
    pub data: Vec<Message>,
    pub next_cursor: Option<String>,
}

/// How many messages of each kind there are.
#[derive(Serialize, ToSchema)]
pub struct MediaCounts {
    pub image: u64,
    pub video: u64,
    pub voice: u64,
    pub document: u64,
    pub location: u64,
}

/// Messages of one kind.
#[derive(Serialize, ToSchema)]
pub struct MediaPage {
    pub data: Vec<Message>,
    pub counts: MediaCounts,
    pub next_cursor: Option<String>,
}

/// The conversation with a member: the one there is (200), or a new one (201).
#[utoipa::path(post, path = "/v1/conversations", tag = "Chat", request_body = OpenConversation,
    responses((status = 200, body = Conversation), (status = 201, body = Conversation)))]
async fn open_conversation(
    State(app): AppState,
    caller: Caller,
    Unit(cx): Unit,
    input: Input<OpenConversation>,
) -> Answer<(StatusCode, Json<Conversation>)> {
    let (us, new) = open::open(&app, &cx, &caller, input.value.member_id).await?;
    let status = if new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(view::of(&app, &cx, &us).await?)))
}

/// The caller's conversations: pinned ones first, then the newest message first, empty ones last.
#[utoipa::path(get, path = "/v1/conversations", tag = "Chat", params(ListConversations),
    responses((status = 200, body = ConversationPage)))]
async fn list_conversations(
    State(app): AppState,
    caller: Caller,
    Unit(cx): Unit,
    Params(asked): Params<ListConversations>,
) -> Answer<Json<Page<Conversation>>> {
    Ok(Json(view::list(&app, &cx, &caller, &asked).await?))
}

/// One conversation of the caller.
#[utoipa::path(get, path = "/v1/conversations/{id}", tag = "Chat", params(("id" = ConversationId, Path)),
    responses((status = 200, body = Conversation)))]
async fn read_conversation(
    State(app): AppState,
    caller: Caller,
    Unit(cx): Unit,
    Place(id): Place<ConversationId>,
) -> Answer<Json<Conversation>> {
    let us = super::state::Seated::load(&app, caller.member, id).await?;
    Ok(Json(view::of(&app, &cx, &us).await?))
}

/// Mute, pin, archive a conversation or mark it as unread, for the caller alone.
#[utoipa::path(patch, path = "/v1/conversations/{id}", tag = "Chat", request_body = ChangeConversation,
    params(("id" = ConversationId, Path)), responses((status = 200, body = Conversation)))]
async fn change_conversation(
    State(app): AppState,
    caller: Caller,
    Unit(cx): Unit,
    Place(id): Place<ConversationId>,
    input: Input<ChangeConversation>,
) -> Answer<Json<Conversation>> {
    let us = conversation::set(&app, &cx, caller.member, id, &input.value).await?;
    Ok(Json(view::of(&app, &cx, &us).await?))
}

/// Delete a conversation for the caller: it is empty and hidden, and comes back with the next message. When both have
/// done so, its messages are removed.
#[utoipa::path(delete, path = "/v1/conversations/{id}", tag = "Chat", params(("id" = ConversationId, Path)),
    responses((status = 204)))]
async fn delete_conversation(
    State(app): AppState,
    caller: Caller,
    Unit(cx): Unit,
    Place(id): Place<ConversationId>,
) -> Answer<Response<Body>> {
    conversation::delete(&app, &cx, caller.member, id).await?;
    Ok(empty(StatusCode::NO_CONTENT))
}

/// Clear a conversation for the caller: everything up to now is gone.
#[utoipa::path(post, path = "/v1/conversations/{id}/clear", tag = "Chat", params(("id" = ConversationId, Path)),
    responses((status = 200, body = Conversation)))]
async fn clear_conversation(
    State(app): AppState,
    caller: Caller,
    Unit(cx): Unit,
    Place(id): Place<ConversationId>,
) -> Answer<Json<Conversation>> {
    let us = conversation::clear(&app, &cx, caller.member, id).await?;
    Ok(Json(view::of(&app, &cx, &us).await?))
}

/// Messages of a conversation, the newest first; after a message, the oldest first. With `q`, those that say it. What
/// was addressed to the caller counts as delivered from then on.
#[utoipa::path(get, path = "/v1/conversations/{id}/messages", tag = "Chat",
    params(("id" = ConversationId, Path), ListMessages), responses((status = 200, body = MessagePage)))]
async fn list_messages(
    State(app): AppState,
    caller: Caller,
    Unit(cx): Unit,
    Place(id): Place<ConversationId>,
    Params(asked): Params<ListMessages>,
) -> Answer<Response<Body>> {
    Ok(json(StatusCode::OK, page::list(&app, &cx, &caller, id, &asked).await?))
}

const _: () = assert!(files::LARGEST + FORM == 26_279_936, "the limit of the operation below");

/// Say something, or send a place or a file: one that was uploaded before, or in a form with the message. The same
/// `client_id` of the same sender gives the first message again (200).
#[utoipa::path(post, path = "/v1/conversations/{id}/messages", tag = "Chat",
    request_body(content((NewMessage = "application/json"), (MessageForm = "multipart/form-data"))),
    params(("id" = ConversationId, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of this call harmless for 24 h.")),
    responses((status = 200, body = Message), (status = 201, body = Message)),
    extensions(("x-rate-limit" = json!("chat")), ("x-body-limit" = json!(26_279_936))))]
async fn send_message(
    State(app): AppState,
    caller: Caller,
    Unit(cx): Unit,
    Place(id): Place<ConversationId>,
    Sending { message, file, once }: Sending,
) -> Answer<Response<Body>> {
    let what = (&message, file.as_ref());
    // Boxed: the layers around a handler move its future about.
    Box::pin(once::run(&app, &once, async || post::send(&app, &cx, &caller, id, what, &once).await)).await
}

/// A device has the messages up to here. A mark never moves back.
#[utoipa::path(post, path = "/v1/conversations/{id}/delivered", tag = "Chat", request_body = UpTo,
    params(("id" = ConversationId, Path)), responses((status = 200, body = Conversation)),
    extensions(("x-rate-limit" = json!("chat"))))]
async fn mark_delivered(
    State(app): AppState,
    caller: Caller,
    Unit(cx): Unit,
    Place(id): Place<ConversationId>,
    input: Input<UpTo>,
) -> Answer<Json<Conversation>> {
    let us = receipts::delivered(&app, &cx, caller.member, id, input.value.seq).await?;
    Ok(Json(view::of(&app, &cx, &us).await?))
}

/// The caller has read the messages up to here. A mark never moves back; read is delivered, too.
#[utoipa::path(post, path = "/v1/conversations/{id}/read", tag = "Chat", request_body = UpTo,
    params(("id" = ConversationId, Path)), responses((status = 200, body = Conversation)),
    extensions(("x-rate-limit" = json!("chat"))))]
async fn mark_read(
    State(app): AppState,
    caller: Caller,
    Unit(cx): Unit,
    Place(id): Place<ConversationId>,
    input: Input<UpTo>,
) -> Answer<Json<Conversation>> {
    let us = receipts::read(&app, &cx, caller.member, id, input.value.seq).await?;
    Ok(Json(view::of(&app, &cx, &us).await?))
}

/// Tell the other one that the caller types, or has stopped. It stops by itself after five seconds.
#[utoipa::path(post, path = "/v1/conversations/{id}/typing", tag = "Chat", request_body = SayTyping,
    params(("id" = ConversationId, Path)), responses((status = 204)),
    extensions(("x-rate-limit" = json!("chat"))))]
async fn say_typing(
    State(app): AppState,
    caller: Caller,
    Unit(cx): Unit,
    Place(id): Place<ConversationId>,
    input: Input<SayTyping>,
) -> Answer<Response<Body>> {
    live::typing(&app, &cx, caller.member, id, input.value.typing).await?;
    Ok(empty(StatusCode::NO_CONTENT))
}

/// The pinned messages of a conversation, the newest pin first.
#[utoipa::path(get, path = "/v1/conversations/{id}/pins", tag = "Chat", params(("id" = ConversationId, Path)),
    responses((status = 200, body = PinList)))]
async fn list_pins(
    State(app): AppState,
    caller: Caller,
    Unit(cx): Unit,
    Place(id): Place<ConversationId>,
) -> Answer<Json<PinList>> {
    Ok(Json(pins::list(&app, &cx, &caller, id).await?))
}

/// What of a conversation carries a file or a place, one kind at a time, the newest first; with the counts of all.
#[utoipa::path(get, path = "/v1/conversations/{id}/media", tag = "Chat",
    params(("id" = ConversationId, Path), ListMedia), responses((status = 200, body = MediaPage)))]
async fn list_media(
    State(app): AppState,
    caller: Caller,
    Unit(cx): Unit,
    Place(id): Place<ConversationId>,
    Params(asked): Params<ListMedia>,
) -> Answer<Response<Body>> {
    Ok(json(StatusCode::OK, media::list(&app, &cx, &caller, id, &asked).await?))
}

/// What is unread, in all and by conversation.
#[utoipa::path(get, path = "/v1/unread", tag = "Chat", responses((status = 200, body = Unread)))]
async fn read_unread(State(app): AppState, caller: Caller) -> Answer<Json<Unread>> {
    Ok(Json(view::unread(&app, &caller).await?))
}
