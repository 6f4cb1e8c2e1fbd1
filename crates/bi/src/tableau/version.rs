//! Versions of the REST API, compared as numbers: 3.9 comes before 3.10.

use std::fmt;
use std::str::FromStr;

/// A version such as `3.25`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ApiVersion {
    major: u32,
    minor: u32,
}

impl ApiVersion {
    pub(crate) const fn new(major: u32, minor: u32) -> Self {
        Self { major, minor }
    }

    /// The newest version that this connector was written against (Tableau 2026.2).
    pub(crate) const NEWEST_KNOWN: Self = Self { major: 3, minor: 29 };
    /// The first version with personal access tokens (Tableau 2019.4).
    pub(crate) const FIRST_WITH_TOKENS: Self = Self { major: 3, minor: 6 };
    /// The first version of Tableau Cloud in which connected apps sign in (June 2022).
    pub(crate) const FIRST_WITH_APPS_ON_CLOUD: Self = Self { major: 3, minor: 16 };
    /// The first version of Tableau Server in which they do (Tableau 2022.3).
    pub(crate) const FIRST_WITH_APPS: Self = Self { major: 3, minor: 17 };
    /// The first version of Tableau Server with labels.
    pub(crate) const FIRST_WITH_LABELS: Self = Self { major: 3, minor: 17 };
}

impl fmt::Display for ApiVersion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.major, self.minor)
    }
}

impl FromStr for ApiVersion {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (major, minor) = text.trim().split_once('.').ok_or(())?;
        let number = |digits: &str| digits.parse().map_err(|_| ());
        Ok(Self {
            major: number(major)?,
            minor: number(minor)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[test]
    fn versions_compare_as_numbers() {
        let version = |text: &str| text.parse::<ApiVersion>().unwrap();
        assert!(version("3.9") < version("3.10"));
        assert!(version("2.4") < ApiVersion::FIRST_WITH_TOKENS);
        assert_eq!(version(" 3.29 "), ApiVersion::NEWEST_KNOWN);
        assert_eq!(version("3.6").to_string(), "3.6");
    }

    #[rstest]
    #[case("")]
    #[case("3")]
    #[case("3.x")]
    #[case("3.6.1")]
    #[case("-3.6")]
    fn other_text_is_no_version(#[case] text: &str) {
        assert!(text.parse::<ApiVersion>().is_err());
    }
}
