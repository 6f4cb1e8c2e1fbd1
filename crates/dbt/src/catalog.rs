//! `catalog.json`: the relations that dbt found in the warehouse.

use camino::Utf8Path;
use serde::Deserialize;
use tailwater_core::id::NodeId;
use tailwater_core::project::Column;
use tailwater_core::relation::RelationName;
use tailwater_core::run::{ArtifactMetadata, WarehouseCatalog, WarehouseTable};

use crate::artifact::{ArtifactKind, WireMetadata};
use crate::error::Error;
use crate::lenient::{Block, Entries, Scalar};
use crate::{file, sniff};

/// The ids under which adapters report the number of rows: Snowflake and Redshift, BigQuery, Spark.
const ROW_COUNT_IDS: [&str; 4] = ["row_count", "num_rows", "rows", "number_of_rows"];
/// The ids under which adapters report the size in bytes.
const BYTES_IDS: [&str; 3] = ["bytes", "num_bytes", "size_in_bytes"];

/// Reads a catalog from a file, or from a directory that holds `catalog.json` or `target/catalog.json`.
/// Schema v1 is the only one there is.
pub fn load_catalog(path: &Utf8Path) -> Result<WarehouseCatalog, Error> {
    let path = file::locate(path, ArtifactKind::Catalog)?;
    let bytes = file::read(&path, ArtifactKind::Catalog)?;
    read_catalog(&bytes, path.as_str())
}

/// Reads a catalog from its bytes. `origin` names them in messages.
pub fn read_catalog(bytes: &[u8], origin: &str) -> Result<WarehouseCatalog, Error> {
    let wanted = ArtifactKind::Catalog;
    let (head, mut catalog) = sniff::read_object(bytes, origin, wanted, |json| {
        serde_json::from_slice::<WireCatalog>(json).map(|wire| {
            let catalog = wire.to_catalog();
            (wire.metadata.0, catalog)
        })
    })?;
    catalog.metadata = head
        .check(wanted, origin, || sniff::describe_object(bytes))?
        .metadata;
    Ok(catalog)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WireCatalog<'a> {
    metadata: Block<WireMetadata>,
    #[serde(borrow)]
    nodes: Entries<'a, WireTable<'a>>,
    #[serde(borrow)]
    sources: Entries<'a, WireTable<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WireTable<'a> {
    #[serde(borrow)]
    unique_id: Scalar<'a>,
    #[serde(borrow)]
    metadata: Block<WireTableMetadata<'a>>,
    #[serde(borrow)]
    columns: Entries<'a, WireColumn<'a>>,
    #[serde(borrow)]
    stats: Entries<'a, WireStatistic<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WireTableMetadata<'a> {
    #[serde(borrow, rename = "type")]
    kind: Scalar<'a>,
    #[serde(borrow)]
    database: Scalar<'a>,
    #[serde(borrow)]
    schema: Scalar<'a>,
    #[serde(borrow)]
    name: Scalar<'a>,
    #[serde(borrow)]
    comment: Scalar<'a>,
    #[serde(borrow)]
    owner: Scalar<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WireColumn<'a> {
    #[serde(borrow)]
    name: Scalar<'a>,
    #[serde(borrow, rename = "type")]
    kind: Scalar<'a>,
    #[serde(borrow)]
    index: Scalar<'a>,
    #[serde(borrow)]
    comment: Scalar<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WireStatistic<'a> {
    #[serde(borrow)]
    id: Scalar<'a>,
    #[serde(borrow)]
    value: Scalar<'a>,
}

impl WireCatalog<'_> {
    fn to_catalog(&self) -> WarehouseCatalog {
        let tables = self.nodes.0.iter().chain(&self.sources.0);
        WarehouseCatalog {
            metadata: ArtifactMetadata::default(),
            tables: tables
                .filter_map(|(key, wire)| {
                    let unique_id = wire.unique_id.as_text().unwrap_or(key);
                    (!unique_id.is_empty()).then(|| (NodeId::from(unique_id), wire.to_table()))
                })
                .collect(),
        }
    }
}

impl WireTable<'_> {
    fn to_table(&self) -> WarehouseTable {
        let metadata = &self.metadata.0;
        let mut columns: Vec<_> = self
            .columns
            .0
            .iter()
            .map(|(key, wire)| {
                let column = Column {
                    name: wire.name.to_text().unwrap_or_else(|| key.to_string()),
                    data_type: wire.kind.to_text(),
                    description: wire.comment.to_text(),
                };
                (wire.index.to_integer().unwrap_or(i64::MAX), column)
            })
            .filter(|(_, column)| !column.name.is_empty())
            .collect();
        columns.sort_by_key(|&(index, _)| index);
        WarehouseTable {
            name: RelationName::new(
                metadata.database.as_text(),
                metadata.schema.as_text(),
                metadata.name.as_text().unwrap_or_default(),
            ),
            kind: metadata.kind.to_text().unwrap_or_default(),
            comment: metadata.comment.to_text(),
            owner: metadata.owner.to_text(),
            columns: columns.into_iter().map(|(_, column)| column).collect(),
            row_count: self.statistic(&ROW_COUNT_IDS),
            bytes: self.statistic(&BYTES_IDS),
        }
    }

    /// The first of the statistics that is there and is a count.
    fn statistic(&self, ids: &[&str]) -> Option<u64> {
        ids.iter().find_map(|&wanted| {
            self.stats
                .0
                .iter()
                .find(|(key, wire)| wire.id.as_text().unwrap_or(key) == wanted)
                .and_then(|(_, wire)| wire.value.to_integer())
                .and_then(|value| u64::try_from(value).ok())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_in_the_warehouses_order_and_statistics_are_found_by_any_name() {
        let text = r#"{"metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/catalog/v1.json"},
            "nodes": {"model.shop.a": {"metadata": {"type": "BASE TABLE", "database": "P", "schema": "S", "name": "A"},
                "columns": {"Y": {"type": "TEXT", "index": 2, "name": "Y"}, "X": {"type": "INT", "index": 1, "name": "X"}},
                "stats": {"num_rows": {"id": "num_rows", "value": 12.0}, "bytes": {"id": "bytes", "value": "34"},
                    "has_stats": {"id": "has_stats", "value": true}}}},
            "sources": {"source.shop.raw.b": {"stats": null}}, "errors": null}"#;
        let catalog = read_catalog(text.as_bytes(), "catalog.json").unwrap();
        assert_eq!(catalog.tables.len(), 2);
        let table = &catalog.tables["model.shop.a"];
        assert_eq!(table.name.to_string(), "P.S.A");
        let columns: Vec<_> = table.columns.iter().map(|column| column.name.as_str()).collect();
        assert_eq!(columns, ["X", "Y"]);
        assert_eq!((table.row_count, table.bytes), (Some(12), Some(34)));
    }
}
