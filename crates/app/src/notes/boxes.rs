//! The boxes of a member: sent, received, and sent to the world outside. Keys are the member, the box and the note, so
//! whoever asks finds only what lies in an own box.

use super::{model::Note, share::Share};
use crate::{app::App, couples::Membership, identity::Caller, tables::NOTES};
use base::{
    Error, Result,
    id::{MemberId, NoteId},
};
use bytes::Bytes;
use ports::items::{Item, Key, When, Write};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// To the partner.
    Sent,
    Received,
    /// Sent on any other channel. Apart from the rest, so that whoever looks for these few finds them without reading
    /// past all the others.
    Outside,
}

pub(super) fn partition(member: MemberId, side: Side) -> [u8; 17] {
    let mut pk = [0; 17];
    pk[..16].copy_from_slice(member.bytes());
    pk[16] = match side {
        Side::Sent => b's',
        Side::Received => b'r',
        Side::Outside => b'o',
    };
    pk
}

pub(super) fn key(member: MemberId, side: Side, note: NoteId) -> Key {
    NOTES.key(partition(member, side), note.bytes())
}

/// A copy of a new note. Its id is fresh, so nothing is there to collide with.
pub(super) fn put(key: Key, json: &Bytes) -> Write {
    Write::Put { key, number: 0, body: json.clone(), expires_at: None, when: When::Always }
}

/// Both copies of a new note of a couple.
pub(super) fn puts(us: &Membership, note: &Note, json: &Bytes) -> [Write; 2] {
    [put(key(us.member(), Side::Sent, note.id), json), put(key(us.partner(), Side::Received, note.id), json)]
}

/// The stored copy as it has become; refused when it was changed meanwhile.
pub(super) fn replace(item: &Item, json: &Bytes) -> Write {
    Write::Put {
        key: item.key.clone(),
        number: item.number,
        body: json.clone(),
        expires_at: None,
        when: When::Version(item.version),
    }
}

pub(super) async fn get(app: &App, member: MemberId, side: Side, note: NoteId) -> Result<Option<Item>> {
    Ok(app.ports.items.get(&key(member, side, note)).await?)
}

/// A note in any box of the caller, or 404.
pub(super) async fn find(app: &App, caller: &Caller, note: NoteId) -> Result<(Side, Item)> {
    for side in [Side::Received, Side::Sent, Side::Outside] {
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

/// What the sender of a note is to post, for the frame that hands it over.
pub async fn share(app: &App, sender: MemberId, note: NoteId) -> Result<Option<Share>> {
    let Some(item) = get(app, sender, Side::Outside, note).await? else { return Ok(None) };
    Ok(read(&item)?.share)
}

pub(super) fn read(item: &Item) -> Result<Note> {
    serde_json::from_slice(&item.body).map_err(|e| Error::bug("read a note", e))
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
