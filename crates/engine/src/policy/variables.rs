//! dbt's own environment variables, as its platform reads them.

use tailwater_core::refresh::PolicyPart;

/// Whether extracts are refreshed: `1` or `true`, `0` or `false`.
pub const ACTIVE: &str = "DBT_ACTIVE_EXPOSURES";
/// The shortest time between two refreshes, in minutes.
pub const BUILD_AFTER: &str = "DBT_ACTIVE_EXPOSURES_BUILD_AFTER";

/// What dbt's variables say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DbtVariables {
    /// `DBT_ACTIVE_EXPOSURES`.
    pub active: Option<bool>,
    /// `DBT_ACTIVE_EXPOSURES_BUILD_AFTER`.
    pub build_after_minutes: Option<u32>,
}

impl DbtVariables {
    /// Reads them from an environment: the process's, or that of a job. What makes no sense says nothing.
    pub fn read(find: impl Fn(&str) -> Option<String>) -> Self {
        let active = find(ACTIVE).and_then(|text| match text.trim().to_ascii_lowercase().as_str() {
            "1" | "true" | "yes" | "on" => Some(true),
            "0" | "false" | "no" | "off" => Some(false),
            _ => None,
        });
        Self {
            active,
            build_after_minutes: find(BUILD_AFTER).and_then(|text| text.trim().parse().ok()),
        }
    }

    /// As a part of a policy.
    pub fn part(self) -> PolicyPart {
        PolicyPart {
            enabled: self.active,
            interval_minutes: self.build_after_minutes,
            ..PolicyPart::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(None, None, None, None)]
    #[case(Some("1"), Some("60"), Some(true), Some(60))]
    #[case(Some(" TRUE "), Some(" 0 "), Some(true), Some(0))]
    #[case(Some("0"), Some("-1"), Some(false), None)]
    #[case(Some(""), Some("an hour"), None, None)]
    fn as_dbt_reads_them(
        #[case] active: Option<&str>,
        #[case] after: Option<&str>,
        #[case] is_active: Option<bool>,
        #[case] minutes: Option<u32>,
    ) {
        let read = DbtVariables::read(|name| {
            let text = if name == ACTIVE { active } else { after };
            text.map(ToOwned::to_owned)
        });
        assert_eq!((read.active, read.build_after_minutes), (is_active, minutes));
    }
}
