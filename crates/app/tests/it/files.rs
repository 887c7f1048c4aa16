//! Files: what is taken as what, what is kept of it, and who may see it.

use crate::recordings;
use base::time::{HOUR, MINUTE};
use image::{DynamicImage, ImageFormat, RgbImage};
use serde_json::{Value, json};
use std::io::Cursor;
use testkit::{Actor, Answer, Couple, TestApp};

pub const DOCUMENT: &[u8] = b"%PDF-1.7 a letter";

/// A picture of this size, in few bytes.
pub fn picture(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let image = RgbImage::from_pixel(width, height, image::Rgb([200, 40, 40]));
    let mut out = Cursor::new(Vec::new());
    DynamicImage::ImageRgb8(image).write_to(&mut out, format).unwrap();
    out.into_inner()
}

pub async fn upload(who: &Actor, about: &str, bytes: impl Into<axum::body::Bytes>) -> Answer {
    // The type says nothing, so a wrong one does no harm.
    let call = who.call("POST", &format!("/v1/files?kind={about}")).header("content-type", "text/x-anything");
    call.bytes(bytes).await
}

/// Path and query of a signed link.
pub fn path(link: &Value) -> String {
    link.as_str().unwrap().strip_prefix("http://o2o.test").unwrap().to_owned()
}

pub async fn open(app: &TestApp, link: &Value) -> Answer {
    app.get(&path(link)).await
}

/// Keys of all objects of files.
pub async fn stored(app: &TestApp) -> Vec<String> {
    let mut keys = Vec::new();
    for folder in ["files/", "uploads/"] {
        let found = app.core().ports.objects.list(folder, None, 1_000).await.unwrap();
        keys.extend(found.into_iter().map(|meta| meta.key));
    }
    keys
}

fn size(answer: &Answer) -> (u32, u32) {
    let image = image::load_from_memory(answer.bytes()).unwrap();
    (image.width(), image.height())
}

#[tokio::test]
async fn an_image_is_kept_in_two_sizes() {
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP, ImageFormat::Gif] {
        let file = upload(&ana, "image&name=us.jpg", picture(640, 480, format)).await.expect(201);
        assert!(file.text("/id").starts_with("fil_"));
        let large = open(&app, &file.at("/url")).await.expect(200);
        let described = json!([file.at("/kind"), file.at("/name"), file.at("/mime"), file.at("/size")]);
        assert_eq!(described, json!(["image", "us.jpg", "image/jpeg", large.bytes().len()]));
        assert_eq!((file.at("/width"), file.at("/height"), size(&large)), (640.into(), 480.into(), (640, 480)));
        let small = open(&app, &file.at("/thumbnail_url")).await.expect(200);
        assert_eq!((size(&small), small.header("content-type")), ((320, 240), Some("image/jpeg")));
        assert_eq!(file.at("/duration_s"), Value::Null);
    }
    let wide = upload(&ana, "image", picture(3_000, 30, ImageFormat::Png)).await.expect(201);
    assert_eq!((wide.at("/width"), wide.at("/height")), (2_560.into(), 26.into()));
    assert_eq!(size(&open(&app, &wide.at("/url")).await.expect(200)), (2_560, 26));
    assert_eq!(wide.text("/name"), "photo-2026-11-22.jpg");
}

/// An APP1 segment that says "turned by a quarter" and where the photo was taken.
fn with_exif(jpeg: &[u8]) -> Vec<u8> {
    let mut exif = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0".to_vec();
    exif.extend_from_slice(b"GPS 38.7223 -9.1393");
    let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
    [&jpeg[..2], b"\xff\xe1", &length, &exif, &jpeg[2..]].concat()
}

#[tokio::test]
async fn where_a_photo_was_taken_is_not_kept() {
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    let file = upload(&ana, "image", with_exif(&picture(64, 32, ImageFormat::Jpeg))).await.expect(201);
    let document = upload(&ana, "document", with_exif(&picture(64, 32, ImageFormat::Jpeg))).await.expect(201);
    let kept = open(&app, &document.at("/url")).await.expect(200);
    assert!(!kept.bytes().windows(4).any(|w| w == b"GPS "));
    assert_eq!((document.text("/mime"), size(&kept)), ("image/jpeg".to_owned(), (64, 32)));
    // Turned upright, so nothing is lost with the word about it.
    assert_eq!((file.at("/width"), file.at("/height")), (32.into(), 64.into()));
    for link in ["/url", "/thumbnail_url"] {
        let kept = open(&app, &file.at(link)).await.expect(200);
        assert!(!kept.bytes().windows(4).any(|w| w == b"Exif" || w == b"GPS "), "{link}");
    }
}

#[tokio::test]
async fn voice_notes_tell_how_long_they_are() {
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    for (bytes, mime) in [
        (recordings::ogg(1_500), "audio/ogg"),
        (recordings::webm(1_500, None, false), "audio/webm"),
        (recordings::webm(1_500, Some(1_500), false), "audio/webm"),
        (recordings::mp4(1_500, false), "audio/mp4"),
        (recordings::fragmented(1_500), "audio/mp4"),
    ] {
        // What the caller says does not count where the container tells.
        let file = upload(&ana, "voice&duration_s=7", bytes.clone()).await.expect(201);
        let seconds = file.at("/duration_s").as_f64().unwrap();
        assert!((seconds - 1.5).abs() < 0.03, "{mime}: {seconds}");
        assert_eq!((file.text("/kind"), file.text("/mime")), ("voice".to_owned(), mime.to_owned()));
        assert_eq!(open(&app, &file.at("/url")).await.expect(200).bytes(), &bytes);
        assert!(file.text("/name").starts_with("voice-2026-11-22."), "{}", file.text("/name"));
    }
    // The other word for it.
    assert_eq!(upload(&ana, "audio", recordings::ogg(200)).await.expect(201).text("/kind"), "voice");
}

#[tokio::test]
async fn a_voice_note_has_ten_minutes() {
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    for of in [recordings::ogg, |ms| recordings::webm(ms, None, false), |ms| recordings::mp4(ms, false)] {
        upload(&ana, "voice", of(600_000)).await.expect(201);
        upload(&ana, "voice", of(600_020)).await.invalid(&[("/file", "too_long")]);
    }
    let silent = recordings::webm(0, None, false);
    upload(&ana, "voice&duration_s=3", silent).await.invalid(&[("/file", "invalid_file")]);
    upload(&ana, "voice", &b"OggS and nothing else"[..]).await.invalid(&[("/file", "invalid_file")]);
    let cut = recordings::mp4(1_000, false);
    upload(&ana, "voice", cut[..200].to_vec()).await.invalid(&[("/file", "invalid_file")]);
}

#[tokio::test]
async fn a_video_takes_the_callers_word_where_its_container_is_silent() {
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    for (bytes, mime, seconds) in [
        (recordings::mp4(2_000, true), "video/mp4", Some(2.0)),
        (recordings::webm(2_000, Some(2_000), true), "video/webm", Some(2.0)),
        (b"RIFF\0\0\0\0AVI LIST and so on".to_vec(), "video/x-msvideo", Some(9.5)),
    ] {
        let file = upload(&ana, "video&duration_s=9.5", bytes).await.expect(201);
        assert_eq!((file.text("/mime"), file.at("/duration_s").as_f64()), (mime.to_owned(), seconds));
    }
    let silent = upload(&ana, "video", &b"RIFF\0\0\0\0AVI LIST and so on"[..]).await.expect(201);
    assert_eq!(silent.at("/duration_s"), Value::Null);
    for bad in ["-1", "86401", "NaN", "x"] {
        let answer = upload(&ana, &format!("video&duration_s={bad}"), recordings::mp4(100, true)).await;
        assert_eq!(answer.status(), 422, "{bad}: {answer:?}");
    }
}

/// What is not what it is sent as is refused, whatever it is called.
#[tokio::test]
async fn disguises_are_refused() {
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    let (photo, sound) = (picture(4, 4, ImageFormat::Png), recordings::ogg(500));
    let (film, page) = (recordings::mp4(500, true), b"<html><script>x</script></html>".to_vec());
    for (kind, bytes) in [
        ("image&name=photo.jpg", DOCUMENT.to_vec()),
        ("image&name=photo.jpg", page.clone()),
        ("image&name=photo.jpg", sound.clone()),
        ("voice&name=voice.ogg", photo.clone()),
        ("voice&name=voice.mp4", film.clone()),
        ("voice&name=voice.webm", recordings::webm(500, None, true)),
        ("voice&name=voice.ogg", DOCUMENT.to_vec()),
        ("video&name=film.mp4", photo.clone()),
        ("video&name=film.mp4", sound),
        ("video&name=film.mp4", recordings::mp4(500, false)),
        ("video&name=film.mp4", DOCUMENT.to_vec()),
    ] {
        upload(&ana, kind, bytes).await.problem(415, "unsupported_media_type");
    }
    for program in
        [&b"MZ\x90\0\x03"[..], b"\x7fELF\x02\x01", b"#!/bin/sh\n", b"\0asm\x01\0\0\0", b"\xca\xfe\xba\xbe\0\0\0\x34"]
    {
        upload(&ana, "document&name=letter.pdf", program).await.invalid(&[("/file", "executable")]);
        let answer = upload(&ana, "image&name=photo.jpg", program).await;
        assert!(matches!(answer.status(), 415 | 422), "{answer:?}");
    }
    for name in ["setup.exe", "run.SH", "x.jar", "letter.pdf.bat"] {
        upload(&ana, &format!("document&name={name}"), DOCUMENT).await.invalid(&[("/query/name", "executable")]);
    }
    assert_eq!(stored(&app).await, [""; 0]);
}

#[tokio::test]
async fn documents_stay_as_they_are() {
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    for (bytes, mime, name) in [
        (DOCUMENT, "application/pdf", "document-2026-11-22.pdf"),
        (b"Dear Ben,\n", "text/plain", "document-2026-11-22.txt"),
        (b"{\"a\": 1}", "text/plain", "document-2026-11-22.txt"),
        (b"<html><script>alert(1)</script></html>", "text/plain", "document-2026-11-22.txt"),
        (b"\0\x01\xff", "application/octet-stream", "document-2026-11-22.bin"),
    ] {
        let file = upload(&ana, "document", bytes).await.expect(201);
        assert_eq!((file.text("/mime"), file.text("/name")), (mime.to_owned(), name.to_owned()));
        let read = open(&app, &file.at("/url")).await.expect(200);
        assert_eq!((&read.bytes()[..], read.header("content-type")), (bytes, Some(mime)));
        assert_eq!(read.header("x-content-type-options"), Some("nosniff"));
        assert!(read.header("content-security-policy").unwrap().contains("sandbox"));
    }
    assert_eq!(upload(&ana, "file", DOCUMENT).await.expect(201).text("/kind"), "document");
}

/// Each limit, and a byte more.
#[tokio::test]
async fn every_kind_has_its_size() {
    const MIB: usize = 1024 * 1024;
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    for (kind, begin, largest) in [
        ("image", picture(4, 4, ImageFormat::Png), 10 * MIB),
        ("voice", recordings::mp4(500, false), 5 * MIB),
        ("video", b"RIFF\0\0\0\0AVI LIST".to_vec(), 25 * MIB),
        ("document", DOCUMENT.to_vec(), 25 * MIB),
    ] {
        // A box without meaning, for those who read boxes.
        let rest =
            |bytes: usize| [&u32::try_from(bytes).unwrap().to_be_bytes()[..], b"free", &vec![0; bytes - 8]].concat();
        let sized = |bytes: usize| [begin.clone(), rest(bytes - begin.len())].concat();
        upload(&ana, kind, sized(largest)).await.expect(201);
        upload(&ana, kind, sized(largest + 1)).await.problem(413, "payload_too_large");
        upload(&ana, kind, "").await.invalid(&[("/file", "required")]);
    }
    upload(&ana, "document", vec![b'x'; 27 * MIB]).await.problem(413, "payload_too_large");
    upload(&ana, "sticker", DOCUMENT).await.invalid(&[("/query/kind", "unknown_value")]);
    ana.call("POST", "/v1/files").bytes(DOCUMENT).await.invalid(&[("/query/kind", "required")]);
}

#[tokio::test]
async fn a_form_brings_its_name() {
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    let form = |file_name: &str| {
        let head = format!(
            "--b\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nhi\r\n\
             --b\r\nContent-Disposition: form-data; name=\"file\"{file_name}\r\n\r\n"
        );
        [head.as_bytes(), DOCUMENT, b"\r\n--b--\r\n"].concat()
    };
    let send = async |about: &str, body: Vec<u8>| {
        let call = ana.call("POST", &format!("/v1/files?kind=document{about}"));
        call.header("content-type", "multipart/form-data; boundary=b").bytes(body).await
    };
    let named = send("", form("; filename=\"C:\\\\docs\\\\plan.pdf\"")).await.expect(201);
    assert_eq!(named.text("/name"), "plan.pdf");
    let both = send("&name=%20Our%20plan%20", form("; filename=\"x.pdf\"")).await.expect(201);
    assert_eq!((both.text("/name"), both.at("/size")), ("Our plan".to_owned(), DOCUMENT.len().into()));
    assert_eq!(send("", form("")).await.expect(201).text("/name"), "document-2026-11-22.pdf");
    send("", form("; filename=\"run.exe\"")).await.invalid(&[("/file", "executable")]);
    send("", b"--b\r\nbroken".to_vec()).await.problem(400, "malformed");
    let empty = b"--b\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\nhi\r\n--b--\r\n".to_vec();
    send("", empty).await.invalid(&[("/file", "required")]);
    let no = "a".repeat(256);
    for (name, code) in
        [("a%2Fb", "unknown_value"), ("a%0Ab", "unknown_value"), ("%5C", "unknown_value"), (&*no, "too_long")]
    {
        send(&format!("&name={name}"), form("")).await.invalid(&[("/query/name", code)]);
    }
    send(&format!("&name={}", "a".repeat(255)), form("")).await.expect(201);
}

#[tokio::test]
async fn a_file_is_its_owners() {
    let Couple { app, alice, bob, stranger, anon, .. } = TestApp::couple().await;
    let file = upload(&alice, "document&name=plan.pdf", DOCUMENT).await.expect(201);
    let path = format!("/v1/files/{}", file.text("/id"));
    assert_eq!(alice.get(&path).await.expect(200).json(), file.json());
    for who in [&bob, &stranger] {
        who.get(&path).await.problem(404, "not_found");
        who.delete(&path).await.problem(404, "not_found");
    }
    anon.get(&path).await.problem(401, "unauthenticated");
    alice.delete(&path).await.expect(204);
    for gone in [alice.get(&path).await, alice.delete(&path).await] {
        gone.problem(404, "not_found");
    }
    app.settle().await;
    open(&app, &file.at("/url")).await.expect(404);
    assert_eq!(stored(&app).await, [""; 0]);
}

/// Links open for whoever has them, in parts too, for 10 to 20 minutes, and are the same within ten.
#[tokio::test]
async fn links_are_short_lived_and_steady() {
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    app.advance(10 * MINUTE - app.now().0 % (10 * MINUTE));
    let file = upload(&ana, "document", DOCUMENT).await.expect(201);
    let path_of = format!("/v1/files/{}", file.text("/id"));
    let link = file.at("/url");
    let part = app.get(&path(&link)).header("range", "bytes=5-7").await.expect(206);
    assert_eq!((part.body(), part.header("content-range")), ("1.7", Some("bytes 5-7/17")));
    let (unsigned, _) = link.as_str().unwrap().split_once('?').unwrap();
    open(&app, &unsigned.into()).await.problem(403, "forbidden");
    open(&app, &format!("{}x", link.as_str().unwrap()).into()).await.problem(403, "forbidden");
    app.advance(10 * MINUTE - 1);
    let ana = ana.renewed().await;
    assert_eq!(ana.get(&path_of).await.expect(200).at("/url"), link);
    app.advance(1);
    let renewed = ana.get(&path_of).await.expect(200).at("/url");
    assert_ne!(renewed, link);
    open(&app, &link).await.expect(200);
    app.advance(10 * MINUTE + 1_000);
    open(&app, &link).await.problem(403, "forbidden");
    open(&app, &renewed).await.expect(200);
    app.advance(HOUR);
    open(&app, &renewed).await.problem(403, "forbidden");
}

#[tokio::test]
async fn a_repeated_upload_is_one_file() {
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    let send = async |key: &str, about: &str, body: &[u8]| {
        ana.call("POST", &format!("/v1/files?kind=document{about}")).key(key).bytes(body.to_vec()).await
    };
    let first = send("one", "", DOCUMENT).await.expect(201);
    assert_eq!(send("one", "", DOCUMENT).await.expect(201).json(), first.json());
    assert_eq!(stored(&app).await.len(), 1);
    send("one", "", b"other").await.problem(422, "idempotency_key_reused");
    send("one", "&name=x", DOCUMENT).await.problem(422, "idempotency_key_reused");
    assert_ne!(send("two", "", DOCUMENT).await.expect(201).at("/id"), first.at("/id"));
    // A form is the same form whatever its boundary.
    let form = async |key: &str, boundary: &str, file: &str| {
        let part = "Content-Disposition: form-data; name=\"file\"; filename=\"a.txt\"";
        let body = format!("--{boundary}\r\n{part}\r\n\r\n{file}\r\n--{boundary}--\r\n");
        let kind = format!("multipart/form-data; boundary={boundary}");
        ana.call("POST", "/v1/files?kind=document").key(key).header("content-type", &kind).bytes(body).await
    };
    let first = form("three", "abc", "hello").await.expect(201);
    assert_eq!(form("three", "xyz", "hello").await.expect(201).json(), first.json());
    form("three", "xyz", "other").await.problem(422, "idempotency_key_reused");
}
