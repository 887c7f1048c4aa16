//! Templates that a member wants to find again. A favourite outlives a lower plan and a retired template: it is not
//! shown then, and is there again when the template is.

use super::{
    browse,
    reader::Reader,
    template::Template,
    view::{self, FavouritePage, NoteTemplate},
};
use crate::{app::App, edge::request::Facts, identity::Caller};
use base::{
    Cx, Error, Result, Time,
    id::{MemberId, TemplateId},
    page,
};
use ports::{
    args,
    sql::{Tx, bucket},
};
use serde::Deserialize;
use utoipa::IntoParams;

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListFavourites {
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<u32>,
    pub cursor: Option<String>,
}

pub async fn add(app: &App, cx: &Cx, about: &Facts, caller: &Caller, id: TemplateId) -> Result<()> {
    let catalogue = app.templates.catalogue(app, cx).await?;
    let needs = browse::find(&catalogue, id)?.needs;
    Reader::of(app, cx, about, None).await?.require(app, cx, needs).await?;
    let mut tx = app.ports.sql.begin().await?;
    tx.exec(
        "insert into note_template_favourites (member_id, bucket, template_id, created_at) values ($1, $2, $3, $4)
         on conflict (member_id, template_id) do nothing",
        args![caller.member, bucket(&caller.member), id, cx.now()],
    )
    .await?;
    Ok(tx.commit().await?)
}

pub async fn remove(app: &App, cx: &Cx, caller: &Caller, id: TemplateId) -> Result<()> {
    let mut tx = app.ports.sql.begin().await?;
    let sql = "delete from note_template_favourites where member_id = $1 and template_id = $2";
    let gone = tx.exec(sql, args![caller.member, id]).await?;
    tx.commit().await?;
    if gone == 0 {
        browse::find(&*app.templates.catalogue(app, cx).await?, id)?;
    }
    Ok(())
}

/// Where a page of favourites ends: the time of the last one, and its id.
type Spot = (Time, TemplateId);

fn spot(bytes: &[u8]) -> Option<Spot> {
    let (at, id) = bytes.split_first_chunk()?;
    Some((Time(i64::from_be_bytes(*at)), TemplateId::from_slice(id)?))
}

/// Up to `limit` favourites behind `after`, the latest first.
async fn rows(tx: &mut Tx, member: MemberId, after: Option<Spot>, limit: usize) -> Result<Vec<Spot>> {
    let (time, id) = after.map_or_else(|| (i64::MAX, String::new()), |(at, id)| (at.0, id.to_string()));
    let sql = "select created_at, template_id from note_template_favourites
               where member_id = $1 and (created_at < $2 or (created_at = $2 and template_id < $3))
               order by created_at desc, template_id desc limit $4";
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = tx.rows(sql, args![member, time, id, limit]).await?;
    rows.iter().map(|row| Ok((row.time(0)?, row.id(1)?))).collect()
}

/// The caller's favourites that the plan shows, each in its own language.
pub async fn list(app: &App, cx: &Cx, about: &Facts, caller: &Caller, asked: &ListFavourites) -> Result<Vec<u8>> {
    let limit = page::limit(asked.limit)?;
    let scope = format!("favourite-templates {}", caller.member);
    let mut after = match &asked.cursor {
        None => None,
        Some(cursor) => Some(
            spot(&app.cursors.open(&scope, cursor)?)
                .ok_or_else(|| Error::bug("read a cursor", "it was sealed here"))?,
        ),
    };
    let catalogue = app.templates.catalogue(app, cx).await?;
    let reader = Reader::of(app, cx, about, None).await?;
    let personal = reader.personal(app).await?;
    let mut shown: Vec<(Spot, &Template)> = Vec::with_capacity(limit + 1);
    let mut tx = app.ports.sql.read().await?;
    // One more than the page tells whether there is another.
    while shown.len() <= limit {
        let found = rows(&mut tx, caller.member, after, limit + 1).await?;
        let Some(last) = found.last() else { break };
        after = Some(*last);
        let all = found.len() <= limit;
        let seen = |spot: Spot| catalogue.get(spot.1).filter(|t| t.needs <= reader.plan).map(|t| (spot, t));
        shown.extend(found.into_iter().filter_map(seen));
        if all {
            break;
        }
    }
    drop(tx);
    let more = shown.len() > limit;
    shown.truncate(limit);
    let next = shown.last().filter(|_| more).map(|((at, id), _)| [&at.0.to_be_bytes()[..], &id.bytes()[..]].concat());
    view::bytes(&FavouritePage {
        data: shown.iter().map(|(_, template)| NoteTemplate::of(template, &personal)).collect(),
        next_cursor: next.map(|position| app.cursors.seal(&scope, &position)),
    })
}
