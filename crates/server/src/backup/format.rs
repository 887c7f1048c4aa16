//! The file of a backup.
//!
//! ```text
//! head       "o2o bkp\n", version (4 bytes, big-endian)
//! members    their bytes, one after the other, nothing between
//! manifest   JSON: release, time, and path, size and SHA-256 of every member in this order
//! foot       length of the manifest (8 bytes), SHA-256 of head and manifest, "o2o end\n"
//! ```
//!
//! It is written in one go and read in one go. The sizes must add up to the length of the file, so that every byte is
//! covered by a digest, and the digest in the foot stands for the whole.

use super::{BackupError, at};
use ring::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};
use std::{
    fmt::Write as _,
    fs::File,
    io::{self, Read, Seek as _, SeekFrom, Write},
    path::Path,
};

const HEAD: &[u8; 8] = b"o2o bkp\n";
const END: &[u8; 8] = b"o2o end\n";
/// Version of this format; a higher one is refused.
pub const VERSION: u32 = 1;
const HEAD_BYTES: u64 = 12;
const FOOT_BYTES: u64 = 48;
/// Bytes handled at once.
const BLOCK: usize = 1024 * 1024;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Manifest {
    /// Release of the program that wrote it.
    pub release: String,
    /// When it was begun: RFC 3339.
    pub created_at: String,
    pub members: Vec<Member>,
}

/// One file. Of two with the same path the later one counts.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Member {
    /// Below the data folder, with `/` between the parts.
    pub path: String,
    pub size: u64,
    /// Lower-case hexadecimal.
    pub sha256: String,
}

/// Writes a backup from front to back.
pub struct Writer<W> {
    out: W,
    members: Vec<Member>,
    block: Vec<u8>,
    bytes: u64,
}

/// What was written.
#[derive(Debug)]
pub struct Sealed {
    pub members: usize,
    /// Length of the file.
    pub bytes: u64,
    /// Of the whole: the one in the foot.
    pub sha256: String,
}

impl<W: Write> Writer<W> {
    pub fn new(mut out: W) -> io::Result<Self> {
        out.write_all(&head(VERSION))?;
        Ok(Self { out, members: Vec::new(), block: vec![0; BLOCK], bytes: HEAD_BYTES })
    }

    /// Appends everything that `from` gives. `progress` hears of the bytes as they pass.
    pub fn add(&mut self, path: String, from: &mut impl Read, progress: &mut dyn FnMut(u64)) -> io::Result<()> {
        let (mut digest, mut size) = (Context::new(&SHA256), 0);
        loop {
            let length = match from.read(&mut self.block) {
                Ok(0) => break,
                Ok(length) => length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            digest.update(&self.block[..length]);
            self.out.write_all(&self.block[..length])?;
            size += length as u64;
            progress(length as u64);
        }
        self.bytes += size;
        self.members.push(Member { path, size, sha256: hex(digest.finish().as_ref()) });
        Ok(())
    }

    /// Ends the file and hands back what it was written to, not synced.
    pub fn seal(mut self, release: &str, created_at: String) -> io::Result<(W, Sealed)> {
        let members = self.members.len();
        let manifest = Manifest { release: release.to_owned(), created_at, members: self.members };
        let manifest = serde_json::to_vec(&manifest)?;
        let mut digest = Context::new(&SHA256);
        digest.update(&head(VERSION));
        digest.update(&manifest);
        let digest = digest.finish();
        self.out.write_all(&manifest)?;
        self.out.write_all(&(manifest.len() as u64).to_be_bytes())?;
        self.out.write_all(digest.as_ref())?;
        self.out.write_all(END)?;
        let bytes = self.bytes + manifest.len() as u64 + FOOT_BYTES;
        Ok((self.out, Sealed { members, bytes, sha256: hex(digest.as_ref()) }))
    }
}

/// A backup whose frame is sound: head, foot, manifest and length. Its members are still to be read.
pub struct Reader {
    file: File,
    name: String,
    pub manifest: Manifest,
    pub bytes: u64,
    pub sha256: String,
}

impl Reader {
    pub fn open(path: &Path) -> Result<Self, BackupError> {
        let name = path.display().to_string();
        let io = at(path);
        let mut file = File::open(path).map_err(io)?;
        let about = file.metadata().map_err(io)?;
        let bytes = about.len();
        if !about.is_file() {
            return Err(BackupError::Foreign(name));
        }
        let mut start = Vec::new();
        (&mut file).take(HEAD_BYTES).read_to_end(&mut start).map_err(io)?;
        let cut = |what: &str| BackupError::Cut { file: name.clone(), what: what.to_owned() };
        if !start.starts_with(HEAD) {
            // What is shorter than the mark, but as far as it goes the same, may have been one.
            let begun = !start.is_empty() && HEAD.starts_with(&start);
            return Err(if begun { cut("only its first bytes are there") } else { BackupError::Foreign(name) });
        }
        let Some(version) = start.get(8..12).and_then(|v| v.try_into().ok()).map(u32::from_be_bytes) else {
            return Err(cut("only its first bytes are there"));
        };
        if version > VERSION {
            return Err(BackupError::Newer { file: name, what: format!("format {version}, this one knows {VERSION}") });
        }
        if bytes < HEAD_BYTES + FOOT_BYTES {
            return Err(cut("its end is missing"));
        }
        let mut foot = [0; 48];
        file.seek(SeekFrom::Start(bytes - FOOT_BYTES)).and_then(|_| file.read_exact(&mut foot)).map_err(io)?;
        if &foot[40..] != END {
            return Err(cut("its end is missing"));
        }
        let altered = |what: &str| BackupError::Altered { file: name.clone(), what: what.to_owned() };
        let length = u64::from_be_bytes(foot[..8].try_into().map_err(|_| altered("its foot"))?);
        let manifest_at = (bytes - FOOT_BYTES).checked_sub(length).filter(|at| *at >= HEAD_BYTES);
        let manifest_at = manifest_at.ok_or_else(|| altered("its foot"))?;
        let mut text = Vec::new();
        file.seek(SeekFrom::Start(manifest_at)).map_err(io)?;
        (&mut file).take(length).read_to_end(&mut text).map_err(io)?;
        let mut digest = Context::new(&SHA256);
        digest.update(&start);
        digest.update(&text);
        let digest = digest.finish();
        if digest.as_ref() != &foot[8..40] {
            return Err(altered("its list of contents"));
        }
        let manifest: Manifest = serde_json::from_slice(&text).map_err(|_| altered("its list of contents"))?;
        let sum = manifest.members.iter().try_fold(HEAD_BYTES, |sum, member| sum.checked_add(member.size));
        if sum != Some(manifest_at) {
            return Err(altered("its length is not that of its contents"));
        }
        file.seek(SeekFrom::Start(HEAD_BYTES)).map_err(io)?;
        Ok(Self { file, name, sha256: hex(digest.as_ref()), manifest, bytes })
    }

    /// Reads the next member, which must be the one after the last that was read, into `to`, and compares its digest.
    pub fn next(
        &mut self,
        member: &Member,
        to: &mut dyn Write,
        place: &Path,
        progress: &mut dyn FnMut(u64),
    ) -> Result<(), BackupError> {
        let (mut digest, mut left) = (Context::new(&SHA256), member.size);
        let mut block = vec![0; BLOCK];
        while left > 0 {
            let length = block.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            self.file.read_exact(&mut block[..length]).map_err(|source| match source.kind() {
                io::ErrorKind::UnexpectedEof => self.cut(),
                _ => BackupError::Io { place: self.name.clone(), source },
            })?;
            digest.update(&block[..length]);
            to.write_all(&block[..length]).map_err(at(place))?;
            left -= length as u64;
            progress(length as u64);
        }
        if hex(digest.finish().as_ref()) == member.sha256 { Ok(()) } else { Err(self.altered(&member.path)) }
    }

    pub(super) fn altered(&self, what: &str) -> BackupError {
        BackupError::Altered { file: self.name.clone(), what: what.to_owned() }
    }

    pub(super) fn newer(&self, what: String) -> BackupError {
        BackupError::Newer { file: self.name.clone(), what }
    }

    fn cut(&self) -> BackupError {
        BackupError::Cut { file: self.name.clone(), what: "it became shorter while it was read".to_owned() }
    }
}

fn head(version: u32) -> [u8; 12] {
    let mut head = [0; 12];
    head[..8].copy_from_slice(HEAD);
    head[8..].copy_from_slice(&version.to_be_bytes());
    head
}

/// Whether a file begins as a backup does.
pub(super) fn begins_like_one(path: &Path) -> io::Result<bool> {
    let mut start = Vec::new();
    File::open(path)?.take(8).read_to_end(&mut start)?;
    Ok(start == HEAD)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        let _infallible = write!(out, "{byte:02x}");
        out
    })
}
