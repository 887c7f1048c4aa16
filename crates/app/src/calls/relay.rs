//! Credentials for TURN servers, by their convention for REST: the user name says until when it is good and whose it is,
//! and the password is its HMAC with the secret that we share with the servers. Nothing is stored.

use super::store::Party;
use crate::{app::App, identity::Caller, settings};
use base::{Cx, Error, Result, Time, id::CallId, time::DAY, time::SECOND};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use ports::secrets::Secrets;
use ring::hmac;
use serde::Serialize;
use utoipa::ToSchema;

/// Signs for the servers.
pub struct Relay(hmac::Key);

impl Relay {
    /// Without a secret of an operator's, one of our own stands in.
    pub async fn start(settings: &settings::Calls, secrets: &dyn Secrets, now: Time) -> Result<Self> {
        let algorithm = hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY;
        let shared = settings.relay_secret.reveal();
        if !shared.is_empty() {
            return Ok(Self(hmac::Key::new(algorithm, shared.as_bytes())));
        }
        let ring = secrets.keyring("call-relay", 10_000 * DAY, DAY, now).await?;
        let own = ring.first().map_or_else(base::secret::random, |key| key.bytes);
        Ok(Self(hmac::Key::new(algorithm, &own)))
    }

    fn credential(&self, username: &str) -> String {
        STANDARD.encode(hmac::sign(&self.0, username.as_bytes()))
    }
}

/// A way round for two devices that do not reach each other: what goes into `iceServers` of a peer connection.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({ "urls": ["turn:turn.example.com:3478"], "username": "1795338600:mem_01kjxe10000000000000000000",
    "credential": "6gyD9SgpVGf8jbhsSp9pwvZ0QTw=", "ttl": 600, "expires_at": "2026-11-22T09:10:00.000Z" }))]
pub struct RelayCredentials {
    pub urls: Vec<String>,
    pub username: String,
    pub credential: String,
    /// Seconds.
    pub ttl: i64,
    pub expires_at: Time,
}

pub(super) async fn credentials(app: &App, cx: &Cx, caller: &Caller, id: CallId) -> Result<RelayCredentials> {
    Party::load(app, cx, caller.member, id).await?.live()?;
    let settings = &app.settings.calls;
    if settings.relay_urls.is_empty() {
        return Err(Error::unavailable("No server for relaying calls is set up."));
    }
    let ttl = settings.relay_seconds;
    // The convention counts whole seconds.
    let expires_at = Time((cx.now().seconds() + ttl) * SECOND);
    let username = format!("{}:{}", expires_at.seconds(), caller.member);
    let credential = app.relay.credential(&username);
    Ok(RelayCredentials { urls: settings.relay_urls.clone(), username, credential, ttl, expires_at })
}
