//! Profile pictures: taken in any of four formats, kept as two plain images without metadata.
//!
//! The objects come first, under a name that nothing tells; the commit that names them follows and leaves a job that
//! removes those of the picture before. So what a profile names is always there, whenever the process ends; objects
//! that no profile came to name are swept after a day.

mod sweep;

pub use sweep::Sweep;

use super::{
    completed,
    me::{self, Me},
    regular_only, updated,
};
use crate::{
    app::App,
    identity::{Caller, accounts},
    pixels::{Picture, Refused},
    work::jobs::Job,
};
use base::{Cx, Error, Kind, Result, id::MemberId, secret, time::HOUR};
use bytes::Bytes;
use ports::{args, objects::PutWhen, sql::Tx};

/// Bytes of a picture as it comes.
pub const LARGEST: usize = 5 * 1024 * 1024;
/// Edges of what is kept, in pixels.
const LARGE: u32 = 512;
const SMALL: u32 = 128;

/// What pictures need in memory.
#[derive(Default)]
pub struct Pictures {
    pub sweep: Sweep,
}

/// Links to a picture's two sizes.
#[derive(Default)]
pub struct Links {
    pub large: Option<String>,
    pub small: Option<String>,
}

/// A name is `{random}.jpg` or `{random}.png`; the size stands before the ending.
fn key(member: MemberId, name: &str, edge: u32) -> String {
    let (stem, ending) = name.split_once('.').unwrap_or((name, "jpg"));
    format!("{}{member}/{stem}-{edge}.{ending}", sweep::FOLDER)
}

/// Links that live for one to two hours. Within an hour they stay the same, so that what was fetched is not again.
pub async fn links(app: &App, cx: &Cx, member: MemberId, name: Option<&str>) -> Result<Links> {
    let Some(name) = name else { return Ok(Links::default()) };
    let hour = base::Time(cx.now().0.div_euclid(HOUR) * HOUR);
    let until = hour.plus(2 * HOUR);
    let (large, small) = (key(member, name, LARGE), key(member, name, SMALL));
    let objects = &app.ports.objects;
    Ok(Links {
        large: Some(objects.presign_get(&large, until, cx.now()).await?),
        small: Some(objects.presign_get(&small, until, cx.now()).await?),
    })
}

fn refused(why: Refused) -> Error {
    match why {
        Refused::Format => {
            let detail = "A picture is a JPEG, PNG, WebP or GIF image.";
            Error::new(Kind::MediaType, "unsupported_media_type", detail)
        }
        Refused::Size => Error::field("/picture", "out_of_range", "This picture has too many pixels."),
        Refused::Broken => Error::field("/picture", "invalid_image", "This picture cannot be read."),
    }
}

/// The kept forms of an uploaded picture.
async fn prepare(app: &App, bytes: Bytes) -> Result<Picture> {
    if bytes.is_empty() {
        return Err(Error::field("/picture", "required", "A picture is needed."));
    }
    if bytes.len() > LARGEST {
        let detail = format!("A picture may have {LARGEST} bytes.");
        return Err(Error::new(Kind::TooLarge, "payload_too_large", detail));
    }
    app.pixels.keep(bytes, [LARGE, SMALL]).await?.map_err(refused)
}

/// Takes the place of the picture before.
pub(super) async fn put(app: &App, cx: &Cx, caller: &Caller, bytes: Bytes) -> Result<Me> {
    let member = caller.member;
    only_regular(cx, &mut app.ports.sql.read().await?, member).await?;
    let picture = prepare(app, bytes).await?;
    let name = format!("{}.{}", secret::token(), picture.ending);
    for (edge, body) in [(LARGE, picture.large), (SMALL, picture.small)] {
        let objects = &app.ports.objects;
        objects.put(&key(member, &name, edge), body, picture.content_type, PutWhen::Absent, cx.now()).await?;
    }
    let mut tx = app.ports.sql.begin().await?;
    only_regular(cx, &mut tx, member).await?;
    replace(cx, &mut tx, member, Some(&name)).await?;
    let me = me::load(cx, &mut tx, member).await?.ok_or_else(Error::not_found)?;
    tx.commit().await?;
    app.bells.sql.notify_one();
    me.present(app, cx).await
}

/// Without a picture there is nothing to do, and it is done.
pub(super) async fn remove(app: &App, cx: &Cx, caller: &Caller) -> Result<()> {
    let mut tx = app.ports.sql.begin().await?;
    only_regular(cx, &mut tx, caller.member).await?;
    if replace(cx, &mut tx, caller.member, None).await? {
        tx.commit().await?;
        app.bells.sql.notify_one();
    }
    Ok(())
}

async fn only_regular(cx: &Cx, tx: &mut Tx, member: MemberId) -> Result<()> {
    let account = accounts::by_id(cx, tx, member).await?.ok_or_else(Error::not_found)?;
    if account.user_type == "regular" { Ok(()) } else { Err(regular_only()) }
}

/// Names another picture, or none; the objects of the one before go with a job of this commit. False when none was
/// there and none came.
async fn replace(cx: &Cx, tx: &mut Tx, member: MemberId, name: Option<&str>) -> Result<bool> {
    // The account's row is locked by this; of two at once the second sees what the first one named.
    accounts::touch(cx, tx, member).await?;
    let before = name_of(tx, member).await?;
    if before.is_none() && name.is_none() {
        return Ok(false);
    }
    let sql = "update profiles set picture = $1, picture_changed_at = $2, updated_at = $2 where member_id = $3";
    tx.exec(sql, args![name.map(str::to_owned), cx.now(), member]).await?;
    if let Some(name) = before {
        Job::RemovePicture { member, name }.enqueue(cx, tx).await?;
    }
    Job::ProjectCard { member }.enqueue(cx, tx).await?;
    completed(cx, tx, member).await?;
    updated(cx, tx, member).await?;
    Ok(true)
}

/// The name of a member's picture.
pub async fn name_of(tx: &mut Tx, member: MemberId) -> Result<Option<String>> {
    let row = tx.row("select picture from profiles where member_id = $1", args![member]).await?;
    Ok(row.map(|row| row.text_opt(0)).transpose()?.flatten())
}

/// Removes the objects of a picture that nobody has any more. May run twice.
pub async fn discard(app: &App, member: MemberId, name: &str) -> Result<()> {
    if name_of(&mut app.ports.sql.read().await?, member).await?.as_deref() == Some(name) {
        return Ok(());
    }
    for edge in [LARGE, SMALL] {
        app.ports.objects.delete(&key(member, name, edge)).await?;
    }
    Ok(())
}
