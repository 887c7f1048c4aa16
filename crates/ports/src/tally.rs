//! What one unit of work asked of the stores: statements and rows, for its log line.

use std::{cell::Cell, future::Future};

tokio::task_local! {
    static TALLY: Cell<Tally>;
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    pub statements: u32,
    pub rows: u32,
}

/// Runs `work` and counts what it asked.
pub async fn counted<T>(work: impl Future<Output = T>) -> (T, Tally) {
    TALLY
        .scope(Cell::default(), async {
            let out = work.await;
            (out, TALLY.with(Cell::get))
        })
        .await
}

/// Called by adapters; outside [`counted`] it does nothing.
pub fn add(statements: usize, rows: usize) {
    let _outside = TALLY.try_with(|tally| {
        let t = tally.get();
        let plus = |a: u32, b: usize| a.saturating_add(u32::try_from(b).unwrap_or(u32::MAX));
        tally.set(Tally { statements: plus(t.statements, statements), rows: plus(t.rows, rows) });
    });
}
