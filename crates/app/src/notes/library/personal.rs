//! Personalisation: the three rules of product/love-notes.md, applied in their order to what is read and searched.
//!
//! 1. The partner's name takes the place of "you" and "your" (English only). A word is a run of letters, digits and
//!    marks, joined over apostrophes and hyphens: in "you're" and "thank-you" there is no word "you", and they stay as
//!    they are, because "Ana're" says nothing.
//! 2. The pet name and a heart follow a content that speaks of love. In English that is "love" anywhere, the name put
//!    in by rule 1 included; elsewhere it is one of the words below, whole: Italian "d’amore" does, "abbiamo" does not.
//! 3. A sentence about the place follows a memory. Where a language would bend the preposition by the place, the
//!    sentence names it after a colon.

use super::{category::Category, template::Template};
use crate::fold::{fold, is_letter};
use base::Lang;
use std::borrow::Cow;
use unicode_normalization::char::is_combining_mark;

const HEART: &str = "❤️";

/// What a member stored for notes, as it is and as it is searched. Nothing of it for visitors.
#[derive(Debug, Default)]
pub struct Personal {
    name: Option<Twice>,
    /// " Bunny ❤️"
    pet: Option<Twice>,
    /// The sentence in the order of [`Lang::ALL`], with a space before it.
    place: Option<[Twice; 5]>,
    /// The name says "love" itself.
    loving_name: bool,
}

#[derive(Debug)]
struct Twice {
    own: String,
    folded: String,
}

impl Twice {
    fn new(own: String) -> Self {
        Self { folded: fold(&own), own }
    }
}

/// Where rule 1 puts the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    pub at: usize,
    /// "your": the name gets its 's.
    pub owns: bool,
}

impl Slot {
    pub fn end(self) -> usize {
        self.at + if self.owns { 4 } else { 3 }
    }
}

/// The words "you" and "your" of a text.
pub fn slots(text: &str) -> Vec<Slot> {
    let mut found = Vec::new();
    let mut word = |at: usize, end: usize| {
        let owns = match text.get(at..end) {
            Some(word) if word.eq_ignore_ascii_case("you") => false,
            Some(word) if word.eq_ignore_ascii_case("your") => true,
            _ => return,
        };
        found.push(Slot { at, owns });
    };
    let mut begun = None;
    let mut rest = text.char_indices().peekable();
    while let Some((at, c)) = rest.next() {
        let joins = begun.is_some() && matches!(c, '\'' | '\u{2019}' | '-' | '\u{2010}' | '\u{2011}');
        let inside = is_letter(c) || joins && rest.peek().is_some_and(|(_, next)| is_letter(*next));
        match begun {
            None if inside && !is_combining_mark(c) => begun = Some(at),
            Some(start) if !inside => {
                word(start, at);
                begun = None;
            }
            _ => {}
        }
    }
    if let Some(start) = begun {
        word(start, text.len());
    }
    found
}

/// Words that speak of love, folded.
const fn tender_words(lang: Lang) -> &'static [&'static str] {
    match lang {
        Lang::En => &[],
        Lang::Es => &[
            "amor",
            "amores",
            "amo",
            "amas",
            "ama",
            "amamos",
            "aman",
            "amar",
            "amarte",
            "amarnos",
            "amado",
            "amada",
            "quiero",
            "quererte",
            "querernos",
            "enamore",
            "enamora",
            "enamorar",
            "enamorarme",
            "enamoro",
        ],
        Lang::Fr => &[
            "amour",
            "amours",
            "aime",
            "aimes",
            "aimons",
            "aimez",
            "aiment",
            "aimer",
            "aimais",
            "aimait",
            "aimerai",
            "aimerais",
            "amoureux",
            "amoureuse",
        ],
        Lang::It => &[
            "amore",
            "amori",
            "amo",
            "amiamo",
            "amano",
            "amare",
            "amarti",
            "amarci",
            "amato",
            "amata",
            "innamoro",
            "innamorato",
            "innamorata",
            "innamorarmi",
        ],
        Lang::De => &[
            "liebe",
            "lieben",
            "liebst",
            "liebt",
            "liebte",
            "liebten",
            "geliebt",
            "geliebte",
            "geliebter",
            "verliebt",
            "verliebe",
            "verlieben",
            "liebling",
            "liebevoll",
            "liebesbrief",
            "liebeserklarung",
        ],
    }
}

/// Whether rule 2 applies to a content as it stands. "any case": only ASCII letters are in the English word.
pub fn is_tender(lang: Lang, content: &str, folded: &str) -> bool {
    match lang {
        Lang::En => content.as_bytes().windows(4).any(|w| w.eq_ignore_ascii_case(b"love")),
        _ => folded.split(|c| !is_letter(c)).any(|word| tender_words(lang).contains(&word)),
    }
}

fn sentence(lang: Lang, place: &str) -> String {
    match lang {
        Lang::En => format!(" I still smile when I think of our time at {place}."),
        Lang::Es => format!(" Todavía sonrío cuando recuerdo aquel tiempo en {place}."),
        Lang::Fr => format!(" Et je souris encore en repensant à ce moment à nous : {place}."),
        Lang::It => format!(" E sorrido ancora se ripenso a quel tempo tutto nostro: {place}."),
        Lang::De => format!(" Und ich lächle noch immer, wenn ich an unsere Zeit dort denke: {place}."),
    }
}

/// A text with the name in its slots.
fn fill(out: &mut String, text: &str, slots: &[Slot], name: &str) {
    let mut from = 0;
    for slot in slots {
        out.push_str(&text[from..slot.at]);
        out.push_str(name);
        if slot.owns {
            out.push_str("'s");
        }
        from = slot.end();
    }
    out.push_str(&text[from..]);
}

impl Personal {
    /// From what is stored; blank is none.
    pub fn new(name: Option<String>, pet: Option<String>, place: Option<String>) -> Self {
        let kept = |text: Option<String>| text.map(|t| t.trim().to_owned()).filter(|t| !t.is_empty());
        let name = kept(name).map(Twice::new);
        Self {
            loving_name: name.as_ref().is_some_and(|n| is_tender(Lang::En, &n.own, &n.folded)),
            name,
            pet: kept(pet).map(|pet| Twice::new(format!(" {pet} {HEART}"))),
            place: kept(place).map(|place| Lang::ALL.map(|lang| Twice::new(sentence(lang, &place)))),
        }
    }

    fn name_for(&self, template: &Template) -> Option<&Twice> {
        self.name.as_ref().filter(|_| template.language == Lang::En)
    }

    /// What rules 2 and 3 append to the content.
    fn appended<'a>(&'a self, template: &Template) -> [Option<&'a Twice>; 2] {
        let named = self.loving_name && self.name_for(template).is_some() && !template.content_slots.is_empty();
        let pet = self.pet.as_ref().filter(|_| template.tender || named);
        let place = self.place.as_ref().filter(|_| template.category == Category::MEMORIES);
        [pet, place.map(|sentences| &sentences[template.language as usize])]
    }

    pub fn title<'a>(&self, template: &'a Template) -> Cow<'a, str> {
        let Some(name) = self.name_for(template).filter(|_| !template.title_slots.is_empty()) else {
            return Cow::Borrowed(&template.title);
        };
        let mut out = String::with_capacity(template.title.len() + 64);
        fill(&mut out, &template.title, &template.title_slots, &name.own);
        Cow::Owned(out)
    }

    pub fn content<'a>(&self, template: &'a Template) -> Cow<'a, str> {
        let appended = self.appended(template);
        let name = self.name_for(template).filter(|_| !template.content_slots.is_empty());
        if name.is_none() && appended.iter().all(Option::is_none) {
            return Cow::Borrowed(&template.content);
        }
        let mut out = String::with_capacity(template.content.len() + 256);
        match name {
            Some(name) => fill(&mut out, &template.content, &template.content_slots, &name.own),
            None => out.push_str(&template.content),
        }
        for text in appended.into_iter().flatten() {
            out.push_str(&text.own);
        }
        Cow::Owned(out)
    }

    /// The fold of the personalised template, written into `room`; or the stored one when nothing is personal about
    /// it. Made of pieces that are folded already, it costs a copy.
    pub fn folded<'a>(&self, template: &'a Template, room: &'a mut String) -> &'a str {
        let folded = &template.folded;
        let appended = self.appended(template);
        let name = self.name_for(template).filter(|_| !folded.slots.is_empty());
        if name.is_none() && appended.iter().all(Option::is_none) {
            return &folded.text;
        }
        room.clear();
        let (words, tags) = folded.text.split_at(folded.content_end);
        match name {
            Some(name) => fill(room, words, &folded.slots, &name.folded),
            None => room.push_str(words),
        }
        for text in appended.into_iter().flatten() {
            room.push_str(&text.folded);
        }
        room.push_str(tags);
        room
    }
}
