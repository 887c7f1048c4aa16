//! What a device says on its socket (product/api.md). A frame that cannot be read, or that a later release knows, is
//! passed over: it was a sign of life.

use super::connection::Connection;
use crate::{
    app::App,
    chat,
    presence::{self, Watches},
};
use base::{
    Cx, Result,
    error::Chain,
    id::{ConversationId, MemberId},
};
use serde::Deserialize;
use std::sync::Arc;

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Frame {
    Heartbeat,
    Typing {
        conversation_id: ConversationId,
        typing: bool,
    },
    Watch {
        member_ids: Vec<String>,
    },
    Unwatch {
        member_ids: Vec<String>,
    },
    #[serde(other)]
    Other,
}

/// Members looked up that weigh as much as a frame.
const LOOKS: f32 = 50.0;

/// Does what a frame says; what that weighs besides the frame itself.
pub(super) async fn heard(
    app: &Arc<App>,
    member: MemberId,
    connection: &Arc<Connection>,
    watches: &mut Option<Box<Watches>>,
    text: &str,
) -> f32 {
    let Ok(frame) = serde_json::from_str::<Frame>(text) else { return 0.0 };
    let cost = match &frame {
        Frame::Watch { member_ids } => f32::from(u16::try_from(member_ids.len()).unwrap_or(u16::MAX)) / LOOKS,
        _ => 0.0,
    };
    if let Err(error) = obey(app, member, connection, watches, frame).await {
        // There is no answer to a frame: what is not allowed has no effect.
        tracing::debug!(error = %Chain(&error), "a frame had no effect");
    }
    cost
}

async fn obey(
    app: &Arc<App>,
    member: MemberId,
    connection: &Arc<Connection>,
    watches: &mut Option<Box<Watches>>,
    frame: Frame,
) -> Result<()> {
    let cx = Cx::new(&app.world);
    match frame {
        Frame::Heartbeat => presence::beat(app, &cx, member, connection.session).await,
        Frame::Typing { conversation_id, typing } => chat::typing(app, &cx, member, conversation_id, typing).await,
        Frame::Watch { member_ids } => presence::watch(app, watches, member, connection, &ids(&member_ids)).await,
        Frame::Unwatch { member_ids } => {
            presence::unwatch(watches, &ids(&member_ids));
            Ok(())
        }
        Frame::Other => Ok(()),
    }
}

/// What is no id names nobody.
fn ids(texts: &[String]) -> Vec<MemberId> {
    texts.iter().filter_map(|text| text.parse().ok()).collect()
}
