//! How contracts run: each port has `contract::CASES`, one case per sentence of its documentation.

use std::{future::Future, pin::Pin, sync::Arc};

pub type CaseFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A named sentence of a port's documentation, as code that panics when an adapter breaks it.
pub type Case<P> = (&'static str, fn(P) -> CaseFuture);

/// Runs every case on a fresh adapter from `open`, naming each before it runs.
pub async fn verify<P, F, Fut>(port: &str, adapter: &str, cases: &[Case<P>], open: F)
where
    F: Fn() -> Fut,
    Fut: Future<Output = P>,
{
    for (name, case) in cases {
        tracing::info!("{port} contract on {adapter}: {name}");
        let subject = open().await;
        case(subject).await;
    }
}

/// A world whose clock a case moves, beside the adapter that reads it.
pub type Worlded<P> = (Arc<P>, Arc<base::world::TestWorld>);
