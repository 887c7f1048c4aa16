//! One template as the library holds it: with everything that can be known before somebody reads it.

use super::{
    category::Category,
    entry::Written,
    personal::{self, Slot},
};
use crate::{fold::fold_into, plans::Plan};
use base::{Lang, Time, id::TemplateId};

/// Where a template stands: by category, the stock first and in its own order, then what was added, the oldest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub category: Category,
    pub added: bool,
    /// Number in the stock, or the time of the addition.
    pub at: i64,
    pub id: TemplateId,
}

impl Place {
    pub fn bytes(&self) -> [u8; 26] {
        let mut out = [0; 26];
        out[0] = u8::try_from(self.category.index()).unwrap_or_default();
        out[1] = u8::from(self.added);
        out[2..10].copy_from_slice(&self.at.to_be_bytes());
        out[10..].copy_from_slice(self.id.bytes());
        out
    }

    pub fn read(bytes: &[u8]) -> Option<Self> {
        let (category, rest) = bytes.split_first()?;
        let (added, rest) = rest.split_first()?;
        let (at, id) = rest.split_first_chunk()?;
        Some(Self {
            category: Category::all().nth(usize::from(*category))?,
            added: *added == 1,
            at: i64::from_be_bytes(*at),
            id: TemplateId::from_slice(id)?,
        })
    }
}

#[derive(Debug)]
pub struct Template {
    pub id: TemplateId,
    pub place: Place,
    pub language: Lang,
    pub category: Category,
    pub tier: Plan,
    /// The lowest plan whose library holds it.
    pub needs: Plan,
    pub audience: Option<String>,
    pub title: String,
    pub content: String,
    pub tags: Vec<String>,
    pub created_at: Time,
    pub updated_at: Time,
    pub(super) title_slots: Vec<Slot>,
    pub(super) content_slots: Vec<Slot>,
    /// It speaks of love before anybody's name is in it.
    pub(super) tender: bool,
    pub(super) folded: Folded,
}

/// Title, content and tags as a search reads them, with a character between that nobody can search.
#[derive(Debug, Default)]
pub(super) struct Folded {
    pub text: String,
    /// Of title and content.
    pub slots: Vec<Slot>,
    pub content_end: usize,
}

const BETWEEN: char = '\0';

impl Folded {
    /// Adds the fold of a text, and where its slots are now. Piece by piece, because a fold has another length.
    fn push(&mut self, text: &str, slots: &[Slot]) {
        let mut from = 0;
        for slot in slots {
            fold_into(&mut self.text, &text[from..slot.at]);
            self.slots.push(Slot { at: self.text.len(), ..*slot });
            fold_into(&mut self.text, &text[slot.at..slot.end()]);
            from = slot.end();
        }
        fold_into(&mut self.text, &text[from..]);
    }
}

impl Template {
    /// Every plan of its tier and above sees it, until the size of a library says otherwise.
    pub fn new(written: &Written, place: Place, created_at: Time, updated_at: Time) -> Self {
        let find = |text: &str| if written.language == Lang::En { personal::slots(text) } else { Vec::new() };
        let (title_slots, content_slots) = (find(&written.title), find(&written.content));
        let mut folded = Folded::default();
        folded.push(&written.title, &title_slots);
        folded.text.push(BETWEEN);
        let start = folded.text.len();
        folded.push(&written.content, &content_slots);
        folded.content_end = folded.text.len();
        for tag in &written.tags {
            folded.text.push(BETWEEN);
            fold_into(&mut folded.text, tag);
        }
        let tender = personal::is_tender(written.language, &written.content, &folded.text[start..folded.content_end]);
        Self {
            id: written.id,
            place,
            language: written.language,
            category: written.category,
            tier: written.tier,
            needs: written.tier,
            audience: written.audience.clone(),
            title: written.title.clone(),
            content: written.content.clone(),
            tags: written.tags.clone(),
            created_at,
            updated_at,
            title_slots,
            content_slots,
            tender,
            folded,
        }
    }
}
