//! Points in time as the site file writes them: a TOML date-time or the same as text.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, de};

/// An instant in UTC, read from `2025-03-04T05:06:07Z` with or without quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Instant(pub DateTime<Utc>);

#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Native(toml::value::Datetime),
    Text(String),
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = match Written::deserialize(deserializer)? {
            Written::Native(value) => value.to_string(),
            Written::Text(text) => text,
        };
        DateTime::parse_from_rfc3339(&text)
            .map(|instant| Self(instant.with_timezone(&Utc)))
            .map_err(|_| de::Error::custom(format!("`{text}` is not an instant like 2025-03-04T05:06:07Z")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Holder {
        at: Instant,
    }

    #[test]
    fn quoted_and_bare_instants_mean_the_same() {
        let bare: Holder = toml::from_str("at = 2025-03-04T05:06:07Z").unwrap();
        let quoted: Holder = toml::from_str("at = \"2025-03-04T06:06:07+01:00\"").unwrap();
        assert_eq!(bare.at, quoted.at);
    }

    #[test]
    fn a_date_alone_is_refused() {
        assert!(toml::from_str::<Holder>("at = 2025-03-04").is_err());
    }
}
