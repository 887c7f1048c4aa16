//! When keys of a ring come and go, and how a ring is written down. Pure; every adapter rotates by it.

use super::RingKey;
use base::{Time, secret};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

/// The ring as it has to be at `now`, newest first; `None` when nothing changes.
pub(super) fn due(keys: &[RingKey], rotate_after_ms: i64, overlap_ms: i64, now: Time) -> Option<Vec<RingKey>> {
    let newest = keys.first().map(|key| now.since(key.created_at));
    let mut out = keys.to_vec();
    if newest.is_none_or(|age| age > rotate_after_ms) {
        out.insert(0, make(now));
    }
    let life = rotate_after_ms.saturating_add(overlap_ms);
    let first = out.first().map(|key| key.id.clone());
    out.retain(|key| first.as_deref() == Some(&key.id) || now.since(key.created_at) <= life);
    let same = out.iter().map(|key| &key.id).eq(keys.iter().map(|key| &key.id));
    (!same).then_some(out)
}

fn make(now: Time) -> RingKey {
    RingKey { id: crate::durable::hex(&secret::random::<8>()), created_at: now, bytes: secret::random() }
}

#[derive(Serialize, Deserialize)]
struct Written {
    id: String,
    created_at: Time,
    /// 32 bytes in URL-safe base64.
    key: String,
}

impl Drop for Written {
    fn drop(&mut self) {
        self.key.zeroize();
    }
}

/// The ring as JSON.
pub(super) fn write(keys: &[RingKey]) -> serde_json::Result<Zeroizing<Vec<u8>>> {
    let written = |key: &RingKey| Written {
        id: key.id.clone(),
        created_at: key.created_at,
        key: URL_SAFE_NO_PAD.encode(key.bytes),
    };
    serde_json::to_vec(&keys.iter().map(written).collect::<Vec<_>>()).map(Zeroizing::new)
}

/// The inverse of [`write`]; `None` for anything else.
pub(super) fn read(text: &[u8]) -> Option<Vec<RingKey>> {
    let written: Vec<Written> = serde_json::from_slice(text).ok()?;
    let key = |w: &Written| {
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(&w.key).ok()?);
        Some(RingKey { id: w.id.clone(), created_at: w.created_at, bytes: bytes.as_slice().try_into().ok()? })
    };
    written.iter().map(key).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Whenever the ring is asked for: the newest is fresh, what signed within the overlap still verifies.
        #[test]
        fn the_newest_is_fresh_and_a_key_outlives_its_last_use(steps in prop::collection::vec(0_i64..300, 1..40)) {
            let (rotate, overlap) = (100, 50);
            let (mut now, mut ring) = (Time(0), Vec::new());
            let mut used: Vec<(String, Time)> = Vec::new();
            for step in steps {
                now = now.plus(step);
                ring = due(&ring, rotate, overlap, now).unwrap_or(ring);
                prop_assert!(now.since(ring[0].created_at) <= rotate);
                prop_assert!(ring.windows(2).all(|pair| pair[0].created_at >= pair[1].created_at));
                prop_assert!(due(&ring, rotate, overlap, now).is_none());
                for (id, _) in used.iter().filter(|(_, at)| now.since(*at) <= overlap) {
                    prop_assert!(ring.iter().any(|key| key.id == *id));
                }
                used.push((ring[0].id.clone(), now));
                let back = read(&write(&ring).unwrap()).unwrap();
                prop_assert!(back.iter().zip(&ring).all(|(a, b)| a.bytes == b.bytes && a.id == b.id));
                prop_assert_eq!(back.len(), ring.len());
            }
        }
    }

    #[test]
    fn a_damaged_ring_is_not_read() {
        let text = write(&[make(Time(5))]).unwrap();
        assert!(read(&text[..text.len() - 1]).is_none());
        assert!(read(br#"[{"id":"a","created_at":"2026-11-22T09:00:00.000Z","key":"AAAA"}]"#).is_none());
    }
}
