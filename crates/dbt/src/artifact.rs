//! The kinds of artifact, and the `metadata` head that all of them share.

use std::fmt;

use chrono::{DateTime, NaiveDateTime, Utc};
use serde::{Deserialize, Serialize};
use tailwater_core::run::ArtifactMetadata;

use crate::error::Error;
use crate::lenient::Text;
use crate::sniff::shortened;

/// The artifacts that this crate reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ArtifactKind {
    /// `manifest.json`: what the project declares.
    Manifest,
    /// `run_results.json`: how the nodes of one invocation ended.
    RunResults,
    /// `sources.json`: how fresh the sources were.
    Sources,
    /// `catalog.json`: what is in the warehouse.
    Catalog,
}

impl ArtifactKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Manifest, Self::RunResults, Self::Sources, Self::Catalog];

    /// Reads the word in JSON and in the store.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The word in JSON and in the store.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Manifest => "manifest",
            Self::RunResults => "run_results",
            Self::Sources => "sources",
            Self::Catalog => "catalog",
        }
    }

    /// The name of the file in dbt's target directory.
    pub const fn file_name(self) -> &'static str {
        match self {
            Self::Manifest => "manifest.json",
            Self::RunResults => "run_results.json",
            Self::Sources => "sources.json",
            Self::Catalog => "catalog.json",
        }
    }

    /// The word for it in `dbt_schema_version`.
    const fn schema_name(self) -> &'static str {
        match self {
            Self::Manifest => "manifest",
            Self::RunResults => "run-results",
            Self::Sources => "sources",
            Self::Catalog => "catalog",
        }
    }

    /// The dbt command that writes it.
    pub const fn command(self) -> &'static str {
        match self {
            Self::Manifest => "`dbt parse` or `dbt build`",
            Self::RunResults => "`dbt build`",
            Self::Sources => "`dbt source freshness`",
            Self::Catalog => "`dbt docs generate`",
        }
    }

    /// The oldest schema that is read. dbt 1.0 wrote manifest v4 and run results v4.
    const fn oldest(self) -> u32 {
        match self {
            Self::Manifest | Self::RunResults => 4,
            Self::Sources | Self::Catalog => 1,
        }
    }

    /// Whether a schema's version is one whose content is known. v20 is what dbt 2 declares.
    const fn is_known(self, version: u32) -> bool {
        match self {
            Self::Manifest => matches!(version, 4..=12 | 20),
            Self::RunResults => matches!(version, 4..=6),
            Self::Sources => matches!(version, 1..=3),
            Self::Catalog => version == 1,
        }
    }
}

impl fmt::Display for ArtifactKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Manifest => "manifest",
            Self::RunResults => "run results file",
            Self::Sources => "source freshness file",
            Self::Catalog => "catalog",
        })
    }
}

/// The `metadata` block as it stands in the file.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct WireMetadata {
    pub dbt_schema_version: Text,
    pub dbt_version: Text,
    pub generated_at: Text,
    pub invocation_id: Text,
    pub adapter_type: Text,
    pub project_name: Text,
    pub project_id: Text,
}

/// The head of an artifact that proved to be of the wanted kind, and what to tell about it.
pub(crate) struct Head {
    pub metadata: ArtifactMetadata,
    pub notes: Vec<String>,
}

impl WireMetadata {
    /// The kind of artifact that the schema version names.
    pub fn kind(&self) -> Option<ArtifactKind> {
        let (found, _) = self.dbt_schema_version.0.as_deref().and_then(schema_of)?;
        ArtifactKind::ALL
            .into_iter()
            .find(|kind| kind.schema_name() == found)
    }

    /// Checks that the artifact is of the wanted kind and not too old.
    ///
    /// `missing` says what a file without a schema version seems to be.
    pub fn check(
        &self,
        wanted: ArtifactKind,
        origin: &str,
        missing: impl FnOnce() -> String,
    ) -> Result<Head, Error> {
        let schema = self.dbt_schema_version.0.as_deref();
        let Some((found, version)) = schema.and_then(schema_of) else {
            return Err(Error::NotAnArtifact {
                origin: origin.to_owned(),
                seems: schema.map_or_else(missing, |schema| {
                    format!("its `dbt_schema_version` is `{}`", shortened(schema))
                }),
                wanted,
            });
        };
        if found != wanted.schema_name() {
            return Err(Error::WrongArtifact {
                origin: origin.to_owned(),
                found: ArtifactKind::ALL
                    .into_iter()
                    .find(|kind| kind.schema_name() == found)
                    .map_or_else(
                        || format!("`{}` artifact", shortened(&found)),
                        |kind| kind.to_string(),
                    ),
                wanted,
            });
        }
        if version < wanted.oldest() {
            return Err(Error::TooOld {
                origin: origin.to_owned(),
                wanted,
                version,
                oldest: wanted.oldest(),
                writer: self.dbt_version.0.as_deref().map_or_else(
                    || "an unknown dbt".to_owned(),
                    |version| format!("dbt {}", shortened(version)),
                ),
            });
        }
        let mut notes = Vec::new();
        if !wanted.is_known(version) {
            notes.push(format!(
                "the {wanted} declares schema v{version}, which is newer than this release knows; it was read as far as it is understood"
            ));
        }
        Ok(Head {
            metadata: ArtifactMetadata {
                dbt_version: self.dbt_version.0.clone().unwrap_or_default(),
                schema_version: version,
                generated_at: self.generated_at.0.as_deref().and_then(instant),
                invocation_id: self.invocation_id.0.clone(),
            },
            notes,
        })
    }
}

/// Reads `https://schemas.getdbt.com/dbt/manifest/v12.json` as `("manifest", 12)`.
fn schema_of(url: &str) -> Option<(String, u32)> {
    let segments: Vec<&str> = url.trim().trim_end_matches('/').split('/').collect();
    let at = segments
        .iter()
        .rposition(|segment| version_of(segment).is_some())?;
    let kind = segments.get(at.checked_sub(1)?)?;
    Some((
        kind.to_ascii_lowercase().replace('_', "-"),
        version_of(segments[at])?,
    ))
}

/// Reads `v12`, `v12.json` or `v12.1.json` as 12.
fn version_of(segment: &str) -> Option<u32> {
    segment.strip_prefix('v')?.split('.').next()?.parse().ok()
}

/// Reads an instant as dbt writes it: RFC 3339, in old versions without a zone, then in UTC.
pub(crate) fn instant(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim();
    DateTime::parse_from_rfc3339(text)
        .map(|instant| instant.to_utc())
        .ok()
        .or_else(|| {
            ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f"]
                .into_iter()
                .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
                .map(|instant| instant.and_utc())
        })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("https://schemas.getdbt.com/dbt/manifest/v12.json", Some(("manifest", 12)))]
    #[case("https://schemas.getdbt.com/dbt/run-results/v6.json", Some(("run-results", 6)))]
    #[case("https://schemas.getdbt.com/dbt/manifest/v20/manifest.json", Some(("manifest", 20)))]
    #[case("https://schemas.getdbt.com/dbt/manifest/v12/", Some(("manifest", 12)))]
    #[case("https://json-schema.org/draft-07/schema", None)]
    #[case("v12", None)]
    #[case("", None)]
    fn schema_addresses_are_read(#[case] url: &str, #[case] expected: Option<(&str, u32)>) {
        let expected = expected.map(|(kind, version)| (kind.to_owned(), version));
        assert_eq!(schema_of(url), expected);
    }

    #[rstest]
    #[case("2024-05-06T07:08:09.123456Z")]
    #[case("2024-05-06T07:08:09.123456")]
    #[case("2024-05-06 07:08:09.123456")]
    #[case("2024-05-06T09:08:09.123456+02:00")]
    fn instants_with_and_without_a_zone_are_read(#[case] text: &str) {
        let read = instant(text).map(|instant| instant.to_rfc3339());
        assert_eq!(read.as_deref(), Some("2024-05-06T07:08:09.123456+00:00"));
    }
}
