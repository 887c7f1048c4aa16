//! What can go wrong between a client and the server, seen from the client.

use std::{io, time::Duration};

pub type Result<T> = std::result::Result<T, Error>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The connection failed or broke: whether a request under way took effect is unknown.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The bytes are not an answer of HTTP/1.1.
    #[error("not an HTTP/1.1 answer: {0}")]
    Wire(&'static str),
    #[error("{op}: no answer within {0:?}", .after)]
    Timeout { op: &'static str, after: Duration },
    /// An answer other than 2xx.
    #[error("{op}: {status} {body}")]
    Refused { op: &'static str, status: u16, body: String },
    /// A 2xx whose body is not what the contract says.
    #[error("{op}: unexpected answer, {detail}")]
    Shape { op: &'static str, detail: String },
    /// The program under test did not start, stop or obey.
    #[error("{0}")]
    Program(String),
}

impl Error {
    /// Whether the request may have taken effect all the same.
    pub fn is_unknown(&self) -> bool {
        match self {
            Self::Io(_) | Self::Wire(_) | Self::Timeout { .. } => true,
            Self::Refused { status, .. } => *status >= 500,
            Self::Shape { .. } | Self::Program(_) => false,
        }
    }

    /// The stable `code` of the problem document, when there is one.
    pub fn code(&self) -> Option<String> {
        let Self::Refused { body, .. } = self else { return None };
        let problem: serde_json::Value = serde_json::from_str(body).ok()?;
        problem["code"].as_str().map(str::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16, body: &str) -> Error {
        Error::Refused { op: "op", status, body: body.to_owned() }
    }

    #[test]
    fn a_refusal_is_known_and_a_server_fault_is_not() {
        assert!(!refused(422, "").is_unknown());
        assert!(refused(503, "").is_unknown());
        assert!(Error::Io(io::ErrorKind::ConnectionReset.into()).is_unknown());
    }

    #[test]
    fn the_code_comes_from_the_problem_document() {
        assert_eq!(refused(409, r#"{"code":"conflict"}"#).code().as_deref(), Some("conflict"));
        assert_eq!(refused(502, "<html>").code(), None);
    }
}
