//! The shape of the words: one [`Language`] per language, complete because the compiler wants every field.
//!
//! Sentences name values as `{inviter}`; the tests hold them to the values their letter has. Tone (design/README.md):
//! short, warm, adult, good for every kind of couple. They are written so that no name needs an article or an ending,
//! and so that nobody's gender is guessed.

mod de;
mod en;
mod es;
mod fr;
mod it;

use base::Lang;

/// All words of one language.
pub(super) struct Language {
    /// Greets `{name}`.
    pub(super) hello: &'static str,
    /// Greets someone whose name we do not know.
    pub(super) hello_all: &'static str,
    pub(super) sign_off: &'static str,
    /// A device we know nothing about.
    pub(super) some_device: &'static str,
    pub(super) letters: Letters,
    pub(super) texts: Texts,
}

/// One entry per [`Letter`](super::Letter).
pub(super) struct Letters {
    pub(super) verify_email: Words,
    pub(super) reset_password: Words,
    pub(super) password_changed: Words,
    pub(super) password_reset: Words,
    pub(super) partner_invitation: Words,
    pub(super) partner_invitation_known: Words,
    pub(super) invitation_accepted: Words,
    pub(super) invitation_declined: Words,
    pub(super) couple_ended: Words,
    pub(super) email_change_old: Words,
    pub(super) email_change_new: Words,
    pub(super) email_changed: Words,
    pub(super) set_up_password: Words,
    pub(super) contact_code: Words,
    pub(super) love_note: Words,
    pub(super) new_sign_in: Words,
}

/// The sentences of one letter, in the order in which they are read: body, note, button, code, asides.
pub(super) struct Words {
    pub(super) subject: &'static str,
    pub(super) body: &'static [&'static str],
    /// What the button with the letter's link says, without a colon.
    pub(super) button: Option<&'static str>,
    /// What stands above the letter's code.
    pub(super) code: Option<&'static str>,
    pub(super) aside: &'static [&'static str],
}

impl Words {
    const fn new(subject: &'static str, body: &'static [&'static str]) -> Self {
        Self { subject, body, button: None, code: None, aside: &[] }
    }
    const fn button(mut self, label: &'static str) -> Self {
        self.button = Some(label);
        self
    }
    const fn code(mut self, intro: &'static str) -> Self {
        self.code = Some(intro);
        self
    }
    const fn aside(mut self, aside: &'static [&'static str]) -> Self {
        self.aside = aside;
        self
    }
}

/// The sentences of text messages, in GSM-7 characters only.
pub(super) struct Texts {
    pub(super) contact_code: &'static str,
    pub(super) love_note: &'static str,
    pub(super) write_back: &'static str,
    /// Ends a note that is shared by hand.
    pub(super) signature: &'static str,
    pub(super) partner_invitation: &'static str,
    pub(super) invitation_code: &'static str,
    /// How to opt out; the keyword is STOP everywhere.
    pub(super) stop: &'static str,
}

pub(super) const fn of(lang: Lang) -> &'static Language {
    match lang {
        Lang::En => &en::WORDS,
        Lang::Es => &es::WORDS,
        Lang::Fr => &fr::WORDS,
        Lang::It => &it::WORDS,
        Lang::De => &de::WORDS,
    }
}

/// `template` with its `{keys}` replaced, in one pass: a value that looks like a placeholder stays as it is.
pub(super) fn fill(template: &str, values: &[(&'static str, String)]) -> String {
    let mut out = String::with_capacity(template.len() + 32);
    let mut rest = template;
    while let Some((before, key, after)) = placeholder(rest) {
        out.push_str(before);
        if let Some((_, value)) = values.iter().find(|(name, _)| *name == key) {
            out.push_str(value);
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// The first `{key}` of a template, with what stands before and after it.
pub(super) fn placeholder(template: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = template.split_once('{')?;
    let (key, after) = rest.split_once('}')?;
    Some((before, key, after))
}
