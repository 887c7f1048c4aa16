//! Browsing, searching and drawing from the library.

use super::{
    Catalogue,
    category::{Category, CategoryFilter, ListedLanguage},
    personal::Personal,
    reader::Reader,
    template::{Place, Template},
    view::{self, CategoryList, NoteCategory, NoteTemplate, TemplatePage},
};
use crate::{app::App, check::Checks, edge::request::Facts, fold::fold};
use base::{Cx, Error, Lang, Result, id::TemplateId, page};
use memchr::memmem::Finder;
use serde::Deserialize;
use utoipa::IntoParams;

/// Code points of a search at most (product/README.md).
const LONGEST: usize = 200;

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Browse {
    /// One category, or `all`.
    #[param(inline, value_type = Option<CategoryFilter>)]
    pub category: Option<String>,
    /// Literal text, without regard to case and accents, in title, content or a tag, as the caller reads them.
    #[param(min_length = 1, max_length = 200)]
    pub q: Option<String>,
    /// In place of the account's; a listed language that is not active yet means English.
    #[param(inline, value_type = Option<ListedLanguage>)]
    pub language: Option<String>,
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<u32>,
    pub cursor: Option<String>,
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Draw {
    /// One category, or `all`.
    #[param(inline, value_type = Option<CategoryFilter>)]
    pub category: Option<String>,
    /// In place of the account's; a listed language that is not active yet means English.
    #[param(inline, value_type = Option<ListedLanguage>)]
    pub language: Option<String>,
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct InLanguage {
    /// In place of the account's; a listed language that is not active yet means English.
    #[param(inline, value_type = Option<ListedLanguage>)]
    pub language: Option<String>,
}

fn category(checks: &mut Checks, key: Option<&str>) -> Option<Category> {
    let key = key.filter(|key| !key.is_empty() && *key != Category::EVERY)?;
    let found = Category::parse(key);
    if found.is_none() {
        checks.refuse("/query/category", "unknown_value", "This is not one of the categories.");
    }
    found
}

fn language(checks: &mut Checks, code: Option<&str>) -> Option<Lang> {
    let code = code.filter(|code| !code.is_empty())?;
    Some(checks.lang("/query/language", Some(code)).unwrap_or_default())
}

/// The library in the order of its categories, or what a filter and a search leave of it.
pub async fn list(app: &App, cx: &Cx, about: &Facts, asked: &Browse) -> Result<Vec<u8>> {
    let mut checks = Checks::default();
    let category = category(&mut checks, asked.category.as_deref());
    let lang = language(&mut checks, asked.language.as_deref());
    if let Some(q) = &asked.q {
        checks.length("/query/q", q, 1, LONGEST);
    }
    checks.done()?;
    let limit = page::limit(asked.limit)?;
    let catalogue = app.templates.catalogue(app, cx).await?;
    let reader = Reader::of(app, cx, about, lang).await?;
    let lang = catalogue.language(reader.lang, category, reader.plan);
    let scope = format!("note-templates {} {lang:?} {category:?} {:?}", reader.scope(), asked.q);
    let after = match &asked.cursor {
        None => None,
        Some(cursor) => Some(
            Place::read(&app.cursors.open(&scope, cursor)?)
                .ok_or_else(|| Error::bug("read a cursor", "it was sealed here"))?,
        ),
    };
    let personal = reader.personal(app).await?;
    let shelf = catalogue.shelf(lang);
    let needle = asked.q.as_deref().map(fold);
    let mut found = Found::new(after, limit);
    let mut room = String::new();
    let finder = needle.as_deref().map(Finder::new);
    for template in shelf.templates(category).iter().filter(|t| t.needs <= reader.plan) {
        if finder.as_ref().is_none_or(|f| f.find(personal.folded(template, &mut room).as_bytes()).is_some()) {
            found.take(template);
        }
    }
    view::bytes(&TemplatePage {
        data: found.page.iter().map(|t| NoteTemplate::of(t, &personal)).collect(),
        next_cursor: found.next().map(|place| app.cursors.seal(&scope, &place.bytes())),
        total: shelf.count(None, reader.plan),
        matching: found.matching,
    })
}

/// A page as it fills, and the count of everything that fits.
struct Found<'a> {
    after: Option<Place>,
    limit: usize,
    page: Vec<&'a Template>,
    matching: usize,
    more: bool,
}

impl<'a> Found<'a> {
    fn new(after: Option<Place>, limit: usize) -> Self {
        Self { after, limit, page: Vec::with_capacity(limit), matching: 0, more: false }
    }

    /// Templates come in the order of their places.
    fn take(&mut self, template: &'a Template) {
        self.matching += 1;
        if self.after.is_some_and(|after| template.place <= after) {
            return;
        }
        if self.page.len() < self.limit {
            self.page.push(template);
        } else {
            self.more = true;
        }
    }

    fn next(&self) -> Option<Place> {
        self.page.last().filter(|_| self.more).map(|t| t.place)
    }
}

pub async fn categories(app: &App, cx: &Cx, about: &Facts, asked: &InLanguage) -> Result<Vec<u8>> {
    let mut checks = Checks::default();
    let lang = language(&mut checks, asked.language.as_deref());
    checks.done()?;
    let catalogue = app.templates.catalogue(app, cx).await?;
    let reader = Reader::of(app, cx, about, lang).await?;
    let seen = |category: Category| {
        let lang = catalogue.language(reader.lang, Some(category), reader.plan);
        catalogue.shelf(lang).count(Some(category), reader.plan)
    };
    let data = Category::all().map(|category| NoteCategory {
        key: category.key(),
        name: category.name(reader.lang),
        icon: category.icon(),
        count: seen(category),
    });
    view::bytes(&CategoryList {
        data: data.collect(),
        next_cursor: None,
        total: catalogue.shelf(reader.lang).count(None, reader.plan),
    })
}

/// One of the templates that the caller may see, each as likely as any other.
pub async fn random(app: &App, cx: &Cx, about: &Facts, asked: &Draw) -> Result<Vec<u8>> {
    let mut checks = Checks::default();
    let category = category(&mut checks, asked.category.as_deref());
    let lang = language(&mut checks, asked.language.as_deref());
    checks.done()?;
    let catalogue = app.templates.catalogue(app, cx).await?;
    let reader = Reader::of(app, cx, about, lang).await?;
    let shelf = catalogue.shelf(catalogue.language(reader.lang, category, reader.plan));
    let count = shelf.count(category, reader.plan);
    let number = drawn(cx, count).ok_or_else(Error::not_found)?;
    let mut seen = shelf.templates(category).iter().filter(|t| t.needs <= reader.plan);
    let template = seen.nth(number).ok_or_else(|| Error::bug("draw a template", "the count is wrong"))?;
    view::bytes(&NoteTemplate::of(template, &reader.personal(app).await?))
}

/// A number below `count`. Of 64 random bits the remainder favours the low ones by less than one in 2^50.
fn drawn(cx: &Cx, count: usize) -> Option<usize> {
    let entropy = cx.world().entropy();
    let bits = entropy.last_chunk().map_or(0, |last| u64::from_be_bytes(*last));
    let number = bits.checked_rem(u64::try_from(count).ok()?)?;
    usize::try_from(number).ok()
}

/// The template with this id, for those whose plan has it.
pub fn find(catalogue: &Catalogue, id: TemplateId) -> Result<&Template> {
    catalogue.get(id).ok_or_else(Error::not_found)
}

pub async fn read(app: &App, cx: &Cx, about: &Facts, id: TemplateId) -> Result<Vec<u8>> {
    let catalogue = app.templates.catalogue(app, cx).await?;
    let template = find(&catalogue, id)?;
    let reader = Reader::of(app, cx, about, None).await?;
    reader.require(app, cx, template.needs).await?;
    let personal: Personal = reader.personal(app).await?;
    view::bytes(&NoteTemplate::of(template, &personal))
}

/// What a note may say that it was made from: a template that there is, or was when its words were taken.
pub async fn check_origin(app: &App, cx: &Cx, template: Option<TemplateId>) -> Result<()> {
    match template {
        Some(id) if !app.templates.catalogue(app, cx).await?.knows(id) => {
            Err(Error::field("/template_id", "unknown_value", "There is no such template."))
        }
        _ => Ok(()),
    }
}
