//! What an answer says when it cannot give what was asked for.
//!
//! An [`Error`] is a value on its way out: the response that it becomes carries it along, and
//! [`operate::render_errors`](crate::operate) writes it as a page, as a fragment of one, or as problem JSON
//! (RFC 9457), whichever the asker reads.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use tailwater_core::diagnostic::{Diagnostic, with_causes};
use tailwater_engine::account::AccountError;

/// Why a request was not answered.
#[derive(Debug, Clone)]
pub struct Error {
    /// The HTTP status.
    pub status: StatusCode,
    /// A stable code, `TW-…`.
    pub code: &'static str,
    /// What failed, on what and why.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
    /// Of a selector, the character at which it stops making sense, from 1.
    pub position: Option<usize>,
    /// How long to wait before asking again, in seconds.
    pub retry_after_seconds: Option<u64>,
}

impl Error {
    /// An error with a message and no advice.
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            hint: None,
            position: None,
            retry_after_seconds: None,
        }
    }

    /// Adds what to do next.
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// There is no such thing.
    pub fn not_found(what: &str, name: &str) -> Self {
        let shown: String = name.chars().take(200).collect();
        Self::new(
            StatusCode::NOT_FOUND,
            "TW-WEB-NOT-FOUND",
            format!("there is no {what} `{shown}`"),
        )
        .with_hint("search for it; it may have been renamed or removed")
    }

    /// The request makes no sense.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "TW-WEB-BAD-REQUEST", message)
    }

    /// Nobody is signed in.
    pub fn not_signed_in() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "TW-WEB-NOT-SIGNED-IN",
            "nobody is signed in",
        )
        .with_hint("sign in, or send an API token: `Authorization: Bearer twt_…`")
    }

    /// The role does not suffice.
    pub fn not_permitted(needed: &str, has: &str) -> Self {
        let message = format!("this needs the role {needed}, and yours is {has}");
        Self::new(StatusCode::FORBIDDEN, "TW-WEB-NOT-PERMITTED", message)
            .with_hint("ask an administrator of this Tailwater for that role")
    }

    /// A form that did not come from our own pages, or from a page of an earlier session.
    pub fn forged() -> Self {
        let message = "the form was not sent from a page of this session";
        Self::new(StatusCode::FORBIDDEN, "TW-WEB-FORGED", message)
            .with_hint("load the page again and send it once more")
    }

    /// A bug or a fault of the machine; the log has the cause.
    pub fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "TW-WEB-INTERNAL",
            "something went wrong here",
        )
        .with_hint("try again; if it stays, the log has the cause under the request's id")
    }
}

impl From<tailwater_engine::Error> for Error {
    fn from(error: tailwater_engine::Error) -> Self {
        let code = error.code();
        let status = status_of(code);
        if status.is_server_error() {
            tracing::error!(code, error = &error as &dyn std::error::Error, "a request failed");
        }
        let position = match &error {
            tailwater_engine::Error::Selector(error) => Some(error.column),
            _ => None,
        };
        Self {
            status,
            code,
            message: with_causes(&error),
            hint: error.hint(),
            position,
            retry_after_seconds: match &error {
                tailwater_engine::Error::Account(AccountError::TooManyAttempts { seconds }) => Some(*seconds),
                _ => None,
            },
        }
    }
}

impl From<tailwater_engine::store::Error> for Error {
    fn from(error: tailwater_engine::store::Error) -> Self {
        tailwater_engine::Error::from(error).into()
    }
}

/// The HTTP status that fits an error of the engine, by its code.
fn status_of(code: &str) -> StatusCode {
    let word = code.strip_prefix("TW-").unwrap_or(code);
    let ends = |endings: &[&str]| endings.iter().any(|ending| word.ends_with(ending));
    if word == "PROJECT-NONE"
        || ends(&[
            "READ-ONLY",
            "-FROM-FILE",
            "-IN-FILE",
            "JOB-RUN-STATE",
            "-EXISTS",
            "-IN-USE",
            "-BUSY",
            "-OLDER",
            "INGEST-AHEAD",
            "-CONFLICT",
            "NAME-TAKEN",
            "-LAST-ADMIN",
            "-NOT-FIRST",
            "-OTHER-PROJECT",
            "-OVERTAKEN",
            "-AMBIGUOUS",
            "-DECLARED",
            "EXPOSURE-MANUAL",
            "WORKBOOK-IMPORTED",
            "ENVIRONMENT-OWN",
            "REFRESH-ENVIRONMENT",
            "POLICY-IN-FILE",
            "-NEVER-SYNCED",
        ])
    {
        StatusCode::CONFLICT
    } else if ends(&[
        "-UNKNOWN",
        "-UNKNOWN-RULE",
        "-UNKNOWN-TOKEN",
        "-UNKNOWN-RUN",
        "-UNKNOWN-SCOPE",
        "-UNKNOWN-TARGET",
        "-NOT-FOUND",
        "LINEAGE-NODE",
        "LINK-NONE",
        "-NOT-LEFT-OUT",
        "DIFF-TOO-FAR",
        "POLICY-SCOPE",
    ]) {
        StatusCode::NOT_FOUND
    } else if ends(&["-RATE", "-RATE-LIMITED", "-TOO-MANY"]) {
        StatusCode::TOO_MANY_REQUESTS
    } else if ends(&["-TOO-LARGE"]) {
        StatusCode::PAYLOAD_TOO_LARGE
    } else if matches!(
        word,
        "AUTH-ROLE" | "AUTH-DISABLED" | "AUTH-NOT-FOR-TOKENS" | "ACCOUNT-ROLE-TOO-HIGH"
    ) {
        StatusCode::FORBIDDEN
    } else if matches!(word, "ACCOUNT-LINK" | "DIFF-FORGOTTEN") {
        StatusCode::GONE
    } else if matches!(word, "ACCOUNT-HASH" | "ACCOUNT-SYSTEM" | "INGEST-UNWRITABLE") {
        StatusCode::INTERNAL_SERVER_ERROR
    } else if word.starts_with("AUTH-") {
        StatusCode::UNAUTHORIZED
    } else if word == "SECRET-OTHER-SERVER" {
        StatusCode::BAD_REQUEST
    } else if word.starts_with("STORE-") || word.starts_with("SECRET-") || word.starts_with("KEY-") {
        StatusCode::INTERNAL_SERVER_ERROR
    } else if word.starts_with("TABLEAU-") || word.starts_with("HTTP-") {
        StatusCode::BAD_GATEWAY
    } else {
        StatusCode::BAD_REQUEST
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("TW-INTEGRATION-UNKNOWN", StatusCode::NOT_FOUND)]
    #[case("TW-SETTINGS-READ-ONLY", StatusCode::CONFLICT)]
    #[case("TW-SYNC-BUSY", StatusCode::CONFLICT)]
    #[case("TW-STORE-UNREACHABLE", StatusCode::INTERNAL_SERVER_ERROR)]
    #[case("TW-TABLEAU-SIGN-IN", StatusCode::BAD_GATEWAY)]
    #[case("TW-SELECTOR-METHOD", StatusCode::BAD_REQUEST)]
    #[case("TW-AUTH-SIGN-IN", StatusCode::UNAUTHORIZED)]
    #[case("TW-AUTH-TOO-MANY", StatusCode::TOO_MANY_REQUESTS)]
    #[case("TW-AUTH-ROLE", StatusCode::FORBIDDEN)]
    #[case("TW-ACCOUNT-LINK", StatusCode::GONE)]
    #[case("TW-ACCOUNT-LAST-ADMIN", StatusCode::CONFLICT)]
    #[case("TW-ACCOUNT-UNKNOWN", StatusCode::NOT_FOUND)]
    #[case("TW-ACCOUNT-PASSWORD", StatusCode::BAD_REQUEST)]
    fn statuses_follow_the_codes(#[case] code: &str, #[case] status: StatusCode) {
        assert_eq!(status_of(code), status);
    }
}
