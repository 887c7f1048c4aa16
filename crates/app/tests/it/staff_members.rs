//! Members as staff find them: what is hidden, what is revealed for a reason, and what the record has of it.

use crate::staff::{grant, staff};
use app::operator::StaffRole;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use testkit::{Actor, Answer, TestApp};

const MEMBERS: &str = "/v1/staff/members";

async fn find(who: &Actor, query: &str) -> Answer {
    who.get(&format!("{MEMBERS}?{query}")).await.expect(200)
}

fn ids(answer: &Answer) -> Vec<String> {
    answer.data().iter().map(|member| member["id"].as_str().unwrap().to_owned()).collect()
}

async fn record(auditor: &Actor, action: &str) -> Vec<Value> {
    auditor.get(&format!("/v1/staff/audit?action={action}")).await.expect(200).data()
}

#[tokio::test]
async fn support_moderators_and_superadmins_find_members() {
    let app = TestApp::new().await;
    let ana = staff(&app, "Ana", StaffRole::Support).await;
    let bob = app.member("Bob").await;
    let one = format!("{MEMBERS}/{}", bob.id);
    for role in StaffRole::ALL {
        grant(&app, &ana.email, Some(role)).await;
        let open = matches!(role, StaffRole::Support | StaffRole::Moderator | StaffRole::Superadmin);
        for path in [MEMBERS, &*one, &*format!("{one}?reason=ticket")] {
            assert_eq!(ana.get(path).await.status(), if open { 200 } else { 403 }, "{path} as {}", role.key());
        }
    }
    grant(&app, &bob.email, Some(StaffRole::Superadmin)).await;
    for path in [MEMBERS, &*one] {
        assert_eq!(bob.get(path).await.problem(403, "forbidden")["reason"], "second_factor_needed");
    }
    app.settle().await;
}

#[tokio::test]
async fn what_tells_who_somebody_is_stays_hidden_until_there_is_a_reason() {
    let app = TestApp::new().await;
    let ana = staff(&app, "Ana", StaffRole::Superadmin).await;
    let mia = app.member("Mia").await;
    app.grant_plan(&mia, "premiere").await;
    let created = mia.get("/v1/me").await.expect(200).at("/created_at");
    let hidden = json!({
        "id": mia.id, "name": "M…", "email": "m…@example.com", "created_at": created, "plan": "premiere",
        "user_type": "regular", "active": true, "email_verified": true, "revealed": false,
    });
    for query in ["q=MIA%40example.com", &*format!("q={}", mia.id), "q=mi", "q=Mia"] {
        let answer = find(&ana, query).await;
        assert_eq!((answer.data(), answer.at("/next_cursor")), (vec![hidden.clone()], Value::Null), "{query}");
    }
    // Whole addresses only, and names from their beginning; a pattern is a text like any other.
    for query in ["q=mia%40example", "q=ia", "q=%25", "q=_ia", "q=mem_01hf7yat00000000000000000a", "q=example.com"] {
        assert!(find(&ana, query).await.data().is_empty(), "{query}");
    }
    let one = format!("{MEMBERS}/{}", mia.id);
    assert_eq!(ana.get(&one).await.expect(200).json(), hidden);
    assert_eq!(ana.get(&format!("{one}?reason=+++")).await.expect(200).json(), hidden);
    assert!(record(&ana, "member_reveal").await.is_empty());

    let revealed = ana.get(&format!("{one}?reason=Ticket+4711,+wrong+address")).await.expect(200);
    let mut whole = hidden;
    whole["name"] = json!("Mia");
    whole["email"] = json!(mia.email);
    whole["revealed"] = json!(true);
    assert_eq!(revealed.json(), whole);
    assert_eq!(revealed.header("cache-control"), Some("no-store"));
    let acts = record(&ana, "member_reveal").await;
    assert_eq!(acts.len(), 1);
    let told = [&acts[0]["actor"], &acts[0]["member_id"], &acts[0]["detail"]];
    assert_eq!(told, [&json!(ana.id), &json!(mia.id), &json!({ "reason": "Ticket 4711, wrong address" })]);

    for reason in ["ab", &*"a".repeat(201)] {
        let code = if reason.len() < 3 { "too_short" } else { "too_long" };
        ana.get(&format!("{one}?reason={reason}")).await.invalid(&[("/query/reason", code)]);
    }
    ana.get(&format!("{MEMBERS}/mem_01hf7yat00000000000000000a?reason=ticket")).await.problem(404, "not_found");
    assert_eq!(record(&ana, "member_reveal").await.len(), 1, "what was not shown is not on record");
    app.settle().await;
}

/// A search is on record by its kind: what was typed may be an address.
#[tokio::test]
async fn a_search_is_on_record_without_what_was_typed() {
    let app = TestApp::new().await;
    let ana = staff(&app, "Ana", StaffRole::Superadmin).await;
    let mia = app.member("Mia").await;
    for query in ["q=mia%40example.com", &*format!("q={}", mia.id), "q=Nobody"] {
        find(&ana, query).await;
    }
    let acts = record(&ana, "member_search").await;
    let told: Vec<_> = acts.iter().rev().map(|act| (act["member_id"].clone(), act["detail"].clone())).collect();
    let by = |by: &str, found: u32| json!({ "by": by, "found": found });
    let mia = json!(mia.id);
    assert_eq!(told, [(mia.clone(), by("email", 1)), (mia, by("id", 1)), (Value::Null, by("name", 0))]);
    app.settle().await;
}

#[tokio::test]
async fn members_are_paged_by_name() {
    let app = TestApp::new().await;
    let ana = staff(&app, "Ana", StaffRole::Support).await;
    let mut all = Vec::new();
    for name in ["Mabel", "Mads", "Maren", "Maxim", "Mona"] {
        all.push(app.newcomer(name).await);
    }
    // The same name twice: the id decides.
    all[1].patch("/v1/me", json!({ "name": "Mabel" })).await.expect(200);
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = find(&ana, &format!("q=ma&limit=1{cursor}")).await;
        found.extend(ids(&page));
        match page.at("/next_cursor").as_str() {
            Some(next) => {
                let inside = URL_SAFE_NO_PAD.decode(next).unwrap();
                assert!(!String::from_utf8_lossy(&inside).to_lowercase().contains("ma"), "a name in a cursor");
                cursor = format!("&cursor={next}");
            }
            None => break,
        }
    }
    assert_eq!(found, all[..4].iter().map(|member| member.id.clone()).collect::<Vec<_>>());
    assert!(find(&ana, "q=ma&limit=4").await.at("/next_cursor").is_null());
    assert_eq!(find(&ana, "limit=100").await.data().len(), 6);

    let next = find(&ana, "q=ma&limit=2").await.text("/next_cursor");
    let other = staff(&app, "Otto", StaffRole::Moderator).await;
    let invalid = [("/query/cursor", "invalid_cursor")];
    for (who, query) in [(&other, "q=ma"), (&ana, "q=mo"), (&ana, "limit=2")] {
        who.get(&format!("{MEMBERS}?{query}&cursor={next}")).await.invalid(&invalid);
    }
    ana.get(&format!("{MEMBERS}?limit=0")).await.invalid(&[("/query/limit", "out_of_range")]);
    ana.get(&format!("{MEMBERS}?q={}", "a".repeat(201))).await.invalid(&[("/query/q", "too_long")]);
    app.settle().await;
}
