//! Love notes: sent now to the partner, or scheduled for a minute on a wall clock somewhere.
//!
//! A note lies in two boxes, the sender's and the receiver's, written in one commit with the allowance, the couple's
//! epoch and the event. So when the answer is 201 the note is in the receiver's box, and no unlink can come between.
//!
//! A note to anybody else lies in its sender's box alone. Text messages and mails leave by a job after the commit
//! ([`deliver`]); what belongs on a platform goes back to the sender to be shared by hand ([`share`]).

mod allowance;
mod boxes;
mod channel;
mod deliver;
mod library;
mod list;
mod model;
mod open;
mod outside;
mod own;
mod routes;
mod schedule;
mod send;
mod share;
mod stats;

pub use allowance::sending;
pub use boxes::{received_json, share};
pub use deliver::{Delivery, deliver, given_up, put_off};
pub use library::{ImportError, Imported, Library, import as import_templates, routes as library_routes};
pub use own::{Before, exchanged, latest_scheduled, latest_sent, sent_ever};
pub use routes::routes;
pub use schedule::{REPEATS, due, not_sent, pause_for_ended};
