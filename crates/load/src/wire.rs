//! HTTP/1.1 as bytes: requests formatted once and repeated by a copy, answers parsed no further than a load generator
//! needs. Pure; the socket is in [`crate::client`].

use crate::{Error, Result};
use serde_json::Value;

/// More headers than the server ever sends.
const MAX_HEADERS: usize = 48;

/// A request, formatted when it is built.
#[derive(Debug, Clone)]
pub struct Request {
    head: Vec<u8>,
    body: Vec<u8>,
}

impl Request {
    pub fn new(method: &str, path: &str) -> Self {
        Self { head: format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n").into_bytes(), body: Vec::new() }
    }

    pub fn get(path: &str) -> Self {
        Self::new("GET", path)
    }

    pub fn put(path: &str) -> Self {
        Self::new("PUT", path)
    }

    pub fn post(path: &str) -> Self {
        Self::new("POST", path)
    }

    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.header("Authorization", &format!("Bearer {token}"))
    }

    #[must_use]
    pub fn json(mut self, body: &Value) -> Self {
        self.body = body.to_string().into_bytes();
        let length = self.body.len().to_string();
        self.header("Content-Type", "application/json").header("Content-Length", &length)
    }

    fn header(mut self, name: &str, value: &str) -> Self {
        for part in [name, ": ", value, "\r\n"] {
            self.head.extend_from_slice(part.as_bytes());
        }
        self
    }

    /// Appends the request to `out`.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.head);
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(&self.body);
    }

    /// Appends the request with an `Idempotency-Key`.
    pub fn write_keyed(&self, key: &str, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.head);
        out.extend_from_slice(b"Idempotency-Key: ");
        out.extend_from_slice(key.as_bytes());
        out.extend_from_slice(b"\r\n\r\n");
        out.extend_from_slice(&self.body);
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.head.len() + self.body.len() + 2);
        self.write(&mut out);
        out
    }
}

/// How the end of a body is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    Length(usize),
    Chunked,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    pub status: u16,
    /// Bytes of the head; the body follows.
    pub length: usize,
    pub framing: Framing,
}

/// Reads the head of an answer; `None` until it is complete.
pub fn head(bytes: &[u8]) -> Result<Option<Head>> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut answer = httparse::Response::new(&mut headers);
    let length = match answer.parse(bytes) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(_) => return Err(Error::Wire("malformed head")),
    };
    let status = answer.code.ok_or(Error::Wire("no status"))?;
    let mut framing = None;
    for header in answer.headers.iter() {
        if header.name.eq_ignore_ascii_case("content-length") {
            let digits = std::str::from_utf8(header.value).ok().and_then(|text| text.parse().ok());
            framing = framing.or(Some(Framing::Length(digits.ok_or(Error::Wire("malformed content-length"))?)));
        } else if header.name.eq_ignore_ascii_case("transfer-encoding") {
            // Beside a length the encoding wins (RFC 9112, 6.3).
            framing = Some(Framing::Chunked);
        }
    }
    let bodiless = status < 200 || status == 204 || status == 304;
    let framing = match framing {
        _ if bodiless => Framing::Length(0),
        Some(framing) => framing,
        None => return Err(Error::Wire("neither content-length nor chunked")),
    };
    Ok(Some(Head { status, length, framing }))
}

/// Decodes a whole chunked body into `body`; how many bytes of `bytes` it took, `None` until it is complete.
pub fn chunked(bytes: &[u8], body: &mut Vec<u8>) -> Result<Option<usize>> {
    body.clear();
    let mut at = 0;
    loop {
        let (used, size) = match httparse::parse_chunk_size(&bytes[at..]) {
            Ok(httparse::Status::Complete(parsed)) => parsed,
            Ok(httparse::Status::Partial) => return Ok(None),
            Err(_) => return Err(Error::Wire("malformed chunk size")),
        };
        let size = usize::try_from(size).map_err(|_| Error::Wire("chunk too large"))?;
        let start = at + used;
        if bytes.len() < start.saturating_add(size).saturating_add(2) {
            return Ok(None);
        }
        let end = start + size;
        if &bytes[end..end + 2] != b"\r\n" {
            return Err(Error::Wire("chunk without its end, or trailers"));
        }
        if size == 0 {
            return Ok(Some(end + 2));
        }
        body.extend_from_slice(&bytes[start..end]);
        at = end + 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_request_is_formatted_once_and_takes_a_key() {
        let request = Request::post("/v1/notes").bearer("abc").json(&json!({"a": 1}));
        let plain = String::from_utf8(request.bytes()).unwrap();
        assert_eq!(
            plain,
            "POST /v1/notes HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer abc\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n{\"a\":1}"
        );
        let mut keyed = Vec::new();
        request.write_keyed("k1", &mut keyed);
        let keyed = String::from_utf8(keyed).unwrap();
        assert_eq!(keyed.replace("Idempotency-Key: k1\r\n", ""), plain);
    }

    #[test]
    fn heads_are_read_when_complete() {
        let answer = b"HTTP/1.1 201 Created\r\nX: y\r\ncontent-LENGTH: 5\r\n\r\nhello";
        let whole = Head { status: 201, length: answer.len() - 5, framing: Framing::Length(5) };
        assert_eq!(head(answer).unwrap(), Some(whole));
        for cut in 0..whole.length {
            assert_eq!(head(&answer[..cut]).unwrap(), None, "{cut}");
        }
        let none = head(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap().unwrap();
        assert_eq!(none.framing, Framing::Length(0));
        let both =
            head(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n").unwrap().unwrap();
        assert_eq!(both.framing, Framing::Chunked);
    }

    #[test]
    fn bodies_without_an_end_are_refused() {
        assert!(head(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
        assert!(head(b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n").is_err());
        assert!(head(b"SSH-2.0-x\r\n\r\n").is_err());
    }

    #[test]
    fn chunks_are_joined_when_all_are_there() {
        let bytes = b"4\r\nWiki\r\n6;ext=1\r\npedia \r\n0\r\n\r\nnext";
        let mut body = Vec::new();
        for cut in 0..bytes.len() - 4 {
            assert_eq!(chunked(&bytes[..cut], &mut body).unwrap(), None, "{cut}");
        }
        assert_eq!(chunked(bytes, &mut body).unwrap(), Some(bytes.len() - 4));
        assert_eq!(body, b"Wikipedia ");
        assert!(chunked(b"4\r\nWikiXX", &mut body).is_err());
    }
}
