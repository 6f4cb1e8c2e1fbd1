//! `sources.json`: how fresh the sources were.

use camino::Utf8Path;
use serde::Deserialize;
use tailwater_core::id::NodeId;
use tailwater_core::project::FreshnessCriteria;
use tailwater_core::run::{ArtifactMetadata, FreshnessResult, RunStatus, SourceFreshness};

use crate::artifact::{ArtifactKind, WireMetadata, instant};
use crate::error::Error;
use crate::lenient::{Block, Entries, Scalar};
use crate::manifest::WireFreshness;
use crate::{file, sniff};

/// Reads source freshness from a file, or from a directory that holds `sources.json` or
/// `target/sources.json`. Schemas v1 to v3 (dbt 1.0 and newer) are known.
pub fn load_sources(path: &Utf8Path) -> Result<SourceFreshness, Error> {
    let path = file::locate(path, ArtifactKind::Sources)?;
    let bytes = file::read(&path, ArtifactKind::Sources)?;
    read_sources(&bytes, path.as_str())
}

/// Reads source freshness from its bytes. `origin` names them in messages.
pub fn read_sources(bytes: &[u8], origin: &str) -> Result<SourceFreshness, Error> {
    let wanted = ArtifactKind::Sources;
    let (head, mut freshness) = sniff::read_object(bytes, origin, wanted, |json| {
        serde_json::from_slice::<WireSources>(json).map(|wire| {
            let freshness = wire.to_freshness();
            (wire.metadata.0, freshness)
        })
    })?;
    freshness.metadata = head
        .check(wanted, origin, || sniff::describe_object(bytes))?
        .metadata;
    Ok(freshness)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WireSources<'a> {
    metadata: Block<WireMetadata>,
    #[serde(borrow)]
    results: Entries<'a, WireResult<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WireResult<'a> {
    #[serde(borrow)]
    unique_id: Scalar<'a>,
    #[serde(borrow)]
    status: Scalar<'a>,
    #[serde(borrow)]
    error: Scalar<'a>,
    #[serde(borrow)]
    max_loaded_at: Scalar<'a>,
    #[serde(borrow)]
    snapshotted_at: Scalar<'a>,
    #[serde(borrow)]
    max_loaded_at_time_ago_in_s: Scalar<'a>,
    criteria: Block<WireFreshness>,
}

impl WireSources<'_> {
    fn to_freshness(&self) -> SourceFreshness {
        let results = self.results.0.iter().filter_map(|(key, wire)| {
            let unique_id = wire.unique_id.as_text().unwrap_or(key);
            (!unique_id.is_empty()).then(|| FreshnessResult {
                unique_id: NodeId::from(unique_id),
                status: RunStatus::from(wire.status.as_text().unwrap_or_default()),
                max_loaded_at: wire.max_loaded_at.as_text().and_then(instant),
                snapshotted_at: wire.snapshotted_at.as_text().and_then(instant),
                age_seconds: wire.max_loaded_at_time_ago_in_s.to_float(),
                criteria: FreshnessCriteria {
                    warn_after_seconds: wire.criteria.0.warn_after.0.to_seconds(),
                    error_after_seconds: wire.criteria.0.error_after.0.to_seconds(),
                },
                error: wire.error.to_text(),
            })
        });
        SourceFreshness {
            metadata: ArtifactMetadata::default(),
            results: results.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_and_runtime_errors_are_read() {
        let text = r#"{"metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/sources/v3.json"}, "results": [
            {"unique_id": "source.shop.raw.a", "status": "warn", "max_loaded_at": "2026-01-01T00:00:00Z",
             "snapshotted_at": "2026-01-02T00:00:00", "max_loaded_at_time_ago_in_s": 86400,
             "criteria": {"warn_after": {"count": 12, "period": "hour"}, "error_after": {"count": null, "period": null}}},
            {"unique_id": "source.shop.raw.b", "status": "runtime error", "error": "no such table"}]}"#;
        let freshness = read_sources(text.as_bytes(), "sources.json").unwrap();
        let [warned, failed] = &freshness.results[..] else {
            panic!("two results");
        };
        assert_eq!(warned.status, RunStatus::Warn);
        assert_eq!(
            warned.snapshotted_at.unwrap() - warned.max_loaded_at.unwrap(),
            chrono::TimeDelta::days(1)
        );
        assert_eq!(warned.criteria.warn_after_seconds, Some(43_200));
        assert_eq!(warned.criteria.error_after_seconds, None);
        assert_eq!(failed.status, RunStatus::RuntimeError);
        assert_eq!(failed.error.as_deref(), Some("no such table"));
    }
}
