//! Scheduled notes: create, list, change, cancel. What happens when they are due is in `schedule_due`.

use base::time::{DAY, HOUR, MINUTE, SECOND};
use futures_util::future::join_all;
use serde_json::{Value, json};
use testkit::{Actor, Answer, Call, Couple, TestApp};

/// A couple of which Alice may schedule. It is noon of Sunday, 2026-11-22, in UTC.
pub(crate) async fn premiere() -> Couple {
    let couple = TestApp::couple().await;
    couple.app.grant_plan(&couple.alice, "premiere").await;
    couple
}

pub(crate) fn at(date: &str, time: &str, zone: &str) -> Value {
    json!({ "channel": "partner", "content": "Later", "date": date, "time": time, "timezone": zone })
}

pub(crate) fn schedule(actor: &Actor, body: Value) -> Call {
    actor.post("/v1/scheduled-notes", body)
}

/// The ids of one state, in the order of the list.
pub(crate) async fn list(actor: &Actor, status: &str) -> Vec<String> {
    let page = actor.get(&format!("/v1/scheduled-notes?status={status}&limit=100")).await.expect(200);
    page.data().iter().map(|s| s["id"].as_str().unwrap().to_owned()).collect()
}

pub(crate) async fn get(actor: &Actor, id: &str) -> Answer {
    actor.get(&format!("/v1/scheduled-notes/{id}")).await
}

pub(crate) fn patch(actor: &Actor, id: &str, body: Value) -> Call {
    actor.patch(&format!("/v1/scheduled-notes/{id}"), body)
}

pub(crate) fn cancel(actor: &Actor, id: &str) -> Call {
    actor.delete(&format!("/v1/scheduled-notes/{id}"))
}

#[tokio::test]
async fn a_note_for_nine_tomorrow_in_lisbon() {
    let Couple { app, alice, bob, stranger, former, anon, .. } = premiere().await;
    let body = json!({
        "channel": "partner", "title": "Bom dia", "content": "  Good morning ", "date": "2026-11-23", "time": "09:00",
        "timezone": "Europe/Lisbon", "status": "sent", "due_at": "2020-01-01T00:00:00Z", "sender_id": bob.id,
    });
    let made = schedule(&alice, body).await.expect(201);
    let id = made.text("/id");
    let now = app.now().to_string();
    assert!(id.starts_with("sch_"));
    for (pointer, value) in [
        ("/sender_id", json!(alice.id)),
        ("/recipient_type", json!("partner")),
        ("/recipient", json!(bob.id)),
        ("/channel", json!("partner")),
        ("/title", json!("Bom dia")),
        ("/content", json!("  Good morning ")),
        ("/language", json!("en")),
        ("/scheduled_date", json!("2026-11-23")),
        ("/scheduled_time", json!("09:00")),
        ("/timezone", json!("Europe/Lisbon")),
        ("/due_at", json!("2026-11-23T09:00:00.000Z")),
        ("/status", json!("scheduled")),
        ("/attempts", json!(0)),
        ("/created_at", json!(now)),
        ("/updated_at", json!(now)),
    ] {
        assert_eq!(made.at(pointer), value, "{pointer}");
    }
    assert_eq!(get(&alice, &id).await.expect(200).json(), made.json());
    assert_eq!(list(&alice, "scheduled").await, [&*id]);
    let path = format!("/v1/scheduled-notes/{id}");
    for other in [&bob, &stranger, &former] {
        other.get(&path).await.problem(404, "not_found");
        other.patch(&path, json!({ "content": "x" })).await.problem(404, "not_found");
        other.delete(&path).await.problem(404, "not_found");
        other.post(&format!("{path}/retry"), Value::Null).await.problem(404, "not_found");
        assert!(list(other, "scheduled").await.is_empty());
    }
    anon.get(&path).await.problem(401, "unauthenticated");
    // Nothing of it reaches the partner before its time.
    app.settle().await;
    assert!(bob.get("/v1/notes").await.expect(200).data().is_empty());
    app.settle().await;
}

#[tokio::test]
async fn the_zone_of_the_account_is_the_default() {
    let Couple { app, alice, .. } = premiere().await;
    let without = json!({ "channel": "partner", "content": "x", "date": "2026-11-23", "time": "09:00:30" });
    let utc = schedule(&alice, without.clone()).await.expect(201);
    assert_eq!((utc.text("/timezone"), utc.text("/due_at")), ("UTC".into(), "2026-11-23T09:00:30.000Z".into()));
    alice.patch("/v1/me", json!({ "timezone": "Asia/Tokyo" })).await.expect(200);
    app.settle().await;
    let tokyo = schedule(&alice, without).await.expect(201);
    assert_eq!(
        (tokyo.text("/timezone"), tokyo.text("/due_at")),
        ("Asia/Tokyo".into(), "2026-11-23T00:00:30.000Z".into())
    );
    app.settle().await;
}

#[tokio::test]
async fn clocks_that_change_have_one_meaning() {
    let Couple { app, alice, .. } = premiere().await;
    for (date, time, zone, due) in [
        ("2027-03-28", "01:30", "Europe/Lisbon", "2027-03-28T01:00:00.000Z"), // a gap: the first instant after it
        ("2027-03-28", "02:30", "Europe/Berlin", "2027-03-28T01:00:00.000Z"),
        ("2027-10-31", "01:30", "Europe/Lisbon", "2027-10-31T00:30:00.000Z"), // a fold: the first occurrence
        ("2027-11-07", "01:30", "America/New_York", "2027-11-07T05:30:00.000Z"),
        ("2026-12-24", "18:00", "Asia/Kathmandu", "2026-12-24T12:15:00.000Z"),
    ] {
        assert_eq!(schedule(&alice, at(date, time, zone)).await.expect(201).text("/due_at"), due);
    }
    app.settle().await;
}

/// Pointers and codes of a refusal.
type Fields = &'static [(&'static str, &'static str)];

#[tokio::test]
async fn what_cannot_be_scheduled_names_every_field() {
    let Couple { app, alice, .. } = premiere().await;
    let cases: &[(&str, &str, &str, Fields)] = &[
        ("2026-11-21", "23:00", "UTC", &[("/date", "in_past")]),
        ("2026-11-22", "11:59", "UTC", &[("/time", "too_soon")]),
        ("2026-11-22", "12:00", "UTC", &[("/time", "too_soon")]),
        ("2026-11-22", "12:00:59", "UTC", &[("/time", "too_soon")]),
        // A year is a calendar year; today begins and ends where the note says.
        ("2027-11-22", "12:00:01", "UTC", &[("/date", "too_far")]),
        ("2027-11-23", "00:00", "UTC", &[("/date", "too_far")]),
        ("2026-11-22", "23:00", "Pacific/Auckland", &[("/date", "in_past")]),
        ("2026-02-30", "09:00", "UTC", &[("/date", "invalid_date")]),
        ("23.11.2026", "09:00", "UTC", &[("/date", "invalid_date")]),
        ("", "", "UTC", &[("/date", "invalid_date"), ("/time", "invalid_time")]),
        ("2026-11-23", "9:00", "UTC", &[("/time", "invalid_time")]),
        ("2026-11-23", "24:00", "UTC", &[("/time", "invalid_time")]),
        ("2026-11-23", "09:00", "Mars/Olympus", &[("/timezone", "invalid_zone")]),
        ("9999-12-31", "23:59", "Pacific/Niue", &[("/date", "invalid_date")]),
    ];
    for (date, time, zone, fields) in cases {
        schedule(&alice, at(date, time, zone)).await.invalid(fields);
    }
    schedule(&alice, json!({ "channel": "partner", "content": "x" })).await.invalid(&[("/date", "required")]);
    let many = json!({ "channel": "fax", "content": " ", "date": "x", "time": "y", "timezone": "z", "language": "q" });
    schedule(&alice, many).await.invalid(&[
        ("/channel", "unknown_value"),
        ("/content", "required"),
        ("/language", "unknown_value"),
        ("/timezone", "invalid_zone"),
        ("/date", "invalid_date"),
        ("/time", "invalid_time"),
    ]);
    assert!(list(&alice, "scheduled").await.is_empty());
    // The edges themselves are fine.
    for (date, time, zone) in
        [("2026-11-22", "12:01", "UTC"), ("2027-11-22", "12:00", "UTC"), ("2026-11-23", "01:30", "Pacific/Auckland")]
    {
        schedule(&alice, at(date, time, zone)).await.expect(201);
    }
    app.settle().await;
}

#[tokio::test]
async fn scheduling_needs_a_plan_and_a_partner() {
    let Couple { app, bob, stranger, .. } = premiere().await;
    let body = at("2026-11-23", "09:00", "UTC");
    let refused = schedule(&bob, body.clone()).await.problem(403, "plan_required");
    assert_eq!(refused["feature"], "surprise_messages");
    assert_eq!(refused["required_plan"], "premiere");
    assert_eq!(refused["current_plan"], "basic");
    app.grant_plan(&stranger, "exclusive").await;
    assert_eq!(schedule(&stranger, body).await.problem(409, "conflict")["reason"], "no_partner");
    app.settle().await;
}

#[tokio::test]
async fn a_hundred_may_be_open() {
    let Couple { app, alice, .. } = premiere().await;
    let made = join_all((0..110).map(|_| schedule(&alice, at("2026-11-23", "09:00", "UTC")).into_future())).await;
    let (ok, refused): (Vec<_>, Vec<_>) = made.into_iter().partition(|a| a.status() == 201);
    assert_eq!(ok.len(), 100);
    for answer in refused {
        let problem = answer.problem(403, "limit_reached");
        assert_eq!((&problem["limit"], &problem["used"]), (&json!(100), &json!(100)));
    }
    cancel(&alice, &ok[0].text("/id")).await.expect(204);
    schedule(&alice, at("2026-11-23", "10:00", "UTC")).await.expect(201);
    schedule(&alice, at("2026-11-23", "10:00", "UTC")).await.problem(403, "limit_reached");
    app.settle().await;
}

#[tokio::test]
async fn a_list_shows_one_state_the_earliest_first() {
    let Couple { app, alice, .. } = premiere().await;
    let mut made = Vec::new();
    for (date, time) in
        [("2027-01-05", "09:00"), ("2026-11-23", "09:00"), ("2026-12-01", "10:00"), ("2026-12-01", "09:00")]
    {
        made.push(schedule(&alice, at(date, time, "Europe/Lisbon")).await.expect(201).text("/id"));
    }
    let order = [&made[1], &made[3], &made[2], &made[0]].map(Clone::clone);
    assert_eq!(list(&alice, "scheduled").await, order);
    let (mut paged, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = alice.get(&format!("/v1/scheduled-notes?limit=1{cursor}")).await.expect(200);
        paged.extend(page.data().iter().map(|s| s["id"].as_str().unwrap().to_owned()));
        match page.at("/next_cursor").as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(paged, order);
    // A change of time moves it; a cancelled one is in another list.
    patch(&alice, &made[0], json!({ "date": "2026-11-22", "time": "18:00" })).await.expect(200);
    cancel(&alice, &made[3]).await.expect(204);
    assert_eq!(list(&alice, "scheduled").await, [&made[0], &made[1], &made[2]].map(Clone::clone));
    assert_eq!(list(&alice, "cancelled").await, [made[3].clone()]);
    for empty in ["sending", "sent", "failed", "paused"] {
        assert!(list(&alice, empty).await.is_empty());
    }
    alice.get("/v1/scheduled-notes?status=done").await.invalid(&[("/query/status", "unknown_value")]);
    app.settle().await;
}

#[tokio::test]
async fn a_waiting_note_is_changed_with_its_tag_in_hand() {
    let Couple { app, alice, .. } = premiere().await;
    let id = schedule(&alice, at("2026-11-23", "09:00", "Europe/Lisbon")).await.expect(201).text("/id");
    let seen = get(&alice, &id).await;
    let tag = seen.header("etag").expect("a tag").to_owned();
    app.advance(5 * SECOND);
    let changed = patch(&alice, &id, json!({ "content": "Sooner", "title": "T", "status": "sent", "id": "x" }));
    let changed = changed.header("if-match", &tag).await.expect(200);
    assert_eq!((changed.text("/content"), changed.text("/status")), ("Sooner".into(), "scheduled".into()));
    assert_eq!(changed.text("/due_at"), "2026-11-23T09:00:00.000Z");
    assert_eq!(changed.text("/updated_at"), app.now().to_string());
    assert_ne!(changed.header("etag"), Some(&*tag));
    patch(&alice, &id, json!({ "content": "Lost" })).header("if-match", &tag).await.problem(412, "precondition_failed");
    cancel(&alice, &id).header("if-match", &tag).await.problem(412, "precondition_failed");
    // The wall clock stays when the zone moves.
    let moved = patch(&alice, &id, json!({ "timezone": "America/New_York", "title": "" })).await.expect(200);
    assert_eq!((moved.text("/due_at"), moved.at("/title")), ("2026-11-23T14:00:00.000Z".into(), Value::Null));
    for (body, field) in [
        (json!({ "content": "" }), ("/content", "required")),
        (json!({ "time": "soon" }), ("/time", "invalid_time")),
        (json!({ "date": "2026-11-21" }), ("/date", "in_past")),
        (json!({ "timezone": "Nowhere" }), ("/timezone", "invalid_zone")),
        (json!({ "channel": "sms" }), ("/recipient", "required")),
        (json!({ "channel": "facebook" }), ("/channel", "unknown_value")),
    ] {
        patch(&alice, &id, body).await.invalid(&[field]);
    }
    assert_eq!(get(&alice, &id).await.expect(200).json(), moved.json());
    app.settle().await;
}

#[tokio::test]
async fn changes_at_once_all_count_or_are_told() {
    let Couple { app, alice, .. } = premiere().await;
    let id = schedule(&alice, at("2026-11-23", "09:00", "UTC")).await.expect(201).text("/id");
    let tag = get(&alice, &id).await.header("etag").unwrap().to_owned();
    // With the tag in hand one of them wins.
    let tagged =
        (0..8).map(|n| patch(&alice, &id, json!({ "content": n.to_string() })).header("if-match", &tag).into_future());
    let statuses: Vec<_> = join_all(tagged).await.iter().map(Answer::status).collect();
    assert_eq!(statuses.iter().filter(|s| **s == 200).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|s| matches!(s, 200 | 412)), "{statuses:?}");
    // A change and a cancel: whatever comes first, it ends cancelled.
    let (changed, cancelled) =
        tokio::join!(patch(&alice, &id, json!({ "time": "10:00" })).into_future(), cancel(&alice, &id).into_future());
    assert!(matches!(changed.status(), 200 | 409), "{changed:?}");
    cancelled.expect(204);
    assert_eq!(get(&alice, &id).await.expect(200).text("/status"), "cancelled");
    app.advance(2 * DAY);
    app.settle().await;
    let alice = alice.another_device().await;
    assert_eq!(list(&alice, "cancelled").await, [id]);
    app.settle().await;
}

#[tokio::test]
async fn cancelling_is_final() {
    let Couple { app, alice, bob, .. } = premiere().await;
    let id = schedule(&alice, at("2026-11-22", "13:00", "UTC")).await.expect(201).text("/id");
    cancel(&alice, &id).await.expect(204);
    assert_eq!(get(&alice, &id).await.expect(200).text("/status"), "cancelled");
    cancel(&alice, &id).await.problem(409, "conflict");
    patch(&alice, &id, json!({ "content": "x" })).await.problem(409, "conflict");
    alice.post(&format!("/v1/scheduled-notes/{id}/retry"), Value::Null).await.problem(409, "conflict");
    app.advance(HOUR + MINUTE);
    app.settle().await;
    let bob = bob.renewed().await;
    assert!(bob.get("/v1/notes").await.expect(200).data().is_empty());
    app.settle().await;
}

#[tokio::test]
async fn a_repeated_call_schedules_once() {
    let Couple { app, alice, .. } = premiere().await;
    let body = at("2026-11-23", "09:00", "UTC");
    let first = schedule(&alice, body.clone()).key("tomorrow").await.expect(201);
    let again = schedule(&alice, body).key("tomorrow").await.expect(201);
    assert_eq!(first.json(), again.json());
    schedule(&alice, at("2026-11-24", "09:00", "UTC")).key("tomorrow").await.problem(422, "idempotency_key_reused");
    assert_eq!(list(&alice, "scheduled").await.len(), 1);
    app.settle().await;
}
