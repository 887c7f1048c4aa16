//! HTTP of the library. Visitors read it too; with a session the same calls say what the member's plan shows, in the
//! member's language and with the names the member gave.

use super::{
    browse::{self, Browse, Draw, InLanguage},
    favourites::{self, ListFavourites},
    view::{CategoryList, FavouritePage, NoteTemplate, TemplatePage},
};
use crate::{
    app::{App, AppState},
    edge::{
        gate::empty,
        input::{Params, Place},
        once::json,
        problem::Answer,
        request::{About, Unit},
    },
    identity::Caller,
};
use axum::{
    body::Body,
    extract::State,
    http::{Response, StatusCode},
};
use base::id::TemplateId;
use std::sync::Arc;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(list_note_templates))
        .routes(routes!(list_note_categories))
        .routes(routes!(random_note_template))
        .routes(routes!(read_note_template))
        .routes(routes!(add_favourite_template, remove_favourite_template))
        .routes(routes!(list_favourite_templates))
}

/// Browse and search the templates of love notes that the caller may see.
#[utoipa::path(get, path = "/v1/note-templates", tag = "Love notes", security(()), params(Browse),
    responses((status = 200, body = TemplatePage<'static>)))]
async fn list_note_templates(
    State(app): AppState,
    Unit(cx): Unit,
    About(about): About,
    Params(asked): Params<Browse>,
) -> Answer<Response<Body>> {
    Ok(json(StatusCode::OK, browse::list(&app, &cx, &about, &asked).await?))
}

/// The categories of templates, with how many of each the caller may see.
#[utoipa::path(get, path = "/v1/note-templates/categories", tag = "Love notes", security(()), params(InLanguage),
    responses((status = 200, body = CategoryList)))]
async fn list_note_categories(
    State(app): AppState,
    Unit(cx): Unit,
    About(about): About,
    Params(asked): Params<InLanguage>,
) -> Answer<Response<Body>> {
    Ok(json(StatusCode::OK, browse::categories(&app, &cx, &about, &asked).await?))
}

/// One template by chance.
#[utoipa::path(get, path = "/v1/note-templates/random", tag = "Love notes", security(()), params(Draw),
    responses((status = 200, body = NoteTemplate<'static>)))]
async fn random_note_template(
    State(app): AppState,
    Unit(cx): Unit,
    About(about): About,
    Params(asked): Params<Draw>,
) -> Answer<Response<Body>> {
    Ok(json(StatusCode::OK, browse::random(&app, &cx, &about, &asked).await?))
}

/// One template; `plan_required` when it is above the caller's plan.
#[utoipa::path(get, path = "/v1/note-templates/{id}", tag = "Love notes", security(()),
    params(("id" = TemplateId, Path)), responses((status = 200, body = NoteTemplate<'static>)))]
async fn read_note_template(
    State(app): AppState,
    Unit(cx): Unit,
    About(about): About,
    Place(id): Place<TemplateId>,
) -> Answer<Response<Body>> {
    Ok(json(StatusCode::OK, browse::read(&app, &cx, &about, id).await?))
}

/// Keep a template among the favourites. Again does no harm.
#[utoipa::path(put, path = "/v1/note-templates/{id}/favourite", tag = "Love notes",
    params(("id" = TemplateId, Path)), responses((status = 204)))]
async fn add_favourite_template(
    State(app): AppState,
    caller: Caller,
    Unit(cx): Unit,
    About(about): About,
    Place(id): Place<TemplateId>,
) -> Answer<Response<Body>> {
    favourites::add(&app, &cx, &about, &caller, id).await?;
    Ok(empty(StatusCode::NO_CONTENT))
}

/// Take a template from the favourites. Again does no harm.
#[utoipa::path(delete, path = "/v1/note-templates/{id}/favourite", tag = "Love notes",
    params(("id" = TemplateId, Path)), responses((status = 204)))]
async fn remove_favourite_template(
    State(app): AppState,
    caller: Caller,
    Unit(cx): Unit,
    Place(id): Place<TemplateId>,
) -> Answer<Response<Body>> {
    favourites::remove(&app, &cx, &caller, id).await?;
    Ok(empty(StatusCode::NO_CONTENT))
}

/// The caller's favourite templates, the latest first.
#[utoipa::path(get, path = "/v1/me/favourite-templates", tag = "Love notes", params(ListFavourites),
    responses((status = 200, body = FavouritePage<'static>)))]
async fn list_favourite_templates(
    State(app): AppState,
    caller: Caller,
    Unit(cx): Unit,
    About(about): About,
    Params(asked): Params<ListFavourites>,
) -> Answer<Response<Body>> {
    Ok(json(StatusCode::OK, favourites::list(&app, &cx, &about, &caller, &asked).await?))
}
