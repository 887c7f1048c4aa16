//! The contracts of objects, mail, SMS and secrets on the embedded adapters.
#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

use base::{Time, World as _, world::TestWorld};
use bytes::Bytes;
use ports::{
    contract::verify,
    embedded::{Store, outbox::Outbox},
    mail::{self, LocalMail, Mail},
    objects::{self, FolderObjects, Grant, Objects, PutWhen, Signer},
    secrets::{self, FileSecrets, RingKey, Secrets},
    sms::{self, LocalSms, Sms},
};
use std::{fs, path::Path, sync::Arc};
use tempfile::TempDir;

const URL: &str = "https://o2o.example";

fn fresh() -> (Arc<TempDir>, Time) {
    (Arc::new(tempfile::tempdir().unwrap()), TestWorld::default().now())
}

fn ring_key(n: u8) -> RingKey {
    RingKey { id: format!("key-{n}"), created_at: Time(0), bytes: [n; 32] }
}

fn folder_objects(root: &Path, signer: &Signer) -> Arc<dyn Objects> {
    Arc::new(FolderObjects::new(root.join("objects"), signer.clone(), URL).unwrap())
}

/// What the HTTP edge does with a signed URL.
async fn visit(objects: Arc<dyn Objects>, signer: Signer, v: objects::contract::Visit) -> Option<Bytes> {
    let (path, query) = v.url.strip_prefix(URL)?.split_once('?')?;
    match signer.verify(v.method, path, query, v.at).ok()? {
        Grant::Get { key } => objects.get(&key, None).await.unwrap().map(|(_, body)| body),
        Grant::Put(upload) => {
            if !upload.admits(&v.content_type, v.body.len() as u64) {
                return None;
            }
            objects.put(&upload.key, v.body, &v.content_type, PutWhen::Always, v.at).await.unwrap();
            Some(Bytes::new())
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn objects_in_a_folder() {
    verify("objects", "folder", objects::contract::CASES, || async {
        let (root, now) = fresh();
        let signer = Signer::new(&[ring_key(1)]).unwrap();
        let objects = folder_objects(root.path(), &signer);
        let (visited, verifier, rotated) = (objects.clone(), signer.clone(), signer.clone());
        objects::contract::Subject {
            objects,
            now,
            visit: Arc::new(move |v| Box::pin(visit(visited.clone(), verifier.clone(), v))),
            rotate: Arc::new(move || rotated.rotate(&[ring_key(2), ring_key(1)]).unwrap()),
            reopen: Arc::new(move || {
                let objects = folder_objects(root.path(), &signer);
                Box::pin(async move { objects })
            }),
        }
    })
    .await;
}

fn outbox(root: &Path) -> Arc<Outbox> {
    Arc::new(Outbox::new(Store::open(&root.join("items.db"), &[Outbox::schema()]).unwrap()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mail_in_the_outbox() {
    verify("mail", "local", mail::contract::CASES, || async {
        let (root, now) = fresh();
        let open = |root: &Path| Arc::new(LocalMail::new(outbox(root), root.join("mail")));
        let (mail, rows) = (open(root.path()), outbox(root.path()));
        let files = mail.clone();
        mail::contract::Subject {
            mail,
            now,
            delivered: Arc::new(move |to| {
                let found = rows.list(Some(to), Some("email"), 100, now).unwrap();
                let read = |id| fs::read_to_string(files.file(id)).unwrap();
                let mails = found.iter().rev().map(|entry| read(entry.id)).collect();
                Box::pin(async move { mails })
            }),
            reopen: Arc::new(move || {
                let mail: Arc<dyn Mail> = open(root.path());
                Box::pin(async move { mail })
            }),
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn texts_in_the_outbox() {
    verify("sms", "local", sms::contract::CASES, || async {
        let (root, now) = fresh();
        let rows = outbox(root.path());
        let open = |root: &Path| -> Arc<dyn Sms> { Arc::new(LocalSms::new(outbox(root))) };
        sms::contract::Subject {
            sms: open(root.path()),
            now,
            delivered: Arc::new(move |to| {
                let found = rows.list(Some(to), Some("sms"), 100, now).unwrap();
                let texts = found.into_iter().rev().map(|entry| entry.text).collect();
                Box::pin(async move { texts })
            }),
            reopen: Arc::new(move || {
                let sms = open(root.path());
                Box::pin(async move { sms })
            }),
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn secrets_in_files() {
    verify("secrets", "file", secrets::contract::CASES, || async {
        let (root, now) = fresh();
        let folder = root.path().join("keys");
        fs::create_dir(&folder).unwrap();
        let dropped = folder.clone();
        secrets::contract::Subject {
            secrets: Arc::new(FileSecrets::new(folder.clone())),
            now,
            store: Arc::new(move |name, value| {
                fs::write(dropped.join(name), value).unwrap();
                Box::pin(async { Ok(()) })
            }),
            reopen: Arc::new(move || {
                let _kept = &root;
                let secrets: Arc<dyn Secrets> = Arc::new(FileSecrets::new(folder.clone()));
                Box::pin(async move { secrets })
            }),
        }
    })
    .await;
}
