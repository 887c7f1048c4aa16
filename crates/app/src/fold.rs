//! Texts as a search compares them: without case and accents, and with one kind of apostrophe and space, so that what
//! is typed finds what was typeset.
//!
//! Each character is folded by itself: the fold of two texts in a row is the two folds in a row. Personalised texts
//! are searched by this: their folds are put together from pieces that were folded once.

use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};

pub fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    fold_into(&mut out, text);
    out
}

pub fn fold_into(out: &mut String, text: &str) {
    if text.is_ascii() {
        out.extend(text.bytes().map(|b| char::from(b.to_ascii_lowercase())));
        return;
    }
    let plain = text.chars().nfd().flat_map(char::to_lowercase).filter(|c| !is_combining_mark(*c));
    for c in plain {
        match c {
            // Letters whose accent is part of them, so that no decomposition parts it off.
            'ß' => out.push_str("ss"),
            'æ' => out.push_str("ae"),
            'œ' => out.push_str("oe"),
            'ø' => out.push('o'),
            'ł' => out.push('l'),
            'đ' => out.push('d'),
            'ı' => out.push('i'),
            'ς' => out.push('σ'),
            '\u{2018}' | '\u{2019}' | '\u{2bc}' => out.push('\''),
            '\u{a0}' | '\u{202f}' | '\u{2009}' => out.push(' '),
            c => out.push(c),
        }
    }
}

/// What words are made of.
pub fn is_letter(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || is_combining_mark(c)
}
