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
    fs::{self, File},
    hash::{BuildHasher as _, RandomState},
    io,
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

/// Locks that all keys share: two keys seldom wait for each other, and memory stays bounded.
const LOCKS: usize = 64;
/// Age at which a file in the folder of unfinished puts is a leftover of a crash.
const LEFTOVER: Duration = Duration::from_hours(24);

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
    /// Held while folders come and go: none is taken from under a put, and one that is there is on disk.
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

    fn place(&self, temp: &mut Temp, path: &Path) -> io::Result<()> {
        let folder = path.parent().unwrap_or(&self.root);
        {
            let _folders = self.folders.lock();
            durable::make_folder(folder)?;
            temp.rename(path)?;
        }
        durable::sync_folder(folder)
    }

    /// Takes the folders along that it leaves empty.
    fn delete(&self, key: &str) -> io::Result<()> {
        let path = layout::file(&self.root, key);
        let _locked = self.lock(key);
        if durable::found(fs::remove_file(&path))?.is_none() {
            return Ok(());
        }
        let left = {
            let _folders = self.folders.lock();
            let mut folder = path.parent().unwrap_or(&self.root);
            // Ends at the first that holds something; one that is gone was taken by another delete.
            while folder != self.root && (fs::remove_dir(folder).is_ok() || !folder.exists()) {
                folder = folder.parent().unwrap_or(&self.root);
            }
            File::open(folder)?
        };
        left.sync_all()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secrets::RingKey;
    use std::{fs::OpenOptions, os::unix::fs::PermissionsExt as _, time::SystemTime};

    fn open(root: &tempfile::TempDir) -> FolderObjects {
        let key = RingKey { id: "k".to_owned(), created_at: Time(0), bytes: [1; 32] };
        FolderObjects::new(root.path().join("objects"), Signer::new(&[key]).unwrap(), "").unwrap()
    }

    async fn put(objects: &FolderObjects, key: &str, body: &'static [u8]) {
        objects.put(key, Bytes::from_static(body), "text/plain", PutWhen::Always, Time(0)).await.unwrap();
    }

    #[tokio::test]
    async fn files_are_for_the_service_alone_and_empty_folders_go() {
        let root = tempfile::tempdir().unwrap();
        let objects = open(&root);
        put(&objects, "a/b/c", b"body").await;
        put(&objects, "a/d", b"body").await;
        let path = layout::file(&objects.files.root, "a/b/c");
        let modes = path.ancestors().take(4).map(|p| fs::metadata(p).unwrap().permissions().mode() & 0o777);
        assert_eq!(modes.collect::<Vec<_>>(), [0o600, 0o700, 0o700, 0o700]);
        objects.delete("a/b/c").await.unwrap();
        assert!(!path.parent().unwrap().exists() && layout::file(&objects.files.root, "a/d").exists());
        objects.delete("a/d").await.unwrap();
        assert_eq!(fs::read_dir(&objects.files.root).unwrap().count(), 1, "the folder of unfinished puts stays");
        assert_eq!(fs::read_dir(&objects.files.incoming).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn a_damaged_file_is_told_from_a_missing_one() {
        let root = tempfile::tempdir().unwrap();
        let objects = open(&root);
        put(&objects, "a", b"a body of some length").await;
        let path = layout::file(&objects.files.root, "a");
        let whole = fs::read(&path).unwrap();
        let mut flipped = whole.clone();
        flipped[3] ^= 1;
        fs::write(&path, &flipped).unwrap();
        assert_eq!(objects.get("a", None).await.unwrap_err().fault, Fault::Corrupt);
        for length in 0..whole.len() {
            fs::write(&path, &whole[..length]).unwrap();
            assert_eq!(objects.get("a", None).await.unwrap_err().fault, Fault::Corrupt, "{length}");
            assert_eq!(objects.head("a").await.unwrap_err().fault, Fault::Corrupt, "{length}");
            assert_eq!(objects.list("", None, 1).await.unwrap_err().fault, Fault::Corrupt, "{length}");
        }
        fs::write(&path, &whole).unwrap();
        assert!(objects.get("a", None).await.unwrap().is_some());
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn puts_and_deletes_of_neighbours_do_not_disturb_each_other() {
        let root = tempfile::tempdir().unwrap();
        let objects = Arc::new(open(&root));
        let mut racers = tokio::task::JoinSet::new();
        for key in ["a/b/1", "a/b/2", "a/b/c/3"] {
            let objects = objects.clone();
            racers.spawn(async move {
                for _ in 0..30 {
                    put(&objects, key, b"body").await;
                    assert!(objects.head(key).await.unwrap().is_some(), "{key}");
                    objects.delete(key).await.unwrap();
                }
            });
        }
        racers.join_all().await;
        assert!(objects.list("", None, 9).await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn leftovers_of_crashes_go_and_puts_under_way_stay() {
        let root = tempfile::tempdir().unwrap();
        let incoming = open(&root).files.incoming.clone();
        let (old, young) = (incoming.join(".old.tmp"), incoming.join(".young.tmp"));
        for path in [&old, &young] {
            fs::write(path, b"half a bo").unwrap();
        }
        let modified: SystemTime = fs::metadata(&young).unwrap().modified().unwrap();
        let file = OpenOptions::new().write(true).open(&old).unwrap();
        file.set_modified(modified - LEFTOVER - Duration::from_mins(1)).unwrap();
        open(&root);
        assert!(!old.exists() && young.exists());
    }
}
