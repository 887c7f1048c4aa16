//! Every key has its words in every language, and docs/ERRORS.md knows exactly the keys there are.

use super::*;
use std::collections::BTreeSet;

const DOCUMENT: &str = include_str!("../../../../docs/ERRORS.md");

fn keys() -> impl Iterator<Item = &'static str> {
    CODES.iter().chain(REASONS).chain(FIELD_CODES).copied()
}

#[test]
fn every_key_has_words_of_its_own_in_every_language() {
    for lang in Lang::ALL {
        for code in CODES {
            assert!(
                of(lang).codes.iter().any(|(known, title, _)| known == code && !title.is_empty()),
                "{lang:?} {code}"
            );
        }
        let details: BTreeSet<_> = keys()
            .map(|key| detail(key, lang).filter(|d| !d.is_empty()).unwrap_or_else(|| panic!("{lang:?} lacks {key}")))
            .collect();
        assert_eq!(details.len(), keys().count(), "{lang:?}: two keys say the same");
        assert_eq!(of(lang).codes.len(), CODES.len(), "{lang:?} has words for a code that does not exist");
        assert_eq!(of(lang).finer.len(), REASONS.len() + FIELD_CODES.len(), "{lang:?}: likewise for a finer key");
    }
}

#[test]
fn no_language_speaks_another() {
    for (at, lang) in Lang::ALL.into_iter().enumerate() {
        for other in &Lang::ALL[at + 1..] {
            for code in CODES {
                assert_ne!(title(code, lang), title(code, *other), "{lang:?} and {other:?}: {code}");
            }
            for key in keys() {
                assert_ne!(detail(key, lang), detail(key, *other), "{lang:?} and {other:?}: {key}");
            }
        }
    }
}

#[test]
fn details_are_sentences_and_titles_are_not() {
    for lang in Lang::ALL {
        for key in keys() {
            let sentence = detail(key, lang).unwrap();
            assert!(
                sentence.ends_with('.') && sentence.chars().next().is_some_and(char::is_uppercase),
                "{lang:?} {key}"
            );
        }
        for code in CODES {
            assert!(!title(code, lang).ends_with('.') && title(code, lang).chars().count() <= 40, "{lang:?} {code}");
        }
    }
}

#[test]
fn keys_are_unique_and_unknown_ones_are_handled() {
    assert_eq!(keys().collect::<BTreeSet<_>>().len(), keys().count());
    assert_eq!(title("no_such_code", Lang::De), title("internal", Lang::De));
    assert_eq!(detail("no_such_code", Lang::En), None);
}

/// Codes that may also stand as the reason beside a more general code.
const SPECIAL: &[&str] = &["csrf", "account_locked", "account_inactive", "wrong_credentials"];

/// First cells, in back quotes, of the table under `heading`.
fn documented(heading: &str) -> Vec<&'static str> {
    let (_, section) = DOCUMENT.split_once(&format!("\n## {heading}\n")).expect("the heading");
    let section = section.split("\n## ").next().unwrap_or_default();
    section.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect()
}

#[test]
fn the_document_lists_what_exists_and_nothing_else() {
    assert_eq!(documented("Codes"), CODES);
    assert_eq!(documented("Reasons"), REASONS);
    assert_eq!(documented("Field codes"), FIELD_CODES);
}

#[test]
fn the_document_uses_only_known_reasons_and_http_statuses() {
    let rows = DOCUMENT.split_once("\n## Codes\n").unwrap().1.split("\n## ").next().unwrap();
    for row in rows.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<_> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [code, status, _meaning, _members, reasons] = cells[..] else { panic!("five columns: {row}") };
        assert!(http::StatusCode::from_bytes(status.as_bytes()).is_ok_and(|s| s.as_u16() >= 400), "{code}: {status}");
        for reason in reasons.split('`').skip(1).step_by(2) {
            assert!(REASONS.contains(&reason) || SPECIAL.contains(&reason), "{code}: {reason} is not a reason");
        }
    }
}
