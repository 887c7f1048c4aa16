//! The application under test.

use crate::{Actor, Call, Faults, answer::fail, parts, parts::Shared};
use app::{
    app::App,
    edge::{self, gate::Gate},
    operator,
    plans::Plan,
    settings::Settings,
    work,
};
use base::{Cx, Time, World, time::SECOND, world::TestWorld};
use parking_lot::Mutex;
use ports::embedded::outbox::Entry;
use std::{
    fs,
    net::SocketAddr,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};
use tempfile::TempDir;
use tokio::net::TcpListener;

/// A running application. Clones are the same one; it ends with the last of them.
#[derive(Clone)]
pub struct TestApp(Arc<Inner>);

struct Inner {
    core: Arc<App>,
    gate: Arc<Gate>,
    world: Arc<TestWorld>,
    faults: Faults,
    left: AtomicBool,
    serving: AtomicBool,
    shared: Shared,
    /// Last, so that the files outlive what uses them.
    folder: Arc<Mutex<TempDir>>,
}

impl TestApp {
    /// With the settings of the laptop, cheap passwords and without request rates.
    pub async fn new() -> Self {
        Self::with(|_| ()).await
    }

    /// With other settings.
    pub async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let world = Arc::new(TestWorld::default());
        let shared = Shared::open(folder.path(), world.clone());
        Self::open(Arc::new(Mutex::new(folder)), shared, world, change).await
    }

    /// A copy of everything that is stored, a second later: what happens to the one does not happen to the other.
    /// Nothing may be under way.
    pub async fn copy(&self) -> Self {
        let copy = tempfile::tempdir().expect("a folder for the test");
        copy_folder(self.0.folder.lock().path(), copy.path());
        let world = TestWorld::default();
        // Ids are made of the time and a count that begins anew, so the time must be another.
        world.advance(self.now().since(world.now()) + SECOND);
        let settings = self.0.core.settings.clone();
        let world = Arc::new(world);
        let shared = Shared::open(copy.path(), world.clone());
        Self::open(Arc::new(Mutex::new(copy)), shared, world, move |s| *s = settings).await
    }

    async fn open(
        folder: Arc<Mutex<TempDir>>,
        shared: Shared,
        world: Arc<TestWorld>,
        change: impl FnOnce(&mut Settings),
    ) -> Self {
        let mut settings = parts::settings();
        change(&mut settings);
        let faults = Faults::default();
        let path = folder.lock().path().to_owned();
        let as_world: Arc<dyn World> = world.clone();
        let parts = Box::pin(parts::open(&path, shared.clone(), as_world, settings, &faults)).await;
        let core = Box::pin(App::new(parts)).await.expect("the application starts");
        core.set_public_url(parts::PUBLIC_URL);
        let gate = edge::gate(&core, None);
        let (left, serving) = (AtomicBool::new(false), AtomicBool::new(false));
        Self(Arc::new(Inner { core, gate, world, faults, left, serving, shared, folder }))
    }

    /// Another node on the same data, world and settings: what a second process would see. Cache and fan-out are
    /// common to both; what is in memory (rooms, calls under way) is its own.
    pub async fn another_node(&self) -> Self {
        let settings = self.0.core.settings.clone();
        Self::open(self.0.folder.clone(), self.0.shared.clone(), self.0.world.clone(), move |s| *s = settings).await
    }

    /// The application itself, for what has no route.
    pub fn core(&self) -> &Arc<App> {
        &self.0.core
    }

    pub(crate) fn gate(&self) -> &Arc<Gate> {
        &self.0.gate
    }

    /// Ports that fail when told to.
    pub fn faults(&self) -> &Faults {
        &self.0.faults
    }

    /// A fresh unit of work at this moment.
    pub fn cx(&self) -> Cx {
        Cx::new(&self.0.core.world)
    }

    pub fn now(&self) -> Time {
        self.0.world.now()
    }

    /// Moves the clock. Work that becomes due runs with the next [`TestApp::settle`], or at once while serving.
    pub fn advance(&self, millis: i64) {
        self.0.world.advance(millis);
        let bells = &self.0.core.bells;
        for bell in [&bells.timers, &bells.jobs, &bells.relay, &bells.sql] {
            bell.notify_one();
        }
    }

    /// Runs relay, jobs and due timers until nothing is left to do now. A job that fails fails the test.
    #[track_caller]
    pub fn settle(&self) -> impl Future<Output = ()> + Send + '_ {
        let caller = std::panic::Location::caller();
        async move {
            let failed = self.settle_with_failures().await;
            if failed > 0 {
                fail(&format!("{failed} jobs failed in the settle of {caller}"));
            }
        }
    }

    /// Like [`TestApp::settle`] where jobs are meant to fail: how many did.
    pub async fn settle_with_failures(&self) -> usize {
        Box::pin(work::settle(&self.0.core)).await.expect("work goes on")
    }

    /// Allows this application to end with work undone.
    pub fn leave(&self) {
        self.0.left.store(true, Relaxed);
    }

    /// Somebody without a session.
    pub fn anonymous(&self) -> Actor {
        Actor {
            app: self.clone(),
            id: String::new(),
            name: String::new(),
            email: String::new(),
            access_token: None,
            refresh_token: String::new(),
        }
    }

    /// A visitor's call.
    pub fn call(&self, method: &str, path: &str) -> Call {
        Call::new(self, method, path, None)
    }

    /// A visitor's GET.
    pub fn get(&self, path: &str) -> Call {
        self.call("GET", path)
    }

    /// What was mailed to an address, newest first.
    pub fn mails_to(&self, address: &str) -> Vec<Entry> {
        let outbox = self.0.core.dev_outbox.as_ref().expect("mails are kept here");
        outbox.list(Some(address), Some("email"), 1_000, self.now()).expect("the outbox can be read")
    }

    /// What was sent to a telephone number, newest first.
    pub fn texts_to(&self, number: &str) -> Vec<Entry> {
        let outbox = self.0.core.dev_outbox.as_ref().expect("text messages are kept here");
        outbox.list(Some(number), Some("sms"), 1_000, self.now()).expect("the outbox can be read")
    }

    /// What follows `link` (`/verify?token=`) in the newest mail to an address that has it.
    #[track_caller]
    pub fn mailed(&self, address: &str, link: &str) -> String {
        let mut texts = self.mails_to(address).into_iter().map(|mail| mail.text);
        let found = texts.find_map(|text| text.split_once(link).map(|(_, rest)| rest.to_owned()));
        let rest = found.unwrap_or_else(|| fail(&format!("no mail to {address} has a link {link}")));
        rest.split(|c: char| c.is_whitespace() || "<>\"'".contains(c)).next().unwrap_or_default().to_owned()
    }

    /// Gives a member a plan, as `o2o member grant-plan` does, and lets it take effect.
    pub async fn grant_plan(&self, member: &Actor, plan: &str) {
        let plan = Plan::parse(plan).expect("a plan");
        let granted = operator::grant_plan(&self.cx(), &self.0.core.ports.sql, &member.email, plan).await;
        assert!(granted.expect("the plan is granted"), "{} is nobody", member.email);
        self.settle().await;
    }

    /// Serves the same application on a loopback socket, with real time and the loops of background work. It ends
    /// with the test.
    pub async fn serve(&self) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        self.0.serving.store(true, Relaxed);
        self.0.core.start_work();
        let server = edge::serve::serve(self.0.core.clone(), self.0.gate.clone(), listener);
        self.0.core.tasks.spawn("server", server);
        address
    }

    /// Stops what [`TestApp::serve`] started, as a stop of the process does: whether everything ended in time.
    pub async fn stop(&self) -> bool {
        let in_time = self.0.core.tasks.shut_down(Duration::from_secs(10)).await;
        self.0.serving.store(false, Relaxed);
        in_time
    }
}

/// Databases with their logs, and keys; not the index of a log, which SQLite makes anew.
fn copy_folder(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).expect("the folder can be read") {
        let entry = entry.expect("the folder can be read");
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            fs::create_dir(&to).expect("a folder is made");
            copy_folder(&entry.path(), &to);
        } else if entry.path().extension().is_none_or(|end| !end.to_string_lossy().ends_with("-shm")) {
            fs::copy(entry.path(), &to).expect("a file is copied");
        }
    }
}

/// Rows of a table, read beside the application.
fn count(path: &Path, sql: &str) -> i64 {
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
    let conn = rusqlite::Connection::open_with_flags(path, flags).expect("the file opens");
    conn.query_row(sql, [], |row| row.get(0)).expect("rows can be counted")
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.core.tasks.soft_stop();
        if std::thread::panicking() || self.left.load(Relaxed) {
            return;
        }
        let folder = self.folder.lock().path().to_owned();
        let (sql, store) = (parts::sql_path(&folder), parts::store_path(&folder));
        let parked = count(&store, "select count(*) from queue where parked is not null");
        assert_eq!(parked, 0, "the test ended with parked jobs");
        // While serving, the loops may be at it this very moment.
        if !self.serving.load(Relaxed) {
            let undone = [
                ("records in the outbox of sql", count(&sql, "select count(*) from outbox")),
                ("records in the outbox of items", count(&store, "select count(*) from outbox")),
                ("jobs", count(&store, "select count(*) from queue")),
            ];
            let undone: Vec<_> = undone.into_iter().filter(|(_, n)| *n > 0).collect();
            assert!(undone.is_empty(), "the test ended with work undone (call settle or leave): {undone:?}");
        }
    }
}
