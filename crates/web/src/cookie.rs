//! The three cookies: the session, the theme, and whether single-key shortcuts are on.

use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderValue};
use cookie::{Cookie, SameSite, time::Duration};

/// Holds the session's secret. Unreadable for scripts.
pub const SESSION: &str = "tailwater_session";
/// `light`, `dark`, or absent: as the system has it.
pub const THEME: &str = "tailwater_theme";
/// `off`, or absent: on.
pub const SHORTCUTS: &str = "tailwater_shortcuts";

/// A cookie's value, when it was sent.
pub fn find(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|header| header.to_str().ok())
        .flat_map(|header| header.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(found, _)| *found == name)
        .map(|(_, value)| value.to_owned())
}

/// How cookies are set here: below the base path, over TLS alone where the product is reached by it.
#[derive(Debug, Clone)]
pub struct CookieJar {
    /// The base path, or `/`.
    pub path: String,
    /// Whether visitors come by https.
    pub is_secure: bool,
}

impl CookieJar {
    /// Keeps a session's secret until the session ends.
    pub fn session(&self, secret: &str, lasts_days: i64) -> HeaderValue {
        self.header(SESSION, secret, Duration::days(lasts_days), true)
    }

    /// Forgets a cookie.
    pub fn forget(&self, name: &'static str) -> HeaderValue {
        self.header(name, "", Duration::ZERO, true)
    }

    /// Keeps a preference for a year.
    pub fn preference(&self, name: &'static str, value: &'static str) -> HeaderValue {
        self.header(name, value, Duration::days(365), true)
    }

    fn header(&self, name: &'static str, value: &str, lasts: Duration, is_hidden: bool) -> HeaderValue {
        let cookie = Cookie::build((name, value))
            .path(self.path.clone())
            .same_site(SameSite::Lax)
            .http_only(is_hidden)
            .secure(self.is_secure)
            .max_age(lasts)
            .build();
        // Names are ours and values are base64 or words: what cannot stand in a header never comes here.
        HeaderValue::from_str(&cookie.to_string()).unwrap_or(HeaderValue::from_static(""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_by_its_whole_name() {
        let mut headers = HeaderMap::new();
        headers.insert(
            COOKIE,
            HeaderValue::from_static("x_tailwater_theme=no; tailwater_theme=dark;b=c"),
        );
        assert_eq!(find(&headers, THEME).as_deref(), Some("dark"));
        assert_eq!(find(&headers, SESSION), None);
    }

    #[test]
    fn the_session_is_hidden_from_scripts_and_from_plain_http() {
        let jar = CookieJar {
            path: "/catalog".to_owned(),
            is_secure: true,
        };
        let header = jar.session("abc", 14);
        let text = header.to_str().unwrap();
        for part in [
            "tailwater_session=abc",
            "HttpOnly",
            "SameSite=Lax",
            "Secure",
            "Path=/catalog",
        ] {
            assert!(text.contains(part), "{text}");
        }
    }
}
