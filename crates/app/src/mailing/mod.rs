//! Mails and text messages, in the language of whoever reads them.
//!
//! A [`Letter`] carries facts: who, which link, which code. [`words`] has the sentences, one file per language, and
//! nothing but sentences. [`layout`] makes the text part and the HTML part from the same blocks, so the two parts
//! always say the same, and it is the one place that escapes.
//!
//! What always holds: a value that a person typed never becomes markup, never breaks a subject, and is never read as a
//! placeholder; a subject has at most 78 characters and nothing of what a note says; a link stands on its own line.
//!
//! This module renders. Sending, repeating and suppressing belong to `ports::mail` and `ports::sms`.

mod layout;
mod letter;
mod sms;
mod words;

#[cfg(test)]
mod tests;

pub use letter::Letter;
pub use sms::{Text, render_text, segments, share_text};

use base::Lang;
use layout::Block;
use words::{Words, fill};

/// The parts of a mail, ready for `ports::mail::Message`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// One line, at most 78 characters (RFC 5322 §2.1.1), not yet encoded.
    pub subject: String,
    pub text: String,
    pub html: String,
}

/// The letter in the language of its recipient.
pub fn render(letter: &Letter<'_>, lang: Lang) -> Rendered {
    let language = words::of(lang);
    let facts = letter.facts(language);
    let words = letter.words(&language.letters);
    let say = |template: &str| fill(template, &facts.values);

    let mut blocks = vec![Block::Say(match facts.name.as_deref() {
        Some(name) if !name.is_empty() => fill(language.hello, &[("name", name.into())]),
        _ => language.hello_all.to_owned(),
    })];
    blocks.extend(words.body.iter().map(|paragraph| Block::Say(say(paragraph))));
    if let Some((title, content)) = facts.quote {
        blocks.push(Block::Quote { title, content });
    }
    if let (Some(label), Some(link)) = (words.button, facts.link) {
        blocks.push(Block::Button { label: say(label), link });
    }
    if let (Some(intro), Some(code)) = (words.code, facts.code) {
        blocks.push(Block::Code { intro: say(intro), code });
    }
    blocks.extend(words.aside.iter().map(|paragraph| Block::Aside(say(paragraph))));
    blocks.push(Block::SignOff(language.sign_off));

    let subject = subject(words, &facts.values);
    Rendered { text: layout::text(&blocks), html: layout::html(lang, &subject, &blocks), subject }
}

/// Names keep at most this many characters in a subject, so that the subject stays within 78.
const NAME_IN_SUBJECT: usize = 32;

fn subject(words: &Words, values: &[(&'static str, String)]) -> String {
    let short: Vec<_> = values.iter().map(|(key, value)| (*key, layout::shorten(value, NAME_IN_SUBJECT))).collect();
    fill(words.subject, &short)
}
