//! Pages of the server itself: the front door and the interactive document. The app for couples comes with `web/`.

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

pub(super) fn routes(_spec: &str) -> Router<Arc<App>> {
    let config = Arc::new(Config::from("/openapi.json").try_it_out_enabled(true).persist_authorization(true));
    let index = config.clone();
    Router::new()
        .route("/", get(|| async { page(HOME) }))
        .route("/site.css", get(|| async { asset("text/css; charset=utf-8", CSS) }))
        .route("/docs", get(|| async { redirect("/docs/") }))
        .route("/docs/", get(move || async move { docs("index.html", index) }))
        .route("/docs/{*file}", get(move |Path(file): Path<String>| async move { docs(&file, config) }))
}

const HOME: &str = include_str!("pages/home.html");
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

/// A file of the interactive page, out of the binary.
fn docs(file: &str, config: Arc<Config<'static>>) -> Response<Body> {
    match utoipa_swagger_ui::serve(file, config) {
        Ok(Some(found)) => {
            let mut response = page(found.bytes.into_owned());
            if let Ok(kind) = HeaderValue::from_str(&found.content_type) {
                response.headers_mut().insert(header::CONTENT_TYPE, kind);
            }
            response
        }
        _ => super::problem::Problem::from(Error::not_found()).into_response(),
    }
}
