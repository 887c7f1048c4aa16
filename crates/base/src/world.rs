//! The only source of "now" and of the random part of ids. Production reads the machine; tests set both.

use crate::Time;
use parking_lot::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};

pub trait World: Send + Sync + 'static {
    fn now(&self) -> Time;
    /// Random bits of an id. Not for secrets: those come from [`crate::secret::random`].
    fn entropy(&self) -> [u8; 10];
    /// Moves this world's clock forward (development only; the caller checks that it may).
    fn advance(&self, millis: i64);
}

/// The machine's clock, plus what `POST /dev/clock` added.
#[derive(Default)]
pub struct SystemWorld {
    ahead: AtomicI64,
}

impl World for SystemWorld {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
    fn now(&self) -> Time {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Time(i64::try_from(since.as_millis()).unwrap_or(i64::MAX).saturating_add(self.ahead.load(Ordering::Relaxed)))
    }

    fn entropy(&self) -> [u8; 10] {
        rand::random()
    }

    fn advance(&self, millis: i64) {
        self.ahead.fetch_add(millis, Ordering::Relaxed);
    }
}

/// A world for tests: time moves only when told to, ids count up.
pub struct TestWorld(Mutex<(i64, u64)>);

impl Default for TestWorld {
    /// Sunday, 2026-11-22, noon in UTC.
    fn default() -> Self {
        Self(Mutex::new((1_795_348_800_000, 0)))
    }
}

impl World for TestWorld {
    fn now(&self) -> Time {
        Time(self.0.lock().0)
    }

    fn entropy(&self) -> [u8; 10] {
        let mut state = self.0.lock();
        state.1 += 1;
        let mut out = [0; 10];
        out[2..].copy_from_slice(&state.1.to_be_bytes());
        out
    }

    fn advance(&self, millis: i64) {
        self.0.lock().0 += millis;
    }
}
