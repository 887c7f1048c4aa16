//! Love notes: sent now to the partner, or scheduled for a minute on a wall clock somewhere.
//!
//! A note lies in two boxes, the sender's and the receiver's, written in one commit with the allowance, the couple's
//! epoch and the event. So when the answer is 201 the note is in the receiver's box, and no unlink can come between.

mod allowance;
mod boxes;
mod library;
mod model;
mod open;
mod own;
mod routes;
mod schedule;
mod send;

pub use routes::routes;
pub use schedule::{due, not_sent, pause_for_ended};

pub use allowance::sending;
pub use boxes::received_json;
pub use library::{ImportError, Imported, Library, import as import_templates, routes as library_routes};
pub use own::{Before, exchanged, latest_scheduled, latest_sent, sent_ever};
