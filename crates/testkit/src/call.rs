//! One request, made step by step and sent by `.await`.

use crate::{Answer, TestApp};
use axum::body::Body;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, Response, Uri, header};
use http_body_util::BodyExt as _;
use serde_json::Value;
use std::{
    future::{Future, IntoFuture},
    net::IpAddr,
    pin::Pin,
};

/// A request that is not sent yet.
#[must_use = "a call is sent by `.await`"]
pub struct Call {
    app: TestApp,
    request: Request<Body>,
    peer: IpAddr,
}

impl Call {
    pub(crate) fn new(app: &TestApp, method: &str, path: &str, token: Option<&str>) -> Self {
        let mut request = Request::new(Body::empty());
        *request.method_mut() = Method::from_bytes(method.as_bytes()).expect("a method");
        *request.uri_mut() = path.parse::<Uri>().expect("a path");
        let this = Self { app: app.clone(), request, peer: IpAddr::from([127, 0, 0, 1]) }.header("host", "o2o.test");
        match token {
            Some(token) => this.header("authorization", &format!("Bearer {token}")),
            None => this,
        }
    }

    /// Sets a header, in place of one of the same name.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let name: HeaderName = name.parse().expect("a header's name");
        self.request.headers_mut().insert(name, HeaderValue::from_bytes(value.as_bytes()).expect("a header's value"));
        self
    }

    /// Takes a header away.
    pub fn without(mut self, name: &str) -> Self {
        self.request.headers_mut().remove(name);
        self
    }

    /// A JSON body, with its Content-Type.
    pub fn json(self, body: &Value) -> Self {
        self.header(header::CONTENT_TYPE.as_str(), "application/json").bytes(body.to_string())
    }

    /// A body as it is; Content-Type is the test's matter.
    pub fn bytes(mut self, body: impl Into<Bytes>) -> Self {
        *self.request.body_mut() = Body::from(body.into());
        self
    }

    /// An idempotency key.
    pub fn key(self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }

    /// The address of the peer; the loopback address unless said.
    pub fn from(mut self, peer: &str) -> Self {
        self.peer = peer.parse().expect("an address");
        self
    }

    /// The response with its body unread: for streams.
    pub async fn open(self) -> Response<Body> {
        self.app.gate().handle(self.request, self.peer).await
    }
}

impl IntoFuture for Call {
    type Output = Answer;
    type IntoFuture = Pin<Box<dyn Future<Output = Answer> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let path = self.request.uri().path().to_owned();
            let call = format!("{} {}", self.request.method(), self.request.uri());
            let (parts, body) = self.open().await.into_parts();
            let body = body.collect().await.expect("the body ends well").to_bytes();
            Answer { call, path, status: parts.status, headers: parts.headers, body }
        })
    }
}
