//! The app for couples (`web/`): its files and pages, as `npm run build` left them. The binary brings them along; without
//! them the server answers the API and its own few pages.

use super::{
    etag,
    gate::{self, AsItIs},
    request::header,
};
use axum::{
    body::Body,
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, header as names},
};
use bytes::Bytes;
use std::{borrow::Cow, collections::HashMap, sync::Arc};

/// Paths that are the server's own: what is not there is a problem document, never a page.
const OURS: [&str; 6] = ["/v1/", "/dev/", "/docs/", "/objects/", "/.well-known/", "/assets/"];
const PAGE: &str = "index.html";
const ROUTES: &str = "routes.json";

/// One file in the forms it can be sent in.
struct File {
    kind: &'static str,
    /// The name changes with the content, so nobody needs to ask again.
    hashed: bool,
    plain: Form,
    gzip: Option<Form>,
    brotli: Option<Form>,
}

struct Form {
    bytes: Bytes,
    tag: HeaderValue,
}

/// The files of the app by their path, and the paths that are pages of it.
pub struct Site {
    files: HashMap<String, File>,
    page: File,
    /// Segments in lower case; one that begins with `$` stands for any.
    pages: Vec<Vec<String>>,
    policy: HeaderValue,
}

impl Site {
    /// Takes the build as a list of names and contents. None without its page or its list of routes: there is no app then.
    pub fn of(build: impl IntoIterator<Item = (String, Cow<'static, [u8]>)>) -> Option<Self> {
        let mut forms: HashMap<String, Form> = build.into_iter().map(|(name, bytes)| (name, form(bytes))).collect();
        let routes: Vec<String> = serde_json::from_slice(&forms.remove(ROUTES)?.bytes).ok()?;
        let names: Vec<String> = forms.keys().filter(|name| !is_packed(name)).cloned().collect();
        let mut files = HashMap::new();
        for name in names {
            let (gzip, brotli) = (forms.remove(&format!("{name}.gz")), forms.remove(&format!("{name}.br")));
            if let Some(plain) = forms.remove(&name) {
                let (kind, hashed) = (kind_of(&name), name.starts_with("assets/"));
                files.insert(name, File { kind, hashed, plain, gzip, brotli });
            }
        }
        let page = files.remove(PAGE)?;
        let pages = routes.iter().map(|route| segments(route)).collect();
        Some(Self { files, page, pages, policy: policy("") })
    }

    /// The same behind its public URL: links to files of members begin with it, also where the app was opened by another name
    /// of this server.
    pub(super) fn behind(self, public_url: &str) -> Self {
        let end = public_url.match_indices('/').nth(2).map_or(public_url.len(), |(at, _)| at);
        Self { policy: policy(&public_url[..end]), ..self }
    }

    /// Whatever no route of the server took.
    pub(super) async fn answer(self: Arc<Self>, request: Request) -> Response<Body> {
        let (path, headers) = (request.uri().path(), request.headers());
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return gate::nowhere().await;
        }
        if let Some(file) = path.strip_prefix('/').and_then(|name| self.files.get(name)) {
            return file.answer(headers, StatusCode::OK, &self.policy);
        }
        if OURS.iter().any(|prefix| path.starts_with(prefix) || path == &prefix[..prefix.len() - 1]) {
            return gate::nowhere().await;
        }
        if self.is_page(path) {
            return self.page.answer(headers, StatusCode::OK, &self.policy);
        }
        // A friendly page for people, a problem for programs.
        match header(headers, "accept") {
            Some(accept) if accept.contains("text/html") => {
                self.page.answer(headers, StatusCode::NOT_FOUND, &self.policy)
            }
            _ => gate::nowhere().await,
        }
    }

    fn is_page(&self, path: &str) -> bool {
        let path = segments(path);
        self.pages.iter().any(|page| {
            page.len() == path.len() && page.iter().zip(&path).all(|(part, is)| part.starts_with('$') || part == is)
        })
    }
}

impl File {
    fn answer(&self, headers: &HeaderMap, status: StatusCode, policy: &HeaderValue) -> Response<Body> {
        let accepted = header(headers, "accept-encoding").unwrap_or_default();
        let (form, encoding) = match (&self.brotli, &self.gzip) {
            (Some(form), _) if takes(accepted, "br") => (form, Some("br")),
            (_, Some(form)) if takes(accepted, "gzip") => (form, Some("gzip")),
            _ => (&self.plain, None),
        };
        let known = etag::unchanged(header(headers, "if-none-match"), form.tag.to_str().unwrap_or_default());
        let mut response = if known && status == StatusCode::OK {
            gate::empty(StatusCode::NOT_MODIFIED)
        } else {
            let mut response = Response::new(Body::from(form.bytes.clone()));
            *response.status_mut() = status;
            response.headers_mut().insert(names::CONTENT_TYPE, HeaderValue::from_static(self.kind));
            response
        };
        let out = response.headers_mut();
        let cached = if self.hashed { "public, max-age=31536000, immutable" } else { "no-cache" };
        for (name, value) in [
            (names::CACHE_CONTROL, cached),
            (names::VARY, "Accept-Encoding"),
            (names::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (names::REFERRER_POLICY, "no-referrer"),
            (names::X_FRAME_OPTIONS, "DENY"),
            (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
            (HeaderName::from_static("permissions-policy"), "geolocation=(), microphone=(self), camera=()"),
        ] {
            out.insert(name, HeaderValue::from_static(value));
        }
        if let Some(encoding) = encoding {
            out.insert(names::CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        out.insert(names::CONTENT_SECURITY_POLICY, policy.clone());
        out.insert(names::ETAG, form.tag.clone());
        response.extensions_mut().insert(AsItIs);
        response
    }
}

/// Everything comes from this server, nothing is written into the page; files of members from `origin` too. Pictures and
/// recordings are also shown before they are uploaded (`blob:`).
fn policy(origin: &str) -> HeaderValue {
    let text = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' blob: data: {origin}; \
         media-src 'self' blob: {origin}; connect-src 'self' {origin}; manifest-src 'self'; worker-src 'self'; \
         frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    );
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("default-src 'none'"))
}

fn form(bytes: Cow<'static, [u8]>) -> Form {
    let tag = HeaderValue::try_from(etag::of_bytes(&bytes)).unwrap_or(HeaderValue::from_static("\"\""));
    let bytes = match bytes {
        Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        Cow::Owned(bytes) => Bytes::from(bytes),
    };
    Form { bytes, tag }
}

fn is_packed(name: &str) -> bool {
    [".gz", ".br"].iter().any(|ending| name.ends_with(ending))
}

/// Letter case and a slash at the end do not count in paths of pages (screens.md).
fn segments(path: &str) -> Vec<String> {
    path.split('/').filter(|part| !part.is_empty()).map(str::to_lowercase).collect()
}

/// Whether `Accept-Encoding` (RFC 9110 §12.5.3) names the coding without forbidding it.
fn takes(accepted: &str, coding: &str) -> bool {
    accepted.split(',').any(|one| {
        let (name, weight) = one.split_once(';').unwrap_or((one, ""));
        let refused = weight.trim().strip_prefix("q=").is_some_and(|q| q.parse() == Ok(0.0));
        name.trim().eq_ignore_ascii_case(coding) && !refused
    })
}

fn kind_of(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    }
}
