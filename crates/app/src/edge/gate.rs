//! The one way into the application: identifies, authenticates, limits, times, logs and renders problems.
//!
//! Everything a request must pass is here in order, so that no route can forget it.

use super::{
    access_log::Line,
    cors, deadline,
    operations::{Op, Operations},
    problem::{Refused, render},
    rates,
    request::{Facts, header},
};
use crate::{app::App, cards, identity};
use axum::{
    Router,
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri, header as names},
    response::IntoResponse as _,
};
use base::{Cx, Error, Kind, Lang};
use futures_util::FutureExt as _;
use ports::tally::{self, Tally};
use std::{
    net::IpAddr,
    panic::AssertUnwindSafe,
    sync::Arc,
    time::{Duration, Instant},
};
use tower::ServiceExt as _;
use tower_http::compression::{CompressionLayer, DefaultPredicate, Predicate as _};

/// Bytes of a request head at most.
pub(super) const HEAD_LIMIT: usize = 32 * 1024;

pub struct Gate {
    app: Arc<App>,
    router: Router,
    /// The same routes, for callers that accept compressed answers.
    compressed: Router,
    operations: Arc<Operations>,
}

/// How a request ended, besides its response.
struct Ended {
    response: Response<Body>,
    rate: Option<rates::Left>,
}

impl Gate {
    pub fn new(app: Arc<App>, router: Router, operations: Arc<Operations>) -> Self {
        app.metrics.prepare(&operations);
        let packs = DefaultPredicate::new().and(not_as_it_is);
        let compressed = router.clone().layer(CompressionLayer::new().compress_when(packs));
        Self { app, router, compressed, operations }
    }

    pub async fn handle(&self, request: Request<Body>, peer: IpAddr) -> Response<Body> {
        let started = Instant::now();
        let (method, uri) = (request.method().clone(), request.uri().clone());
        let op = self.operations.find(&method, uri.path());
        let facts = self.facts(request.headers(), op, peer);
        let origin = request.headers().get(names::ORIGIN).cloned();
        let ((ended, facts), tally) = if method == Method::OPTIONS && cors::is_preflight(request.headers()) {
            let response = cors::preflight(&self.app, request.headers());
            ((Ended { response, rate: None }, Arc::new(facts)), Tally::default())
        } else {
            tally::counted(self.admit(facts, op, request)).await
        };
        let Ended { mut response, rate } = ended;
        let refused = response.extensions().get::<Refused>().is_some();
        let lang = if refused { self.language(&facts).await } else { Lang::default() };
        let code = Self::finish(&mut response, &facts, &uri, lang, rate);
        if let Some(origin) = origin {
            cors::allow(&self.app, &origin, response.headers_mut());
        }
        let took = started.elapsed();
        self.app.metrics.observe(op.map(|op| op.index), response.status().as_u16(), took);
        self.app.access_log.write(&Line {
            at: self.app.world.now(),
            method: method.as_str(),
            route: op.map_or("-", |op| &op.template),
            status: response.status().as_u16(),
            took,
            tally,
            request_id: &facts.request_id,
            trace_id: &facts.trace_id,
            code,
        });
        response
    }

    fn facts(&self, headers: &HeaderMap, op: Option<&Op>, peer: IpAddr) -> Facts {
        let asked = header(headers, "x-request-id").filter(|id| {
            (1..=128).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
        });
        let fresh = || hex(&self.app.world.entropy());
        let trace = header(headers, "traceparent").and_then(trace_of);
        Facts {
            request_id: asked.map_or_else(fresh, str::to_owned),
            trace_id: trace.map_or_else(
                || {
                    let mut id = fresh();
                    id.push_str(&fresh());
                    id.truncate(32);
                    id
                },
                str::to_owned,
            ),
            client: client(headers, peer, self.app.settings.edge.trusted_proxies),
            accepts: header(headers, "accept-language").and_then(Lang::negotiate),
            operation: op.map_or_else(|| "".into(), |op| op.label.clone()),
            body_limit: op.and_then(|op| op.body_limit),
            caller: None,
        }
    }

    /// What must hold before the handler runs, then the handler.
    async fn admit(&self, mut facts: Facts, op: Option<&Op>, mut request: Request<Body>) -> (Ended, Arc<Facts>) {
        let admitted = match head_bytes(&request) {
            ..=HEAD_LIMIT => self.check(&mut facts, op, request.headers()).await,
            _ => {
                Err((Error::new(Kind::HeadTooLarge, "header_too_large", "The head of the request is too large."), None))
            }
        };
        let facts = Arc::new(facts);
        let ended = match admitted {
            Err((error, rate)) => Ended { response: refusal(error), rate },
            Ok(rate) => {
                request.extensions_mut().insert(facts.clone());
                Ended { response: self.dispatch(op, request).await, rate }
            }
        };
        (ended, facts)
    }

    /// Rates and the credential.
    async fn check(
        &self,
        facts: &mut Facts,
        op: Option<&Op>,
        headers: &HeaderMap,
    ) -> Result<Option<rates::Left>, (Error, Option<rates::Left>)> {
        let Some(op) = op else { return Ok(None) };
        let cx = Cx::new(&self.app.world);
        let limited = self.app.settings.edge.rate_limits.enabled;
        let mut rate = None;
        if limited {
            let left = rates::by_network(&self.app, facts, cx.now()).await;
            rate = Some(left.map_err(|(error, left)| (error, Some(left)))?);
        }
        let bearer = header(headers, "authorization");
        if !op.public || headers.contains_key(names::AUTHORIZATION) {
            match identity::authenticate(&self.app, &cx, bearer).await {
                Ok(caller) => facts.caller = Some(caller),
                // Operations for visitors that say more to members: a bad credential makes a visitor.
                Err(_) if op.public => {}
                Err(error) => return Err((error, rate)),
            }
        }
        if let (true, Some(caller)) = (limited, &facts.caller) {
            let left = rates::by_member(&self.app, caller, op.bucket.as_deref(), cx.now()).await;
            let left = left.map_err(|(error, left)| (error, Some(left)))?;
            rate = Some(if let Some(r) = rate { r.tighter(left) } else { left });
        }
        Ok(rate)
    }

    async fn dispatch(&self, op: Option<&Op>, request: Request<Body>) -> Response<Body> {
        let compressible =
            header(request.headers(), "accept-encoding").is_some_and(|e| e.contains("gzip") || e.contains("br"));
        let router = if compressible { &self.compressed } else { &self.router };
        let answered = if op.is_some_and(|op| op.stream) {
            Some(AssertUnwindSafe(router.clone().oneshot(request)).catch_unwind().await)
        } else {
            let (head, body) = request.into_parts();
            let (body, passed) = deadline::after(body, Duration::from_secs(self.app.settings.edge.answer_seconds));
            let request = Request::from_parts(head, body);
            tokio::select! {
                answered = AssertUnwindSafe(router.clone().oneshot(request)).catch_unwind() => Some(answered),
                () = passed => None,
            }
        };
        match answered {
            Some(Ok(Ok(response))) => response,
            Some(Ok(Err(never))) => match never {},
            Some(Err(panic)) => refusal(Error::bug("run a handler", panic_text(panic.as_ref()))),
            None => refusal(Error::unavailable("This took too long. Please try again in a moment.").retry_after(5)),
        }
    }

    /// The language of a refusal: of the account, else what the caller accepts.
    async fn language(&self, facts: &Facts) -> Lang {
        let accepts = facts.accepts.unwrap_or_default();
        let Some(caller) = facts.caller else { return accepts };
        let cx = Cx::new(&self.app.world);
        // Whatever made the handler fail may fail here again: then the request decides.
        let card = AssertUnwindSafe(cards::load(&self.app, &cx, caller.member)).catch_unwind().await;
        card.ok().and_then(Result::ok).map_or(accepts, |card| card.lang)
    }

    /// Headers that every answer has, and the problem document of a refusal; its code for the log.
    fn finish(
        response: &mut Response<Body>,
        facts: &Facts,
        uri: &Uri,
        lang: Lang,
        rate: Option<rates::Left>,
    ) -> Option<&'static str> {
        let mut code = None;
        if let Some(Refused(error)) = response.extensions_mut().remove::<Refused>() {
            code = Some(error.code());
            let headers = std::mem::take(response.headers_mut());
            *response = render(&error, uri.path(), &facts.request_id, lang);
            // What the router said of the refusal (`Allow`), but not of the empty body it had.
            for (name, value) in headers.iter().filter(|(name, _)| **name != names::CONTENT_LENGTH) {
                response.headers_mut().append(name, value.clone());
            }
        }
        let headers = response.headers_mut();
        if let Ok(id) = HeaderValue::from_str(&facts.request_id) {
            headers.insert(HeaderName::from_static("x-request-id"), id);
        }
        headers.insert(names::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        if uri.path().starts_with("/v1/") && !headers.contains_key(names::CACHE_CONTROL) {
            headers.insert(names::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
        if let Some(rate) = rate {
            rate.write(headers);
        }
        code
    }
}

fn refusal(error: Error) -> Response<Body> {
    super::problem::Problem::from(error).into_response()
}

/// Target, names and values of a head. The server below reads a little more than its limit before it counts.
fn head_bytes(request: &Request<Body>) -> usize {
    let target = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    let fields = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 4);
    target + fields.sum::<usize>()
}

/// Marks a response whose bytes, and the tag that names them, are as they should be sent.
#[derive(Clone, Copy)]
pub(super) struct AsItIs;

fn not_as_it_is(_: StatusCode, _: http::Version, _: &HeaderMap, marks: &http::Extensions) -> bool {
    marks.get::<AsItIs>().is_none()
}

/// Routes that nobody has: 404, and 405 where the path has another method.
pub(super) async fn nowhere() -> Response<Body> {
    refusal(Error::not_found())
}

pub(super) async fn wrong_method() -> Response<Body> {
    refusal(Error::new(Kind::Method, "method_not_allowed", "This path does not take this method."))
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|s| (*s).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "panic".to_owned())
}

pub(super) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |n: u8| char::from(DIGITS[usize::from(n & 15)]);
    bytes.iter().flat_map(|b| [digit(b >> 4), digit(*b)]).collect()
}

/// The trace id of a W3C `traceparent`: `00-<32 hex>-<16 hex>-<2 hex>`.
fn trace_of(header: &str) -> Option<&str> {
    let id = header.get(3..35)?;
    let shape = header.len() >= 55
        && header.as_bytes()[2] == b'-'
        && header.as_bytes()[35] == b'-'
        && id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    (shape && id.bytes().any(|b| b != b'0')).then_some(id)
}

/// The caller's address: the peer, or past `trusted` proxies the entry that the outermost of them saw.
fn client(headers: &HeaderMap, peer: IpAddr, trusted: usize) -> IpAddr {
    if trusted == 0 {
        return peer;
    }
    let mut hops: Vec<&str> = Vec::new();
    for value in headers.get_all("x-forwarded-for") {
        hops.extend(value.to_str().unwrap_or_default().split(',').map(str::trim));
    }
    let seen = hops.len().checked_sub(trusted).map_or_else(|| hops.first().copied(), |i| hops.get(i).copied());
    seen.and_then(|text| text.parse().ok()).unwrap_or(peer)
}

/// A status that never carries a body of ours.
pub fn empty(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forwarded_addresses_count_from_the_trusted_end() {
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", HeaderValue::from_static("6.6.6.6, 203.0.113.9, 10.0.0.1"));
        let peer: IpAddr = "127.0.0.1".parse().unwrap();
        let seen = |trusted| client(&headers, peer, trusted).to_string();
        assert_eq!(seen(0), "127.0.0.1");
        assert_eq!(seen(1), "10.0.0.1");
        assert_eq!(seen(2), "203.0.113.9");
        assert_eq!(seen(9), "6.6.6.6");
    }

    #[test]
    fn only_a_well_formed_traceparent_is_kept() {
        let good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        assert_eq!(trace_of(good), Some("4bf92f3577b34da6a3ce929d0e0e4736"));
        for bad in ["", "00-", "00-00000000000000000000000000000000-00f067aa0ba902b7-01", "é".repeat(60).as_str()] {
            assert_eq!(trace_of(bad), None);
        }
    }
}
