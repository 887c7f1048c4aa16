//! Answers of the library.

use super::{category::CategoryKey, personal::Personal, template::Template};
use crate::plans::Plan;
use base::{Error, Lang, Result, Time, id::TemplateId};
use serde::Serialize;
use std::borrow::Cow;
use utoipa::ToSchema;

/// A template as the caller reads it.
#[derive(Serialize, ToSchema)]
pub struct NoteTemplate<'a> {
    pub id: TemplateId,
    pub language: Lang,
    #[schema(value_type = CategoryKey)]
    pub category: &'static str,
    pub tier: Plan,
    /// For whom it was written, when not for everybody.
    #[schema(value_type = Option<String>)]
    pub audience: Option<&'a str>,
    /// Personalised, as `content`.
    #[schema(value_type = String)]
    pub title: Cow<'a, str>,
    #[schema(value_type = String)]
    pub content: Cow<'a, str>,
    #[schema(value_type = Vec<String>)]
    pub tags: &'a [String],
    /// Only active templates are shown.
    pub active: bool,
    pub created_at: Time,
    pub updated_at: Time,
}

impl<'a> NoteTemplate<'a> {
    pub fn of(template: &'a Template, personal: &Personal) -> Self {
        Self {
            id: template.id,
            language: template.language,
            category: template.category.key(),
            tier: template.tier,
            audience: template.audience.as_deref(),
            title: personal.title(template),
            content: personal.content(template),
            tags: &template.tags,
            active: true,
            created_at: template.created_at,
            updated_at: template.updated_at,
        }
    }
}

/// A page of the library.
#[derive(Serialize, ToSchema)]
pub struct TemplatePage<'a> {
    pub data: Vec<NoteTemplate<'a>>,
    pub next_cursor: Option<String>,
    /// Templates of this language that the caller may see.
    pub total: usize,
    /// Those among them that fit category and search.
    pub matching: usize,
}

/// Favourites, the latest first.
#[derive(Serialize, ToSchema)]
pub struct FavouritePage<'a> {
    pub data: Vec<NoteTemplate<'a>>,
    pub next_cursor: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct NoteCategory {
    #[schema(value_type = CategoryKey)]
    pub key: &'static str,
    /// In the language of the answer.
    pub name: &'static str,
    /// An emoji.
    pub icon: &'static str,
    /// Templates that the filter by this category shows to the caller.
    pub count: usize,
}

/// Every category, in the order of the product.
#[derive(Serialize, ToSchema)]
pub struct CategoryList {
    pub data: Vec<NoteCategory>,
    pub next_cursor: Option<String>,
    /// Templates of this language that the caller may see.
    pub total: usize,
}

pub fn bytes(answer: &impl Serialize) -> Result<Vec<u8>> {
    serde_json::to_vec(answer).map_err(|e| Error::bug("write templates", e))
}
