//! What staff added, in `sql`.

use super::{
    category::Category,
    entry::{self, Written},
};
use crate::{
    audit::{Action, Entry},
    plans::Plan,
};
use base::{Cx, Error, Lang, Result, Time, cx::Agent};
use ports::{
    args,
    sql::{Db, Row, Tx},
};

/// A template of staff.
#[derive(Debug, Clone)]
pub struct Added {
    pub written: Written,
    pub created_at: Time,
    pub updated_at: Time,
}

/// Grows with every change of any template: what tells a catalogue that it is old.
pub async fn stamp(tx: &mut Tx) -> Result<i64> {
    let sql = "select cast(coalesce(sum(revision), 0) as bigint) from note_templates";
    let row = tx.row(sql, args![]).await?;
    Ok(row.map(|row| row.int(0)).transpose()?.unwrap_or_default())
}

/// Every template of staff, retired ones too, in the order of their ids.
pub async fn all(tx: &mut Tx) -> Result<Vec<Added>> {
    // No limit: the library is read whole, and staff write it by hand.
    let sql = "select id, language, key, category, tier, audience, title, content, tags, active, created_at, updated_at
               from note_templates order by id";
    let rows = tx.rows(sql, args![]).await?;
    Ok(rows.iter().map(added).collect::<Result<Vec<_>>>()?.into_iter().flatten().collect())
}

/// None for a language or category that a later release knew.
fn added(row: &Row) -> Result<Option<Added>> {
    let (Ok(language), Some(category)) = (row.str(1)?.parse::<Lang>(), Category::parse(row.str(3)?)) else {
        return Ok(None);
    };
    // What cannot be read is kept from those who might not have paid for it.
    let tier = Plan::ALL.into_iter().find(|p| row.str(4).is_ok_and(|key| key == p.key())).unwrap_or(Plan::Exclusive);
    let written = Written {
        id: row.id(0)?,
        language,
        key: row.text(2)?,
        category,
        tier,
        audience: row.text_opt(5)?,
        title: row.text(6)?,
        content: row.text(7)?,
        tags: serde_json::from_str(row.str(8)?).map_err(|e| Error::bug("read tags", e))?,
        active: row.bool(9)?,
    };
    Ok(Some(Added { written, created_at: row.time(10)?, updated_at: row.time(11)? }))
}

/// What an import did.
#[derive(Debug, PartialEq, Eq)]
pub struct Imported {
    pub added: usize,
    pub changed: usize,
    /// There already, word for word.
    pub unchanged: usize,
}

#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file is not in order; nothing was stored.
    #[error("{}", .0.join("\n"))]
    Wrong(Vec<String>),
    #[error(transparent)]
    Store(#[from] Error),
}

/// Adds and changes the templates of a file, all or none. Running servers show them within seconds.
pub async fn import(cx: &Cx, db: &Db, text: &str) -> Result<Imported, ImportError> {
    let entries = entry::read(text, None).map_err(ImportError::Wrong)?;
    if entries.is_empty() {
        return Err(ImportError::Wrong(vec!["there is no [[template]] in it".to_owned()]));
    }
    Ok(store(cx, db, entries).await?)
}

async fn store(cx: &Cx, db: &Db, entries: Vec<Written>) -> Result<Imported> {
    let mut tx = db.begin().await?;
    let known = all(&mut tx).await?;
    let mut done = Imported { added: 0, changed: 0, unchanged: 0 };
    for entry in entries {
        match known.iter().find(|a| a.written.id == entry.id) {
            Some(now) if now.written == entry => {
                done.unchanged += 1;
                continue;
            }
            Some(_) => done.changed += 1,
            None => done.added += 1,
        }
        tx.exec(
            "insert into note_templates (id, language, key, category, tier, audience, title, content, tags, active,
               revision, created_at, updated_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 1, $11, $11)
             on conflict (id) do update set category = excluded.category, tier = excluded.tier,
               audience = excluded.audience, title = excluded.title, content = excluded.content, tags = excluded.tags,
               active = excluded.active, revision = note_templates.revision + 1, updated_at = excluded.updated_at",
            args![
                entry.id,
                entry.language.code(),
                entry.key,
                entry.category.key(),
                entry.tier.key(),
                entry.audience,
                entry.title,
                entry.content,
                serde_json::to_string(&entry.tags).map_err(|e| Error::bug("write tags", e))?,
                entry.active,
                cx.now()
            ],
        )
        .await?;
    }
    if done.added + done.changed > 0 {
        let detail = serde_json::json!({ "added": done.added, "changed": done.changed });
        Entry::new(cx, Action::TemplatesImport).by(Agent::Operator).with(detail).record(&mut tx).await?;
    }
    tx.commit().await?;
    Ok(done)
}
