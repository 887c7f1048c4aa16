//! The access table: every operation of the document for every actor, and nothing in it without one.

use crate::{
    couples_joint, identity_contacts,
    openapi::{Operation, operations},
};
use axum::http::Response;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use testkit::{Actor, Call, Couple, PASSWORD, TestApp};

/// Who calls. `single` never had a partner; `former` was Alice's before Bob; `other` lives in another couple.
const ACTORS: [&str; 6] = ["anonymous", "single", "alice", "bob", "former", "other"];

/// Everybody, and one of each thing that has an owner.
pub(crate) struct Stage {
    app: TestApp,
    anonymous: Actor,
    single: Actor,
    alice: Actor,
    pub bob: Actor,
    former: Actor,
    other: Actor,
    /// From Alice to Bob.
    note: String,
    /// From Alice to the former partner, when they were a couple.
    old_note: String,
    /// From Alice to an address outside.
    mailed: String,
    /// Alice's, to Bob.
    scheduled: String,
    /// From `single` to `former`.
    invitation: String,
    code: String,
    /// Of the library, for everybody.
    template: String,
    /// Of Alice and Bob.
    pub conversation: String,
    /// From Alice to Bob, in it.
    message: String,
    /// From Bob to Alice, in it.
    answer: String,
    /// Alice's, used by no message, and an upload of hers.
    file: String,
    upload: String,
    /// From Alice to Bob, ringing.
    call: String,
    /// Alice's other device.
    session: String,
    /// Of mails to somebody outside this table.
    verify_token: String,
    reset_token: String,
    change_token: String,
    /// For `CODED`.
    contact_code: String,
    /// Of two people outside this table.
    joint_form: Value,
}

const CODED: &str = "coded@example.com";

/// What a schedule needs, a day from the stage's now.
fn tomorrow() -> Value {
    json!({ "channel": "partner", "content": "Good morning", "date": "2026-11-23", "time": "09:00",
            "timezone": "Europe/Lisbon" })
}

impl Stage {
    async fn new() -> Self {
        let app = TestApp::new().await;
        let [single, alice, bob, former, other, partner] = [
            app.member("Single").await,
            app.member("Alice").await,
            app.member("Bob").await,
            app.member("Former").await,
            app.member("Other").await,
            app.member("Otto").await,
        ];
        for member in [&single, &alice, &bob, &former, &other] {
            app.grant_plan(member, "premiere").await;
        }
        app.link(&alice, &former).await;
        let old_note = alice.sends("For you, then").await;
        alice.delete("/v1/couple").await.expect(204);
        app.settle().await;
        app.link(&alice, &bob).await;
        app.link(&other, &partner).await;
        let note = alice.sends("For you").await;
        let outside = json!({ "channel": "email", "recipient": "mum@example.com", "content": "Hello" });
        let mailed = alice.post("/v1/notes", outside).await.expect(201).text("/id");
        let scheduled = alice.post("/v1/scheduled-notes", tomorrow()).await.expect(201).text("/id");
        let sent = single.post("/v1/couple/invitations", json!({ "email": former.email })).await.expect(201);
        let device = alice.another_device().await;
        let sessions = device.get("/v1/auth/sessions").await.expect(200).data();
        let session = sessions.iter().find(|s| s["current"] == true).unwrap()["id"].as_str().unwrap().to_owned();
        let template = app.get("/v1/note-templates?limit=1").await.expect(200).text("/data/0/id");
        let file = alice.call("POST", "/v1/files?kind=document").bytes("Dear Bob").await.expect(201).text("/id");
        let upload = json!({ "kind": "document", "size": 9, "mime": "text/plain" });
        let upload = alice.post("/v1/uploads", upload).await.expect(201).text("/id");
        let newcomer = app.newcomer("Newcomer").await;
        let opened = alice.post("/v1/conversations", json!({ "member_id": bob.id })).await.expect(200);
        let conversation = opened.text("/id");
        let messages = format!("/v1/conversations/{conversation}/messages");
        let message = alice.post(&messages, said("Hi")).await.expect(201).text("/id");
        let answer = bob.post(&messages, said("Hello")).await.expect(201).text("/id");
        app.anonymous().post("/v1/auth/password/forgot", json!({ "email": newcomer.email })).await.expect(202);
        newcomer.post("/v1/auth/email/change", new_email()).await.expect(202);
        let call = alice.post("/v1/calls", json!({ "member_id": bob.id, "type": "voice" })).await.expect(201);
        app.settle().await;
        Self {
            anonymous: app.anonymous(),
            note,
            old_note,
            mailed,
            scheduled,
            invitation: sent.text("/id"),
            code: sent.text("/code"),
            session,
            template,
            conversation,
            message,
            answer,
            file,
            upload,
            call: call.text("/id"),
            verify_token: app.mailed(&newcomer.email, "/verify?token="),
            reset_token: app.mailed(&newcomer.email, "/reset?token="),
            change_token: app.mailed(&newcomer.email, "/email-change?token="),
            contact_code: identity_contacts::code(&app, "email", CODED).await,
            joint_form: couples_joint::form_of(&app, ["Jo", "Kim"]).await,
            single,
            alice,
            bob,
            former,
            other,
            app,
        }
    }

    /// A path below the conversation of Alice and Bob.
    fn chat(&self, rest: &str) -> String {
        format!("/v1/conversations/{}{rest}", self.conversation)
    }

    /// A path below Alice's message.
    fn said(&self, rest: &str) -> String {
        format!("/v1/messages/{}{rest}", self.message)
    }

    /// A path below Alice's call.
    pub fn rung(&self, rest: &str) -> String {
        format!("/v1/calls/{}{rest}", self.call)
    }

    fn actor(&self, name: &str) -> &Actor {
        match name {
            "anonymous" => &self.anonymous,
            "single" => &self.single,
            "alice" => &self.alice,
            "bob" => &self.bob,
            "former" => &self.former,
            "other" => &self.other,
            _ => unreachable!("{name} is not an actor"),
        }
    }
}

/// One operation (a row may look at a variant of it), the status for each of [`ACTORS`], and its request.
pub(crate) struct Row(pub &'static str, pub [u16; 6], pub fn(&Stage, &Actor) -> Call);

/// The same for everybody, visitors too.
const fn all(status: u16) -> [u16; 6] {
    [status; 6]
}

/// The same for every member.
pub(crate) const fn members(status: u16) -> [u16; 6] {
    [401, status, status, status, status, status]
}

fn email(member: &Actor) -> Value {
    json!({ "email": member.email })
}

fn new_email() -> Value {
    json!({ "password": PASSWORD, "new_email": "moved@example.com" })
}

fn said(text: &str) -> Value {
    json!({ "kind": "text", "content": text })
}

fn partner_note() -> Value {
    json!({ "channel": "partner", "content": "Hello" })
}

#[rustfmt::skip]
const TABLE: &[Row] = &[
    // Identity                                    anonymous, single, alice, bob, former, other
    Row("POST /v1/auth/register", all(201), |_, who| who.post("/v1/auth/register", TestApp::sign_up("Fresh"))),
    Row("POST /v1/auth/login", all(200), |s, who|
        who.post("/v1/auth/login", json!({ "email": s.alice.email, "password": PASSWORD }))),
    Row("POST /v1/auth/refresh", all(200), |s, who|
        who.post("/v1/auth/refresh", json!({ "refresh_token": s.alice.refresh_token }))),
    Row("POST /v1/auth/logout", members(204), |_, who| who.post("/v1/auth/logout", Value::Null)),
    Row("GET /v1/auth/sessions", members(200), |_, who| who.get("/v1/auth/sessions")),
    Row("DELETE /v1/auth/sessions", members(204), |_, who| who.delete("/v1/auth/sessions")),
    Row("DELETE /v1/auth/sessions/{id}", [401, 404, 204, 404, 404, 404], |s, who|
        who.delete(&format!("/v1/auth/sessions/{}", s.session))),
    Row("POST /v1/auth/email/verify", all(200), |s, who|
        who.post("/v1/auth/email/verify", json!({ "token": s.verify_token }))),
    Row("POST /v1/auth/email/resend", all(202), |s, who| who.post("/v1/auth/email/resend", email(&s.alice))),
    Row("POST /v1/auth/email/change", members(202), |_, who| who.post("/v1/auth/email/change", new_email())),
    // Whoever opens the link of a mail: the session does not matter.
    Row("POST /v1/auth/email/change/confirm", all(200), |s, who|
        who.post("/v1/auth/email/change/confirm", json!({ "token": s.change_token }))),
    Row("POST /v1/auth/codes", all(202), |_, who|
        who.post("/v1/auth/codes", json!({ "channel": "sms", "destination": "+351 912 000 000" }))),
    Row("POST /v1/auth/codes/verify", all(200), |s, who| who.post("/v1/auth/codes/verify",
        json!({ "channel": "email", "destination": CODED, "code": s.contact_code }))),
    Row("POST /v1/auth/password/forgot", all(202), |s, who| who.post("/v1/auth/password/forgot", email(&s.alice))),
    Row("POST /v1/auth/password/reset", all(204), |s, who|
        who.post("/v1/auth/password/reset", json!({ "token": s.reset_token, "password": "another good one" }))),
    Row("POST /v1/auth/password/change", members(204), |_, who| who.post("/v1/auth/password/change",
        json!({ "current_password": PASSWORD, "new_password": "another good one" }))),
    Row("GET /v1/auth/totp", members(200), |_, who| who.get("/v1/auth/totp")),
    Row("POST /v1/auth/totp", members(200), |_, who| who.post("/v1/auth/totp", Value::Null)),
    Row("POST /v1/auth/totp/confirm", members(409), |_, who|
        who.post("/v1/auth/totp/confirm", json!({ "code": "123456" }))),
    Row("DELETE /v1/auth/totp", members(404), |_, who|
        who.delete("/v1/auth/totp").json(&json!({ "password": PASSWORD }))),
    Row("GET /v1/me", members(200), |_, who| who.get("/v1/me")),
    Row("PATCH /v1/me", members(200), |_, who| who.patch("/v1/me", json!({ "bio": "Hi" }))),
    Row("GET /v1/me/completion", members(200), |_, who| who.get("/v1/me/completion")),
    Row("POST /v1/me/completion", members(200), |_, who| who.post("/v1/me/completion", Value::Null)),
    Row("PUT /v1/me/picture", members(200), |_, who|
        who.call("PUT", "/v1/me/picture").header("content-type", "image/png").bytes(crate::profiles_pictures::png(4, 4))),
    Row("DELETE /v1/me/picture", members(204), |_, who| who.delete("/v1/me/picture")),
    Row("GET /v1/me/preferences", members(200), |_, who| who.get("/v1/me/preferences")),
    Row("PATCH /v1/me/preferences", members(200), |_, who|
        who.patch("/v1/me/preferences", json!({ "pet_name": "bear" }))),
    Row("GET /v1/me/activity", members(200), |_, who| who.get("/v1/me/activity")),
    Row("GET /v1/members/{id}", members(200), |s, who| who.get(&format!("/v1/members/{}", s.bob.id))),
    Row("GET /v1/languages", all(200), |_, who| who.get("/v1/languages")),
    Row("GET /.well-known/jwks.json", all(200), |_, who| who.get("/.well-known/jwks.json")),
    // Plans                                       anonymous, single, alice, bob, former, other
    Row("GET /v1/plans", all(200), |_, who| who.get("/v1/plans")),
    Row("GET /v1/me/plan", members(200), |_, who| who.get("/v1/me/plan")),
    Row("GET /v1/me/plan/features/{key}", members(200), |_, who| who.get("/v1/me/plan/features/surprise_messages")),
    // Couples                                     anonymous, single, alice, bob, former, other
    Row("POST /v1/couple/invitations", [401, 409, 409, 409, 201, 409], |_, who|
        who.post("/v1/couple/invitations", json!({ "email": "somebody@example.com" }))),
    Row("GET /v1/couple/invitations", members(200), |_, who| who.get("/v1/couple/invitations")),
    Row("DELETE /v1/couple/invitations/{id}", [401, 204, 404, 404, 404, 404], |s, who|
        who.delete(&format!("/v1/couple/invitations/{}", s.invitation))),
    Row("POST /v1/couple/invitations/{id}/resend", [401, 200, 404, 404, 404, 404], |s, who|
        who.post(&format!("/v1/couple/invitations/{}/resend", s.invitation), Value::Null)),
    Row("POST /v1/couple/invitations/{id}/accept", [401, 404, 404, 404, 200, 404], |s, who|
        who.post(&format!("/v1/couple/invitations/{}/accept", s.invitation), Value::Null)),
    Row("POST /v1/couple/invitations/{id}/decline", [401, 404, 404, 404, 204, 404], |s, who|
        who.post(&format!("/v1/couple/invitations/{}/decline", s.invitation), Value::Null)),
    // Whoever holds the code may answer: that is what the code is for.
    Row("POST /v1/couple/join", [401, 422, 409, 409, 200, 409], |s, who|
        who.post("/v1/couple/join", json!({ "code": s.code }))),
    Row("POST /v1/couple/register", all(201), |s, who| who.post("/v1/couple/register", s.joint_form.clone())),
    Row("GET /v1/couple", [401, 404, 200, 200, 404, 200], |_, who| who.get("/v1/couple")),
    Row("DELETE /v1/couple", [401, 404, 204, 204, 404, 204], |_, who| who.delete("/v1/couple")),
    // Love notes                                  anonymous, single, alice, bob, former, other
    Row("POST /v1/notes", [401, 409, 201, 201, 409, 201], |_, who| who.post("/v1/notes", partner_note())),
    // An answer to a note: to what one sent, and to what is in nobody's box of one's own.
    Row("POST /v1/notes", [401, 409, 403, 201, 409, 404], |s, who| who.post("/v1/notes",
        json!({ "channel": "partner", "content": "Hello", "reply_to": s.note }))),
    Row("GET /v1/notes", members(200), |_, who| who.get("/v1/notes")),
    Row("GET /v1/notes/allowance", members(200), |_, who| who.get("/v1/notes/allowance")),
    // To the world outside nobody needs a partner.
    Row("POST /v1/notes", members(201), |_, who| who.post("/v1/notes",
        json!({ "channel": "sms", "recipient": "+351910000000", "content": "Hello" }))),
    Row("GET /v1/notes/statistics", members(200), |_, who| who.get("/v1/notes/statistics")),
    Row("GET /v1/notes/{id}", [401, 404, 200, 200, 404, 404], |s, who| who.get(&format!("/v1/notes/{}", s.note))),
    // A mail to somebody is its sender's alone.
    Row("GET /v1/notes/{id}", [401, 404, 200, 404, 404, 404], |s, who| who.get(&format!("/v1/notes/{}", s.mailed))),
    Row("POST /v1/notes/{id}/open", [401, 404, 403, 404, 404, 404], |s, who|
        who.post(&format!("/v1/notes/{}/open", s.mailed), Value::Null)),
    // What was sent to the former partner is theirs, and not the new one's.
    Row("GET /v1/notes/{id}", [401, 404, 200, 404, 200, 404], |s, who| who.get(&format!("/v1/notes/{}", s.old_note))),
    Row("POST /v1/notes/{id}/open", [401, 404, 403, 200, 404, 404], |s, who|
        who.post(&format!("/v1/notes/{}/open", s.note), Value::Null)),
    Row("POST /v1/notes/{id}/open", [401, 404, 403, 404, 200, 404], |s, who|
        who.post(&format!("/v1/notes/{}/open", s.old_note), Value::Null)),
    Row("POST /v1/scheduled-notes", [401, 409, 201, 201, 409, 201], |_, who|
        who.post("/v1/scheduled-notes", tomorrow())),
    Row("GET /v1/scheduled-notes", members(200), |_, who| who.get("/v1/scheduled-notes")),
    // A surprise stays one: the partner it waits for does not see it.
    Row("GET /v1/scheduled-notes/{id}", [401, 404, 200, 404, 404, 404], |s, who|
        who.get(&format!("/v1/scheduled-notes/{}", s.scheduled))),
    Row("PATCH /v1/scheduled-notes/{id}", [401, 404, 200, 404, 404, 404], |s, who|
        who.patch(&format!("/v1/scheduled-notes/{}", s.scheduled), json!({ "content": "Later" }))),
    Row("DELETE /v1/scheduled-notes/{id}", [401, 404, 204, 404, 404, 404], |s, who|
        who.delete(&format!("/v1/scheduled-notes/{}", s.scheduled))),
    // It has not failed, so its author gets a conflict; everybody else learns nothing.
    Row("POST /v1/scheduled-notes/{id}/retry", [401, 404, 409, 404, 404, 404], |s, who|
        who.post(&format!("/v1/scheduled-notes/{}/retry", s.scheduled), Value::Null)),
    // The library                                 anonymous, single, alice, bob, former, other
    Row("GET /v1/note-templates", all(200), |_, who| who.get("/v1/note-templates")),
    Row("GET /v1/note-templates/categories", all(200), |_, who| who.get("/v1/note-templates/categories")),
    Row("GET /v1/note-templates/random", all(200), |_, who| who.get("/v1/note-templates/random")),
    Row("GET /v1/note-templates/{id}", all(200), |s, who| who.get(&format!("/v1/note-templates/{}", s.template))),
    Row("PUT /v1/note-templates/{id}/favourite", members(204), |s, who|
        who.call("PUT", &format!("/v1/note-templates/{}/favourite", s.template))),
    Row("DELETE /v1/note-templates/{id}/favourite", members(204), |s, who|
        who.delete(&format!("/v1/note-templates/{}/favourite", s.template))),
    Row("GET /v1/me/favourite-templates", members(200), |_, who| who.get("/v1/me/favourite-templates")),
    // Presence: of anybody, as far as it is shown.
    Row("GET /v1/me/presence", members(200), |_, who| who.get("/v1/me/presence")),
    Row("PUT /v1/me/presence", members(200), |_, who| who.put("/v1/me/presence", json!({ "status": "busy" }))),
    Row("POST /v1/presence/heartbeat", members(204), |_, who| who.post("/v1/presence/heartbeat", Value::Null)),
    Row("GET /v1/members/{id}/presence", members(200), |s, who|
        who.get(&format!("/v1/members/{}/presence", s.alice.id))),
    Row("GET /v1/presence", members(200), |s, who| who.get(&format!("/v1/presence?member_ids={}", s.alice.id))),
    Row("GET /v1/presence/online", members(200), |_, who| who.get("/v1/presence/online")),
    Row("GET /v1/presence/online/count", members(200), |_, who| who.get("/v1/presence/online/count")),
    // Chat                                        anonymous, single, alice, bob, former, other
    Row("POST /v1/conversations", [401, 201, 200, 422, 201, 201], |s, who|
        who.post("/v1/conversations", json!({ "member_id": s.bob.id }))),
    Row("GET /v1/conversations", members(200), |_, who| who.get("/v1/conversations")),
    Row("GET /v1/conversations/{id}", [401, 404, 200, 200, 404, 404], |s, who| who.get(&s.chat(""))),
    Row("PATCH /v1/conversations/{id}", [401, 404, 200, 200, 404, 404], |s, who|
        who.patch(&s.chat(""), json!({ "muted": true }))),
    Row("DELETE /v1/conversations/{id}", [401, 404, 204, 204, 404, 404], |s, who| who.delete(&s.chat(""))),
    Row("POST /v1/conversations/{id}/clear", [401, 404, 200, 200, 404, 404], |s, who|
        who.post(&s.chat("/clear"), Value::Null)),
    Row("GET /v1/conversations/{id}/messages", [401, 404, 200, 200, 404, 404], |s, who| who.get(&s.chat("/messages"))),
    Row("GET /v1/conversations/{id}/messages", [401, 404, 200, 200, 404, 404], |s, who|
        who.get(&s.chat("/messages?q=hi"))),
    Row("POST /v1/conversations/{id}/messages", [401, 404, 201, 201, 404, 404], |s, who|
        who.post(&s.chat("/messages"), said("Hey"))),
    // An answer to a message of a conversation that is not one's own.
    Row("POST /v1/conversations/{id}/messages", [401, 404, 201, 201, 404, 404], |s, who|
        who.post(&s.chat("/messages"), json!({ "content": "Hey", "reply_to_id": s.message }))),
    Row("POST /v1/conversations/{id}/delivered", [401, 404, 200, 200, 404, 404], |s, who|
        who.post(&s.chat("/delivered"), json!({ "seq": 1 }))),
    Row("POST /v1/conversations/{id}/read", [401, 404, 200, 200, 404, 404], |s, who|
        who.post(&s.chat("/read"), json!({ "seq": 1 }))),
    Row("POST /v1/conversations/{id}/typing", [401, 404, 204, 204, 404, 404], |s, who|
        who.post(&s.chat("/typing"), json!({ "typing": false }))),
    Row("GET /v1/conversations/{id}/pins", [401, 404, 200, 200, 404, 404], |s, who| who.get(&s.chat("/pins"))),
    Row("GET /v1/conversations/{id}/media", [401, 404, 200, 200, 404, 404], |s, who| who.get(&s.chat("/media"))),
    Row("GET /v1/unread", members(200), |_, who| who.get("/v1/unread")),
    Row("GET /v1/messages/{id}", [401, 404, 200, 200, 404, 404], |s, who| who.get(&s.said(""))),
    // The receiver reads it and does not change it.
    Row("PATCH /v1/messages/{id}", [401, 404, 200, 403, 404, 404], |s, who| who.patch(&s.said(""), said("Hi there"))),
    Row("DELETE /v1/messages/{id}", [401, 404, 204, 204, 404, 404], |s, who| who.delete(&s.said(""))),
    Row("DELETE /v1/messages/{id}", [401, 404, 204, 403, 404, 404], |s, who| who.delete(&s.said("?for=everyone"))),
    Row("GET /v1/messages/{id}/info", [401, 404, 200, 200, 404, 404], |s, who| who.get(&s.said("/info"))),
    Row("GET /v1/messages/{id}/reactions", [401, 404, 200, 200, 404, 404], |s, who| who.get(&s.said("/reactions"))),
    Row("PUT /v1/messages/{id}/reactions/{emoji}", [401, 404, 200, 200, 404, 404], |s, who|
        who.call("PUT", &s.said("/reactions/%F0%9F%91%8D"))),
    Row("DELETE /v1/messages/{id}/reactions/{emoji}", [401, 404, 200, 200, 404, 404], |s, who|
        who.delete(&s.said("/reactions/%F0%9F%91%8D"))),
    Row("PUT /v1/messages/{id}/star", [401, 404, 200, 200, 404, 404], |s, who| who.call("PUT", &s.said("/star"))),
    Row("DELETE /v1/messages/{id}/star", [401, 404, 200, 200, 404, 404], |s, who| who.delete(&s.said("/star"))),
    Row("PUT /v1/messages/{id}/pin", [401, 404, 200, 200, 404, 404], |s, who| who.call("PUT", &s.said("/pin"))),
    Row("DELETE /v1/messages/{id}/pin", [401, 404, 200, 200, 404, 404], |s, who| who.delete(&s.said("/pin"))),
    Row("POST /v1/messages/forward", [401, 404, 200, 200, 404, 404], |s, who| who.post("/v1/messages/forward",
        json!({ "message_ids": [s.message], "member_ids": [s.single.id] }))),
    Row("GET /v1/me/starred-messages", members(200), |_, who| who.get("/v1/me/starred-messages")),
    Row("PUT /v1/members/{id}/block", [401, 204, 204, 422, 204, 204], |s, who|
        who.call("PUT", &format!("/v1/members/{}/block", s.bob.id))),
    Row("DELETE /v1/members/{id}/block", [401, 204, 204, 422, 204, 204], |s, who|
        who.delete(&format!("/v1/members/{}/block", s.bob.id))),
    Row("GET /v1/me/blocks", members(200), |_, who| who.get("/v1/me/blocks")),
    Row("POST /v1/members/{id}/report", [401, 201, 201, 422, 201, 201], |s, who|
        who.post(&format!("/v1/members/{}/report", s.bob.id), Value::Null)),
    // What one wrote oneself is nothing to report.
    Row("POST /v1/messages/{id}/report", [401, 404, 201, 409, 404, 404], |s, who|
        who.post(&format!("/v1/messages/{}/report", s.answer), Value::Null)),
    Row("GET /v1/me/privacy", members(200), |_, who| who.get("/v1/me/privacy")),
    Row("PATCH /v1/me/privacy", members(200), |_, who|
        who.patch("/v1/me/privacy", json!({ "messages_from": "partner" }))),
    Row("GET /v1/staff/reports", members(403), |_, who| who.get("/v1/staff/reports")),
    Row("POST /v1/staff/reports/{id}/close", members(403), |_, who|
        who.post("/v1/staff/reports/rpt_01hf7yat00000000000000000a/close", Value::Null)),
    // Files                                       anonymous, single, alice, bob, former, other
    Row("POST /v1/files", members(201), |_, who| who.call("POST", "/v1/files?kind=document").bytes("Dear Ben")),
    Row("POST /v1/uploads", members(201), |_, who|
        who.post("/v1/uploads", json!({ "kind": "image", "size": 9, "mime": "image/png" }))),
    // Alice's, whose bytes have not come.
    Row("POST /v1/uploads/{id}/complete", [401, 404, 409, 404, 404, 404], |s, who|
        who.post(&format!("/v1/uploads/{}/complete", s.upload), Value::Null)),
    Row("GET /v1/files/{id}", [401, 404, 200, 404, 404, 404], |s, who| who.get(&format!("/v1/files/{}", s.file))),
    Row("DELETE /v1/files/{id}", [401, 404, 204, 404, 404, 404], |s, who|
        who.delete(&format!("/v1/files/{}", s.file))),
    // Real time                                   anonymous, single, alice, bob, former, other
    Row("POST /v1/realtime/tickets", members(200), |_, who| who.post("/v1/realtime/tickets", Value::Null)),
    // The ticket is the credential; without a handshake nothing is looked at.
    Row("GET /v1/realtime", all(400), |_, who| who.get("/v1/realtime?ticket=x")),
    Row("GET /v1/realtime/events", members(200), |_, who| who.get("/v1/realtime/events")),
];

/// Every row, of all areas.
fn table() -> impl Iterator<Item = &'static Row> {
    TABLE.iter().chain(crate::access_calls::TABLE).chain(crate::access_staff::TABLE)
}

#[test]
fn the_table_and_the_document_have_the_same_operations() {
    let documented: BTreeSet<_> = operations().iter().map(Operation::label).collect();
    let listed: BTreeSet<_> = table().map(|row| row.0.to_owned()).collect();
    let missing: Vec<_> = documented.difference(&listed).collect();
    assert!(missing.is_empty(), "operations without a row: {missing:?}");
    let gone: Vec<_> = listed.difference(&documented).collect();
    assert!(gone.is_empty(), "rows without an operation: {gone:?}");
    // An expectation of 401 for visitors and the declaration say the same.
    for operation in operations() {
        for row in table().filter(|row| row.0 == operation.label()) {
            assert_eq!(row.1[0] != 401, operation.public, "{}", row.0);
        }
    }
}

/// A status that the row expects, with its problem where it is one.
async fn wrong(name: &str, row: &Row, wanted: u16, response: Response<axum::body::Body>) -> Option<String> {
    let (parts, body) = response.into_parts();
    let label = row.0;
    if parts.status != wanted {
        let body = if parts.status.is_success() { axum::body::Bytes::new() } else { bytes(body).await };
        let body = String::from_utf8_lossy(&body).into_owned();
        return Some(format!("{label} as {name}: {wanted} expected, got {} {body}", parts.status.as_u16()));
    }
    if parts.status.is_success() {
        return None;
    }
    let problem: Value = serde_json::from_slice(&bytes(body).await).unwrap_or_default();
    let code = problem["code"].as_str().unwrap_or_default();
    let fits = match wanted {
        401 => code == "unauthenticated",
        403 => code == "forbidden",
        404 => code == "not_found",
        409 => code == "conflict",
        422 => code == "validation",
        _ => !code.is_empty(),
    };
    (!fits).then(|| format!("{label} as {name}: {wanted} with {problem}"))
}

async fn bytes(body: axum::body::Body) -> axum::body::Bytes {
    axum::body::to_bytes(body, usize::MAX).await.unwrap()
}

/// Each cell on a stage of its own, so that no call finds what another left.
#[tokio::test]
async fn every_operation_answers_every_actor_as_the_table_says() {
    let original = Stage::new().await;
    let mut wrongs = Vec::new();
    for row in table() {
        for (at, name) in ACTORS.iter().enumerate() {
            let app = original.app.copy().await;
            let actor = original.actor(name).on(&app);
            let response = (row.2)(&original, &actor).open().await;
            wrongs.extend(wrong(name, row, row.1[at], response).await);
            // Whatever happened is still consistent: the work it left can be done.
            app.settle().await;
        }
    }
    assert!(wrongs.is_empty(), "{} cells are wrong:\n{}", wrongs.len(), wrongs.join("\n"));
}

/// Ids that are well formed and name nothing, or something of another kind, or are no ids at all: 404 all alike.
#[tokio::test]
async fn ids_that_name_nothing_are_not_found() {
    let stage = Stage::new().await;
    let junk =
        ["x", "note_", "note_00000000000000000000000000", "cpl_01hf7yat00000000000000000a", "%00", "..%2f", "%ff"];
    for operation in operations().iter().filter(|o| o.path.contains('{')) {
        for id in junk.iter().copied().chain([&*stage.note]) {
            if operation.path.contains("/notes/") && id == stage.note {
                continue;
            }
            let call = stage.alice.call(&operation.method, &operation.path_with(id)).json(&json!({}));
            // Who is not staff learns nothing of what staff have.
            let staff = operation.path.starts_with("/v1/staff/");
            let (status, code) = if staff { (403, "forbidden") } else { (404, "not_found") };
            call.await.problem(status, code);
        }
    }
}

/// Bearers that open nothing. The clock stands after the life of `expired`.
fn bad_bearers(good: &str, expired: &str) -> Vec<(&'static str, String)> {
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let (header, payload) = signed.split_once('.').unwrap();
    let claims = String::from_utf8(URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
    let none = URL_SAFE_NO_PAD.encode(json!({ "alg": "none", "typ": "JWT" }).to_string());
    let kept: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap();
    let none_with_key = URL_SAFE_NO_PAD.encode(json!({ "alg": "none", "typ": "JWT", "kid": kept["kid"] }).to_string());
    let hs256 = URL_SAFE_NO_PAD.encode(json!({ "alg": "HS256", "typ": "JWT", "kid": kept["kid"] }).to_string());
    let pair = ring::signature::Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
    let own = URL_SAFE_NO_PAD.encode(pair.sign(signed.as_bytes()).as_ref());
    let mac = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, b"public key");
    let mac = URL_SAFE_NO_PAD.encode(ring::hmac::sign(&mac, format!("{hs256}.{payload}").as_bytes()).as_ref());
    let mut flipped = signature.to_owned();
    flipped.replace_range(0..1, if signature.starts_with('A') { "B" } else { "A" });
    let later = URL_SAFE_NO_PAD.encode(claims.replace("\"exp\":1", "\"exp\":2"));
    vec![
        ("no token", "Bearer".to_owned()),
        ("an empty token", "Bearer ".to_owned()),
        ("not a token", "Bearer abc".to_owned()),
        ("three dots", "Bearer ...".to_owned()),
        ("another scheme", format!("Basic {good}")),
        ("no scheme", good.to_owned()),
        ("expired", format!("Bearer {expired}")),
        ("a flipped signature", format!("Bearer {signed}.{flipped}")),
        ("no signature", format!("Bearer {signed}.")),
        ("another key", format!("Bearer {signed}.{own}")),
        ("alg none", format!("Bearer {none}.{payload}.")),
        ("alg none with our key's name", format!("Bearer {none_with_key}.{payload}.{signature}")),
        ("alg HS256", format!("Bearer {hs256}.{payload}.{mac}")),
        ("a later expiry", format!("Bearer {header}.{later}.{signature}")),
        ("a long text", format!("Bearer {}", "a".repeat(8_000))),
    ]
}

/// Everything about the rest of the request is wrong, and must not be noticed.
fn broken(call: Call) -> Call {
    call.header("content-type", "text/plain").header("idempotency-key", "").bytes("{ not json \u{0}")
}

#[tokio::test]
async fn without_a_good_credential_only_visitors_operations_answer() {
    let Couple { app, alice, .. } = TestApp::couple().await;
    let expired = alice.access_token.clone().unwrap();
    // Remembered as verified, which must not prolong it.
    alice.get("/v1/me").await.expect(200);
    app.advance(15 * base::time::MINUTE);
    let alice = alice.renewed().await;
    alice.get("/v1/me").await.expect(200);
    let bearers = bad_bearers(alice.access_token.as_deref().unwrap(), &expired);
    for operation in operations() {
        let path = format!("{}?limit=none&cursor=%00&box=x", operation.path_with("not-an-id"));
        let call = || broken(app.call(&operation.method, &path));
        let label = operation.label();
        if operation.public {
            assert_ne!(call().await.status(), 401, "{label}");
            continue;
        }
        let answer = call().await;
        answer.problem(401, "unauthenticated");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"), "{label}");
        for (what, bearer) in &bearers {
            let answer = call().header("authorization", bearer).await;
            assert_eq!(answer.status(), 401, "{label} with {what}: {answer:?}");
            answer.problem(401, "unauthenticated");
        }
    }
}

#[tokio::test]
async fn an_ended_session_opens_nothing() {
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    let other = ana.another_device().await;
    other.get("/v1/me").await.expect(200);
    ana.delete("/v1/auth/sessions").await.expect(204);
    for operation in operations().iter().filter(|o| !o.public) {
        let call = other.call(&operation.method, &operation.path_with("x"));
        broken(call).await.problem(401, "unauthenticated");
    }
    ana.get("/v1/me").await.expect(200);
    app.settle().await;
}

/// The scheme's name has no case (RFC 9110 §11.1); a token from a cookie or the query is none.
#[tokio::test]
async fn the_bearer_is_read_from_its_header_only() {
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    let token = ana.access_token.clone().unwrap();
    for scheme in ["Bearer", "bearer", "BEARER"] {
        app.get("/v1/me").header("authorization", &format!("{scheme} {token}")).await.expect(200);
    }
    app.get(&format!("/v1/me?access_token={token}")).await.problem(401, "unauthenticated");
    app.get("/v1/me").header("cookie", &format!("access_token={token}")).await.problem(401, "unauthenticated");
}
