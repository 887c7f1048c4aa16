//! Callers that write until the server dies under them, and write down what they were told.

use crate::ledger::{Fate, Ledger, Planned, Sent};
use base::Time;
use load::{Error, Result, api::Caller};
use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::RwLock;

/// Sign-ups and logins are paced, so that the checks in the end stay short.
const PACE: Duration = Duration::from_millis(20);
/// A scheduled note must be at least a minute ahead; this much more for the way there.
const AHEAD_MS: i64 = 62_000;
const MONTH_MS: i64 = 30 * 86_400_000;

/// The server's time as we last heard it. Held for reading while a note is scheduled, so that the clock does not jump
/// between the choice of the instant and the server's look at it.
pub(crate) type Clock = Arc<RwLock<Heard>>;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Heard {
    pub(crate) said: Time,
    pub(crate) at: Instant,
}

impl Heard {
    pub(crate) fn new(said: Time) -> Self {
        Self { said, at: Instant::now() }
    }

    pub(crate) fn now(self) -> Time {
        self.said.plus(i64::try_from(self.at.elapsed().as_millis()).unwrap_or(i64::MAX))
    }
}

/// The fate of a write; an error when the server refused what it must accept.
pub(crate) fn fate(result: Result<String>) -> Result<Fate> {
    match result {
        Ok(id) => Ok(Fate::Acknowledged(id)),
        Err(error) if error.is_unknown() => no_fault(error).map(|()| Fate::Unknown),
        Err(error) => Err(error),
    }
}

/// A server that dies closes connections. It never answers 500.
fn no_fault(error: Error) -> Result<()> {
    match error {
        Error::Refused { status: 500, .. } | Error::Timeout { .. } => Err(error),
        _ => Ok(()),
    }
}

/// Notes from one member to the partner; every second one with an idempotency key.
pub(crate) async fn notes(addr: SocketAddr, from: usize, token: String, round: u64) -> Result<Ledger> {
    let mut caller = Caller::new(addr);
    let mut ledger = Ledger::default();
    for count in 0_u64.. {
        let content = format!("note {round}-{from}-{count}");
        let key = count.is_multiple_of(2).then(|| format!("key {content}").replace(' ', "-"));
        let sent = caller.send_note(&token, &content, key.as_deref()).await.map(|note| note.id);
        let fate = fate(sent)?;
        let dead = fate == Fate::Unknown;
        ledger.notes.push(Sent { from, content, key, fate });
        if dead {
            break;
        }
    }
    Ok(ledger)
}

/// Notes for later, by turns soon and far.
pub(crate) async fn schedules(
    addr: SocketAddr,
    from: usize,
    token: String,
    round: u64,
    clock: Clock,
) -> Result<Ledger> {
    let mut caller = Caller::new(addr);
    let mut ledger = Ledger::default();
    for count in 0_u64.. {
        let content = format!("plan {round}-{from}-{count}");
        let key = (count % 4 < 2).then(|| format!("key {content}").replace(' ', "-"));
        let soon = count.is_multiple_of(2);
        let heard = clock.read().await;
        let due = heard.now().plus(if soon { AHEAD_MS } else { MONTH_MS });
        // Whole seconds are what the call takes.
        let due = Time(due.0 / 1000 * 1000);
        let planned = caller.schedule(&token, &content, due, key.as_deref()).await.map(|planned| planned.id);
        drop(heard);
        let fate = fate(planned)?;
        let dead = fate == Fate::Unknown;
        ledger.schedules.push(Planned { from, content, key, due, soon, fate });
        if dead {
            break;
        }
        tokio::time::sleep(PACE).await;
    }
    Ok(ledger)
}

/// New accounts, each of which signs in once more.
pub(crate) async fn accounts(addr: SocketAddr, round: u64) -> Result<Ledger> {
    let mut caller = Caller::new(addr);
    let mut ledger = Ledger::default();
    for count in 0_u64.. {
        let email = format!("member-{round}-{count}@example.com");
        match caller.register("Somebody", &email).await {
            Ok(member) => ledger.sessions.push(member.session.refresh_token),
            Err(error) if error.is_unknown() => {
                no_fault(error)?;
                ledger.half_registered.push(email);
                break;
            }
            Err(error) => return Err(error),
        }
        match caller.login(&email).await {
            Ok(member) => ledger.sessions.push(member.session.refresh_token),
            Err(error) if error.is_unknown() => {
                no_fault(error)?;
                break;
            }
            Err(error) => return Err(error),
        }
        tokio::time::sleep(PACE).await;
    }
    Ok(ledger)
}
