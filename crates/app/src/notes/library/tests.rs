//! The stock, the rules of personalisation, and searches against a plain reading of the rules.

use super::{
    catalogue::{Catalogue, Sizes},
    category::Category,
    entry::{self, Written, stock},
    personal::{self, Personal},
    store::Added,
    template::{Place, Template},
};
use crate::{
    fold::{fold, fold_into, is_letter},
    plans::Plan,
};
use base::{Lang, Time};
use memchr::memmem::Finder;
use proptest::prelude::*;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};
use unicode_normalization::char::is_combining_mark;

fn of(lang: Lang) -> impl Iterator<Item = &'static Written> {
    stock().unwrap().iter().filter(move |t| t.language == lang)
}

const SIZES: Sizes = [Some(50), Some(1_000), None];

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::new(stock().unwrap(), &[], SIZES));

/// Product/love-notes.md, in numbers.
#[test]
fn the_stock_has_what_the_product_says() {
    assert_eq!(Category::all().count(), 24);
    assert_eq!(Category::MEMORIES.key(), "memories");
    for lang in Lang::ALL {
        let english = lang == Lang::En;
        assert_eq!(of(lang).count(), if english { 240 } else { 160 });
        let mut counts: BTreeMap<Category, Vec<Plan>> = BTreeMap::new();
        for template in of(lang) {
            counts.entry(template.category).or_default().push(template.tier);
        }
        for category in Category::all() {
            let tiers = counts.remove(&category).unwrap_or_default();
            let wanted = match category.index() {
                _ if english => 10,
                0..11 => 10,
                11..21 => 5,
                _ => 0,
            };
            assert_eq!(tiers.len(), wanted, "{lang:?} {}", category.key());
            assert!(wanted == 0 || Plan::ALL.iter().all(|plan| tiers.contains(plan)), "{lang:?} {}", category.key());
        }
        assert_eq!(of(lang).filter(|t| t.tier == Plan::Basic).count(), 50, "{lang:?}");
        let queer = |t: &&Written| t.category.key().starts_with("lgbtq");
        assert!(of(lang).all(|t| queer(&t) == (t.audience.as_deref() == Some("lgbtq"))));
    }
}

#[test]
fn the_stock_is_well_written() {
    let mut ids = BTreeSet::new();
    for lang in Lang::ALL {
        let (mut titles, mut contents, mut openings) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for t in of(lang) {
            let named = format!("{lang:?} {}", t.key);
            assert!(ids.insert(t.id), "{named}: id");
            assert!(titles.insert(fold(&t.title)) && contents.insert(fold(&t.content)), "{named}: there twice");
            let opening: Vec<_> = t.content.split_whitespace().take(4).map(fold).collect();
            assert!(openings.insert(opening), "{named}: begins like another");
            assert!([3, 4].contains(&t.tags.len()), "{named}: tags");
            assert!((30..=450).contains(&t.content.chars().count()), "{named}: length");
            assert!((2..=60).contains(&t.title.chars().count()), "{named}: length of the title");
            let all = format!("{} {} {}", t.title, t.content, t.tags.join(" "));
            assert!(!all.contains(['{', '}', '[', ']', '<', '>', '%', '$', '\\', '_']), "{named}: a placeholder?");
            let quotes = if lang == Lang::De { ('„', '“') } else { ('“', '”') };
            for (open, close) in [('(', ')'), ('«', '»'), quotes] {
                assert_eq!(all.matches(open).count(), all.matches(close).count(), "{named}: {open}{close}");
            }
            assert!(!all.contains("  ") && !all.contains(['"', '\t']), "{named}: typography");
            assert!(t.content.ends_with(['.', '!', '?', '…', '”', '»', '“', ')']), "{named}: the end");
        }
    }
}

#[test]
fn every_category_has_words_in_every_language() {
    for lang in Lang::ALL {
        let names: BTreeSet<_> = Category::all().map(|c| c.name(lang)).collect();
        assert_eq!(names.len(), 24, "{lang:?}");
        assert!(names.iter().all(|name| (2..30).contains(&name.chars().count())), "{names:?}");
    }
    let icons: BTreeSet<_> = Category::all().map(Category::icon).collect();
    assert_eq!(icons.len(), 24);
}

/// Ids are in favourites and in notes: they never move.
#[test]
fn ids_never_move() {
    assert_eq!(entry::id(Lang::En, "last-train-can-wait").to_string(), "tpl_01kdvdna00ep4ryn7cqn53ngk3");
}

#[test]
fn plans_see_their_tiers_up_to_the_size_of_their_library() {
    for lang in Lang::ALL {
        let shelf = CATALOGUE.shelf(lang);
        let seen = Plan::ALL.map(|plan| shelf.count(None, plan));
        assert_eq!(seen[0], 50);
        assert_eq!(seen[2], of(lang).count());
        assert_eq!(seen[1], of(lang).filter(|t| t.tier <= Plan::Premiere).count());
    }
    // Fifteen hundred more, of every tier: Basic has its 50 still, the same ones, and Premiere a thousand.
    let more = |n: usize, tier: Plan| {
        let key = format!("more-{n}");
        let written =
            Written { id: entry::id(Lang::En, &key), key, tier, active: true, ..of(Lang::En).next().unwrap().clone() };
        Added { written, created_at: Time(i64::try_from(n).unwrap()), updated_at: Time(0) }
    };
    let added: Vec<_> = (0..1_500).map(|n| more(n, Plan::ALL[n % 3])).collect();
    let catalogue = Catalogue::new(stock().unwrap(), &added, SIZES);
    let shelf = catalogue.shelf(Lang::En);
    assert_eq!(Plan::ALL.map(|plan| shelf.count(None, plan)), [50, 1_000, 1_740]);
    let basic = |c: &Catalogue| -> BTreeSet<_> {
        c.shelf(Lang::En).templates(None).iter().filter(|t| t.needs == Plan::Basic).map(|t| t.id).collect()
    };
    assert_eq!(basic(&catalogue), basic(&CATALOGUE));
    // What staff mark as basic beyond the 50 is there from Premiere on.
    assert!(shelf.templates(None).iter().any(|t| t.tier == Plan::Basic && t.needs == Plan::Premiere));
}

#[test]
fn staff_replace_and_retire_what_is_in_the_stock() {
    let first = of(Lang::Fr).next().unwrap();
    let second = of(Lang::Fr).nth(1).unwrap();
    let added = |written: Written| Added { written, created_at: Time(5), updated_at: Time(6) };
    let changed = Written { title: "Autrement dit".to_owned(), ..first.clone() };
    let retired = Written { active: false, ..second.clone() };
    let catalogue = Catalogue::new(stock().unwrap(), &[added(changed), added(retired)], SIZES);
    let shelf = catalogue.shelf(Lang::Fr);
    assert_eq!(shelf.count(None, Plan::Exclusive), 159);
    assert_eq!(shelf.templates(None)[0].title, "Autrement dit");
    assert!(catalogue.get(second.id).is_none());
    assert_eq!(shelf.count(None, Plan::Basic), 49);
}

#[test]
fn a_category_without_templates_is_read_in_english() {
    let queer = Category::parse("lgbtqSupport");
    assert_eq!(CATALOGUE.language(Lang::It, queer, Plan::Basic), Lang::En);
    assert_eq!(CATALOGUE.language(Lang::It, Category::parse("sick"), Plan::Basic), Lang::It);
    assert_eq!(CATALOGUE.language(Lang::It, None, Plan::Basic), Lang::It);
}

fn template(lang: Lang, category: &str, title: &str, content: &str) -> Template {
    let category = Category::parse(category).unwrap();
    let written = Written {
        id: entry::id(lang, "test"),
        language: lang,
        key: "test".to_owned(),
        category,
        tier: Plan::Basic,
        audience: None,
        title: title.to_owned(),
        content: content.to_owned(),
        tags: vec!["Ärger".to_owned(), "tea".to_owned()],
        active: true,
    };
    Template::new(&written, Place { category, added: false, at: 0, id: written.id }, Time(0), Time(0))
}

fn person(name: &str, pet: &str, place: &str) -> Personal {
    Personal::new(Some(name.to_owned()), Some(pet.to_owned()), Some(place.to_owned()))
}

fn content(lang: Lang, category: &str, text: &str, who: &Personal) -> String {
    who.content(&template(lang, category, "T", text)).into_owned()
}

#[test]
fn the_name_takes_the_place_of_the_word_you() {
    let ana = person("Ana", "", "");
    for (text, wanted) in [
        ("I miss you.", "I miss Ana."),
        ("YOU and Your tea, you", "Ana and Ana's tea, Ana"),
        ("“you”, (your) you—you…", "“Ana”, (Ana's) Ana—Ana…"),
        ("‘you’ and 'your'", "‘Ana’ and 'Ana's'"),
        ("youth, yours, yourself, bayou, you2, _you", "youth, yours, yourself, bayou, you2, _you"),
        ("you're, you’ll, thank-you, d'you", "you're, you’ll, thank-you, d'you"),
        ("yoú and yo\u{fa}", "yoú and yo\u{fa}"),
        ("you\u{301} there", "you\u{301} there"),
        ("", ""),
    ] {
        assert_eq!(content(Lang::En, "sweet", text, &ana), wanted, "{text}");
    }
    let t = template(Lang::En, "sweet", "For you", "x");
    assert_eq!(ana.title(&t), "For Ana");
    // English only, once, and what the name says is not read again.
    assert_eq!(content(Lang::De, "sweet", "you", &ana), "you");
    assert_eq!(content(Lang::En, "sweet", "you", &person("You and your", "", "")), "You and your");
    assert_eq!(content(Lang::En, "sweet", "you", &Personal::default()), "you");
    assert_eq!(content(Lang::En, "sweet", "you", &person("  ", " ", "")), "you");
}

#[test]
fn the_pet_name_follows_where_love_is_spoken_of() {
    let bun = person("", "Bun", "");
    for (lang, text, follows) in [
        (Lang::En, "My LOVE.", true),
        (Lang::En, "A glove.", true), // "contains" is what the rule says
        (Lang::En, "Tea.", false),
        (Lang::Es, "Amor mío.", true),
        (Lang::Es, "Te quiero.", true),
        (Lang::Es, "Amortiguador.", false),
        (Lang::Fr, "Je t’aime.", true),
        (Lang::Fr, "L'Amour.", true),
        (Lang::Fr, "Aimable.", false),
        (Lang::It, "Una canzone d’amore.", true),
        (Lang::It, "Ti amo.", true),
        (Lang::It, "Abbiamo un ramo.", false),
        (Lang::De, "Ich liebe dich.", true),
        (Lang::De, "LIEBE", true),
        (Lang::De, "Lieber Tee.", false),
        (Lang::De, "love", false),
    ] {
        let wanted = if follows { format!("{text} Bun ❤️") } else { text.to_owned() };
        assert_eq!(content(lang, "sweet", text, &bun), wanted, "{lang:?}");
    }
}

#[test]
fn the_rules_apply_in_their_order() {
    let all = person("Clover", "Bun", "Porto");
    assert_eq!(
        content(Lang::En, "memories", "Only you.", &all),
        "Only Clover. Bun ❤️ I still smile when I think of our time at Porto."
    );
    assert_eq!(content(Lang::En, "sweet", "Only tea.", &all), "Only tea.");
    for lang in Lang::ALL {
        let text = content(lang, "memories", "Tea.", &all);
        assert!(text.starts_with("Tea. ") && text.contains("Porto") && !text.contains("Bun"), "{text}");
        assert_eq!(content(lang, "future", "Tea.", &all), "Tea.");
    }
}

/// In every stock language a good part of the notes can be made tender.
#[test]
fn the_words_of_love_fit_the_stock() {
    for lang in Lang::ALL {
        let all = CATALOGUE.shelf(lang).templates(None);
        let share = all.iter().filter(|t| t.tender).count() * 100 / all.len();
        assert!((20..=60).contains(&share), "{lang:?}: {share} %");
    }
}

/// The rules as they are written, without any of what makes them quick.
fn plainly(t: &Template, name: &str, pet: &str, place: &str) -> (String, String) {
    fn replaced(text: &str, name: &str) -> String {
        let chars: Vec<char> = text.chars().collect();
        let letter = |at: Option<usize>| at.and_then(|at| chars.get(at)).is_some_and(|c| is_letter(*c));
        let joiner = |at: Option<usize>| {
            at.and_then(|at| chars.get(at)).is_some_and(|c| matches!(c, '\'' | '’' | '-' | '\u{2010}' | '\u{2011}'))
        };
        // Whether a word is under way up to and with this place. A mark that stands on nothing begins none.
        let under_way = |at: Option<usize>| {
            let mut place = at;
            while place.is_some_and(|place| is_combining_mark(chars[place])) {
                place = place.and_then(|place| place.checked_sub(1));
            }
            let joined = place != at && joiner(place) && letter(place.and_then(|place| place.checked_sub(1)));
            place.is_some_and(|place| is_letter(chars[place])) || joined
        };
        let (mut out, mut at) = (String::new(), 0);
        while at < chars.len() {
            let size = [4, 3].into_iter().find(|size| {
                let word: String = chars[at..].iter().take(*size).collect();
                let fits = word.eq_ignore_ascii_case(if *size == 4 { "your" } else { "you" });
                let (before, after) = (at.checked_sub(1), at + size);
                let open = under_way(before) || joiner(before) && under_way(at.checked_sub(2));
                let goes_on = letter(Some(after)) || joiner(Some(after)) && letter(Some(after + 1));
                fits && !open && !goes_on
            });
            if let Some(size) = size {
                out.push_str(name);
                out.push_str(if size == 4 { "'s" } else { "" });
                at += size;
            } else {
                out.push(chars[at]);
                at += 1;
            }
        }
        out
    }
    let (mut title, mut content) = (t.title.clone(), t.content.clone());
    if !name.is_empty() && t.language == Lang::En {
        (title, content) = (replaced(&title, name), replaced(&content, name));
    }
    if !pet.is_empty() && personal::is_tender(t.language, &content, &fold(&content)) {
        content = format!("{content} {pet} ❤️");
    }
    if !place.is_empty() && t.category == Category::MEMORIES {
        let end = Personal::new(None, None, Some(place.to_owned()));
        let empty = Template { content: String::new(), tender: false, ..template(t.language, "memories", "", "") };
        content.push_str(&end.content(&empty));
    }
    (title, content)
}

/// Names as people have them, and others.
fn names() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        Just("Ana".to_owned()),
        Just("Zoë Løve".to_owned()),
        Just("you".to_owned()),
        Just("Ñandú’s".to_owned()),
        "\\PC{1,20}",
    ]
}

/// Texts with many of the words and characters that matter.
fn texts() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("you"),
        Just("Your"),
        Just("love"),
        Just("amore"),
        Just("liebe"),
        Just(" "),
        Just(" "),
        Just("-"),
        Just("'"),
        Just("’"),
        Just("."),
        Just("r"),
        Just("é"),
        Just("e\u{301}"),
        Just("ß"),
        Just("İ"),
        Just("\u{301}"),
        Just("한"),
        Just("😀"),
    ];
    prop_oneof![prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat()), "\\PC{0,60}"]
}

fn langs() -> impl Strategy<Value = Lang> {
    prop::sample::select(Lang::ALL.to_vec())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn personalisation_is_the_plain_reading_of_its_rules(
        lang in langs(), title in texts(), text in texts(), name in names(), pet in names(), place in names(),
        memory: bool,
    ) {
        let t = template(lang, if memory { "memories" } else { "sick" }, &title, &text);
        let (name, pet, place) = (name.trim(), pet.trim(), place.trim());
        let who = person(name, pet, place);
        let wanted = plainly(&t, name, pet, place);
        prop_assert_eq!((who.title(&t).into_owned(), who.content(&t).into_owned()), wanted.clone());
        // What a search reads is the fold of what is read.
        let mut room = String::new();
        let all = [&*wanted.0, &*wanted.1, &*t.tags[0], &*t.tags[1]].map(fold).join("\0");
        prop_assert_eq!(who.folded(&t, &mut room), all);
    }

    /// A name that does not say "you" leaves nothing to replace.
    #[test]
    fn replacing_names_is_done_once(text in texts(), name in "[A-Z][a-z]{1,8}") {
        prop_assume!(!name.eq_ignore_ascii_case("you") && !name.eq_ignore_ascii_case("your"));
        let who = person(&name, "", "");
        let once = content(Lang::En, "sick", &text, &who);
        prop_assert_eq!(content(Lang::En, "sick", &once, &who), once);
    }

    #[test]
    fn folding_goes_piece_by_piece_and_once(a in "\\PC{0,40}", b in texts(), latin in "[ -~à-öø-ÿ’“”…]{0,40}") {
        let mut both = fold(&a);
        fold_into(&mut both, &b);
        prop_assert_eq!(fold(&format!("{a}{b}")), both.clone());
        prop_assert_eq!(fold(&both), both.clone());
        prop_assert_eq!(fold(&latin.to_uppercase()), fold(&latin));
    }

    #[test]
    fn a_search_finds_what_a_plain_reading_finds(
        lang in langs(), name in names(), pet in names(), place in names(), at in 0_usize..10_000, length in 1_usize..12,
        other in prop::option::of("\\PC{1,6}"), upper: bool,
    ) {
        let who = person(&name, &pet, &place);
        let shelf = CATALOGUE.shelf(lang).templates(None);
        // A piece of what somebody reads, or anything at all.
        let read = who.content(&shelf[at % shelf.len()]).into_owned();
        let count = read.chars().count();
        let piece: String = read.chars().skip(at % count).take(length).collect();
        let q = other.unwrap_or(if upper { piece.to_uppercase() } else { piece });
        let folded = fold(&q);
        let (finder, mut room) = (Finder::new(&folded), String::new());
        for t in shelf {
            let quick = finder.find(who.folded(t, &mut room).as_bytes()).is_some();
            let words = [fold(&who.title(t)), fold(&who.content(t))];
            let plain = words.iter().any(|w| w.contains(&folded)) || t.tags.iter().any(|tag| fold(tag).contains(&folded));
            prop_assert_eq!(quick, plain, "{} in {}", &q, t.title);
        }
    }
}

#[test]
fn searches_have_no_case_accents_or_patterns() {
    for (typed, text) in [
        ("CORAZON", "corazón"),
        ("strasse", "Straße"),
        ("coeur", "Cœur"),
        ("d'amore", "d’amore"),
        ("éTÉ", "ete"),
        ("i", "İ"),
        ("σας", "ΣΑΣ"),
    ] {
        assert!(fold(text).contains(&fold(typed)), "{typed} in {text}");
    }
    for pattern in ["%", "_", ".*"] {
        assert!(
            !CATALOGUE.shelf(Lang::En).templates(None).iter().any(|t| t.folded.text.contains(pattern)),
            "{pattern}"
        );
    }
}

/// Nothing personal, nothing copied: the fold that is searched is the stored one.
#[test]
fn an_impersonal_search_copies_nothing() {
    let mut room = String::new();
    for t in CATALOGUE.shelf(Lang::En).templates(None) {
        assert!(std::ptr::eq(Personal::default().folded(t, &mut room), t.folded.text.as_str()));
    }
    assert_eq!(room.capacity(), 0);
}

#[test]
fn every_mistake_of_a_file_is_named() {
    let entry = |more: &str| format!("[[template]]\nkey='k'\ncategory='sick'\ntier='basic'\ntitle='T'\n{more}\n");
    let good = entry("content='C'\ntags=['a']");
    assert_eq!(entry::read(&good, Some(Lang::De)).unwrap()[0].id, entry::id(Lang::De, "k"));
    assert_eq!(entry::read(&format!("language='it'\n{good}"), None).unwrap()[0].language, Lang::It);
    for (file, said) in [
        (good.clone(), "k (entry 1): the language is missing"),
        (format!("language='en'\n{good}{good}"), "k (entry 2): another entry"),
        (format!("language='pt'\n{good}"), "the language is missing"),
        (good.replace("sick", "sickly"), "categories"),
        (good.replace("basic", "Basic"), "the tier"),
        (good.replace("'k'", "'K k'"), "a key is"),
        (good.replace("'C'", "\"a\\nb\""), "the content is one line"),
        (good.replace("'C'", "''"), "the content is one line"),
        (good.replace("['a']", "[]"), "tags"),
        (good.replace("['a']", "['a', 'a']"), "a tag is there twice"),
        (format!("{good}colour='red'"), "colour"),
        ("[[template".to_owned(), "TOML"),
    ] {
        let wrong = entry::read(&file, None).unwrap_err().join("\n");
        assert!(wrong.contains(said), "{wrong}");
    }
}
