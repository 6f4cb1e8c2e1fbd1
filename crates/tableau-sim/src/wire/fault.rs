//! Errors on the wire (Tableau REST 3.29, "Handling errors").

use super::Element;

/// An error answer: a code of six digits, whose first three are the HTTP status, and two texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) code: u32,
    pub(crate) summary: String,
    pub(crate) detail: String,
}

impl Fault {
    /// Any fault.
    pub(crate) fn new(code: u32, summary: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            code,
            summary: summary.into(),
            detail: detail.into(),
        }
    }

    /// 400xxx.
    pub(crate) fn bad_request(code: u32, detail: impl Into<String>) -> Self {
        Self::new(code, "Bad Request", detail)
    }

    /// 403xxx.
    pub(crate) fn forbidden(code: u32, detail: impl Into<String>) -> Self {
        Self::new(code, "Forbidden", detail)
    }

    /// 404xxx, "… could not be found".
    pub(crate) fn not_found(code: u32, kind: &str, id: &str) -> Self {
        Self::new(
            code,
            "Resource Not Found",
            format!("{kind} '{id}' could not be found."),
        )
    }

    /// 409xxx.
    pub(crate) fn conflict(code: u32, detail: impl Into<String>) -> Self {
        Self::new(code, "Resource Conflict", detail)
    }

    /// 401002: the token is unknown, replaced or expired.
    pub(crate) fn stale_token() -> Self {
        Self::new(
            401_002,
            "Unauthorized Access",
            "Invalid authentication credentials were provided.",
        )
    }

    /// 401001: sign-in refused, for whatever reason.
    pub(crate) fn sign_in_refused() -> Self {
        Self::new(401_001, "Signin Error", "Error signing in to Tableau Server")
    }

    /// 400000: the body is missing or malformed.
    pub(crate) fn bad_body(reason: &str) -> Self {
        Self::bad_request(
            400_000,
            format!("Payload is either malformed or incomplete. ({reason})"),
        )
    }

    /// The HTTP status.
    pub(crate) fn status(&self) -> u16 {
        u16::try_from(self.code / 1_000).unwrap_or(500)
    }

    /// As an element.
    pub(crate) fn to_element(&self) -> Element {
        Element::new("error")
            .with("code", self.code.to_string())
            .child(Element::new("summary").text(&self.summary))
            .child(Element::new("detail").text(&self.detail))
    }
}
