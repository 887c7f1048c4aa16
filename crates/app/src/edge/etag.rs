//! Strong entity tags (RFC 9110 §8.8.3) of what two people, or two tabs, may edit at once.

use base::{Error, Kind, Result};
use serde::Serialize;

/// The tag of a resource as it is answered.
pub fn of(resource: &impl Serialize) -> Result<String> {
    let bytes = serde_json::to_vec(resource).map_err(|e| Error::bug("write a resource", e))?;
    Ok(of_bytes(&bytes))
}

pub fn of_bytes(bytes: &[u8]) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
    let text = base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, &digest.as_ref()[..12]);
    format!("\"{text}\"")
}

/// `If-Match`: absent or `*` always fits; weak tags never do.
pub fn check(if_match: Option<&str>, current: &str) -> Result<()> {
    match if_match {
        None => Ok(()),
        Some(list) if list.split(',').any(|tag| matches!(tag.trim(), "*") || tag.trim() == current) => Ok(()),
        Some(_) => Err(Error::new(
            Kind::Precondition,
            "precondition_failed",
            "This has changed since you last saw it. Load it again.",
        )),
    }
}

/// `If-None-Match` of a read: whether the caller has this already.
pub fn unchanged(if_none_match: Option<&str>, current: &str) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    if_none_match.is_some_and(|list| list.split(',').any(|tag| tag.trim() == "*" || opaque(tag) == current))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matching() {
        let tag = of_bytes(b"x");
        assert!(check(None, &tag).is_ok() && check(Some("*"), &tag).is_ok());
        assert!(check(Some(&format!("\"other\", {tag}")), &tag).is_ok());
        assert!(check(Some(&format!("W/{tag}")), &tag).is_err() && check(Some(""), &tag).is_err());
        assert!(unchanged(Some(&format!("W/{tag}")), &tag) && !unchanged(Some("\"y\""), &tag));
    }
}
