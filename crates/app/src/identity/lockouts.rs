//! Lock-outs and other counts of failures, durable, so that a restart forgives nobody.

use crate::{app::App, tables::STRIKES};
use base::{Cx, Error, Result};
use ports::items::{Key, When, Write};

/// A count of failures in a window that begins with the first one.
pub struct Strikes<'a> {
    /// `login:account`, `join:ip`: never personal data in clear.
    pub kind: &'a str,
    /// Whose: hashed before it is stored.
    pub subject: &'a str,
    pub limit: i64,
    pub window_ms: i64,
}

impl Strikes<'_> {
    fn key(&self) -> Key {
        let hash = ring::digest::digest(&ring::digest::SHA256, format!("{}:{}", self.kind, self.subject).as_bytes());
        STRIKES.key(&hash.as_ref()[..16], b"1")
    }

    /// Refused with the time to retry when the limit is used up.
    pub async fn check(&self, app: &App, cx: &Cx) -> Result<()> {
        let Some(item) = app.ports.items.get(&self.key()).await? else { return Ok(()) };
        if item.number < self.limit {
            return Ok(());
        }
        let wait = item.expires_at.map_or(1, |until| until.since(cx.now()));
        Err(Error::rate_limited(u64::try_from(wait).unwrap_or(0).div_ceil(1000)))
    }

    /// One more failure. At the limit the window begins anew: that is the lock.
    pub async fn add(&self, app: &App, cx: &Cx) -> Result<()> {
        let until = Some(cx.now().plus(self.window_ms));
        let add = Write::Add { key: self.key(), amount: 1, ceiling: Some(self.limit - 1), expires_at: until };
        if app.ports.items.try_commit(vec![add]).await?.is_some() {
            return Ok(());
        }
        let lock = Write::Put {
            key: self.key(),
            number: self.limit,
            body: bytes::Bytes::new(),
            expires_at: until,
            when: When::Number(self.limit - 1),
        };
        app.ports.items.try_commit(vec![lock]).await?;
        Ok(())
    }

    pub async fn clear(&self, app: &App) -> Result<()> {
        app.ports.items.try_commit(vec![Write::Delete { key: self.key(), when: When::Always }]).await?;
        Ok(())
    }
}
