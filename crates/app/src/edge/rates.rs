//! Request rates: per network and per member, told in the headers of the IETF draft (`RateLimit-Policy`, `RateLimit`).

use super::request::Facts;
use crate::{app::App, identity::Caller};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use base::{Error, Result, Time};
use ports::cache::{Bucket, Taken};

const MINUTE: i64 = 60_000;

/// What the headers say: the bucket that has the least left.
pub(super) struct Left {
    policy: &'static str,
    capacity: u32,
    taken: Taken,
}

async fn take(app: &App, policy: &'static str, key: &str, per_minute: u32, now: Time) -> Result<Left, (Error, Left)> {
    let bucket = Bucket { capacity: per_minute, per_ms: MINUTE };
    let taken = match app.ports.cache.take(key, bucket, 1, now).await {
        Ok(taken) => taken,
        Err(error) => {
            // Without its cache the service still answers: nothing here was asked to lock.
            tracing::warn!(error = %error, "rate limits are not kept");
            Taken { allowed: true, remaining: per_minute, reset_ms: 0, retry_ms: 0 }
        }
    };
    let left = Left { policy, capacity: per_minute, taken };
    if taken.allowed {
        return Ok(left);
    }
    let seconds = u64::try_from(taken.retry_ms.max(1)).unwrap_or(1).div_ceil(1000);
    Err((Error::rate_limited(seconds), left))
}

/// One request from this network.
pub(super) async fn by_network(app: &App, facts: &Facts, now: Time) -> Result<Left, (Error, Left)> {
    let key = format!("rate:ip:{}", facts.network());
    take(app, "ip", &key, app.settings.edge.rate_limits.per_ip_per_minute, now).await
}

/// One request of this member; `bucket` names another than the usual one.
pub(super) async fn by_member(
    app: &App,
    caller: &Caller,
    bucket: Option<&str>,
    now: Time,
) -> Result<Left, (Error, Left)> {
    let limits = &app.settings.edge.rate_limits;
    let (policy, per_minute) = match bucket {
        Some("chat") => ("chat", limits.chat_per_member_per_minute),
        _ => ("member", limits.per_member_per_minute),
    };
    take(app, policy, &format!("rate:{policy}:{}", caller.member), per_minute, now).await
}

impl Left {
    pub(super) fn tighter(self, other: Self) -> Self {
        if other.taken.remaining <= self.taken.remaining { other } else { self }
    }

    pub(super) fn write(&self, headers: &mut HeaderMap) {
        let policy = format!("\"{}\";q={};w=60", self.policy, self.capacity);
        let seconds = self.taken.reset_ms.max(0).unsigned_abs().div_ceil(1000);
        let left = format!("\"{}\";r={};t={seconds}", self.policy, self.taken.remaining);
        for (name, value) in [("ratelimit-policy", policy), ("ratelimit", left)] {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
    }
}
