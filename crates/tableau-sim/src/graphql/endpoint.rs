//! The way of a request to the Metadata API.

use apollo_compiler::ExecutableDocument;
use apollo_compiler::ast;
use apollo_compiler::executable::Operation;
use apollo_compiler::parser::Parser;
use apollo_compiler::resolvers::Execution;
use apollo_compiler::response::{ExecutionResponse, JsonMap};
use serde_json::{Value, json};

use super::context::Context;
use super::notice::Notice;
use super::object::Root;
use super::{query_rule, undefined_field};
use crate::rest::{parse_version, scope};
use crate::site::Site;
use crate::switch::{MetadataAvailability, Switches};
use crate::world::World;

/// Deeper queries are refused: they are no real ones, and would only strain the stack.
const RECURSION_LIMIT: usize = 64;

/// What is asked.
pub(crate) struct Question<'a> {
    pub(crate) credential: Option<&'a str>,
    pub(crate) body: &'a [u8],
    pub(crate) path: &'a str,
}

/// The parts of a request body.
struct Request {
    query: String,
    variables: Value,
    operation: Option<String>,
}

/// What is answered.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: &'static str,
    pub(crate) body: String,
    /// For the request log.
    pub(crate) query: String,
    pub(crate) variables: Value,
    pub(crate) operation: Option<String>,
    pub(crate) codes: Vec<String>,
}

impl Answer {
    fn plain(status: u16, content_type: &'static str, body: String) -> Self {
        Self {
            status,
            content_type,
            body,
            query: String::new(),
            variables: Value::Null,
            operation: None,
            codes: Vec::new(),
        }
    }
}

/// Answers a request.
pub(crate) fn answer(world: &World, question: &Question<'_>) -> Answer {
    let switches = world.switches();
    if switches.metadata == MetadataAvailability::NotFound {
        let page = "<html><head><title>404 Not Found</title></head><body><center>Not Found<br></center></body></html>";
        return Answer::plain(404, "text/html", page.to_owned());
    }
    let refused = match switches.metadata {
        MetadataAvailability::Forbidden => Some((
            403,
            "403004",
            "Forbidden",
            "You are not permitted to use this API.",
        )),
        MetadataAvailability::Unauthorized => Some((
            401,
            "401002",
            "Unauthorized Access",
            "Invalid authentication credentials were provided.",
        )),
        _ => None,
    };
    if let Some((status, code, summary, detail)) = refused {
        let body = json!({"error": {"summary": summary, "detail": detail, "code": code}});
        return Answer::plain(status, "application/json;charset=UTF-8", body.to_string());
    }
    let now = world.clock.now();
    let session = question.credential.and_then(|credential| {
        let mut state = world.state();
        let hosting = state.server.hosting;
        let session = state.sessions.touch(credential, hosting, now)?;
        let scopes = session.scopes.as_ref();
        if scopes.is_some_and(|scopes| !scope::is_granted(scopes, "tableau:content:read")) {
            return None;
        }
        let hosted = state.sites.get(session.site)?;
        Some((hosted.indexed(now, world.index_lag()).clone(), session.user))
    });
    let strikes = strike(world);
    let is_unauthorized =
        strikes == Some(Strike::Unauthorized) || switches.metadata == MetadataAvailability::Unauthenticated;
    let Some((site, user)) = session.filter(|_| !is_unauthorized) else {
        let body = json!({
            "timestamp": now.format("%Y-%m-%dT%H:%M:%S%.3f+00:00").to_string(),
            "status": 401,
            "error": "Unauthorized",
            "path": "/relationship-service-war/graphql",
        });
        return Answer::plain(401, "application/json", body.to_string());
    };
    let request = match read(question.body) {
        Ok(request) => request,
        Err(reason) => {
            let body = json!({
                "timestamp": now.format("%Y-%m-%dT%H:%M:%S%.3f+00:00").to_string(),
                "status": 400,
                "error": "Bad Request",
                "message": reason,
                "path": question.path,
            });
            return Answer::plain(400, "application/json", body.to_string());
        }
    };
    if switches
        .empty_body_from_ids
        .is_some_and(|limit| longest_id_list(&request.variables) >= limit as usize)
    {
        let empty = Answer::plain(200, "application/json", String::new());
        return Answer {
            query: request.query,
            variables: request.variables,
            operation: request.operation,
            ..empty
        };
    }
    let (data, notices) = match refusal(&switches, strikes) {
        Some(notice) => (None, vec![notice]),
        None => run(world, &site, user, &switches, &request),
    };
    let body = render(data, &notices);
    Answer {
        query: request.query,
        variables: request.variables,
        operation: request.operation,
        codes: notices.iter().map(|notice| notice.label().to_owned()).collect(),
        ..Answer::plain(200, "application/json;charset=UTF-8", body)
    }
}

/// A switch that counts down and struck this time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Strike {
    Unauthorized,
    RateExceeded,
    Unexpected,
}

fn strike(world: &World) -> Option<Strike> {
    world.update_switches(|switches| {
        let counters = [
            (&mut switches.sporadic_unauthorized_times, Strike::Unauthorized),
            (&mut switches.rate_exceeded_times, Strike::RateExceeded),
            (&mut switches.unexpected_error_times, Strike::Unexpected),
        ];
        for (counter, strike) in counters {
            if *counter > 0 {
                *counter -= 1;
                return Some(strike);
            }
        }
        None
    })
}

fn refusal(switches: &Switches, strike: Option<Strike>) -> Option<Notice> {
    match (switches.metadata, strike) {
        (MetadataAvailability::FeatureDisabled, _) => Some(Notice::error(
            "FEATURE_DISABLED",
            "The Metadata API is disabled on this server.",
        )),
        (MetadataAvailability::SiteDisabled, _) => Some(Notice::error(
            "SITE_DISABLED",
            "The Metadata API is disabled for this site.",
        )),
        (_, Some(Strike::RateExceeded)) => Some(Notice::error(
            "RATE_EXCEEDED",
            "The request exceeded the rate limit. Please wait and try again.",
        )),
        (_, Some(Strike::Unexpected)) => Some(Notice::bare("Unexpected error occurred")),
        _ => None,
    }
}

fn read(body: &[u8]) -> Result<Request, String> {
    let body: Value =
        serde_json::from_slice(body).map_err(|error| format!("the body is not JSON: {error}"))?;
    let query = body
        .get("query")
        .and_then(Value::as_str)
        .ok_or("the body has no query")?
        .to_owned();
    let variables = body.get("variables").cloned().unwrap_or(Value::Null);
    if !(variables.is_null() || variables.is_object()) {
        return Err("the variables are not an object".to_owned());
    }
    let operation = body
        .get("operationName")
        .and_then(Value::as_str)
        .filter(|name| !name.is_empty());
    Ok(Request {
        query,
        variables,
        operation: operation.map(str::to_owned),
    })
}

fn longest_id_list(variables: &Value) -> usize {
    match variables {
        Value::Array(items) => items
            .len()
            .max(items.iter().map(longest_id_list).max().unwrap_or(0)),
        Value::Object(members) => members.values().map(longest_id_list).max().unwrap_or(0),
        _ => 0,
    }
}

/// Parses, validates and executes.
fn run(
    world: &World,
    site: &Site,
    user: u32,
    switches: &Switches,
    request: &Request,
) -> (Option<String>, Vec<Notice>) {
    let version = parse_version(&world.rest_version()).unwrap_or((3, 25));
    let schema = world.schemas.of(version, &switches.unknown_fields);
    let document = match parse(&request.query) {
        Ok(document) => document,
        Err(notice) => return (None, vec![*notice]),
    };
    let undefined = undefined_field::find(&schema, &document);
    if !undefined.is_empty() {
        return (None, undefined);
    }
    let document = match document.to_executable_validate(&schema) {
        Ok(document) => document,
        Err(invalid) => {
            let notices = invalid
                .errors
                .iter()
                .map(|diagnostic| Notice::bare(format!("Validation error: {}", diagnostic.error)))
                .collect();
            return (None, notices);
        }
    };
    let operation = match document.operations.get(request.operation.as_deref()) {
        Ok(operation) => operation,
        Err(error) => return (None, vec![Notice::bare(error.message().to_string())]),
    };
    let context = Context::new(site, user, switches);
    let variables: JsonMap = serde_json::from_value(request.variables.clone()).unwrap_or_default();
    if let Some(notice) = rule_broken(&document, operation, &variables, &context) {
        return (None, vec![notice]);
    }
    if switches.backfill_running {
        context.warn(Notice::warning(
            "BACKFILL_RUNNING",
            "Still creating the Metadata API Store. Results from the query might be incomplete at this time. \
             See https://help.tableau.com/current/api/metadata_api/en-us/docs/meta_api_errors.html",
        ));
    }
    let executed = Execution::new(&schema, &document)
        .operation(operation)
        .raw_variable_values(&variables)
        .enable_schema_introspection(true)
        .execute_sync(&Root { context: &context });
    let response = match executed {
        Ok(response) => response,
        Err(error) => return (None, vec![Notice::bare(error.message().to_string())]),
    };
    let (mut notices, refusal) = context.into_notices();
    if let Some(refusal) = refusal {
        return (None, vec![refusal]);
    }
    notices.extend(field_errors(&response));
    // Written as it is, not as a `Value`: fields stay in the order of the query.
    (serde_json::to_string(&response.data).ok(), notices)
}

fn rule_broken(
    document: &ExecutableDocument,
    operation: &Operation,
    variables: &JsonMap,
    context: &Context<'_>,
) -> Option<Notice> {
    let missing = if context.is_administrator() {
        None
    } else {
        query_rule::missing_filter(document, operation, variables)
    };
    missing.or_else(|| query_rule::nested_fragment(document, operation))
}

fn parse(query: &str) -> Result<ast::Document, Box<Notice>> {
    let parsed = Parser::new()
        .recursion_limit(RECURSION_LIMIT)
        .parse_ast(query, "query.graphql");
    parsed.map_err(|invalid| {
        let first = invalid.errors.iter().next();
        let reason = first
            .as_ref()
            .map(|diagnostic| diagnostic.error.to_string())
            .unwrap_or_default();
        let place = first
            .and_then(|diagnostic| diagnostic.line_column_range())
            .map(|range| range.start);
        let (line, column) = place.map_or((1, 1), |place| (place.line, place.column));
        let message = format!("Invalid Syntax : {reason} at line {line} column {column}");
        Box::new(Notice::bare(message))
    })
}

/// Errors of the execution: a null where there must be none.
fn field_errors(response: &ExecutionResponse) -> impl Iterator<Item = Notice> + '_ {
    response.errors.iter().map(|error| {
        let path = serde_json::to_value(&error.path).unwrap_or(Value::Null);
        if error.message.contains("resolved to null") {
            Notice::null_in_non_null(path)
        } else {
            Notice::bare(error.message.clone())
        }
    })
}

fn render(data: Option<String>, notices: &[Notice]) -> String {
    let data = data.unwrap_or_else(|| "null".to_owned());
    if notices.is_empty() {
        return format!("{{\"data\":{data}}}");
    }
    let errors: Value = notices.iter().map(Notice::to_json).collect();
    format!("{{\"data\":{data},\"errors\":{errors}}}")
}
