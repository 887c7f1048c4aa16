//! Signed URLs of the folder adapter: HMAC-SHA256 over method, path and query, exactly as the client sends them.
//!
//! `/objects/{key}?expires={second}&kid={key id}&signature=…` for `GET`; an upload has `&min=…&max=…&type=…` before its
//! signature. The signature is compared as text, so that not even a spare bit of its encoding can change.

use super::Upload;
use crate::{Fault, PortError, PortResult, secrets::RingKey};
use base::{Time, time::SECOND};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use parking_lot::RwLock;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use ring::hmac;
use std::{borrow::Cow, sync::Arc};
use subtle::ConstantTimeEq as _;

/// Path under which the HTTP edge serves objects.
const PATH: &str = "/objects/";
const SIGNATURE: &str = "&signature=";
/// RFC 3986, 2.3: what no client encodes in another way.
const VALUE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const SEGMENTS: &AsciiSet = &VALUE.remove(b'/');

/// Signs with the newest key of a ring and verifies with all of them. Clones share the keys.
#[derive(Clone)]
pub struct Signer(Arc<RwLock<Vec<Key>>>);

struct Key {
    id: String,
    key: hmac::Key,
}

/// What a valid URL permits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Grant {
    Get {
        key: String,
    },
    /// The body is still to be held against [`Upload::admits`].
    Put(Upload),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Not made by us for this method and path, or changed since, or by a retired key.
    #[error("the signature of the URL is not valid")]
    Forged,
    /// Ours, but its second has passed.
    #[error("the URL has expired")]
    Expired,
}

impl Signer {
    /// `keys` as a keyring gives them, newest first. None is refused.
    pub fn new(keys: &[RingKey]) -> PortResult<Self> {
        Ok(Self(Arc::new(RwLock::new(read_keys(keys)?))))
    }

    /// Takes over the state of the ring after a rotation.
    pub fn rotate(&self, keys: &[RingKey]) -> PortResult<()> {
        *self.0.write() = read_keys(keys)?;
        Ok(())
    }

    /// Path and query for one `PUT`.
    pub fn sign_put(&self, upload: &Upload) -> String {
        let Upload { key, content_type, min_bytes, max_bytes, expires_at } = upload;
        let more = format!("&min={min_bytes}&max={max_bytes}&type={}", utf8_percent_encode(content_type, VALUE));
        self.sign("PUT", key, *expires_at, &more)
    }

    /// Path and query for `GET`.
    pub fn sign_get(&self, key: &str, expires_at: Time) -> String {
        self.sign("GET", key, expires_at, "")
    }

    fn sign(&self, method: &str, key: &str, expires_at: Time, more: &str) -> String {
        let path = format!("{PATH}{}", utf8_percent_encode(key, SEGMENTS));
        let keys = self.0.read();
        let newest = &keys[0];
        let kid = utf8_percent_encode(&newest.id, VALUE);
        let query = format!("expires={}&kid={kid}{more}", expires_at.seconds());
        let signature = newest.signature(method, &path, &query);
        format!("{path}?{query}{SIGNATURE}{signature}")
    }

    /// Judges a request by its method and the path and query as they came, undecoded.
    pub fn verify(&self, method: &str, raw_path: &str, raw_query: &str, now: Time) -> Result<Grant, Refusal> {
        let (query, signature) = raw_query.rsplit_once(SIGNATURE).ok_or(Refusal::Forged)?;
        let kid = field(query, "kid")?;
        let known = self.0.read().iter().find(|key| key.id == kid).map(|key| key.signature(method, raw_path, query));
        let wanted = known.ok_or(Refusal::Forged)?;
        if !bool::from(wanted.as_bytes().ct_eq(signature.as_bytes())) {
            return Err(Refusal::Forged);
        }
        let expires: i64 = number(query, "expires")?;
        if now.seconds() > expires {
            return Err(Refusal::Expired);
        }
        let key = decoded(raw_path.strip_prefix(PATH).ok_or(Refusal::Forged)?)?.into_owned();
        match method {
            "GET" => Ok(Grant::Get { key }),
            "PUT" => Ok(Grant::Put(Upload {
                key,
                content_type: field(query, "type")?.into_owned(),
                min_bytes: number(query, "min")?,
                max_bytes: number(query, "max")?,
                expires_at: Time(expires.saturating_mul(SECOND)),
            })),
            _ => Err(Refusal::Forged),
        }
    }
}

impl Key {
    fn signature(&self, method: &str, path: &str, query: &str) -> String {
        let text = format!("o2o objects 1\n{method}\n{path}\n{query}");
        URL_SAFE_NO_PAD.encode(hmac::sign(&self.key, text.as_bytes()))
    }
}

fn read_keys(keys: &[RingKey]) -> PortResult<Vec<Key>> {
    if keys.is_empty() {
        return Err(PortError::new("objects.sign", Fault::Refused, "a signer needs a key"));
    }
    Ok(keys.iter().map(|k| Key { id: k.id.clone(), key: hmac::Key::new(hmac::HMAC_SHA256, &k.bytes) }).collect())
}

fn field<'a>(query: &'a str, name: &str) -> Result<Cow<'a, str>, Refusal> {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let value = pairs.into_iter().find(|(n, _)| *n == name).map(|(_, value)| value);
    decoded(value.ok_or(Refusal::Forged)?)
}

fn number<T: std::str::FromStr>(query: &str, name: &str) -> Result<T, Refusal> {
    field(query, name)?.parse().map_err(|_| Refusal::Forged)
}

fn decoded(text: &str) -> Result<Cow<'_, str>, Refusal> {
    percent_decode_str(text).decode_utf8().map_err(|_| Refusal::Forged)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: Time = Time(1_795_348_800_000);

    fn ring_key(seed: u8) -> RingKey {
        RingKey { id: format!("k{seed}"), created_at: NOW, bytes: [seed; 32] }
    }

    fn signer() -> Signer {
        Signer::new(&[ring_key(2), ring_key(1)]).unwrap()
    }

    fn verify(signer: &Signer, method: &str, url: &str, now: Time) -> Result<Grant, Refusal> {
        let (path, query) = url.split_once('?').ok_or(Refusal::Forged)?;
        signer.verify(method, path, query, now)
    }

    fn upload(key: String) -> Upload {
        let content_type = "image/svg+xml; charset=utf-8".to_owned();
        Upload { key, content_type, min_bytes: 1, max_bytes: 5_242_880, expires_at: NOW.plus(60_000) }
    }

    proptest! {
        #[test]
        fn any_key_round_trips(key in "[a-zA-Z0-9 +/%?&=#é日本💞~._-]{1,80}") {
            let signer = signer();
            let get = signer.sign_get(&key, NOW.plus(60_000));
            prop_assert!(get.is_ascii() && !get.contains(' '));
            prop_assert_eq!(verify(&signer, "GET", &get, NOW), Ok(Grant::Get { key: key.clone() }));
            let wanted = upload(key);
            let put = signer.sign_put(&wanted);
            prop_assert_eq!(verify(&signer, "PUT", &put, NOW), Ok(Grant::Put(wanted)));
        }

        #[test]
        fn any_flipped_character_is_refused(key in "[a-z +/é]{1,30}", at: prop::sample::Index, to in "[ -~]") {
            let signer = signer();
            for (method, url) in [("GET", signer.sign_get(&key, NOW.plus(60_000))), ("PUT", signer.sign_put(&upload(key)))] {
                let at = at.index(url.len());
                prop_assume!(url[at..=at] != to);
                let mut changed = url.clone();
                changed.replace_range(at..=at, &to);
                prop_assert_eq!(verify(&signer, method, &changed, NOW), Err(Refusal::Forged), "{}", changed);
                changed.remove(at);
                prop_assert!(verify(&signer, method, &changed, NOW).is_err(), "{}", changed);
            }
        }
    }

    #[test]
    fn the_second_of_expiry_is_the_last_one() {
        let signer = signer();
        let url = signer.sign_get("a", Time(NOW.0 + 300));
        assert!(verify(&signer, "GET", &url, Time(NOW.0 + 999)).is_ok());
        assert_eq!(verify(&signer, "GET", &url, Time(NOW.0 + 1_000)), Err(Refusal::Expired));
    }

    #[test]
    fn a_method_is_bound_and_a_retired_key_is_unknown() {
        let old = Signer::new(&[ring_key(1)]).unwrap();
        let url = old.sign_get("a", NOW.plus(60_000));
        assert_eq!(verify(&old, "PUT", &url, NOW), Err(Refusal::Forged));
        assert!(verify(&signer(), "GET", &url, NOW).is_ok());
        old.rotate(&[ring_key(3)]).unwrap();
        assert_eq!(verify(&old, "GET", &url, NOW), Err(Refusal::Forged));
        assert!(Signer::new(&[]).is_err() && old.rotate(&[]).is_err());
    }
}
