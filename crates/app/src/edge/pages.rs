//! Pages of the server itself: the front door and the interactive document. The app for couples comes with `web/`.

use super::{once::json, page};
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
        .route("/", get(|| async { page(HOME) }))
        .route("/verify", get(|| async { page(LINK) }))
        .route("/reset", get(|| async { page(LINK) }))
        .route("/email-change", get(|| async { page(LINK) }))
        .route("/join", get(|| async { page(LINK) }))
        .route("/site.css", get(|| async { asset("text/css; charset=utf-8", CSS) }))
        .route("/asyncapi.json", get(|| async { json(StatusCode::OK, ASYNCAPI) }))
        .route("/docs", get(|| async { redirect("/docs/") }))
        .route("/docs/", get(|| async { page(DOCS) }))
        .route("/docs/{*file}", get(move |Path(file): Path<String>| async move { docs(&file, config) }))
}

const HOME: &str = include_str!("pages/home.html");
/// Where links of mails lead until the app takes them. It reads nothing, so that opening a link uses nothing up.
const LINK: &str = include_str!("pages/link.html");
const DOCS: &str = include_str!("pages/docs.html");
const CSS: &str = include_str!("pages/site.css");
/// The socket as AsyncAPI 3.0 describes it. `docs/REALTIME.md` says the same to people.
const ASYNCAPI: &str = include_str!("pages/asyncapi.json");

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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    /// Every `$ref` in a document.
    fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Object(map) => {
                found.extend(map.get("$ref").and_then(Value::as_str));
                map.values().for_each(|v| references(v, found));
            }
            Value::Array(list) => list.iter().for_each(|v| references(v, found)),
            _ => {}
        }
    }

    #[test]
    fn the_description_of_the_socket_is_whole_and_agrees_with_the_page_for_people() {
        let document: Value = serde_json::from_str(ASYNCAPI).unwrap();
        let mut found = Vec::new();
        references(&document, &mut found);
        assert!(found.len() > 30);
        for reference in found {
            assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference} leads nowhere");
        }
        let page = include_str!("../../../../docs/REALTIME.md");
        for message in document["components"]["messages"].as_object().unwrap().values() {
            let kind = message["payload"]["properties"]["type"]["const"].as_str().unwrap();
            assert!(page.contains(&format!("`{kind}`")) || page.contains(&format!("\"type\": \"{kind}\"")), "{kind}");
        }
        for code in [4401, 4408, 4409, 4429] {
            assert!(page.contains(&format!("| {code} |")) && ASYNCAPI.contains(&code.to_string()), "{code}");
        }
    }
}
