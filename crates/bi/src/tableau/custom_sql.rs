//! Which data source holds which custom SQL.
//!
//! Tableau tells the workbooks and the published data sources downstream of a custom SQL, but not which
//! of a workbook's embedded data sources holds it. That is settled from what else is known, best first:
//! the columns of a data source; Tableau's word that a data source holds SQL which it could not read;
//! and that a data source which stands for a published one has none of its own.

use std::collections::{BTreeMap, BTreeSet};

use super::columns::ColumnSources;
use super::graph::{self, filled};
use super::lineage::{Lineage, parents};

impl Lineage {
    /// Finds the data sources that hold each custom SQL. Tableau tells the published data source and the
    /// workbook downstream, but not which embedded data source of the workbook. Returns the embedded ones
    /// for which that stays open.
    pub(super) fn settle_custom_sql(&mut self) -> BTreeSet<String> {
        let mut held: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut open = BTreeSet::new();
        for (sql_id, sql) in &self.custom_sql {
            let mut hold = |source: &str| {
                held.entry(source.to_owned()).or_default().insert(sql_id.clone());
            };
            let published: BTreeSet<&str> = sql
                .downstream_datasources
                .items
                .iter()
                .filter_map(|source| filled(source.luid.as_ref()))
                .collect();
            for luid in &published {
                if self.published.contains_key(*luid) {
                    hold(luid);
                }
            }
            let workbooks = sql
                .downstream_workbooks
                .items
                .iter()
                .filter_map(|workbook| self.workbooks.get(filled(workbook.luid.as_ref())?));
            for workbook in workbooks {
                let sources = &workbook.embedded_datasources.items;
                let stands_for = |source: &graph::DataSource| {
                    parents(source).any(|parent| published.contains(parent.as_str()))
                };
                if sources.iter().any(stands_for) {
                    continue;
                }
                let candidates = holders(sql_id, sql, sources, &self.columns);
                if candidates.len() > 1 {
                    open.extend(candidates.iter().map(|source| (*source).to_owned()));
                }
                candidates.into_iter().for_each(&mut hold);
            }
        }
        for (source, columns) in &self.columns {
            for sql_id in columns
                .custom_sql
                .iter()
                .filter(|id| self.custom_sql.contains_key(*id))
            {
                held.entry(source.clone()).or_default().insert(sql_id.clone());
            }
        }
        self.custom_sql_of = held;
        open
    }
}

/// The embedded data sources of one workbook that may hold a custom SQL: those whose columns say so, else
/// those that stand for no published one, narrowed by what Tableau says about SQL that it could not read.
fn holders<'a>(
    sql_id: &str,
    sql: &graph::CustomSql,
    sources: &'a [graph::DataSource],
    columns: &BTreeMap<String, ColumnSources>,
) -> Vec<&'a str> {
    let all = || {
        sources
            .iter()
            .filter_map(|source| Some((filled(source.id.as_ref())?, source)))
    };
    let ids = |wanted: &dyn Fn(&str, &graph::DataSource) -> bool| -> Vec<&'a str> {
        all()
            .filter(|(id, source)| wanted(id, source))
            .map(|(id, _)| id)
            .collect()
    };
    let by_columns = ids(&|id, _| {
        let told = columns.get(id);
        told.is_some_and(|columns| columns.custom_sql.contains(sql_id))
    });
    if !by_columns.is_empty() {
        return by_columns;
    }
    if sql.is_unsupported == Some(true) {
        let unread = ids(&|_, source| {
            source.contains_unsupported_custom_sql == Some(true) && parents(source).next().is_none()
        });
        if !unread.is_empty() {
            return unread;
        }
    }
    let own = ids(&|_, source| parents(source).next().is_none());
    if own.is_empty() { ids(&|_, _| true) } else { own }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::*;

    /// One workbook `w` with the given data sources, one published data source `pub`, and one custom SQL `q`.
    fn lineage(sources: &Value, sql: Value) -> Lineage {
        let workbook = serde_json::from_value(json!({"luid": "w", "embeddedDatasources": sources})).unwrap();
        Lineage {
            workbooks: BTreeMap::from([("w".to_owned(), workbook)]),
            published: BTreeMap::from([("pub".to_owned(), graph::DataSource::default())]),
            custom_sql: BTreeMap::from([("q".to_owned(), serde_json::from_value(sql).unwrap())]),
            ..Lineage::default()
        }
    }

    fn holders_of_q(lineage: &Lineage) -> Vec<&str> {
        let held = lineage.custom_sql_of.iter();
        held.filter(|(_, sql)| sql.contains("q"))
            .map(|(source, _)| source.as_str())
            .collect()
    }

    fn copy(id: &str) -> Value {
        json!({"id": id, "parentPublishedDatasources": [{"luid": "pub"}]})
    }

    #[rstest]
    #[case::the_only_one(json!([{"id": "a"}]), json!({}), &["a"])]
    #[case::the_one_without_a_published_parent(json!([copy("a"), {"id": "b"}]), json!({}), &["b"])]
    #[case::the_one_with_unread_sql(
        json!([{"id": "a"}, {"id": "b", "containsUnsupportedCustomSql": true}]),
        json!({"isUnsupportedCustomSql": true}),
        &["b"]
    )]
    #[case::all_that_may(json!([{"id": "a"}, {"id": "b"}]), json!({}), &["a", "b"])]
    #[case::the_published_one(
        json!([copy("a"), {"id": "b"}]),
        json!({"downstreamDatasources": [{"luid": "pub"}]}),
        &["pub"]
    )]
    #[case::copies_when_there_is_nothing_else(json!([copy("a")]), json!({}), &["a"])]
    fn custom_sql_is_held_by(#[case] sources: Value, #[case] mut sql: Value, #[case] expected: &[&str]) {
        sql["id"] = json!("q");
        sql["downstreamWorkbooks"] = json!([{"luid": "w"}, null, {"luid": "elsewhere"}]);
        let mut lineage = lineage(&sources, sql);
        lineage.settle_custom_sql();
        assert_eq!(holders_of_q(&lineage), expected);
    }

    #[test]
    fn columns_settle_what_is_open() {
        let sql = json!({"id": "q", "downstreamWorkbooks": [{"luid": "w"}]});
        let mut lineage = lineage(&json!([{"id": "a"}, {"id": "b"}]), sql);
        let open = lineage.settle_custom_sql();
        assert_eq!(open, BTreeSet::from(["a".to_owned(), "b".to_owned()]));
        let told = ColumnSources {
            custom_sql: BTreeSet::from(["q".to_owned()]),
            ..ColumnSources::default()
        };
        lineage.columns.insert("b".to_owned(), told);
        let open = lineage.settle_custom_sql();
        assert!(open.is_empty());
        assert_eq!(holders_of_q(&lineage), ["b"]);
    }
}
