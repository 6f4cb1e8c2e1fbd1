//! The mark on a generated exposure: whose it is, in `meta.tailwater`.
//!
//! dbt carries `meta` into its manifest, so that an exported exposure comes back with the next manifest. By its
//! mark it is known for what it is: not the authors' word on a dashboard, but our own.

use serde_json::{Map, Value};

use crate::id::{AssetId, IntegrationName};

/// The key in `meta`.
pub const META: &str = "tailwater";
/// The asset's id: in [`META`], whoever wrote the exposure.
pub const ID: &str = "id";
/// The integration's name: in [`META`].
pub const INTEGRATION: &str = "integration";
/// Whether an export wrote the exposure, and will write it again: in [`META`].
pub const GENERATED: &str = "generated";

/// What `meta.tailwater` says of an exposure that an export wrote.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    /// The asset behind it.
    pub asset: AssetId,
    /// The integration that imported it, under the name that it had then.
    pub integration: Option<IntegrationName>,
}

impl Mark {
    /// Reads the mark; `None` for an exposure that is kept by hand.
    pub fn of(meta: &Map<String, Value>) -> Option<Self> {
        let own = meta.get(META)?;
        if own.get(GENERATED)? != &Value::Bool(true) {
            return None;
        }
        Some(Self {
            asset: claimed_asset(meta)?,
            integration: own
                .get(INTEGRATION)
                .and_then(Value::as_str)
                .map(IntegrationName::from),
        })
    }
}

/// The asset that an exposure says it stands for: `meta.tailwater.id`, or the flat key `meta["tailwater.id"]`.
pub fn claimed_asset(meta: &Map<String, Value>) -> Option<AssetId> {
    meta.get(META)
        .and_then(|own| own.get(ID))
        .or_else(|| meta.get("tailwater.id"))
        .and_then(Value::as_str)
        .map(AssetId::from)
}
