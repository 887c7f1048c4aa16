//! From the bytes somebody sent to what is kept of them, or the reason why not.

use super::{
    Kind,
    content::{self, Content, Shape},
    duration::{self, Recording},
    strip,
};
use crate::{app::App, pixels};
use base::{Error, Result};
use bytes::Bytes;
use tokio::sync::Semaphore;

/// Edges of an image and of its thumbnail, in pixels.
const LARGE: u32 = 2560;
const SMALL: u32 = 320;
/// Seconds of a voice note at most.
const VOICE: f64 = 600.0;
/// Files that are looked into at once.
const AT_ONCE: usize = 2;

/// What looking into files needs in memory.
pub struct Looking(Semaphore);

impl Default for Looking {
    fn default() -> Self {
        Self(Semaphore::new(AT_ONCE))
    }
}

/// What is kept of a file.
pub(super) struct Prepared {
    pub bytes: Bytes,
    pub mime: &'static str,
    pub ending: &'static str,
    pub size: Option<(u32, u32)>,
    pub thumbnail: Option<Bytes>,
    pub duration_s: Option<f64>,
}

fn wrong_kind(detail: &'static str) -> Error {
    Error::new(base::Kind::MediaType, "unsupported_media_type", detail)
}

fn unreadable() -> Error {
    Error::field("/file", "invalid_file", "This file cannot be read.")
}

fn program() -> Error {
    Error::field("/file", "executable", "Programs cannot be sent.")
}

/// `said` is the length that the caller believes a video to have.
pub(super) async fn prepare(app: &App, kind: Kind, bytes: Bytes, said: Option<f64>) -> Result<Prepared> {
    if bytes.is_empty() {
        return Err(Error::field("/file", "required", "A file is needed."));
    }
    if bytes.len() > kind.largest() {
        let detail = format!("Such a file may have {} bytes.", kind.largest());
        return Err(Error::new(base::Kind::TooLarge, "payload_too_large", detail));
    }
    if kind == Kind::Image {
        return image(app, bytes).await;
    }
    let (found, recording) = look(app, kind, &bytes).await?;
    let plain = |(mime, ending), duration_s| Prepared {
        bytes: bytes.clone(),
        mime,
        ending,
        size: None,
        thumbnail: None,
        duration_s,
    };
    match (kind, found.shape) {
        (_, Shape::Program) => Err(program()),
        (Kind::Voice, Shape::Media(container)) => Ok(plain(container.voice(), Some(voice(recording)?))),
        (Kind::Voice, _) => Err(wrong_kind("A voice note is sound in webm, ogg or mp4.")),
        (Kind::Video, Shape::Media(_) | Shape::Video) => {
            let told = recording.unwrap_or_default();
            if told.heard && !told.seen || found.mime.starts_with("audio/") {
                return Err(wrong_kind("This is sound without images."));
            }
            Ok(plain((found.mime, found.ending), told.seconds.or(said)))
        }
        (Kind::Video, _) => Err(wrong_kind("This is no video.")),
        (_, Shape::Image) => {
            let stripped = strip::strip(&bytes, found.mime);
            Ok(Prepared { bytes: stripped, ..plain((found.mime, found.ending), None) })
        }
        (Kind::Image | Kind::Document, _) => Ok(plain((found.mime, found.ending), None)),
    }
}

/// What it is and, of sound and video, what its container tells; on a thread that serves no requests.
async fn look(app: &App, kind: Kind, bytes: &Bytes) -> Result<(Content, Option<Recording>)> {
    let permit = app.looking.0.acquire().await.map_err(|e| Error::bug("wait to look into a file", e))?;
    let bytes = bytes.clone();
    let work = tokio::task::spawn_blocking(move || {
        let found = content::sniff(&bytes);
        let recording = match found.shape {
            Shape::Media(container) if kind != Kind::Document => duration::probe(&bytes, container),
            _ => None,
        };
        (found, recording)
    });
    let looked = work.await.map_err(|e| unreadable().because(e));
    drop(permit);
    looked
}

fn voice(recording: Option<Recording>) -> Result<f64> {
    let recording = recording.ok_or_else(unreadable)?;
    if recording.seen {
        return Err(wrong_kind("A voice note is sound without images."));
    }
    if !recording.heard {
        return Err(unreadable());
    }
    let seconds = recording.seconds.ok_or_else(unreadable)?;
    if seconds > VOICE {
        return Err(Error::field("/file", "too_long", "A voice note has at most 10 minutes."));
    }
    Ok(seconds)
}

async fn image(app: &App, bytes: Bytes) -> Result<Prepared> {
    let kept = app.pixels.keep(bytes, [LARGE, SMALL]).await?.map_err(|why| match why {
        pixels::Refused::Format => wrong_kind("An image is a JPEG, PNG, WebP or GIF."),
        pixels::Refused::Size => Error::field("/file", "out_of_range", "This image has too many pixels."),
        pixels::Refused::Broken => Error::field("/file", "invalid_image", "This image cannot be read."),
    })?;
    Ok(Prepared {
        bytes: kept.large,
        mime: kept.content_type,
        ending: kept.ending,
        size: Some((kept.width, kept.height)),
        thumbnail: Some(kept.small),
        duration_s: None,
    })
}
