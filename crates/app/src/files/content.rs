//! What bytes are: by their content alone, never by a name or a header.

use memchr::memmem;

/// How far into a file the words of a container's head are looked for.
const HEAD: usize = 4 * 1024;

/// What a file was found to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Content {
    pub shape: Shape,
    pub mime: &'static str,
    pub ending: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// JPEG, PNG, WebP or GIF.
    Image,
    /// A container that holds sound, images that move, or both: which, its tracks say.
    Media(Container),
    /// Images that move, in a container that we do not open.
    Video,
    /// A program.
    Program,
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Container {
    Ogg,
    Matroska,
    Mp4,
}

impl Container {
    /// As a voice note in it is called.
    pub fn voice(self) -> (&'static str, &'static str) {
        match self {
            Self::Ogg => ("audio/ogg", "ogg"),
            Self::Matroska => ("audio/webm", "webm"),
            Self::Mp4 => ("audio/mp4", "m4a"),
        }
    }
}

const fn content(shape: Shape, mime: &'static str, ending: &'static str) -> Content {
    Content { shape, mime, ending }
}

pub(super) fn sniff(bytes: &[u8]) -> Content {
    if is_program(bytes) {
        return content(Shape::Program, "application/x-executable", "bin");
    }
    if let Some(media) = container(bytes) {
        return media;
    }
    let Some(found) = infer::get(bytes) else { return unknown(bytes) };
    let (mime, ending) = (found.mime_type(), found.extension());
    match found.matcher_type() {
        // Whatever would be drawn or run by a browser is shown as text.
        infer::MatcherType::Text => content(Shape::Other, "text/plain", "txt"),
        infer::MatcherType::Image if ["image/jpeg", "image/png", "image/webp", "image/gif"].contains(&mime) => {
            content(Shape::Image, mime, ending)
        }
        infer::MatcherType::Video if by_signature(bytes) => content(Shape::Video, mime, ending),
        // Two bytes are not enough to tell an object file, or a certificate, from text.
        infer::MatcherType::App => unknown(bytes),
        _ => content(Shape::Other, mime, ending),
    }
}

fn unknown(bytes: &[u8]) -> Content {
    let text = std::str::from_utf8(bytes).is_ok_and(|text| !text.contains('\0'));
    if text {
        content(Shape::Other, "text/plain", "txt")
    } else {
        content(Shape::Other, "application/octet-stream", "bin")
    }
}

/// Video formats whose signature is longer than a few bytes by chance.
fn by_signature(bytes: &[u8]) -> bool {
    infer::video::is_avi(bytes)
        || infer::video::is_wmv(bytes)
        || infer::video::is_flv(bytes)
        || infer::video::is_mpeg(bytes)
        || infer::video::is_mov(bytes)
}

/// The containers that voice notes come in, and most videos.
fn container(bytes: &[u8]) -> Option<Content> {
    let head = &bytes[..bytes.len().min(HEAD)];
    let has = |words: &[u8]| memmem::find(head, words).is_some();
    if head.starts_with(b"OggS") {
        let moving = has(b"\x80theora");
        let (mime, ending) = if moving { ("video/ogg", "ogv") } else { ("audio/ogg", "ogg") };
        return Some(content(if moving { Shape::Video } else { Shape::Media(Container::Ogg) }, mime, ending));
    }
    if head.starts_with(b"\x1a\x45\xdf\xa3") {
        let web = has(b"\x42\x82\x84webm");
        let (mime, ending) = if web { ("video/webm", "webm") } else { ("video/x-matroska", "mkv") };
        return Some(content(Shape::Media(Container::Matroska), mime, ending));
    }
    if head.get(4..8) == Some(b"ftyp") {
        let (mime, ending) = match head.get(8..12)? {
            b"qt  " => ("video/quicktime", "mov"),
            b"heic" | b"heix" | b"heim" | b"heis" | b"mif1" | b"msf1" | b"hevc" | b"hevx" | b"avif" | b"avis"
            | b"jxl " | b"jp2 " | b"crx " => return None,
            _ => ("video/mp4", "mp4"),
        };
        return Some(content(Shape::Media(Container::Mp4), mime, ending));
    }
    None
}

/// What a machine would run: programs of every system, bytecode, scripts with an interpreter's line, installers.
fn is_program(bytes: &[u8]) -> bool {
    const MAGIC: [&[u8]; 18] = [
        b"\x7fELF",
        b"MZ",
        // Mach-O of both orders and widths; universal ones begin as Java classes do.
        b"\xfe\xed\xfa\xce",
        b"\xfe\xed\xfa\xcf",
        b"\xce\xfa\xed\xfe",
        b"\xcf\xfa\xed\xfe",
        b"\xca\xfe\xba\xbe",
        b"\xca\xfe\xba\xbf",
        b"\xca\xfe\xd0\x0d",
        b"\0asm",
        b"dex\n0",
        b"dey\n0",
        b"BC\xc0\xde",
        b"#!",
        b"\xef\xbb\xbf#!",
        // A shortcut of Windows, which runs what it names.
        b"L\0\0\0\x01\x14\x02\0",
        b"!<arch>\ndebian-binary",
        b"\xed\xab\xee\xdb",
    ];
    MAGIC.iter().any(|magic| bytes.starts_with(magic)) || is_packed_program(bytes)
}

/// Archives that are programs by what they hold, and images of disks by their end.
fn is_packed_program(bytes: &[u8]) -> bool {
    if bytes.len() >= 512 && bytes[bytes.len() - 512..].starts_with(b"koly") {
        return true;
    }
    // A compound file of Windows whose root is an installer, or a patch.
    if bytes.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") {
        return [b'\x84', b'\x86'].iter().any(|kind| {
            let class = [&[*kind][..], b"\x10\x0c\0\0\0\0\0\xc0\0\0\0\0\0\0\x46"].concat();
            memmem::find(bytes, &class).is_some()
        });
    }
    // Names of entries lie uncompressed in a zip.
    bytes.starts_with(b"PK\x03\x04")
        && [&b"META-INF/MANIFEST.MF"[..], b"AndroidManifest.xml", b"classes.dex"]
            .iter()
            .any(|name| memmem::find(bytes, name).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn programs_are_recognised_whatever_they_are_called() {
        let mut image = vec![0; 2_000];
        image[1_488..1_492].copy_from_slice(b"koly");
        for program in [
            &b"\x7fELF\x02\x01\x01"[..],
            b"MZ\x90\0",
            b"\xcf\xfa\xed\xfe\x07\0\0\x01",
            b"\xca\xfe\xba\xbe\0\0\0\x34",
            b"\xca\xfe\xba\xbe\0\0\0\x02",
            b"\0asm\x01\0\0\0",
            b"dex\n035\0",
            b"#!/bin/sh\nrm -rf /\n",
            b"\xef\xbb\xbf#!/usr/bin/env node\n",
            b"PK\x03\x04\x14\0\0\0\x08\0META-INF/MANIFEST.MF",
            b"PK\x03\x04\x14\0\0\0\x08\0AndroidManifest.xml",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1..\x84\x10\x0c\0\0\0\0\0\xc0\0\0\0\0\0\0\x46",
            &image,
        ] {
            assert_eq!(sniff(program).shape, Shape::Program, "{program:?}");
        }
    }

    #[test]
    fn documents_are_called_by_their_content() {
        for (bytes, mime) in [
            (&b"%PDF-1.7\n"[..], "application/pdf"),
            (b"Dear diary,\n", "text/plain"),
            ("Żółć".as_bytes(), "text/plain"),
            (b"", "text/plain"),
            (b"<!DOCTYPE html><script>alert(1)</script>", "text/plain"),
            (b"<?xml version=\"1.0\"?><svg onload='x'/>", "text/plain"),
            (b"PK\x03\x04\x14\0\0\0\x08\0notes.txt", "application/zip"),
            (b"BC is a province", "text/plain"),
            (b"\0\x01\x02\xff", "application/octet-stream"),
            (b"a\0b", "application/octet-stream"),
        ] {
            let found = sniff(bytes);
            assert_eq!((found.shape, found.mime), (Shape::Other, mime), "{bytes:?}");
        }
        assert_eq!(sniff(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic\0\0").shape, Shape::Other);
    }

    #[test]
    fn containers_are_told_apart() {
        for (bytes, shape, mime) in [
            (&b"OggS\0\x02"[..], Shape::Media(Container::Ogg), "audio/ogg"),
            (b"OggS\0\x02 \x80theora", Shape::Video, "video/ogg"),
            (b"\x1a\x45\xdf\xa3\x84\x42\x82\x84webm", Shape::Media(Container::Matroska), "video/webm"),
            (b"\x1a\x45\xdf\xa3\x84\x42\x82\x88matroska", Shape::Media(Container::Matroska), "video/x-matroska"),
            (b"\0\0\0\x10ftypisom\0\0\0\0", Shape::Media(Container::Mp4), "video/mp4"),
            (b"\0\0\0\x10ftypqt  \0\0\0\0", Shape::Media(Container::Mp4), "video/quicktime"),
            (b"RIFF\0\0\0\0AVI LIST", Shape::Video, "video/x-msvideo"),
        ] {
            let found = sniff(bytes);
            assert_eq!((found.shape, found.mime), (shape, mime), "{bytes:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_bytes_panic(
            head in prop::sample::select(vec![&b""[..], b"OggS", b"\x1a\x45\xdf\xa3", b"\0\0\0\x10ftyp", b"PK\x03\x04",
                b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"RIFF", b"<"]),
            rest in prop::collection::vec(any::<u8>(), 0..600),
        ) {
            let _ = sniff(&[head, &rest].concat());
        }
    }
}
