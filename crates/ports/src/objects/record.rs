//! One object, one file: the body, then what is known about it. Both change with one rename.
//!
//! `body · JSON of Meta · length of the JSON (4 bytes, big-endian) · MARK`. The mark comes last, so that a file cut
//! short is seen to be damaged; the body comes first, so that people can look at it with their usual tools.

use super::{Meta, Range};
use crate::{Fault, PortError, PortResult, durable};
use bytes::Bytes;
use ring::digest;
use std::{
    fs::File,
    io::{Read as _, Seek as _, SeekFrom},
    path::Path,
};

const MARK: &[u8; 8] = b"o2o obj1";
/// Length field and mark.
const FOOT: u64 = 12;
/// More than any key and content type can make of it.
const MAX_JSON: u64 = 16 * 1024;

/// 128 bits of SHA-256 in hexadecimal.
pub(super) fn etag(body: &[u8]) -> String {
    durable::hex(&digest::digest(&digest::SHA256, body).as_ref()[..16])
}

/// What follows the body.
pub(super) fn trailer(meta: &Meta, op: &'static str) -> PortResult<Vec<u8>> {
    let refused = |detail: &str| PortError::new(op, Fault::Refused, detail);
    let mut out = serde_json::to_vec(meta).map_err(|e| refused("the facts of the object have no JSON").because(e))?;
    let length = u32::try_from(out.len()).map_err(|_| refused("the facts of the object are too long"))?;
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(MARK);
    Ok(out)
}

/// The open file and its facts; `None` when there is none.
pub(super) fn open(path: &Path, op: &'static str) -> PortResult<Option<(File, Meta)>> {
    let io = durable::failed(op);
    let Some(mut file) = durable::found(File::open(path)).map_err(io)? else { return Ok(None) };
    let length = file.metadata().map_err(io)?.len();
    let foot_at = length.checked_sub(FOOT).ok_or_else(|| damaged(op))?;
    let mut foot = [0; 12];
    file.seek(SeekFrom::Start(foot_at)).and_then(|_| file.read_exact(&mut foot)).map_err(io)?;
    let json = u64::from(u32::from_be_bytes([foot[0], foot[1], foot[2], foot[3]]));
    let size = foot_at.checked_sub(json).filter(|_| foot.ends_with(MARK) && json <= MAX_JSON);
    let size = size.ok_or_else(|| damaged(op))?;
    let facts = read(&mut file, size, json, op)?;
    let meta: Meta = serde_json::from_slice(&facts).map_err(|e| damaged(op).because(e))?;
    if meta.size == size { Ok(Some((file, meta))) } else { Err(damaged(op)) }
}

/// The body or a part of it. A whole body is compared with its digest.
pub(super) fn body(file: &mut File, meta: &Meta, range: Option<Range>, op: &'static str) -> PortResult<Bytes> {
    let Some(range) = range else {
        let body = read(file, 0, meta.size, op)?;
        return if etag(&body) == meta.etag { Ok(body) } else { Err(damaged(op)) };
    };
    let end = range.end.unwrap_or(meta.size).min(meta.size);
    if range.start >= end {
        let detail = format!("bytes {} to {:?} of an object of {}", range.start, range.end, meta.size);
        return Err(PortError::new(op, Fault::Refused, detail));
    }
    read(file, range.start, end - range.start, op)
}

fn read(file: &mut File, at: u64, length: u64, op: &'static str) -> PortResult<Bytes> {
    let length = usize::try_from(length).map_err(|e| damaged(op).because(e))?;
    let mut out = vec![0; length];
    file.seek(SeekFrom::Start(at)).and_then(|_| file.read_exact(&mut out)).map_err(durable::failed(op))?;
    Ok(out.into())
}

fn damaged(op: &'static str) -> PortError {
    PortError::new(op, Fault::Corrupt, "the stored file is damaged")
}
