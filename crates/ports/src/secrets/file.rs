//! Secrets of one machine: the environment, files, and a folder of its own with the keys that it makes itself.
//!
//! A ring is one file, changed under a lock of the file system, so that two processes that make it at once end with
//! one winner.

use super::{MAX_SECRET, RingKey, Secrets, is_name, ring};
use crate::{
    Fault, PortError, PortResult,
    durable::{self, Temp, blocking, failed},
};
use async_trait::async_trait;
use base::{Secret, Time};
use std::{
    fs::{File, OpenOptions, Permissions},
    io::{self, Read as _},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

pub struct FileSecrets {
    folder: PathBuf,
}

impl FileSecrets {
    /// `folder` is made on first use.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }
}

#[async_trait]
impl Secrets for FileSecrets {
    async fn get(&self, reference: &str) -> PortResult<Secret> {
        let op = "secrets.get";
        if let Some(name) = reference.strip_prefix("env:") {
            return environment(name, op);
        }
        let path = match reference.strip_prefix("file:") {
            Some(path) => PathBuf::from(path),
            None if is_name(reference) => self.folder.join(reference),
            None => return Err(refused(op, format!("{reference:?} cannot be the name of a secret"))),
        };
        let reference = reference.to_owned();
        blocking(op, move || from_file(&path, &reference, op)).await
    }

    async fn keyring(&self, name: &str, rotate_after_ms: i64, overlap_ms: i64, now: Time) -> PortResult<Vec<RingKey>> {
        let op = "secrets.keyring";
        if !is_name(name) {
            return Err(refused(op, format!("{name:?} cannot be the name of a ring")));
        }
        // No plain name has a dot in it, so `get` reads no ring.
        let path = self.folder.join(format!("{name}.ring"));
        let (folder, name) = (self.folder.clone(), name.to_owned());
        blocking(op, move || {
            let due = |keys: &[RingKey]| ring::due(keys, rotate_after_ms, overlap_ms, now);
            let keys = stored(&path, &name, op)?;
            if due(&keys).is_none() {
                return Ok(keys);
            }
            durable::make_folder(&folder).map_err(failed(op))?;
            let _lock = lock(&folder.join("rings.lock")).map_err(failed(op))?;
            // Another process may have been first.
            let keys = stored(&path, &name, op)?;
            let Some(keys) = due(&keys) else { return Ok(keys) };
            let text = ring::write(&keys).map_err(|e| refused(op, "the ring has no JSON").because(e))?;
            let mut temp = Temp::write(&folder, &[&text]).map_err(failed(op))?;
            temp.place(&path).map_err(failed(op))?;
            Ok(keys)
        })
        .await
    }
}

#[expect(clippy::disallowed_methods, reason = "a reference to the environment is how an operator hands over a secret")]
fn environment(name: &str, op: &'static str) -> PortResult<Secret> {
    match std::env::var(name) {
        Ok(value) => accepted(value, &format!("env:{name}"), op),
        Err(std::env::VarError::NotPresent) => Err(missing(&format!("env:{name}"), op)),
        // Its cause would show the value.
        Err(std::env::VarError::NotUnicode(_)) => Err(refused(op, format!("the secret env:{name} is not text"))),
    }
}

fn from_file(path: &Path, reference: &str, op: &'static str) -> PortResult<Secret> {
    let about = |error: io::Error| PortError { detail: format!("the secret {reference}"), ..failed(op)(error) };
    let file = durable::found(File::open(path)).map_err(about)?.ok_or_else(|| missing(reference, op))?;
    // One byte more than may be, with room for a line end: what is longer shows, and a huge file is not read.
    let mut text = Zeroizing::new(Vec::with_capacity(MAX_SECRET + 3));
    file.take(MAX_SECRET as u64 + 3).read_to_end(&mut text).map_err(about)?;
    let text = std::str::from_utf8(&text).map_err(|_| refused(op, format!("the secret {reference} is not text")))?;
    // Editors end a file with a line end that is no part of the secret.
    let text = text.strip_suffix('\n').map_or(text, |line| line.strip_suffix('\r').unwrap_or(line));
    accepted(text.to_owned(), reference, op)
}

fn accepted(value: String, reference: &str, op: &'static str) -> PortResult<Secret> {
    let value = Secret::new(value);
    match value.reveal().len() {
        0 => Err(missing(reference, op)),
        1..=MAX_SECRET => Ok(value),
        _ => Err(refused(op, format!("the secret {reference} is over 64 KB"))),
    }
}

/// The ring on disk, empty when there is none. A file that others may read is closed to them.
fn stored(path: &Path, name: &str, op: &'static str) -> PortResult<Vec<RingKey>> {
    let io = failed(op);
    let Some(mut file) = durable::found(File::open(path)).map_err(io)? else { return Ok(Vec::new()) };
    if file.metadata().map_err(io)?.permissions().mode() & 0o077 != 0 {
        tracing::warn!(ring = name, "the key file was readable by others and is now closed to them");
        file.set_permissions(Permissions::from_mode(0o600)).map_err(io)?;
    }
    let mut text = Zeroizing::new(Vec::new());
    file.read_to_end(&mut text).map_err(io)?;
    ring::read(&text).ok_or_else(|| PortError::new(op, Fault::Corrupt, format!("the ring {name} is damaged")))
}

/// Waits for every other process and thread; held until the file is dropped.
fn lock(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path)?;
    file.lock()?;
    Ok(file)
}

fn missing(reference: &str, op: &'static str) -> PortError {
    refused(op, format!("there is no secret {reference}"))
}

fn refused(op: &'static str, detail: impl Into<String>) -> PortError {
    PortError::new(op, Fault::Refused, detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[tokio::test]
    async fn key_files_are_for_the_service_alone() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("keys");
        let secrets = FileSecrets::new(folder.clone());
        let first = secrets.keyring("tokens", 100, 50, Time(0)).await.unwrap();
        let file = folder.join("tokens.ring");
        assert_eq!((mode(&folder), mode(&file), mode(&folder.join("rings.lock"))), (0o700, 0o600, 0o600));
        fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
        assert_eq!(secrets.keyring("tokens", 100, 50, Time(0)).await.unwrap()[0].id, first[0].id);
        assert_eq!(mode(&file), 0o600);
        assert!(secrets.get("tokens.ring").await.is_err());
    }

    #[tokio::test]
    async fn a_damaged_ring_is_told_and_kept() {
        let root = tempfile::tempdir().unwrap();
        let secrets = FileSecrets::new(root.path().to_owned());
        fs::write(root.path().join("tokens.ring"), b"not a ring").unwrap();
        let error = secrets.keyring("tokens", 100, 50, Time(0)).await.unwrap_err();
        assert_eq!(error.fault, Fault::Corrupt);
        assert!(error.detail.contains("tokens"));
        assert_eq!(fs::read(root.path().join("tokens.ring")).unwrap(), b"not a ring");
    }

    #[tokio::test]
    async fn references_reach_the_environment_and_files() {
        let root = tempfile::tempdir().unwrap();
        let secrets = FileSecrets::new(root.path().join("keys"));
        let path = root.path().join("dropped.txt");
        fs::write(&path, "from a file\r\n").unwrap();
        let reference = format!("file:{}", path.display());
        assert_eq!(secrets.get(&reference).await.unwrap().reveal(), "from a file");
        // Cargo sets this one for every test.
        assert_eq!(secrets.get("env:CARGO_PKG_NAME").await.unwrap().reveal(), "ports");
        for missing in ["env:O2O_NOT_SET_ANYWHERE", "file:/nowhere/at/all", "absent"] {
            let error = secrets.get(missing).await.unwrap_err();
            assert!(error.to_string().contains(missing), "{error}");
        }
        for odd in ["", "../keys", "a/b", "a b"] {
            assert_eq!(secrets.get(odd).await.unwrap_err().fault, Fault::Refused);
        }
    }
}
