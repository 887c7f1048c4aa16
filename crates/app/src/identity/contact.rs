//! Contact codes: six digits that prove an address or a number, and the receipt that says so in an application form.
//!
//! What is kept of a destination is one item: when codes were sent to it, and which code is good now. A code is made of
//! its id and a key of ours, and so is a receipt: neither lies anywhere, and the job that sends a code carries only the
//! id. The limits are part of the commit that sends, so that no race passes them, and nothing switches them off.

use super::{contact_receipts::RECEIPT_LIFE, lockouts};
use crate::{
    app::App,
    cards,
    check::Checks,
    edge::{once::Once, request::Facts},
    mailing::{Letter, Text},
    work::jobs::{self, Job},
};
use axum::http::StatusCode;
use base::{
    Cx, Error, Lang, Result, Secret, Time,
    id::TokenId,
    time::{DAY, HOUR, MINUTE},
};
use bytes::Bytes;
use ports::items::{Commit, Item, Key, Outcome, When, Write};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

const CODE_LIFE: i64 = 10 * MINUTE;
/// Codes to one destination: so many within so long.
const LIMITS: [(i64, usize); 3] = [(MINUTE, 1), (HOUR, 5), (DAY, 10)];
/// So many wrong tries void a code.
const TRIES: u8 = 5;
/// Each round lost means that another call for this destination went through, and few can before the limits end it.
const ROUNDS: usize = 64;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    Email,
    Sms,
}

impl Channel {
    const fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Sms => "sms",
        }
    }
}

/// Where a code goes: an address as typed, or a number in E.164.
#[derive(Debug, Clone)]
pub struct Contact {
    channel: Channel,
    pub destination: String,
}

impl Contact {
    /// From what was typed; an offence is noted under `pointer`.
    pub fn read(checks: &mut Checks, pointer: &'static str, channel: Channel, typed: &str) -> Self {
        let destination = match channel {
            Channel::Email => checks.email(pointer, typed),
            Channel::Sms => checks.phone(pointer, typed),
        };
        Self { channel, destination }
    }

    /// How destinations are compared.
    pub(super) fn subject(&self) -> String {
        format!("{}:{}", self.channel.name(), self.destination.to_lowercase())
    }

    fn key(&self) -> Key {
        lockouts::key("contact", &self.subject())
    }
}

#[derive(Deserialize, ToSchema)]
#[schema(example = json!({ "channel": "sms", "destination": "+351 912 345 678" }))]
pub struct SendCode {
    pub channel: Channel,
    /// An e-mail address, or a telephone number of 10 to 15 digits with its country code.
    #[schema(min_length = 3, max_length = 254)]
    pub destination: String,
}

#[derive(Deserialize, ToSchema)]
#[schema(example = json!({ "channel": "sms", "destination": "+351 912 345 678", "code": "482915" }))]
pub struct VerifyCode {
    pub channel: Channel,
    #[schema(min_length = 3, max_length = 254)]
    pub destination: String,
    #[schema(value_type = String, min_length = 1, max_length = 32)]
    pub code: Secret,
}

#[derive(Serialize, ToSchema)]
pub struct CodeSent {
    /// Seconds the code is good for.
    pub expires_in: i64,
    /// Seconds until another may be asked for.
    pub retry_in: i64,
}

#[derive(Serialize, ToSchema)]
pub struct Receipt {
    /// Proof that this destination was verified: good for one form.
    pub receipt: String,
    /// Seconds the receipt is good for.
    pub expires_in: i64,
}

/// What is remembered of a destination, for a day after the last code.
#[derive(Default, Serialize, Deserialize)]
struct State {
    /// When codes went out, oldest first; of the last day.
    sent: Vec<Time>,
    /// The code that is good now.
    code: Option<TokenId>,
    expires_at: Time,
    wrong: u8,
}

impl State {
    fn read(item: Option<&Item>) -> Result<Self> {
        let Some(item) = item else { return Ok(Self::default()) };
        serde_json::from_slice(&item.body).map_err(|e| Error::bug("read a contact", e))
    }

    fn write(&self, key: Key, over: Option<&Item>) -> Result<Write> {
        let body = Bytes::from(serde_json::to_vec(self).map_err(|e| Error::bug("write a contact", e))?);
        let expires_at = self.sent.last().map(|at| at.plus(DAY));
        let when = over.map_or(When::Absent, |item| When::Version(item.version));
        Ok(Write::Put { key, number: 0, body, expires_at, when })
    }

    /// Milliseconds until one more code may go out.
    fn wait(&self, now: Time) -> i64 {
        let until = LIMITS.iter().filter_map(|(window, most)| {
            let oldest = self.sent.len().checked_sub(*most).and_then(|at| self.sent.get(at))?;
            Some(oldest.plus(*window).since(now))
        });
        until.max().unwrap_or(0)
    }

    fn current(&self, now: Time) -> Option<TokenId> {
        self.code.filter(|_| self.expires_at > now)
    }
}

/// Sends a new code; the one before is void.
pub async fn send(app: &App, cx: &Cx, about: &Facts, input: &SendCode, once: &Once) -> Result<(StatusCode, Bytes)> {
    let mut checks = Checks::default();
    let contact = Contact::read(&mut checks, "/destination", input.channel, &input.destination);
    checks.done()?;
    let lang = match about.caller {
        Some(caller) => cards::load(app, cx, caller.member).await?.lang,
        None => cx.lang(),
    };
    let answer = CodeSent { expires_in: CODE_LIFE / 1000, retry_in: LIMITS[0].0 / 1000 };
    let answer = Bytes::from(serde_json::to_vec(&answer).map_err(|e| Error::bug("write an answer", e))?);
    for _ in 0..ROUNDS {
        let stored = app.ports.items.get(&contact.key()).await?;
        let mut state = State::read(stored.as_ref())?;
        state.sent.retain(|at| *at > cx.now().minus(DAY));
        let wait = state.wait(cx.now());
        if wait > 0 {
            return Err(Error::rate_limited(wait.unsigned_abs().div_ceil(1000)));
        }
        let code: TokenId = cx.id();
        state.sent.push(cx.now());
        state = State { code: Some(code), expires_at: cx.now().plus(CODE_LIFE), wrong: 0, ..state };
        let mut writes = vec![state.write(contact.key(), stored.as_ref())?];
        writes.extend(once.write(cx, StatusCode::ACCEPTED, &answer)?);
        let destination = contact.destination.clone();
        let job = Job::ContactCode { channel: contact.channel, destination, code, lang };
        match app.ports.items.commit(Commit { writes, outbox: vec![job.emit()?], token: None }).await? {
            Outcome::Applied { .. } => {
                app.bells.relay.notify_one();
                return Ok((StatusCode::ACCEPTED, answer));
            }
            Outcome::Refused(refusals) => {
                if let Some(error) = once.overtaken(&refusals) {
                    return Err(error);
                }
            }
        }
    }
    Err(Error::unavailable("Too much at once. Please try again in a moment."))
}

/// The job behind [`send`]. A code that is void or used by now is not sent.
pub async fn deliver(
    app: &App,
    cx: &Cx,
    channel: Channel,
    destination: &str,
    code: TokenId,
    lang: Lang,
    key: &str,
) -> Result<()> {
    let contact = Contact { channel, destination: destination.to_owned() };
    let stored = app.ports.items.get(&contact.key()).await?;
    if State::read(stored.as_ref())?.current(cx.now()) != Some(code) {
        return Ok(());
    }
    let code = &*app.identity.contacts.code(code);
    match channel {
        Channel::Email => {
            let minutes = u32::try_from(CODE_LIFE / MINUTE).unwrap_or(u32::MAX);
            jobs::send(app, cx, destination, lang, &Letter::ContactCode { code, minutes }, key).await
        }
        Channel::Sms => jobs::text(app, cx, destination, lang, &Text::ContactCode { code }, key).await,
    }
}

fn wrong() -> Error {
    Error::field("/code", "unknown_value", "This code does not fit, or it is not good any more.").reason("code_invalid")
}

/// Uses a code up, for a receipt.
pub async fn verify(app: &App, cx: &Cx, input: &VerifyCode) -> Result<Receipt> {
    let mut checks = Checks::default();
    let contact = Contact::read(&mut checks, "/destination", input.channel, &input.destination);
    checks.length("/code", input.code.reveal().trim(), 1, 32);
    checks.done()?;
    let typed: String = input.code.reveal().chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    for _ in 0..ROUNDS {
        let stored = app.ports.items.get(&contact.key()).await?;
        let mut state = State::read(stored.as_ref())?;
        let Some(code) = state.current(cx.now()) else { return Err(wrong()) };
        let expected = app.identity.contacts.code(code);
        let fits = bool::from(subtle::ConstantTimeEq::ct_eq(expected.as_bytes(), typed.as_bytes()));
        if !fits {
            state.wrong += 1;
        }
        if fits || state.wrong >= TRIES {
            state.code = None;
        }
        // Every try is counted before its answer, so guesses made at once learn no more than guesses made in turn.
        let write = state.write(contact.key(), stored.as_ref())?;
        if app.ports.items.try_commit(vec![write]).await?.is_none() {
            continue;
        }
        if !fits {
            return Err(wrong());
        }
        let receipt = app.identity.contacts.receipt(cx.id(), &contact);
        return Ok(Receipt { receipt, expires_in: RECEIPT_LIFE / 1000 });
    }
    Err(Error::unavailable("Too much at once. Please try again in a moment."))
}
