//! The boxes of a member: sent and received. Keys are the member, the box and the note, so whoever asks finds only
//! what lies in an own box.

use super::model::{CHANNELS, Note};
use crate::{app::App, couples::Membership, identity::Caller, tables::NOTES};
use base::{
    Cx, Error, Result,
    id::{MemberId, NoteId},
    page,
};
use bytes::Bytes;
use ports::items::{Item, Key, Part, Query, When, Write};
use serde::Deserialize;
use utoipa::IntoParams;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Sent,
    Received,
}

pub(super) fn partition(member: MemberId, side: Side) -> [u8; 17] {
    let mut pk = [0; 17];
    pk[..16].copy_from_slice(member.bytes());
    pk[16] = match side {
        Side::Sent => b's',
        Side::Received => b'r',
    };
    pk
}

pub(super) fn key(member: MemberId, side: Side, note: NoteId) -> Key {
    NOTES.key(partition(member, side), note.bytes())
}

/// Both copies of a new note of a couple. The id is fresh, so nothing is there to collide with.
pub(super) fn puts(us: &Membership, note: &Note, json: &Bytes) -> [Write; 2] {
    let put = |key| Write::Put { key, number: 0, body: json.clone(), expires_at: None, when: When::Always };
    [put(key(us.member(), Side::Sent, note.id)), put(key(us.partner(), Side::Received, note.id))]
}

pub(super) async fn get(app: &App, member: MemberId, side: Side, note: NoteId) -> Result<Option<Item>> {
    Ok(app.ports.items.get(&key(member, side, note)).await?)
}

/// A note in either box of the caller, or 404.
pub(super) async fn find(app: &App, caller: &Caller, note: NoteId) -> Result<(Side, Item)> {
    for side in [Side::Received, Side::Sent] {
        if let Some(item) = get(app, caller.member, side, note).await? {
            return Ok((side, item));
        }
    }
    Err(Error::not_found())
}

/// A received note as stored, for the frame that tells of it.
pub async fn received_json(app: &App, member: MemberId, note: NoteId) -> Result<Option<Bytes>> {
    Ok(get(app, member, Side::Received, note).await?.map(|item| item.body))
}

pub(super) fn read(item: &Item) -> Result<Note> {
    serde_json::from_slice(&item.body).map_err(|e| Error::bug("read a note", e))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListNotes {
    /// `received` (default) or `sent`.
    #[serde(rename = "box")]
    #[param(rename = "box")]
    pub side: Option<String>,
    pub channel: Option<String>,
    /// `sent`, `delivered`, `opened` or `failed`.
    pub status: Option<String>,
    pub limit: Option<u32>,
    pub cursor: Option<String>,
}

/// Rows a filter looks at for one page, and at a time; then the caller gets what there is and a cursor.
const SCANNED: usize = 2_000;
const STEP: usize = 200;

/// One box, newest first, as the answer's bytes.
pub(super) async fn list(app: &App, _: &Cx, caller: &Caller, asked: &ListNotes) -> Result<Bytes> {
    let mut checks = crate::check::Checks::default();
    let side = checks.one_of("/query/box", asked.side.as_deref(), &["sent", "received"]);
    let channel = checks.one_of("/query/channel", asked.channel.as_deref(), CHANNELS);
    let status = checks.one_of("/query/status", asked.status.as_deref(), &["sent", "delivered", "opened", "failed"]);
    checks.done()?;
    let side = if side.as_deref() == Some("sent") { Side::Sent } else { Side::Received };
    let limit = page::limit(asked.limit)?;
    let scope = format!("notes {} {side:?} {channel:?} {status:?}", caller.member);
    let mut after = match &asked.cursor {
        None => None,
        Some(cursor) => Some(Part::from_vec(app.cursors.open(&scope, cursor)?)),
    };
    let filtered = channel.is_some() || status.is_some();
    let mut items = Vec::with_capacity(limit);
    let mut scanned = 0;
    'read: while scanned < SCANNED {
        let step = if filtered { STEP } else { limit - items.len() };
        let query = Query::partition(NOTES, partition(caller.member, side)).backward().limit(step).after(after);
        let found = app.ports.items.query(query).await?;
        let count = found.items.len();
        scanned += step;
        after = found.next;
        for (i, item) in found.items.into_iter().enumerate() {
            if filtered && !fits(&read(&item)?, channel.as_deref(), status.as_deref()) {
                continue;
            }
            let place = item.key.sk.clone();
            items.push(item);
            if items.len() == limit {
                // What was read beyond it belongs to the next page.
                if i + 1 < count {
                    after = Some(place);
                }
                break 'read;
            }
        }
        if after.is_none() {
            break;
        }
    }
    let cursor = after.map(|position| app.cursors.seal(&scope, &position));
    Ok(join(&items, cursor.as_deref()))
}

/// A status as the note shows it; `sent` also finds what has arrived and is not opened yet.
fn fits(note: &Note, channel: Option<&str>, status: Option<&str>) -> bool {
    let status_fits = match status {
        None => true,
        Some("sent") => matches!(&*note.status, "sent" | "delivered"),
        Some(status) => note.status == status,
    };
    status_fits && channel.is_none_or(|c| c == note.channel)
}

/// `{"data": […], "next_cursor": …}` around stored JSON, without parsing it.
pub(super) fn join(items: &[Item], cursor: Option<&str>) -> Bytes {
    let size: usize = items.iter().map(|i| i.body.len() + 1).sum();
    let mut out = Vec::with_capacity(size + 192);
    out.extend_from_slice(b"{\"data\":[");
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        out.extend_from_slice(&item.body);
    }
    match cursor {
        None => out.extend_from_slice(b"],\"next_cursor\":null}"),
        Some(cursor) => {
            out.extend_from_slice(b"],\"next_cursor\":\"");
            out.extend_from_slice(cursor.as_bytes());
            out.extend_from_slice(b"\"}");
        }
    }
    Bytes::from(out)
}
