//! What nobody came to use goes after a day.

use crate::{
    files::{DOCUMENT, picture, stored, upload},
    files_quota::used,
};
use app::files::{self, Kind};
use base::time::{DAY, HOUR};
use image::ImageFormat;
use ports::objects::PutWhen;
use testkit::TestApp;

async fn reconcile_at(app: &TestApp, millis: i64) {
    app.advance(millis);
    app::work::reconcile(app.core()).await;
    app.settle().await;
}

#[tokio::test]
async fn a_file_without_a_message_goes_after_a_day() {
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    let used_one = upload(&ana, "document", DOCUMENT).await.expect(201).text("/id");
    let unused = upload(&ana, "image", picture(30, 30, ImageFormat::Png)).await.expect(201).text("/id");
    let owner = ana.id.parse().unwrap();
    let (_, write) = files::attach(app.core(), owner, used_one.parse().unwrap(), Kind::Document).await.unwrap();
    app.core().ports.items.try_commit(vec![write]).await.unwrap().unwrap();
    reconcile_at(&app, DAY).await;
    assert_eq!(stored(&app).await.len(), 3);
    reconcile_at(&app, 1_000).await;
    let ana = ana.renewed().await;
    ana.get(&format!("/v1/files/{unused}")).await.problem(404, "not_found");
    ana.get(&format!("/v1/files/{used_one}")).await.expect(200);
    assert_eq!((stored(&app).await.len(), used(&ana).await), (1, 17));
    reconcile_at(&app, 40 * DAY).await;
    assert_eq!(stored(&app).await.len(), 1);
}

#[tokio::test]
async fn objects_that_no_file_names_go_after_a_day() {
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    let file = upload(&ana, "document", DOCUMENT).await.expect(201).text("/id");
    let (_, write) =
        files::attach(app.core(), ana.id.parse().unwrap(), file.parse().unwrap(), Kind::Document).await.unwrap();
    app.core().ports.items.try_commit(vec![write]).await.unwrap().unwrap();
    let named = stored(&app).await;
    let nobody = "fil_01hf7yat00000000000000000b";
    for key in [format!("files/{file}/lost.pdf"), format!("files/{nobody}/x.jpg"), "files/x".into()] {
        let body = axum::body::Bytes::from_static(b"x");
        app.core().ports.objects.put(&key, body, "x/y", PutWhen::Always, app.now()).await.unwrap();
    }
    reconcile_at(&app, DAY - HOUR).await;
    assert_eq!(stored(&app).await.len(), 4);
    reconcile_at(&app, 2 * HOUR).await;
    assert_eq!(stored(&app).await, named);
}

/// A round looks at a part, and the next ones at the rest.
#[tokio::test]
async fn many_are_swept_in_rounds() {
    let app = TestApp::new().await;
    for nth in 0..450 {
        let body = axum::body::Bytes::from_static(b"x");
        let key = format!("files/lost-{nth:03}/x");
        app.core().ports.objects.put(&key, body, "x/y", PutWhen::Always, app.now()).await.unwrap();
    }
    app.advance(DAY + 1);
    let mut left = Vec::new();
    for _ in 0..3 {
        app::work::reconcile(app.core()).await;
        left.push(stored(&app).await.len());
    }
    assert_eq!(left, [250, 50, 0]);
}
