//! What staff add to the library, and what notes may say of it.

use crate::identity::number;
use app::{
    operator::{ImportError, Imported, grant_feature, import_templates},
    plans::Feature,
};
use base::time::SECOND;
use serde_json::{Value, json};
use testkit::{Couple, TestApp};

async fn import(app: &TestApp, text: &str) -> Result<Imported, ImportError> {
    import_templates(&app.cx(), &app.core().ports.sql, text).await
}

const FILE: &str = "
language = 'it'

[[template]]
key = 'new-words'
category = 'lgbtqSupport'
tier = 'premiere'
title = 'Parole nuove'
content = 'Qualcosa di nuovo, con amore.'
tags = ['nuovo', 'parole', 'noi']

[[template]]
language = 'en'
key = 'new-words'
category = 'sweet'
tier = 'exclusive'
audience = 'everyone'
title = 'Brand-new words'
content = 'Something brand new for you.'
tags = ['new', 'words', 'us']
";

async fn matching(who: &testkit::Actor, query: &str) -> Value {
    who.get(&format!("/v1/note-templates?{query}")).await.expect(200).at("/matching")
}

#[tokio::test]
async fn additions_are_shown_within_a_second_on_every_node() {
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    app.grant_plan(&ana, "exclusive").await;
    let other = app.another_node().await;
    let there = ana.on(&other);
    assert_eq!((matching(&ana, "q=brand-new").await, matching(&there, "q=brand-new").await), (json!(0), json!(0)));
    assert_eq!(import(&app, FILE).await.unwrap(), Imported { added: 2, changed: 0, unchanged: 0 });
    app.advance(SECOND);
    for who in [&ana, &there] {
        assert_eq!(matching(who, "q=brand-new").await, 1);
        assert_eq!(who.get("/v1/note-templates").await.expect(200).at("/total"), 241);
        // The language has one of its own now, and is not helped out any more.
        let support = who.get("/v1/note-templates?category=lgbtqSupport&language=it").await.expect(200);
        assert_eq!((support.at("/matching"), support.at("/data/0/language")), (json!(1), json!("it")));
    }
    let visitor = app.anonymous();
    assert_eq!(matching(&visitor, "q=brand-new").await, 0);
    // For whom the one is out of reach there are the English ones still.
    let support = visitor.get("/v1/note-templates?category=lgbtqSupport&language=it").await.expect(200);
    assert_eq!((support.at("/matching"), support.at("/data/0/language")), (json!(2), json!("en")));
    // At the end of its category, so that a page that is being read goes on.
    let sweet = ana.get("/v1/note-templates?category=sweet").await.expect(200).data();
    assert_eq!((sweet.len(), &sweet[10]["title"]), (11, &json!("Brand-new words")));
    assert_eq!(sweet[10]["audience"], "everyone");
}

#[tokio::test]
async fn an_import_is_whole_repeatable_and_can_retire() {
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    app.grant_plan(&ana, "exclusive").await;
    import(&app, FILE).await.unwrap();
    assert_eq!(import(&app, FILE).await.unwrap(), Imported { added: 0, changed: 0, unchanged: 2 });
    let broken =
        format!("{FILE}\n[[template]]\nkey='x'\ncategory='sweet'\ntier='gold'\ntitle='x'\ncontent='x'\ntags=[]");
    let more = broken.replace("new-words", "other-words");
    let Err(ImportError::Wrong(wrong)) = import(&app, &more).await else { panic!("it was taken") };
    assert_eq!(wrong.len(), 2, "{wrong:?}");
    assert!(import(&app, "language = 'en'").await.is_err());
    app.advance(SECOND);
    assert_eq!(matching(&ana, "q=brand-new").await, 1);
    let id = ana.get("/v1/note-templates?q=brand-new").await.expect(200).text("/data/0/id");
    ana.call("PUT", &format!("/v1/note-templates/{id}/favourite")).await.expect(204);
    let path = format!("/v1/note-templates/{id}");

    let changed = FILE.replace("Brand-new words", "Old words");
    assert_eq!(import(&app, &changed).await.unwrap(), Imported { added: 0, changed: 1, unchanged: 1 });
    app.advance(SECOND);
    assert_eq!(ana.get(&path).await.expect(200).text("/title"), "Old words");

    let retired = changed.replace("key = 'new-words'", "active = false\nkey = 'new-words'");
    assert_eq!(import(&app, &retired).await.unwrap().changed, 2);
    app.advance(SECOND);
    ana.get(&path).await.problem(404, "not_found");
    assert!(ana.get("/v1/me/favourite-templates").await.expect(200).data().is_empty());
    assert_eq!(ana.get("/v1/note-templates").await.expect(200).at("/total"), 240);
    // It can be let go although it is not shown; there again, it is what it was.
    import(&app, FILE).await.unwrap();
    app.advance(SECOND);
    assert_eq!(ana.get("/v1/me/favourite-templates").await.expect(200).at("/data/0/id"), id);
    // On record are the four that stored something.
    let acts = "select count(*) from audit where action = 'templates_import' and actor = 'operator'";
    assert_eq!(number(&app, acts).await, 4);
}

/// A template of the stock keeps its id and place under the words of staff.
#[tokio::test]
async fn the_stock_can_be_corrected() {
    let app = TestApp::new().await;
    let before = app.get("/v1/note-templates?language=en").await.expect(200).data();
    let file = "[[template]]\nlanguage='en'\nkey='last-train-can-wait'\ncategory='romantic'\ntier='basic'\n\
                title='Another title'\ncontent='Another content.'\ntags=['a', 'b', 'c']\n";
    assert_eq!(import(&app, file).await.unwrap().added, 1);
    app.advance(SECOND);
    let after = app.get("/v1/note-templates?language=en").await.expect(200).data();
    assert_eq!((after.len(), &after[0]["id"], &after[1]), (50, &before[0]["id"], &before[1]));
    assert_eq!((&after[0]["title"], &before[0]["title"]), (&json!("Another title"), &json!("The last train can wait")));
}

#[tokio::test]
async fn a_note_names_a_template_that_there_is() {
    let Couple { app, alice, .. } = TestApp::couple().await;
    let template = app.get("/v1/note-templates/random").await.expect(200);
    let body = |id: &str| json!({ "channel": "partner", "content": template.text("/content"), "template_id": id });
    let sent = alice.post("/v1/notes", body(&template.text("/id"))).await.expect(201);
    assert_eq!(sent.text("/template_id"), template.text("/id"));
    let unknown = alice.post("/v1/notes", body("tpl_01hf7yat00000000000000000a")).await;
    unknown.invalid(&[("/template_id", "unknown_value")]);
    app.settle().await;
}

/// How many templates a plan has is configuration.
#[tokio::test]
async fn libraries_have_the_configured_size() {
    let app = TestApp::with(|settings| {
        settings.plans.basic.note_library = 7;
        settings.plans.premiere.note_library = 60;
    })
    .await;
    let ana = app.member("Ana").await;
    for (plan, wanted) in [("basic", 7), ("premiere", 60), ("exclusive", 240)] {
        app.grant_plan(&ana, plan).await;
        assert_eq!(ana.get("/v1/note-templates").await.expect(200).at("/total"), wanted);
    }
    assert_eq!(app.get("/v1/note-templates").await.expect(200).at("/total"), 7);
}

/// A library that was granted is read like that of the plan; the plan stays what it is.
#[tokio::test]
async fn a_granted_library_is_open() {
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    for (feature, wanted) in [(Feature::LoveNotesExtended, 168), (Feature::UnlimitedLoveNotes, 240)] {
        assert!(grant_feature(&app.cx(), &app.core().ports.sql, &ana.email, feature, None).await.unwrap());
        app.settle().await;
        assert_eq!(ana.get("/v1/note-templates").await.expect(200).at("/total"), wanted);
    }
    assert_eq!(ana.get("/v1/me").await.expect(200).text("/plan"), "basic");
}
