//! Time-based one-time passwords (RFC 6238 over RFC 4226): HMAC-SHA-1, six digits, thirty seconds. What every
//! authenticator app understands without being told.

use base::{Time, secret};
use ring::hmac;
use subtle::{ConditionallySelectable as _, ConstantTimeEq as _};

/// Bytes of a secret: the output of SHA-1 (RFC 4226 §4 R6).
const SECRET: usize = 20;
const STEP_SECONDS: i64 = 30;
const DIGITS: usize = 6;
/// Steps a clock may be off, either way.
const DRIFT: i64 = 1;

pub(super) fn secret() -> [u8; SECRET] {
    secret::random()
}

/// The step that an instant lies in.
fn step(now: Time) -> i64 {
    now.seconds().div_euclid(STEP_SECONDS)
}

/// The truncated value of a step (RFC 4226 §5.3).
fn value(secret: &[u8], step: i64) -> u32 {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let tag = tag.as_ref();
    let at = usize::from(tag[tag.len() - 1] & 15);
    u32::from_be_bytes([tag[at] & 0x7f, tag[at + 1], tag[at + 2], tag[at + 3]])
}

fn code(secret: &[u8], step: i64) -> String {
    format!("{:0DIGITS$}", value(secret, step) % 1_000_000)
}

/// Whether a text has the form of a code.
pub(super) fn is_code(text: &str) -> bool {
    text.len() == DIGITS && text.bytes().all(|b| b.is_ascii_digit())
}

/// The step whose code was typed: the present one or a neighbour, and newer than `last`, the newest that was taken.
/// Every step is compared whole, so that the time tells nothing.
pub(super) fn find(secret: &[u8], typed: &str, now: Time, last: i64) -> Option<i64> {
    let present = step(now);
    let mut found = -1_i64;
    for step in present - DRIFT..=present + DRIFT {
        let fits = code(secret, step).as_bytes().ct_eq(typed.as_bytes());
        found.conditional_assign(&step, fits);
    }
    (found > last).then_some(found)
}

/// RFC 4648 base 32 without padding, as authenticator apps take a secret.
pub(super) fn base32(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let group = |five: &[u8]| {
        let mut padded = [0_u8; 8];
        padded[3..3 + five.len()].copy_from_slice(five);
        let bits = u64::from_be_bytes(padded);
        let count = (five.len() * 8).div_ceil(5);
        (0..count).map(move |i| char::from(ALPHABET[usize::try_from((bits >> (35 - 5 * i)) & 31).unwrap_or(0)]))
    };
    bytes.chunks(5).flat_map(group).collect()
}

/// What an authenticator app reads from a QR code.
pub(super) fn otpauth_url(secret: &[u8], email: &str) -> String {
    // A form writes a space as `+`, which is no space outside of forms.
    let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20");
    let issuer = encode("One 2 One Love");
    let (secret, account) = (base32(secret), encode(email));
    format!("otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}&algorithm=SHA1&digits=6&period=30")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KEY: &[u8] = b"12345678901234567890";

    /// RFC 6238 appendix B, of which ours are the last six digits.
    #[test]
    fn the_vectors_of_the_standard() {
        for (seconds, wanted) in [
            (59, 94_287_082),
            (1_111_111_109, 7_081_804),
            (1_111_111_111, 14_050_471),
            (1_234_567_890, 89_005_924),
            (2_000_000_000, 69_279_037),
            (20_000_000_000, 65_353_130),
        ] {
            let at = Time(seconds * 1000);
            assert_eq!(value(KEY, step(at)) % 100_000_000, wanted, "{seconds}");
            let six = format!("{:06}", wanted % 1_000_000);
            assert_eq!(code(KEY, step(at)), six);
            assert_eq!(find(KEY, &six, at, -1), Some(step(at)));
        }
    }

    /// RFC 4226 appendix D.
    #[test]
    fn the_vectors_of_the_counter() {
        let wanted =
            ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"];
        for (step, wanted) in (0..).zip(wanted) {
            assert_eq!(code(KEY, step), wanted);
        }
    }

    /// RFC 4648 §10, without the padding.
    #[test]
    fn the_vectors_of_base32() {
        for (plain, wanted) in [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ] {
            assert_eq!(base32(plain.as_bytes()), wanted);
        }
        assert_eq!(base32(&secret()).len(), 32);
    }

    #[test]
    fn the_url_names_issuer_and_account() {
        let url = otpauth_url(KEY, "ana+x@example.com");
        assert!(url.starts_with("otpauth://totp/One%202%20One%20Love:ana%2Bx%40example.com?secret=GEZDGNBVGY3TQOJQ"));
        assert!(url.ends_with("&issuer=One%202%20One%20Love&algorithm=SHA1&digits=6&period=30"), "{url}");
    }

    proptest! {
        /// A code is good one step early and one step late, and never again once it was taken.
        #[test]
        fn a_code_is_good_for_its_neighbourhood(at in 100_i64..1_000_000_000, off in -3_i64..=3) {
            let now = Time(at * 30_000);
            let typed = code(KEY, at + off);
            // Two steps may share a code by chance; then any of them is right.
            let alike = (at - 1..=at + 1).any(|step| step != at + off && code(KEY, step) == typed);
            prop_assume!(!alike);
            prop_assert_eq!(find(KEY, &typed, now, -1), (off.abs() <= 1).then_some(at + off));
            prop_assert_eq!(find(KEY, &typed, now, at + off), None);
            prop_assert_eq!(find(KEY, &typed, now, at + off + 1), None);
        }

        #[test]
        fn no_text_panics(typed in ".{0,80}") {
            prop_assert_eq!(find(KEY, &typed, Time(0), i64::MAX), None);
        }
    }
}
