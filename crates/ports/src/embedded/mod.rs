//! What the embedded adapters of items, queue, stream, mail and sms share: one SQLite file behind one writer.

mod checkpoint;
pub mod outbox;
mod store;

pub use store::{Store, StoreError};
