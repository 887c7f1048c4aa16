//! What everything else is made of: ids, time, errors, pages, money, secrets, languages and zones.
//!
//! No I/O and no async runtime. Changes rarely, because every crate rebuilds with it.

pub mod cx;
pub mod error;
pub mod id;
pub mod lang;
pub mod money;
pub mod page;
pub mod secret;
pub mod time;
pub mod world;
pub mod zone;

pub use cx::Cx;
pub use error::{Error, Field, Kind, Result};
pub use id::Id;
pub use lang::Lang;
pub use secret::Secret;
pub use time::Time;
pub use world::World;

mod schema;
