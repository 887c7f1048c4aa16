//! What the embedded adapters of items, queue, stream, mail and sms share: one SQLite file behind one writer.

mod checkpoint;
pub mod outbox;
pub mod snapshot;
mod store;

pub use store::{Store, StoreError};
