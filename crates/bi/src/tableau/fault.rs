//! Tableau's own errors, in XML, JSON or HTML, as one shape.

use serde_json::Value;

use super::tree::{Body, Node, read_body};
use crate::error::{Error, tame};
use crate::http::{Answer, reason_phrase};

/// An error as the REST API words it (Tableau REST API, "Handling errors").
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Six digits, the first three of which are the HTTP status.
    pub(crate) code: String,
    /// A few words; may be empty.
    pub(crate) summary: String,
    /// A sentence; may be empty.
    pub(crate) detail: String,
}

impl Fault {
    /// Reads the error out of a body; `None` where it holds none in Tableau's form.
    pub(crate) fn read(tree: &Value) -> Option<Self> {
        let error = Node::new(tree).member("error");
        Some(Self {
            code: tame(&error.text("code")?),
            summary: tame(&error.text("summary").unwrap_or_default()),
            detail: tame(&error.text("detail").unwrap_or_default()),
        })
    }

    /// `403004: Forbidden: …`, with what it says of these.
    pub(crate) fn in_words(&self) -> String {
        let texts = [&self.code, &self.summary, &self.detail];
        let told: Vec<&str> = texts
            .into_iter()
            .map(String::as_str)
            .filter(|text| !text.is_empty())
            .collect();
        told.join(": ")
    }

    pub(crate) fn into_error(self, what: &str) -> Error {
        Error::Tableau {
            what: what.to_owned(),
            code: self.code,
            summary: self.summary,
            detail: self.detail,
        }
    }
}

/// Reads an answer that should hold a tree: the tree, or Tableau's error, or the best word for what
/// came instead.
pub(crate) fn expect_tree(answer: &Answer, what: &str, host: &str) -> Result<Value, Error> {
    let malformed = |reason: String| Error::Malformed {
        what: what.to_owned(),
        reason,
    };
    let failed = |detail: String| Error::Server {
        what: what.to_owned(),
        host: host.to_owned(),
        status: answer.status,
        detail,
    };
    match read_body(answer) {
        Body::Tree(tree) => match Fault::read(&tree) {
            Some(fault) => Err(fault.into_error(what)),
            None if answer.is_success() => Ok(tree),
            None => Err(failed(reason_phrase(answer.status).to_owned())),
        },
        _ if !answer.is_success() => Err(failed(reason_phrase(answer.status).to_owned())),
        Body::Foreign => Err(malformed(format!("{host} answered with a page instead of data"))),
        Body::Empty => Err(malformed(format!("{host} answered with nothing"))),
        Body::Broken(reason) => Err(malformed(format!("{host} answered with {reason}"))),
    }
}

/// What a refused call says about the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The token is not valid any more (401002 and its kin).
    DeadToken,
    /// A 401 without Tableau's code, as the Metadata API sends now and then with a valid token.
    Bare,
}

/// Whether an answer refuses the session itself.
pub(crate) fn refusal(answer: &Answer) -> Option<Refusal> {
    if answer.status != 401 {
        return None;
    }
    let fault = match read_body(answer) {
        Body::Tree(tree) => Fault::read(&tree),
        _ => None,
    };
    Some(fault.map_or(Refusal::Bare, |_| Refusal::DeadToken))
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderMap;
    use rstest::rstest;

    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        Answer {
            status,
            headers: HeaderMap::new(),
            body: body.as_bytes().to_vec(),
        }
    }

    #[rstest]
    #[case(r#"<tsResponse xmlns="http://tableau.com/api"><error code="404006"><summary>Resource Not Found</summary><detail>Workbook '0f' could not be found.</detail></error></tsResponse>"#)]
    #[case(r#"{"error":{"summary":"Resource Not Found","detail":"Workbook '0f' could not be found.","code":"404006"}}"#)]
    #[case(r#"{"error":{"summary":"Resource Not Found","detail":"Workbook '0f' could not be found.","code":404006}}"#)]
    fn errors_are_read_in_both_forms(#[case] body: &str) {
        let error = expect_tree(&answer(404, body), "Query Workbook", "bi.acme.com").unwrap_err();
        assert_eq!(
            error.to_string(),
            "Query Workbook: Tableau answered 404006: Resource Not Found: Workbook '0f' could not be found."
        );
    }

    #[rstest]
    #[case(
        503,
        "<html><body>Down</body></html>",
        "Query Workbooks: bi.acme.com answered with status 503: Service Unavailable"
    )]
    #[case(
        200,
        "<html></html>",
        "Query Workbooks: bi.acme.com answered with a page instead of data"
    )]
    #[case(200, "", "Query Workbooks: bi.acme.com answered with nothing")]
    fn other_answers_are_named(#[case] status: u16, #[case] body: &str, #[case] message: &str) {
        let error = expect_tree(&answer(status, body), "Query Workbooks", "bi.acme.com").unwrap_err();
        assert_eq!(error.to_string(), message);
    }

    #[rstest]
    #[case(401, r#"{"error":{"code":"401002","detail":"x"}}"#, Some(Refusal::DeadToken))]
    #[case(401, r#"{"timestamp":"now","status":401,"error":"Unauthorized","path":"/relationship-service-war/graphql"}"#, Some(Refusal::Bare))]
    #[case(401, "", Some(Refusal::Bare))]
    #[case(403, r#"{"error":{"code":"403004"}}"#, None)]
    #[case(200, "{}", None)]
    fn a_dead_token_is_told_from_a_bare_refusal(
        #[case] status: u16,
        #[case] body: &str,
        #[case] expected: Option<Refusal>,
    ) {
        assert_eq!(refusal(&answer(status, body)), expected);
    }
}
