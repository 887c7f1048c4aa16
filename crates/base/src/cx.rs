//! The ambient facts of one unit of work, made explicit and passed first.

use crate::{Id, Lang, Time, world::World};
use std::sync::Arc;
use uuid::Builder;

/// One unit of work: one request, one job, one timer. It has one "now", so everything it writes carries the same
/// time, and it is where ids come from.
#[derive(Clone)]
pub struct Cx {
    now: Time,
    lang: Lang,
    world: Arc<dyn World>,
}

impl Cx {
    pub fn new(world: &Arc<dyn World>) -> Self {
        Self { now: world.now(), lang: Lang::En, world: world.clone() }
    }

    /// The same unit of work answering in `lang`.
    #[must_use]
    pub fn speaking(mut self, lang: Lang) -> Self {
        self.lang = lang;
        self
    }

    pub fn now(&self) -> Time {
        self.now
    }

    /// The language of the caller: explicit parameter, account, `Accept-Language`, English.
    pub fn lang(&self) -> Lang {
        self.lang
    }

    pub fn world(&self) -> &Arc<dyn World> {
        &self.world
    }

    /// A fresh id, sorting by this unit's time.
    pub fn id<K>(&self) -> Id<K> {
        let millis = u64::try_from(self.now.0).unwrap_or(0);
        Id::from_raw(Builder::from_unix_timestamp_millis(millis, &self.world.entropy()).into_uuid())
    }
}
