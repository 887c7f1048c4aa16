//! The library in memory: what stock and staff offer, in order, with the counts that lists ask for. Made anew when
//! staff changed something; a reader keeps the one it began with.

use super::{
    category::Category,
    entry::{OPENED, Written},
    store::Added,
    template::{Place, Template},
};
use crate::plans::Plan;
use base::{Lang, id::TemplateId};
use std::{
    collections::{HashMap, HashSet},
    ops::Range,
};

/// Templates per language that the libraries of Basic, Premiere and Exclusive hold; none is all.
pub type Sizes = [Option<usize>; 3];

pub struct Catalogue {
    /// In the order of [`Lang::ALL`].
    shelves: [Shelf; 5],
    by_id: HashMap<TemplateId, (Lang, usize)>,
    /// Shown or retired.
    ever: HashSet<TemplateId>,
}

/// The templates of one language, by [`Place`].
#[derive(Default)]
pub struct Shelf {
    templates: Vec<Template>,
    ranges: [Range<usize>; Category::COUNT],
    /// Per category, what Basic, Premiere and Exclusive see.
    counts: [[usize; 3]; Category::COUNT],
}

impl Catalogue {
    /// An addition with the id of a stock template stands in its place, or takes it away when it is not active.
    pub fn new(stock: &[Written], added: &[Added], sizes: Sizes) -> Self {
        let replaced: HashMap<_, _> = added.iter().map(|a| (a.written.id, a)).collect();
        let mut of_lang: [Vec<Template>; 5] = Default::default();
        let mut of_stock = HashMap::new();
        for (at, written) in (0_i64..).zip(stock) {
            of_stock.insert(written.id, at);
            if !replaced.contains_key(&written.id) {
                let place = Place { category: written.category, added: false, at, id: written.id };
                of_lang[written.language as usize].push(Template::new(written, place, OPENED, OPENED));
            }
        }
        for Added { written, created_at, updated_at } in added.iter().filter(|a| a.written.active) {
            let stock = of_stock.get(&written.id);
            let at = stock.copied().unwrap_or(created_at.0);
            let place = Place { category: written.category, added: stock.is_none(), at, id: written.id };
            of_lang[written.language as usize].push(Template::new(written, place, *created_at, *updated_at));
        }
        let shelves = of_lang.map(|templates| Shelf::new(templates, sizes));
        let mut by_id = HashMap::new();
        for (lang, shelf) in Lang::ALL.into_iter().zip(&shelves) {
            by_id.extend(shelf.templates.iter().enumerate().map(|(at, t)| (t.id, (lang, at))));
        }
        let ever = stock.iter().chain(added.iter().map(|a| &a.written)).map(|w| w.id).collect();
        Self { shelves, by_id, ever }
    }

    pub fn shelf(&self, lang: Lang) -> &Shelf {
        &self.shelves[lang as usize]
    }

    pub fn get(&self, id: TemplateId) -> Option<&Template> {
        let (lang, at) = self.by_id.get(&id)?;
        self.shelf(*lang).templates.get(*at)
    }

    /// Whether there is such a template, or was.
    pub fn knows(&self, id: TemplateId) -> bool {
        self.ever.contains(&id)
    }

    /// The language in which a reader sees a category: English when the asked one has nothing of it for this plan.
    pub fn language(&self, asked: Lang, category: Option<Category>, plan: Plan) -> Lang {
        match category {
            Some(category) if self.shelf(asked).count(Some(category), plan) == 0 => Lang::En,
            _ => asked,
        }
    }
}

impl Shelf {
    fn new(mut templates: Vec<Template>, sizes: Sizes) -> Self {
        bound(&mut templates, sizes);
        templates.sort_by_key(|t| t.place);
        let mut this = Self { templates, ..Self::default() };
        for category in Category::all() {
            let from = this.templates.partition_point(|t| t.category < category);
            let to = this.templates.partition_point(|t| t.category <= category);
            let seen = |plan: Plan| this.templates[from..to].iter().filter(|t| t.needs <= plan).count();
            this.counts[category.index()] = Plan::ALL.map(seen);
            this.ranges[category.index()] = from..to;
        }
        this
    }

    /// All of them, or those of a category, in order.
    pub fn templates(&self, category: Option<Category>) -> &[Template] {
        match category {
            Some(category) => &self.templates[self.ranges[category.index()].clone()],
            None => &self.templates,
        }
    }

    pub fn count(&self, category: Option<Category>, plan: Plan) -> usize {
        let of = |counts: &[usize; 3]| counts[plan as usize];
        category.map_or_else(|| self.counts.iter().map(of).sum(), |category| of(&self.counts[category.index()]))
    }
}

/// Sets the lowest plan of each template: the plans' libraries are filled by tier, the stock first, up to their size.
/// What no plan has room for goes.
fn bound(templates: &mut Vec<Template>, sizes: Sizes) {
    templates.sort_by_key(|t| (t.tier, t.place.added, t.place));
    let mut at = 0;
    templates.retain_mut(|template| {
        // Of each plan's library the templates before this one are a beginning, so `at` is its number in all of them.
        let holder =
            Plan::ALL.into_iter().find(|p| template.tier <= *p && sizes[*p as usize].is_none_or(|size| at < size));
        at += 1;
        holder.map(|plan| template.needs = plan).is_some()
    });
}
