//! Objects in a folder of this machine: what a laptop and a single server run.
//!
//! A put is written aside, synced, and renamed into place while its key is locked, so conditions race cleanly and a
//! reader sees the old object or the new one. Blocking work runs beside the runtime's workers.

use super::{MAX_URL_LIFE, Meta, Objects, PutOutcome, PutWhen, Range, Signer, Upload};
use super::{is_content_type, is_key, layout, record};
use crate::{
    Fault, PortError, PortResult,
    durable::{self, Temp, blocking, failed},
};
use async_trait::async_trait;
use base::Time;
use bytes::Bytes;
use parking_lot::Mutex;
use std::{
    fs,
    hash::{BuildHasher as _, RandomState},
    io,
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

/// Locks that all keys share: two keys seldom wait for each other, and memory stays bounded.
const LOCKS: usize = 64;
/// How often a put makes its folder again when deletes keep taking it away.
const TRIES: usize = 16;
/// Age at which a file in the folder of unfinished puts is a leftover of a crash.
const LEFTOVER: Duration = Duration::from_secs(24 * 3600);

pub struct FolderObjects {
    files: Arc<Files>,
    signer: Signer,
    base_url: String,
}

/// The blocking part.
struct Files {
    root: PathBuf,
    /// Unfinished puts. Its name ends in no mark of the layout, so no key leads there.
    incoming: PathBuf,
    locks: [Mutex<()>; LOCKS],
    hasher: RandomState,
    /// Held while folders are made: who finds one there knows that its name is on disk.
    folders: Mutex<()>,
}

impl FolderObjects {
    /// Makes the folder. `base_url` is the public URL without a path of its own, or empty for relative signed URLs.
    pub fn new(folder: PathBuf, signer: Signer, base_url: &str) -> PortResult<Self> {
        let files = Files {
            incoming: folder.join("incoming"),
            root: folder,
            locks: [const { Mutex::new(()) }; LOCKS],
            hasher: RandomState::new(),
            folders: Mutex::new(()),
        };
        let io = failed("objects.open");
        durable::make_folder(&files.incoming).map_err(io)?;
        sweep(&files.incoming).map_err(io)?;
        Ok(Self { files: Arc::new(files), signer, base_url: base_url.trim_end_matches('/').to_owned() })
    }

    async fn on_files<T: Send + 'static>(
        &self,
        op: &'static str,
        work: impl FnOnce(&Files) -> PortResult<T> + Send + 'static,
    ) -> PortResult<T> {
        let files = self.files.clone();
        blocking(op, move || work(&files)).await
    }
}

#[async_trait]
impl Objects for FolderObjects {
    async fn put(
        &self,
        key: &str,
        body: Bytes,
        content_type: &str,
        when: PutWhen,
        now: Time,
    ) -> PortResult<PutOutcome> {
        let op = "objects.put";
        let key = checked(key, op)?.to_owned();
        let content_type = checked_type(content_type, op)?.to_owned();
        self.on_files(op, move |files| {
            let size = u64::try_from(body.len()).unwrap_or(u64::MAX);
            let meta = Meta { key, size, content_type, etag: record::etag(&body), modified_at: now };
            files.put(meta, &body, &when, op)
        })
        .await
    }

    async fn head(&self, key: &str) -> PortResult<Option<Meta>> {
        let op = "objects.head";
        let path = layout::file(&self.files.root, checked(key, op)?);
        blocking(op, move || Ok(record::open(&path, op)?.map(|(_, meta)| meta))).await
    }

    async fn get(&self, key: &str, range: Option<Range>) -> PortResult<Option<(Meta, Bytes)>> {
        let op = "objects.get";
        let path = layout::file(&self.files.root, checked(key, op)?);
        blocking(op, move || {
            let Some((mut file, meta)) = record::open(&path, op)? else { return Ok(None) };
            let body = record::body(&mut file, &meta, range, op)?;
            Ok(Some((meta, body)))
        })
        .await
    }

    async fn delete(&self, key: &str) -> PortResult<()> {
        let op = "objects.delete";
        let key = checked(key, op)?.to_owned();
        self.on_files(op, move |files| files.delete(&key).map_err(failed(op))).await
    }

    async fn list(&self, prefix: &str, after: Option<&str>, limit: usize) -> PortResult<Vec<Meta>> {
        let (prefix, after) = (prefix.to_owned(), after.unwrap_or_default().to_owned());
        self.on_files("objects.list", move |files| files.list(&prefix, &after, limit)).await
    }

    async fn presign_put(&self, upload: &Upload, now: Time) -> PortResult<String> {
        let op = "objects.presign_put";
        checked(&upload.key, op)?;
        checked_type(&upload.content_type, op)?;
        checked_life(upload.expires_at, now, op)?;
        if upload.min_bytes > upload.max_bytes {
            return Err(refused(op, "the size range of the upload is empty"));
        }
        Ok(self.base_url.clone() + &self.signer.sign_put(upload))
    }

    async fn presign_get(&self, key: &str, expires_at: Time, now: Time) -> PortResult<String> {
        let op = "objects.presign_get";
        checked(key, op)?;
        checked_life(expires_at, now, op)?;
        Ok(self.base_url.clone() + &self.signer.sign_get(key, expires_at))
    }
}

impl Files {
    fn put(&self, meta: Meta, body: &[u8], when: &PutWhen, op: &'static str) -> PortResult<PutOutcome> {
        let path = layout::file(&self.root, &meta.key);
        // A put that has lost already need not write its body.
        if !holds(&path, when, op)? {
            return Ok(PutOutcome::Lost);
        }
        let trailer = record::trailer(&meta, op)?;
        let mut temp = Temp::write(&self.incoming, &[body, &trailer]).map_err(failed(op))?;
        let _locked = self.lock(&meta.key);
        if !holds(&path, when, op)? {
            return Ok(PutOutcome::Lost);
        }
        self.place(&mut temp, &path).map_err(failed(op))?;
        Ok(PutOutcome::Stored(meta))
    }

    /// A delete may prune the folder between its making and the rename: then it is made again.
    fn place(&self, temp: &mut Temp, path: &Path) -> io::Result<()> {
        let mut tries = 0;
        loop {
            {
                let _making = self.folders.lock();
                durable::make_folder(path.parent().unwrap_or(&self.root))?;
            }
            match temp.place(path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound && tries < TRIES => tries += 1,
                done => return done,
            }
        }
    }

    fn delete(&self, key: &str) -> io::Result<()> {
        let path = layout::file(&self.root, key);
        let _locked = self.lock(key);
        if durable::found(fs::remove_file(&path))?.is_none() {
            return Ok(());
        }
        let above = path.ancestors().skip(1).take_while(|folder| *folder != self.root);
        if let Some(folder) = path.parent() {
            durable::sync_folder(folder)?;
        }
        // Only empty folders go; the first that is not ends it.
        above.map(fs::remove_dir).take_while(Result::is_ok).for_each(drop);
        Ok(())
    }

    fn list(&self, prefix: &str, after: &str, limit: usize) -> PortResult<Vec<Meta>> {
        let op = "objects.list";
        let mut out = Vec::new();
        let mut broken = None;
        if limit == 0 {
            return Ok(out);
        }
        layout::walk::<io::Error>(&self.root, prefix, after, &mut |_, path| {
            match record::open(path, op) {
                Ok(Some((_, meta))) => out.push(meta),
                // Deleted since its name was read.
                Ok(None) => {}
                Err(error) => broken = Some(error),
            }
            let enough = out.len() == limit || broken.is_some();
            Ok(if enough { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })
        .map_err(failed(op))?;
        broken.map_or(Ok(out), Err)
    }

    fn lock(&self, key: &str) -> parking_lot::MutexGuard<'_, ()> {
        let hash = usize::try_from(self.hasher.hash_one(key) % LOCKS as u64).unwrap_or(0);
        self.locks[hash].lock()
    }
}

fn holds(path: &Path, when: &PutWhen, op: &'static str) -> PortResult<bool> {
    Ok(match when {
        PutWhen::Always => true,
        PutWhen::Absent => record::open(path, op)?.is_none(),
        PutWhen::Unchanged(etag) => record::open(path, op)?.is_some_and(|(_, meta)| meta.etag == *etag),
    })
}

/// Removes what crashes left among the unfinished puts. The age is measured against a new file of the same file
/// system; another process may be putting right now.
fn sweep(incoming: &Path) -> io::Result<()> {
    let newest = Temp::write(incoming, &[])?;
    let now = fs::metadata(newest.path())?.modified()?;
    for entry in fs::read_dir(incoming)? {
        let entry = entry?;
        let age = entry.metadata().and_then(|m| m.modified()).map(|at| now.duration_since(at).unwrap_or_default());
        if age.is_ok_and(|age| age > LEFTOVER) {
            durable::found(fs::remove_file(entry.path()))?;
        }
    }
    Ok(())
}

fn checked<'a>(key: &'a str, op: &'static str) -> PortResult<&'a str> {
    if is_key(key) { Ok(key) } else { Err(refused(op, "this cannot be the key of an object")) }
}

fn checked_type<'a>(text: &'a str, op: &'static str) -> PortResult<&'a str> {
    if is_content_type(text) { Ok(text) } else { Err(refused(op, "this cannot be a content type")) }
}

fn checked_life(expires_at: Time, now: Time, op: &'static str) -> PortResult<()> {
    match expires_at.since(now) {
        1..=MAX_URL_LIFE => Ok(()),
        life => Err(refused(op, format!("a signed URL with a life of {life} ms"))),
    }
}

fn refused(op: &'static str, detail: impl Into<String>) -> PortError {
    PortError::new(op, Fault::Refused, detail)
}
