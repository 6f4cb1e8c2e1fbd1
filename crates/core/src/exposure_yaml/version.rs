//! What a version of dbt expects where.

use serde::{Deserialize, Serialize};

/// A version of dbt, as far as the YAML of exposures depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DbtVersion {
    /// The first number.
    pub major: u32,
    /// The second number.
    pub minor: u32,
}

impl DbtVersion {
    /// The form that is written where the version is not known: today's.
    pub const TODAY: Self = Self::new(1, 10);

    /// A version.
    pub const fn new(major: u32, minor: u32) -> Self {
        Self { major, minor }
    }

    /// Reads `1.11.16`, `1.10.0b3` or `2.0.0-preview.76`; today's where that cannot be read.
    pub fn parse(text: &str) -> Self {
        let mut numbers = text.trim().split('.').map(|part| {
            let digits = part.find(|character: char| !character.is_ascii_digit());
            part[..digits.unwrap_or(part.len())].parse::<u32>().ok()
        });
        match (numbers.next().flatten(), numbers.next().flatten()) {
            (Some(major), Some(minor)) => Self::new(major, minor),
            _ => Self::TODAY,
        }
    }

    /// Whether `tags` and `meta` stand under `config`. At the top level they are deprecated since 1.10, before
    /// it they were known nowhere else.
    pub fn has_config(self) -> bool {
        self >= Self::new(1, 10)
    }

    /// Whether exposures have a `label` (dbt-core pull request 5844, in 1.3). An older dbt refuses the key.
    pub fn has_label(self) -> bool {
        self >= Self::new(1, 3)
    }

    /// Whether an owner must have an address. Since 1.5 a name is enough.
    pub fn needs_owner_email(self) -> bool {
        self < Self::new(1, 5)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("1.11.16", 1, 11)]
    #[case("1.10.0b3", 1, 10)]
    #[case("2.0.0-preview.76", 2, 0)]
    #[case("2.0-dev", 2, 0)]
    #[case("0.21.1", 0, 21)]
    #[case("", 1, 10)]
    #[case("latest", 1, 10)]
    #[case("99999999999.1", 1, 10)]
    fn versions_are_read(#[case] text: &str, #[case] major: u32, #[case] minor: u32) {
        assert_eq!(DbtVersion::parse(text), DbtVersion::new(major, minor));
    }

    #[test]
    fn config_is_known_since_1_10() {
        assert!(!DbtVersion::parse("1.9.8").has_config());
        assert!(DbtVersion::parse("1.10.0").has_config() && DbtVersion::parse("2.0.0").has_config());
    }
}
