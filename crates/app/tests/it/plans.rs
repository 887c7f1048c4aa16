//! Plans: the catalogue, a member's own plan, usage, and the check of one feature.

use app::{
    plans::{Feature, Plan},
    tables::EVENTS,
};
use base::{
    id::MemberId,
    time::{DAY, HOUR},
};
use ports::items::Query;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use testkit::{Actor, Answer, Couple, TestApp};

fn texts(list: &Value, member: &str) -> Vec<String> {
    let text = |entry: &Value| entry[member].as_str().unwrap().to_owned();
    list.as_array().unwrap().iter().map(text).collect()
}

pub(crate) async fn my(who: &Actor) -> Answer {
    who.get("/v1/me/plan").await.expect(200)
}

pub(crate) async fn check(who: &Actor, feature: &str) -> Answer {
    who.get(&format!("/v1/me/plan/features/{feature}")).await
}

pub(crate) fn usage(plan: &Answer, meter: &str) -> Value {
    let all = plan.at("/usage");
    all.as_array().unwrap().iter().find(|u| u["meter"] == meter).unwrap_or_else(|| panic!("{meter} in {all}")).clone()
}

pub(crate) fn id(who: &Actor) -> MemberId {
    who.id.parse().unwrap()
}

/// The plans that `entitlements.changed` told the member's devices of, oldest first.
pub(crate) async fn told(app: &TestApp, who: &Actor) -> Vec<String> {
    let query = Query::partition(EVENTS, id(who).bytes());
    let events = app.core().ports.items.query(query).await.unwrap().items;
    let bodies = events.iter().map(|item| String::from_utf8_lossy(&item.body).into_owned());
    let changes = bodies.filter(|body| body.contains("\"entitlements.changed\""));
    changes.map(|body| body.split("\"plan\":\"").nth(1).unwrap().split('"').next().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn the_catalogue_is_for_everybody() {
    let app = TestApp::new().await;
    let list = app.get("/v1/plans").await.expect(200);
    assert_eq!(texts(&list.at("/data"), "key"), ["basic", "premiere", "exclusive"]);
    assert_eq!(texts(&list.at("/data"), "name"), ["Basic", "Premiere", "Exclusive"]);
    assert_eq!(list.at("/next_cursor"), Value::Null);
    assert_eq!(texts(&list.at("/guarantees"), "name"), ["14-day money-back guarantee", "Cancel at any time"]);
    for (i, (price, keys, benefits)) in [(0, 7, 0), (1_999, 16, 0), (3_499, 24, 6)].into_iter().enumerate() {
        let plan = list.at(&format!("/data/{i}"));
        assert_eq!(plan["price"], json!({ "amount": price, "currency": "USD" }));
        assert_eq!(plan["annual_price"], Value::Null);
        assert_eq!(plan["popular"], i == 1);
        let features = texts(&plan["features"], "key");
        assert_eq!(features.iter().collect::<BTreeSet<_>>().len(), keys);
        assert_eq!(texts(&plan["benefits"], "key").len(), benefits);
    }
    let limit = |plan: usize, meter: &str| {
        let limits = list.at(&format!("/data/{plan}/limits"));
        limits.as_array().unwrap().iter().find(|l| l["meter"] == meter).unwrap().clone()
    };
    for (meter, window, limits) in [
        ("love_note_library", "standing", [json!(50), json!(1_000), json!(null)]),
        ("date_idea_details", "month", [json!(5), json!(null), json!(null)]),
        ("ai_coach_questions", "month", [json!(0), json!(50), json!(null)]),
        ("quizzes", "standing", [json!(null), json!(null), json!(null)]),
        ("ai_content_creator", "none", [json!(0), json!(0), json!(null)]),
        ("expert_consultations", "month", [json!(0), json!(0), json!(1)]),
        ("file_storage", "standing", [json!(1_u64 << 30), json!(10_u64 << 30), json!(10_u64 << 30)]),
        ("notes.partner", "month", [json!(3), json!(null), json!(null)]),
        ("notes.sms", "month", [json!(3), json!(30), json!(100)]),
        ("notes.email", "month", [json!(1), json!(null), json!(null)]),
    ] {
        for (plan, wanted) in limits.into_iter().enumerate() {
            let found = limit(plan, meter);
            assert_eq!((&found["limit"], &found["window"]), (&wanted, &json!(window)), "{meter} of plan {plan}");
        }
    }
    assert_eq!([0, 1, 2].map(|plan| limit(plan, "quizzes")["scope"].clone()), ["basic", "all", "all"]);
}

#[tokio::test]
async fn the_catalogue_speaks_the_language_of_whoever_asks() {
    let app = TestApp::new().await;
    let first = |answer: &Answer| answer.text("/data/0/features/0/name");
    let mut seen = BTreeSet::new();
    for lang in ["en", "es", "fr", "it", "de"] {
        let asked = app.get(&format!("/v1/plans?language={lang}")).await.expect(200);
        assert_eq!(asked.text("/language"), lang);
        let accepted = app.get("/v1/plans").header("accept-language", lang).await.expect(200);
        assert_eq!(accepted.json(), asked.json());
        assert!(seen.insert(first(&asked)), "{lang}");
    }
    let ana = app.member("Ana").await;
    ana.patch("/v1/me", json!({ "language": "it" })).await.expect(200);
    app.settle().await;
    let language = async |path| ana.get(path).header("accept-language", "de").await.expect(200).text("/language");
    assert_eq!(language("/v1/plans").await, "it");
    assert_eq!(language("/v1/plans?language=fr").await, "fr");
    // Listed but not active, or empty: as if it were not said.
    assert_eq!(language("/v1/plans?language=nl").await, "it");
    assert_eq!(language("/v1/plans?language=").await, "it");
    ana.get("/v1/plans?language=xx").await.invalid(&[("/query/language", "unknown_value")]);
}

#[tokio::test]
async fn prices_and_limits_are_configuration() {
    let app = TestApp::with(|settings| {
        settings.plans.currency = base::money::Currency::Eur;
        settings.plans.premiere.price = 999;
        settings.plans.premiere.annual_price = 9_900;
        settings.plans.basic.coach_questions = 2;
        settings.plans.basic.note_library = -1;
    })
    .await;
    let list = app.get("/v1/plans").await.expect(200);
    assert_eq!(list.at("/data/1/price"), json!({ "amount": 999, "currency": "EUR" }));
    assert_eq!(list.at("/data/1/annual_price"), json!({ "amount": 9_900, "currency": "EUR" }));
    let ana = app.member("Ana").await;
    let mine = my(&ana).await;
    assert_eq!(usage(&mine, "ai_coach_questions")["limit"], 2);
    assert_eq!(usage(&mine, "love_note_library")["limit"], Value::Null);
}

#[tokio::test]
async fn everybody_begins_on_basic() {
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    let mine = my(&ana).await;
    for (pointer, value) in [
        ("/plan", json!("basic")),
        ("/stored_plan", json!("basic")),
        ("/status", json!("active")),
        ("/current_period_end", json!(null)),
        ("/paid", json!(false)),
        ("/higher_plan_exists", json!(true)),
        ("/next_plan", json!("premiere")),
        ("/grants", json!([])),
    ] {
        assert_eq!(mine.at(pointer), value, "{pointer}");
    }
    assert_eq!(mine.at("/entitlements").as_array().unwrap().len(), 7);
    let fresh = json!({ "meter": "date_idea_details", "used": 0, "limit": 5, "remaining": 5, "window": "month",
                        "resets_at": "2026-12-01T00:00:00.000Z", "warning": false });
    assert_eq!(usage(&mine, "date_idea_details"), fresh);
    assert_eq!(usage(&mine, "quizzes")["scope"], "basic");
    assert_eq!(usage(&mine, "file_storage")["resets_at"], Value::Null);
    assert_eq!(mine.at("/usage").as_array().unwrap().len(), 7 + 9);
    assert!(mine.at("/usage").as_array().unwrap().iter().all(|u| u["used"] == 0 && u["warning"] == false));
    for (plan, keys, next) in [("premiere", 16, json!("exclusive")), ("exclusive", 24, json!(null))] {
        app.grant_plan(&ana, plan).await;
        let mine = my(&ana).await;
        assert_eq!((mine.text("/plan"), mine.at("/paid")), (plan.to_owned(), json!(true)));
        assert_eq!((mine.at("/next_plan"), mine.at("/higher_plan_exists")), (next.clone(), json!(!next.is_null())));
        assert_eq!(mine.at("/entitlements").as_array().unwrap().len(), keys);
        assert_eq!(usage(&mine, "quizzes")["scope"], "all");
    }
    assert_eq!(told(&app, &ana).await, ["premiere", "exclusive"]);
}

#[tokio::test]
async fn usage_is_counted_and_begins_anew_with_the_year() {
    let Couple { app, alice, bob, .. } = TestApp::couple().await;
    // The last instant of the year.
    app.advance(39 * DAY + 12 * HOUR - 1);
    assert_eq!(app.now().to_string(), "2026-12-31T23:59:59.999Z");
    let alice = alice.another_device().await;
    for used in 1..=3 {
        alice.sends("Happy new year").await;
        let partner = usage(&my(&alice).await, "notes.partner");
        assert_eq!((&partner["used"], &partner["remaining"]), (&json!(used), &json!(3 - used)));
        assert_eq!(partner["warning"], used == 3);
        assert_eq!(partner["resets_at"], "2027-01-01T00:00:00.000Z");
    }
    app.advance(1);
    let partner = usage(&my(&alice).await, "notes.partner");
    assert_eq!((&partner["used"], &partner["resets_at"]), (&json!(0), &json!("2027-02-01T00:00:00.000Z")));
    alice.sends("And again").await;
    assert_eq!(usage(&my(&alice).await, "notes.partner")["used"], 1);
    // Per member, never pooled per couple.
    let bob = bob.another_device().await;
    assert_eq!(usage(&my(&bob).await, "notes.partner")["used"], 0);
    app.settle().await;
}

#[tokio::test]
async fn one_feature_is_allowed_or_refused_as_its_use_would_be() {
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    for feature in Feature::all() {
        let answer = check(&ana, feature.key()).await;
        match feature.cheapest() {
            Some(Plan::Basic) => {
                let answer = answer.expect(200);
                assert_eq!((answer.at("/allowed"), answer.text("/source")), (json!(true), "plan".to_owned()));
                assert_eq!(answer.text("/feature"), feature.key());
            }
            Some(plan) => {
                let problem = answer.problem(403, "plan_required");
                let words = ["feature", "required_plan", "current_plan"].map(|name| problem[name].clone());
                assert_eq!(words, [json!(feature.key()), json!(plan.key()), json!("basic")]);
            }
            None => {
                let problem = answer.problem(403, "forbidden");
                assert_eq!(
                    (&problem["reason"], &problem["feature"]),
                    (&json!("unlock_required"), &json!(feature.key()))
                );
            }
        }
    }
    for unknown in ["gold", "AD_FREE", "", "ad_free%20"] {
        check(&ana, unknown).await.problem(404, "not_found");
    }
    app.grant_plan(&ana, "premiere").await;
    check(&ana, "couples_dashboard").await.expect(200);
    assert_eq!(check(&ana, "vip_badge").await.problem(403, "plan_required")["current_plan"], "premiere");
}

#[tokio::test]
async fn a_metered_feature_is_refused_at_its_limit() {
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    let meter = app::plans::Included::DateIdeaDetails.meter();
    let commit = async |amount| {
        let take = meter.take(&app.cx(), id(&ana), amount, None);
        app.core().ports.items.try_commit(vec![take]).await.unwrap().unwrap();
    };
    commit(4).await;
    let allowed = check(&ana, "date_ideas_limited").await.expect(200);
    assert_eq!((allowed.at("/usage/remaining"), allowed.at("/usage/warning")), (json!(1), json!(true)));
    commit(1).await;
    let problem = check(&ana, "date_ideas_limited").await.problem(403, "limit_reached");
    let words = ["limit", "used", "resets_at", "required_plan"].map(|name| problem[name].clone());
    assert_eq!(words, [json!(5), json!(5), json!("2026-12-01T00:00:00.000Z"), json!("premiere")]);
    app.grant_plan(&ana, "premiere").await;
    assert_eq!(check(&ana, "unlimited_date_ideas").await.expect(200).at("/usage/limit"), Value::Null);
    // Where no higher plan has more, none is named.
    app.grant_plan(&ana, "exclusive").await;
    let consultation = app::plans::Included::Consultations.meter().take(&app.cx(), id(&ana), 1, Some(1));
    app.core().ports.items.try_commit(vec![consultation]).await.unwrap().unwrap();
    let problem = check(&ana, "expert_consultation").await.problem(403, "limit_reached");
    assert_eq!((problem.get("required_plan"), &problem["limit"]), (None, &json!(1)));
}
