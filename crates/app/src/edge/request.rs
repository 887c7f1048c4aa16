//! What the gate finds out about a request before its handler runs, and hands to it.

use crate::{app::App, identity::Caller};
use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, request::Parts},
};
use base::{
    Cx, Lang,
    cx::{Agent, Origin},
};
use std::{convert::Infallible, net::IpAddr, sync::Arc};

use super::problem::Problem;

/// One request, as the gate saw it.
pub struct Facts {
    pub request_id: String,
    /// 32 hex digits of the trace this request belongs to (W3C trace context).
    pub trace_id: String,
    /// Who sent it, past the trusted proxies.
    pub client: IpAddr,
    /// Language by `Accept-Language`; none when it names no active one.
    pub accepts: Option<Lang>,
    /// Method and route template: the scope of idempotency keys and the label of metrics.
    pub operation: Arc<str>,
    /// Bytes of body this operation takes, when not the usual.
    pub body_limit: Option<usize>,
    pub caller: Option<Caller>,
}

impl Facts {
    /// The network of the client: what a session shows, and what per-IP limits count (IPv6 by /64).
    pub fn network(&self) -> String {
        network(self.client)
    }

    fn origin(&self) -> Origin {
        Origin {
            agent: self.caller.map_or(Agent::Visitor, |caller| Agent::Member(caller.member)),
            session: self.caller.map(|caller| caller.session),
            client: Some(self.client),
        }
    }
}

pub fn network(ip: IpAddr) -> String {
    match ip.to_canonical() {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => {
            let s = ip.segments();
            format!("{:x}:{:x}:{:x}:{:x}::/64", s[0], s[1], s[2], s[3])
        }
    }
}

/// The facts of this request.
pub struct About(pub Arc<Facts>);

impl FromRequestParts<Arc<App>> for About {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, Infallible> {
        Ok(Self(parts.extensions.get::<Arc<Facts>>().cloned().unwrap_or_else(|| Arc::new(Facts::outside()))))
    }
}

impl Facts {
    /// A request that did not come through the gate: nobody, from nowhere.
    fn outside() -> Self {
        Self {
            request_id: String::new(),
            trace_id: String::new(),
            client: IpAddr::from([0, 0, 0, 0]),
            accepts: None,
            operation: "".into(),
            body_limit: None,
            caller: None,
        }
    }
}

/// The unit of work of this request, speaking the language the caller asked for.
pub struct Unit(pub Cx);

impl FromRequestParts<Arc<App>> for Unit {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Infallible> {
        let cx = Cx::new(&app.world);
        let Some(facts) = parts.extensions.get::<Arc<Facts>>() else { return Ok(Self(cx)) };
        Ok(Self(cx.speaking(facts.accepts.unwrap_or_default()).coming_from(facts.origin())))
    }
}

/// Someone who proved who they are. The gate checked the credential; without it the answer was 401.
impl FromRequestParts<Arc<App>> for Caller {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, Problem> {
        let caller = parts.extensions.get::<Arc<Facts>>().and_then(|f| f.caller);
        Ok(caller.ok_or_else(base::Error::unauthenticated)?)
    }
}

/// A header as text, when it is there once and readable.
pub fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|v| v.to_str().ok())
}
