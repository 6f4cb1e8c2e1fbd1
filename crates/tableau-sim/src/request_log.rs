//! What the server was asked, for tests to look at.

use std::sync::{Mutex, PoisonError};

use serde::Serialize;

/// One request and how it was answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Recorded {
    /// The method, such as `GET`.
    pub method: String,
    /// The path without the query string.
    pub path: String,
    /// The query string as sent, without `?`.
    pub query: String,
    /// The HTTP status of the answer.
    pub status: u16,
    /// What was asked of the Metadata API.
    pub graphql: Option<RecordedQuery>,
    /// The `User-Agent`.
    pub user_agent: String,
}

/// A query to the Metadata API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecordedQuery {
    /// The `operationName` of the request.
    pub operation: Option<String>,
    /// The query's text.
    pub text: String,
    /// The variables.
    pub variables: serde_json::Value,
    /// Codes of the errors and warnings in the answer.
    pub codes: Vec<String>,
}

/// The log of requests.
#[derive(Debug, Default)]
pub(crate) struct RequestLog {
    entries: Mutex<Vec<Recorded>>,
}

impl RequestLog {
    pub(crate) fn push(&self, entry: Recorded) {
        self.entries
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(entry);
    }

    pub(crate) fn entries(&self) -> Vec<Recorded> {
        self.entries
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(crate) fn clear(&self) {
        self.entries
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }
}
