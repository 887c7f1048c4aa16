//! Shared media: what of a conversation carries a file or a place, by kind, the newest first.

use super::{
    ids::Tag,
    messages,
    model::{Kind, Stored, is_visible},
    page::Joined,
    state::Seated,
};
use crate::{app::App, check::Checks, identity::Caller, tables::MEDIA};
use base::{Cx, Error, Result, id::ConversationId, page::limit};
use bytes::Bytes;
use ports::items::{Key, Part, Query, When, Write};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::IntoParams;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListMedia {
    /// `image` (default), `video`, `voice`, `document` or `location`.
    pub kind: Option<String>,
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<u32>,
    pub cursor: Option<String>,
}

/// Kinds that are listed, each under a letter. Stored: append-only.
const KINDS: [(Kind, &str, u8); 5] = [
    (Kind::Image, "image", b'i'),
    (Kind::Video, "video", b'v'),
    (Kind::Voice, "voice", b'a'),
    (Kind::Document, "document", b'd'),
    (Kind::Location, "location", b'l'),
];

fn partition(tag: Tag, letter: u8) -> [u8; 7] {
    let mut pk = [letter; 7];
    pk[..6].copy_from_slice(&tag.bytes());
    pk
}

/// The entry of a message that carries something.
pub(super) fn entry(tag: Tag, stored: &Stored) -> Option<Key> {
    let (_, _, letter) = KINDS.iter().find(|(kind, ..)| *kind == stored.kind)?;
    Some(MEDIA.key(partition(tag, *letter), stored.seq.to_be_bytes()))
}

/// The entry with the message's flags, which say who has deleted it.
pub(super) fn put(key: Key, flags: i64) -> Write {
    Write::Put { key, number: flags, body: Bytes::new(), expires_at: None, when: When::Always }
}

fn all(us: &Seated, letter: u8) -> Query {
    let first = us.me().cleared + 1;
    Query::partition(MEDIA, partition(us.tag(), letter)).from(first.to_be_bytes())
}

async fn count(app: &App, us: &Seated, letter: u8) -> Result<usize> {
    let (mut count, mut next) = (0, None);
    loop {
        let found = app.ports.items.query(all(us, letter).limit(1_000).after(next)).await?;
        count += found.items.iter().filter(|entry| is_visible(entry.number, us.seat)).count();
        next = found.next;
        if next.is_none() {
            return Ok(count);
        }
    }
}

/// A page of one kind, and how many there are of each.
pub(super) async fn list(
    app: &App,
    cx: &Cx,
    caller: &Caller,
    conversation: ConversationId,
    asked: &ListMedia,
) -> Result<Bytes> {
    let mut checks = Checks::default();
    let names = KINDS.map(|(_, name, _)| name);
    let name = checks.one_of("/query/kind", asked.kind.as_deref(), &names);
    checks.done()?;
    let limit = limit(asked.limit)?;
    let us = Seated::load(app, caller.member, conversation).await?;
    let letter = KINDS.iter().find(|(_, known, _)| Some(*known) == name.as_deref()).map_or(b'i', |kind| kind.2);
    let scope = format!("media {} {conversation} {letter}", caller.member);
    let mut after = match &asked.cursor {
        None => None,
        Some(cursor) => Some(Part::from_vec(app.cursors.open(&scope, cursor)?)),
    };
    let mut counts = Map::new();
    for (_, name, letter) in KINDS {
        counts.insert(name.to_owned(), Value::from(count(app, &us, letter).await?));
    }
    let counts = serde_json::to_vec(&counts).map_err(|e| Error::bug("write counts", e))?;
    let mut out = Joined::default();
    loop {
        let found = app.ports.items.query(all(&us, letter).backward().limit(limit + 1).after(after.take())).await?;
        for entry in &found.items {
            let Some(item) = messages::at(app, &us, messages::seq_of(entry)).await? else { continue };
            if out.len() == limit {
                let cursor = app.cursors.seal(&scope, &out.last().to_be_bytes());
                return Ok(out.with("counts", &counts).done(Some(&cursor)));
            }
            out.push(app, cx, &us, &item).await?;
        }
        after = found.next;
        if after.is_none() {
            return Ok(out.with("counts", &counts).done(None));
        }
    }
}
