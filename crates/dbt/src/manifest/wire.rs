//! The fields of a manifest's entries that are needed, as they stand in the file.
//!
//! One struct serves every kind of entry: what a kind does not have is absent. Names are dbt's. What is not
//! named here (raw and compiled code, `refs`, checksums, …) is skipped without being held.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::lenient::{Block, Entries, Scalar, Texts};

/// An entry of `nodes`, `sources`, `exposures`, `metrics`, …
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct WireNode<'a> {
    #[serde(borrow)]
    pub unique_id: Scalar<'a>,
    #[serde(borrow)]
    pub resource_type: Scalar<'a>,
    #[serde(borrow)]
    pub name: Scalar<'a>,
    #[serde(borrow)]
    pub package_name: Scalar<'a>,
    #[serde(borrow)]
    pub original_file_path: Scalar<'a>,
    #[serde(borrow)]
    pub patch_path: Scalar<'a>,
    /// Up to dbt 1.3: where the package lies on the disk of the machine that wrote the manifest.
    #[serde(borrow)]
    pub root_path: Scalar<'a>,
    pub fqn: Texts,
    #[serde(borrow)]
    pub description: Scalar<'a>,
    pub tags: Option<Texts>,
    #[serde(borrow)]
    pub config: Option<&'a RawValue>,
    #[serde(borrow)]
    pub meta: Option<&'a RawValue>,
    #[serde(borrow)]
    pub columns: Entries<'a, WireColumn<'a>>,
    pub depends_on: Block<WireDependsOn>,
    #[serde(borrow)]
    pub group: Scalar<'a>,

    // Relations.
    #[serde(borrow)]
    pub database: Scalar<'a>,
    #[serde(borrow)]
    pub schema: Scalar<'a>,
    #[serde(borrow)]
    pub alias: Scalar<'a>,
    #[serde(borrow)]
    pub relation_name: Scalar<'a>,

    // Models.
    #[serde(borrow)]
    pub access: Scalar<'a>,
    #[serde(borrow)]
    pub version: Scalar<'a>,
    #[serde(borrow)]
    pub latest_version: Scalar<'a>,

    // Sources.
    #[serde(borrow)]
    pub source_name: Scalar<'a>,
    #[serde(borrow)]
    pub identifier: Scalar<'a>,
    pub freshness: Block<WireFreshness>,

    // Tests.
    #[serde(borrow)]
    pub column_name: Scalar<'a>,
    #[serde(borrow)]
    pub attached_node: Scalar<'a>,
    /// Of unit tests that dbt 2 wrote, instead of `attached_node`.
    #[serde(borrow)]
    pub tested_node_unique_id: Scalar<'a>,
    #[serde(borrow)]
    pub test_metadata: Option<Block<WireTestMetadata<'a>>>,

    // Exposures.
    #[serde(borrow, rename = "type")]
    pub kind: Scalar<'a>,
    #[serde(borrow)]
    pub label: Scalar<'a>,
    #[serde(borrow)]
    pub url: Scalar<'a>,
    #[serde(borrow)]
    pub maturity: Scalar<'a>,
    pub owner: Block<WireOwner>,

    // Macros; of other entries a list of other things or nothing.
    #[serde(borrow)]
    pub arguments: Entries<'a, WireArgument<'a>>,
}

/// A described argument of a macro.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct WireArgument<'a> {
    #[serde(borrow)]
    pub name: Scalar<'a>,
    #[serde(borrow, rename = "type")]
    pub kind: Scalar<'a>,
    #[serde(borrow)]
    pub description: Scalar<'a>,
}

/// A declared column.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct WireColumn<'a> {
    #[serde(borrow)]
    pub name: Scalar<'a>,
    #[serde(borrow)]
    pub data_type: Scalar<'a>,
    #[serde(borrow)]
    pub description: Scalar<'a>,
}

/// What an entry reads; its macros are not needed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct WireDependsOn {
    pub nodes: Texts,
}

/// What a generic test is an instance of.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct WireTestMetadata<'a> {
    #[serde(borrow)]
    pub name: Scalar<'a>,
    #[serde(borrow)]
    pub namespace: Scalar<'a>,
}

/// The owner of an exposure or group. Since dbt 1.9 there may be several addresses.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct WireOwner {
    pub name: Texts,
    pub email: Texts,
}

/// How old a source's data may get.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct WireFreshness {
    pub warn_after: Block<WirePeriod>,
    pub error_after: Block<WirePeriod>,
}

/// `{"count": 12, "period": "hour"}`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct WirePeriod {
    pub count: crate::lenient::Text,
    pub period: crate::lenient::Text,
}

impl WirePeriod {
    /// The length in seconds; `None` when either half is missing or unknown.
    pub fn to_seconds(&self) -> Option<u64> {
        let unit = match self.period.0.as_deref()? {
            "minute" => 60,
            "hour" => 3_600,
            "day" => 86_400,
            _ => return None,
        };
        self.count.0.as_deref()?.parse::<u64>().ok()?.checked_mul(unit)
    }
}
