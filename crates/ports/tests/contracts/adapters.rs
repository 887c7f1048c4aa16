//! Each contract on its embedded adapter, a fresh folder for each case.

use base::{World, world::TestWorld};
use ports::{
    contract::{Reopen, Subject, verify},
    embedded::Store,
    items::{self, Items, SqliteItems},
};
use std::{path::Path, sync::Arc};
use tempfile::TempDir;

fn open(folder: &Path) -> Arc<Store> {
    let schema = [SqliteItems::schema(items::contract::TABLES)];
    Store::open(&folder.join("items.db"), &schema).expect("the store opens")
}

/// A subject on a folder of its own; `adapter` makes the port on a store that only it holds.
async fn subject<P: ?Sized + Send + Sync + 'static>(
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

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn items() {
    let open =
        || subject::<dyn Items>(|store, world| Arc::new(SqliteItems::new(store, items::contract::TABLES, world)));
    verify("items", "sqlite", items::contract::CASES, open).await;
}
