//! Each contract on its embedded adapter, a fresh folder for each case.

use base::{World, world::TestWorld};
use ports::{
    cache::{self, Cache, MemoryCache},
    contract::{Reopen, Subject, verify},
    embedded::Store,
    fanout::{self, Fanout, MemoryFanout},
    items::{self, Items, SqliteItems},
    queue::{self, Queue, SqliteQueue},
    stream::{self, SqliteStream, Stream},
};
use std::{path::Path, sync::Arc};
use tempfile::TempDir;

/// Enough to remember what a case reads.
const MEMORY: u64 = 1024 * 1024;

pub(crate) fn open(folder: &Path) -> Arc<Store> {
    let schema = [SqliteItems::schema(items::contract::TABLES), SqliteQueue::schema(), SqliteStream::schema()];
    Store::open(&folder.join("items.db"), &schema).expect("the store opens")
}

/// A subject on a folder of its own; `adapter` makes the port on a store that only it holds.
pub(crate) async fn subject<P: ?Sized + Send + Sync + 'static>(
    adapter: impl Fn(Arc<Store>, Arc<dyn World>) -> Arc<P> + Send + Sync + 'static,
) -> Subject<P> {
    let folder = TempDir::new().expect("a temporary folder");
    let world: Arc<dyn World> = Arc::new(TestWorld::default());
    let (adapter, beside) = (Arc::new(adapter), world.clone());
    let reopen: Reopen<P> = Box::new(move || {
        let (adapter, store, world) = (adapter.clone(), open(folder.path()), beside.clone());
        Box::pin(async move { adapter(store, world) })
    });
    Subject { port: reopen().await, world, reopen }
}

pub(crate) fn items_in(store: Arc<Store>, world: Arc<dyn World>) -> Arc<dyn Items> {
    Arc::new(SqliteItems::new(store, items::contract::TABLES, world, MEMORY))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn items() {
    let open = || {
        subject::<dyn Items>(|store, world| Arc::new(SqliteItems::new(store, items::contract::TABLES, world, MEMORY)))
    };
    verify("items", "sqlite", items::contract::CASES, open).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn queue() {
    let open =
        || subject::<dyn Queue>(|store, world| Arc::new(SqliteQueue::new(store, queue::contract::QUEUES, world)));
    verify("queue", "sqlite", queue::contract::CASES, open).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn stream() {
    let open = || subject::<dyn Stream>(|store, _| Arc::new(SqliteStream::new(store, stream::contract::TOPICS)));
    verify("stream", "sqlite", stream::contract::CASES, open).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn cache() {
    let open = || async {
        let fresh = || -> Arc<dyn Cache> { Arc::new(MemoryCache::new(32 << 20)) };
        let reopen: Reopen<dyn Cache> = Box::new(move || Box::pin(async move { fresh() }));
        Subject { port: fresh(), world: Arc::new(TestWorld::default()) as Arc<dyn World>, reopen }
    };
    verify("cache", "memory", cache::contract::CASES, open).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fanout() {
    let open = || async { Arc::new(MemoryFanout::default()) as Arc<dyn Fanout> };
    verify("fanout", "memory", fanout::contract::CASES, open).await;
}
