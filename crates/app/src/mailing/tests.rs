//! What must hold for every letter, in every language.

use super::{
    words::{Letters, Words, of, placeholder},
    *,
};
use proptest::prelude::*;
use std::collections::BTreeSet;

const LINK: &str = "http://localhost:8080/verify?token=Ab-9_z&x=1";

/// One of each letter, with `value` wherever a person typed something.
fn samples<'a>(value: &'a str, link: &'a str) -> Vec<Letter<'a>> {
    let (name, code) = (value, "482915");
    vec![
        Letter::VerifyEmail { name, link },
        Letter::ResetPassword { name, link },
        Letter::PasswordChanged { name },
        Letter::PasswordReset { name },
        Letter::PartnerInvitation { inviter: value, link, code },
        Letter::PartnerInvitationKnown { name, inviter: value, link, code },
        Letter::InvitationAccepted { name, partner: value },
        Letter::InvitationDeclined { name, partner: value },
        Letter::CoupleEnded { name },
        Letter::EmailChangeOld { name, link },
        Letter::EmailChangeNew { name, link },
        Letter::EmailChanged { name },
        Letter::SetUpPassword { name, link },
        Letter::ContactCode { code, minutes: 10 },
        Letter::LoveNote { sender: value, title: Some(value), content: value, join_link: link },
        Letter::NewSignIn { name, device: value },
    ]
}

fn texts<'a>(value: &'a str, link: &'a str) -> Vec<Text<'a>> {
    let code = "482915";
    vec![
        Text::ContactCode { code },
        Text::LoveNote { sender: value, title: Some(value), content: value, link },
        Text::PartnerInvitation { inviter: value, link, code },
    ]
}

/// Tags of a document after its style sheet, each with its attributes; and what a reader sees between them.
fn tags_and_prose(html: &str) -> (Vec<&str>, String) {
    let (head, body) = html.split_once("<style>").expect("a style sheet");
    let (_, body) = body.split_once("</style>").expect("the style sheet ends");
    let title = head.split_once("<title>").expect("a title").1;
    let (mut tags, mut prose, mut rest) = (Vec::new(), title.replace("</title>", ""), body);
    while let Some((before, after)) = rest.split_once('<') {
        prose.push_str(before);
        let (tag, tail) = after.split_once('>').expect("each tag ends");
        tags.push(tag);
        rest = tail;
    }
    prose.push_str(rest);
    let prose = prose.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'");
    (tags, prose.replace("&amp;", "&"))
}

fn keys(template: &str) -> BTreeSet<&str> {
    let (mut found, mut rest) = (BTreeSet::new(), template);
    while let Some((_, key, after)) = placeholder(rest) {
        found.insert(key);
        rest = after;
    }
    found
}

fn sentences(words: &Words) -> Vec<&'static str> {
    [&[words.subject], words.body, words.aside].concat().into_iter().chain(words.button).chain(words.code).collect()
}

#[test]
fn the_samples_are_all_letters() {
    let kinds: BTreeSet<_> = samples("Alex", LINK).iter().map(Letter::kind).collect();
    assert_eq!(kinds.len(), size_of::<Letters>() / size_of::<Words>(), "a letter has no sample here");
}

#[test]
fn every_letter_says_the_same_in_both_parts_of_every_language() {
    for lang in Lang::ALL {
        let mut subjects = BTreeSet::new();
        for letter in samples("Maria José", LINK) {
            let mail = render(&letter, lang);
            assert!(subjects.insert(mail.subject.clone()), "{lang:?}: two letters have the subject {}", mail.subject);
            assert!(mail.html.starts_with(&format!("<!doctype html>\n<html lang=\"{}\"", lang.code())));
            let (tags, prose) = tags_and_prose(&mail.html);
            assert!(!tags.iter().any(|tag| tag.starts_with("img") || tag.contains("src=")), "nothing is loaded");
            assert!(prose.contains(&mail.subject), "the title is the subject");
            for line in mail.text.lines().filter(|line| !line.is_empty()) {
                assert!(prose.contains(line), "{lang:?} {}: HTML lacks {line:?}", letter.kind());
            }
            for part in [&mail.subject, &mail.text, &prose] {
                assert!(!part.contains(['{', '}']), "{lang:?}: a placeholder is left in {part}");
            }
        }
    }
}

#[test]
fn sentences_name_only_what_their_letter_knows_and_the_same_in_all_languages() {
    for letter in samples("Alex", LINK) {
        for lang in Lang::ALL {
            let (words, facts) = (letter.words(&of(lang).letters), letter.facts(of(lang)));
            let english = letter.words(&of(Lang::En).letters);
            let known: BTreeSet<_> = facts.values.iter().map(|(key, _)| *key).collect();
            let used: BTreeSet<_> = sentences(words).into_iter().flat_map(keys).collect();
            let kind = letter.kind();
            assert_eq!(used, known, "{lang:?} {kind}");
            assert_eq!(keys(words.subject), keys(english.subject), "{lang:?} {kind}");
            assert_eq!(words.body.len(), english.body.len(), "{lang:?} {kind}");
            assert_eq!(words.aside.len(), english.aside.len(), "{lang:?} {kind}");
            assert_eq!(words.button.is_some(), facts.link.is_some(), "{lang:?} {kind}");
            assert_eq!(words.code.is_some(), facts.code.is_some(), "{lang:?} {kind}");
        }
    }
}

#[test]
fn no_language_speaks_another() {
    for letter in samples("Alex", LINK) {
        for (at, lang) in Lang::ALL.into_iter().enumerate() {
            let own = sentences(letter.words(&of(lang).letters));
            for other in &Lang::ALL[at + 1..] {
                let theirs = sentences(letter.words(&of(*other).letters));
                let shared: Vec<_> = own.iter().filter(|sentence| theirs.contains(sentence)).collect();
                assert!(shared.is_empty(), "{lang:?} and {other:?} share {shared:?}");
            }
        }
    }
    for text in texts("Alex", LINK) {
        let all: BTreeSet<_> = Lang::ALL.into_iter().map(|lang| render_text(&text, lang)).collect();
        assert_eq!(all.len(), Lang::ALL.len());
    }
}

#[test]
fn links_stand_alone_in_the_text_and_lead_from_the_html() {
    for lang in Lang::ALL {
        for letter in samples("Alex", LINK) {
            let (mail, has_link) = (render(&letter, lang), letter.facts(of(lang)).link.is_some());
            assert_eq!(mail.text.lines().filter(|line| *line == LINK).count(), usize::from(has_link), "{lang:?}");
            // The way a client reads a token out of the text: from the scheme to the next white space.
            let found = mail.text.split_whitespace().find(|word| word.starts_with("http"));
            assert_eq!(found, has_link.then_some(LINK));
            let (tags, prose) = tags_and_prose(&mail.html);
            let href = format!("href=\"{}\"", LINK.replace('&', "&amp;"));
            assert_eq!(tags.iter().filter(|tag| tag.contains(&href)).count(), if has_link { 2 } else { 0 });
            assert_eq!(prose.contains(LINK), has_link);
        }
        for text in texts("Alex", LINK) {
            let wants = !matches!(text, Text::ContactCode { .. });
            assert_eq!(render_text(&text, lang).lines().any(|line| line == LINK), wants);
        }
    }
}

#[test]
fn a_code_is_the_only_such_number_in_both_parts() {
    for lang in Lang::ALL {
        let mail = render(&Letter::ContactCode { code: "482915", minutes: 10 }, lang);
        for part in [&mail.text, &mail.html] {
            let numbers: BTreeSet<_> = part
                .split(|c: char| !c.is_ascii_alphanumeric())
                .filter(|w| w.len() == 6 && w.parse::<u32>().is_ok())
                .collect();
            assert_eq!(numbers, BTreeSet::from(["482915"]), "{lang:?}");
        }
        assert!(mail.text.lines().any(|line| line == "482915"));
        assert!(!mail.subject.contains("482915"), "a code is not shown on a locked screen");
        assert!(mail.text.contains("10"));
    }
}

#[test]
fn a_note_arrives_whole_and_stays_out_of_the_subject() {
    let content = "Two lines,\n\n  and <3 more {sender}";
    for lang in Lang::ALL {
        let note = Letter::LoveNote { sender: "Ada", title: Some("For Tuesday"), content, join_link: LINK };
        let mail = render(&note, lang);
        assert!(mail.text.contains(content) && mail.text.contains("For Tuesday"));
        assert!(mail.html.contains("Two lines,<br>\n<br>\n  and &lt;3 more {sender}"));
        assert!(!mail.subject.contains("Tuesday") && !mail.subject.contains("lines"));
        let sms = render_text(&Text::LoveNote { sender: "Ada", title: None, content, link: LINK }, lang);
        assert!(sms.contains(content));
    }
}

#[test]
fn an_unknown_name_or_device_leaves_no_hole() {
    for lang in Lang::ALL {
        let mail = render(&Letter::NewSignIn { name: " \n", device: "" }, lang);
        assert!(mail.text.starts_with(of(lang).hello_all), "{lang:?}");
        assert!(mail.text.contains(of(lang).some_device), "{lang:?}");
    }
}

#[test]
fn a_name_cannot_carry_a_link_to_strangers() {
    let mail =
        render(&Letter::PartnerInvitation { inviter: "Win at https://evil.test/x", link: LINK, code: "A" }, Lang::En);
    assert!(!mail.text.contains("https://evil") && !mail.html.contains("https://evil"));
}

/// GSM 03.38, the basic set.
const GSM_7: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";

#[test]
fn our_words_in_a_text_message_cost_one_part_at_most() {
    for lang in Lang::ALL {
        for text in texts("", "") {
            let sms = render_text(&text, lang);
            let strange: String = sms.chars().filter(|c| !GSM_7.contains(*c)).collect();
            assert_eq!(strange, "", "{lang:?}: not in GSM-7: {sms}");
            assert!(sms.chars().count() <= 160, "{lang:?}: {sms}");
        }
    }
}

/// Text that tries to break out: markup, entities, quotes, line breaks, placeholders, direction marks.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("<script>".to_owned()),
        Just("</p>".to_owned()),
        Just("\"><b x='".to_owned()),
        Just("&amp;".to_owned()),
        Just("&#60;".to_owned()),
        Just("\r\nBcc: eve@evil.test".to_owned()),
        Just("{code}{name}".to_owned()),
        Just("-->".to_owned()),
        Just("\u{202e}".to_owned()),
        Just("\0".to_owned()),
        "\\PC{0,12}",
        "[ -~]{0,12}",
    ];
    prop::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn what_people_type_never_becomes_markup(value in hostile(), which in 0usize..16, lang in 0usize..5) {
        let lang = Lang::ALL[lang];
        // An empty name changes the greeting and an empty title has no line, which is not what this asks about.
        let value = format!("x{value}");
        let mail = render(&samples(&value, LINK)[which], lang);
        let plain = render(&samples("x", LINK)[which], lang);
        let (tags, prose) = tags_and_prose(&mail.html);
        let breaks = |tags: Vec<&str>| -> Vec<String> {
            tags.into_iter().filter(|tag| *tag != "br").map(str::to_owned).collect()
        };
        prop_assert_eq!(breaks(tags), breaks(tags_and_prose(&plain.html).0), "the same tags with any input");
        for entity in mail.html.split('&').skip(1) {
            let known = ["amp;", "lt;", "gt;", "quot;", "#39;"].iter().any(|known| entity.starts_with(known));
            prop_assert!(known, "a raw & before {}", entity);
        }
        if !matches!(samples(&value, LINK)[which], Letter::ContactCode { .. }) {
            let typed = layout::one_line(&value);
            prop_assert!(prose.contains(&typed), "{:?} is not shown as typed", typed);
        }
    }

    #[test]
    fn a_link_never_leaves_its_attribute(tail in "[ -~]{0,30}", which in 0usize..16) {
        let link = format!("https://example.test/verify?token={tail}");
        let mail = render(&samples("Alex", &link)[which], Lang::En);
        let plain = render(&samples("Alex", LINK)[which], Lang::En);
        let (tags, expected) = (tags_and_prose(&mail.html).0, tags_and_prose(&plain.html).0);
        prop_assert_eq!(tags.len(), expected.len());
        for (tag, expected) in tags.iter().zip(expected) {
            // Split at quotes: the value of href may differ, everything around it may not.
            let (parts, expected): (Vec<_>, Vec<_>) = (tag.split('"').collect(), expected.split('"').collect());
            prop_assert_eq!(parts.len(), expected.len(), "{} breaks out", tag);
            for (part, expected) in parts.iter().zip(expected) {
                prop_assert!(*part == expected || part.starts_with("https://example.test/verify?token="), "{}", part);
            }
        }
    }

    #[test]
    fn a_subject_is_one_line_of_at_most_78(value in hostile(), name in "\\PC{0,120}", lang in 0usize..5) {
        for value in [&value, &name] {
            for letter in samples(value, LINK) {
                let subject = render(&letter, Lang::ALL[lang]).subject;
                prop_assert!(subject.chars().count() <= 78, "{}", subject);
                prop_assert!(!subject.chars().any(char::is_control), "{:?}", subject);
                prop_assert!(!subject.trim().is_empty());
            }
        }
    }

    #[test]
    fn nothing_typed_in_a_name_adds_a_line_to_a_text_message(value in hostile()) {
        for lang in Lang::ALL {
            let of = |inviter| render_text(&Text::PartnerInvitation { inviter, link: LINK, code: "482915" }, lang);
            prop_assert_eq!(of(&value).lines().count(), of("Alex").lines().count());
        }
    }
}
