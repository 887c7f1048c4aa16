//! The library of templates as visitors and members read it.

use rand::{Rng as _, SeedableRng as _, rngs::SmallRng};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use testkit::{Actor, Answer, TestApp};

const LANGUAGES: [&str; 5] = ["en", "es", "fr", "it", "de"];
const QUEER: [&str; 3] = ["lgbtqRomantic", "lgbtqSupport", "lgbtqMilestone"];

fn text<'a>(template: &'a Value, member: &str) -> &'a str {
    template[member].as_str().unwrap()
}

fn ids(data: &[Value]) -> Vec<String> {
    data.iter().map(|t| text(t, "id").to_owned()).collect()
}

/// Every page of a list of templates; `query` ends with `&` or is empty.
pub async fn walk(who: &Actor, query: &str, random: &mut SmallRng) -> (Vec<Value>, Value, Value) {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let limit: usize = random.random_range(1..=100);
        let page = who.get(&format!("/v1/note-templates?{query}limit={limit}{cursor}")).await.expect(200);
        assert!(page.data().len() <= limit);
        all.extend(page.data());
        match page.at("/next_cursor").as_str() {
            None => return (all, page.at("/total"), page.at("/matching")),
            Some(next) => cursor = format!("&cursor={next}"),
        }
    }
}

/// Everything a reader sees for a query.
async fn everything(who: &Actor, query: &str) -> Vec<Value> {
    walk(who, query, &mut SmallRng::seed_from_u64(7)).await.0
}

/// What a member tells of the partner; none clears.
async fn prefers(who: &Actor, name: Option<&str>, pet: Option<&str>, place: Option<&str>) {
    let told = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let body = json!({ "partner_name": told(name), "pet_name": told(pet), "special_place": told(place) });
    who.patch("/v1/me/preferences", body).await.expect(200);
    who.app.settle().await;
}

#[tokio::test]
async fn a_visitor_sees_the_basic_set_of_each_language() {
    let app = TestApp::new().await;
    let visitor = app.anonymous();
    let mut random = SmallRng::seed_from_u64(1);
    for language in LANGUAGES {
        let (all, total, matching) = walk(&visitor, &format!("language={language}&"), &mut random).await;
        assert_eq!((all.len(), total, matching), (50, json!(50), json!(50)));
        assert_eq!(ids(&all).into_iter().collect::<BTreeSet<_>>().len(), 50);
        for template in &all {
            assert_eq!((text(template, "language"), text(template, "tier")), (language, "basic"));
            assert!(text(template, "id").starts_with("tpl_") && !text(template, "content").is_empty());
            assert!([3, 4].contains(&template["tags"].as_array().unwrap().len()) && template["active"] == true);
        }
    }
    // Fifty unless asked otherwise: the whole of Basic is one page.
    let page = app.get("/v1/note-templates").await.expect(200);
    assert_eq!((page.data().len(), page.at("/next_cursor")), (50, Value::Null));
}

#[tokio::test]
async fn plans_see_their_tiers() {
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    for (plan, english, others) in [("basic", 50, 50), ("premiere", 168, 117), ("exclusive", 240, 160)] {
        app.grant_plan(&ana, plan).await;
        for language in LANGUAGES {
            let seen = everything(&ana, &format!("language={language}&")).await;
            assert_eq!(seen.len(), if language == "en" { english } else { others }, "{plan} {language}");
        }
    }
}

#[tokio::test]
async fn the_language_is_the_parameter_the_account_the_header_or_english() {
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    ana.patch("/v1/me", json!({ "language": "it" })).await.expect(200);
    let visitor = app.anonymous();
    for (who, language, accepts, wanted) in [
        (&ana, "es", "de", "es"),
        (&ana, "", "de", "it"),
        (&visitor, "fr", "de", "fr"),
        (&visitor, "", "nl, de-AT", "de"),
        (&visitor, "", "nl", "en"),
        // Listed, not active: nothing is there but English.
        (&ana, "nl", "de", "en"),
        (&visitor, "pt", "de", "en"),
    ] {
        for path in ["/v1/note-templates", "/v1/note-templates/random"] {
            let at = if path.ends_with('m') { "/language" } else { "/data/0/language" };
            let answer = who.get(&format!("{path}?language={language}")).header("accept-language", accepts).await;
            assert_eq!(answer.expect(200).at(at), wanted, "{language} {accepts}");
        }
    }
    for path in ["", "/random", "/categories"] {
        let answer = visitor.get(&format!("/v1/note-templates{path}?language=tlh")).await;
        answer.invalid(&[("/query/language", "unknown_value")]);
    }
    app.settle().await;
}

#[tokio::test]
async fn pages_partition_what_matches() {
    let seed: u64 = rand::random();
    let mut random = SmallRng::seed_from_u64(seed);
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    app.grant_plan(&ana, "exclusive").await;
    prefers(&ana, Some("Bea"), Some("Bunny"), Some("Porto")).await;
    let whole = everything(&ana, "").await;
    for query in ["", "category=romantic&", "category=all&", "q=kitchen&", "q=bea&", "category=memories&q=porto&"] {
        let (all, total, matching) = walk(&ana, query, &mut random).await;
        assert_eq!((total, matching), (json!(240), json!(all.len())), "{query}");
        assert!(!all.is_empty(), "{query}");
        // The order of the whole list is that of every other one.
        let kept: Vec<_> = whole.iter().filter(|t| all.contains(t)).cloned().collect();
        assert_eq!(kept, all, "{query} seed {seed}");
    }
}

#[tokio::test]
async fn a_search_is_a_literal_text_without_case_and_accents() {
    let app = TestApp::new().await;
    let visitor = app.anonymous();
    let all = everything(&visitor, "language=es&").await;
    let plain = |text: &str| {
        let accents = [('á', 'a'), ('é', 'e'), ('í', 'i'), ('ó', 'o'), ('ú', 'u'), ('ñ', 'n'), ('ü', 'u')];
        let letter = |c: char| accents.iter().find(|(a, _)| *a == c).map_or(c, |(_, to)| *to);
        text.to_lowercase().chars().map(letter).collect::<String>()
    };
    for q in ["cancion", "CANCIÓN", "te quiero", "noche", "a", "músic", "no hay tal cosa"] {
        let found = |t: &&Value| {
            let tags = t["tags"].as_array().unwrap().iter().any(|tag| plain(tag.as_str().unwrap()).contains(&plain(q)));
            tags || plain(text(t, "title")).contains(&plain(q)) || plain(text(t, "content")).contains(&plain(q))
        };
        let wanted: Vec<_> = all.iter().filter(found).cloned().collect();
        let query: String = form_urlencoded::byte_serialize(q.as_bytes()).collect();
        let page = app.get(&format!("/v1/note-templates?language=es&limit=100&q={query}")).await.expect(200);
        assert_eq!(page.data(), wanted, "{q}");
        assert_eq!((page.at("/matching"), page.at("/total")), (json!(wanted.len()), json!(50)), "{q}");
        assert_eq!(wanted.is_empty(), q.starts_with("no "), "{q}");
    }
    for q in ["%25", "_", "%2A"] {
        assert_eq!(app.get(&format!("/v1/note-templates?q={q}")).await.expect(200).at("/matching"), 0);
    }
    let long = |n: usize| "%C3%A9".repeat(n);
    app.get(&format!("/v1/note-templates?q={}", long(200))).await.expect(200);
    app.get(&format!("/v1/note-templates?q={}", long(201))).await.invalid(&[("/query/q", "too_long")]);
    app.get("/v1/note-templates?q=").await.invalid(&[("/query/q", "required")]);
    app.get("/v1/note-templates?category=cats&language=x&q=").await.invalid(&[
        ("/query/category", "unknown_value"),
        ("/query/language", "unknown_value"),
        ("/query/q", "required"),
    ]);
    app.get("/v1/note-templates?limit=0").await.invalid(&[("/query/limit", "out_of_range")]);
    app.get("/v1/note-templates/random?category=cats").await.invalid(&[("/query/category", "unknown_value")]);
}

#[tokio::test]
async fn a_cursor_is_good_for_its_list_only() {
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    let cursor = ana.get("/v1/note-templates?limit=2").await.expect(200).text("/next_cursor");
    ana.get(&format!("/v1/note-templates?limit=9&cursor={cursor}")).await.expect(200);
    let refused = [("/query/cursor", "invalid_cursor")];
    for query in ["q=a&", "category=sweet&", "language=de&"] {
        ana.get(&format!("/v1/note-templates?{query}cursor={cursor}")).await.invalid(&refused);
    }
    app.get(&format!("/v1/note-templates?cursor={cursor}")).await.invalid(&refused);
    ana.get(&format!("/v1/me/favourite-templates?cursor={cursor}")).await.invalid(&refused);
}

#[tokio::test]
async fn every_category_is_reached_and_counted() {
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    app.grant_plan(&ana, "exclusive").await;
    for (who, language, wanted) in [(&ana, "en", 240), (&ana, "fr", 160), (&app.anonymous(), "de", 50)] {
        let list = who.get(&format!("/v1/note-templates/categories?language={language}")).await.expect(200);
        assert_eq!((list.data().len(), list.at("/total")), (24, json!(wanted)));
        let mut own = 0;
        for category in list.data() {
            let key = text(&category, "key");
            assert!(!text(&category, "name").is_empty() && !text(&category, "icon").is_empty());
            let seen = everything(who, &format!("category={key}&language={language}&")).await;
            assert_eq!(category["count"], seen.len(), "{key} {language}");
            assert!(!seen.is_empty() && seen.iter().all(|t| text(t, "category") == key), "{key} {language}");
            // What the language does not have is shown in English.
            let shown = if QUEER.contains(&key) { "en" } else { language };
            assert!(seen.iter().all(|t| text(t, "language") == shown), "{key} {language}");
            own += if shown == language { seen.len() } else { 0 };
        }
        assert_eq!(own, wanted);
    }
    let german = app.get("/v1/note-templates/categories").header("accept-language", "de").await.expect(200);
    assert_eq!(german.at("/data/8/name"), "Gute Nacht");
}

#[tokio::test]
async fn chance_gives_every_visible_template_and_nothing_else() {
    let app = TestApp::new().await;
    let visitor = app.anonymous();
    for (query, wanted) in [("", 50), ("category=sweet", 3), ("category=lgbtqSupport&language=it", 2)] {
        let seen = ids(&everything(&visitor, &format!("{query}&")).await);
        assert_eq!(seen.len(), wanted);
        let mut drawn: BTreeMap<String, usize> = BTreeMap::new();
        // Chance counts in the world of tests, and nothing else asks for it when the request has its ids: every number
        // comes up equally often.
        for _ in 0..wanted * 4 {
            let call = visitor.get(&format!("/v1/note-templates/random?{query}")).header("x-request-id", "x");
            let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
            let drawn_now = call.header("traceparent", trace).await.expect(200).text("/id");
            *drawn.entry(drawn_now).or_default() += 1;
        }
        assert!(drawn.values().all(|times| *times == 4), "{drawn:?}");
        assert_eq!(drawn.keys().cloned().collect::<BTreeSet<_>>(), seen.into_iter().collect());
    }
}

#[tokio::test]
async fn a_template_above_the_plan_says_which_plan_has_it() {
    let app = TestApp::new().await;
    let [ana, bea] = [app.member("Ana").await, app.member("Bea").await];
    app.grant_plan(&bea, "exclusive").await;
    let all = everything(&bea, "").await;
    let of = |tier: &str| text(all.iter().find(|t| text(t, "tier") == tier).unwrap(), "id").to_owned();
    let refused = |answer: Answer, plan: &str, feature: &str, current: &str| {
        let problem = answer.problem(403, "plan_required");
        assert_eq!((&problem["required_plan"], &problem["feature"]), (&json!(plan), &json!(feature)));
        assert_eq!(problem["current_plan"], current);
    };
    for (tier, feature) in [("premiere", "love_notes_extended"), ("exclusive", "unlimited_love_notes")] {
        let path = format!("/v1/note-templates/{}", of(tier));
        refused(app.get(&path).await, tier, feature, "basic");
        refused(ana.get(&path).await, tier, feature, "basic");
        refused(ana.call("PUT", &format!("{path}/favourite")).await, tier, feature, "basic");
        assert_eq!(bea.get(&path).await.expect(200).json(), *all.iter().find(|t| t["id"] == of(tier)).unwrap());
    }
    let basic = format!("/v1/note-templates/{}", of("basic"));
    assert_eq!(app.get(&basic).await.expect(200).json(), ana.get(&basic).await.expect(200).json());
    app.grant_plan(&ana, "premiere").await;
    ana.get(&format!("/v1/note-templates/{}", of("premiere"))).await.expect(200);
    refused(
        ana.get(&format!("/v1/note-templates/{}", of("exclusive"))).await,
        "exclusive",
        "unlimited_love_notes",
        "premiere",
    );
    app.get("/v1/note-templates/tpl_01hf7yat00000000000000000a").await.problem(404, "not_found");
}

/// Without the words of English that rule 1 replaces.
fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase).collect()
}

#[tokio::test]
async fn members_read_and_find_personalised_templates() {
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    app.grant_plan(&ana, "exclusive").await;
    let plain = everything(&ana, "").await;
    prefers(&ana, Some("Zoë"), Some("Bunny"), Some("the pier")).await;
    let own = everything(&ana, "").await;
    assert_eq!(ids(&own), ids(&plain));
    let (mut named, mut tender) = (Vec::new(), 0);
    for (before, after) in plain.iter().zip(&own) {
        let (title, content) = (text(after, "title"), text(after, "content"));
        let had = |text: &str| words(text).iter().any(|w| w == "you" || w == "your");
        assert!(!had(title) && !had(content), "{after}");
        assert_eq!(title.contains("Zoë"), had(text(before, "title")), "{after}");
        assert_eq!(content.contains("Zoë"), had(text(before, "content")), "{after}");
        let loving = content.to_lowercase().contains("love");
        assert_eq!(content.contains(" Bunny ❤️"), loving, "{after}");
        assert_eq!(content.ends_with("our time at the pier."), text(after, "category") == "memories", "{after}");
        assert_eq!((&before["tags"], &before["tier"]), (&after["tags"], &after["tier"]));
        tender += usize::from(loving);
        if title.contains("Zoë") || content.contains("Zoë") {
            named.push(text(after, "id").to_owned());
        }
        assert_eq!(ana.get(&format!("/v1/note-templates/{}", text(after, "id"))).await.expect(200).json(), *after);
    }
    assert!(named.len() > 150 && tender > 50, "{} {tender}", named.len());
    // The search reads what she reads; a visitor has no Zoë.
    assert_eq!(ids(&everything(&ana, "q=zoe&").await), named);
    assert_eq!(everything(&ana, "q=BUNNY%20&").await.len(), tender);
    assert_eq!(everything(&ana, "q=the%20pier.&").await.len(), 10);
    assert_eq!(app.get("/v1/note-templates?q=zoe").await.expect(200).at("/matching"), 0);
    let drawn = ana.get("/v1/note-templates/random?category=memories").await.expect(200);
    assert!(drawn.text("/content").ends_with("the pier."), "{drawn:?}");
    // Elsewhere the name stays out, the other two rules hold.
    for language in ["es", "fr", "it", "de"] {
        let own = everything(&ana, &format!("language={language}&")).await;
        assert!(own.iter().all(|t| !text(t, "content").contains("Zoë")), "{language}");
        let with = |what: &str| own.iter().filter(|t| text(t, "content").contains(what)).count();
        assert!(with(" Bunny ❤️") > 20, "{language}");
        assert_eq!(with("the pier"), 10, "{language}");
    }
    prefers(&ana, None, None, None).await;
    assert_eq!(everything(&ana, "").await, plain);
}

#[tokio::test]
async fn favourites_are_kept_once_and_shown_the_latest_first() {
    let app = TestApp::new().await;
    let [ana, bea] = [app.member("Ana").await, app.member("Bea").await];
    app.grant_plan(&ana, "exclusive").await;
    let mut wanted = Vec::new();
    for language in ["en", "de"] {
        let all = everything(&ana, &format!("language={language}&")).await;
        for id in ids(&all).into_iter().step_by(9) {
            for _ in 0..2 {
                ana.call("PUT", &format!("/v1/note-templates/{id}/favourite")).await.expect(204);
            }
            app.advance(1);
            wanted.insert(0, id);
        }
    }
    // Once more changes nothing, neither the place.
    ana.call("PUT", &format!("/v1/note-templates/{}/favourite", wanted.last().unwrap())).await.expect(204);
    let walk = async |who: &Actor| {
        let (mut all, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = who.get(&format!("/v1/me/favourite-templates?limit=4{cursor}")).await.expect(200);
            all.extend(page.data());
            match page.at("/next_cursor").as_str() {
                None => return all,
                Some(next) => cursor = format!("&cursor={next}"),
            }
        }
    };
    assert_eq!(ids(&walk(&ana).await), wanted);
    assert!(walk(&bea).await.is_empty());
    // A lower plan hides what it does not have, and forgets nothing.
    app.grant_plan(&ana, "basic").await;
    let basic = walk(&ana).await;
    assert!(!basic.is_empty() && basic.len() < wanted.len() && basic.iter().all(|t| text(t, "tier") == "basic"));
    app.grant_plan(&ana, "exclusive").await;
    let gone = wanted.remove(2);
    for _ in 0..2 {
        ana.delete(&format!("/v1/note-templates/{gone}/favourite")).await.expect(204);
    }
    assert_eq!(ids(&walk(&ana).await), wanted);
    for method in ["PUT", "DELETE"] {
        let unknown = "/v1/note-templates/tpl_01hf7yat00000000000000000a/favourite";
        ana.call(method, unknown).await.problem(404, "not_found");
    }
    ana.get("/v1/me/favourite-templates?limit=101").await.invalid(&[("/query/limit", "out_of_range")]);
}
