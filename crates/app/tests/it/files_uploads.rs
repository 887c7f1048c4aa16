//! Uploads in two steps: the link takes what was agreed on, and the second step makes one file of it.

use crate::{
    files::{DOCUMENT, open, path, picture, stored, upload},
    files_quota::used,
    recordings,
};
use axum::body::Bytes;
use base::time::{HOUR, MINUTE};
use image::ImageFormat;
use serde_json::{Value, json};
use testkit::{Actor, Answer, Couple, TestApp};

const MIB: usize = 1024 * 1024;

async fn begin(who: &Actor, kind: &str, size: usize, mime: &str) -> Answer {
    who.post("/v1/uploads", json!({ "kind": kind, "size": size, "mime": mime })).await
}

async fn put(app: &TestApp, begun: &Answer, mime: &str, bytes: impl Into<Bytes>) -> Answer {
    app.call("PUT", &path(&begun.at("/url"))).header("content-type", mime).bytes(bytes).await
}

async fn complete(who: &Actor, begun: &Answer) -> Answer {
    who.post(&format!("/v1/uploads/{}/complete", begun.text("/id")), Value::Null).await
}

#[tokio::test]
async fn an_upload_becomes_a_file() {
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    let photo = picture(640, 480, ImageFormat::Png);
    let body = json!({ "kind": "image", "name": "us.png", "size": photo.len(), "mime": "image/png" });
    let begun = ana.post("/v1/uploads", body).await.expect(201);
    let told = json!([begun.at("/method"), begun.at("/content_type"), begun.at("/expires_at")]);
    assert_eq!(told, json!(["PUT", "image/png", app.now().plus(15 * MINUTE)]));
    assert_eq!(complete(&ana, &begun).await.problem(409, "conflict")["reason"], "not_uploaded");
    put(&app, &begun, "image/png", photo).await.expect(204);
    let file = complete(&ana, &begun).await.expect(201);
    assert_eq!((file.at("/id"), file.at("/name"), file.at("/width")), (begun.at("/id"), "us.png".into(), 640.into()));
    open(&app, &file.at("/url")).await.expect(200);
    // Again: the same file, and nothing more is taken or kept.
    let taken = used(&ana).await;
    assert_eq!(complete(&ana, &begun).await.expect(201).json(), file.json());
    assert_eq!(ana.get(&format!("/v1/files/{}", file.text("/id"))).await.expect(200).json(), file.json());
    assert_eq!((used(&ana).await, stored(&app).await.len()), (taken, 2));
}

/// A link for a large file takes more than a usual body.
#[tokio::test]
async fn a_large_file_fits_through_its_link() {
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    let film = [recordings::mp4(1_000, true), vec![0; 20 * MIB]].concat();
    let begun = begin(&ana, "video", film.len(), "video/mp4").await.expect(201);
    put(&app, &begun, "video/mp4", film.clone()).await.expect(204);
    let file = complete(&ana, &begun).await.expect(201);
    assert_eq!(file.at("/size"), film.len());
}

#[tokio::test]
async fn a_link_takes_what_was_agreed_on() {
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    let begun = begin(&ana, "document", DOCUMENT.len(), "application/pdf").await.expect(201);
    for (mime, bytes) in [
        ("application/pdf", &DOCUMENT[1..]),
        ("application/pdf", &[DOCUMENT, b"x"].concat()[..]),
        ("text/html", DOCUMENT),
        ("", DOCUMENT),
    ] {
        put(&app, &begun, mime, bytes.to_vec()).await.problem(413, "payload_too_large");
    }
    let changed = begun.text("/url").replace("min=17", "min=1");
    app.call("PUT", &path(&changed.into())).bytes("x").await.problem(403, "forbidden");
    app.advance(15 * MINUTE + 1_000);
    put(&app, &begun, "application/pdf", DOCUMENT).await.problem(403, "forbidden");
}

/// The link stays good after the second step: what it takes then is not what anybody sees.
#[tokio::test]
async fn a_file_is_not_replaced_through_its_link() {
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    let begun = begin(&ana, "document", 8, "text/plain").await.expect(201);
    put(&app, &begun, "text/plain", "harmless").await.expect(204);
    let file = complete(&ana, &begun).await.expect(201);
    put(&app, &begun, "text/plain", "#!/bin/x").await.expect(204);
    assert_eq!(open(&app, &file.at("/url")).await.expect(200).body(), "harmless");
    assert_eq!(complete(&ana, &begun).await.expect(201).json(), file.json());
}

#[tokio::test]
async fn bytes_are_judged_when_they_are_there() {
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    for (kind, bytes, status) in
        [("document", &b"MZ\x90\0"[..], 422), ("image", DOCUMENT, 415), ("voice", &b"OggS nothing"[..], 422)]
    {
        let begun = begin(&ana, kind, bytes.len(), "x/y").await.expect(201);
        put(&app, &begun, "x/y", bytes).await.expect(204);
        let answer = complete(&ana, &begun).await;
        assert_eq!(answer.status(), status, "{answer:?}");
        ana.get(&format!("/v1/files/{}", begun.text("/id"))).await.problem(404, "not_found");
    }
    assert_eq!(used(&ana).await, 0);
    let film = b"RIFF\0\0\0\0AVI LIST";
    let begun = begin(&ana, "video", film.len(), "video/avi").await.expect(201);
    put(&app, &begun, "video/avi", &film[..]).await.expect(204);
    let path = format!("/v1/uploads/{}/complete", begun.text("/id"));
    ana.post(&path, json!({ "duration_s": -1 })).await.invalid(&[("/duration_s", "out_of_range")]);
    assert_eq!(ana.post(&path, json!({ "duration_s": 3 })).await.expect(201).at("/duration_s"), 3.0);
}

#[tokio::test]
async fn what_cannot_be_begun() {
    const MIB: usize = 1024 * 1024;
    let app = TestApp::with(|settings| settings.plans.basic.storage_mib = 1).await;
    let ana = app.member("Ana").await;
    for (kind, largest) in [("image", 10 * MIB), ("voice", 5 * MIB), ("video", 25 * MIB), ("document", 25 * MIB)] {
        begin(&ana, kind, 0, "x/y").await.invalid(&[("/size", "out_of_range")]);
        begin(&ana, kind, largest + 1, "x/y").await.invalid(&[("/size", "out_of_range")]);
        begin(&ana, kind, largest, "x/y").await.problem(403, "limit_reached");
    }
    for mime in ["", "x", "/", "x/", "/y", " x/y", "x/y\n", "x/ÿ"] {
        begin(&ana, "image", 9, mime).await.invalid(&[("/mime", "unknown_value")]);
    }
    for (body, at, code) in [
        (json!({ "size": 1, "mime": "x/y" }), "/kind", "required"),
        (json!({ "kind": "sticker", "size": 1, "mime": "x/y" }), "/kind", "unknown_value"),
        (json!({ "kind": "image", "mime": "x/y" }), "/size", "required"),
        (json!({ "kind": "image", "size": 1 }), "/mime", "required"),
        (json!({ "kind": "image", "size": 1, "mime": "x/y", "name": "a/b" }), "/name", "unknown_value"),
        (json!({ "kind": "file", "size": 1, "mime": "x/y", "name": "a.exe" }), "/name", "executable"),
    ] {
        ana.post("/v1/uploads", body).await.invalid(&[(at, code)]);
    }
    for _ in 0..10 {
        begin(&ana, "document", 9, "x/y").await.expect(201);
    }
    let refused = begin(&ana, "document", 9, "x/y").await.problem(409, "conflict");
    assert_eq!(refused["reason"], "too_many_uploads");
    app.advance(HOUR);
    begin(&ana.renewed().await, "document", 9, "x/y").await.expect(201);
}

#[tokio::test]
async fn an_upload_is_its_owners_and_lasts_an_hour() {
    let Couple { app, alice, bob, .. } = TestApp::couple().await;
    let begun = begin(&alice, "document", DOCUMENT.len(), "x/y").await.expect(201);
    put(&app, &begun, "x/y", DOCUMENT).await.expect(204);
    complete(&bob, &begun).await.problem(404, "not_found");
    app.advance(HOUR);
    let alice = alice.renewed().await;
    complete(&alice, &begun).await.problem(404, "not_found");
    app.advance(HOUR + 1);
    app::work::reconcile(app.core()).await;
    assert_eq!(stored(&app).await, [""; 0]);
}

#[tokio::test]
async fn completed_at_once_it_is_one_file() {
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    let begun = begin(&ana, "document", DOCUMENT.len(), "x/y").await.expect(201);
    put(&app, &begun, "x/y", DOCUMENT).await.expect(204);
    let path = format!("/v1/uploads/{}/complete", begun.text("/id"));
    let all = (0..4).map(|_| {
        let (ana, path) = (ana.clone(), path.clone());
        async move { ana.post(&path, Value::Null).await.expect(201).text("/url") }
    });
    let urls = crate::raced(all).await;
    assert!(urls.iter().all(|url| *url == urls[0]), "{urls:?}");
    assert_eq!((used(&ana).await, stored(&app).await.len()), (17, 1));
    // A removed file does not come back by its upload.
    ana.delete(&format!("/v1/files/{}", begun.text("/id"))).await.expect(204);
    ana.post(&path, Value::Null).await.problem(404, "not_found");
    app.settle().await;
    assert_eq!(used(&ana).await, 0);
    upload(&ana, "document", DOCUMENT).await.expect(201);
}

#[tokio::test]
async fn a_repeated_begin_is_one_upload() {
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    let body = json!({ "kind": "document", "size": 9, "mime": "x/y" });
    let first = ana.post("/v1/uploads", body.clone()).key("k").await.expect(201);
    assert_eq!(ana.post("/v1/uploads", body).key("k").await.expect(201).json(), first.json());
}
