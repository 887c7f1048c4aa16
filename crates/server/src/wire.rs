//! Composition: one match per port, from the configuration to an adapter. The only place that knows them all.

use crate::config::{self, Config};
use app::{
    app::Parts,
    edge::access_log::{AccessLog, Format},
    tables, topics,
};
use base::{World, time::DAY};
use ports::{
    PortError, Ports,
    cache::MemoryCache,
    embedded::{Store, outbox::Outbox},
    fanout::MemoryFanout,
    items::{Items, SqliteItems},
    mail::LocalMail,
    objects::{FolderObjects, Signer},
    queue::{Queue, SqliteQueue},
    secrets::{FileSecrets, Secrets},
    sms::LocalSms,
    sql::Db,
    stream::SqliteStream,
};
use std::{error::Error, path::Path, sync::Arc};

/// Readers of the relational store.
const SQL_READERS: u32 = 4;
/// Bytes the cache may hold.
const CACHE_BYTES: usize = 64 * 1024 * 1024;
/// Bytes of items read lately that stay in memory.
const ITEMS_BYTES: u64 = 32 * 1024 * 1024;
/// Fan-out messages that may wait for a slow node; each may carry hundreds of events.
const FANOUT_DEPTH: usize = 4_096;

/// Why the ports could not be opened.
pub type Failure = Box<dyn Error + Send + Sync>;

/// The file that items, queue, stream and the development outbox share.
pub fn open_store(path: &Path) -> Result<Arc<Store>, Failure> {
    let schema = [SqliteItems::schema(tables::ALL), SqliteQueue::schema(), SqliteStream::schema(), Outbox::schema()];
    Store::open(path, &schema).map_err(|e| format!("{}: {e}", path.display()).into())
}

pub async fn open_sql(config: &Config, secrets: &dyn Secrets) -> Result<Db, Failure> {
    match &config.sql {
        config::Sql::Sqlite { path } => {
            Db::open_sqlite(path, SQL_READERS).await.map_err(|e| format!("{}: {e}", path.display()).into())
        }
        config::Sql::Postgres { url, max_connections, .. } => {
            let url = config::resolve(url, secrets).await?;
            let options = ports::sql::PostgresOptions { max_connections: *max_connections, ..Default::default() };
            Ok(Db::open_postgres(&url, &options).await?)
        }
    }
}

pub fn open_secrets(config: &Config) -> Result<Arc<dyn Secrets>, Failure> {
    match &config.secrets {
        config::Secrets::File { path } => Ok(Arc::new(FileSecrets::new(path.clone()))),
        config::Secrets::SecretsManager { .. } => Err(missing("secrets", "secrets_manager")),
    }
}

pub fn open_items(config: &Config, store: &Arc<Store>, world: &Arc<dyn World>) -> Result<Arc<dyn Items>, Failure> {
    match &config.items {
        config::Items::Sqlite { .. } => {
            Ok(Arc::new(SqliteItems::new(store.clone(), tables::ALL, world.clone(), ITEMS_BYTES)))
        }
        config::Items::Dynamodb { .. } => Err(missing("items", "dynamodb")),
    }
}

pub fn open_queue(config: &Config, store: &Arc<Store>, world: &Arc<dyn World>) -> Result<Arc<dyn Queue>, Failure> {
    match &config.queue {
        config::Queue::Items {} => Ok(Arc::new(SqliteQueue::new(store.clone(), topics::QUEUES, world.clone()))),
        config::Queue::Sqs { .. } => Err(missing("queue", "sqs")),
    }
}

fn missing(section: &str, kind: &str) -> Failure {
    format!("[{section}] kind = \"{kind}\": this release has no such adapter yet").into()
}

/// Opens every port and what the application needs besides. `public_url` is where links lead.
pub async fn open(config: &Config, world: Arc<dyn World>, public_url: &str) -> Result<Parts, Failure> {
    let secrets = open_secrets(config)?;
    let sql = open_sql(config, &*secrets).await?;
    ports::sql::migrate::migrate(&sql, world.now()).await?;
    let store = open_store(&config.store_path())?;
    let items = open_items(config, &store, &world)?;
    let config::Cache::Memory {} = &config.cache else { return Err(missing("cache", "redis")) };
    let config::Fanout::Memory {} = &config.fanout else { return Err(missing("fanout", "redis")) };
    let queue = open_queue(config, &store, &world)?;
    let config::Stream::Items {} = &config.stream else { return Err(missing("stream", "kafka")) };
    let config::Objects::Folder { path: folder } = &config.objects else { return Err(missing("objects", "s3")) };
    let config::Mail::Local { from } = &config.mail else { return Err(missing("mail", "ses or smtp")) };
    let config::Sms::Local {} = &config.sms else { return Err(missing("sms", "a gateway")) };

    let ring = secrets.keyring("objects", 90 * DAY, 8 * DAY, world.now()).await?;
    let signer = Signer::new(&ring)?;
    let objects = FolderObjects::new(folder.clone(), signer.clone(), public_url).map_err(named(folder))?;
    let outbox = Arc::new(Outbox::new(store.clone()));
    let mail = LocalMail::new(outbox.clone(), config.data.dir.join("mail"));
    // Files of mails that the outbox has forgotten.
    mail.reap(world.now()).await?;
    let mut settings = config.settings();
    settings.edge.metrics_token = config::resolve(&settings.edge.metrics_token, &*secrets).await?;
    settings.calls.relay_secret = config::resolve(&settings.calls.relay_secret, &*secrets).await?;
    Ok(Parts {
        ports: Ports {
            sql,
            items,
            cache: Arc::new(MemoryCache::new(CACHE_BYTES)),
            fanout: Arc::new(MemoryFanout::new(FANOUT_DEPTH)),
            queue,
            stream: Arc::new(SqliteStream::new(store, topics::ALL)),
            objects: Arc::new(objects),
            mail: Arc::new(mail),
            sms: Arc::new(LocalSms::new(outbox.clone())),
            secrets,
        },
        world,
        settings,
        access_log: AccessLog::start(match config.log.format {
            config::Format::Auto => Format::auto(),
            config::Format::Json => Format::Json,
            config::Format::Pretty => Format::Pretty,
        }),
        signer: Some(signer),
        dev_outbox: Some(outbox),
        mail_from: from.clone(),
    })
}

fn named(path: &Path) -> impl Fn(PortError) -> Failure {
    move |error| format!("{}: {error}", path.display()).into()
}
