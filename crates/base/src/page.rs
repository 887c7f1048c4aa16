//! Pages: a bounded limit, and cursors that only this server can make, each good for one list of one caller.

use crate::{Error, Field, Result};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::hmac;
use serde::Serialize;

/// The answer of every list.
#[derive(Debug, Clone, Serialize)]
pub struct Page<T> {
    pub data: Vec<T>,
    /// Pass it back as `cursor` for the next page; null on the last.
    pub next_cursor: Option<String>,
}

/// How many entries a caller wants: 1 to 100, 50 unless said.
pub fn limit(asked: Option<u32>) -> Result<usize> {
    match asked.unwrap_or(50) {
        n @ 1..=100 => Ok(n as usize),
        _ => Err(Error::field("/query/limit", "out_of_range", "A page holds 1 to 100 entries.")),
    }
}

/// Signs and reads cursors. The tag covers the scope (list, caller, filters), so a cursor taken to another list,
/// another caller or another filter is refused.
pub struct Cursors(hmac::Key);

const TAG: usize = 12;

impl Cursors {
    pub fn new(key: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    fn tag(&self, scope: &str, position: &[u8]) -> hmac::Tag {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(&(scope.len() as u64).to_be_bytes());
        context.update(scope.as_bytes());
        context.update(position);
        context.sign()
    }

    /// `position` is where the next page starts, in the store's own terms.
    pub fn seal(&self, scope: &str, position: &[u8]) -> String {
        let mut out = Vec::with_capacity(TAG + position.len());
        out.extend_from_slice(&self.tag(scope, position).as_ref()[..TAG]);
        out.extend_from_slice(position);
        URL_SAFE_NO_PAD.encode(out)
    }

    /// The position inside, when the cursor was made here for this scope.
    pub fn open(&self, scope: &str, cursor: &str) -> Result<Vec<u8>> {
        let bad = || {
            Error::invalid(vec![Field::new(
                "/query/cursor",
                "invalid_cursor",
                "This cursor does not belong to this list.",
            )])
        };
        if cursor.len() > 512 {
            return Err(bad());
        }
        let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| bad())?;
        let (tag, position) = bytes.split_at_checked(TAG).ok_or_else(bad)?;
        let expected = self.tag(scope, position);
        // Constant time, like every comparison of a signature.
        let differs = tag.iter().zip(expected.as_ref()).fold(0, |acc, (a, b)| acc | (a ^ b));
        if differs == 0 { Ok(position.to_vec()) } else { Err(bad()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_cursor_opens_only_where_it_was_made(scope in ".{0,40}", other in ".{0,40}", position: Vec<u8>, flip in 0usize..64) {
            prop_assume!(position.len() < 300);
            let cursors = Cursors::new(&[7; 32]);
            let sealed = cursors.seal(&scope, &position);
            prop_assert_eq!(cursors.open(&scope, &sealed).unwrap(), position);
            if scope != other {
                prop_assert!(cursors.open(&other, &sealed).is_err());
            }
            prop_assert!(Cursors::new(&[8; 32]).open(&scope, &sealed).is_err());
            let mut mangled = sealed.into_bytes();
            let at = flip % mangled.len();
            mangled[at] = if mangled[at] == b'A' { b'B' } else { b'A' };
            prop_assert!(cursors.open(&scope, std::str::from_utf8(&mangled).unwrap()).is_err());
        }

        #[test]
        fn no_text_panics_the_reader(text in ".{0,600}") {
            prop_assert!(Cursors::new(&[7; 32]).open("s", &text).is_err());
        }
    }

    #[test]
    fn limits_are_1_to_100() {
        assert_eq!(limit(None).unwrap(), 50);
        assert_eq!(limit(Some(100)).unwrap(), 100);
        assert!(limit(Some(0)).is_err() && limit(Some(101)).is_err());
    }
}
