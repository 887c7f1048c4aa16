//! Images that are sent as documents: they stay as they are to the pixel, and what they say besides is left out, the
//! place where they were taken among it. Pieces are copied, nothing is decoded; what cannot be walked stays whole.

use bytes::Bytes;

/// The same image without its metadata.
pub(super) fn strip(bytes: &Bytes, mime: &str) -> Bytes {
    let stripped = match mime {
        "image/jpeg" => jpeg(bytes),
        "image/png" => png(bytes),
        "image/webp" => webp(bytes),
        _ => None,
    };
    stripped.map_or_else(|| bytes.clone(), Bytes::from)
}

/// Reads a file piece by piece.
struct Pieces<'a>(&'a [u8]);

impl<'a> Pieces<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (piece, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(piece)
    }

    fn peek<const N: usize>(&self, at: usize) -> Option<[u8; N]> {
        self.0.get(at..at.checked_add(N)?)?.try_into().ok()
    }
}

/// Segments and scans up to the end of the image: what applications and comments say goes, colours stay, and so does
/// which way is up. What follows the end (some cameras put further images there, with places of their own) goes too.
fn jpeg(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut pieces = Pieces(bytes);
    let mut out = pieces.take(2)?.to_vec();
    loop {
        let [mark, kind] = pieces.peek(0)?;
        if mark != 0xff {
            return None;
        }
        if kind == 0xd9 {
            out.extend_from_slice(pieces.take(2)?);
            return Some(out);
        }
        if kind == 0xff {
            // Filling before a mark.
            pieces.take(1)?;
            continue;
        }
        let length = usize::from(u16::from_be_bytes(pieces.peek(2)?));
        let segment = pieces.take(length + 2)?;
        let body = segment.get(4..)?;
        match kind {
            0xe1 => out.extend(upright(body).into_iter().flatten()),
            // What the picture's own format, its colours and Adobe's need is kept.
            0xe3..=0xed | 0xef | 0xfe => {}
            0xe2 if !body.starts_with(b"ICC_PROFILE") => {}
            0xda => {
                out.extend_from_slice(segment);
                out.extend_from_slice(pieces.take(scanned(pieces.0)?)?);
            }
            _ => out.extend_from_slice(segment),
        }
    }
}

/// Bytes of a scan up to the next mark. Within it a 0xff is followed by a zero, or is a mark of its own to start again.
fn scanned(bytes: &[u8]) -> Option<usize> {
    memchr::memchr_iter(0xff, bytes).find(|at| !matches!(bytes.get(at + 1), Some(0 | 0xd0..=0xd7)))
}

/// A segment that says nothing but which way is up, when this one says that it is not as stored.
fn upright(exif: &[u8]) -> Option<[u8; 36]> {
    let tiff = exif.strip_prefix(b"Exif\0\0")?;
    let little = tiff.starts_with(b"II");
    let short = |at: usize| {
        let two: [u8; 2] = tiff.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if little { u16::from_le_bytes(two) } else { u16::from_be_bytes(two) })
    };
    let long = |at: usize| {
        let four: [u8; 4] = tiff.get(at..at.checked_add(4)?)?.try_into().ok()?;
        usize::try_from(if little { u32::from_le_bytes(four) } else { u32::from_be_bytes(four) }).ok()
    };
    let directory = long(4)?;
    let entries = (0..usize::from(short(directory)?)).filter_map(|nth| directory.checked_add(2 + 12 * nth));
    let turned = entries.filter(|at| short(*at) == Some(0x0112)).find_map(|at| short(at.checked_add(8)?))?;
    let turned = u8::try_from(turned).ok().filter(|turned| (2..=8).contains(turned))?;
    let mut segment = *b"\xff\xe1\0\x22Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\0\0\0\0\0\0\0";
    segment[29] = turned;
    Some(segment)
}

fn png(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut pieces = Pieces(bytes);
    let mut out = pieces.take(8)?.to_vec();
    while !pieces.0.is_empty() {
        let length = usize::try_from(u32::from_be_bytes(pieces.peek(0)?)).ok()?;
        let kind: [u8; 4] = pieces.peek(4)?;
        let chunk = pieces.take(length.checked_add(12)?)?;
        if ![*b"eXIf", *b"tEXt", *b"zTXt", *b"iTXt", *b"tIME"].contains(&kind) {
            out.extend_from_slice(chunk);
        }
        if kind == *b"IEND" {
            // What follows the end is no part of the image.
            break;
        }
    }
    Some(out)
}

fn webp(bytes: &[u8]) -> Option<Vec<u8>> {
    /// Flags of the extended head: there is EXIF, there is XMP.
    const SAID: u8 = 0b0000_1100;
    let mut pieces = Pieces(bytes);
    let mut out = pieces.take(12)?.to_vec();
    while !pieces.0.is_empty() {
        let kind: [u8; 4] = pieces.peek(0)?;
        let length = usize::try_from(u32::from_le_bytes(pieces.peek(4)?)).ok()?;
        let padded = length.checked_add(length % 2)?.checked_add(8)?;
        let chunk = pieces.take(padded)?;
        if kind == *b"EXIF" || kind == *b"XMP " {
            continue;
        }
        let at = out.len();
        out.extend_from_slice(chunk);
        if kind == *b"VP8X" {
            *out.get_mut(at + 8)? &= !SAID;
        }
    }
    let size = u32::try_from(out.len() - 8).ok()?;
    out[4..8].copy_from_slice(&size.to_le_bytes());
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{DynamicImage, ImageDecoder as _, ImageFormat, RgbImage, metadata::Orientation};
    use proptest::prelude::*;
    use std::io::Cursor;

    fn written(format: ImageFormat) -> Vec<u8> {
        let image = RgbImage::from_fn(20, 10, |x, y| image::Rgb([u8::try_from(x * 9 + y).unwrap(), 7, 200]));
        let mut out = Cursor::new(Vec::new());
        DynamicImage::ImageRgb8(image).write_to(&mut out, format).unwrap();
        out.into_inner()
    }

    /// Turned by a quarter, at a place, in the order of either byte.
    fn exif(little: bool) -> Vec<u8> {
        let mut exif = if little {
            b"Exif\0\0II\x2a\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0".to_vec()
        } else {
            b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0".to_vec()
        };
        exif.extend(b"GPS 38.7223");
        exif
    }

    fn jpeg_with(exif: &[u8]) -> Vec<u8> {
        let jpeg = written(ImageFormat::Jpeg);
        let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
        let comment = b"\xff\xfe\0\x0dGPS 38.7223";
        [&jpeg[..2], b"\xff\xe1", &length, exif, b"\xff", comment, &jpeg[2..], b"\xff\xd8 another, GPS"].concat()
    }

    /// Chunks before the last one.
    fn png_with(kind: &[u8], body: &[u8]) -> Vec<u8> {
        let png = written(ImageFormat::Png);
        let (head, end) = png.split_at(png.len() - 12);
        [head, &u32::try_from(body.len()).unwrap().to_be_bytes(), kind, body, b"\0\0\0\0", end].concat()
    }

    fn webp_with(body: &[u8]) -> Vec<u8> {
        let webp = written(ImageFormat::WebP);
        let extended = b"VP8X\x0a\0\0\0\x0c\0\0\0\x13\0\0\x09\0\0";
        let length = u32::try_from(body.len()).unwrap().to_le_bytes();
        let padding = vec![0; body.len() % 2];
        [&webp[..12], extended, &webp[12..], b"EXIF", &length, body, &padding].concat()
    }

    fn says(bytes: &[u8]) -> bool {
        bytes.windows(3).any(|w| w == b"GPS")
    }

    #[test]
    fn pixels_stay_and_places_go() {
        for (mime, said, format) in [
            ("image/jpeg", jpeg_with(&exif(false)), ImageFormat::Jpeg),
            ("image/png", png_with(b"eXIf", b"GPS 38.7223"), ImageFormat::Png),
            ("image/png", png_with(b"tEXt", b"Comment\0GPS 38.7223"), ImageFormat::Png),
            ("image/webp", webp_with(b"GPS 38.722"), ImageFormat::WebP),
            ("image/webp", webp_with(b"GPS 38.7223"), ImageFormat::WebP),
        ] {
            assert!(says(&said), "{mime}");
            let kept = strip(&said.into(), mime);
            assert!(!says(&kept), "{mime}");
            let read = |bytes: &[u8]| image::load_from_memory_with_format(bytes, format).unwrap().to_rgb8();
            assert_eq!(read(&kept), read(&written(format)), "{mime}");
            // What says nothing stays to the byte.
            assert_eq!(strip(&kept, mime), kept);
        }
    }

    #[test]
    fn which_way_is_up_stays() {
        for little in [false, true] {
            let kept = strip(&jpeg_with(&exif(little)).into(), "image/jpeg");
            let mut decoder = image::codecs::jpeg::JpegDecoder::new(Cursor::new(&kept)).unwrap();
            assert_eq!(decoder.orientation().unwrap(), Orientation::Rotate90);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: 1_500, ..ProptestConfig::default() })]

        #[test]
        fn no_bytes_panic(
            sample in prop::sample::select(vec![
                ("image/jpeg", jpeg_with(&exif(true))), ("image/png", png_with(b"tEXt", b"x\0y")), ("image/webp", webp_with(b"xyz")),
            ]),
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8), cut in 0_usize..900,
        ) {
            let (mime, mut bytes) = sample;
            for (at, byte) in changes {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            bytes.truncate(cut);
            prop_assert!(strip(&Bytes::from(bytes.clone()), mime).len() <= bytes.len() + 36);
        }
    }
}
