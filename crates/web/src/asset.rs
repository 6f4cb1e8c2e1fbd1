//! The program's own style sheet, scripts and pictures, embedded in the binary.

use std::fmt::Write as _;

use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG};
use axum::http::{HeaderMap, StatusCode, header::IF_NONE_MATCH};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;

use crate::error::Error;

#[derive(RustEmbed)]
#[folder = "assets/"]
struct Assets;

/// The address of a file below the base path, with the digest of its content: cached for ever, new when it is new.
pub fn address(base: &str, path: &'static str) -> String {
    match Assets::get(path) {
        Some(file) => format!("{base}/assets/{path}?v={}", digest(&file.metadata.sha256_hash())),
        None => format!("{base}/assets/{path}"),
    }
}

/// `GET /assets/{*path}`
pub async fn get(Path(path): Path<String>, headers: HeaderMap) -> Result<Response, Error> {
    let file = Assets::get(&path).ok_or_else(|| Error::not_found("file", &path))?;
    let tag = format!("\"{}\"", digest(&file.metadata.sha256_hash()));
    let is_known = headers
        .get(IF_NONE_MATCH)
        .is_some_and(|known| known.as_bytes() == tag.as_bytes());
    // Modules name one another without a digest, so even those are asked for again after a while.
    let common = [
        (ETAG, tag),
        (
            CACHE_CONTROL,
            "public, max-age=300, stale-while-revalidate=86400".to_owned(),
        ),
    ];
    if is_known {
        return Ok((StatusCode::NOT_MODIFIED, common).into_response());
    }
    let kind = file.metadata.mimetype().to_owned();
    let kind = if kind.starts_with("text/") {
        format!("{kind}; charset=utf-8")
    } else {
        kind
    };
    Ok((common, [(CONTENT_TYPE, kind)], file.data.into_owned()).into_response())
}

fn digest(hash: &[u8; 32]) -> String {
    hash[..8].iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_tells_contents_apart() {
        let address = address("/catalog", "app.css");
        assert!(address.starts_with("/catalog/assets/app.css?v="), "{address}");
        assert_eq!(super::address("", "none.css"), "/assets/none.css");
    }
}
