//! Secrets that must be read again are stored sealed: AES-256-GCM with a key from the ring, bound to their owner, so
//! that a row copied to another member opens nothing.

use base::{Error, Result, secret};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ports::secrets::RingKey;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use zeroize::Zeroizing;

/// Newest key first: it seals; all of them open.
pub struct Sealer(Vec<(String, LessSafeKey)>);

impl Sealer {
    pub fn new(ring: &[RingKey]) -> Result<Self> {
        let key = |key: &RingKey| {
            let unbound = UnboundKey::new(&AES_256_GCM, &key.bytes)
                .map_err(|e| Error::bug("read a sealing key", e.to_string()))?;
            Ok((key.id.clone(), LessSafeKey::new(unbound)))
        };
        let keys: Vec<_> = ring.iter().map(key).collect::<Result<_>>()?;
        if keys.is_empty() {
            return Err(Error::bug("read the sealing keys", "the ring is empty"));
        }
        Ok(Self(keys))
    }

    /// `key.nonce-and-ciphertext`, as text.
    pub fn seal(&self, owner: &[u8], plain: &[u8]) -> Result<String> {
        let (id, key) = &self.0[0];
        let nonce: [u8; NONCE_LEN] = secret::random();
        let mut sealed = plain.to_vec();
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(owner), &mut sealed)
            .map_err(|e| Error::bug("seal a secret", e.to_string()))?;
        Ok(format!("{id}.{}", URL_SAFE_NO_PAD.encode([&nonce[..], &sealed].concat())))
    }

    pub fn open(&self, owner: &[u8], sealed: &str) -> Result<Zeroizing<Vec<u8>>> {
        let opened = || {
            let (id, text) = sealed.split_once('.')?;
            let (_, key) = self.0.iter().find(|(known, _)| known == id)?;
            let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
            let (nonce, body) = bytes.split_at_checked(NONCE_LEN)?;
            let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
            let mut body = Zeroizing::new(body.to_vec());
            let length = key.open_in_place(nonce, Aad::from(owner), &mut body).ok()?.len();
            body.truncate(length);
            Some(body)
        };
        opened().ok_or_else(|| Error::bug("open a sealed secret", "its key is gone, or it was altered"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::Time;

    fn key(n: u8) -> RingKey {
        RingKey { id: format!("k{n}"), created_at: Time(0), bytes: [n; 32] }
    }

    #[test]
    fn only_the_owner_s_row_opens_and_older_keys_still_do() {
        let old = Sealer::new(&[key(1)]).unwrap();
        let sealed = old.seal(b"ana", b"a secret").unwrap();
        assert!(!sealed.contains("a secret") && sealed != old.seal(b"ana", b"a secret").unwrap());
        let rotated = Sealer::new(&[key(2), key(1)]).unwrap();
        assert_eq!(**rotated.open(b"ana", &sealed).unwrap(), *b"a secret");
        assert!(rotated.seal(b"ana", b"x").unwrap().starts_with("k2."));
        assert!(rotated.open(b"bob", &sealed).is_err());
        assert!(Sealer::new(&[key(2)]).unwrap().open(b"ana", &sealed).is_err());
        let mut altered = sealed.clone();
        let third = altered.len() - 3..altered.len() - 2;
        let with = if &altered[third.clone()] == "A" { "B" } else { "A" };
        altered.replace_range(third, with);
        for bad in ["", "k1", "k1.", "k1.AAAA", altered.as_str(), &sealed[1..]] {
            assert!(rotated.open(b"ana", bad).is_err(), "{bad}");
        }
        assert!(Sealer::new(&[]).is_err());
    }
}
