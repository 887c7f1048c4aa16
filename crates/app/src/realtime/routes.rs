//! HTTP of real time.

use super::{connection::close, socket, sse, tickets};
use crate::{
    app::{App, AppState},
    edge::{
        input::Params,
        problem::Answer,
        request::{Unit, header},
    },
    identity::Caller,
};
use axum::{
    Json,
    body::Body,
    extract::{State, WebSocketUpgrade, ws::rejection::WebSocketUpgradeRejection},
    http::{HeaderMap, Response},
};
use base::{Error, Kind};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(create_ticket)).routes(routes!(open_socket)).routes(routes!(stream_events))
}

#[derive(Serialize, ToSchema)]
pub struct Ticket {
    pub ticket: String,
    /// Seconds.
    pub expires_in: i64,
}

/// A ticket for the WebSocket: one minute, single use.
#[utoipa::path(post, path = "/v1/realtime/tickets", tag = "Real time", responses((status = 200, body = Ticket)))]
async fn create_ticket(State(app): AppState, caller: Caller, Unit(cx): Unit) -> Answer<Json<Ticket>> {
    let ticket = tickets::issue(&app, &cx, &caller).await?;
    Ok(Json(Ticket { ticket, expires_in: tickets::LIFE / 1000 }))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Connect {
    /// From `POST /v1/realtime/tickets`.
    pub ticket: Option<String>,
    /// The last event the device has; it gets what came after.
    #[param(value_type = Option<u64>)]
    pub last_event_id: Option<String>,
}

/// The id of an event as a device says it; empty is none.
fn event_id(text: Option<&str>, pointer: &'static str) -> Result<Option<u64>, Error> {
    let parse = |id: &str| {
        // Numbers of events fit into 63 bits, as the document says.
        let number = id.parse::<u64>().ok().filter(|number| i64::try_from(*number).is_ok());
        number.ok_or_else(|| Error::field(pointer, "wrong_type", "This is the number of an event."))
    };
    text.filter(|id| !id.is_empty()).map(parse).transpose()
}

/// Upgrades to a WebSocket. A ticket that is not valid closes it with 4401.
#[utoipa::path(get, path = "/v1/realtime", tag = "Real time", security(()), params(Connect),
    responses((status = 101, description = "Switching protocols"), (status = 400, description = "Not a WebSocket handshake")))]
async fn open_socket(
    State(app): AppState,
    Unit(cx): Unit,
    Params(asked): Params<Connect>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Answer<Response<Body>> {
    let upgrade = upgrade
        .map_err(|e| Error::new(Kind::Malformed, "malformed", "This path takes a WebSocket handshake.").because(e))?;
    let last = event_id(asked.last_event_id.as_deref(), "/query/last_event_id")?;
    let who = tickets::spend(&app, asked.ticket.as_deref().unwrap_or_default(), cx.now()).await?;
    let tasks = app.tasks.clone();
    // Small buffers: an idle socket costs a few KiB.
    let upgrade = upgrade.read_buffer_size(1024).write_buffer_size(4 * 1024).max_message_size(32 * 1024);
    Ok(upgrade.on_upgrade(move |socket| async move {
        match who {
            None => socket::refuse(socket, close::UNAUTHENTICATED).await,
            Some((member, session)) => {
                tasks.spawn("socket", socket::run(app, socket, member, session, last));
            }
        }
    }))
}

/// The same events as a stream, for networks that let no WebSocket through.
#[utoipa::path(get, path = "/v1/realtime/events", tag = "Real time",
    params(("Last-Event-ID" = Option<u64>, Header, description = "The last event the device has.")),
    responses((status = 200, content_type = "text/event-stream", body = String)),
    extensions(("x-stream" = json!(true))))]
async fn stream_events(
    State(app): AppState,
    caller: Caller,
    Unit(cx): Unit,
    headers: HeaderMap,
) -> Answer<Response<Body>> {
    let last = event_id(header(&headers, "last-event-id"), "/header/last-event-id")?;
    Ok(sse::stream(app, &cx, &caller, last).await?)
}
