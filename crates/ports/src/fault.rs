//! Why a port call failed, in terms the caller can act on.

use base::{Error, Kind};
use std::error::Error as StdError;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Too much at once: wait and repeat.
    Throttled,
    /// No answer, or not yet: repeat when the call is safe to repeat.
    Unavailable,
    /// The engine understood and says no: a size limit, a permission, a malformed request. Repeating does not help.
    Refused,
    /// What came back is not what was written.
    Corrupt,
}

#[derive(Debug, thiserror::Error)]
#[error("{op}: {detail} ({fault:?})")]
pub struct PortError {
    /// Port and operation, `items.commit`.
    pub op: &'static str,
    pub fault: Fault,
    /// For the log, without content of members.
    pub detail: String,
    #[source]
    pub source: Option<Box<dyn StdError + Send + Sync>>,
}

pub type PortResult<T> = Result<T, PortError>;

impl PortError {
    pub fn new(op: &'static str, fault: Fault, detail: impl Into<String>) -> Self {
        Self { op, fault, detail: detail.into(), source: None }
    }

    #[must_use]
    pub fn because(mut self, cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(cause.into());
        self
    }
}

/// An unanswered port is 503; a refusal or corruption is our fault and hidden from the caller.
impl From<PortError> for Error {
    fn from(error: PortError) -> Self {
        match error.fault {
            Fault::Throttled | Fault::Unavailable => {
                Self::unavailable("A part of the service does not answer. Please try again in a moment.").because(error)
            }
            Fault::Refused | Fault::Corrupt => Self::new(Kind::Bug, "internal", error.op).because(error),
        }
    }
}
