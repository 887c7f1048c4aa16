//! The queues of background jobs as staff see them, and another chance for what was given up.

use crate::staff::{grant, staff};
use app::{operator::StaffRole, topics::JOBS};
use base::time::{MINUTE, SECOND};
use bytes::Bytes;
use ports::{Fault, queue::NewMessage};
use serde_json::{Value, json};
use testkit::{Answer, Fail, TestApp};

const QUEUES: &str = "/v1/staff/queues";
const PARKED: &str = "/v1/staff/queues/jobs/parked";
const REDRIVE: &str = "/v1/staff/queues/jobs/redrive";

/// Sign-ups whose mails were given up.
async fn given_up(app: &TestApp, names: &[&str]) {
    app.faults().mail.fail(Fail::Fault(Fault::Unavailable));
    for name in names {
        app.anonymous().post("/v1/auth/register", TestApp::sign_up(name)).await.expect(201);
        app.advance(SECOND);
    }
    for _ in 0..8 {
        app.settle_with_failures().await;
        app.advance(20 * MINUTE);
    }
    app.faults().mail.heal();
}

fn ids(answer: &Answer) -> Vec<String> {
    answer.data().iter().map(|job| job["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn support_reads_and_superadmins_redrive() {
    let app = TestApp::new().await;
    let ana = staff(&app, "Ana", StaffRole::Support).await;
    for role in StaffRole::ALL {
        grant(&app, &ana.email, Some(role)).await;
        let reads = matches!(role, StaffRole::Support | StaffRole::Superadmin);
        for path in [QUEUES, PARKED] {
            let answer = ana.get(path).await;
            assert_eq!(answer.status(), if reads { 200 } else { 403 }, "{path} as {}", role.key());
        }
        let answer = ana.post(REDRIVE, Value::Null).await;
        let redrives = role == StaffRole::Superadmin;
        assert_eq!(answer.status(), if redrives { 200 } else { 403 }, "redrive as {}", role.key());
    }
    // A session without the second factor has no role.
    let weak = app.member("Bob").await;
    grant(&app, &weak.email, Some(StaffRole::Superadmin)).await;
    for call in [weak.get(QUEUES), weak.get(PARKED), weak.post(REDRIVE, Value::Null)] {
        assert_eq!(call.await.problem(403, "forbidden")["reason"], "second_factor_needed");
    }
}

#[tokio::test]
async fn what_waits_runs_and_is_parked_is_counted() {
    let app = TestApp::new().await;
    let ana = staff(&app, "Ana", StaffRole::Support).await;
    let state = async || {
        let answer = ana.get(QUEUES).await.expect(200);
        assert_eq!(answer.at("/next_cursor"), Value::Null);
        answer.at("/data/0")
    };
    let none = json!({ "queue": "jobs", "waiting": 0, "running": 0, "parked": 0, "oldest_waiting_at": null });
    assert_eq!(state().await, none);
    let queue = &app.core().ports.queue;
    let since = app.now();
    let message = NewMessage { body: Bytes::from_static(b"not JSON"), delay_ms: 0, dedup: None, max_receives: 12 };
    queue.send(JOBS, vec![message.clone(), message.clone(), message], since).await.unwrap();
    app.advance(SECOND);
    let held = queue.receive(JOBS, 2, MINUTE, app.now()).await.unwrap();
    queue.park(JOBS, held[0].receipt, "to ana@example.com: no such box", app.now()).await.unwrap();
    let busy = json!({ "queue": "jobs", "waiting": 1, "running": 1, "parked": 1, "oldest_waiting_at": since });
    assert_eq!(state().await, busy);
    // What is not a word of ours is not shown.
    let job = ana.get(PARKED).await.expect(200).at("/data/0");
    let expected = json!({ "id": held[0].id.to_string(), "kind": null, "attempts": 1, "parked_at": app.now(),
        "error": "received_too_often" });
    assert_eq!(job, expected);
    for name in ["mails", "JOBS", "jobs2"] {
        ana.get(&format!("{QUEUES}/{name}/parked")).await.problem(404, "not_found");
    }
    // Nothing is left for the end of the test.
    queue.redrive(JOBS, app.now()).await.unwrap();
    for delivery in queue.receive(JOBS, 9, MINUTE, app.now()).await.unwrap() {
        queue.done(JOBS, delivery.receipt).await.unwrap();
    }
    queue.done(JOBS, held[1].receipt).await.unwrap();
    app.settle().await;
}

#[tokio::test]
async fn a_job_that_is_redriven_runs_again() {
    let app = TestApp::new().await;
    let ana = staff(&app, "Ana", StaffRole::Superadmin).await;
    given_up(&app, &["Uma", "Val", "Wes"]).await;
    let ana = ana.renewed().await;
    let parked = ana.get(PARKED).await.expect(200);
    assert_eq!(parked.data().len(), 3);
    for job in parked.data() {
        let about = (&job["kind"], &job["attempts"], &job["error"]);
        assert_eq!(about, (&json!("identity.verify_email"), &json!(8), &json!("unavailable")));
        assert!(job.get("payload").is_none() && !job.to_string().contains("mem_"), "{job}");
    }
    let all = ids(&parked);
    let named = json!({ "ids": [all[1]] });
    assert_eq!(ana.post(REDRIVE, named.clone()).await.expect(200).at("/redriven"), 1);
    assert_eq!(ana.post(REDRIVE, named).await.expect(200).at("/redriven"), 0, "it is not parked any more");
    assert_eq!(ana.post(REDRIVE, json!({ "ids": [] })).await.expect(200).at("/redriven"), 0);
    let mails = || ["uma", "val", "wes"].map(|name| app.mails_to(&format!("{name}@example.com")).len());
    app.settle().await;
    assert_eq!(mails().iter().sum::<usize>(), 1);
    assert_eq!(ids(&ana.get(PARKED).await.expect(200)), [all[0].clone(), all[2].clone()]);
    assert_eq!(ana.post(REDRIVE, Value::Null).await.expect(200).at("/redriven"), 2);
    app.settle().await;
    assert_eq!(mails(), [1, 1, 1]);
    assert!(ana.get(PARKED).await.expect(200).data().is_empty());

    let record = ana.get("/v1/staff/audit?action=job_redrive").await.expect(200).data();
    assert_eq!(record.len(), 4, "each act, also one that moved nothing");
    assert_eq!((&record[0]["actor"], &record[0]["detail"]), (&json!(ana.id), &json!({ "queue": "jobs", "ids": null })));
    assert_eq!(record[3]["detail"], json!({ "queue": "jobs", "ids": [all[1]] }));

    ana.post(REDRIVE, json!({ "ids": ["x"] })).await.invalid(&[("/ids/0", "wrong_type")]);
    ana.post(REDRIVE, json!({ "ids": vec![&all[0]; 101] })).await.invalid(&[("/ids", "too_long")]);
    ana.post(&format!("{QUEUES}/mails/redrive"), Value::Null).await.problem(404, "not_found");
    let record = ana.get("/v1/staff/audit?action=job_redrive").await.expect(200).data();
    assert_eq!(record.len(), 4, "what was refused for its form is no act");
}

#[tokio::test]
async fn parked_jobs_are_paged() {
    let app = TestApp::new().await;
    let ana = staff(&app, "Ana", StaffRole::Superadmin).await;
    given_up(&app, &["Uma", "Val", "Wes", "Xia", "Yan"]).await;
    let ana = ana.renewed().await;
    let all = ids(&ana.get(PARKED).await.expect(200));
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = ana.get(&format!("{PARKED}?limit=2{cursor}")).await.expect(200);
        found.extend(ids(&page));
        match page.at("/next_cursor").as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!((found.len(), &found), (5, &all));
    let next = ana.get(&format!("{PARKED}?limit=2")).await.expect(200).text("/next_cursor");
    let other = staff(&app, "Otto", StaffRole::Support).await;
    let invalid = [("/query/cursor", "invalid_cursor")];
    other.get(&format!("{PARKED}?cursor={next}")).await.invalid(&invalid);
    ana.get(&format!("{PARKED}?cursor=x")).await.invalid(&invalid);
    ana.get(&format!("{PARKED}?limit=101")).await.invalid(&[("/query/limit", "out_of_range")]);
    ana.post(REDRIVE, Value::Null).await.expect(200);
    app.settle().await;
}
