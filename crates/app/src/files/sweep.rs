//! What nobody came to use: files without a message after a day, objects that no item names, bytes of uploads that
//! nobody completed. Each round looks at a few objects and goes on from there with the next, so that many files cost
//! no more than few.

use super::{StoredFile, begin, keep, uses};
use crate::app::App;
use base::{
    Cx, Result,
    id::FileId,
    time::{DAY, HOUR},
};
use parking_lot::Mutex;
use ports::objects::Meta;

/// Objects of one round.
const STEP: usize = 200;
/// Bytes of an upload are of no use when it can no longer be completed.
const RAW: i64 = begin::OPEN + HOUR;

/// Where the next round goes on; a new process begins anew.
#[derive(Default)]
pub struct Sweep {
    files: Mutex<Option<String>>,
    uploads: Mutex<Option<String>>,
}

impl Sweep {
    /// One round; how many objects went.
    pub async fn round(&self, app: &App, cx: &Cx) -> Result<usize> {
        let mut gone = 0;
        for meta in page(app, &self.uploads, begin::FOLDER).await? {
            if cx.now().since(meta.modified_at) > RAW {
                app.ports.objects.delete(&meta.key).await?;
                gone += 1;
            }
        }
        for meta in page(app, &self.files, keep::FOLDER).await? {
            if cx.now().since(meta.modified_at) > DAY && is_orphan(app, cx, &meta).await? {
                app.ports.objects.delete(&meta.key).await?;
                gone += 1;
            }
        }
        Ok(gone)
    }
}

async fn page(app: &App, place: &Mutex<Option<String>>, folder: &str) -> Result<Vec<Meta>> {
    let after = place.lock().clone();
    let found = app.ports.objects.list(folder, after.as_deref(), STEP).await?;
    *place.lock() = (found.len() == STEP).then(|| found.last().map(|meta| meta.key.clone())).flatten();
    Ok(found)
}

/// Whose object this is: the inverse of what [`keep`] makes.
fn file_of(key: &str) -> Option<FileId> {
    key.strip_prefix(keep::FOLDER)?.split_once('/')?.0.parse().ok()
}

/// Removes the file, when nothing uses it. True of an object that no file names.
async fn is_orphan(app: &App, cx: &Cx, meta: &Meta) -> Result<bool> {
    let Some(id) = file_of(&meta.key) else { return Ok(true) };
    let Some(item) = app.ports.items.get(&keep::key(id)).await? else { return Ok(true) };
    let file = StoredFile::read(&item.body)?;
    if file.object != meta.key && file.thumbnail.as_ref() != Some(&meta.key) {
        return Ok(true);
    }
    let gone = if uses::is_gone(&item) {
        // Its job was given up.
        true
    } else {
        uses::is_unused(&item, &file, cx) && uses::abandon(app, item).await?
    };
    if gone {
        uses::discard(app, id).await?;
    }
    Ok(gone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_tells_whose_it_is() {
        let id = FileId::from_bytes([7; 16]);
        assert_eq!(file_of(&format!("files/{id}/abc-small.jpg")), Some(id));
        for foreign in ["files/x", "files/x/y.jpg", "pictures/x/y-1.jpg"] {
            assert_eq!(file_of(foreign), None, "{foreign}");
        }
    }
}
