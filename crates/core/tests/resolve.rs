//! Resolving a whole inventory: the union of all routes, gaps with their reasons, proposals.

#![expect(clippy::expect_used, reason = "a test that cannot be set up should stop")]

use std::collections::{BTreeMap, BTreeSet};

use tailwater_core::confidence::Confidence;
use tailwater_core::exposure::{Exposure, Via};
use tailwater_core::gap::GapReason;
use tailwater_core::id::{AssetId, CustomSqlId, NodeId, TableId};
use tailwater_core::inventory::{
    Asset, Completeness, CustomSql, DataSource, Inventory, Table, TableUse, TableVia,
};
use tailwater_core::mapping::MappingRule;
use tailwater_core::project::{Node, NodeRelation, Project, ProjectMetadata, ResourceType};
use tailwater_core::proposal::propose;
use tailwater_core::relation::{RelationName, split_name};
use tailwater_core::resolve::{Input, Resolution, resolve};
use tailwater_core::sql_reading::{SqlReading, SqlRemark, SqlTable};

/// Builds a site table by table; every method names what it adds.
#[derive(Default)]
struct Site {
    inventory: Inventory,
    readings: BTreeMap<CustomSqlId, SqlReading>,
    mapping: Vec<MappingRule>,
}

impl Site {
    fn workbook(&mut self, name: &str) -> &mut Self {
        let source = format!("{name}-source");
        let asset = Asset {
            name: name.to_owned(),
            data_sources: BTreeSet::from([source.as_str().into()]),
            ..Asset::default()
        };
        self.inventory.assets.insert(name.into(), asset);
        let source_body = DataSource {
            name: source.clone(),
            ..DataSource::default()
        };
        self.inventory.data_sources.insert(source.into(), source_body);
        self
    }

    fn source(&mut self, id: &str) -> &mut DataSource {
        self.inventory.data_sources.entry(id.into()).or_default()
    }

    fn add_table(&mut self, id: &str, table: Table) -> TableId {
        self.inventory.tables.insert(id.into(), table);
        id.into()
    }

    /// A table under the workbook's data source.
    fn table(
        &mut self,
        workbook: &str,
        full_name: &str,
        database: Option<&str>,
        connection: &str,
    ) -> &mut Self {
        let id = self.add_table(full_name, table(full_name, database, connection));
        self.source(&format!("{workbook}-source"))
            .tables
            .insert(TableUse {
                table: id,
                via: TableVia::TableList,
            });
        self
    }

    fn custom_sql(&mut self, workbook: &str, sql: CustomSql, reading: Option<SqlReading>) -> &mut Self {
        let id = format!("{workbook}-sql");
        self.source(&format!("{workbook}-source"))
            .custom_sql
            .insert(id.as_str().into());
        self.inventory.custom_sql.insert(id.as_str().into(), sql);
        self.readings.extend(reading.map(|reading| (id.into(), reading)));
        self
    }

    fn resolve(&self) -> Resolution {
        self.with_input(resolve)
    }

    fn with_input<T>(&self, rule: impl FnOnce(&Input<'_>) -> T) -> T {
        let project = shop();
        rule(&Input {
            integration: &"main".into(),
            inventory: &self.inventory,
            readings: &self.readings,
            projects: &[&project],
            mapping: &self.mapping,
            names: &BTreeMap::new(),
        })
    }

    fn exposure(&self, workbook: &str) -> Exposure {
        self.resolve()
            .exposures
            .remove(&AssetId::from(workbook))
            .expect("the workbook is there")
    }
}

fn table(full_name: &str, database: Option<&str>, connection: &str) -> Table {
    Table {
        name: Some(full_name.to_owned()),
        full_name: Some(full_name.to_owned()),
        database: database.map(str::to_owned),
        connection_type: Some(connection.to_owned()),
        ..Table::default()
    }
}

fn reading(tables: &[&[&str]], confidence: Confidence) -> SqlReading {
    let table = |parts: &&[&str]| SqlTable {
        parts: parts.iter().map(|part| (*part).to_owned()).collect(),
        columns: Vec::new(),
    };
    SqlReading {
        tables: tables.iter().map(table).collect(),
        confidence,
        error: None,
        remarks: Vec::new(),
    }
}

fn shop() -> Project {
    let node = |id: &str, relation: &str| Node {
        unique_id: id.into(),
        name: id.rsplit('.').next().unwrap_or_default().to_owned(),
        resource_type: if id.starts_with("source") {
            ResourceType::Source
        } else {
            ResourceType::Model
        },
        relation: Some(NodeRelation {
            name: RelationName::from_parts(&split_name(relation)).expect("a relation"),
            rendered: Some(relation.to_owned()),
        }),
        ..Node::default()
    };
    let metadata = ProjectMetadata {
        package: "shop".into(),
        adapter_type: "postgres".into(),
        ..ProjectMetadata::default()
    };
    let nodes = vec![
        node("model.shop.orders", "analytics.marts.orders"),
        node("model.shop.customers", "analytics.marts.customers"),
        node("model.shop.stg_orders", "analytics.staging.orders"),
        node("source.shop.raw.orders", "analytics.raw.orders"),
    ];
    Project::new("shop".into(), metadata, nodes, Vec::new())
}

fn reasons(exposure: &Exposure) -> Vec<(&str, GapReason)> {
    exposure
        .gaps
        .iter()
        .map(|gap| (gap.table.as_str(), gap.reason))
        .collect()
}

fn depends_on(exposure: &Exposure) -> Vec<&str> {
    exposure.depends_on.iter().map(NodeId::as_str).collect()
}

#[test]
fn a_workbook_becomes_an_exposure_with_a_link_and_its_evidence() {
    let mut site = Site::default();
    site.workbook("Sales")
        .table("Sales", "[marts].[orders]", Some("Analytics"), "postgres");
    let exposure = site.exposure("Sales");
    insta::assert_json_snapshot!(exposure);
}

#[test]
fn the_union_of_all_routes_counts_and_each_is_named() {
    let mut site = Site::default();
    site.workbook("Sales")
        .table("Sales", "[marts].[orders]", Some("analytics"), "postgres");
    let listed = TableUse {
        table: "[marts].[orders]".into(),
        via: TableVia::TableList,
    };
    site.inventory
        .assets
        .get_mut("Sales")
        .expect("there")
        .tables
        .insert(listed);
    let by_column = site.add_table("t2", table("[marts].[customers]", Some("analytics"), "postgres"));
    site.source("Sales-source").tables.insert(TableUse {
        table: by_column,
        via: TableVia::UpstreamColumn,
    });
    site.custom_sql(
        "Sales",
        CustomSql {
            connection_type: Some("postgres".into()),
            query: Some("…".into()),
            ..CustomSql::default()
        },
        Some(reading(
            &[&["analytics", "staging", "orders"]],
            Confidence::Parsed,
        )),
    );
    let exposure = site.exposure("Sales");
    assert_eq!(
        depends_on(&exposure),
        [
            "model.shop.customers",
            "model.shop.orders",
            "model.shop.stg_orders"
        ]
    );
    let routes: Vec<(Via, bool)> = exposure
        .links
        .iter()
        .flat_map(|link| &link.evidence)
        .map(|evidence| (evidence.via, evidence.data_source.is_some()))
        .collect();
    assert_eq!(
        routes,
        [
            (Via::UpstreamColumn, true),
            (Via::TableList, false),
            (Via::TableList, true),
            (Via::ReadSql, true)
        ]
    );
    assert!(exposure.gaps.is_empty());
}

#[test]
fn published_sources_bring_their_tables_to_every_workbook_on_them() {
    let mut site = Site::default();
    site.workbook("A").workbook("B");
    let id = site.add_table("t", table("[marts].[orders]", Some("analytics"), "postgres"));
    let published = DataSource {
        name: "Orders".into(),
        is_published: true,
        tables: BTreeSet::from([TableUse {
            table: id,
            via: TableVia::TableList,
        }]),
        ..DataSource::default()
    };
    site.inventory.data_sources.insert("published".into(), published);
    for workbook in ["A", "B"] {
        site.source(&format!("{workbook}-source"))
            .parents
            .insert("published".into());
    }
    for workbook in ["A", "B"] {
        let exposure = site.exposure(workbook);
        assert_eq!(depends_on(&exposure), ["model.shop.orders"]);
        assert!(
            exposure.links[0].evidence[0]
                .data_source
                .as_ref()
                .is_some_and(|source| source.is_published)
        );
    }
    assert_eq!(
        site.resolve().tally.linked,
        1,
        "one table, however many workbooks read it"
    );
}

#[test]
fn a_mapping_rule_closes_the_gap_and_is_named_in_the_evidence() {
    let mut site = Site::default();
    site.workbook("Sales")
        .table("Sales", "[marts].[orders]", Some("prod_analytics"), "postgres");
    let gap = &site.exposure("Sales").gaps[0];
    assert_eq!(gap.reason, GapReason::OtherDatabase);
    assert!(
        gap.remedy
            .contains("map add main --database prod_analytics --to analytics"),
        "{}",
        gap.remedy
    );

    site.mapping
        .push(MappingRule::new(Some("prod_analytics"), None, "analytics").expect("a rule"));
    let exposure = site.exposure("Sales");
    assert_eq!(depends_on(&exposure), ["model.shop.orders"]);
    assert_eq!(
        exposure.links[0].evidence[0].rules,
        ["database prod_analytics -> analytics"]
    );
    assert!(exposure.gaps.is_empty());
}

#[test]
fn the_rule_that_closes_most_gaps_is_proposed_first_with_what_it_would_link() {
    let mut site = Site::default();
    site.workbook("A")
        .table("A", "[marts].[orders]", Some("prod"), "postgres");
    site.workbook("B")
        .table("B", "[marts].[customers]", Some("prod"), "postgres");
    site.workbook("C")
        .table("C", "[mart].[customers]", Some("analytics"), "postgres");
    let proposals = site.with_input(|input| propose(input, &resolve(input)));
    insta::assert_json_snapshot!(proposals);
}

#[test]
fn hidden_tables_are_counted_and_never_dropped() {
    let mut site = Site::default();
    site.workbook("Sales");
    for id in ["h1", "h2"] {
        let hidden = site.add_table(id, Table::default());
        site.source("Sales-source").tables.insert(TableUse {
            table: hidden.clone(),
            via: TableVia::TableList,
        });
        let asset = site.inventory.assets.get_mut("Sales").expect("there");
        asset.tables.insert(TableUse {
            table: hidden,
            via: TableVia::TableList,
        });
    }
    let exposure = site.exposure("Sales");
    assert_eq!(
        reasons(&exposure),
        [("(2 tables without a name)", GapReason::HiddenFromToken)]
    );
    assert_eq!(exposure.gaps[0].count, 2);
    assert_eq!(
        site.resolve().tally.unlinked,
        BTreeMap::from([(GapReason::HiddenFromToken, 2)])
    );
}

#[test]
fn sql_out_of_which_no_table_comes_is_a_gap_however_it_was_read() {
    let unread = || CustomSql {
        connection_type: Some("postgres".into()),
        is_unsupported: true,
        query: Some("…".into()),
        ..CustomSql::default()
    };
    let mut site = Site::default();
    site.workbook("Broken")
        .custom_sql("Broken", unread(), Some(reading(&[], Confidence::Scanned)));
    site.workbook("Hidden").custom_sql(
        "Hidden",
        CustomSql {
            query: None,
            ..unread()
        },
        None,
    );
    site.workbook("One")
        .custom_sql("One", unread(), Some(reading(&[], Confidence::Parsed)));
    site.table("One", "[marts].[orders]", Some("analytics"), "postgres");
    assert_eq!(site.exposure("Broken").gaps[0].reason, GapReason::SqlNotReadable);
    assert_eq!(site.exposure("Hidden").gaps[0].reason, GapReason::SqlNotReadable);
    let gap = &site.exposure("One").gaps[0];
    assert_eq!(gap.reason, GapReason::SqlNotReadable);
    assert!(gap.remedy.ends_with("(it names no table)"), "{}", gap.remedy);
}

#[test]
fn a_bare_name_in_sql_takes_the_connections_database_but_no_schema_is_guessed() {
    let sql = CustomSql {
        connection_type: Some("postgres".into()),
        database: Some("analytics".into()),
        query: Some("select * from customers".into()),
        ..CustomSql::default()
    };
    let mut site = Site::default();
    site.workbook("Sales")
        .custom_sql("Sales", sql, Some(reading(&[&["customers"]], Confidence::Parsed)));
    let exposure = site.exposure("Sales");
    assert!(exposure.depends_on.is_empty());
    assert_eq!(reasons(&exposure), [("customers", GapReason::IncompleteName)]);
    assert_eq!(
        exposure.gaps[0].candidates[0].node.as_str(),
        "model.shop.customers"
    );

    site.mapping
        .push(MappingRule::new(None, Some(""), "marts").expect("a rule"));
    assert_eq!(depends_on(&site.exposure("Sales")), ["model.shop.customers"]);
}

#[test]
fn the_tools_fuller_name_for_a_table_of_the_same_sql_stands_for_both() {
    let mut site = Site::default();
    site.workbook("Sales");
    let told = site.add_table("t", table("[marts].[customers]", Some("analytics"), "postgres"));
    let sql = CustomSql {
        connection_type: Some("postgres".into()),
        database: Some("analytics".into()),
        query: Some("select * from customers".into()),
        tables: BTreeSet::from([told]),
        ..CustomSql::default()
    };
    site.custom_sql("Sales", sql, Some(reading(&[&["customers"]], Confidence::Parsed)));
    let exposure = site.exposure("Sales");
    assert_eq!(depends_on(&exposure), ["model.shop.customers"]);
    assert!(exposure.gaps.is_empty());
}

fn sql_on(database: &str, tables: Vec<TableId>) -> CustomSql {
    CustomSql {
        connection_type: Some("postgres".into()),
        database: Some(database.into()),
        query: Some("…".into()),
        tables: tables.into_iter().collect(),
        ..CustomSql::default()
    }
}

#[test]
fn a_bare_name_beside_a_qualified_one_of_the_same_name_is_no_repeat() {
    let mut site = Site::default();
    site.workbook("Sales");
    let told = site.add_table("t", table("[raw].[orders]", Some("analytics"), "postgres"));
    let own = reading(&[&["raw", "orders"], &["orders"]], Confidence::Parsed);
    site.custom_sql("Sales", sql_on("analytics", vec![told]), Some(own));
    let exposure = site.exposure("Sales");
    assert_eq!(depends_on(&exposure), ["source.shop.raw.orders"]);
    assert_eq!(reasons(&exposure), [("orders", GapReason::IncompleteName)]);
}

#[test]
fn a_cte_that_the_tool_gave_the_default_schema_links_nothing() {
    let mut site = Site::default();
    site.workbook("Sales");
    let told = site.add_table("t", table("[marts].[orders]", Some("analytics"), "postgres"));
    let own = reading(&[&["raw", "orders_in"]], Confidence::Parsed);
    site.custom_sql("Sales", sql_on("analytics", vec![told]), Some(own));
    assert!(site.exposure("Sales").depends_on.is_empty());
}

#[test]
fn what_another_data_source_lists_is_no_mistake_of_the_tools() {
    let mut site = Site::default();
    site.workbook("Sales");
    let told = site.add_table("t", table("[marts].[orders]", Some("analytics"), "postgres"));
    let own = reading(&[&["raw", "orders_in"]], Confidence::Parsed);
    site.custom_sql("Sales", sql_on("analytics", vec![told.clone()]), Some(own));
    site.source("direct").tables.insert(TableUse {
        table: told,
        via: TableVia::TableList,
    });
    let asset = site.inventory.assets.get_mut("Sales").expect("there");
    asset.data_sources.insert("direct".into());
    assert_eq!(depends_on(&site.exposure("Sales")), ["model.shop.orders"]);
}

#[test]
fn what_sql_reads_beside_tables_is_a_gap_of_its_own() {
    let mut own = reading(
        &[&["marts", "orders"], &["marts", "customers"]],
        Confidence::Parsed,
    );
    own.remarks = vec![
        SqlRemark::Linked {
            table: "orders".into(),
            link: "prodlink".into(),
        },
        SqlRemark::File {
            path: "x.parquet".into(),
        },
        SqlRemark::Untold {
            expression: "$tbl".into(),
            why: "made when it runs".into(),
        },
    ];
    let mut site = Site::default();
    site.workbook("Sales")
        .custom_sql("Sales", sql_on("analytics", vec![]), Some(own));
    let exposure = site.exposure("Sales");
    assert_eq!(depends_on(&exposure), ["model.shop.customers"]);
    assert_eq!(
        reasons(&exposure),
        [
            ("marts.orders", GapReason::LinkedServer),
            ("x.parquet", GapReason::NotAWarehouseTable),
            ("$tbl", GapReason::SqlNotReadable),
        ]
    );
}

#[test]
fn a_rule_for_the_schema_leaves_the_database_advisory() {
    let mut site = Site::default();
    site.workbook("Sales")
        .table("Sales", "[My Project].[old].[orders]", None, "databricks");
    site.mapping
        .push(MappingRule::new(None, Some("old"), "marts").expect("a rule"));
    let mut project = shop();
    project.metadata.adapter_type = "databricks".into();
    let exposure = resolve(&Input {
        integration: &"main".into(),
        inventory: &site.inventory,
        readings: &site.readings,
        projects: &[&project],
        mapping: &site.mapping,
        names: &BTreeMap::new(),
    });
    assert_eq!(
        depends_on(&exposure.exposures[&AssetId::from("Sales")]),
        ["model.shop.orders"]
    );
}

#[test]
fn a_name_of_blanks_is_no_name() {
    let mut site = Site::default();
    site.workbook("Sales");
    let mut blank = table("   ", Some("analytics"), "postgres");
    blank.name = Some("orders".into());
    blank.schema = Some("marts".into());
    let id = site.add_table("t", blank);
    site.source("Sales-source").tables.insert(TableUse {
        table: id,
        via: TableVia::TableList,
    });
    assert_eq!(depends_on(&site.exposure("Sales")), ["model.shop.orders"]);
}

/// Tableau takes names that are given in the query for tables, and leaves the schema out of true ones.
#[test]
fn names_that_the_tool_mistook_in_sql_that_parsed_are_no_gaps() {
    let mut site = Site::default();
    site.workbook("Sales");
    let told = [
        table("recent", Some("analytics"), "postgres"),
        table("orders", Some("analytics"), "postgres"),
    ];
    let ids: Vec<TableId> = told
        .into_iter()
        .enumerate()
        .map(|(at, table)| site.add_table(&at.to_string(), table))
        .collect();
    for id in &ids {
        site.source("Sales-source").tables.insert(TableUse {
            table: id.clone(),
            via: TableVia::TableList,
        });
    }
    let sql = CustomSql {
        connection_type: Some("postgres".into()),
        database: Some("analytics".into()),
        query: Some("with recent as (select * from marts.orders) select * from recent".into()),
        tables: ids.into_iter().collect(),
        ..CustomSql::default()
    };
    let mut scanned = Site {
        inventory: site.inventory.clone(),
        ..Site::default()
    };
    site.custom_sql(
        "Sales",
        sql.clone(),
        Some(reading(&[&["marts", "orders"]], Confidence::Parsed)),
    );
    let exposure = site.exposure("Sales");
    assert_eq!(depends_on(&exposure), ["model.shop.orders"]);
    assert!(exposure.gaps.is_empty(), "{:?}", exposure.gaps);

    scanned.custom_sql(
        "Sales",
        sql,
        Some(reading(&[&["marts", "orders"]], Confidence::Scanned)),
    );
    assert_eq!(
        scanned.exposure("Sales").gaps.len(),
        2,
        "a scan is not sure enough to overrule the tool"
    );
}

#[test]
fn things_that_dbt_never_builds_and_names_of_four_parts_say_so() {
    let mut site = Site::default();
    site.workbook("Files")
        .table("Files", "[People$]", Some("Sample.xls"), "excel-direct");
    site.table("Files", "[Extract].[Extract]", Some("0f3c"), "hyper");
    site.table("Files", "[srv].[db].[dbo].[t]", None, "sqlserver");
    // The workbook's own list tells of the same tables again.
    for id in ["[People$]", "[srv].[db].[dbo].[t]"] {
        let used = TableUse {
            table: id.into(),
            via: TableVia::TableList,
        };
        site.inventory
            .assets
            .get_mut("Files")
            .expect("there")
            .tables
            .insert(used);
    }
    assert_eq!(
        reasons(&site.exposure("Files")),
        [
            ("srv.db.dbo.t", GapReason::LinkedServer),
            ("[Extract].[Extract]", GapReason::NotAWarehouseTable),
            ("[People$]", GapReason::NotAWarehouseTable),
        ]
    );
}

#[test]
fn the_state_of_the_answer_is_a_gap_of_the_whole_workbook() {
    let mut site = Site::default();
    site.workbook("Pending").workbook("Cut").workbook("Empty");
    site.inventory.assets.get_mut("Pending").expect("there").lineage = Completeness::Pending;
    site.source("Cut-source").lineage = Completeness::partial("the node limit was met");
    assert_eq!(site.exposure("Pending").gaps[0].reason, GapReason::PendingInIndex);
    let cut = &site.exposure("Cut").gaps[0];
    assert_eq!(cut.reason, GapReason::LineageIncomplete);
    assert!(cut.remedy.ends_with("(the node limit was met)"), "{}", cut.remedy);
    assert_eq!(
        site.exposure("Empty").gaps[0].reason,
        GapReason::NoLineageReported
    );
}

#[test]
fn every_reference_ends_in_a_link_or_a_gap() {
    let mut site = Site::default();
    site.workbook("All");
    let names = [
        "[marts].[orders]",
        "[x].[orders]",
        "[orders]",
        "[marts].[nothing]",
        "[a].[b].[c].[d]",
    ];
    for name in names {
        site.table("All", name, Some("analytics"), "postgres");
    }
    let exposure = site.exposure("All");
    let linked: usize = exposure.links.iter().map(|link| link.evidence.len()).sum();
    assert_eq!(linked + exposure.gaps.len(), names.len());
}
