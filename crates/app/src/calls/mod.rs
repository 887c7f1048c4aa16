//! Calls: who rings whom, and what becomes of it. Sound and picture go between the devices; the server keeps the state,
//! carries what the devices have to tell each other, and knows a way round for those that do not reach each other.
//!
//! - A call is one item, changed under a condition on its version: `ringing → accepted → ended`, or
//!   `ringing → rejected | cancelled | missed | busy`. Of two devices that answer, one is first.
//! - A member has at most one live call: its entry in `live_calls` must be absent where a call begins, and goes with
//!   the commit that ends it.
//! - Every live call ends by itself: a timer stands for the end of the ringing, then for that of the longest call.
//! - The trace of a call in its conversation follows from the commit that ends it, by a job that may run twice.

mod finish;
mod history;
mod model;
mod relay;
mod routes;
mod signal;
mod start;
mod store;
mod tell;
mod turn;

pub use finish::{due, end_blocked, leave_entry, reconcile};
pub use model::{Kind, State};
pub use relay::Relay;
pub use routes::routes;
pub use tell::{INCOMING, incoming};
