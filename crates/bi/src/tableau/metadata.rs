//! Asking the Metadata API, and telling apart its many ways of answering in part.
//!
//! The HTTP status is 200 even for a failed query, and `data` may stand beside `errors`. Each error is
//! taken for what it says (Metadata API guide, "Errors"):
//!
//! | says | taken as |
//! | --- | --- |
//! | `NODE_LIMIT_EXCEEDED`, time limits, a null where none may be | [`Reply::TooBig`]: throw away, ask for less |
//! | `BACKFILL_RUNNING`, `PERMISSIONS_MODE_SWITCHED`, other warnings | [`Reply::Flawed`]: keep, but never as complete |
//! | `RATE_EXCEEDED` | wait and ask again |
//! | `FieldUndefined` | ask again without the field |
//! | `FEATURE_DISABLED`, `SITE_DISABLED`, 404, a page instead of data | [`Error::MetadataOff`] |
//! | 401 or 403, while the REST API takes the session | [`Error::MetadataForbidden`] |
//! | `Unexpected error occurred` | ask again a few times |

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::fault::Fault;
use super::query::{Query, can_do_without, without_fields};
use super::session::Gate;
use super::tree::{Body, read_body};
use crate::error::{Error, tame};
use crate::http::Answer;

/// How often a query is sent again when Tableau's own limiter or an unexpected error stops it.
/// With the usual waits that takes half a minute at most.
const MOST_REPEATS: u32 = 5;
/// Queries that failed in a row, each for good, after which no more are sent: going from pieces of 50
/// down to single items takes six, and two are under way at once.
const MOST_FAILED_QUERIES: u32 = 12;

/// Of so many different warnings in one answer the others are not kept: each is noted at all that it concerns.
const MOST_FLAWS: usize = 20;

/// No field of the schema has a longer name.
const LONGEST_FIELD: usize = 100;
/// After so long without an answer that could be used, no more queries are sent, whatever keeps the answers from coming:
/// a query that times out takes two minutes, and would take them for each piece down to every single workbook.
const LONGEST_WITHOUT_ANSWER: Duration = Duration::from_mins(4);

/// What Tableau says when it failed inside.
const UNEXPECTED: &str = "Unexpected error occurred";

/// A reply with data.
#[derive(Debug)]
pub(crate) enum Reply<T> {
    /// All that was asked for.
    Whole(T),
    /// Something may be missing, for the reasons given.
    Flawed(T, BTreeSet<Flaw>),
    /// Cut off: to be thrown away and asked for in smaller pieces. The data is what came all the same.
    TooBig(Option<T>, Flaw),
}

/// Why an answer may lack something.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Flaw {
    /// Tableau's code, or `unknown`.
    pub(crate) code: String,
    /// Tableau's message.
    pub(crate) message: String,
}

impl Flaw {
    /// A flaw for which Tableau has no code.
    pub(crate) fn unknown(message: impl Into<String>) -> Self {
        Self {
            code: "unknown".to_owned(),
            message: message.into(),
        }
    }
}

/// The Metadata API of one site.
#[derive(Debug)]
pub(crate) struct Metadata<'a> {
    gate: &'a Gate,
    /// Fields that this server does not know.
    unknown_fields: Mutex<BTreeSet<String>>,
    /// Queries that failed in a row.
    failed_queries: AtomicU32,
    /// Since when no answer could be used; `None` while they can.
    fruitless_since: Mutex<Option<Instant>>,
}

#[derive(Deserialize)]
struct Envelope<T> {
    #[serde(default = "none")]
    data: Option<T>,
    #[serde(default)]
    errors: Option<Vec<Option<GraphError>>>,
}

const fn none<T>() -> Option<T> {
    None
}

/// One entry of `errors`.
#[derive(Debug, Clone, Default, Deserialize)]
struct GraphError {
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    extensions: Option<Value>,
}

/// What one error means for the answer.
#[derive(Debug, PartialEq, Eq)]
enum Meaning {
    TooBig,
    Flaw,
    Wait,
    Again,
    Off,
    UnknownField(String),
    Refused,
}

impl GraphError {
    fn extension(&self, name: &str) -> &str {
        let value = self
            .extensions
            .as_ref()
            .and_then(|extensions| extensions.get(name));
        value.and_then(Value::as_str).unwrap_or_default()
    }

    fn message(&self) -> &str {
        self.message.as_deref().unwrap_or_default()
    }

    fn flaw(&self) -> Flaw {
        let code = [
            self.extension("code"),
            self.extension("classification"),
            "unknown",
        ]
        .into_iter()
        .find(|code| !code.is_empty());
        Flaw {
            code: tame(code.unwrap_or_default()),
            message: tame(self.message()),
        }
    }

    fn meaning(&self) -> Meaning {
        let message = self.message();
        if let Some(field) = undefined_field(message) {
            return Meaning::UnknownField(field);
        }
        let says = |text: &str| message.contains(text);
        match self.extension("code") {
            "NODE_LIMIT_EXCEEDED" | "TIME_LIMIT_EXCEEDED" | "MAX_PAGE_SIZE_EXCEEDED" => Meaning::TooBig,
            "RATE_EXCEEDED" => Meaning::Wait,
            "FEATURE_DISABLED" | "SITE_DISABLED" => Meaning::Off,
            "ACCESS_DENIED" | "FILTER_REQUIRED" | "INVALID_ARGUMENT" => Meaning::Refused,
            _ if self.extension("classification") == "NullValueInNonNullableField"
                || says("NullValueInNonNullableField")
                || says("non-nullable")
                || says("node limit")
                || says("Reached time limit")
                || says("Execution canceled because timeout") =>
            {
                Meaning::TooBig
            }
            _ if says(UNEXPECTED) => Meaning::Again,
            _ if self.extension("severity") == "WARNING" => Meaning::Flaw,
            _ => Meaning::Refused,
        }
    }
}

/// The field in `Validation error of type FieldUndefined: Field 'x' in type 'Y' is undefined @ 'path'`.
fn undefined_field(message: &str) -> Option<String> {
    if !message.contains("FieldUndefined") {
        return None;
    }
    let (_, after) = message.split_once("Field '")?;
    let (field, _) = after.split_once('\'')?;
    // Only what GraphQL allows for a name; it goes into messages.
    let is_name = field.len() <= LONGEST_FIELD
        && field
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    (is_name && !field.is_empty()).then(|| field.to_owned())
}

/// What to do after one answer.
enum Next<T> {
    Done(Result<Reply<T>, Error>),
    Wait(Error),
    Without(String),
}

impl<'a> Metadata<'a> {
    pub(crate) const fn new(gate: &'a Gate) -> Self {
        Self {
            gate,
            unknown_fields: Mutex::new(BTreeSet::new()),
            failed_queries: AtomicU32::new(0),
            fruitless_since: Mutex::new(None),
        }
    }

    /// Notes whether a query that was sent at an instant brought something.
    fn note_fruit(&self, sent_at: Instant, has_fruit: bool) {
        let mut since = self
            .fruitless_since
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *since = match *since {
            _ if has_fruit => None,
            Some(since) => Some(since.min(sent_at)),
            None => Some(sent_at),
        };
    }

    /// For how long no answer could be used.
    fn fruitless_for(&self) -> Duration {
        let since = self
            .fruitless_since
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        since.map_or(Duration::ZERO, |since| since.elapsed())
    }

    /// The fields that had to be left out.
    pub(crate) fn unknown_fields(&self) -> BTreeSet<String> {
        self.unknown_fields
            .lock()
            .map_or_else(|poisoned| poisoned.into_inner().clone(), |fields| fields.clone())
    }

    /// Asks a query. The patience is that of all queries together: once one has failed in spite of its
    /// repeats, the next are sent once, and after some more none is sent, until one succeeds.
    ///
    /// # Errors
    /// Where there is no data at all: the call itself failed, the API is off, or the query was refused.
    pub(crate) async fn ask<T>(&self, query: Query, variables: &Value) -> Result<Reply<T>, Error>
    where
        T: DeserializeOwned + Default,
    {
        let failed = self.failed_queries.load(Ordering::Relaxed);
        if failed >= MOST_FAILED_QUERIES {
            return Err(refusal(
                query,
                Flaw::unknown(format!("not asked after {failed} queries that failed in a row")),
            ));
        }
        let fruitless = self.fruitless_for();
        if fruitless >= LONGEST_WITHOUT_ANSWER {
            let minutes = fruitless.as_secs() / 60;
            return Err(refusal(
                query,
                Flaw::unknown(format!(
                    "not asked after {minutes} minutes without an answer that could be used"
                )),
            ));
        }
        let sent_at = Instant::now();
        let outcome = self.ask_patiently(query, variables).await;
        let has_fruit = matches!(outcome, Ok(Reply::Whole(_) | Reply::Flawed(..)));
        self.note_fruit(sent_at, has_fruit);
        match &outcome {
            Ok(_) => self.failed_queries.store(0, Ordering::Relaxed),
            Err(error) if is_outage(error) => {
                self.failed_queries.fetch_add(1, Ordering::Relaxed);
            }
            // Refused, but by a server that is well.
            Err(_) => {}
        }
        outcome
    }

    async fn ask_patiently<T>(&self, query: Query, variables: &Value) -> Result<Reply<T>, Error>
    where
        T: DeserializeOwned + Default,
    {
        let mut repeats = 0;
        loop {
            let unknown = self.unknown_fields();
            let text = if unknown.is_empty() {
                query.text.to_owned()
            } else {
                without_fields(query.text, &unknown).ok_or_else(|| self.nothing_left(query))?
            };
            let body = json!({"query": text, "variables": variables}).to_string();
            let answer = self.gate.query(&message_name(query), body).await?;
            match self.next(query, &answer) {
                Next::Done(outcome) => return outcome,
                Next::Wait(error) => {
                    repeats += 1;
                    if repeats > MOST_REPEATS || self.failed_queries.load(Ordering::Relaxed) > 0 {
                        return Err(error);
                    }
                    let wait = self.gate.http().limits().backoff.wait_after(repeats + 1);
                    tracing::debug!(query = query.name, %error, "asking again");
                    tokio::time::sleep(wait).await;
                }
                Next::Without(field) => {
                    let is_new = self
                        .unknown_fields
                        .lock()
                        .is_ok_and(|mut fields| fields.insert(field.clone()));
                    if !is_new || !can_do_without(&field) {
                        return Err(Error::Metadata {
                            what: message_name(query),
                            code: "FieldUndefined".to_owned(),
                            message: format!("this server does not know {field:?}, which is needed"),
                        });
                    }
                    tracing::debug!(
                        query = query.name,
                        field,
                        "asking without a field that is not known"
                    );
                }
            }
        }
    }

    fn nothing_left(&self, query: Query) -> Error {
        Error::Metadata {
            what: message_name(query),
            code: "FieldUndefined".to_owned(),
            message: format!("{} is too old to be asked this", self.gate.host()),
        }
    }

    fn throttled(&self, query: Query) -> Error {
        Error::Throttled {
            what: message_name(query),
            host: self.gate.host(),
            wait: None,
        }
    }

    fn next<T: DeserializeOwned + Default>(&self, query: Query, answer: &Answer) -> Next<T> {
        let off = |reason: String| {
            Next::Done(Err(Error::MetadataOff {
                server: self.gate.server().to_owned(),
                reason,
            }))
        };
        let failed = |detail: &str| {
            Next::Done(Err(Error::Server {
                what: message_name(query),
                host: self.gate.host(),
                status: answer.status,
                detail: detail.to_owned(),
            }))
        };
        match answer.status {
            404 => return off("nothing is at its address (404)".to_owned()),
            429 => return Next::Done(Err(self.throttled(query))),
            // A server that names a time is busy, and smaller questions would find it so as well.
            500..=599 if answer.header("retry-after").is_some() => {
                return Next::Done(Err(self.throttled(query)));
            }
            500..=599 => return failed(crate::http::reason_phrase(answer.status)),
            _ => {}
        }
        if let (false, Body::Tree(tree)) = (answer.is_success(), read_body(answer)) {
            if answer.status == 403 {
                return Next::Done(Err(self.gate.forbidden(answer)));
            }
            if let Some(fault) = Fault::read(&tree) {
                return Next::Done(Err(fault.into_error(&message_name(query))));
            }
        }
        if answer.body.trim_ascii().is_empty() {
            // A list of ids that is too long is answered with nothing.
            return Next::Done(Ok(Reply::TooBig(None, Flaw::unknown("the answer was empty"))));
        }
        let envelope: Envelope<T> = match serde_json::from_slice(&answer.body) {
            Ok(envelope) => envelope,
            Err(_) if !answer.body.trim_ascii_start().starts_with(b"{") => {
                return off(format!(
                    "a page came instead of data, with status {}",
                    answer.status
                ));
            }
            Err(error) => {
                return Next::Done(Err(Error::Malformed {
                    what: message_name(query),
                    reason: format!("the answer cannot be read: {}", tame(&error.to_string())),
                }));
            }
        };
        self.judge(query, answer.status, envelope)
    }

    fn judge<T: Default>(&self, query: Query, status: u16, envelope: Envelope<T>) -> Next<T> {
        let errors: Vec<GraphError> = envelope.errors.into_iter().flatten().flatten().collect();
        let mut flaws = BTreeSet::new();
        let mut too_big = None;
        let mut refused = None;
        for error in &errors {
            let flaw = error.flaw();
            match error.meaning() {
                Meaning::UnknownField(field) => return Next::Without(field),
                Meaning::Off => {
                    return Next::Done(Err(Error::MetadataOff {
                        server: self.gate.server().to_owned(),
                        reason: format!("{}: {}", flaw.code, flaw.message),
                    }));
                }
                Meaning::Wait => {
                    return Next::Wait(self.throttled(query));
                }
                Meaning::Again => return Next::Wait(refusal(query, flaw)),
                Meaning::TooBig => too_big = Some(flaw),
                // One is enough for the answer not to count as whole.
                Meaning::Flaw if flaws.len() >= MOST_FLAWS => {}
                Meaning::Flaw => {
                    flaws.insert(flaw);
                }
                Meaning::Refused => refused = Some(flaw),
            }
        }
        if let Some(flaw) = too_big {
            return Next::Done(Ok(Reply::TooBig(envelope.data, flaw)));
        }
        Next::Done(match (envelope.data, refused) {
            (Some(data), None) if flaws.is_empty() => Ok(Reply::Whole(data)),
            (Some(data), refused) => {
                flaws.extend(refused);
                Ok(Reply::Flawed(data, flaws))
            }
            (None, Some(flaw)) => Err(refusal(query, flaw)),
            // Warnings may come without data: nothing was learnt, but nothing failed either.
            (None, None) if !flaws.is_empty() => Ok(Reply::Flawed(T::default(), flaws)),
            (None, None) => Err(Error::Malformed {
                what: message_name(query),
                reason: format!("the answer with status {status} holds neither data nor errors"),
            }),
        })
    }
}

fn message_name(query: Query) -> String {
    format!("Metadata API ({})", query.name)
}

/// Whether an error speaks of the server rather than of the query.
fn is_outage(error: &Error) -> bool {
    match error {
        Error::TimedOut { .. }
        | Error::Server { .. }
        | Error::Interrupted { .. }
        | Error::Unreachable { .. }
        | Error::Proxy { .. }
        | Error::Throttled { .. } => true,
        Error::Metadata { message, .. } => message.contains(UNEXPECTED),
        _ => false,
    }
}

fn refusal(query: Query, flaw: Flaw) -> Error {
    Error::Metadata {
        what: message_name(query),
        code: flaw.code,
        message: flaw.message,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn error(value: Value) -> GraphError {
        serde_json::from_value(value).unwrap()
    }

    #[rstest]
    #[case(json!({"message": "Showing partial results. The request exceeded the 20000 node limit.", "extensions": {"severity": "WARNING", "code": "NODE_LIMIT_EXCEEDED"}}), Meaning::TooBig)]
    #[case(json!({"message": "Reached time limit of PT5S for query execution.", "extensions": null}), Meaning::TooBig)]
    #[case(json!({"message": "Execution canceled because timeout of 30000 millis was reached"}), Meaning::TooBig)]
    #[case(json!({"message": "x", "extensions": {"classification": "NullValueInNonNullableField"}}), Meaning::TooBig)]
    #[case(json!({"message": "x", "extensions": {"code": "MAX_PAGE_SIZE_EXCEEDED", "severity": "WARNING"}}), Meaning::TooBig)]
    #[case(json!({"message": "x", "extensions": {"code": "RATE_EXCEEDED", "severity": "ERROR"}}), Meaning::Wait)]
    #[case(json!({"message": "Still creating the Metadata API Store.", "extensions": {"code": "BACKFILL_RUNNING", "severity": "WARNING"}}), Meaning::Flaw)]
    #[case(json!({"message": "x", "extensions": {"code": "PERMISSIONS_MODE_SWITCHED", "severity": "WARNING"}}), Meaning::Flaw)]
    #[case(json!({"message": "x", "extensions": {"code": "USER_VISIBILITY_IS_LIMITED", "severity": "WARNING"}}), Meaning::Flaw)]
    #[case(json!({"message": "x", "extensions": {"code": "INHERITANCE_INCOMPLETE", "severity": "WARNING"}}), Meaning::Flaw)]
    #[case(json!({"message": "x", "extensions": {"code": "A_WARNING_OF_TOMORROW", "severity": "WARNING"}}), Meaning::Flaw)]
    #[case(json!({"message": "x", "extensions": {"code": "FEATURE_DISABLED"}}), Meaning::Off)]
    #[case(json!({"message": "x", "extensions": {"code": "ACCESS_DENIED", "severity": "ERROR"}}), Meaning::Refused)]
    #[case(json!({"message": "Unexpected error occurred"}), Meaning::Again)]
    #[case(json!({"message": "Validation error of type FieldUndefined: Field 'projectLuid' in type 'Workbook' is undefined @ 'workbooksConnection/nodes/projectLuid'"}), Meaning::UnknownField("projectLuid".into()))]
    #[case(json!({"message": format!("FieldUndefined: Field '{}'", "z".repeat(3000))}), Meaning::Refused)]
    #[case(json!({"message": "FieldUndefined: Field 'a\u{1b}b'"}), Meaning::Refused)]
    #[case(json!({"message": null}), Meaning::Refused)]
    #[case(json!({}), Meaning::Refused)]
    fn each_error_is_taken_for_what_it_says(#[case] value: Value, #[case] expected: Meaning) {
        assert_eq!(error(value).meaning(), expected);
    }

    #[test]
    fn the_repeats_of_a_query_take_half_a_minute_at_most() {
        let backoff = crate::retry::Backoff {
            random: || 1.0,
            ..crate::retry::Backoff::default()
        };
        let waits: std::time::Duration = (1..=MOST_REPEATS)
            .map(|repeats| backoff.wait_after(repeats + 1))
            .sum();
        assert!(waits.as_secs() <= 31, "{waits:?}");
    }

    #[test]
    fn a_flaw_names_its_code_or_says_unknown() {
        assert_eq!(error(json!({"message": "a\nb"})).flaw().code, "unknown");
        let flaw = error(json!({"extensions": {"classification": "NullValueInNonNullableField"}})).flaw();
        assert_eq!(flaw.code, "NullValueInNonNullableField");
    }

    /// Nothing listens there: whoever asks it all the same gets another error.
    fn nowhere() -> Gate {
        let credential = crate::tableau::settings::Credential::PersonalAccessToken {
            name: "t".to_owned(),
            secret: "s".into(),
        };
        let settings = crate::TableauSettings::new("test".into(), "http://127.0.0.1:9", "acme", credential);
        Gate::new(&settings, std::sync::Arc::new(tailwater_core::clock::SystemClock)).unwrap()
    }

    #[tokio::test]
    async fn after_minutes_without_an_answer_no_more_is_asked() {
        let gate = nowhere();
        let metadata = Metadata::new(&gate);
        let Some(long_ago) = Instant::now().checked_sub(LONGEST_WITHOUT_ANSWER) else {
            return; // The machine has not run for that long.
        };
        // A query that failed was sent then, and another later.
        metadata.note_fruit(long_ago, false);
        metadata.note_fruit(Instant::now(), false);
        let outcome = metadata
            .ask::<Value>(super::super::query::PROBE, &json!({}))
            .await;
        let error = outcome.unwrap_err();
        assert!(
            error
                .to_string()
                .contains("not asked after 4 minutes without an answer"),
            "{error}"
        );
        metadata.note_fruit(Instant::now(), true);
        assert_eq!(metadata.fruitless_for(), Duration::ZERO);
    }
}
