//! What every adapter of the cache refuses before it asks its engine.

use super::Bucket;
use crate::{Fault, PortError, PortResult};

/// Bytes of a value.
pub const MAX_VALUE: usize = 1024 * 1024;
/// Bytes of a key.
pub const MAX_KEY: usize = 512;

pub(super) fn refused(op: &'static str, detail: impl Into<String>) -> PortError {
    PortError::new(op, Fault::Refused, detail)
}

/// The part of a key that decides where it lies: between the first `{` and the next `}`, when that is not empty
/// (Redis cluster specification, hash tags).
pub fn hash_tag(key: &str) -> Option<&str> {
    let (_, rest) = key.split_once('{')?;
    let (tag, _) = rest.split_once('}')?;
    (!tag.is_empty()).then_some(tag)
}

pub(super) fn check_key(key: &str, op: &'static str) -> PortResult<()> {
    if key.is_empty() || key.len() > MAX_KEY {
        return Err(refused(op, format!("a key of {} bytes", key.len())));
    }
    Ok(())
}

/// Several keys of one operation lie in one place.
pub(super) fn check_keys(keys: &[&str], op: &'static str) -> PortResult<()> {
    for key in keys {
        check_key(key, op)?;
    }
    if let [first, rest @ ..] = keys
        && !rest.is_empty()
        && (hash_tag(first).is_none() || rest.iter().any(|key| hash_tag(key) != hash_tag(first)))
    {
        return Err(refused(op, "keys without a common hash tag"));
    }
    Ok(())
}

pub(super) fn check_value(value: &[u8], op: &'static str) -> PortResult<()> {
    if value.len() > MAX_VALUE {
        return Err(refused(op, format!("a value of {} bytes", value.len())));
    }
    Ok(())
}

pub(super) fn check_ttl(ttl_ms: i64, op: &'static str) -> PortResult<()> {
    if ttl_ms <= 0 { Err(refused(op, format!("a life of {ttl_ms} ms"))) } else { Ok(()) }
}

pub(super) fn check_take(bucket: Bucket, cost: u32, op: &'static str) -> PortResult<()> {
    if bucket.capacity == 0 || bucket.per_ms <= 0 || i64::from(bucket.capacity).checked_mul(bucket.per_ms).is_none() {
        return Err(refused(op, format!("a bucket of {} per {} ms", bucket.capacity, bucket.per_ms)));
    }
    if cost > bucket.capacity {
        return Err(refused(op, format!("{cost} tokens from a bucket that holds {}", bucket.capacity)));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_tag_is_between_the_first_braces() {
        for (key, tag) in
            [("a{b}c", Some("b")), ("{a}{b}", Some("a")), ("a{{b}}", Some("{b")), ("a{}{b}", None), ("a}b{", None)]
        {
            assert_eq!(hash_tag(key), tag, "{key}");
        }
    }
}
