//! The refresh credential: which session, which generation, and a signature. Nothing of it is stored, so the current
//! one can be made again: two tabs that renew at once get the same pair.

use base::id::{MemberId, SessionId};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ports::secrets::RingKey;
use ring::hmac;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refresh {
    pub member: MemberId,
    pub session: SessionId,
    /// Counts the renewals of this session.
    pub generation: u32,
}

/// Makes and reads refresh credentials. Newest key first; all of them verify.
pub struct RefreshKeys(Vec<hmac::Key>);

const SIGNED: usize = 36;
const TAG: usize = 16;

impl RefreshKeys {
    pub fn new(ring: &[RingKey]) -> Self {
        Self(ring.iter().map(|key| hmac::Key::new(hmac::HMAC_SHA256, &key.bytes)).collect())
    }

    pub fn seal(&self, refresh: Refresh) -> String {
        let mut out = Vec::with_capacity(SIGNED + TAG);
        out.extend_from_slice(refresh.session.bytes());
        out.extend_from_slice(refresh.member.bytes());
        out.extend_from_slice(&refresh.generation.to_be_bytes());
        let tag = hmac::sign(&self.0[0], &out);
        out.extend_from_slice(&tag.as_ref()[..TAG]);
        URL_SAFE_NO_PAD.encode(out)
    }

    pub fn open(&self, text: &str) -> Option<Refresh> {
        if text.len() > 128 {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (signed, tag) = bytes.split_at_checked(SIGNED)?;
        let fits = |key: &hmac::Key| {
            let expected = hmac::sign(key, signed);
            bool::from(subtle::ConstantTimeEq::ct_eq(&expected.as_ref()[..TAG], tag))
        };
        if !self.0.iter().any(fits) {
            return None;
        }
        Some(Refresh {
            session: SessionId::from_slice(&signed[..16])?,
            member: MemberId::from_slice(&signed[16..32])?,
            generation: u32::from_be_bytes(signed[32..].try_into().ok()?),
        })
    }
}
