//! What changes a member's plan: subscriptions, grants, unlocks, and time.

use crate::plans::{check, id, my, told, usage};
use app::{
    operator,
    plans::{Feature, Grant, Plan, Source, Status, Subscription, store},
};
use base::{
    Time,
    time::{DAY, HOUR},
};
use serde_json::{Value, json};
use testkit::{Actor, Couple, TestApp};

/// Stores a subscription as a payment would.
async fn subscribe(app: &TestApp, who: &Actor, plan: Plan, status: Status, period_end: Option<Time>) {
    let mut tx = app.core().ports.sql.begin().await.unwrap();
    let to = Subscription { plan, status, period_end };
    store::subscribe(&app.cx(), &mut tx, id(who), &to).await.unwrap();
    tx.commit().await.unwrap();
    app.settle().await;
}

async fn grant(app: &TestApp, who: &Actor, feature: Feature, source: Source, expires_at: Option<Time>) {
    let mut tx = app.core().ports.sql.begin().await.unwrap();
    store::grant(&app.cx(), &mut tx, id(who), &Grant { feature, source, expires_at }).await.unwrap();
    tx.commit().await.unwrap();
    app.settle().await;
}

async fn reconcile(app: &TestApp) {
    app::work::reconcile(app.core()).await;
    app.settle().await;
}

fn scheduled(app: &TestApp) -> Value {
    let date = app.now().plus(DAY).to_string()[..10].to_owned();
    json!({ "channel": "partner", "content": "Good morning", "date": date, "time": "12:00" })
}

#[tokio::test]
async fn a_subscription_lapses_by_itself_and_is_told_once() {
    let Couple { app, alice, .. } = TestApp::couple().await;
    let end = app.now().plus(10 * DAY);
    subscribe(&app, &alice, Plan::Exclusive, Status::Active, Some(end)).await;
    let mine = my(&alice).await;
    assert_eq!((mine.text("/plan"), mine.text("/current_period_end")), ("exclusive".into(), end.to_string()));
    reconcile(&app).await;
    assert_eq!(told(&app, &alice).await, ["exclusive"]);
    app.advance(10 * DAY - 1);
    let alice = alice.another_device().await;
    alice.post("/v1/scheduled-notes", scheduled(&app)).await.expect(201);
    app.advance(1);
    // At the very moment, before any work has run.
    alice.post("/v1/scheduled-notes", scheduled(&app)).await.problem(403, "plan_required");
    let mine = my(&alice).await;
    assert_eq!((mine.text("/plan"), mine.text("/stored_plan")), ("basic".into(), "exclusive".into()));
    assert_eq!((mine.at("/paid"), mine.text("/next_plan")), (json!(false), "premiere".into()));
    assert_eq!(alice.get("/v1/me").await.expect(200).text("/plan"), "basic");
    for _ in 0..3 {
        reconcile(&app).await;
    }
    // (The log keeps a day; the first event is gone from it.)
    assert_eq!(told(&app, &alice).await, ["basic"]);
}

/// Payment failed: everything stays for seven days, for the hot path too.
#[tokio::test]
async fn a_failed_payment_is_forgiven_for_seven_days() {
    let Couple { app, alice, .. } = TestApp::couple().await;
    let end = app.now();
    subscribe(&app, &alice, Plan::Premiere, Status::PastDue, Some(end)).await;
    app.advance(7 * DAY - 1);
    let alice = alice.another_device().await;
    reconcile(&app).await;
    assert_eq!(
        (my(&alice).await.text("/plan"), my(&alice).await.text("/status")),
        ("premiere".into(), "past_due".into())
    );
    alice.post("/v1/scheduled-notes", scheduled(&app)).await.expect(201);
    for _ in 0..4 {
        alice.sends("More than Basic lets send").await;
    }
    app.advance(1);
    alice.post("/v1/scheduled-notes", scheduled(&app)).await.problem(403, "plan_required");
    assert_eq!(my(&alice).await.text("/plan"), "basic");
    reconcile(&app).await;
    assert_eq!(told(&app, &alice).await, ["basic"]);
}

#[tokio::test]
async fn staff_grants_open_what_they_name_until_they_end() {
    let Couple { app, alice, bob, .. } = TestApp::couple().await;
    alice.post("/v1/scheduled-notes", scheduled(&app)).await.problem(403, "plan_required");
    let end = app.now().plus(2 * HOUR);
    let grant = async |end| {
        let sql = &app.core().ports.sql;
        let granted =
            operator::grant_feature(&app.cx(), sql, "ALICE@example.com", Feature::SurpriseMessages, end).await;
        assert!(granted.unwrap());
    };
    grant(Some(end)).await;
    // Given by another process a moment ago: nothing here has been told yet.
    alice.post("/v1/scheduled-notes", scheduled(&app)).await.expect(201);
    app.settle().await;
    bob.post("/v1/scheduled-notes", scheduled(&app)).await.problem(403, "plan_required");
    let mine = my(&alice).await;
    assert_eq!(mine.text("/plan"), "basic");
    let held = json!([{ "feature": "surprise_messages", "source": "staff", "expires_at": end.to_string() }]);
    assert_eq!(mine.at("/grants"), held);
    assert_eq!(mine.at("/entitlements").as_array().unwrap().len(), 8);
    let allowed = check(&alice, "surprise_messages").await.expect(200);
    assert_eq!((allowed.text("/source"), allowed.text("/expires_at")), ("staff".into(), end.to_string()));
    // The plan has it as well: then it comes with the plan.
    app.grant_plan(&alice, "premiere").await;
    assert_eq!(check(&alice, "surprise_messages").await.expect(200).text("/source"), "plan");
    app.grant_plan(&alice, "basic").await;
    // Given again, it lasts as long as was said last.
    let end = end.plus(HOUR);
    grant(Some(end)).await;
    app.settle().await;
    app.advance(3 * HOUR - 1);
    let alice = alice.renewed().await;
    alice.post("/v1/scheduled-notes", scheduled(&app)).await.expect(201);
    let before = told(&app, &alice).await.len();
    app.advance(1);
    alice.post("/v1/scheduled-notes", scheduled(&app)).await.problem(403, "plan_required");
    reconcile(&app).await;
    reconcile(&app).await;
    assert_eq!(told(&app, &alice).await.len(), before + 1);
    let mine = my(&alice).await;
    assert_eq!((mine.at("/grants"), mine.at("/entitlements").as_array().unwrap().len()), (json!([]), 7));
    let nobody =
        operator::grant_feature(&app.cx(), &app.core().ports.sql, "no@body.example", Feature::AdFree, None).await;
    assert!(!nobody.unwrap());
    app.settle().await;
}

#[tokio::test]
async fn unlocks_stay_and_raise_the_limits_they_speak_of() {
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    let limit = async |meter| usage(&my(&ana).await, meter)["limit"].clone();
    // An unlock has no end, whatever is asked for.
    grant(&app, &ana, Feature::UnlimitedAiCoach, Source::Unlock, Some(app.now().plus(HOUR))).await;
    assert_eq!(limit("ai_coach_questions").await, Value::Null);
    assert_eq!(limit("love_note_library").await, 50);
    grant(&app, &ana, Feature::LoveNotesExtended, Source::Staff, None).await;
    assert_eq!(limit("love_note_library").await, 1_000);
    grant(&app, &ana, Feature::UnlimitedLoveNotes, Source::Unlock, None).await;
    assert_eq!(limit("love_note_library").await, Value::Null);
    grant(&app, &ana, Feature::CustomTheme, Source::Unlock, None).await;
    grant(&app, &ana, Feature::AdvancedQuizzes, Source::Staff, None).await;
    assert_eq!(usage(&my(&ana).await, "quizzes")["scope"], "all");
    // Sending follows the plan alone.
    assert_eq!(limit("notes.partner").await, 3);
    app.advance(40 * DAY);
    reconcile(&app).await;
    let ana = ana.another_device().await;
    let mine = my(&ana).await;
    assert_eq!(mine.at("/entitlements").as_array().unwrap().len(), 7 + 5);
    assert_eq!(check(&ana, "custom_theme").await.expect(200).text("/source"), "unlock");
    // The same feature from both: the one that lasts is what counts.
    grant(&app, &ana, Feature::CustomTheme, Source::Staff, Some(app.now().plus(HOUR))).await;
    assert_eq!(check(&ana, "custom_theme").await.expect(200).at("/expires_at"), Value::Null);
    app.settle().await;
}

/// Every state at every time: the answer, the card and the rule agree.
#[tokio::test]
async fn the_effective_plan_is_the_same_wherever_it_is_asked() {
    let Couple { app, alice, .. } = TestApp::couple().await;
    for plan in Plan::ALL {
        for status in Status::ALL {
            for end in [None, Some(-8 * DAY), Some(-7 * DAY), Some(-7 * DAY + 1), Some(-1), Some(0), Some(1), Some(DAY)]
            {
                let period_end = end.map(|end| app.now().plus(end));
                subscribe(&app, &alice, plan, status, period_end).await;
                let wanted = Subscription { plan, status, period_end }.effective(app.now());
                let what = format!("{plan:?} {status:?} {end:?}");
                assert_eq!(my(&alice).await.text("/plan"), wanted.key(), "{what}");
                assert_eq!(alice.get("/v1/notes/allowance").await.expect(200).text("/plan"), wanted.key(), "{what}");
                let dashboard = check(&alice, "couples_dashboard").await.status();
                assert_eq!(dashboard == 200, wanted >= Plan::Premiere, "{what}");
            }
        }
    }
    app.settle().await;
}
