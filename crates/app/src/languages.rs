//! The list of languages, for visitors too, with their names in the reader's language.

use crate::{
    app::{App, AppState},
    cards,
    check::Checks,
    edge::{
        input::Params,
        problem::Answer,
        request::{About, Unit},
    },
};
use axum::{Json, extract::State};
use base::{Lang, lang::LISTED};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(list_languages))
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Language {
    pub code: &'static str,
    /// In the language itself.
    pub name: &'static str,
    /// In the language of this answer.
    pub localized_name: &'static str,
    /// Whether it can be chosen; the others are to come.
    pub active: bool,
}

#[derive(Serialize, ToSchema)]
pub struct Languages {
    pub data: Vec<Language>,
    pub next_cursor: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListLanguages {
    /// The language of `localized_name`; one that is not enabled is ignored. Absent: the account's, then that of
    /// `Accept-Language`.
    #[param(pattern = "^(en|es|fr|it|de|nl|pt|)$")]
    pub language: Option<String>,
}

/// What a language is called in another.
fn name(code: &str, of: Lang) -> &'static str {
    // English, Spanish, French, Italian, German: the order of `Lang::ALL`.
    let names = match code {
        "es" => ["Spanish", "español", "espagnol", "spagnolo", "Spanisch"],
        "fr" => ["French", "francés", "français", "francese", "Französisch"],
        "it" => ["Italian", "italiano", "italien", "italiano", "Italienisch"],
        "de" => ["German", "alemán", "allemand", "tedesco", "Deutsch"],
        "nl" => ["Dutch", "neerlandés", "néerlandais", "olandese", "Niederländisch"],
        "pt" => ["Portuguese", "portugués", "portugais", "portoghese", "Portugiesisch"],
        _ => ["English", "inglés", "anglais", "inglese", "Englisch"],
    };
    match of {
        Lang::En => names[0],
        Lang::Es => names[1],
        Lang::Fr => names[2],
        Lang::It => names[3],
        Lang::De => names[4],
    }
}

/// The languages of the product, with those that are active.
#[utoipa::path(get, path = "/v1/languages", tag = "Members", security(()), params(ListLanguages),
    responses((status = 200, body = Languages)))]
async fn list_languages(
    State(app): AppState,
    About(about): About,
    Unit(cx): Unit,
    Params(asked): Params<ListLanguages>,
) -> Answer<Json<Languages>> {
    let mut checks = Checks::default();
    let explicit = checks.lang("/query/language", asked.language.as_deref());
    checks.done()?;
    let lang = match (explicit, about.caller) {
        (Some(lang), _) => lang,
        (None, Some(caller)) => cards::load(&app, &cx, caller.member).await?.lang,
        (None, None) => cx.lang(),
    };
    let data = LISTED.iter().map(|l| Language {
        code: l.code,
        name: l.name,
        localized_name: name(l.code, lang),
        active: l.active,
    });
    Ok(Json(Languages { data: data.collect(), next_cursor: None }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_is_called_differently_in_each_language() {
        for lang in Lang::ALL {
            let names: std::collections::BTreeSet<_> = LISTED.iter().map(|l| name(l.code, lang)).collect();
            assert_eq!(names.len(), LISTED.len());
            let own = LISTED.iter().find(|l| l.code == lang.code()).unwrap();
            assert_eq!(name(lang.code(), lang).to_lowercase(), own.name.to_lowercase());
        }
    }
}
