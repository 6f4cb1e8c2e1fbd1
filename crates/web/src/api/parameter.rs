//! Parameters of an address that no endpoint reads are refused: a misspelt filter that is passed over in silence gives
//! an answer to another question.
//!
//! What an endpoint reads is what the API's description says of it, so the two cannot drift apart; the tests ask
//! every described parameter. `env` is read everywhere.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use axum::extract::Request;
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use utoipa::openapi::RefOr;
use utoipa::openapi::path::{Operation, ParameterIn};

use super::description;
use crate::error::Error;

/// Picks the environment, for every endpoint.
const EVERYWHERE: &str = "env";
/// Below this likeness (Jaro-Winkler) a name is not offered as the one that was meant.
const ALIKE: f64 = 0.7;

/// The parameters of each endpoint's address, by method and path as the description writes them.
static DESCRIBED: LazyLock<BTreeMap<(String, String), Vec<String>>> = LazyLock::new(|| {
    let document = description::document();
    let mut described = BTreeMap::new();
    for (path, item) in &document.paths.paths {
        for (method, operation) in description::operations(item) {
            described.insert((method.to_owned(), path.clone()), parameters(operation));
        }
    }
    described
});

fn parameters(operation: &Operation) -> Vec<String> {
    let described = operation.parameters.iter().flatten();
    let in_address = described.filter_map(|parameter| match parameter {
        RefOr::T(parameter) if matches!(parameter.parameter_in, ParameterIn::Query) => {
            Some(parameter.name.clone())
        }
        _ => None,
    });
    in_address.collect()
}

/// Whether a route's parameters are looked at: those of the REST API.
pub fn is_checked(path: &str) -> bool {
    path.starts_with("/api/v1/")
}

/// Lets the request pass when the endpoint reads every parameter of its address.
pub async fn check(method: Method, path: &'static str, request: Request, next: Next) -> Response {
    let known = DESCRIBED.get(&(method.to_string(), path.to_owned()));
    let known = known.map(Vec::as_slice).unwrap_or_default();
    match unknown(request.uri().query().unwrap_or_default(), known) {
        None => next.run(request).await,
        Some(refused) => refused.into_response(),
    }
}

fn unknown(query: &str, known: &[String]) -> Option<Error> {
    let is_known = |name: &str| name == EVERYWHERE || known.iter().any(|known| known == name);
    let (name, _) = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| !is_known(name))?;
    let shown: String = name.chars().take(60).collect();
    let error = Error::bad_request(format!("there is no parameter `{shown}` here"));
    let names = known.iter().map(String::as_str).chain([EVERYWHERE]);
    let mut alike: Vec<(f64, &str)> = names
        .clone()
        .map(|known| (strsim::jaro_winkler(&shown.to_lowercase(), known), known))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .collect();
    alike.sort_by(|one, other| other.0.total_cmp(&one.0));
    let hint = match alike.first() {
        Some((_, nearest)) => format!("did you mean `{nearest}`?"),
        None => format!("there are {}", names.collect::<Vec<_>>().join(", ")),
    };
    Some(error.with_hint(hint))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_described_is_known_and_the_nearest_is_offered() {
        let known = ["health".to_owned(), "limit".to_owned()];
        assert!(unknown("health=degraded&limit=2&env=staging", &known).is_none());
        assert!(unknown("", &[]).is_none());
        let error = unknown("limit=1&heatlh=degraded", &known).unwrap();
        assert_eq!(error.message, "there is no parameter `heatlh` here");
        assert_eq!(error.hint.as_deref(), Some("did you mean `health`?"));
        let error = unknown("xyzzy", &known).unwrap();
        assert_eq!(error.hint.as_deref(), Some("there are health, limit, env"));
    }

    #[test]
    fn every_endpoint_of_the_description_is_found() {
        let lineage = &DESCRIBED[&("GET".to_owned(), "/api/v1/lineage".to_owned())];
        assert!(lineage.iter().any(|name| name == "select"), "{lineage:?}");
    }
}
