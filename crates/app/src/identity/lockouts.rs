//! Lock-outs and other counts of failures, durable, so that a restart forgives nobody.

use crate::{app::App, tables::STRIKES};
use base::{Cx, Error, Result, Time};
use bytes::Bytes;
use ports::items::{Item, Key, When, Write};

/// A count of failures: so many within any window lock for a whole window.
pub struct Strikes<'a> {
    /// `login`, `join-ip`: never personal data in clear.
    pub kind: &'a str,
    /// Whose: hashed before it is stored.
    pub subject: &'a str,
    pub limit: i64,
    pub window_ms: i64,
}

/// Where something about a subject is kept that must not be named in clear.
pub(super) fn key(kind: &str, subject: &str) -> Key {
    let hash = ring::digest::digest(&ring::digest::SHA256, format!("{kind}:{subject}").as_bytes());
    STRIKES.key(&hash.as_ref()[..16], b"1")
}

/// Each round lost means that another failure was counted, and after `limit` of those the lock ends the rounds.
const ROUNDS: usize = 128;

impl Strikes<'_> {
    fn key(&self) -> Key {
        key(self.kind, self.subject)
    }

    /// How many failures count now; refused with the time to retry when the limit is used up.
    pub async fn check(&self, app: &App, cx: &Cx) -> Result<usize> {
        match app.ports.items.get(&self.key()).await? {
            Some(item) => self.counted(&item, cx.now()).map(|times| times.len()),
            None => Ok(0),
        }
    }

    /// One more failure; the one that reaches the limit locks. Refused like [`Strikes::check`] when others have
    /// locked meanwhile: attempts made at once learn no more than attempts made in turn. Whether this one locked.
    pub async fn add(&self, app: &App, cx: &Cx) -> Result<bool> {
        for _ in 0..ROUNDS {
            let stored = app.ports.items.get(&self.key()).await?;
            let mut times = match &stored {
                Some(item) => self.counted(item, cx.now())?,
                None => Vec::new(),
            };
            times.push(cx.now());
            let count = i64::try_from(times.len()).unwrap_or(i64::MAX);
            let write = Write::Put {
                key: self.key(),
                number: count,
                body: times.iter().flat_map(|at| at.0.to_be_bytes()).collect::<Bytes>(),
                // Until the newest no longer counts; for a lock that is its end.
                expires_at: Some(cx.now().plus(self.window_ms)),
                when: stored.map_or(When::Absent, |item| When::Version(item.version)),
            };
            if app.ports.items.try_commit(vec![write]).await?.is_some() {
                return Ok(count >= self.limit);
            }
        }
        Err(Error::unavailable("Too much at once. Please try again in a moment."))
    }

    pub async fn clear(&self, app: &App) -> Result<()> {
        app.ports.items.try_commit(vec![Write::Delete { key: self.key(), when: When::Always }]).await?;
        Ok(())
    }

    /// The failures that still count, or the lock.
    fn counted(&self, item: &Item, now: Time) -> Result<Vec<Time>> {
        if item.number >= self.limit {
            let wait = item.expires_at.map_or(1, |until| until.since(now));
            return Err(Error::rate_limited(u64::try_from(wait).unwrap_or(0).div_ceil(1000)));
        }
        let since = now.minus(self.window_ms);
        let times = item.body.chunks_exact(8).filter_map(|raw| raw.try_into().ok()).map(i64::from_be_bytes).map(Time);
        Ok(times.filter(|at| *at > since).collect())
    }
}
