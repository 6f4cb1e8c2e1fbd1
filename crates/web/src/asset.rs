//! The program's own style sheets, scripts and pictures, embedded in the binary.
//!
//! ```text
//! /assets/5f0c…/page.js ─ imports ./page/say.js ─▶ /assets/5f0c…/page/say.js
//!         └ digest of all files together
//! ```
//!
//! Scripts are plain modules that import one another by relative addresses, and no tool rewrites those. So all files
//! stand below one digest: an address never changes its content and is cached for ever, and a new version of the program
//! never mixes with modules of the one before.

mod slim;

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;
use sha2::{Digest as _, Sha256};
use tailwater_core::picture::svg;

use crate::error::Error;

#[derive(RustEmbed)]
#[folder = "assets/"]
struct Files;

/// All files as they are served.
static ASSETS: LazyLock<Assets> = LazyLock::new(Assets::load);

struct Assets {
    /// Of all names and contents, in hexadecimal digits.
    digest: String,
    by_path: HashMap<String, Asset>,
}

struct Asset {
    kind: String,
    content: Cow<'static, [u8]>,
}

impl Assets {
    fn load() -> Self {
        let mut paths: Vec<_> = Files::iter().collect();
        paths.sort_unstable();
        let mut hash = Sha256::new();
        let mut by_path = HashMap::new();
        for path in paths {
            let Some(file) = Files::get(&path) else { continue };
            let kind = file.metadata.mimetype().to_owned();
            let is_text = kind.starts_with("text/");
            // Pictures look the same inside pages and as files of their own.
            let more = if path == "app.css" { svg::STYLE } else { "" };
            let content = match std::str::from_utf8(&file.data) {
                Ok(text) if is_text => Cow::Owned((slim::without_comments(text) + more).into_bytes()),
                _ => file.data,
            };
            hash.update(path.as_bytes());
            hash.update([0]);
            hash.update(&content);
            let kind = if is_text {
                format!("{kind}; charset=utf-8")
            } else {
                kind
            };
            by_path.insert(path.into_owned(), Asset { kind, content });
        }
        Self {
            digest: hexadecimal(&hash.finalize()[..8]),
            by_path,
        }
    }
}

/// The address of a file below the base path.
pub fn address(base: &str, path: &'static str) -> String {
    format!("{base}/assets/{}/{path}", ASSETS.digest)
}

/// `GET /assets/{*path}`
pub async fn get(Path(path): Path<String>) -> Result<Response, Error> {
    let (digest, name) = path.split_once('/').unwrap_or_default();
    let asset = ASSETS
        .by_path
        .get(name)
        .ok_or_else(|| Error::not_found("file", &path))?;
    // A page of the version before may still be open, and ask for what it lacks: it gets today's, for now.
    let lasts = if digest == ASSETS.digest {
        "public, max-age=31536000, immutable"
    } else {
        "no-store"
    };
    let headers = [(CACHE_CONTROL, lasts), (CONTENT_TYPE, asset.kind.as_str())];
    Ok((headers, asset.content.clone()).into_response())
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;

    use super::*;

    #[tokio::test]
    async fn a_file_is_kept_for_ever_under_the_present_digest_alone() {
        let address = address("/catalog", "page/say.js");
        let path = address.strip_prefix("/catalog/assets/").unwrap();
        let answer = get(Path(path.to_owned())).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.headers()[CONTENT_TYPE], "text/javascript; charset=utf-8");
        assert!(
            answer.headers()[CACHE_CONTROL]
                .to_str()
                .unwrap()
                .contains("immutable")
        );
        let old = get(Path("0000/page/say.js".to_owned())).await.unwrap();
        assert_eq!(old.headers()[CACHE_CONTROL], "no-store");
    }

    #[tokio::test]
    async fn what_is_not_embedded_is_not_found() {
        for path in ["", "x", "page.js", "x/../asset.rs", "x//etc/passwd", "x/page"] {
            assert!(get(Path(path.to_owned())).await.is_err(), "{path}");
        }
    }

    #[test]
    fn scripts_are_written_so_that_comments_can_be_told_line_by_line() {
        for path in Files::iter().filter(|path| path.ends_with(".js")) {
            let file = Files::get(&path).unwrap();
            let text = std::str::from_utf8(&file.data).unwrap();
            for (index, line) in slim::without_comments(text).lines().enumerate() {
                assert_eq!(
                    line.matches('`').count() % 2,
                    0,
                    "{path}: a text over lines: {line}"
                );
                let has_rest = line.contains("/*") || line.contains("*/") || line.starts_with('*');
                assert!(!has_rest, "{path}: {index}: a comment is left: {line}");
            }
        }
    }
}
