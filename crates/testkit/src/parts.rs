//! The composition for tests: embedded adapters in a folder, with faults to switch on.

use crate::faults::{Faults, FlakyItems, FlakyMail, FlakySms};
use app::{
    app::Parts,
    edge::access_log::{AccessLog, Format},
    settings::Settings,
    tables, topics,
};
use base::{World, time::DAY};
use ports::{
    Ports,
    cache::MemoryCache,
    embedded::{Store, outbox::Outbox},
    fanout::MemoryFanout,
    items::SqliteItems,
    mail::LocalMail,
    objects::{FolderObjects, Signer},
    queue::SqliteQueue,
    secrets::{FileSecrets, Secrets as _},
    sms::LocalSms,
    sql::Db,
    stream::SqliteStream,
};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::sync::OnceCell;

/// Where links of mails lead in tests.
pub(crate) const PUBLIC_URL: &str = "http://o2o.test";

pub(crate) fn sql_path(folder: &Path) -> PathBuf {
    folder.join("sql.db")
}

pub(crate) fn store_path(folder: &Path) -> PathBuf {
    folder.join("items.db")
}

/// What the laptop has, with cheap passwords and without request rates.
pub(crate) fn settings() -> Settings {
    let mut all: toml::Table = toml::from_str(include_str!("../../../config/laptop.toml")).expect("the preset is TOML");
    all.retain(|section, _| {
        ["edge", "identity", "couples", "notes", "plans", "realtime", "calls", "work", "dev"].contains(&section)
    });
    let mut settings: Settings = all.try_into().expect("the preset has every setting");
    settings.identity.argon2_memory_kib = 64;
    settings.identity.argon2_passes = 1;
    settings.identity.token_cache = 256;
    settings.edge.rate_limits.enabled = false;
    settings
}

/// The bytes of a database that has every migration.
async fn template() -> &'static [u8] {
    static TEMPLATE: OnceCell<Vec<u8>> = OnceCell::const_new();
    let made = TEMPLATE.get_or_init(|| async {
        let folder = tempfile::tempdir().expect("a folder for the template");
        let db = Db::open_sqlite(&sql_path(folder.path()), 1).await.expect("the template opens");
        let now = base::world::TestWorld::default().now();
        ports::sql::migrate::migrate(&db, now).await.expect("the template migrates");
        db.close().await;
        fs::read(sql_path(folder.path())).expect("the template is a file")
    });
    made.await
}

/// What the nodes of a test have in common: the store of a folder, which one process opens once, the cache and the
/// fan-out.
#[derive(Clone)]
pub(crate) struct Shared {
    store: Arc<Store>,
    items: Arc<SqliteItems>,
    cache: Arc<MemoryCache>,
    fanout: Arc<MemoryFanout>,
}

impl Shared {
    pub(crate) fn open(folder: &Path, world: Arc<dyn World>) -> Self {
        let schema =
            [SqliteItems::schema(tables::ALL), SqliteQueue::schema(), SqliteStream::schema(), Outbox::schema()];
        let store = Store::open(&store_path(folder), &schema).expect("the store opens");
        let items = Arc::new(SqliteItems::new(store.clone(), tables::ALL, world, 1024 * 1024));
        let cache = Arc::new(MemoryCache::new(8 * 1024 * 1024));
        Self { store, items, cache, fanout: Arc::new(MemoryFanout::new(4_096)) }
    }
}

/// Opens everything in `folder`: anew, or what an earlier application left there.
pub(crate) async fn open(
    folder: &Path,
    shared: Shared,
    world: Arc<dyn World>,
    settings: Settings,
    faults: &Faults,
) -> Parts {
    let Shared { store, items, cache, fanout } = shared;
    if !sql_path(folder).exists() {
        fs::write(sql_path(folder), template().await).expect("the database is copied");
    }
    let sql = Db::open_sqlite(&sql_path(folder), 2).await.expect("the database opens");
    let secrets = Arc::new(FileSecrets::new(folder.join("keys")));
    let ring = secrets.keyring("objects", 90 * DAY, 8 * DAY, world.now()).await.expect("a ring of keys");
    let signer = Signer::new(&ring).expect("a signer");
    let objects = FolderObjects::new(folder.join("objects"), signer.clone(), PUBLIC_URL).expect("a folder of objects");
    let outbox = Arc::new(Outbox::new(store.clone()));
    let mail = LocalMail::new(outbox.clone(), folder.join("mail"));
    Parts {
        ports: Ports {
            sql,
            items: Arc::new(FlakyItems {
                inner: items,
                switch: faults.items.clone(),
                notes: faults.notes.clone(),
                lost: faults.lost.clone(),
                commits: faults.commits.clone(),
            }),
            cache,
            fanout,
            queue: Arc::new(SqliteQueue::new(store.clone(), topics::QUEUES, world.clone())),
            stream: Arc::new(SqliteStream::new(store, topics::ALL)),
            objects: Arc::new(objects),
            mail: Arc::new(FlakyMail { inner: mail, switch: faults.mail.clone() }),
            sms: Arc::new(FlakySms { inner: LocalSms::new(outbox.clone()), switch: faults.sms.clone() }),
            secrets,
        },
        world,
        settings,
        access_log: AccessLog::start(Format::Off),
        signer: Some(signer),
        dev_outbox: Some(outbox),
        mail_from: "One 2 One Love <hello@o2o.test>".to_owned(),
    }
}
