//! What the Metadata API sends. The schema's promises do not hold for answers that were cut short: every
//! list may be null and hold nulls, every field may be missing.

use serde::{Deserialize, Deserializer};

/// A list that may be null and may hold nulls.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::struct_field_names,
    reason = "the items of Items are what nearly every reader wants"
)]
pub(crate) struct Items<T> {
    /// What is there.
    pub(crate) items: Vec<T>,
    /// How many entries were null.
    pub(crate) nulls: usize,
    /// Whether null stood in place of the list.
    pub(crate) is_null: bool,
}

impl<T> Default for Items<T> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            nulls: 0,
            is_null: false,
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Items<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let list = Option::<Vec<Option<T>>>::deserialize(deserializer)?;
        let is_null = list.is_none();
        let list = list.unwrap_or_default();
        let length = list.len();
        let items: Vec<T> = list.into_iter().flatten().collect();
        Ok(Self {
            nulls: length - items.len(),
            items,
            is_null,
        })
    }
}

impl<T> Items<T> {
    pub(crate) const fn is_empty(&self) -> bool {
        self.items.is_empty() && self.nulls == 0
    }

    /// Whether something may stand where null came.
    pub(crate) const fn has_gaps(&self) -> bool {
        self.nulls > 0 || self.is_null
    }
}

/// `data` of every query: one root collection under the name `page`.
#[derive(Debug, Deserialize)]
#[serde(bound = "T: Deserialize<'de>")]
pub(crate) struct Data<T> {
    #[serde(default)]
    pub(crate) page: Option<Page<T>>,
}

impl<T> Default for Data<T> {
    fn default() -> Self {
        Self { page: None }
    }
}

/// One page of a collection.
#[derive(Debug, Deserialize)]
#[serde(bound = "T: Deserialize<'de>", rename_all = "camelCase")]
pub(crate) struct Page<T> {
    #[serde(default)]
    pub(crate) nodes: Items<T>,
    #[serde(default, rename = "pageInfo")]
    pub(crate) info: Option<PageInfo>,
    #[serde(default)]
    pub(crate) total_count: Option<u64>,
}

impl<T> Default for Page<T> {
    fn default() -> Self {
        Self {
            nodes: Items::default(),
            info: None,
            total_count: None,
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PageInfo {
    #[serde(default)]
    pub(crate) has_next_page: Option<bool>,
    #[serde(default)]
    pub(crate) end_cursor: Option<String>,
}

/// An object around one nested collection.
#[derive(Debug, Deserialize)]
#[serde(bound = "T: Deserialize<'de>")]
pub(crate) struct Around<T> {
    #[serde(default)]
    pub(crate) inner: Option<Page<T>>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Workbook {
    pub(crate) luid: Option<String>,
    pub(crate) vizportal_url_id: Option<String>,
    pub(crate) owner: Option<Owner>,
    pub(crate) sheets: Items<Sheet>,
    pub(crate) dashboards: Items<Dashboard>,
    pub(crate) embedded_datasources: Items<DataSource>,
    pub(crate) upstream_tables: Items<Table>,
    pub(crate) upstream_virtual_connection_tables: Items<Named>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Owner {
    pub(crate) luid: Option<String>,
    pub(crate) username: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) email: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Sheet {
    pub(crate) id: Option<String>,
    /// Empty for hidden sheets.
    pub(crate) luid: Option<String>,
    pub(crate) name: Option<String>,
    /// `{workbook}/{view}`; empty for hidden sheets.
    pub(crate) path: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Dashboard {
    pub(crate) id: Option<String>,
    pub(crate) luid: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) path: Option<String>,
    pub(crate) sheets: Items<Named>,
}

/// An embedded or a published data source.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct DataSource {
    pub(crate) id: Option<String>,
    /// Of published ones alone.
    pub(crate) luid: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) vizportal_url_id: Option<String>,
    pub(crate) has_extracts: Option<bool>,
    pub(crate) extract_last_refresh_time: Option<String>,
    pub(crate) extract_last_incremental_update_time: Option<String>,
    pub(crate) extract_last_update_time: Option<String>,
    pub(crate) contains_unsupported_custom_sql: Option<bool>,
    pub(crate) upstream_tables: Items<Table>,
    pub(crate) parent_published_datasources: Items<Named>,
    pub(crate) upstream_datasources: Items<Named>,
    pub(crate) upstream_virtual_connection_tables: Items<Named>,
}

/// Something told by its ids and name alone.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Named {
    pub(crate) id: Option<String>,
    pub(crate) luid: Option<String>,
    pub(crate) name: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Table {
    pub(crate) id: Option<String>,
    pub(crate) luid: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) schema: Option<String>,
    pub(crate) full_name: Option<String>,
    pub(crate) connection_type: Option<String>,
    pub(crate) database: Option<Database>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Database {
    pub(crate) id: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) connection_type: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct CustomSql {
    pub(crate) id: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) query: Option<String>,
    #[serde(rename = "isUnsupportedCustomSql")]
    pub(crate) is_unsupported: Option<bool>,
    pub(crate) connection_type: Option<String>,
    pub(crate) database: Option<Database>,
    pub(crate) tables: Items<Table>,
    pub(crate) downstream_workbooks: Items<Named>,
    pub(crate) downstream_datasources: Items<Named>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct VirtualTable {
    pub(crate) id: Option<String>,
    pub(crate) luid: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) virtual_connection: Option<Named>,
    pub(crate) upstream_tables: Items<Table>,
}

/// A data source's fields with the tables that their columns belong to.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Columns {
    pub(crate) id: Option<String>,
    pub(crate) luid: Option<String>,
    pub(crate) fields: Items<Field>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Field {
    pub(crate) id: Option<String>,
    pub(crate) upstream_columns: Items<Column>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Column {
    pub(crate) table: Option<ColumnTable>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ColumnTable {
    #[serde(rename = "__typename")]
    pub(crate) kind: Option<String>,
    pub(crate) id: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Host {
    pub(crate) id: Option<String>,
    pub(crate) host_name: Option<String>,
}

/// Text that is there and not empty: Tableau sends `""` and null for the same thing.
pub(crate) fn filled(text: Option<&String>) -> Option<&str> {
    text.map(String::as_str).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn nulls_are_read_wherever_they_stand() {
        let data: Data<Workbook> = serde_json::from_value(json!({"page": {"nodes": [
            null,
            {"luid": "w", "sheets": null, "upstreamTables": [null, {"id": "t", "name": null, "database": null}],
             "embeddedDatasources": [{"id": "e", "upstreamTables": null, "parentPublishedDatasources": [null]}],
             "owner": null, "aFieldOfTomorrow": 1},
        ], "pageInfo": null}}))
        .unwrap();
        let nodes = data.page.unwrap().nodes;
        assert_eq!((nodes.items.len(), nodes.nulls), (1, 1));
        let workbook = &nodes.items[0];
        assert_eq!(
            (
                workbook.upstream_tables.items.len(),
                workbook.upstream_tables.nulls
            ),
            (1, 1)
        );
        assert!(workbook.sheets.is_empty() && workbook.sheets.has_gaps());
        assert!(!workbook.dashboards.has_gaps());
    }

    #[test]
    fn an_answer_without_a_page_is_read() {
        let data: Data<Workbook> = serde_json::from_value(json!({"page": null})).unwrap();
        assert!(data.page.is_none());
        let data: Data<Workbook> = serde_json::from_value(json!({})).unwrap();
        assert!(data.page.is_none());
    }

    proptest! {
        #[test]
        fn any_text_is_decoded_without_panic(text in "[\\[\\]{}\":,a-z0-9 ]{0,80}") {
            let _ = serde_json::from_str::<Data<Workbook>>(&text);
            let wrapped = format!("{{\"page\": {{\"nodes\": [{text}]}}}}");
            let _ = serde_json::from_str::<Data<CustomSql>>(&wrapped);
        }
    }

    #[test]
    fn empty_text_counts_as_missing() {
        assert_eq!(filled(Some(&String::new())), None);
        assert_eq!(filled(Some(&"a".to_owned())), Some("a"));
        let _: Value = Value::Null;
    }
}
