//! How contracts run: each port has `contract::CASES`, one case per sentence of its documentation.

use crate::{Fault, PortResult};
use base::{Time, World};
use std::{fmt::Debug, future::Future, pin::Pin, sync::Arc};
use tokio::task::JoinSet;

pub type CaseFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A named sentence of a port's documentation, as code that panics when an adapter breaks it.
pub type Case<P> = (&'static str, fn(P) -> CaseFuture);

/// Runs every case on a fresh adapter from `open`; a case that panics fails by its name.
pub async fn verify<P, F, Fut>(port: &str, adapter: &str, cases: &[Case<P>], open: F)
where
    F: Fn() -> Fut,
    Fut: Future<Output = P>,
{
    for (name, case) in cases {
        tracing::info!("{port} contract on {adapter}: {name}");
        let mut run = JoinSet::new();
        run.spawn(case(open().await));
        let kept = matches!(run.join_next().await, Some(Ok(())));
        assert!(kept, "{port} contract on {adapter} is broken: {name}");
    }
}

/// A world whose clock a case moves, beside the adapter that reads it.
pub type Worlded<P> = (Arc<P>, Arc<base::world::TestWorld>);

/// Opens the adapter again on what it stored, after the one before was let go.
pub type Reopen<P> = Box<dyn Fn() -> Pin<Box<dyn Future<Output = Arc<P>> + Send>> + Send + Sync>;

/// What a case of a storing port gets.
pub struct Subject<P: ?Sized> {
    pub port: Arc<P>,
    /// The clock the adapter lives by. Cases advance it by seconds where that is enough, so that a harness of an
    /// engine with a clock of its own may wait instead.
    pub world: Arc<dyn World>,
    pub reopen: Reopen<P>,
}

impl<P: ?Sized> Subject<P> {
    pub fn now(&self) -> Time {
        self.world.now()
    }

    /// Moves the clock; the time it shows then.
    pub fn after(&self, millis: i64) -> Time {
        self.world.advance(millis);
        self.world.now()
    }

    /// The same store after a restart.
    pub async fn reopened(self) -> Self {
        let Self { port, world, reopen } = self;
        drop(port);
        Self { port: reopen().await, world, reopen }
    }
}

/// Runs `count` tasks at once and gives what they answered, in no order.
pub async fn race<T, Fut>(count: usize, racer: impl Fn(usize) -> Fut) -> Vec<T>
where
    T: Send + 'static,
    Fut: Future<Output = T> + Send + 'static,
{
    let mut racers = JoinSet::new();
    for i in 0..count {
        racers.spawn(racer(i));
    }
    racers.join_all().await
}

/// The port said no, in the terms of [`Fault::Refused`].
pub fn assert_refused<T: Debug>(answer: PortResult<T>, what: &str) {
    let error = answer.expect_err(what);
    assert_eq!(error.fault, Fault::Refused, "{what}: {error}");
}

/// A list of cases: the sentence, and the async function that holds the adapter to it.
macro_rules! cases {
    ($($sentence:literal => $case:path),* $(,)?) => {
        &[$(($sentence, |subject| Box::pin($case(subject)))),*]
    };
}
pub(crate) use cases;
