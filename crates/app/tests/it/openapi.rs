//! The OpenAPI document and the router agree, and the committed copy is the current one.

use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};
use testkit::TestApp;

/// One operation of the document.
pub struct Operation {
    pub method: String,
    pub path: String,
    /// Declared with `security: []` or `[{}]`.
    pub public: bool,
    pub document: Value,
}

impl Operation {
    pub fn label(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// The path with every parameter replaced.
    pub fn path_with(&self, parameter: &str) -> String {
        let filled = |part: &str| if part.starts_with('{') { parameter.to_owned() } else { part.to_owned() };
        self.path.split('/').map(filled).collect::<Vec<_>>().join("/")
    }
}

fn document() -> Value {
    serde_json::to_value(app::edge::document()).unwrap()
}

/// Every operation of the document, read as a client would read it.
pub fn operations() -> Vec<Operation> {
    let document = document();
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            if ["get", "put", "post", "delete", "patch", "options", "head", "trace"].contains(&method.as_str()) {
                let security = operation.get("security").unwrap_or(&document["security"]).as_array().unwrap();
                found.push(Operation {
                    method: method.to_uppercase(),
                    path: path.clone(),
                    public: security.iter().all(|one| one.as_object().unwrap().is_empty()),
                    document: operation.clone(),
                });
            }
        }
    }
    found
}

#[tokio::test]
async fn the_document_is_served_as_it_is_generated() {
    let served = TestApp::new().await.get("/openapi.json").await.expect(200);
    assert_eq!(served.header("content-type"), Some("application/json"));
    assert_eq!(served.json(), document());
}

#[test]
fn the_document_is_openapi_3_1_in_our_style() {
    let document = document();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1."), "{}", document["openapi"]);
    assert_eq!(document["security"], serde_json::json!([{ "bearer": [] }]));
    let mut ids = BTreeSet::new();
    for operation in operations() {
        let label = operation.label();
        assert!(operation.path.starts_with("/v1/") || operation.path.starts_with("/.well-known/"), "{label}");
        let snake = |c: char| c.is_ascii_lowercase() || "-_/.{}0123456789".contains(c);
        assert!(operation.path.chars().all(snake), "{label}");
        assert!(ids.insert(operation.document["operationId"].as_str().unwrap().to_owned()), "{label}: operationId");
        let summary = operation.document["summary"].as_str().unwrap_or_default();
        assert!(!summary.is_empty(), "{label} says nothing of itself");
        let responses = operation.document["responses"].as_object().unwrap();
        assert_eq!(responses["default"]["$ref"], "#/components/responses/Problem", "{label}");
        assert!(responses.keys().any(|status| status.starts_with(['1', '2'])), "{label} never succeeds");
        let named: BTreeSet<_> = operation.path.split('{').skip(1).filter_map(|p| p.split('}').next()).collect();
        let parameters = operation.document["parameters"].as_array().cloned().unwrap_or_default();
        let in_path = parameters.iter().filter(|p| p["in"] == "path").filter_map(|p| p["name"].as_str());
        assert_eq!(in_path.collect::<BTreeSet<_>>(), named, "{label}");
    }
}

/// Two shapes of one name would be one in the document, silently. `schema(as = …)` gives one of them another.
#[test]
fn no_two_shapes_share_a_name() {
    let mut seen = BTreeMap::new();
    for (file, text) in sources() {
        let mut lines = text.lines().map(str::trim_start);
        while lines.any(|line| line.starts_with("#[derive(") && line.contains("ToSchema")) {
            let word = |line: &str, before: &str| {
                let (_, after) = line.split_once(before)?;
                Some(after.split(|c: char| !c.is_alphanumeric()).next().unwrap().to_owned())
            };
            let mut renamed = None;
            let declared = lines.by_ref().find_map(|line| {
                renamed = renamed.take().or_else(|| word(line, "schema(as = "));
                let code = line.starts_with("pub") || line.starts_with("struct ") || line.starts_with("enum ");
                code.then(|| word(line, "struct ").or_else(|| word(line, "enum "))).flatten()
            });
            let name = renamed.or(declared).unwrap();
            if let Some(other) = seen.insert(name.clone(), file.clone()) {
                panic!("{name} is a shape of {} and of {}", other.display(), file.display());
            }
        }
    }
    let schemas = &document()["components"]["schemas"];
    let unknown: Vec<_> = seen.keys().filter(|name| schemas.get(name.as_str()).is_none()).collect();
    assert!(seen.len() > 40, "the source is not read: {}", seen.len());
    assert!(unknown.is_empty(), "not in the document: {unknown:?}");
}

/// Every `$ref` of the document leads somewhere.
#[test]
fn references_resolve() {
    fn refs<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Object(map) => {
                found.extend(map.get("$ref").and_then(Value::as_str));
                map.values().for_each(|v| refs(v, found));
            }
            Value::Array(list) => list.iter().for_each(|v| refs(v, found)),
            _ => {}
        }
    }
    let document = document();
    let mut found = Vec::new();
    refs(&document, &mut found);
    assert!(found.len() > 20, "{found:?}");
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
}

/// What the document lists the router has; what the document does not list is 405 there, and names the others.
#[tokio::test]
async fn router_and_document_agree() {
    let app = TestApp::new().await;
    let ana = app.member("Ana").await;
    let operations = operations();
    let methods = ["GET", "POST", "PUT", "PATCH", "DELETE"];
    let paths: BTreeSet<_> = operations.iter().map(|o| o.path.clone()).collect();
    for path in paths {
        let here: BTreeSet<_> = operations.iter().filter(|o| o.path == path).map(|o| o.method.as_str()).collect();
        let example = operations.iter().find(|o| o.path == path).unwrap().path_with("x");
        for method in methods {
            let answer = ana.call(method, &example).open().await;
            // Fixed paths may hide behind a parameter: `x` is no id, so a known operation is anything but 405.
            let known = answer.status() != 405;
            assert_eq!(known, here.contains(method), "{method} {path}: {}", answer.status());
            if !known {
                let allow = answer.headers()["allow"].to_str().unwrap();
                let named: BTreeSet<_> = allow.split(',').map(str::trim).filter(|m| *m != "HEAD").collect();
                assert_eq!(named, here, "Allow of {path}");
            }
        }
    }
    app.settle().await;
}

/// A path that only the router has would escape the gate's rules; the paths outside the API are these and no others.
#[test]
fn every_route_of_the_api_is_in_the_document() {
    let documented: BTreeSet<_> = operations().into_iter().map(|o| o.path).collect();
    let mut seen = 0;
    for (file, text) in sources() {
        for (at, _) in text.match_indices("\"/v1/") {
            let path = text[at + 1..].split('"').next().unwrap();
            // A cookie's scope is no route.
            if path.contains(['{', '}']) || path.matches('/').count() > 1 {
                let known = documented.contains(path) || documented.iter().any(|d| d.starts_with(path));
                assert!(known, "{} names {path}, which the document does not have", file.display());
                seen += 1;
            }
        }
    }
    assert!(seen >= documented.len() - 1, "{seen}");
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}

/// `docs/openapi.json` is what clients are made from. `cargo xtask openapi` writes it anew.
#[test]
fn the_committed_copy_is_current() {
    let path = root().join("docs/openapi.json");
    let current = document();
    // As values: extensions of an operation come in any order.
    let is_current = || {
        let committed = fs::read_to_string(&path).unwrap_or_default();
        serde_json::from_str::<Value>(&committed).is_ok_and(|committed| committed == current)
    };
    if !is_current() && std::env::var_os("UPDATE_SNAPSHOTS").is_some_and(|v| v == "1") {
        fs::write(&path, serde_json::to_string_pretty(&app::edge::document()).unwrap() + "\n").unwrap();
    }
    assert!(is_current(), "docs/openapi.json is not what the code says; run `cargo xtask openapi` and commit it");
}

/// Every source file of the application, without its tests.
fn sources() -> Vec<(PathBuf, String)> {
    fn walk(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|e| e == "rs") && path.file_name().is_some_and(|n| n != "tests.rs") {
                let text = fs::read_to_string(&path).unwrap();
                let own = text.split("#[cfg(test)]\nmod ").next().unwrap().to_owned();
                found.push((path, own));
            }
        }
    }
    let mut found = Vec::new();
    for folder in ["crates/app/src", "crates/base/src"] {
        walk(&root().join(folder), &mut found);
    }
    found
}

/// The second literal argument of `Error::new(Kind::…, "code"` wherever it stands.
fn codes_in(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for call in ["Error::new(", "Self::new("] {
        for (at, _) in text.match_indices(call) {
            let rest = text[at + call.len()..].trim_start();
            let Some(kind) = rest.strip_prefix("Kind::") else { continue };
            let Some((_, rest)) = kind.split_once(',') else { continue };
            if let Some(code) = rest.trim_start().strip_prefix('"').and_then(|r| r.split('"').next()) {
                found.push(code.to_owned());
            }
        }
    }
    found
}

/// First literal argument of a call.
fn first_words(text: &str, call: &str) -> Vec<String> {
    let rests = text.match_indices(call).map(|(at, _)| text[at + call.len()..].trim_start());
    rests.filter_map(|rest| rest.strip_prefix('"')?.split('"').next().map(str::to_owned)).collect()
}

#[test]
fn every_code_in_the_source_is_on_the_list() {
    use app::problem_texts::{CODES, FIELD_CODES, REASONS};
    let (mut codes, mut reasons, mut fields) = (0, 0, 0);
    for (file, text) in sources() {
        let file = file.display();
        for code in codes_in(&text) {
            assert!(CODES.contains(&code.as_str()), "{file}: the code {code}");
            codes += 1;
        }
        for reason in first_words(&text, "Error::conflict(").into_iter().chain(first_words(&text, ".reason(")) {
            assert!(REASONS.contains(&&*reason) || CODES.contains(&&*reason), "{file}: the reason {reason}");
            reasons += 1;
        }
        for call in ["Error::field(", "Field::new(", ".refuse("] {
            for (at, _) in text.match_indices(call) {
                let mut literals = text[at + call.len()..].split('"').skip(1).step_by(2);
                let (Some(pointer), Some(code)) = (literals.next(), literals.next()) else { continue };
                if pointer.starts_with('/') {
                    let known = FIELD_CODES.contains(&code) || REASONS.contains(&code);
                    assert!(known, "{file}: the field code {code}");
                    fields += 1;
                }
            }
        }
    }
    assert!(codes > 12 && reasons > 10 && fields > 15, "the source is not read: {codes} {reasons} {fields}");
}

#[test]
fn every_response_is_described() {
    let document = document();
    for operation in operations() {
        for (status, response) in operation.document["responses"].as_object().unwrap() {
            let shared = response["$ref"].as_str().map(|to| to.trim_start_matches("#/components/responses/"));
            let response = shared.map_or(response, |name| &document["components"]["responses"][name]);
            let text = response["description"].as_str().unwrap_or_default();
            assert!(!text.is_empty(), "{} {status}", operation.label());
        }
    }
}
