//! Pages of the server itself: the interactive document, and a front door for a build without the app for couples.

use super::page;
use crate::app::App;
use axum::{
    Router,
    body::Body,
    extract::Path,
    http::{HeaderValue, Response, StatusCode, header},
    response::IntoResponse,
    routing::get,
};
use base::Error;
use std::sync::Arc;
use utoipa_swagger_ui::Config;

pub(super) fn routes() -> Router<Arc<App>> {
    // No validator: the page asks nobody but this server.
    let config = Config::from("/openapi.json").use_base_layout().try_it_out_enabled(true).persist_authorization(true);
    let config = Arc::new(config.validator_url("none"));
    Router::new()
        .route("/site.css", get(|| async { asset("text/css; charset=utf-8", CSS) }))
        .route("/docs", get(|| async { redirect("/docs/") }))
        .route("/docs/", get(|| async { page(DOCS) }))
        .route("/docs/{*file}", get(move |Path(file): Path<String>| async move { docs(&file, config) }))
}

/// What stands where the app for couples (`edge::site`) would be.
pub(super) fn front_door() -> Router<Arc<App>> {
    let links = ["/verify", "/reset", "/email-change", "/join"];
    let router = Router::new().route("/", get(|| async { page(HOME) }));
    links.into_iter().fold(router, |router, link| router.route(link, get(|| async { page(LINK) })))
}

const HOME: &str = include_str!("pages/home.html");
/// Where links of mails lead then. It reads nothing, so that opening a link uses nothing up.
const LINK: &str = include_str!("pages/link.html");
const DOCS: &str = include_str!("pages/docs.html");
const CSS: &str = include_str!("pages/site.css");

fn asset(kind: &'static str, text: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    response
}

fn redirect(to: &'static str) -> Response<Body> {
    let mut response = super::gate::empty(StatusCode::PERMANENT_REDIRECT);
    response.headers_mut().insert(header::LOCATION, HeaderValue::from_static(to));
    response
}

/// A file of the interactive page, out of the binary. It changes with a release only.
fn docs(file: &str, config: Arc<Config<'static>>) -> Response<Body> {
    match utoipa_swagger_ui::serve(file, config) {
        Ok(Some(found)) => {
            let mut response = page(found.bytes.into_owned());
            if let Ok(kind) = HeaderValue::from_str(&found.content_type) {
                response.headers_mut().insert(header::CONTENT_TYPE, kind);
            }
            response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
            response
        }
        _ => super::problem::Problem::from(Error::not_found()).into_response(),
    }
}
