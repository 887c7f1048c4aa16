//! The picture: what is taken, what is kept, what is refused, and that profile and objects agree whatever happens.

use base::time::{DAY, HOUR};
use image::{DynamicImage, ImageFormat, RgbImage};
use ports::objects::PutWhen;
use serde_json::{Value, json};
use std::io::Cursor;
use testkit::{Actor, Answer, Couple, TestApp};

/// A picture of this size.
fn picture(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let shade = |x: u32, y: u32| u8::try_from((x * 7 + y * 3) % 256).unwrap();
    let image = RgbImage::from_fn(width, height, |x, y| image::Rgb([shade(x, y), 90, shade(y, x)]));
    let mut out = Cursor::new(Vec::new());
    DynamicImage::ImageRgb8(image).write_to(&mut out, format).unwrap();
    out.into_inner()
}

pub fn png(width: u32, height: u32) -> Vec<u8> {
    picture(width, height, ImageFormat::Png)
}

async fn put(who: &Actor, kind: &str, bytes: impl Into<axum::body::Bytes>) -> Answer {
    who.call("PUT", "/v1/me/picture").header("content-type", kind).bytes(bytes).await
}

/// Keys of all pictures.
async fn stored(app: &TestApp) -> Vec<String> {
    let found = app.core().ports.objects.list("pictures/", None, 1_000).await.unwrap();
    found.into_iter().map(|meta| meta.key).collect()
}

/// What a link opens, for anybody who has it.
async fn open(app: &TestApp, link: &Value) -> Answer {
    let link = link.as_str().unwrap();
    app.get(link.strip_prefix("http://o2o.test").unwrap()).await
}

fn size(answer: &Answer) -> (u32, u32) {
    let image = image::load_from_memory(answer.bytes()).unwrap();
    (image.width(), image.height())
}

#[tokio::test]
async fn a_picture_is_taken_in_four_formats_and_kept_small() {
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    for (kind, format) in [
        ("image/jpeg", ImageFormat::Jpeg),
        ("image/png", ImageFormat::Png),
        ("image/webp", ImageFormat::WebP),
        ("image/gif", ImageFormat::Gif),
        // What it is called does not matter.
        ("image/gif", ImageFormat::Png),
        ("application/octet-stream", ImageFormat::Jpeg),
    ] {
        let answer = put(&ana, kind, picture(600, 400, format)).await.expect(200);
        let me = ana.get("/v1/me").await.expect(200);
        assert_eq!((me.json(), me.header("etag")), (answer.json(), answer.header("etag")));
        for (field, expected) in [("/avatar_url", (512, 341)), ("/avatar_thumbnail_url", (128, 85))] {
            let link = answer.at(field);
            let kept = open(&app, &link).await.expect(200);
            assert_eq!((size(&kept), kept.header("content-type")), (expected, Some("image/jpeg")), "{kind}");
            assert!(kept.header("cache-control").unwrap().contains("max-age"));
        }
        app.settle().await;
        assert_eq!(stored(&app).await.len(), 2, "{kind}");
    }
}

#[tokio::test]
async fn a_form_is_taken_too() {
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    let form = |file: &[u8]| {
        let head = "--b\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nhi\r\n\
                    --b\r\nContent-Disposition: form-data; name=\"picture\"; filename=\"me.exe\"\r\n\
                    Content-Type: image/x-odd\r\n\r\n";
        [head.as_bytes(), file, b"\r\n--b--\r\n"].concat()
    };
    let answer = put(&ana, "multipart/form-data; boundary=b", form(&png(20, 10))).await.expect(200);
    assert_eq!(size(&open(&app, &answer.at("/avatar_url")).await.expect(200)), (20, 10));
    let empty = b"--b\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\nhi\r\n--b--\r\n".to_vec();
    put(&ana, "multipart/form-data; boundary=b", empty).await.invalid(&[("/picture", "required")]);
    put(&ana, "multipart/form-data; boundary=b", "--b\r\nbroken").await.problem(400, "malformed");
    put(&ana, "multipart/form-data", form(b"x")).await.problem(400, "malformed");
    // The form's own bytes do not count, the picture's do.
    let exactly = [png(4, 4), vec![0; 5_242_880 - png(4, 4).len()]].concat();
    put(&ana, "multipart/form-data; boundary=b", form(&exactly)).await.expect(200);
    put(&ana, "multipart/form-data; boundary=b", form(&[exactly, vec![0]].concat()))
        .await
        .problem(413, "payload_too_large");
    app.settle().await;
}

#[tokio::test]
async fn what_cannot_be_a_picture_is_refused_and_leaves_nothing() {
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    for bytes in [&b"%PDF-1.7 not a picture"[..], b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"BM______"] {
        put(&ana, "image/png", bytes.to_vec()).await.problem(415, "unsupported_media_type");
    }
    for kind in ["application/json", "text/plain", "", "imagejpeg"] {
        put(&ana, kind, png(4, 4)).await.problem(415, "unsupported_media_type");
    }
    let whole = png(60, 60);
    put(&ana, "image/png", whole[..whole.len() / 2].to_vec()).await.invalid(&[("/picture", "invalid_image")]);
    put(&ana, "image/png", "").await.invalid(&[("/picture", "required")]);
    let mut enormous = png(1, 1);
    enormous[16..24].copy_from_slice(&[0, 1, 0, 0, 0, 1, 0, 0]);
    let refused = put(&ana, "image/png", enormous).await;
    assert_eq!(refused.status(), 422, "{refused:?}");
    // A byte too many, and far too many.
    for length in [5_242_881, 6_000_000] {
        let mut long = png(4, 4);
        long.resize(length, 0);
        put(&ana, "image/png", long).await.problem(413, "payload_too_large");
    }
    assert_eq!(stored(&app).await, [""; 0]);
    assert_eq!(ana.get("/v1/me").await.at("/avatar_url"), Value::Null);
    let mut longest = png(4, 4);
    longest.resize(5_242_880, 0);
    put(&ana, "image/png", longest).await.expect(200);
    app.settle().await;
}

#[tokio::test]
async fn another_picture_takes_the_place_of_the_one_before() {
    let Couple { app, alice, bob, stranger, .. } = TestApp::couple().await;
    let first = put(&alice, "image/png", png(30, 30)).await.expect(200).at("/avatar_url");
    app.settle().await;
    let second = put(&alice, "image/png", png(31, 31)).await.expect(200).at("/avatar_url");
    assert_ne!(first, second);
    app.settle().await;
    open(&app, &first).await.expect(404);
    assert_eq!(size(&open(&app, &second).await.expect(200)), (31, 31));
    assert_eq!(stored(&app).await.len(), 2);
    for who in [&bob, &stranger, &alice] {
        assert_eq!(who.get(&format!("/v1/members/{}", alice.id)).await.expect(200).at("/avatar_url"), second);
    }
    assert_eq!(bob.get("/v1/couple").await.expect(200).at("/partner/avatar_url"), second);
    // A link without its signature, or a changed one, opens nothing.
    let link = second.as_str().unwrap();
    for bad in [link.split('?').next().unwrap().to_owned(), link.replace("512", "128"), format!("{link}x")] {
        open(&app, &bad.into()).await.expect(403);
    }
    alice.delete("/v1/me/picture").await.expect(204);
    alice.delete("/v1/me/picture").await.expect(204);
    let me = alice.get("/v1/me").await.expect(200);
    assert_eq!((me.at("/avatar_url"), me.at("/avatar_thumbnail_url")), (Value::Null, Value::Null));
    app.settle().await;
    assert_eq!(stored(&app).await, [""; 0]);
    open(&app, &second).await.expect(404);
}

/// Links are the same within an hour and do not last; the entity tag does not change with them.
#[tokio::test]
async fn links_are_short_lived_and_steady() {
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    app.advance(HOUR - app.now().0 % HOUR);
    let ana = ana.renewed().await;
    let before = put(&ana, "image/png", png(9, 9)).await.expect(200);
    let link = before.at("/avatar_url");
    app.advance(14 * HOUR / 60);
    assert_eq!(ana.get("/v1/me").await.expect(200).at("/avatar_url"), link);
    app.advance(46 * HOUR / 60);
    let ana = ana.renewed().await;
    let after = ana.get("/v1/me").await.expect(200);
    assert_ne!(after.at("/avatar_url"), link);
    assert_eq!(after.header("etag"), before.header("etag"));
    open(&app, &link).await.expect(200);
    app.advance(HOUR + 1_000);
    open(&app, &link).await.expect(403);
    let stale = ana.renewed().await;
    let tag = before.header("etag").unwrap();
    let change = stale.patch("/v1/me", json!({ "bio": "x" })).header("if-match", tag).await.expect(200);
    // Another picture is a change.
    let again = put(&stale, "image/png", png(9, 9)).await.expect(200);
    assert_ne!(again.header("etag"), change.header("etag"));
    app.settle().await;
}

/// Objects that no commit came to name are swept after a day; those that are named stay.
#[tokio::test]
async fn objects_of_nobody_are_swept() {
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    put(&ana, "image/png", png(9, 9)).await.expect(200);
    app.settle().await;
    let named = stored(&app).await;
    let orphans =
        [format!("pictures/{}/lost-512.jpg", ana.id), "pictures/mem_nobody/x-128.png".into(), "pictures/x".into()];
    for key in &orphans {
        let body = axum::body::Bytes::from_static(b"x");
        app.core().ports.objects.put(key, body, "image/jpeg", PutWhen::Always, app.now()).await.unwrap();
    }
    app.advance(DAY - HOUR);
    app::work::reconcile(app.core()).await;
    assert_eq!(stored(&app).await.len(), named.len() + orphans.len());
    app.advance(2 * HOUR);
    app::work::reconcile(app.core()).await;
    assert_eq!(stored(&app).await, named);
    app.settle().await;
}

/// A job that comes late, or twice, does not touch the present picture.
#[tokio::test]
async fn a_refused_commit_leaves_the_picture_before() {
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    let first = put(&ana, "image/png", png(9, 9)).await.expect(200).at("/avatar_url");
    app.settle().await;
    crate::identity::execute(&app, "create trigger t before update on profiles begin select raise(abort, 'no'); end")
        .await;
    let status = put(&ana, "image/png", png(10, 10)).await.status();
    assert!(status >= 500, "{status}");
    crate::identity::execute(&app, "drop trigger t").await;
    assert_eq!(ana.get("/v1/me").await.expect(200).at("/avatar_url"), first);
    assert_eq!(size(&open(&app, &first).await.expect(200)), (9, 9));
    // The new one's objects are left for the sweep.
    assert_eq!(stored(&app).await.len(), 4);
    app.advance(25 * HOUR);
    app::work::reconcile(app.core()).await;
    assert_eq!(stored(&app).await.len(), 2);
    app.settle().await;
}

#[tokio::test]
async fn of_two_pictures_at_once_one_stays() {
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    let both = (10..14).map(|edge| {
        let ana = ana.clone();
        async move { put(&ana, "image/png", png(edge, edge)).await.status() }
    });
    assert_eq!(crate::raced(both).await, [200; 4]);
    app.settle().await;
    assert_eq!(stored(&app).await.len(), 2);
    let link = ana.get("/v1/me").await.expect(200).at("/avatar_url");
    open(&app, &link).await.expect(200);
}
