//! Access tokens: JWS with Ed25519 (RFC 8037), one algorithm and no choice. Keys rotate; a verified token is
//! remembered, so that most requests cost a lookup instead of a signature check.

use base::{
    Error, Result, Time,
    id::{MemberId, SessionId},
    time::{DAY, MINUTE},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use parking_lot::RwLock;
use ports::secrets::RingKey;
use quick_cache::sync::Cache;
use ring::{
    digest::{SHA256, digest},
    signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::HashMap;

/// What a token says.
#[derive(Debug, Clone, Copy)]
pub struct Claims {
    pub member: MemberId,
    pub session: SessionId,
    pub expires_at: Time,
}

#[derive(Serialize, Deserialize)]
struct Payload {
    iss: String,
    sub: MemberId,
    sid: SessionId,
    iat: i64,
    exp: i64,
}

struct SigningKey {
    id: String,
    pair: Ed25519KeyPair,
    /// `{"alg":"EdDSA","typ":"JWT","kid":…}`, encoded.
    header: String,
}

pub struct Tokens {
    /// Newest first; all of them verify.
    keys: RwLock<Vec<SigningKey>>,
    verified: Cache<[u8; 32], Claims>,
    /// Sessions ended on this node or by word of another, until their last access token has run out.
    revoked: RwLock<HashMap<SessionId, Time>>,
    life: i64,
}

const ISSUER: &str = "o2o";

impl Tokens {
    pub fn new(ring: &[RingKey], life_minutes: i64, remembered: usize) -> Result<Self> {
        let this = Self {
            keys: RwLock::default(),
            verified: Cache::new(remembered.max(16)),
            revoked: RwLock::default(),
            life: life_minutes * MINUTE,
        };
        this.set_keys(ring)?;
        Ok(this)
    }

    /// Takes over a rotated ring.
    pub fn set_keys(&self, ring: &[RingKey]) -> Result<()> {
        let mut keys = Vec::with_capacity(ring.len());
        for key in ring {
            let pair = Ed25519KeyPair::from_seed_unchecked(&key.bytes)
                .map_err(|e| Error::bug("read a signing key", e.to_string()))?;
            let header = json!({ "alg": "EdDSA", "typ": "JWT", "kid": key.id }).to_string();
            keys.push(SigningKey { id: key.id.clone(), pair, header: URL_SAFE_NO_PAD.encode(header) });
        }
        if keys.is_empty() {
            return Err(Error::bug("read the signing keys", "the ring is empty"));
        }
        *self.keys.write() = keys;
        Ok(())
    }

    /// Seconds an access token lives.
    pub fn life_seconds(&self) -> i64 {
        self.life / 1000
    }

    /// For a live session. Deterministic: the same member, session and time give the same token. What this node signed
    /// it need not verify, so the token is remembered at once.
    pub fn issue(&self, member: MemberId, session: SessionId, now: Time) -> Result<String> {
        let exp = now.plus(self.life).seconds();
        let payload = Payload { iss: ISSUER.to_owned(), sub: member, sid: session, iat: now.seconds(), exp };
        let payload = serde_json::to_vec(&payload).map_err(|e| Error::bug("write a token", e))?;
        let keys = self.keys.read();
        let mut token = keys[0].header.clone();
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(payload, &mut token);
        let signature = keys[0].pair.sign(token.as_bytes());
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature.as_ref(), &mut token);
        self.remember(&token, Claims { member, session, expires_at: Time(exp * 1000) });
        Ok(token)
    }

    /// A token that this node verified before: its claims, unless it ran out or its session ended.
    pub fn remembered(&self, token: &str, now: Time) -> Option<Claims> {
        let claims = self.verified.get(&fingerprint(token))?;
        (claims.expires_at > now && !self.is_revoked(claims.session)).then_some(claims)
    }

    /// Checks signature, algorithm, issuer and time. The session is the caller's to check.
    pub fn verify(&self, token: &str, now: Time) -> Option<Claims> {
        if token.len() > 2_048 {
            return None;
        }
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, payload) = signed.split_once('.')?;
        let keys = self.keys.read();
        // The header is compared whole: no algorithm is ever taken from it.
        let key = keys.iter().find(|k| k.header == header)?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        let public = UnparsedPublicKey::new(&ED25519, key.pair.public_key().as_ref());
        public.verify(signed.as_bytes(), &signature).ok()?;
        let payload: Payload = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
        let claims = Claims { member: payload.sub, session: payload.sid, expires_at: Time(payload.exp * 1000) };
        (payload.iss == ISSUER && claims.expires_at > now && !self.is_revoked(claims.session)).then_some(claims)
    }

    pub fn remember(&self, token: &str, claims: Claims) {
        self.verified.insert(fingerprint(token), claims);
    }

    fn is_revoked(&self, session: SessionId) -> bool {
        let revoked = self.revoked.read();
        !revoked.is_empty() && revoked.contains_key(&session)
    }

    /// Refuses this session's access tokens from now on.
    pub fn revoke(&self, session: SessionId, now: Time) {
        let mut revoked = self.revoked.write();
        if revoked.len() > 10_000 {
            revoked.retain(|_, until| *until > now);
        }
        revoked.insert(session, now.plus(self.life + DAY));
    }

    /// The public keys (RFC 7517, RFC 8037).
    pub fn jwks(&self) -> Value {
        let keys: Vec<_> = self
            .keys
            .read()
            .iter()
            .map(|key| {
                json!({
                    "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": key.id,
                    "x": URL_SAFE_NO_PAD.encode(key.pair.public_key().as_ref()),
                })
            })
            .collect();
        json!({ "keys": keys })
    }
}

fn fingerprint(token: &str) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::{Cx, World, world::TestWorld};
    use proptest::prelude::*;
    use std::sync::Arc;

    fn key(n: u8) -> RingKey {
        RingKey { id: format!("k{n}"), created_at: Time(0), bytes: [n; 32] }
    }

    #[test]
    fn a_token_lives_fifteen_minutes_and_survives_rotation() {
        let world: Arc<dyn World> = Arc::new(TestWorld::default());
        let cx = Cx::new(&world);
        let tokens = Tokens::new(&[key(1)], 15, 100).unwrap();
        let token = tokens.issue(cx.id(), cx.id(), cx.now()).unwrap();
        assert!(tokens.verify(&token, cx.now().plus(15 * MINUTE - 1_000)).is_some());
        assert!(tokens.verify(&token, cx.now().plus(15 * MINUTE)).is_none());
        tokens.set_keys(&[key(2), key(1)]).unwrap();
        assert!(tokens.verify(&token, cx.now()).is_some());
        tokens.set_keys(&[key(2)]).unwrap();
        assert!(tokens.verify(&token, cx.now()).is_none());
    }

    #[test]
    fn a_revoked_session_is_refused_though_remembered() {
        let world: Arc<dyn World> = Arc::new(TestWorld::default());
        let cx = Cx::new(&world);
        let tokens = Tokens::new(&[key(1)], 15, 100).unwrap();
        let (member, session) = (cx.id(), cx.id());
        let token = tokens.issue(member, session, cx.now()).unwrap();
        assert!(tokens.verify(&token, cx.now()).is_some());
        assert!(tokens.remembered(&token, cx.now()).is_some());
        tokens.revoke(session, cx.now());
        assert!(tokens.remembered(&token, cx.now()).is_none() && tokens.verify(&token, cx.now()).is_none());
    }

    proptest! {
        #[test]
        fn any_changed_character_is_refused(at in 0_usize..400, with in "[A-Za-z0-9_.-]") {
            let world: Arc<dyn World> = Arc::new(TestWorld::default());
            let cx = Cx::new(&world);
            let tokens = Tokens::new(&[key(1)], 15, 100).unwrap();
            let token = tokens.issue(cx.id(), cx.id(), cx.now()).unwrap();
            let at = at % token.len();
            let mut forged = token.clone();
            forged.replace_range(at..=at, &with);
            // The last character carries unused bits in some encodings; ours are strict, so any change counts.
            prop_assert_eq!(tokens.verify(&forged, cx.now()).is_some(), forged == token);
        }
    }
}
