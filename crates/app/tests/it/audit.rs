//! The record of security-relevant acts: what is in it, what never is, and how staff read it.

use crate::{
    identity::{number, sign_up_with},
    second_factor::{login_with, switched_on},
    staff::{grant, staff},
};
use app::operator::StaffRole;
use base::time::{MINUTE, SECOND};
use ports::args;
use serde_json::{Value, json};
use std::{collections::BTreeSet, fs, path::Path};
use testkit::{Actor, PASSWORD, TestApp};

/// Everything on record about a member, oldest first: action, outcome, actor.
async fn about(auditor: &Actor, member: &Actor) -> Vec<(String, String, String)> {
    let answer = auditor.get(&format!("/v1/staff/audit?limit=100&member={}", member.id)).await.expect(200);
    let text = |entry: &Value, name: &str| entry[name].as_str().unwrap().to_owned();
    let mut acts: Vec<_> =
        answer.data().iter().map(|e| (text(e, "action"), text(e, "outcome"), text(e, "actor"))).collect();
    acts.reverse();
    acts
}

/// The acts without the reading itself.
fn names(acts: &[(String, String, String)]) -> Vec<String> {
    let name = |(action, outcome, _): &(String, String, String)| {
        if outcome == "ok" { action.clone() } else { format!("{action} refused") }
    };
    acts.iter().filter(|(action, ..)| action != "audit_read").map(name).collect()
}

/// The newest entry of an action about a member.
async fn newest(auditor: &Actor, member: &str, action: &str) -> Value {
    let path = format!("/v1/staff/audit?limit=1&member={member}&action={action}");
    auditor.get(&path).await.expect(200).data().remove(0)
}

async fn reset(app: &TestApp, who: &Actor) {
    app.anonymous().post("/v1/auth/password/forgot", json!({ "email": who.email })).await.expect(202);
    app.settle().await;
    let body = json!({ "token": app.mailed(&who.email, "/reset?token="), "password": PASSWORD });
    app.anonymous().post("/v1/auth/password/reset", body).await.expect(204);
    app.settle().await;
}

#[tokio::test]
async fn every_act_is_on_record() {
    let app = TestApp::new().await;
    let auditor = staff(&app, "Audra", StaffRole::Superadmin).await;
    let ana = app.member("Ana").await;
    assert_eq!(names(&about(&auditor, &ana).await), ["sign_up", "email_verify", "sign_in", "sign_out"]);
    let mut seen = 4;
    let mut next = async |ana: &Actor| {
        app.settle().await;
        let acts = names(&about(&auditor, ana).await);
        let new = acts[seen..].join(", ");
        seen = acts.len();
        new
    };

    login_with(&app, "ana@example.com", None).header("user-agent", "x").await.expect(200);
    assert_eq!(next(&ana).await, "sign_in");
    let wrong = json!({ "email": "ana@example.com", "password": "not this one" });
    app.anonymous().post("/v1/auth/login", wrong.clone()).await.expect(401);
    assert_eq!(next(&ana).await, "sign_in refused");
    let change = |current: &str| json!({ "current_password": current, "new_password": PASSWORD });
    ana.post("/v1/auth/password/change", change("not this one")).await.expect(422);
    assert_eq!(next(&ana).await, "password_check refused");
    ana.post("/v1/auth/password/change", change(PASSWORD)).await.expect(204);
    assert_eq!(next(&ana).await, "password_change, session_revoke");
    let other = ana.another_device().await;
    ana.delete("/v1/auth/sessions").await.expect(204);
    assert_eq!(next(&ana).await, "sign_in, session_revoke");
    other.get("/v1/me").await.expect(401);

    let factor = switched_on(&ana).await;
    assert_eq!(next(&ana).await, "second_factor_on");
    login_with(&app, &ana.email, Some("nonsense")).await.expect(401);
    login_with(&app, &ana.email, Some(&factor.recovery_codes[0])).await.expect(200);
    assert_eq!(next(&ana).await, "sign_in refused, sign_in, recovery_code_use");
    ana.delete("/v1/auth/totp").json(&json!({ "password": PASSWORD })).await.expect(204);
    assert_eq!(next(&ana).await, "second_factor_off");

    app.grant_plan(&ana, "premiere").await;
    grant(&app, &ana.email, Some(StaffRole::Support)).await;
    grant(&app, &ana.email, None).await;
    assert_eq!(next(&ana).await, "plan_grant, staff_grant, staff_revoke");
    let bob = app.member("Bob").await;
    app.link(&ana, &bob).await;
    ana.delete("/v1/couple").await.expect(204);
    assert_eq!(next(&ana).await, "couple_link, couple_unlink");
    assert_eq!(names(&about(&auditor, &bob).await)[4..], ["couple_link", "couple_unlink"]);

    let changed = json!({ "password": PASSWORD, "new_email": "ana@example.org" });
    ana.post("/v1/auth/email/change", changed).await.expect(202);
    app.settle().await;
    for address in ["ana@example.com", "ana@example.org"] {
        let body = json!({ "token": app.mailed(address, "/email-change?token=") });
        app.anonymous().post("/v1/auth/email/change/confirm", body).await.expect(200);
    }
    assert_eq!(next(&ana).await, "email_change");
    let ana = Actor { email: "ana@example.org".to_owned(), ..ana };
    let wrong = json!({ "email": "ana@example.org", "password": "not this one" });
    reset(&app, &ana).await;
    let ended = next(&ana).await;
    assert!(ended.starts_with("password_reset_request, password_reset, session_revoke"), "{ended}");
    for _ in 0..10 {
        app.anonymous().post("/v1/auth/login", wrong.clone()).await.expect(401);
    }
    app.anonymous().post("/v1/auth/login", wrong).await.expect(429);
    // Ten failures, one lock; what the lock refused is no more news.
    assert_eq!(next(&ana).await, ["sign_in refused"; 10].join(", ") + ", lock_out");
}

#[tokio::test]
async fn an_entry_says_who_when_where_and_what() {
    let app = TestApp::new().await;
    let auditor = staff(&app, "Audra", StaffRole::Superadmin).await;
    let body = sign_up_with("Ana", &json!({}));
    let answer = app.anonymous().post("/v1/auth/register", body).from("203.0.113.77").await.expect(201);
    let ana = Actor::signed_in(&app, &answer);
    let mine = ana.get("/v1/auth/sessions").await.expect(200).at("/data/0/id");
    let signed_up = newest(&auditor, &ana.id, "sign_up").await;
    let expected = json!({
        "id": signed_up["id"], "at": app.now(), "action": "sign_up", "outcome": "ok", "actor": ana.id,
        "member_id": ana.id, "session_id": mine, "ip_prefix": "203.0.113.0/24", "object": null,
        "detail": { "terms_version": "1" },
    });
    assert_eq!(signed_up, expected);
    assert!(signed_up["id"].as_str().unwrap().starts_with("aud_"));

    // Which session was ended, and from which.
    let other = ana.another_device().await;
    let theirs = other.get("/v1/auth/sessions").await.expect(200).data();
    let theirs = theirs.iter().find(|s| s["current"] == true).unwrap()["id"].clone();
    let path = format!("/v1/auth/sessions/{}", theirs.as_str().unwrap());
    ana.delete(&path).from("2001:db8:1:2::3").await.expect(204);
    app.settle().await;
    let ended = newest(&auditor, &ana.id, "session_revoke").await;
    let told = [&ended["actor"], &ended["session_id"], &ended["object"], &ended["ip_prefix"]];
    assert_eq!(told, [&json!(ana.id), &mine, &theirs, &json!("2001:db8:1::/48")]);

    // Before and after, where something was set; by whom, where nobody was signed in.
    app.grant_plan(&ana, "exclusive").await;
    let plan = newest(&auditor, &ana.id, "plan_grant").await;
    assert_eq!((&plan["actor"], &plan["ip_prefix"]), (&json!("operator"), &Value::Null));
    assert_eq!(plan["detail"], json!({ "before": "basic", "after": "exclusive" }));
    grant(&app, &ana.email, Some(StaffRole::Finance)).await;
    let role = newest(&auditor, &ana.id, "staff_grant").await;
    assert_eq!(role["detail"], json!({ "before": null, "after": "finance" }));
    let wrong = json!({ "email": ana.email, "password": "not this one" });
    app.anonymous().post("/v1/auth/login", wrong).from("203.0.113.7").await.expect(401);
    let failed = newest(&auditor, &ana.id, "sign_in").await;
    assert_eq!((&failed["actor"], &failed["outcome"]), (&json!("visitor"), &json!("refused")));
    assert_eq!(failed["detail"], json!({ "reason": "wrong_credentials" }));

    // Reading is an act of staff like any other.
    let filter = json!({ "member": ana.id, "actor": null, "action": "sign_in", "outcome": null, "from": null,
                         "until": null });
    let read = newest(&auditor, &ana.id, "audit_read").await;
    assert_eq!((&read["actor"], &read["detail"]), (&json!(auditor.id), &json!({ "filter": filter })));
}

#[tokio::test]
async fn a_copied_credential_is_on_record() {
    let app = TestApp::new().await;
    let auditor = staff(&app, "Audra", StaffRole::Superadmin).await;
    let ana = app.member("Ana").await;
    ana.renewed().await;
    app.advance(11 * SECOND);
    let stolen = json!({ "refresh_token": ana.refresh_token });
    app.anonymous().post("/v1/auth/refresh", stolen.clone()).await.expect(401);
    app.anonymous().post("/v1/auth/refresh", stolen).await.expect(401);
    app.settle().await;
    let acts = about(&auditor, &ana).await;
    let reuse: Vec<_> = acts.iter().filter(|(action, ..)| action == "refresh_reuse").collect();
    assert_eq!(reuse, [&("refresh_reuse".to_owned(), "refused".to_owned(), "visitor".to_owned())]);
}

/// An address that nobody has is a failure too, without a trace of the address.
#[tokio::test]
async fn nothing_secret_or_personal_is_on_record() {
    let app = TestApp::new().await;
    let auditor = staff(&app, "Audra", StaffRole::Superadmin).await;
    let ana = app.member("Ana").await;
    let factor = switched_on(&ana).await;
    login_with(&app, &ana.email, Some("424242424242")).await.expect(401);
    login_with(&app, &ana.email, Some(&factor.recovery_codes[2])).await.expect(200);
    login_with(&app, "stranger@example.com", None).await.expect(401);
    reset(&app, &ana).await;
    let mut tx = app.core().ports.sql.read().await.unwrap();
    let sql = "select coalesce(member_id, '') || ' ' || actor || ' ' || action || ' ' || coalesce(session_id, '')
                 || ' ' || coalesce(ip_prefix, '') || ' ' || coalesce(object, '') || ' ' || coalesce(detail, '')
               from audit";
    let rows = tx.rows(sql, args![]).await.unwrap();
    drop(tx);
    let whole: String = rows.iter().map(|row| row.text(0).unwrap() + "\n").collect();
    assert!(rows.len() > 12, "{whole}");
    let (access, reset) = (ana.access_token.clone().unwrap(), app.mailed(&ana.email, "/reset?token="));
    let mut never = vec!["@", "example", "Ana", "127.0.0.1", PASSWORD, "424242", &factor.secret, &access, &reset];
    never.push(&ana.refresh_token);
    never.extend(factor.recovery_codes.iter().map(|code| &code[..5]));
    for secret in never {
        assert!(!whole.contains(secret), "{secret} in\n{whole}");
    }
    let unknown = auditor.get("/v1/staff/audit?action=sign_in&outcome=refused&actor=visitor").await.expect(200);
    assert!(unknown.data().iter().any(|entry| entry["member_id"].is_null()), "{unknown:?}");
}

#[tokio::test]
async fn the_list_is_paged_and_filtered() {
    let app = TestApp::new().await;
    let auditor = staff(&app, "Audra", StaffRole::Superadmin).await;
    let since = app.now();
    let ana = app.newcomer("Ana").await;
    for _ in 0..7 {
        app.advance(SECOND);
        ana.another_device().await;
    }
    let until = app.now();
    app.advance(SECOND);
    let list = async |query: &str| auditor.get(&format!("/v1/staff/audit?{query}")).await.expect(200);
    let ids = |answer: &testkit::Answer| -> Vec<String> {
        answer.data().iter().map(|e| e["id"].as_str().unwrap().to_owned()).collect()
    };
    let all = ids(&list(&format!("member={}&limit=100", ana.id)).await);
    assert_eq!(all.len(), 8);
    assert!(all.windows(2).all(|pair| pair[0] > pair[1]), "newest first");
    // Page by page, though entries arrive meanwhile.
    let filter = format!("member={}&action=sign_in", ana.id);
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = list(&format!("{filter}&limit=3{cursor}")).await;
        found.extend(ids(&page));
        if found.len() == 3 {
            ana.another_device().await;
        }
        match page.at("/next_cursor").as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(found, all[..7]);
    // Each filter alone, and together.
    assert_eq!(ids(&list(&format!("actor={}&limit=2", ana.id)).await).len(), 2);
    let between = list(&format!("from={since}&until={until}&action=sign_in&limit=100")).await;
    assert_eq!(ids(&between), all[1..7]);
    assert_eq!(list(&format!("member={}&outcome=refused", ana.id)).await.data().len(), 0);
    // A cursor belongs to its list, its filter and its reader.
    let next = list(&format!("{filter}&limit=3")).await.text("/next_cursor");
    let other = staff(&app, "Otto", StaffRole::Moderator).await;
    let invalid = [("/query/cursor", "invalid_cursor")];
    for (who, query) in [(&other, &*filter), (&auditor, "limit=3"), (&auditor, "action=sign_in")] {
        who.get(&format!("/v1/staff/audit?{query}&cursor={next}")).await.invalid(&invalid);
    }
    auditor.get("/v1/staff/audit?cursor=x").await.invalid(&invalid);
    for (query, pointer, code) in [
        ("action=dance", "/query/action", "unknown_value"),
        ("outcome=maybe", "/query/outcome", "unknown_value"),
        ("member=me", "/query/member", "wrong_type"),
        ("from=yesterday", "/query/from", "wrong_type"),
        ("limit=0", "/query/limit", "out_of_range"),
        ("limit=101", "/query/limit", "out_of_range"),
        ("actor=", "/query/actor", "required"),
    ] {
        auditor.get(&format!("/v1/staff/audit?{query}")).await.invalid(&[(pointer, code)]);
    }
    app.settle().await;
}

/// What did not happen is not on record, and what happened is there before anybody is told.
#[tokio::test]
async fn acts_and_entries_are_one_commit() {
    let app = TestApp::new().await;
    app.newcomer("Ana").await;
    let count = async || number(&app, "select count(*) from audit").await;
    let before = count().await;
    app.anonymous().post("/v1/auth/register", TestApp::sign_up("Ana")).await.expect(409);
    app.anonymous().post("/v1/auth/email/verify", json!({ "token": "no such token" })).await.expect(422);
    assert_eq!(count().await, before);
    app.advance(MINUTE);
    app.anonymous().post("/v1/auth/register", TestApp::sign_up("Bob")).await.expect(201);
    assert_eq!(count().await, before + 1);
    app.settle().await;
    assert_eq!(count().await, before + 1);
}

/// Append-only: no statement of the product changes or removes a row.
#[test]
fn no_statement_changes_the_record() {
    fn walk(folder: &Path, found: &mut Vec<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|e| e == "rs" || e == "sql") {
                let text = fs::read_to_string(&path).unwrap().to_lowercase();
                found.push(text.split_whitespace().collect::<Vec<_>>().join(" "));
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    let mut sources = Vec::new();
    for folder in ["crates/app/src", "crates/server/src", "crates/ports/src", "migrations"] {
        walk(&root.join(folder), &mut sources);
    }
    let whole = sources.join(" ");
    assert!(whole.contains("insert into audit ("));
    for change in ["update audit", "delete from audit", "drop table audit", "truncate table", "replace into audit"] {
        assert!(!whole.contains(change), "{change}");
    }
}

/// Sign-up records the version that the configuration says, in every place that tells of it.
#[tokio::test]
async fn the_terms_that_were_accepted_are_on_record() {
    let app = TestApp::with(|s| s.identity.terms_version = "2026-11".to_owned()).await;
    let auditor = staff(&app, "Audra", StaffRole::Superadmin).await;
    let ana = app.newcomer("Ana").await;
    let mut tx = app.core().ports.sql.read().await.unwrap();
    let sql = "select a.terms_version, a.terms_accepted_at, c.version, c.given_at, c.kind, c.withdrawn_at
               from accounts a join consents c on c.member_id = a.id where a.id = $1";
    let rows = tx.rows(sql, args![&ana.id]).await.unwrap();
    drop(tx);
    assert_eq!(rows.len(), 1);
    let row = &rows[0];
    assert_eq!((row.text(0).unwrap(), row.text(2).unwrap()), ("2026-11".to_owned(), "2026-11".to_owned()));
    assert_eq!((row.time(1).unwrap(), row.time(3).unwrap()), (app.now(), app.now()));
    assert_eq!((row.text(4).unwrap(), row.int_opt(5).unwrap()), ("terms".to_owned(), None));
    let signed_up = newest(&auditor, &ana.id, "sign_up").await;
    assert_eq!(signed_up["detail"], json!({ "terms_version": "2026-11" }));
    // Refused sign-ups leave no consent.
    let body = sign_up_with("Bob", &json!({ "consent": false }));
    app.anonymous().post("/v1/auth/register", body).await.invalid(&[("/consent", "must_be_true")]);
    let names: BTreeSet<i64> = [number(&app, "select count(*) from consents").await].into();
    assert_eq!(names, [2].into());
}
