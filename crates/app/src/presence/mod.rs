//! Presence: who is here, and how one wants to be seen.
//!
//! - What a member chose (`online`, `away`, `busy`, `offline`) and whether the member is here are two things. A heartbeat
//!   moves the second and never the first; what others see follows from both.
//! - The live state is one record per member in the cache, shared by all nodes ([`live`]). No heartbeat, choice,
//!   connection or watch writes to a database: what must outlive the cache is written behind ([`behind`]).
//! - Changes go out on a channel of the fan-out, at most one per member in five seconds, and always the last
//!   ([`said`], [`hear`]). A message says that there is something to look at; what a watcher is told is read then, for
//!   that watcher.
//! - Each node knows who is here ([`directory`]), for lists and for noticing that somebody went without a word. It may
//!   be wrong for a moment, never for long: who is here is said again every minute, and the cache is asked before
//!   anybody is declared gone.

mod behind;
mod directory;
mod hear;
mod list;
mod live;
mod model;
mod round;
mod routes;
mod said;
mod view;
mod watch;

pub use behind::write_all;
pub use hear::run;
pub use live::{arrived, beat, left};
pub use model::MemberPresence;
pub use round::round;
pub use routes::routes;
pub use said::{privacy_changed, relation_changed};
pub use view::shown;
pub use watch::{Watches, unwatch, watch};

use parking_lot::Mutex;
use tokio::sync::Notify;

/// Members whose records this node changes at the same time; those of one number take turns.
const TURNS: usize = 1_024;

/// What presence needs in memory.
pub struct Presence {
    /// Tells our own messages on the fan-out from those of other nodes.
    node: u64,
    turns: Vec<tokio::sync::Mutex<()>>,
    directory: Mutex<directory::Directory>,
    unsaid: Mutex<said::Unsaid>,
    unwritten: Mutex<behind::Unwritten>,
    watchers: watch::Watchers,
    /// There is something to say.
    pub bell: Notify,
}

impl Default for Presence {
    fn default() -> Self {
        Self {
            node: rand::random(),
            turns: (0..TURNS).map(|_| tokio::sync::Mutex::new(())).collect(),
            directory: Mutex::default(),
            unsaid: Mutex::default(),
            unwritten: Mutex::default(),
            watchers: watch::Watchers::default(),
            bell: Notify::new(),
        }
    }
}
