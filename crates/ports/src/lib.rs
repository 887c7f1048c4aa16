//! One folder per platform component: the trait, its embedded adapter, its contract suite.
//!
//! A port's meaning is in its documentation and in its contract (`contract::CASES`), which every adapter passes.
//! The embedded adapters are production code: they are what one machine runs.

pub mod cache;
pub mod contract;
mod durable;
pub mod embedded;
pub mod fanout;
pub mod fault;
pub mod items;
pub mod mail;
pub mod objects;
pub mod queue;
pub mod secrets;
pub mod sms;
pub mod sql;
pub mod stream;
pub mod tally;

pub use fault::{Fault, PortError, PortResult};

use std::sync::Arc;

/// Everything outside the process, opened once at start-up from the configuration.
#[derive(Clone)]
pub struct Ports {
    pub sql: sql::Db,
    pub items: Arc<dyn items::Items>,
    pub cache: Arc<dyn cache::Cache>,
    pub fanout: Arc<dyn fanout::Fanout>,
    pub queue: Arc<dyn queue::Queue>,
    pub stream: Arc<dyn stream::Stream>,
    pub objects: Arc<dyn objects::Objects>,
    pub mail: Arc<dyn mail::Mail>,
    pub sms: Arc<dyn sms::Sms>,
    pub secrets: Arc<dyn secrets::Secrets>,
}
