//! Secrets: never printed, wiped on drop; and where secret random bytes come from.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize, Serializer};
use std::fmt;
use zeroize::Zeroize;

/// A value that never reaches a log. [`Secret::reveal`] is the only way out, so it can be searched for.
#[derive(Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether this is not the secret but says where it lies: `env:NAME`, `file:PATH` or `secret:NAME`.
    pub fn is_reference(&self) -> bool {
        ["env:", "file:", "secret:"].iter().any(|prefix| self.0.starts_with(prefix))
    }
}
/// «secret», so that a serialised configuration can be shown; nothing and references are written as they are.
impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(if self.0.is_empty() || self.is_reference() { &self.0 } else { "«secret»" })
    }
}
impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("«secret»")
    }
}
impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// `N` bytes from the operating system.
pub fn random<const N: usize>() -> [u8; N] {
    let mut out = [0; N];
    getrandom::fill(&mut out).expect("the operating system gives random bytes");
    out
}

/// A URL-safe token of 256 bits.
pub fn token() -> String {
    URL_SAFE_NO_PAD.encode(random::<32>())
}

/// SHA-256 of a token: what is stored in its place.
pub fn digest(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(ring::digest::digest(&ring::digest::SHA256, token.as_bytes()))
}

/// A code of 8 Crockford characters (40 bits), upper case, as in invitations.
pub fn code() -> String {
    const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    random::<8>().iter().map(|byte| char::from(ALPHABET[usize::from(byte & 31)])).collect()
}

/// A typed code in its stored form: upper case, without spaces and hyphens, `O` read as 0 and `I`, `L` as 1
/// (Crockford). `None` when it cannot be a code.
pub fn read_code(typed: &str) -> Option<String> {
    let code: String = typed
        .chars()
        .filter(|c| !matches!(c, ' ' | '-'))
        .map(|c| match c.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            c => c,
        })
        .collect();
    (code.len() == 8 && code.bytes().all(|b| b.is_ascii_alphanumeric() && b != b'U')).then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_does_not_show() {
        assert_eq!(format!("{:?}", Secret::new("hunter2")), "«secret»");
        assert_eq!(serde_json::json!(Secret::new("hunter2")), "«secret»");
        assert_eq!(serde_json::json!(Secret::new("env:TOKEN")), "env:TOKEN");
    }

    #[test]
    fn codes_survive_being_typed() {
        let code = code();
        assert_eq!(read_code(&code.to_lowercase()), Some(code));
        assert_eq!(read_code("abcd-efgo").as_deref(), Some("ABCDEFG0"));
        assert_eq!(read_code("toolongcode"), None);
        assert_eq!(read_code("uuuuuuuu"), None);
    }
}
