//! What a device says on its socket (product/api.md). A frame that cannot be read, or that a later release knows, is
//! passed over: it was a sign of life.

use crate::{app::App, chat};
use base::{
    Cx,
    error::Chain,
    id::{ConversationId, MemberId},
};
use serde::Deserialize;
use std::sync::Arc;

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Frame {
    Typing {
        conversation_id: ConversationId,
        typing: bool,
    },
    #[serde(other)]
    Other,
}

pub(super) async fn heard(app: &Arc<App>, member: MemberId, text: &str) {
    let cx = Cx::new(&app.world);
    let done = match serde_json::from_str::<Frame>(text) {
        Ok(Frame::Typing { conversation_id, typing }) => chat::typing(app, &cx, member, conversation_id, typing).await,
        Ok(Frame::Other) | Err(_) => Ok(()),
    };
    if let Err(error) = done {
        // There is no answer to a frame: what is not allowed has no effect.
        tracing::debug!(error = %Chain(&error), "a frame had no effect");
    }
}
