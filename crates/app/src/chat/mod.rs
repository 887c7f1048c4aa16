//! Chat: one conversation for each pair of members, in which every word arrives once and in order.
//!
//! - A conversation is one item of state and a partition of messages. Whatever changes it replaces the state under a
//!   condition on its version, in one commit with the message, both counters and the event. So `seq` has no gap, a
//!   counter is never behind what it counts, and of two writers one looks again.
//! - What a participant has read, cleared or got is a mark: a `seq`. Nothing is counted by reading everything.
//! - A message's id names its place ([`ids`]), so there is no index of ids to write.
//! - The other participant is whoever the conversation names; an id in a body never decides who writes.
//!
//! Presence and calls are in folders of their own; what a call leaves here comes by [`leave_trace`].

mod block;
mod change;
mod conversation;
mod evidence;
mod forward;
mod ids;
mod info;
mod labels;
mod line;
mod live;
mod media;
mod message_routes;
mod messages;
mod model;
mod open;
mod page;
mod pins;
mod post;
mod reactions;
mod receipts;
mod render;
mod reports;
mod routes;
mod safety_routes;
mod sending;
mod stars;
mod state;
mod view;

pub use block::is_blocked;
pub use conversation::purge;
pub use line::{Line, Whom, leave_trace, line};
pub use live::{Follow, Receipt, Telling, delivered_live, run, store_delivered, tell, tells, typing};
pub use model::CallTrace;
pub use open::of_couple;
pub use view::Face;

use crate::app::App;
use std::sync::Arc;
use tokio::sync::Mutex;
use utoipa_axum::router::OpenApiRouter;

/// Conversations that this node changes at the same time; those of one number take turns.
const TURNS: usize = 4_096;

/// What chat needs in memory.
pub struct Chat {
    turns: Vec<Mutex<()>>,
    parsed: state::Parsed,
    pushed: live::Pushed,
    typing: live::Typing,
}

impl Default for Chat {
    fn default() -> Self {
        let turns = (0..TURNS).map(|_| Mutex::new(())).collect();
        Self {
            turns,
            parsed: state::Parsed::default(),
            pushed: live::Pushed::default(),
            typing: live::Typing::default(),
        }
    }
}

pub fn routes() -> OpenApiRouter<Arc<App>> {
    routes::routes().merge(message_routes::routes()).merge(safety_routes::routes())
}
