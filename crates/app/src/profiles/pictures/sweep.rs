//! Objects of pictures that no profile names, because the process ended between the objects and the commit. Each
//! round looks at a few and goes on from there with the next, so that many pictures cost no more than few.

use crate::app::App;
use base::{Cx, Result, id::MemberId, time::DAY};
use parking_lot::Mutex;
use ports::{args, objects::Meta};

/// Where the objects of pictures lie.
pub(super) const FOLDER: &str = "pictures/";
/// Objects of one round.
const STEP: usize = 200;

/// Where the next round goes on; a new process begins anew.
#[derive(Default)]
pub struct Sweep(Mutex<Option<String>>);

/// Member and name of an object: the inverse of the key.
fn owner(key: &str) -> Option<(MemberId, String)> {
    let (member, file) = key.strip_prefix(FOLDER)?.split_once('/')?;
    let (stem, ending) = file.split_once('.')?;
    let (name, _edge) = stem.rsplit_once('-')?;
    Some((member.parse().ok()?, format!("{name}.{ending}")))
}

impl Sweep {
    /// One round; how many objects went.
    pub async fn round(&self, app: &App, cx: &Cx) -> Result<usize> {
        let after = self.0.lock().clone();
        let found = app.ports.objects.list(FOLDER, after.as_deref(), STEP).await?;
        *self.0.lock() = (found.len() == STEP).then(|| found.last().map(|meta| meta.key.clone())).flatten();
        let mut gone = 0;
        for meta in found.iter().filter(|meta| cx.now().since(meta.modified_at) > DAY) {
            if is_orphan(app, meta).await? {
                app.ports.objects.delete(&meta.key).await?;
                gone += 1;
            }
        }
        Ok(gone)
    }
}

async fn is_orphan(app: &App, meta: &Meta) -> Result<bool> {
    let Some((member, name)) = owner(&meta.key) else { return Ok(true) };
    let mut tx = app.ports.sql.read().await?;
    let sql = "select 1 from profiles where member_id = $1 and picture = $2";
    Ok(tx.row(sql, args![member, name]).await?.is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_tells_whose_it_is() {
        let member = MemberId::from_bytes([7; 16]);
        for name in ["abc.jpg", "a-b_c-9.png", "--.png"] {
            for edge in [128, 512] {
                assert_eq!(owner(&super::super::key(member, name, edge)), Some((member, name.to_owned())));
            }
        }
        for foreign in ["pictures/x", "pictures/x/y.jpg", "other/x/y-1.jpg"] {
            assert_eq!(owner(foreign), None, "{foreign}");
        }
    }
}
