//! Storage: what files take of a plan's, and that it is given back once.

use crate::files::{DOCUMENT, picture, stored, upload};
use app::files;
use image::ImageFormat;
use serde_json::{Value, json};
use testkit::{Actor, TestApp};

/// A plan of one mebibyte, and a higher one of two.
async fn small() -> TestApp {
    TestApp::with(|settings| {
        settings.plans.basic.storage_mib = 1;
        settings.plans.premiere.storage_mib = 2;
        settings.plans.exclusive.storage_mib = -1;
    })
    .await
}

const MIB: usize = 1024 * 1024;

fn document(bytes: usize) -> Vec<u8> {
    [DOCUMENT, &vec![b'.'; bytes - DOCUMENT.len()]].concat()
}

pub async fn used(who: &Actor) -> i64 {
    let plan = who.get("/v1/me/plan").await.expect(200).json();
    let usage = plan["usage"].as_array().unwrap().iter().find(|u| u["meter"] == "file_storage").unwrap();
    usage["used"].as_i64().unwrap()
}

#[tokio::test]
async fn what_is_kept_counts_to_the_byte() {
    let app = small().await;
    let ana = app.member("Ana").await;
    assert_eq!(used(&ana).await, 0);
    upload(&ana, "document", document(1_000)).await.expect(201);
    assert_eq!(used(&ana).await, 1_000);
    // Of an image both sizes, as they are kept.
    upload(&ana, "image", picture(900, 900, ImageFormat::Png)).await.expect(201);
    let mut kept = 0;
    for key in stored(&app).await {
        kept += app.core().ports.objects.head(&key).await.unwrap().unwrap().size;
    }
    assert_eq!(used(&ana).await, i64::try_from(kept).unwrap());
}

#[tokio::test]
async fn at_the_limit_nothing_is_kept() {
    let app = small().await;
    let ana = app.member("Ana").await;
    upload(&ana, "document", document(MIB - 100)).await.expect(201);
    let refused = upload(&ana, "document", document(101)).await.problem(403, "limit_reached");
    assert_eq!((&refused["limit"], &refused["used"]), (&json!(MIB), &json!(MIB - 100)));
    assert_eq!((&refused["required_plan"], &refused["resets_at"]), (&json!("premiere"), &Value::Null));
    assert_eq!((used(&ana).await, stored(&app).await.len()), (i64::try_from(MIB).unwrap() - 100, 1));
    upload(&ana, "document", document(100)).await.expect(201);
    // The higher plan counts at once, though the card may be a moment behind.
    upload(&ana, "document", document(18)).await.problem(403, "limit_reached");
    app.grant_plan(&ana, "premiere").await;
    upload(&ana, "document", document(18)).await.expect(201);
    let refused = upload(&ana, "document", document(2 * MIB)).await.problem(403, "limit_reached");
    assert_eq!(refused["required_plan"], "exclusive");
}

#[tokio::test]
async fn storage_is_given_back_once() {
    let app = small().await;
    let ana = app.member("Ana").await;
    upload(&ana, "document", document(1_000)).await.expect(201);
    let file = upload(&ana, "document", document(MIB - 1_000)).await.expect(201).text("/id");
    upload(&ana, "document", document(18)).await.problem(403, "limit_reached");
    ana.delete(&format!("/v1/files/{file}")).await.expect(204);
    app.settle().await;
    assert_eq!(used(&ana).await, 1_000);
    // Its job may run again.
    for _ in 0..2 {
        files::discard(app.core(), file.parse().unwrap()).await.unwrap();
    }
    assert_eq!(used(&ana).await, 1_000);
    upload(&ana, "document", document(MIB - 1_000)).await.expect(201);
}

#[tokio::test]
async fn of_many_at_once_only_those_that_fit_are_kept() {
    let app = small().await;
    let ana = app.member("Ana").await;
    let all = (0..6).map(|_| {
        let ana = ana.clone();
        async move { upload(&ana, "document", document(MIB / 3)).await.status() }
    });
    let statuses = crate::raced(all).await;
    assert_eq!(statuses.iter().filter(|s| **s == 201).count(), 3, "{statuses:?}");
    assert_eq!(stored(&app).await.len(), 3);
}

/// A fault between the objects and the commit leaves no file and takes nothing.
#[tokio::test]
async fn a_refused_commit_takes_nothing() {
    let app = small().await;
    let ana = app.member("Ana").await;
    upload(&ana, "document", document(50)).await.expect(201);
    // The card is read, and then the store is gone.
    app.faults().items.fail_after(1, testkit::Fail::Fault(ports::Fault::Unavailable));
    let status = upload(&ana, "document", document(100)).await.status();
    app.faults().items.heal();
    assert!(status >= 500, "{status}");
    assert_eq!((used(&ana).await, stored(&app).await.len()), (50, 1));
}
