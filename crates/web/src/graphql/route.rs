//! `/graphql`: a request over HTTP, by the rules of GraphQL over HTTP.
//!
//! What is no request at all is refused with problem JSON, as the REST API does. A query that cannot be run is
//! answered with `errors`, each with a `code`.

use async_graphql::parser::parse_query;
use async_graphql::{ErrorExtensionValues, Request, Response, ServerError, Variables};
use axum::body::Bytes;
use axum::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response as HttpResponse};
use serde::Deserialize;
use serde_json::Value;

use super::SCHEMA;
use super::limit::{self, DEEPEST, Excess, LARGEST_BYTES, MOST_SELECTIONS};
use super::root::Source;
use crate::context::Context;
use crate::error::Error;

/// The media type of answers whose status says whether the query could be run.
const RESPONSE_TYPE: &str = "application/graphql-response+json";

/// The body of a request. Fields that it does not have are left aside, such as `extensions`.
#[derive(Debug, Clone, Default, Deserialize)]
struct Asked {
    query: Option<String>,
    #[serde(rename = "operationName")]
    operation_name: Option<String>,
    variables: Option<Value>,
}

/// `GET /graphql?query=…&variables=…&operationName=…`
pub async fn get(context: Context) -> Result<HttpResponse, Error> {
    let variables = match context.parameter("variables").filter(|text| !text.is_empty()) {
        None => None,
        Some(text) => Some(serde_json::from_str(&text).map_err(|error| malformed("`variables`", &error))?),
    };
    let asked = Asked {
        query: context.parameter("query"),
        operation_name: context.parameter("operationName").filter(|name| !name.is_empty()),
        variables,
    };
    answer(&context, asked).await
}

/// `POST /graphql` with a JSON body.
pub async fn post(context: Context, body: Bytes) -> Result<HttpResponse, Error> {
    if body.len() > LARGEST_BYTES {
        let message = format!("the request has {} bytes, more than {LARGEST_BYTES}", body.len());
        let error = Error::new(StatusCode::PAYLOAD_TOO_LARGE, "TW-GRAPHQL-TOO-LARGE", message);
        return Err(error.with_hint("send long lists as `variables`, in several requests"));
    }
    let asked: Asked = serde_json::from_slice(&body).map_err(|error| malformed("the body", &error))?;
    answer(&context, asked).await
}

async fn answer(context: &Context, asked: Asked) -> Result<HttpResponse, Error> {
    let Some(query) = asked.query.filter(|query| !query.trim().is_empty()) else {
        return Err(Error::bad_request("the request has no `query`")
            .with_hint("send `{\"query\": \"{ environment { name } }\"}`"));
    };
    let variables = match asked.variables {
        None | Some(Value::Null) => Variables::default(),
        Some(Value::Object(variables)) => Variables::from_json(Value::Object(variables)),
        Some(_) => return Err(Error::bad_request("`variables` is no object")),
    };
    let source = Source {
        app: context.app.clone(),
        catalog: context.catalog()?,
    };
    let mut response = run(query, asked.operation_name, variables, source).await;
    give_codes(&mut response);
    Ok(written(&context.headers, &response))
}

async fn run(query: String, operation: Option<String>, variables: Variables, source: Source) -> Response {
    let document = match parse_query(&query) {
        Ok(document) => document,
        Err(error) => return Response::from_errors(vec![error.into()]),
    };
    if let Err(excess) = limit::check(&document) {
        return Response::from_errors(vec![excess_error(excess)]);
    }
    let mut request = Request::new(query).variables(variables).data(source);
    request.set_parsed_query(document);
    request.operation_name = operation;
    SCHEMA.execute(request).await
}

fn excess_error(excess: Excess) -> ServerError {
    let (code, message) = match excess {
        Excess::Depth => (
            "TW-GRAPHQL-TOO-DEEP",
            format!("the query is nested deeper than {DEEPEST} fields"),
        ),
        Excess::Size => (
            "TW-GRAPHQL-TOO-COMPLEX",
            format!("the query has more than {MOST_SELECTIONS} selections with its fragments put in"),
        ),
        Excess::Cycle => (
            "TW-GRAPHQL-INVALID",
            "a fragment of the query contains itself".to_owned(),
        ),
    };
    let mut error = ServerError::new(message, None);
    set_code(&mut error, code);
    error
}

/// Every error gets a code. The library has none, and tells its limits by their texts alone.
fn give_codes(response: &mut Response) {
    for error in &mut response.errors {
        let has_code = error
            .extensions
            .as_ref()
            .is_some_and(|extensions| extensions.get("code").is_some());
        if has_code {
            continue;
        }
        if error.message == "Query is too complex." {
            error.message = String::from("the query may read more than one request is allowed to");
            set_code(error, "TW-GRAPHQL-TOO-COMPLEX");
            if let Some(extensions) = &mut error.extensions {
                extensions.set("hint", "ask for smaller pages (`first`), or for fewer fields");
            }
        } else if error.message.contains("recursion") {
            set_code(error, "TW-GRAPHQL-TOO-DEEP");
        } else {
            set_code(error, "TW-GRAPHQL-INVALID");
        }
    }
}

fn set_code(error: &mut ServerError, code: &'static str) {
    error
        .extensions
        .get_or_insert_with(ErrorExtensionValues::default)
        .set("code", code);
}

/// A client that knows the newer media type learns from the status whether the query was run; older ones take
/// anything but 200 for a broken server.
fn written(headers: &HeaderMap, response: &Response) -> HttpResponse {
    let accepts = headers.get_all(ACCEPT).iter();
    let knows_status = accepts
        .filter_map(|accept| accept.to_str().ok())
        .any(|accept| accept.contains(RESPONSE_TYPE));
    let was_run = response.errors.is_empty() || response.data != async_graphql::Value::Null;
    let (status, kind) = match (knows_status, was_run) {
        (true, true) => (StatusCode::OK, RESPONSE_TYPE),
        (true, false) => (StatusCode::BAD_REQUEST, RESPONSE_TYPE),
        (false, _) => (StatusCode::OK, "application/json"),
    };
    match serde_json::to_vec(response) {
        Ok(body) => {
            let mut answer = (status, body).into_response();
            let headers = answer.headers_mut();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
            answer
        }
        Err(_) => Error::internal().into_response(),
    }
}

fn malformed(what: &str, error: &serde_json::Error) -> Error {
    Error::bad_request(format!("{what} is no request of GraphQL: {error}"))
        .with_hint("send JSON: `{\"query\": \"…\", \"variables\": {…}}`")
}
