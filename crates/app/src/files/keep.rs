//! Keeping a file: its objects first, then one commit with its item and what it takes of the owner's storage. What a
//! process leaves behind between the two is swept after a day.

use super::{
    Kind, StoredFile,
    model::{self, Scan},
    names, prepare, uses,
};
use crate::{
    app::App,
    cards::{self, Card},
    edge::once::Once,
    plans::{Included, Meter, Taken},
    tables::FILES,
};
use axum::http::StatusCode;
use base::{
    Cx, Error, Result,
    id::{FileId, MemberId},
    secret,
};
use bytes::Bytes;
use ports::{
    items::{Commit, Key, Outcome, Refusal, When, Write},
    objects::PutWhen,
};

/// Where the objects of files lie.
pub(super) const FOLDER: &str = "files/";
/// Attempts while the plan changes, or the meter does.
const ATTEMPTS: usize = 8;
/// Of what a commit writes: the item, and what it takes.
const ITEM: usize = 0;
const METER: usize = 1;

pub(super) fn key(id: FileId) -> Key {
    FILES.key(id.bytes(), b"file")
}

/// A file on its way in.
pub(super) struct Incoming {
    pub id: FileId,
    pub owner: MemberId,
    pub kind: Kind,
    pub name: Option<String>,
    pub duration_s: Option<f64>,
    pub bytes: Bytes,
}

/// Takes the bytes as a file that no message uses yet: for a call that uploads and sends in one step. Within a day
/// something has to [`super::attach`] it.
pub async fn store(
    app: &App,
    cx: &Cx,
    owner: MemberId,
    kind: Kind,
    name: Option<&str>,
    duration_s: Option<f64>,
    bytes: Bytes,
) -> Result<StoredFile> {
    let name = names::sent(name, "/file")?;
    keep(app, cx, Incoming { id: cx.id(), owner, kind, name, duration_s, bytes }, &[], None).await
}

/// `with` is part of the commit. A file that has this id already is the answer, and stays as it is.
pub(super) async fn keep(
    app: &App,
    cx: &Cx,
    incoming: Incoming,
    with: &[Write],
    once: Option<&Once>,
) -> Result<StoredFile> {
    let Incoming { id, owner, kind, name, duration_s, bytes } = incoming;
    let prepared = prepare::prepare(app, kind, bytes, duration_s).await?;
    let stem = format!("{FOLDER}{id}/{}", secret::token());
    let thumbnail = prepared.thumbnail.as_ref().map(|_| format!("{stem}-small.{}", prepared.ending));
    let small = prepared.thumbnail.as_ref().map_or(0, Bytes::len);
    let file = StoredFile {
        id,
        owner,
        kind,
        name: name.unwrap_or_else(|| names::generated(kind, cx.now(), prepared.ending)),
        size: prepared.bytes.len() as u64,
        mime: prepared.mime.to_owned(),
        width: prepared.size.map(|(width, _)| width),
        height: prepared.size.map(|(_, height)| height),
        duration_s: prepared.duration_s,
        object: format!("{stem}.{}", prepared.ending),
        thumbnail,
        stored: i64::try_from(prepared.bytes.len() + small).unwrap_or(i64::MAX),
        scan: Scan::NotScanned,
        created_at: cx.now(),
    };
    let objects = &app.ports.objects;
    if let (Some(key), Some(small)) = (&file.thumbnail, prepared.thumbnail) {
        objects.put(key, small, prepared.mime, PutWhen::Absent, cx.now()).await?;
    }
    objects.put(&file.object, prepared.bytes, prepared.mime, PutWhen::Absent, cx.now()).await?;
    let kept = commit(app, cx, &file, with, once).await;
    if kept.as_ref().map_or(true, |kept| kept.object != file.object) {
        // Nothing names them. If this fails, too, the sweep finds them.
        drop(remove_objects(app, &file).await);
    }
    kept
}

async fn commit(app: &App, cx: &Cx, file: &StoredFile, with: &[Write], once: Option<&Once>) -> Result<StoredFile> {
    let item = Write::Put { key: key(file.id), number: 0, body: file.body()?, expires_at: None, when: When::Absent };
    let record = match once {
        None => None,
        Some(once) => {
            let answer = model::present(app, cx, file).await?;
            let json = serde_json::to_vec(&answer).map_err(|e| Error::bug("write an answer", e))?;
            once.write(cx, StatusCode::CREATED, &json)?
        }
    };
    let mut card = cards::load(app, cx, file.owner).await?;
    for _ in 0..ATTEMPTS {
        let taken = meter().take(cx, file.owner, file.stored, limit(app, cx, &card));
        let mut writes = vec![item.clone(), taken];
        writes.extend_from_slice(with);
        writes.extend(record.clone());
        let refusals = match app.ports.items.commit(Commit { writes, ..Commit::default() }).await? {
            Outcome::Applied { .. } => return Ok(file.clone()),
            Outcome::Refused(refusals) => refusals,
        };
        if let Some(overtaken) = once.and_then(|once| once.overtaken(&refusals)) {
            return Err(overtaken);
        }
        if let Some(Refusal { current: Some(there) }) = &refusals[ITEM] {
            return if uses::is_gone(there) { Err(Error::not_found()) } else { StoredFile::read(&there.body) };
        }
        // Without what the commit goes with (an upload that is open) there is nothing to keep.
        let Some(full) = &refusals[METER] else { return Err(Error::not_found()) };
        let fresh = cards::fresh(app, cx, file.owner).await?;
        if limit(app, cx, &fresh) == limit(app, cx, &card) {
            return Err(reached(app, cx, &card, file.stored, Meter::found(full)));
        }
        card = fresh;
    }
    Err(Error::unavailable("This member is being changed elsewhere."))
}

fn meter() -> Meter {
    Included::FileStorage.meter()
}

fn limit(app: &App, cx: &Cx, card: &Card) -> Option<i64> {
    Included::FileStorage.limit(&app.settings.plans, &card.entitlements(cx.now()))
}

fn reached(app: &App, cx: &Cx, card: &Card, bytes: i64, used: i64) -> Error {
    let asked = (bytes, limit(app, cx, card));
    let of_plan = |plan| Included::FileStorage.of_plan(&app.settings.plans, plan);
    meter().reached(cx, card.plan(cx.now()), asked, used, of_plan)
}

/// Refuses what would not fit into the owner's storage as it is now. Only the commit decides; this is for before it.
pub(super) async fn fits(app: &App, cx: &Cx, owner: MemberId, bytes: i64) -> Result<()> {
    let used = meter().used(app, cx, owner).await?;
    let full = |card: &Card| limit(app, cx, card).is_some_and(|limit| used.saturating_add(bytes) > limit);
    if full(&cards::load(app, cx, owner).await?) {
        let card = cards::fresh(app, cx, owner).await?;
        if full(&card) {
            return Err(reached(app, cx, &card, bytes, used));
        }
    }
    Ok(())
}

/// What a file took of its owner's storage.
pub(super) fn taken(file: &StoredFile) -> Taken {
    meter().taken_at(file.created_at, file.owner, file.stored)
}

pub(super) async fn remove_objects(app: &App, file: &StoredFile) -> Result<()> {
    for key in file.thumbnail.iter().chain([&file.object]) {
        app.ports.objects.delete(key).await?;
    }
    Ok(())
}
