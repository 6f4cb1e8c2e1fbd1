//! Text as a segment of a path, or as a value of a query.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};

/// Everything but letters, digits and `-._~` (RFC 3986, unreserved characters).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Encodes everything but unreserved characters. The answer can be shown, or read piece by piece.
pub fn percent_encoded(text: &str) -> PercentEncode<'_> {
    utf8_percent_encode(text, RESERVED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_safe_in_a_path() {
        assert_eq!(percent_encoded("model.shop.a").to_string(), "model.shop.a");
        assert_eq!(percent_encoded("a/b?c=%é").to_string(), "a%2Fb%3Fc%3D%25%C3%A9");
    }
}
