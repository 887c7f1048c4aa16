//! The sending allowance: counted in the commit of the note, by calendar month and plan.

use app::{operator, plans::Plan};
use base::time::DAY;
use futures_util::future::join_all;
use serde_json::{Value, json};
use testkit::{Actor, Answer, Couple, TestApp};

async fn send(actor: &Actor) -> Answer {
    actor.post("/v1/notes", json!({ "channel": "partner", "content": "One more" })).await
}

/// The partner channel of the allowance.
async fn partner(actor: &Actor) -> Value {
    let view = actor.get("/v1/notes/allowance").await.expect(200);
    let channels = view.at("/channels").as_array().cloned().unwrap();
    channels.into_iter().find(|c| c["channel"] == "partner").unwrap()
}

#[tokio::test]
async fn of_fifty_sends_at_once_a_basic_member_gets_three() {
    let Couple { app, alice, bob, .. } = TestApp::couple().await;
    let answers = join_all((0..50).map(|_| send(&alice))).await;
    let (sent, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|a| a.status() == 201);
    assert_eq!(sent.len(), 3);
    for answer in refused {
        let problem = answer.problem(403, "limit_reached");
        assert_eq!((&problem["limit"], &problem["used"]), (&json!(3), &json!(3)));
        assert_eq!(problem["resets_at"], "2026-12-01T00:00:00.000Z");
        assert_eq!(problem["required_plan"], "premiere");
    }
    assert_eq!(bob.get("/v1/notes").await.expect(200).data().len(), 3);
    // The partner's own allowance is untouched.
    assert_eq!(partner(&bob).await["used"], 0);
    send(&bob).await.expect(201);
    app.settle().await;
}

#[tokio::test]
async fn the_view_counts_what_was_sent() {
    let Couple { app, alice, .. } = TestApp::couple().await;
    let fresh = alice.get("/v1/notes/allowance").await.expect(200);
    assert_eq!(fresh.text("/plan"), "basic");
    assert_eq!(fresh.text("/window"), "month");
    assert_eq!(fresh.text("/resets_at"), "2026-12-01T00:00:00.000Z");
    let limits: Vec<_> =
        fresh.at("/channels").as_array().unwrap().iter().map(|c| (c["channel"].clone(), c["limit"].clone())).collect();
    let platforms = ["whatsapp", "facebook", "instagram", "twitter", "tiktok", "linkedin", "email"];
    let mut wanted = vec![(json!("partner"), json!(3)), (json!("sms"), json!(3))];
    wanted.extend(platforms.map(|p| (json!(p), json!(1))));
    assert_eq!(limits, wanted);
    for used in 1..=3 {
        send(&alice).await.expect(201);
        let view = partner(&alice).await;
        let expected =
            json!({ "channel": "partner", "used": used, "limit": 3, "remaining": 3 - used, "warning": used == 3 });
        assert_eq!(view, expected);
    }
    send(&alice).await.problem(403, "limit_reached");
    assert_eq!(partner(&alice).await["used"], 3);
    app.settle().await;
}

#[tokio::test]
async fn a_calendar_month_begins_anew() {
    let Couple { app, alice, .. } = TestApp::couple().await;
    for _ in 0..3 {
        send(&alice).await.expect(201);
    }
    // The last instant of November.
    app.advance(9 * DAY - DAY / 2 - 1);
    assert_eq!(app.now().to_string(), "2026-11-30T23:59:59.999Z");
    // Away for more than the life of a session.
    let alice = alice.another_device().await;
    send(&alice).await.problem(403, "limit_reached");
    app.advance(1);
    send(&alice).await.expect(201);
    let view = alice.get("/v1/notes/allowance").await.expect(200);
    assert_eq!(view.text("/resets_at"), "2027-01-01T00:00:00.000Z");
    assert_eq!(partner(&alice).await["used"], 1);
    app.settle().await;
}

#[tokio::test]
async fn a_higher_plan_sends_on_at_once() {
    let Couple { app, alice, .. } = TestApp::couple().await;
    for _ in 0..3 {
        send(&alice).await.expect(201);
    }
    send(&alice).await.problem(403, "limit_reached");
    app.grant_plan(&alice, "premiere").await;
    let answers = join_all((0..50).map(|_| send(&alice))).await;
    assert!(answers.iter().all(|a| a.status() == 201));
    let view = partner(&alice).await;
    assert_eq!(view, json!({ "channel": "partner", "used": 53, "limit": null, "remaining": null, "warning": false }));
    // Back on Basic everything of the month counts.
    app.grant_plan(&alice, "basic").await;
    let problem = send(&alice).await.problem(403, "limit_reached");
    assert_eq!((&problem["limit"], &problem["used"]), (&json!(3), &json!(53)));
    app.settle().await;
}

#[tokio::test]
async fn a_lifetime_window_never_resets() {
    let app = TestApp::with(|settings| settings.notes.window = app::settings::Window::Lifetime).await;
    let Couple { app, alice, .. } = app.with_couple().await;
    for _ in 0..3 {
        send(&alice).await.expect(201);
    }
    app.advance(40 * DAY);
    let alice = alice.another_device().await;
    let problem = send(&alice).await.problem(403, "limit_reached");
    assert_eq!(problem["resets_at"], Value::Null);
    assert_eq!(alice.get("/v1/notes/allowance").await.expect(200).text("/window"), "lifetime");
    app.settle().await;
}

#[tokio::test]
async fn a_send_that_fails_uses_nothing() {
    let Couple { app, alice, .. } = TestApp::couple().await;
    app.faults().items.fail_times(testkit::Fail::Fault(ports::Fault::Unavailable), 1);
    send(&alice).await.problem(503, "unavailable");
    app.faults().items.heal();
    alice.post("/v1/notes", json!({ "channel": "partner", "content": "" })).await.problem(422, "validation");
    assert_eq!(partner(&alice).await["used"], 0);
    // A repeat of one call counts once.
    let body = json!({ "channel": "partner", "content": "Once" });
    let first = alice.post("/v1/notes", body.clone()).key("k-1").await.expect(201);
    let again = alice.post("/v1/notes", body).key("k-1").await.expect(201);
    assert_eq!((first.json(), partner(&alice).await["used"].clone()), (again.json(), json!(1)));
    app.settle().await;
}

/// Granted by another process: nothing here has been told yet, and nothing is refused any more.
#[tokio::test]
async fn a_plan_granted_this_moment_counts() {
    let Couple { app, alice, bob, .. } = TestApp::couple().await;
    let date = app.now().plus(DAY).to_string()[..10].to_owned();
    let tomorrow = json!({ "channel": "partner", "content": "Good morning", "date": date, "time": "12:00" });
    let schedule = async || bob.post("/v1/scheduled-notes", tomorrow.clone()).await;
    for _ in 0..3 {
        send(&alice).await.expect(201);
    }
    send(&alice).await.problem(403, "limit_reached");
    schedule().await.problem(403, "plan_required");
    app.settle().await;
    for member in [&alice, &bob] {
        let granted = operator::grant_plan(&app.cx(), &app.core().ports.sql, &member.email, Plan::Premiere).await;
        assert!(granted.unwrap());
    }
    send(&alice).await.expect(201);
    schedule().await.expect(201);
    app.settle().await;
}
