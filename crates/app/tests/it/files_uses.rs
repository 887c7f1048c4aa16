//! Uses: what messages do to the number of a file, in commits of their own.

use crate::{
    files::{DOCUMENT, open, stored, upload},
    files_quota::used,
};
use app::files::{self, Kind, Released};
use base::id::{FileId, MemberId};
use ports::items::{Commit, Outcome, Write};
use testkit::{Actor, Couple, TestApp};

async fn file(who: &Actor) -> FileId {
    upload(who, "document", DOCUMENT).await.expect(201).text("/id").parse().unwrap()
}

fn member(who: &Actor) -> MemberId {
    who.id.parse().unwrap()
}

async fn applied(app: &TestApp, writes: Vec<Write>) -> bool {
    app.core().ports.items.try_commit(writes).await.unwrap().is_some()
}

async fn attach(app: &TestApp, who: &Actor, id: FileId) {
    let (_, write) = files::attach(app.core(), member(who), id, Kind::Document).await.unwrap();
    assert!(applied(app, vec![write]).await);
}

async fn release(app: &TestApp, id: FileId) {
    let Released { writes, job } = files::release(app.core(), id).await.unwrap();
    let outbox = job.iter().map(|job| job.emit().unwrap()).collect();
    let outcome = app.core().ports.items.commit(Commit { writes, outbox, token: None }).await.unwrap();
    assert!(matches!(outcome, Outcome::Applied { .. }));
    app.settle().await;
}

#[tokio::test]
async fn the_last_use_takes_the_file_along() {
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    let id = file(&ana).await;
    let path = format!("/v1/files/{id}");
    attach(&app, &ana, id).await;
    let shared = files::share(app.core(), id).await.unwrap().unwrap();
    assert!(applied(&app, vec![shared]).await);
    let refused = ana.delete(&path).await.problem(409, "conflict");
    assert_eq!(refused["reason"], "file_in_use");
    release(&app, id).await;
    ana.delete(&path).await.problem(409, "conflict");
    assert_eq!((used(&ana).await, stored(&app).await.len()), (17, 1));
    let url = ana.get(&path).await.expect(200).at("/url");
    release(&app, id).await;
    assert_eq!((used(&ana).await, stored(&app).await), (0, vec![]));
    ana.get(&path).await.problem(404, "not_found");
    open(&app, &url).await.expect(404);
    // What is gone is gone.
    assert!(files::share(app.core(), id).await.unwrap().is_none());
    release(&app, id).await;
    let again = files::attach(app.core(), member(&ana), id, Kind::Document).await;
    assert_eq!(again.unwrap_err().fields()[0].pointer, "/file/id");
    assert_eq!(used(&ana).await, 0);
}

#[tokio::test]
async fn only_the_owner_attaches_and_only_as_what_it_is() {
    let Couple { app, alice, bob, .. } = TestApp::couple().await;
    let id = file(&alice).await;
    for (who, kind) in [(&bob, Kind::Document), (&alice, Kind::Image), (&alice, Kind::Voice)] {
        let refused = files::attach(app.core(), member(who), id, kind).await.unwrap_err();
        assert_eq!((refused.code(), &*refused.fields()[0].pointer), ("validation", "/file/id"));
    }
    let (attachment, _) = files::attach(app.core(), member(&alice), id, Kind::Document).await.unwrap();
    let view = files::view(app.core(), &app.cx(), &attachment).await.unwrap();
    assert_eq!((view.id, view.size, &*view.mime), (id, 17, "application/pdf"));
    assert_eq!(open(&app, &view.url.into()).await.expect(200).bytes(), DOCUMENT);
}

/// Of two commits that were prepared on the same state one applies; the other looks again.
#[tokio::test]
async fn uses_at_once_are_all_counted() {
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    let id = file(&ana).await;
    let (_, one) = files::attach(app.core(), member(&ana), id, Kind::Document).await.unwrap();
    let two = files::share(app.core(), id).await.unwrap().unwrap();
    assert!(applied(&app, vec![one]).await && !applied(&app, vec![two]).await);
    attach(&app, &ana, id).await;
    release(&app, id).await;
    ana.get(&format!("/v1/files/{id}")).await.expect(200);
    release(&app, id).await;
    ana.get(&format!("/v1/files/{id}")).await.problem(404, "not_found");
}

#[tokio::test]
async fn one_step_stores_as_an_upload_does() {
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    let (core, cx) = (app.core(), app.cx());
    let store = |name, bytes: &'static [u8]| {
        files::store(core, &cx, member(&ana), Kind::Document, Some(name), None, bytes.into())
    };
    let stored = store("C:\\x\\plan.pdf", DOCUMENT).await.unwrap();
    assert_eq!((&*stored.name, stored.size, stored.owner), ("plan.pdf", 17, member(&ana)));
    attach(&app, &ana, stored.id).await;
    assert_eq!(used(&ana).await, 17);
    assert_eq!(store("x.pdf", b"MZ\x90").await.unwrap_err().fields()[0].code, "executable");
}

/// Messages that go together: two with one file, one with another that somebody else has, too.
#[tokio::test]
async fn uses_end_together() {
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    let (one, two) = (file(&ana).await, file(&ana).await);
    for id in [one, one, two, two] {
        attach(&app, &ana, id).await;
    }
    let (writes, jobs) = files::release_all(app.core(), &[one, two, one]).await.unwrap();
    assert_eq!((writes.len(), jobs.len()), (2, 1));
    let outbox = jobs.iter().map(|job| job.emit().unwrap()).collect();
    let outcome = app.core().ports.items.commit(Commit { writes, outbox, token: None }).await.unwrap();
    assert!(matches!(outcome, Outcome::Applied { .. }));
    app.settle().await;
    ana.get(&format!("/v1/files/{one}")).await.problem(404, "not_found");
    ana.get(&format!("/v1/files/{two}")).await.expect(200);
    assert_eq!((used(&ana).await, stored(&app).await.len()), (17, 1));
}

/// A job that was given up, or lost with its outbox, is made good by the sweep.
#[tokio::test]
async fn what_is_gone_is_removed_without_its_job_too() {
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    let id = file(&ana).await;
    attach(&app, &ana, id).await;
    let Released { writes, job } = files::release(app.core(), id).await.unwrap();
    assert!(job.is_some() && applied(&app, writes).await);
    app.advance(base::time::DAY + 1);
    app::work::reconcile(app.core()).await;
    assert_eq!((used(&ana.renewed().await).await, stored(&app).await), (0, vec![]));
}
