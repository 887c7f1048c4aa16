//! One error type. `kind` decides the status, `code` is the contract, `source` stays inside and reaches only the log.

use crate::Time;
use serde::Serialize;
use serde_json::{Map, Value};
use std::{borrow::Cow, error::Error as StdError, fmt};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// 400: not even readable as what it claims to be.
    Malformed,
    /// 401
    Unauthenticated,
    /// 402
    PaymentRequired,
    /// 403
    Forbidden,
    /// 404: absent, or not visible to the caller.
    NotFound,
    /// 405
    Method,
    /// 408
    Slow,
    /// 409
    Conflict,
    /// 412
    Precondition,
    /// 413
    TooLarge,
    /// 415
    MediaType,
    /// 422
    Invalid,
    /// 429
    TooMany,
    /// 431
    HeadTooLarge,
    /// 500: our fault; the detail is hidden from the caller.
    Bug,
    /// 503
    Unavailable,
}

/// One offending member of the input. `pointer` is a JSON pointer (RFC 6901) into the body, `/query/limit` or
/// `/header/if-match` for what is not in the body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Field {
    pub pointer: Cow<'static, str>,
    pub code: &'static str,
    pub detail: Cow<'static, str>,
}

impl Field {
    pub fn new(
        pointer: impl Into<Cow<'static, str>>,
        code: &'static str,
        detail: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { pointer: pointer.into(), code, detail: detail.into() }
    }
}

/// Boxed inside, so that a `Result` stays small on the hot path.
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: Kind,
    code: &'static str,
    reason: Option<&'static str>,
    detail: Cow<'static, str>,
    fields: Vec<Field>,
    members: Map<String, Value>,
    retry_after: Option<u64>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// `code` is flat, stable and documented in docs/ERRORS.md; `detail` is safe to show to the person using the app.
    pub fn new(kind: Kind, code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner {
            kind,
            code,
            reason: None,
            detail: detail.into(),
            fields: Vec::new(),
            members: Map::new(),
            retry_after: None,
            source: None,
        }))
    }

    pub fn not_found() -> Self {
        Self::new(Kind::NotFound, "not_found", "There is nothing here, or it is not yours to see.")
    }

    pub fn unauthenticated() -> Self {
        Self::new(Kind::Unauthenticated, "unauthenticated", "Please sign in.")
    }

    pub fn forbidden(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::Forbidden, "forbidden", detail)
    }

    pub fn conflict(reason: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::Conflict, "conflict", detail).reason(reason)
    }

    /// Bad input, naming each offending field. `fields` is not empty.
    pub fn invalid(fields: Vec<Field>) -> Self {
        let detail = fields.first().map_or(Cow::Borrowed("The input is not valid."), |f| f.detail.clone());
        let mut error = Self::new(Kind::Invalid, "validation", detail);
        error.0.fields = fields;
        error
    }

    /// Bad input in one field.
    pub fn field(
        pointer: impl Into<Cow<'static, str>>,
        code: &'static str,
        detail: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::invalid(vec![Field::new(pointer, code, detail)])
    }

    pub fn rate_limited(retry_after_seconds: u64) -> Self {
        Self::new(Kind::TooMany, "rate_limited", "Too many requests. Please wait a moment.")
            .retry_after(retry_after_seconds)
    }

    pub fn unavailable(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::Unavailable, "unavailable", detail).retry_after(1)
    }

    /// 403 `limit_reached`. `required_plan` is the cheapest plan that would allow it, when there is one.
    pub fn limit_reached(limit: i64, used: i64, resets_at: Option<Time>, required_plan: Option<&'static str>) -> Self {
        let mut error = Self::new(Kind::Forbidden, "limit_reached", "You have used all of this for now.")
            .with("limit", limit)
            .with("used", used)
            .with("resets_at", resets_at.map(|at| at.to_string()));
        if let Some(plan) = required_plan {
            error = error.with("required_plan", plan);
        }
        error
    }

    /// 403 `plan_required`.
    pub fn plan_required(feature: &'static str, required_plan: &'static str, current_plan: &'static str) -> Self {
        Self::new(Kind::Forbidden, "plan_required", "This is part of a higher plan.")
            .with("feature", feature)
            .with("required_plan", required_plan)
            .with("current_plan", current_plan)
    }

    /// Our fault. `doing` names the step for the log.
    pub fn bug(doing: &'static str, cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::new(Kind::Bug, "internal", doing).because(cause)
    }

    #[must_use]
    pub fn because(mut self, cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(cause.into());
        self
    }

    /// A finer word beside `code`, where an area file names one.
    #[must_use]
    pub fn reason(mut self, reason: &'static str) -> Self {
        self.0.reason = Some(reason);
        self
    }

    /// An additional member of the problem document.
    #[must_use]
    pub fn with(mut self, member: &'static str, value: impl Into<Value>) -> Self {
        self.0.members.insert(member.to_owned(), value.into());
        self
    }

    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.0.retry_after = Some(seconds.max(1));
        self
    }

    pub fn kind(&self) -> Kind {
        self.0.kind
    }
    pub fn code(&self) -> &'static str {
        self.0.code
    }
    pub fn reason_code(&self) -> Option<&'static str> {
        self.0.reason
    }
    pub fn detail(&self) -> &str {
        &self.0.detail
    }
    pub fn fields(&self) -> &[Field] {
        &self.0.fields
    }
    pub fn members(&self) -> &Map<String, Value> {
        &self.0.members
    }
    pub fn retry_after_seconds(&self) -> Option<u64> {
        self.0.retry_after
    }

    /// Whether the same call may succeed later without a change.
    pub fn is_transient(&self) -> bool {
        matches!(self.0.kind, Kind::Unavailable | Kind::TooMany)
    }
}

/// Never repeats the source: [`Chain`] prints the whole line once, where it is logged.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.code, self.0.detail)
    }
}
impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|s| s as _)
    }
}

/// An error and its causes on one line.
pub struct Chain<'a>(pub &'a (dyn StdError + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut next = self.0.source();
        while let Some(cause) = next {
            write!(f, ": {cause}")?;
            next = cause.source();
        }
        Ok(())
    }
}
