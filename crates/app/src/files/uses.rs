//! Who uses a file: messages, counted by the number of its item. Each of these gives writes for the commit of what the
//! caller does, so that the count is right whenever the process ends. A commit that is refused on one of them has been
//! overtaken by another use of the same file: call again, and commit again.

use super::{
    Attachment, Kind, StoredFile,
    keep::{self, key},
};
use crate::{app::App, work::jobs::Job};
use base::{
    Cx, Error, Result,
    id::{FileId, MemberId},
};
use ports::items::{Commit, Item, Outcome, When, Write};
use std::collections::BTreeMap;

/// The number of an item whose file is gone for everybody; a job removes what is left of it.
const GONE: i64 = -1;

/// The file of an id with its item, unless it is gone.
pub(super) async fn find(app: &App, id: FileId) -> Result<Option<(StoredFile, Item)>> {
    match app.ports.items.get(&key(id)).await?.filter(|item| item.number >= 0) {
        Some(item) => Ok(Some((StoredFile::read(&item.body)?, item))),
        None => Ok(None),
    }
}

/// The same item, as it is now, with another number.
fn counted(item: Item, number: i64) -> Write {
    Write::Put { key: item.key, number, body: item.body, expires_at: None, when: When::Version(item.version) }
}

/// One more use of the caller's own file, sent as what it is: what the message keeps, and the write for its commit.
/// A file that cannot be used so is 422 at `/file/id`.
pub async fn attach(app: &App, owner: MemberId, id: FileId, kind: Kind) -> Result<(Attachment, Write)> {
    let found = find(app, id).await?.filter(|(file, _)| file.owner == owner && file.kind == kind);
    let Some((file, item)) = found else {
        return Err(Error::field(
            "/file/id",
            "unknown_value",
            "There is no such file of yours, or it is of another kind.",
        ));
    };
    let number = item.number + 1;
    Ok((file.attachment(), counted(item, number)))
}

/// One more use of a file that a message has, by a copy of the message. None when the file is gone.
pub async fn share(app: &App, id: FileId) -> Result<Option<Write>> {
    Ok(find(app, id).await?.map(|(_, item)| {
        let number = item.number + 1;
        counted(item, number)
    }))
}

/// What the commit needs that ends a use.
#[derive(Debug, Default)]
pub struct Released {
    /// At most one. Nothing when the file is gone already.
    pub writes: Vec<Write>,
    /// Present when this was the last use: belongs into the outbox of the same commit.
    pub job: Option<Job>,
}

/// One use less. With the last one the file is gone for everybody, and its job gives the storage back.
pub async fn release(app: &App, id: FileId) -> Result<Released> {
    less(app, id, 1).await
}

/// One use less for each mention: of messages that go together, some of which may have the same file. The jobs belong
/// into the outbox of the commit. A commit has at most 100 writes: one of these for each file.
pub async fn release_all(app: &App, ids: &[FileId]) -> Result<(Vec<Write>, Vec<Job>)> {
    let mut uses = BTreeMap::new();
    for id in ids {
        *uses.entry(*id).or_insert(0) += 1;
    }
    let (mut writes, mut jobs) = (Vec::new(), Vec::new());
    for (id, uses) in uses {
        let released = less(app, id, uses).await?;
        writes.extend(released.writes);
        jobs.extend(released.job);
    }
    Ok((writes, jobs))
}

async fn less(app: &App, id: FileId, uses: i64) -> Result<Released> {
    let Some((file, item)) = find(app, id).await? else { return Ok(Released::default()) };
    let left = item.number - uses;
    Ok(if left > 0 {
        Released { writes: vec![counted(item, left)], job: None }
    } else {
        Released { writes: vec![counted(item, GONE)], job: Some(Job::RemoveFile { file: file.id }) }
    })
}

/// Removes a file that no message uses, at its owner's word.
pub(super) async fn remove(app: &App, owner: MemberId, id: FileId) -> Result<()> {
    loop {
        let found = find(app, id).await?.filter(|(file, _)| file.owner == owner);
        let Some((file, item)) = found else { return Err(Error::not_found()) };
        if item.number > 0 {
            return Err(Error::conflict("file_in_use", "A message uses this file. Delete the message first."));
        }
        let outbox = vec![Job::RemoveFile { file: file.id }.emit()?];
        let commit = Commit { writes: vec![counted(item, GONE)], outbox, token: None };
        // Refused: a message came to use it, or it is being removed elsewhere. Look again.
        if let Outcome::Applied { .. } = app.ports.items.commit(commit).await? {
            app.bells.relay.notify_one();
            return Ok(());
        }
    }
}

/// Marks a file as gone that nothing has used since it came. False when something does by now.
pub(super) async fn abandon(app: &App, item: Item) -> Result<bool> {
    Ok(app.ports.items.try_commit(vec![counted(item, GONE)]).await?.is_some())
}

/// Removes what is left of a file that is gone, and gives the storage back, once however often this runs.
pub async fn discard(app: &App, id: FileId) -> Result<()> {
    let Some(item) = app.ports.items.get(&key(id)).await?.filter(|item| item.number == GONE) else { return Ok(()) };
    let file = StoredFile::read(&item.body)?;
    keep::remove_objects(app, &file).await?;
    let last = Write::Delete { key: item.key, when: When::Version(item.version) };
    // False: another run was faster, and has given it back.
    keep::taken(&file).give_back(app, &[last], &[]).await?;
    Ok(())
}

/// The caller's own file.
pub(super) async fn own(app: &App, owner: MemberId, id: FileId) -> Result<StoredFile> {
    let found = find(app, id).await?.filter(|(file, _)| file.owner == owner);
    Ok(found.ok_or_else(Error::not_found)?.0)
}

/// Whether only its job has yet to remove it.
pub(super) fn is_gone(item: &Item) -> bool {
    item.number == GONE
}

/// Whether nothing has used it in the day since it came.
pub(super) fn is_unused(item: &Item, file: &StoredFile, cx: &Cx) -> bool {
    item.number == 0 && cx.now().since(file.created_at) > base::time::DAY
}
