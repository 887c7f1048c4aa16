//! The application: everything a handler or a job may use, in one struct without generics.

use crate::{
    calls::Relay,
    chat::{self, Chat},
    edge::{access_log::AccessLog, metrics::Metrics, once::InFlight},
    files,
    identity::Engine,
    notes::Library,
    pixels::Pixels,
    presence::{self, Presence},
    profiles::pictures::Pictures,
    realtime::{self, Rooms},
    settings::Settings,
    work::{self, Bells, tasks::Tasks},
};
use base::{Result, World, page::Cursors, time::DAY};
use ports::{Ports, embedded::outbox::Outbox, objects::Signer};
use std::sync::{Arc, OnceLock};

pub type AppState = axum::extract::State<Arc<App>>;

pub struct App {
    pub ports: Ports,
    pub world: Arc<dyn World>,
    pub settings: Settings,
    pub identity: Engine,
    pub cursors: Cursors,
    pub rooms: Rooms,
    pub bells: Bells,
    pub tasks: Tasks,
    pub metrics: Metrics,
    pub access_log: AccessLog,
    pub in_flight: InFlight,
    /// Templates of love notes.
    pub templates: Library,
    pub pictures: Pictures,
    pub chat: Chat,
    pub relay: Relay,
    pub pixels: Pixels,
    /// Looks into files to see what they are.
    pub looking: files::Looking,
    pub file_sweep: files::Sweep,
    pub presence: Presence,
    /// Signs bodies of calls with an idempotency key: passwords among them cannot be found by trying.
    pub bodies: ring::hmac::Key,
    /// Verifies links to the embedded folder of objects; none with a real object store.
    pub signer: Option<Signer>,
    /// What local mail and SMS adapters sent; none with real providers.
    pub dev_outbox: Option<Arc<Outbox>>,
    /// `name <address>` of our mails.
    pub mail_from: String,
    public_url: OnceLock<String>,
}

/// What the composition hands over, besides the ports.
pub struct Parts {
    pub ports: Ports,
    pub world: Arc<dyn World>,
    pub settings: Settings,
    pub access_log: AccessLog,
    pub signer: Option<Signer>,
    pub dev_outbox: Option<Arc<Outbox>>,
    pub mail_from: String,
}

impl App {
    pub async fn new(parts: Parts) -> Result<Arc<Self>> {
        let now = parts.world.now();
        let secrets = &*parts.ports.secrets;
        let identity = Engine::start(&parts.settings.identity, secrets, now).await?;
        let ring = secrets.keyring("cursors", 10_000 * DAY, DAY, now).await?;
        let key = ring.first().map_or_else(base::secret::random, |key| key.bytes);
        let ring = secrets.keyring("idempotency", 10_000 * DAY, DAY, now).await?;
        let bodies = ring.first().map_or_else(base::secret::random, |key| key.bytes);
        let relay = Relay::start(&parts.settings.calls, secrets, now).await?;
        Ok(Arc::new(Self {
            cursors: Cursors::new(&key),
            identity,
            ports: parts.ports,
            world: parts.world,
            settings: parts.settings,
            rooms: Rooms::default(),
            bells: Bells::default(),
            tasks: Tasks::default(),
            metrics: Metrics::default(),
            access_log: parts.access_log,
            in_flight: InFlight::default(),
            templates: Library::default(),
            pictures: Pictures::default(),
            chat: Chat::default(),
            relay,
            pixels: Pixels::default(),
            looking: files::Looking::default(),
            file_sweep: files::Sweep::default(),
            presence: Presence::default(),
            bodies: ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &bodies),
            signer: parts.signer,
            dev_outbox: parts.dev_outbox,
            mail_from: parts.mail_from,
            public_url: OnceLock::new(),
        }))
    }

    /// Where links lead: from the configuration, or the listening address once it is known.
    pub fn public_url(&self) -> &str {
        self.public_url.get().map_or("http://localhost:8080", String::as_str)
    }

    pub fn set_public_url(&self, url: &str) {
        let _kept = self.public_url.set(url.trim_end_matches('/').to_owned());
    }

    /// Starts what runs beside requests.
    pub fn start_work(self: &Arc<Self>) {
        work::start(self);
        self.tasks.spawn("realtime", realtime::run(self.clone()));
        self.tasks.spawn("receipts", chat::run(self.clone()));
        self.tasks.spawn("presence", presence::run(self.clone()));
    }
}
