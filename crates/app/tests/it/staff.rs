//! Staff: who is, in which sessions, and what each role may do.

use crate::{
    identity::execute,
    second_factor::{code_at, login_with, signed_in, switched_on},
};
use app::operator::{self, Granted, StaffRole};
use serde_json::json;
use testkit::{Actor, PASSWORD, TestApp};

/// What `o2o member grant-staff` does.
pub async fn grant(app: &TestApp, email: &str, role: Option<StaffRole>) -> Granted {
    let granted = operator::grant_staff(&app.cx(), &app.core().ports.sql, email, role).await.unwrap();
    app.settle().await;
    granted
}

/// A member with a role, signed in with a second factor.
pub async fn staff(app: &TestApp, name: &str, role: StaffRole) -> Actor {
    let member = app.member(name).await;
    let factor = switched_on(&member).await;
    assert_eq!(grant(app, &member.email, Some(role)).await, Granted::Done { second_factor: true });
    signed_in(&member, &factor).await
}

const AUDIT: &str = "/v1/staff/audit";

/// Refused as staff that has to sign in with the second factor.
async fn needs_second_factor(who: &Actor) {
    let problem = who.get(AUDIT).await.problem(403, "forbidden");
    assert_eq!(problem["reason"], "second_factor_needed");
}

/// Refused like anybody who is no staff, or of another role.
async fn closed(who: &Actor) {
    let problem = who.get(AUDIT).await.problem(403, "forbidden");
    assert!(problem.get("reason").is_none(), "{problem}");
}

#[tokio::test]
async fn a_role_counts_in_sessions_that_began_with_the_second_factor() {
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    closed(&ana).await;
    assert_eq!(grant(&app, "nobody@example.com", Some(StaffRole::Support)).await, Granted::Nobody);
    let granted = grant(&app, " ANA@example.com ", Some(StaffRole::Superadmin)).await;
    assert_eq!(granted, Granted::Done { second_factor: false });
    assert_eq!(ana.get("/v1/me").await.expect(200).at("/role"), "superadmin");
    needs_second_factor(&ana).await;
    // Switching it on proves the app, not that whoever holds this session knows the password.
    let factor = switched_on(&ana).await;
    needs_second_factor(&ana).await;
    let strong = signed_in(&ana, &factor).await;
    strong.get(AUDIT).await.expect(200);
    strong.renewed().await.get(AUDIT).await.expect(200);
    needs_second_factor(&ana).await;
    // A recovery code is a second factor, too.
    let answer = login_with(&app, &ana.email, Some(&factor.recovery_codes[0])).await.expect(200);
    Actor::signed_in(&app, &answer).get(AUDIT).await.expect(200);
    // Off, it counts nowhere; on again, only in sessions that begin with the new one.
    ana.delete("/v1/auth/totp").json(&json!({ "password": PASSWORD })).await.expect(204);
    needs_second_factor(&strong).await;
    let factor = switched_on(&ana).await;
    needs_second_factor(&strong).await;
    signed_in(&ana, &factor).await.get(AUDIT).await.expect(200);
    app.settle().await;
}

#[tokio::test]
async fn a_role_counts_and_ends_at_once_on_every_node() {
    let app = TestApp::new().await;
    let ana = staff(&app, "Ana", StaffRole::Superadmin).await;
    let node = app.another_node().await;
    ana.get(AUDIT).await.expect(200);
    ana.on(&node).get(AUDIT).await.expect(200);
    assert_eq!(grant(&app, &ana.email, None).await, Granted::Done { second_factor: true });
    closed(&ana).await;
    closed(&ana.on(&node)).await;
    assert!(ana.get("/v1/me").await.expect(200).json().get("role").is_none());
    grant(&app, &ana.email, Some(StaffRole::Superadmin)).await;
    ana.on(&node).get(AUDIT).await.expect(200);
    execute(&app, "update accounts set is_active = false").await;
    assert_eq!(ana.get(AUDIT).await.problem(403, "forbidden")["reason"], "account_inactive");
    app.settle().await;
}

#[tokio::test]
async fn each_role_has_its_areas() {
    let app = TestApp::new().await;
    let ana = staff(&app, "Ana", StaffRole::Support).await;
    for role in StaffRole::ALL {
        grant(&app, &ana.email, Some(role)).await;
        assert_eq!(ana.get("/v1/me").await.expect(200).at("/role"), role.key());
        if matches!(role, StaffRole::Moderator | StaffRole::Superadmin) {
            ana.get(AUDIT).await.expect(200);
        } else {
            closed(&ana).await;
            // What may not be asked is not looked at.
            ana.get("/v1/staff/audit?limit=none").await.problem(403, "forbidden");
        }
    }
    // A role is nothing that a member can write.
    let bob = app.member("Bob").await;
    bob.patch("/v1/me", json!({ "role": "superadmin", "bio": "Hi" })).await.expect(200);
    closed(&bob).await;
    // Nor a word that no release of ours knows.
    execute(&app, "update accounts set role = 'emperor'").await;
    closed(&ana).await;
    app.settle().await;
}

#[tokio::test]
async fn a_session_without_it_stays_without_it() {
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    grant(&app, &ana.email, Some(StaffRole::Superadmin)).await;
    let weak = ana.another_device().await;
    let factor = switched_on(&ana).await;
    for session in [&ana, &weak] {
        needs_second_factor(session).await;
        needs_second_factor(&session.renewed().await).await;
    }
    let code = code_at(&factor.secret, app.now());
    let answer = login_with(&app, &ana.email, Some(&code)).await.expect(200);
    Actor::signed_in(&app, &answer).get(AUDIT).await.expect(200);
    app.settle().await;
}
