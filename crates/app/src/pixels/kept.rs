//! From the bytes somebody sent to images of ours: decoded within limits, turned as the camera was held, made small,
//! written anew. Nothing but pixels survives, so neither does the place where a photo was taken.

use bytes::Bytes;
use image::{
    DynamicImage, ImageDecoder as _, ImageFormat, ImageReader, Limits,
    codecs::{jpeg::JpegEncoder, png::PngEncoder},
    imageops::FilterType,
    metadata::Orientation,
};
use std::io::Cursor;

/// Pixels of a picture at most, as today's telephones take them; and of one edge.
const PIXELS: u64 = 64_000_000;
const EDGE: u32 = 20_000;
/// Bytes a decoder may ask for: four for each pixel, and what it needs itself.
const MEMORY: u64 = 384 * 1024 * 1024;
const QUALITY: u8 = 85;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// None of the four formats, whatever it was called.
    Format,
    /// Too many pixels.
    Size,
    /// Cut short, or not what it begins as.
    Broken,
}

/// A picture as it is kept.
#[derive(Debug)]
pub struct Picture {
    pub large: Bytes,
    pub small: Bytes,
    /// Of the large one, in pixels.
    pub width: u32,
    pub height: u32,
    pub content_type: &'static str,
    pub ending: &'static str,
}

/// The format by its first bytes; names and headers are not asked.
pub(super) fn sniff(bytes: &[u8]) -> Result<ImageFormat, Refused> {
    match image::guess_format(bytes) {
        Ok(format @ (ImageFormat::Jpeg | ImageFormat::Png | ImageFormat::WebP | ImageFormat::Gif)) => Ok(format),
        _ => Err(Refused::Format),
    }
}

/// Both sizes, each no larger than the picture is. Of an animation the first image.
pub(super) fn prepare(bytes: &[u8], format: ImageFormat, [large, small]: [u32; 2]) -> Result<Picture, Refused> {
    let (image, orientation) = decode(bytes, format)?;
    let mut image = fit(&image, large);
    // Turned when it is small: the edges are equal, so the order does not matter.
    image.apply_orientation(orientation);
    let thumbnail = fit(&image, small);
    let transparent = image.color().has_alpha() && image.to_rgba8().pixels().any(|p| p.0[3] < u8::MAX);
    let (content_type, ending) = if transparent { ("image/png", "png") } else { ("image/jpeg", "jpg") };
    Ok(Picture {
        large: encode(&image, transparent)?,
        small: encode(&thumbnail, transparent)?,
        width: image.width(),
        height: image.height(),
        content_type,
        ending,
    })
}

fn decode(bytes: &[u8], format: ImageFormat) -> Result<(DynamicImage, Orientation), Refused> {
    let mut limits = Limits::default();
    limits.max_image_width = Some(EDGE);
    limits.max_image_height = Some(EDGE);
    limits.max_alloc = Some(MEMORY);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(|e| refused(&e))?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > PIXELS || decoder.total_bytes() > MEMORY {
        return Err(Refused::Size);
    }
    if width == 0 || height == 0 {
        return Err(Refused::Broken);
    }
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let image = DynamicImage::from_decoder(decoder).map_err(|e| refused(&e))?;
    Ok((image, orientation))
}

fn refused(error: &image::ImageError) -> Refused {
    match error {
        image::ImageError::Limits(_) => Refused::Size,
        _ => Refused::Broken,
    }
}

/// Within a square of `edge`, with the proportions it has; never enlarged.
fn fit(image: &DynamicImage, edge: u32) -> DynamicImage {
    if image.width() <= edge && image.height() <= edge {
        return image.clone();
    }
    image.resize(edge, edge, FilterType::CatmullRom)
}

fn encode(image: &DynamicImage, transparent: bool) -> Result<Bytes, Refused> {
    let mut out = Vec::new();
    let written = if transparent {
        image.to_rgba8().write_with_encoder(PngEncoder::new(&mut out))
    } else {
        image.to_rgb8().write_with_encoder(JpegEncoder::new_with_quality(&mut out, QUALITY))
    };
    written.map_err(|_| Refused::Broken)?;
    Ok(Bytes::from(out))
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{Rgba, RgbaImage};

    fn written(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut out = Cursor::new(Vec::new());
        image.write_to(&mut out, format).unwrap();
        out.into_inner()
    }

    /// Left half red, right half blue.
    fn halves(width: u32, height: u32) -> DynamicImage {
        let colour = |x| if x < width / 2 { Rgba([250, 10, 10, 255]) } else { Rgba([10, 10, 250, 255]) };
        DynamicImage::ImageRgba8(RgbaImage::from_fn(width, height, |x, _| colour(x)))
    }

    fn kept(bytes: &[u8]) -> Result<Picture, Refused> {
        prepare(bytes, sniff(bytes)?, [512, 128])
    }

    fn read(bytes: &[u8]) -> DynamicImage {
        image::load_from_memory(bytes).unwrap()
    }

    #[test]
    fn every_format_becomes_two_plain_images() {
        let rgb = DynamicImage::ImageRgb8(halves(600, 300).to_rgb8());
        for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP, ImageFormat::Gif] {
            let picture = kept(&written(&rgb, format)).unwrap();
            assert_eq!(picture.content_type, "image/jpeg", "{format:?}");
            let (large, small) = (read(&picture.large), read(&picture.small));
            assert_eq!((large.width(), large.height(), small.width(), small.height()), (512, 256, 128, 64));
            assert_eq!((picture.width, picture.height), (512, 256));
            let left = large.to_rgb8().get_pixel(20, 100).0;
            assert!(left[0] > 200 && left[2] < 60, "{format:?}: {left:?}");
        }
    }

    #[test]
    fn a_small_one_is_not_enlarged_and_keeps_its_transparency() {
        let mut image = halves(10, 20).to_rgba8();
        assert_eq!(kept(&written(&image.clone().into(), ImageFormat::Png)).unwrap().content_type, "image/jpeg");
        image.put_pixel(0, 0, Rgba([0, 0, 0, 0]));
        let picture = kept(&written(&image.into(), ImageFormat::Png)).unwrap();
        assert_eq!((picture.content_type, picture.ending), ("image/png", "png"));
        let large = read(&picture.large).to_rgba8();
        assert_eq!((large.dimensions(), large.get_pixel(0, 0).0[3]), ((10, 20), 0));
        assert_eq!(picture.large, picture.small);
    }

    /// An APP1 segment that says "turned by a quarter" and where the photo was taken.
    fn with_exif(jpeg: &[u8]) -> Vec<u8> {
        let mut exif = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01".to_vec();
        // Orientation (0x0112), a short, one of it: 6, then no further directory.
        exif.extend_from_slice(b"\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0");
        exif.extend_from_slice(b"GPS 38.7223 -9.1393");
        let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
        [&jpeg[..2], b"\xff\xe1", &length, &exif, &jpeg[2..]].concat()
    }

    #[test]
    fn a_photo_is_turned_upright_and_loses_its_metadata() {
        let jpeg = with_exif(&written(&DynamicImage::ImageRgb8(halves(64, 32).to_rgb8()), ImageFormat::Jpeg));
        assert!(jpeg.windows(3).any(|w| w == b"GPS"));
        let picture = kept(&jpeg).unwrap();
        for bytes in [&picture.large, &picture.small] {
            assert!(!bytes.windows(4).any(|w| w == b"Exif") && !bytes.windows(3).any(|w| w == b"GPS"));
        }
        let large = read(&picture.large).to_rgb8();
        assert_eq!((large.dimensions(), picture.width, picture.height), ((32, 64), 32, 64));
        let (top, bottom) = (large.get_pixel(16, 8).0, large.get_pixel(16, 56).0);
        assert!(top[0] > 200 && bottom[2] > 200, "{top:?} {bottom:?}");
    }

    /// A PNG of a few bytes that claims to be enormous.
    fn bomb(width: u32, height: u32) -> Vec<u8> {
        let mut png = written(&halves(1, 1), ImageFormat::Png);
        png[16..20].copy_from_slice(&width.to_be_bytes());
        png[20..24].copy_from_slice(&height.to_be_bytes());
        let crc = crc32(&png[12..29]).to_be_bytes();
        png[29..33].copy_from_slice(&crc);
        png
    }

    fn crc32(bytes: &[u8]) -> u32 {
        let step = |crc: u32, byte: &u8| {
            (0..8).fold(crc ^ u32::from(*byte), |c, _| if c & 1 == 1 { 0xEDB8_8320 ^ (c >> 1) } else { c >> 1 })
        };
        !bytes.iter().fold(u32::MAX, step)
    }

    #[test]
    fn what_is_no_picture_is_refused_for_its_reason() {
        for bytes in [&b""[..], b"x", b"%PDF-1.7", b"<svg/>", b"BM\0\0\0\0", b"\0\0\0\x20ftypavif"] {
            assert_eq!(kept(bytes).err(), Some(Refused::Format), "{bytes:?}");
        }
        for (width, height) in [(65_000, 65_000), (20_001, 1), (9_000, 9_000), (u32::MAX >> 1, 1)] {
            assert_eq!(kept(&bomb(width, height)).err(), Some(Refused::Size), "{width} × {height}");
        }
        let whole = written(&halves(40, 40), ImageFormat::Png);
        assert_eq!(kept(&whole[..whole.len() / 2]).err(), Some(Refused::Broken));
        assert_eq!(kept(b"\x89PNG\r\n\x1a\n").err(), Some(Refused::Broken));
        assert_eq!(kept(b"GIF89a").err(), Some(Refused::Broken));
        assert_eq!(kept(b"\xff\xd8\xff\xe0nothing").err(), Some(Refused::Broken));
    }
}
