//! What staff look at and set right from their console: the queues of background jobs.
//!
//! Staff see what an act needs and no more; whatever they change is on record before it happens.

mod members;
mod queues;
mod routes;

pub use routes::routes;
