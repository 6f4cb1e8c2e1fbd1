//! What a request says, read with an answer that tells what is wrong with it.
//!
//! axum's own extractors refuse in plain text of many shapes; these refuse as every other error does.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::IntoResponse as _;
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};

use crate::error::Error;

/// The parameters of the address.
#[derive(Debug, Clone, Default)]
pub struct Parameters<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Parameters<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let read = Query::<T>::from_request_parts(parts, state).await;
        read.map(|Query(read)| Self(read))
            .map_err(|rejection| misread(&rejection.body_text(), parts.uri.query().unwrap_or_default()))
    }
}

/// What is wrong with a parameter: axum says `Failed to deserialize query string: NAME: REASON`.
fn misread(refusal: &str, query: &str) -> Error {
    let said = refusal.split_once(": ").map_or(refusal, |(_, said)| said);
    let named = said.split_once(": ").and_then(|(name, reason)| {
        let mut given = url::form_urlencoded::parse(query.as_bytes());
        let (_, value) = given.find(|(given, _)| given == name)?;
        Some((name, reason, value.chars().take(60).collect::<String>()))
    });
    let error = match named {
        Some((name, reason, value)) => {
            Error::bad_request(format!("the parameter `{name}` cannot be `{value}`: {reason}"))
        }
        None => Error::bad_request(format!("the address cannot be read: {said}")),
    };
    error.with_hint("the API's description is at `/api/openapi.json`")
}

/// The body, as JSON. An empty one stands for `{}`.
#[derive(Debug, Clone)]
pub struct JsonBody<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self, Error> {
        let bytes = Bytes::from_request(request, state).await.map_err(refused)?;
        let text: &[u8] = if bytes.is_empty() { b"{}" } else { &bytes };
        serde_json::from_slice(text).map(Self).map_err(|error| {
            // The position and the expectation; never the text, which may hold a secret.
            let place = format!("line {}, column {}", error.line(), error.column());
            match error.classify() {
                serde_json::error::Category::Data => {
                    Error::bad_request(format!("the body is not what is read here: {error}"))
                }
                _ => Error::bad_request(format!("the body is not JSON: it breaks off at {place}")),
            }
            .with_hint("the API's description is at `/api/openapi.json`")
        })
    }
}

fn refused(rejection: BytesRejection) -> Error {
    let status = rejection.into_response().status();
    if status == StatusCode::PAYLOAD_TOO_LARGE {
        Error::new(status, "TW-WEB-FORM-TOO-LARGE", "the body is larger than 2 MB")
    } else {
        Error::bad_request("the body broke off")
    }
}

/// Reads a secret that may be missing.
pub fn optional_secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SecretString>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.map(SecretString::from))
}

/// Reads a value that nothing shows again.
pub fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SecretString, D::Error> {
    String::deserialize(deserializer).map(SecretString::from)
}
