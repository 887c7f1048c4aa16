//! The operations of the API by method and path, read from the OpenAPI document: the document is what the gate
//! enforces, so it cannot say one thing and the server do another.

use axum::http::Method;
use std::sync::Arc;
use utoipa::openapi::{OpenApi, path::Operation};

/// One operation, or `OTHER` for pages and health checks outside the document.
#[derive(Debug)]
pub struct Op {
    /// Index into the metrics.
    pub index: usize,
    /// `POST /v1/notes`
    pub label: Arc<str>,
    pub method: Method,
    pub template: String,
    /// Declared with `security: []`: a session is not needed.
    pub public: bool,
    /// Another bucket than the usual one (`x-rate-limit`).
    pub bucket: Option<String>,
    /// A stream has no time limit for its answer.
    pub stream: bool,
    pub body_limit: Option<usize>,
}

pub struct Operations {
    routes: matchit::Router<Vec<usize>>,
    pub all: Vec<Op>,
}

impl Operations {
    pub fn of(document: &OpenApi) -> Self {
        let mut this = Self { routes: matchit::Router::new(), all: Vec::new() };
        for (template, item) in &document.paths.paths {
            let methods = [
                (Method::GET, &item.get),
                (Method::POST, &item.post),
                (Method::PUT, &item.put),
                (Method::PATCH, &item.patch),
                (Method::DELETE, &item.delete),
            ];
            let mut here = Vec::new();
            for (method, operation) in methods {
                let Some(operation) = operation else { continue };
                here.push(this.all.len());
                this.add(method, template, operation);
            }
            this.routes.insert(template.clone(), here).expect("paths of the document are distinct");
        }
        this
    }

    fn add(&mut self, method: Method, template: &str, operation: &Operation) {
        let extension = |name: &str| operation.extensions.as_ref().and_then(|e| e.get(name));
        // utoipa writes `security: []` as a list without requirements, or one empty requirement.
        let public = operation.security.as_ref().is_some_and(|list| {
            serde_json::to_value(list)
                .ok()
                .and_then(|v| {
                    v.as_array().map(|a| a.iter().all(|r| r.as_object().is_some_and(serde_json::Map::is_empty)))
                })
                .unwrap_or(false)
        });
        self.all.push(Op {
            index: self.all.len(),
            label: format!("{method} {template}").into(),
            method,
            template: template.to_owned(),
            public,
            bucket: extension("x-rate-limit").and_then(|v| v.as_str().map(str::to_owned)),
            stream: extension("x-stream").is_some(),
            body_limit: extension("x-body-limit").and_then(serde_json::Value::as_u64).and_then(|n| n.try_into().ok()),
        });
    }

    /// The operation that `method` on `path` means.
    pub fn find(&self, method: &Method, path: &str) -> Option<&Op> {
        let here = &self.routes.at(path).ok()?.value;
        let method = if method == Method::HEAD { &Method::GET } else { method };
        here.iter().map(|i| &self.all[*i]).find(|op| op.method == *method)
    }
}
