//! Templates as they are written: the opening stock and the files of staff have one format.
//!
//! ```toml
//! language = "en"                      # of all entries that name none
//!
//! [[template]]
//! key = "kitchen-slow-dance"           # with the language, the identity of the template
//! category = "romantic"
//! tier = "basic"                       # basic, premiere or exclusive
//! audience = "lgbtq"                   # optional
//! title = "A slow dance at the sink"
//! content = "…"
//! tags = ["dance", "home", "evening"]
//! active = true                        # optional; false takes it out of the library
//! ```

use super::category::Category;
use crate::plans::Plan;
use base::{Lang, Time, id::TemplateId};
use ring::digest::{Context, SHA256};
use serde::Deserialize;
use std::{collections::BTreeSet, sync::LazyLock};
use uuid::Builder;

/// When the stock was opened: its templates' time, and the time in every id of a template.
pub const OPENED: Time = Time(1_767_225_600_000);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    language: Option<String>,
    #[serde(default, rename = "template")]
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    language: Option<String>,
    key: String,
    category: String,
    tier: String,
    audience: Option<String>,
    title: String,
    content: String,
    tags: Vec<String>,
    active: Option<bool>,
}

/// A template that was read and is in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    pub id: TemplateId,
    pub language: Lang,
    pub key: String,
    pub category: Category,
    pub tier: Plan,
    pub audience: Option<String>,
    pub title: String,
    pub content: String,
    pub tags: Vec<String>,
    pub active: bool,
}

/// The id of a template: a UUIDv7 of [`OPENED`] whose random part is a hash of language and key.
pub fn id(language: Lang, key: &str) -> TemplateId {
    let mut hash = Context::new(&SHA256);
    for part in ["note template", language.code(), key] {
        hash.update(part.as_bytes());
        hash.update(&[0]);
    }
    let mut bits = [0; 10];
    bits.copy_from_slice(&hash.finish().as_ref()[..10]);
    let millis = u64::try_from(OPENED.0).unwrap_or_default();
    TemplateId::from_raw(Builder::from_unix_timestamp_millis(millis, &bits).into_uuid())
}

fn is_key(key: &str) -> bool {
    (1..=64).contains(&key.len())
        && !key.starts_with('-')
        && !key.ends_with('-')
        && key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// One line without control characters, of a length in code points.
fn is_line(text: &str, most: usize) -> bool {
    text.trim() == text && (1..=most).contains(&text.chars().count()) && !text.chars().any(char::is_control)
}

impl Entry {
    /// The template, or everything that is wrong with it.
    fn check(self, usual: Option<&str>) -> Result<Written, Vec<&'static str>> {
        let mut wrong = Vec::new();
        let language = self.language.as_deref().or(usual).and_then(|code| code.parse::<Lang>().ok());
        let category = Category::parse(&self.category);
        let tier = Plan::ALL.into_iter().find(|plan| plan.key() == self.tier);
        let unique: BTreeSet<_> = self.tags.iter().collect();
        let audience = self.audience.filter(|a| !a.is_empty());
        for (fine, what) in [
            (language.is_some(), "the language is missing, or is none of en, es, fr, it, de"),
            (is_key(&self.key), "a key is 1 to 64 of a-z, 0-9 and -"),
            (category.is_some(), "this is not one of the categories"),
            (tier.is_some(), "the tier is basic, premiere or exclusive"),
            (audience.as_deref().is_none_or(|a| is_line(a, 50)), "an audience is a word"),
            (is_line(&self.title, 120), "the title is one line of 1 to 120 characters"),
            (is_line(&self.content, 10_000), "the content is one line of 1 to 10,000 characters"),
            ((1..=10).contains(&self.tags.len()), "there are 1 to 10 tags"),
            (self.tags.iter().all(|tag| is_line(tag, 50)), "a tag is one line of 1 to 50 characters"),
            (unique.len() == self.tags.len(), "a tag is there twice"),
        ] {
            if !fine {
                wrong.push(what);
            }
        }
        match (language, category, tier) {
            (Some(language), Some(category), Some(tier)) if wrong.is_empty() => Ok(Written {
                id: id(language, &self.key),
                language,
                key: self.key,
                category,
                tier,
                audience,
                title: self.title,
                content: self.content,
                tags: self.tags,
                active: self.active.unwrap_or(true),
            }),
            _ => Err(wrong),
        }
    }
}

/// The templates of a file, in its order, or every mistake with the key of its entry. `usual` is the language of
/// entries when neither they nor the file name one.
pub fn read(text: &str, usual: Option<Lang>) -> Result<Vec<Written>, Vec<String>> {
    let file: File = toml::from_str(text).map_err(|error| vec![error.to_string()])?;
    let usual = file.language.as_deref().or(usual.map(Lang::code));
    let (mut read, mut wrong, mut seen) = (Vec::with_capacity(file.entries.len()), Vec::new(), BTreeSet::new());
    for (at, entry) in file.entries.into_iter().enumerate() {
        let named = format!("{} (entry {})", entry.key, at + 1);
        match entry.check(usual) {
            Ok(template) if seen.insert(template.id) => read.push(template),
            Ok(_) => wrong.push(format!("{named}: another entry has this language and key")),
            Err(faults) => wrong.extend(faults.into_iter().map(|fault| format!("{named}: {fault}"))),
        }
    }
    if wrong.is_empty() { Ok(read) } else { Err(wrong) }
}

const FILES: [(Lang, &str); 5] = [
    (Lang::En, include_str!("../../../content/note-templates/en.toml")),
    (Lang::Es, include_str!("../../../content/note-templates/es.toml")),
    (Lang::Fr, include_str!("../../../content/note-templates/fr.toml")),
    (Lang::It, include_str!("../../../content/note-templates/it.toml")),
    (Lang::De, include_str!("../../../content/note-templates/de.toml")),
];

/// Read when the library is opened for the first time, so that the program starts without it.
static STOCK: LazyLock<Result<Vec<Written>, Vec<String>>> = LazyLock::new(|| {
    let mut all = Vec::new();
    for (language, text) in FILES {
        all.extend(read(text, Some(language))?);
    }
    Ok(all)
});

/// The opening stock, in the order of its files.
pub fn stock() -> base::Result<&'static [Written]> {
    match &*STOCK {
        Ok(all) => Ok(all),
        Err(wrong) => Err(base::Error::bug("read the opening stock", wrong.join("; "))),
    }
}
