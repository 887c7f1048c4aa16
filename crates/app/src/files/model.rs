//! What a file is: as it is stored, as a message holds it, and as its owner and readers see it.

use crate::app::App;
use base::{
    Cx, Error, Result, Time,
    id::{FileId, MemberId},
    time::MINUTE,
};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Links are made for the end of the second of such steps: they live 10 to 20 minutes, and within a step they stay
/// the same, so that what was fetched is not again.
const STEP: i64 = 10 * MINUTE;

/// What a file is sent as. Stored: append-only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = FileKind)]
pub enum Kind {
    Image,
    Video,
    #[serde(alias = "audio")]
    Voice,
    #[serde(alias = "file")]
    Document,
}

impl Kind {
    /// Bytes of one at most, as it comes.
    pub const fn largest(self) -> usize {
        const MIB: usize = 1024 * 1024;
        match self {
            Self::Image => 10 * MIB,
            Self::Voice => 5 * MIB,
            Self::Video | Self::Document => LARGEST,
        }
    }
}

/// Bytes of any file at most.
pub const LARGEST: usize = 25 * 1024 * 1024;

/// A file as its item keeps it. The item's number says how many messages use it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoredFile {
    pub id: FileId,
    pub owner: MemberId,
    pub kind: Kind,
    pub name: String,
    /// Bytes of the object.
    pub size: u64,
    pub mime: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_s: Option<f64>,
    /// Key of the object: nothing tells it.
    pub object: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thumbnail: Option<String>,
    /// Bytes of all its objects: what it takes of the owner's storage.
    pub stored: i64,
    /// What a virus scanner said of it.
    pub scan: Scan,
    pub created_at: Time,
}

/// Stored: append-only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scan {
    /// No scanner looked at it.
    NotScanned,
}

impl StoredFile {
    pub(super) fn read(body: &[u8]) -> Result<Self> {
        serde_json::from_slice(body).map_err(|e| Error::bug("read a file", e))
    }

    pub(super) fn body(&self) -> Result<Bytes> {
        Ok(Bytes::from(serde_json::to_vec(self).map_err(|e| Error::bug("write a file", e))?))
    }

    /// What a message keeps of it.
    pub fn attachment(&self) -> Attachment {
        Attachment {
            id: self.id,
            object: self.object.clone(),
            thumbnail: self.thumbnail.clone(),
            name: self.name.clone(),
            size: self.size,
            mime: self.mime.clone(),
            width: self.width,
            height: self.height,
            duration_s: self.duration_s,
        }
    }
}

/// A file as a message holds it: enough to show it without another look at its item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attachment {
    pub id: FileId,
    pub object: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thumbnail: Option<String>,
    pub name: String,
    pub size: u64,
    pub mime: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_s: Option<f64>,
}

/// A file as those see it who may.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FileView {
    pub id: FileId,
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// What it is, by its content.
    pub mime: String,
    /// Pixels, of images.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// Seconds, of voice notes, and of videos that tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_s: Option<f64>,
    /// Opens the file for 10 to 20 minutes, for whoever has it; takes ranges.
    pub url: String,
    /// An image of at most 320 pixels an edge, of images.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thumbnail_url: Option<String>,
}

/// A file of the caller's.
#[derive(Debug, Serialize, ToSchema)]
pub struct File {
    pub kind: Kind,
    #[serde(flatten)]
    pub view: FileView,
    pub created_at: Time,
}

/// As readers see it, with fresh links. Whether the reader may is the caller's matter.
pub async fn view(app: &App, cx: &Cx, file: &Attachment) -> Result<FileView> {
    let until = Time(cx.now().0.div_euclid(STEP) * STEP).plus(2 * STEP);
    let objects = &app.ports.objects;
    let thumbnail_url = match &file.thumbnail {
        Some(key) => Some(objects.presign_get(key, until, cx.now()).await?),
        None => None,
    };
    Ok(FileView {
        id: file.id,
        name: file.name.clone(),
        size: file.size,
        mime: file.mime.clone(),
        width: file.width,
        height: file.height,
        duration_s: file.duration_s,
        url: objects.presign_get(&file.object, until, cx.now()).await?,
        thumbnail_url,
    })
}

/// As its owner sees it.
pub(super) async fn present(app: &App, cx: &Cx, file: &StoredFile) -> Result<File> {
    let view = view(app, cx, &file.attachment()).await?;
    Ok(File { kind: file.kind, view, created_at: file.created_at })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_were_ever_stored_can_be_read() {
        let first = r#"{"id":"fil_01hf7yat000000000000000000","owner":"mem_01hf7yat000000000000000000","kind":"voice",
            "name":"a.ogg","size":3,"mime":"audio/ogg","duration_s":1.5,"object":"files/x/y.ogg","stored":3,
            "scan":"not_scanned","created_at":"2026-11-22T09:00:00.000Z"}"#;
        let file = StoredFile::read(first.as_bytes()).unwrap();
        assert_eq!((file.kind, file.duration_s, file.thumbnail.clone()), (Kind::Voice, Some(1.5), None));
        assert_eq!(StoredFile::read(&file.body().unwrap()).unwrap(), file);
        let kept =
            r#"{"id":"fil_01hf7yat000000000000000000","object":"files/x/y.ogg","name":"a","size":3,"mime":"x/y"}"#;
        assert_eq!(serde_json::from_str::<Attachment>(kept).unwrap().width, None);
    }

    #[test]
    fn other_words_for_the_kinds_are_understood() {
        for (word, kind) in [("audio", Kind::Voice), ("voice", Kind::Voice), ("file", Kind::Document)] {
            assert_eq!(serde_json::from_value::<Kind>(word.into()).unwrap(), kind);
        }
    }
}
