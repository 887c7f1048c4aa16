//! Ports that fail when a test says so.

use async_trait::async_trait;
use base::Time;
use parking_lot::Mutex;
use ports::{
    Fault, PortError, PortResult,
    items::{Commit, Emitted, Found, Item, Items, Key, Outcome, Query, SqliteItems},
    mail::{LocalMail, Mail, Message, Sent},
    sms::{self, LocalSms, Sms},
};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

/// What the log would say of an injected fault; no answer ever may.
pub const HIDDEN: &str = "the disk of host-7 is on fire";

/// How a call fails.
#[derive(Debug, Clone, Copy)]
pub enum Fail {
    Fault(Fault),
    /// As a bug of ours would.
    Panic,
}

/// Failing calls of one port: none, the next few, or all but the next few.
#[derive(Clone, Default)]
pub struct Switch(Arc<Mutex<Option<Plan>>>);

struct Plan {
    how: Fail,
    /// Calls that still succeed before one fails.
    spared: usize,
    /// Calls that fail then.
    times: usize,
}

impl Switch {
    /// Every call fails from now on.
    pub fn fail(&self, how: Fail) {
        self.fail_times(how, usize::MAX);
    }

    /// The next `times` calls fail.
    pub fn fail_times(&self, how: Fail, times: usize) {
        *self.0.lock() = Some(Plan { how, spared: 0, times });
    }

    /// The next `spared` calls succeed, every one after them fails.
    pub fn fail_after(&self, spared: usize, how: Fail) {
        *self.0.lock() = Some(Plan { how, spared, times: usize::MAX });
    }

    /// The next `spared` calls succeed, the one after them fails.
    pub fn fail_once_after(&self, spared: usize, how: Fail) {
        *self.0.lock() = Some(Plan { how, spared, times: 1 });
    }

    pub fn heal(&self) {
        *self.0.lock() = None;
    }

    #[expect(clippy::panic, reason = "a bug is what is played here")]
    fn check(&self, op: &'static str) -> PortResult<()> {
        let mut state = self.0.lock();
        let Some(plan) = state.as_mut().filter(|plan| plan.times > 0) else { return Ok(()) };
        if plan.spared > 0 {
            plan.spared -= 1;
            return Ok(());
        }
        plan.times -= 1;
        let how = plan.how;
        drop(state);
        match how {
            Fail::Fault(fault) => Err(PortError::new(op, fault, HIDDEN)),
            Fail::Panic => panic!("{HIDDEN}"),
        }
    }
}

/// The switches of one application.
#[derive(Clone, Default)]
pub struct Faults {
    pub items: Switch,
    /// Commits of `items` that store a love note.
    pub notes: Switch,
    /// Commits of `items` that are stored, and whose answer is lost.
    pub lost: Switch,
    pub mail: Switch,
    pub sms: Switch,
    pub(crate) commits: Arc<AtomicUsize>,
}

impl Faults {
    /// How many commits `items` was asked for.
    pub fn commits(&self) -> usize {
        self.commits.load(Relaxed)
    }
}

pub(crate) struct FlakyItems {
    pub(crate) inner: Arc<SqliteItems>,
    pub(crate) switch: Switch,
    pub(crate) notes: Switch,
    pub(crate) lost: Switch,
    pub(crate) commits: Arc<AtomicUsize>,
}

#[async_trait]
impl Items for FlakyItems {
    async fn get(&self, key: &Key) -> PortResult<Option<Item>> {
        self.switch.check("items.get")?;
        self.inner.get(key).await
    }
    async fn query(&self, query: Query) -> PortResult<Found> {
        self.switch.check("items.query")?;
        self.inner.query(query).await
    }
    async fn commit(&self, commit: Commit) -> PortResult<Outcome> {
        self.commits.fetch_add(1, Relaxed);
        self.switch.check("items.commit")?;
        if commit.writes.iter().any(|write| write.key().table == app::tables::NOTES) {
            self.notes.check("items.commit")?;
        }
        let outcome = self.inner.commit(commit).await?;
        self.lost.check("items.commit")?;
        Ok(outcome)
    }
    async fn outbox(&self, after: u64, limit: usize) -> PortResult<Vec<Emitted>> {
        self.switch.check("items.outbox")?;
        self.inner.outbox(after, limit).await
    }
    async fn settle(&self, seq: u64) -> PortResult<()> {
        self.switch.check("items.settle")?;
        self.inner.settle(seq).await
    }
    async fn reap(&self, limit: usize) -> PortResult<usize> {
        self.switch.check("items.reap")?;
        self.inner.reap(limit).await
    }
    async fn integrity(&self) -> PortResult<Vec<String>> {
        self.inner.integrity().await
    }
}

pub(crate) struct FlakyMail {
    pub(crate) inner: LocalMail,
    pub(crate) switch: Switch,
}

#[async_trait]
impl Mail for FlakyMail {
    async fn send(&self, message: &Message, now: Time) -> PortResult<Sent> {
        self.switch.check("mail.send")?;
        self.inner.send(message, now).await
    }
    async fn suppress(&self, address: &str, now: Time) -> PortResult<()> {
        self.inner.suppress(address, now).await
    }
}

pub(crate) struct FlakySms {
    pub(crate) inner: LocalSms,
    pub(crate) switch: Switch,
}

#[async_trait]
impl Sms for FlakySms {
    async fn send(&self, message: &sms::Message, now: Time) -> PortResult<sms::Sent> {
        self.switch.check("sms.send")?;
        self.inner.send(message, now).await
    }
    async fn opt(&self, number: &str, out: bool, now: Time) -> PortResult<()> {
        self.inner.opt(number, out, now).await
    }
}
