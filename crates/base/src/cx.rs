//! The ambient facts of one unit of work, made explicit and passed first.

use crate::{
    Id, Lang, Time,
    id::{MemberId, SessionId},
    world::World,
};
use std::{net::IpAddr, sync::Arc};
use uuid::Builder;

/// Who a unit of work acts for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Agent {
    /// A job, a timer, a reconciler.
    #[default]
    System,
    /// Someone at the command line.
    Operator,
    /// A request without a session.
    Visitor,
    Member(MemberId),
}

/// Where a unit of work comes from; of a job, nothing is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Origin {
    pub agent: Agent,
    pub session: Option<SessionId>,
    pub client: Option<IpAddr>,
}

/// One unit of work: one request, one job, one timer. It has one "now", so everything it writes carries the same
/// time, and it is where ids come from.
#[derive(Clone)]
pub struct Cx {
    now: Time,
    lang: Lang,
    origin: Origin,
    world: Arc<dyn World>,
}

impl Cx {
    pub fn new(world: &Arc<dyn World>) -> Self {
        Self { now: world.now(), lang: Lang::En, origin: Origin::default(), world: world.clone() }
    }

    /// The same unit of work answering in `lang`.
    #[must_use]
    pub fn speaking(mut self, lang: Lang) -> Self {
        self.lang = lang;
        self
    }

    /// The same unit of work, known to come from there.
    #[must_use]
    pub fn coming_from(mut self, origin: Origin) -> Self {
        self.origin = origin;
        self
    }

    pub fn origin(&self) -> Origin {
        self.origin
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
