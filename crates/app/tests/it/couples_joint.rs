//! Joint registration: two accounts and their link, all or nothing.

use crate::{
    identity::{execute, number, told},
    identity_contacts::receipt,
    raced,
};
use base::time::{DAY, HOUR, MINUTE};
use serde_json::{Value, json};
use testkit::{Actor, Answer, Call, TestApp};

/// One half of the form, with fresh receipts.
async fn person(app: &TestApp, first: &str, phone: &str) -> Value {
    let email = format!("{first}@Example.com");
    json!({
        "first_name": first, "last_name": "Silva", "email": email, "phone": phone,
        "email_receipt": receipt(app, "email", &email).await, "phone_receipt": receipt(app, "sms", phone).await,
        "country": "Portugal", "state": "Lisboa", "city": "Lisbon", "spoken_language": "de",
        "consent": true, "age_attested": true, "timezone": "Europe/Lisbon",
    })
}

/// The form of two people with these first names.
pub async fn form_of(app: &TestApp, names: [&str; 2]) -> Value {
    let [one, other] = names;
    json!({ "partners": [person(app, one, "+351912345678").await, person(app, other, "+351 912 345 679").await] })
}

async fn form(app: &TestApp) -> Value {
    form_of(app, ["Ana", "Bob"]).await
}

fn register(app: &TestApp, form: &Value) -> Call {
    app.anonymous().post("/v1/couple/register", form.clone())
}

/// `form` with one member of it changed; null takes it away.
fn with(form: &Value, pointer: &str, value: Value) -> Value {
    let mut form = form.clone();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let parent = form.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    parent.remove(name);
    if !value.is_null() {
        parent.insert(name.to_owned(), value);
    }
    form
}

/// Sets the password by the mail and signs in.
async fn enters(app: &TestApp, email: &str) -> Actor {
    let token = app.mailed(email, "/reset?token=");
    let password = format!("the password of {email}");
    let body = json!({ "token": token, "password": password });
    app.anonymous().post("/v1/auth/password/reset", body).await.expect(204);
    let body = json!({ "email": email, "password": password, "client": "native" });
    let actor = Actor::signed_in(app, &app.anonymous().post("/v1/auth/login", body).await.expect(200));
    app.settle().await;
    actor
}

/// Everything that this registration writes in `sql`.
const LEFT: &str = "select (select count(*) from accounts) + (select count(*) from profiles)
    + (select count(*) from consents) + (select count(*) from contacts) + (select count(*) from one_time_tokens)
    + (select count(*) from spent_receipts) + (select count(*) from couples) + (select count(*) from couple_members)
    + (select count(*) from idempotency) + (select count(*) from outbox)";

#[tokio::test]
async fn two_register_and_are_a_couple_from_the_start() {
    let app = TestApp::new().await;
    let answer = register(&app, &form(&app).await).await.expect(201);
    assert_eq!(answer.at("/status"), "active");
    assert!(answer.text("/id").starts_with("cpl_"));
    let members = answer.at("/members");
    for (at, name) in ["Ana", "Bob"].into_iter().enumerate() {
        assert_eq!(members[at]["name"], format!("{name} Silva"));
        assert_eq!(members[at]["email"], format!("{name}@Example.com"));
        assert_eq!((&members[at]["email_verified"], &members[at]["phone_verified"]), (&json!(true), &json!(true)));
    }
    app.settle().await;
    // No password yet: no sign-in, and each has a mail of their own, in the language they speak.
    for email in ["ana@example.com", "bob@example.com"] {
        let body = json!({ "email": email, "password": "the password of nobody" });
        app.anonymous().post("/v1/auth/login", body).await.problem(401, "unauthenticated");
        let mail = &app.mails_to(email)[0];
        assert_eq!((&mail.meta["letter"], &mail.meta["language"]), (&json!("set_up_password"), &json!("de")));
    }
    let (ana, bob) = (enters(&app, "ana@example.com").await, enters(&app, "bob@example.com").await);
    assert_eq!((&json!(ana.id), &json!(bob.id)), (&members[0]["id"], &members[1]["id"]));
    let me = ana.get("/v1/me").await.expect(200);
    assert_eq!((me.at("/email_verified"), me.text("/partner_name")), (json!(true), "Bob Silva".to_owned()));
    assert_eq!((me.text("/language"), me.text("/timezone")), ("de".to_owned(), "Europe/Lisbon".to_owned()));
    assert_eq!((me.at("/plan"), me.at("/user_type")), (json!("basic"), json!("regular")));
    let couple = bob.get("/v1/couple").await.expect(200);
    assert_eq!((couple.at("/id"), couple.text("/partner/id")), (answer.at("/id"), ana.id.clone()));
    let note = ana.sends("Hello, you").await;
    bob.get(&format!("/v1/notes/{note}")).await.expect(200);
    for half in [&ana, &bob] {
        assert_eq!(told(&app, half, "couple.accepted").await, 1);
    }
    app.settle().await;
    let kept = "select count(*) from contacts c join accounts a on a.id = c.member_id where c.last_name = 'Silva'
        and c.phone like '+35191234567_' and c.phone_verified_at = a.created_at and c.country = 'Portugal'
        and c.state = 'Lisboa' and c.city = 'Lisbon' and c.spoken_language = 'de'";
    assert_eq!(number(&app, kept).await, 2);
    let terms = "select count(*) from accounts a join consents c on c.member_id = a.id
        where c.kind = 'terms' and c.version = a.terms_version and c.given_at = a.terms_accepted_at";
    assert_eq!(number(&app, terms).await, 2);
    // Neither of the two can be invited away.
    ana.post("/v1/couple/invitations", json!({ "email": "else@example.com" })).await.problem(409, "conflict");
}

#[tokio::test]
async fn the_link_of_the_mail_sets_one_password_and_later_a_forgotten_one_does() {
    let app = TestApp::new().await;
    register(&app, &form(&app).await).await.expect(201);
    app.settle().await;
    let first = app.mailed("ana@example.com", "/reset?token=");
    enters(&app, "ana@example.com").await;
    let reset = |token: &str| {
        app.anonymous().post("/v1/auth/password/reset", json!({ "token": token, "password": "another good one" }))
    };
    reset(&first).await.expect(422);
    let late = app.mailed("bob@example.com", "/reset?token=");
    app.advance(7 * DAY);
    reset(&late).await.expect(422);
    app.anonymous().post("/v1/auth/password/forgot", json!({ "email": "bob@example.com" })).await.expect(202);
    app.settle().await;
    enters(&app, "bob@example.com").await.get("/v1/couple").await.expect(200);
}

/// A forgotten password voids nothing at once; whichever link is used first ends the other.
#[tokio::test]
async fn of_two_links_that_set_the_password_one_counts() {
    let app = TestApp::new().await;
    register(&app, &form(&app).await).await.expect(201);
    app.settle().await;
    let set_up = app.mailed("ana@example.com", "/reset?token=");
    app.anonymous().post("/v1/auth/password/forgot", json!({ "email": "ana@example.com" })).await.expect(202);
    app.settle().await;
    assert_ne!(app.mailed("ana@example.com", "/reset?token="), set_up);
    enters(&app, "ana@example.com").await;
    let body = json!({ "token": set_up, "password": "another good one" });
    app.anonymous().post("/v1/auth/password/reset", body).await.expect(422);
    app.settle().await;
}

#[tokio::test]
async fn every_offending_field_is_named_and_nothing_is_left() {
    let app = TestApp::new().await;
    let form = form(&app).await;
    let before = number(&app, LEFT).await;
    register(&app, &json!({})).await.invalid(&[("/partners", "out_of_range")]);
    register(&app, &json!({ "partners": [form["partners"][0]] })).await.invalid(&[("/partners", "out_of_range")]);
    let long = |n: usize| "é".repeat(n);
    for (name, value, code) in [
        ("first_name", json!(null), "required"),
        ("first_name", json!("  "), "required"),
        ("first_name", json!(long(60)), "too_long"),
        ("last_name", json!(null), "required"),
        ("last_name", json!(long(60)), "too_long"),
        ("country", json!(null), "required"),
        ("country", json!(long(81)), "too_long"),
        ("state", json!(long(121)), "too_long"),
        ("city", json!(""), "required"),
        ("city", json!(long(121)), "too_long"),
        ("spoken_language", json!(null), "required"),
        ("spoken_language", json!(long(61)), "too_long"),
        ("consent", json!(false), "must_be_true"),
        ("consent", json!(null), "required"),
        ("age_attested", json!(false), "must_be_true"),
        ("age_attested", json!(null), "required"),
        ("timezone", json!("Mars/Olympus"), "invalid_zone"),
        ("email_receipt", json!(null), "required"),
        ("email_receipt", json!("x"), "receipt_invalid"),
        ("email_receipt", form["partners"][0]["email_receipt"].clone(), "receipt_invalid"),
        ("email_receipt", form["partners"][1]["phone_receipt"].clone(), "receipt_invalid"),
        ("phone_receipt", json!(null), "required"),
        ("phone_receipt", form["partners"][0]["phone_receipt"].clone(), "receipt_invalid"),
        ("consent", json!("yes"), "wrong_type"),
    ] {
        let pointer = format!("/partners/1/{name}");
        register(&app, &with(&form, &pointer, value)).await.invalid(&[(&pointer, code)]);
    }
    // What was verified is that address and that number.
    register(&app, &with(&form, "/partners/1/email", json!("else@example.com")))
        .await
        .invalid(&[("/partners/1/email_receipt", "receipt_invalid")]);
    register(&app, &with(&form, "/partners/1/phone", json!("+351912345670")))
        .await
        .invalid(&[("/partners/1/phone_receipt", "receipt_invalid")]);
    register(&app, &with(&form, "/partners/1/phone", json!("12")))
        .await
        .invalid(&[("/partners/1/phone", "invalid_phone"), ("/partners/1/phone_receipt", "receipt_invalid")]);
    let twice = json!({ "partners": [form["partners"][0], form["partners"][0]] });
    register(&app, &twice).await.invalid(&[("/partners/1/email", "own_address")]);
    let two = with(&with(&form, "/partners/0/city", json!("")), "/partners/1/consent", json!(false));
    register(&app, &two).await.invalid(&[("/partners/0/city", "required"), ("/partners/1/consent", "must_be_true")]);
    assert_eq!(number(&app, LEFT).await, before);
    // All of it left the receipts as good as they were; a state is not everywhere.
    register(&app, &with(&form, "/partners/1/state", json!(null))).await.expect(201);
    app.settle().await;
}

#[tokio::test]
async fn a_receipt_is_good_once_and_for_an_hour() {
    let app = TestApp::new().await;
    let first = form(&app).await;
    register(&app, &first).await.expect(201);
    app.settle().await;
    // The receipt of the phone serves no second form.
    let mut again = json!({ "partners": [person(&app, "Cleo", "+351912345670").await, null] });
    app.advance(MINUTE);
    again["partners"][1] = first["partners"][1].clone();
    again["partners"][1]["email"] = json!("Dan@Example.com");
    again["partners"][1]["email_receipt"] = json!(receipt(&app, "email", "dan@example.com").await);
    let before = number(&app, LEFT).await;
    let problem = register(&app, &again).await.invalid(&[("/partners/1/phone_receipt", "already_used")]);
    assert_eq!(problem["reason"], "already_used");
    assert_eq!(number(&app, LEFT).await, before);
    again["partners"][1]["phone_receipt"] = json!(receipt(&app, "sms", "+351912345679").await);
    // Cleo's receipts were given a minute before.
    app.advance(HOUR - MINUTE);
    let gone = [("/partners/0/email_receipt", "receipt_invalid"), ("/partners/0/phone_receipt", "receipt_invalid")];
    register(&app, &again).await.invalid(&gone);
    for (channel, name, to) in
        [("email", "email_receipt", "cleo@example.com"), ("sms", "phone_receipt", "+351912345670")]
    {
        again["partners"][0][name] = json!(receipt(&app, channel, to).await);
    }
    register(&app, &again).await.expect(201);
    app.settle().await;
    app.advance(2 * HOUR);
    app::work::reconcile(app.core()).await;
    assert_eq!(number(&app, "select count(*) from spent_receipts").await, 0);
}

#[tokio::test]
async fn a_taken_address_leaves_nothing() {
    let app = TestApp::new().await;
    app.newcomer("Bob").await;
    let form = form(&app).await;
    let before = number(&app, LEFT).await;
    let problem = register(&app, &form).await.problem(409, "conflict");
    assert_eq!((&problem["reason"], &problem["pointer"]), (&json!("email_taken"), &json!("/partners/1/email")));
    assert_eq!(number(&app, LEFT).await, before);
    // Ana's receipts are good still.
    let mut mended = form.clone();
    mended["partners"][1] = person(&app, "Dan", "+351912345670").await;
    register(&app, &mended).await.expect(201);
    app.settle().await;
}

#[tokio::test]
async fn a_step_that_fails_leaves_nothing() {
    const STEPS: [&str; 10] = [
        "create trigger t before insert on accounts when new.name = 'Bob Silva' begin select raise(abort, 'no'); end",
        "create trigger t before insert on profiles begin select raise(abort, 'no'); end",
        "create trigger t before insert on consents begin select raise(abort, 'no'); end",
        "create trigger t before insert on contacts begin select raise(abort, 'no'); end",
        "create trigger t before insert on one_time_tokens begin select raise(abort, 'no'); end",
        "create trigger t before insert on spent_receipts begin select raise(abort, 'no'); end",
        "create trigger t before insert on couples begin select raise(abort, 'no'); end",
        "create trigger t before insert on couple_members begin select raise(abort, 'no'); end",
        "create trigger t before insert on outbox when new.body like '%couple.accepted%' begin select raise(abort, 'no'); end",
        "create trigger t before insert on idempotency begin select raise(abort, 'no'); end",
    ];
    let app = TestApp::new().await;
    let form = form(&app).await;
    let before = number(&app, LEFT).await;
    for refuse in STEPS {
        execute(&app, refuse).await;
        register(&app, &form).key("one").await.problem(500, "internal");
        assert_eq!(number(&app, LEFT).await, before, "{refuse}");
        execute(&app, "drop trigger t").await;
    }
    // Without the other store the couple is made all the same, and a job does the rest.
    app.faults().items.fail_after(0, testkit::Fail::Fault(ports::Fault::Unavailable));
    let made = register(&app, &form).key("one").await;
    app.faults().items.heal();
    made.expect(201);
    app.settle().await;
    let ana = enters(&app, "ana@example.com").await;
    ana.get("/v1/couple").await.expect(200);
    ana.sends("Here we are").await;
    app.settle().await;
}

#[tokio::test]
async fn a_repeat_with_the_same_key_is_the_same_registration() {
    let app = TestApp::new().await;
    let form = form(&app).await;
    let first = register(&app, &form).key("k").await.expect(201);
    assert_eq!(register(&app, &form).key("k").await.expect(201).bytes(), first.bytes());
    let other = with(&form, "/partners/0/city", json!("Porto"));
    register(&app, &other).key("k").await.problem(422, "idempotency_key_reused");
    register(&app, &form).key("l").await.problem(409, "conflict");
    assert_eq!(number(&app, "select count(*) from couples").await, 1);
    app.settle().await;
    assert_eq!(app.mails_to("ana@example.com").iter().filter(|m| m.meta["letter"] == "set_up_password").count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_forms_at_once_one_is_taken() {
    let app = TestApp::new().await;
    let form = form(&app).await;
    let answers: Vec<Answer> = raced((0..8).map(|_| {
        let call = register(&app, &form);
        async move { call.await }
    }))
    .await;
    assert_eq!(answers.iter().filter(|a| a.status() == 201).count(), 1, "{answers:?}");
    assert!(answers.iter().all(|a| matches!(a.status(), 201 | 409 | 422)), "{answers:?}");
    assert_eq!(number(&app, "select count(*) from accounts").await, 2);
    app.settle().await;
}
