//! Fields that lead to lists.

use super::lineage;
use super::single::is_sheet;
use crate::site::{FieldKind, Kind, LabelKind, Ref, Site, ViewKind};

/// The objects of a root list; the declared type sorts out which of a kind belong.
pub(super) fn at_root(site: &Site, field: &str) -> Vec<Ref> {
    let kinds: &[Kind] = match field {
        "workbooks" => &[Kind::Workbook],
        "embeddedDatasources" | "publishedDatasources" | "datasources" => &[Kind::Datasource],
        "databases" | "databaseServers" | "files" | "cloudFiles" | "webDataConnectors" => &[Kind::Database],
        "databaseTables" => &[Kind::Table],
        "tables" => &[Kind::Table, Kind::CustomSql, Kind::VirtualTable],
        "customSQLTables" => &[Kind::CustomSql],
        "virtualConnections" => &[Kind::VirtualConnection],
        "virtualConnectionTables" => &[Kind::VirtualTable],
        "sheets" | "dashboards" | "views" => &[Kind::View],
        "columns" => &[Kind::Column],
        "fields" | "columnFields" | "calculatedFields" | "datasourceFields" => &[Kind::Field],
        "tags" => &[Kind::Tag],
        "tableauUsers" => &[Kind::User],
        "tableauSites" => &[Kind::Site],
        "parameters" => &[Kind::Parameter],
        "labels" | "dataQualityWarnings" => &[Kind::Label],
        _ => &[],
    };
    kinds.iter().flat_map(|&kind| site.all(kind)).collect()
}

/// The objects of a list field of an object.
pub(super) fn of_object(site: &Site, object: Ref, field: &str) -> Vec<Ref> {
    let at = object.at();
    let many = |kind, indices: &[u32]| {
        indices
            .iter()
            .map(|&index| Ref::new(kind, index))
            .collect::<Vec<_>>()
    };
    if let Some(found) = lineage::walk(site, object, field) {
        return found;
    }
    match (object.kind, field) {
        (_, "tags") => many(Kind::Tag, site.tags_of(object)),
        (_, "labels") => site
            .labels_on(object)
            .map(|label| Ref::new(Kind::Label, label))
            .collect(),
        (_, "dataQualityWarnings") => labels_of(site, object, LabelKind::Warning),
        (_, "dataQualityCertifications") => labels_of(site, object, LabelKind::Certification),

        (Kind::Workbook, "views") => many(Kind::View, &site.workbooks[at].views),
        (Kind::Workbook, "sheets") => views(site, object.index, ViewKind::Sheet),
        (Kind::Workbook, "dashboards") => views(site, object.index, ViewKind::Dashboard),
        (Kind::Workbook, "embeddedDatasources") => many(Kind::Datasource, &site.workbooks[at].datasources),
        (Kind::Workbook, "parameters") => many(Kind::Parameter, &site.workbooks[at].parameters),

        (Kind::Datasource, "fields") => many(Kind::Field, &site.datasources[at].fields),
        (Kind::Datasource, "parentPublishedDatasources") => site.datasources[at]
            .parent
            .map(|parent| Ref::new(Kind::Datasource, parent))
            .into_iter()
            .collect(),

        (Kind::Table, "columns") => many(Kind::Column, &site.tables[at].columns),
        (Kind::Table, "referencedByQueries") => referencing_queries(site, object.index),
        (Kind::CustomSql, "columns") => many(Kind::Column, &site.queries[at].columns),
        (Kind::CustomSql, "tables") => many(Kind::Table, &site.queries[at].tables),
        (Kind::VirtualTable, "columns") => many(Kind::Column, &site.virtual_tables[at].columns),
        (Kind::VirtualConnection, "tables") => many(Kind::VirtualTable, &site.virtual_connections[at].tables),
        (Kind::Database, "tables") => many(Kind::Table, &site.databases[at].tables),
        (Kind::Database, "referencedByQueries") => many(Kind::CustomSql, &site.databases[at].queries),

        (Kind::Column, "referencedByFields") => many(Kind::Field, site.fields_of_column(object.index)),
        (Kind::Column, "referencedByRemoteColumn") => lineage::direct_users(site, object)
            .into_iter()
            .filter(|user| user.kind == Kind::Column)
            .collect(),

        (Kind::View, "sheets") => many(Kind::View, &site.views[at].sheets),
        (Kind::View, "parentEmbeddedDatasources") => many(Kind::Datasource, &site.views[at].datasources),
        (Kind::View, "containedInDashboards") => {
            let users = lineage::direct_users(site, object).into_iter();
            users
                .filter(|user| user.kind == Kind::View && !is_sheet(site, user.index))
                .collect()
        }
        (Kind::View, "datasourceFields" | "sheetFieldInstances") => many(Kind::Field, &site.views[at].fields),

        (Kind::Field, "sheets" | "directSheets") => {
            lineage::sheets_of_field(site, object, field == "directSheets")
        }
        (Kind::Field, "columns") => many(Kind::Column, &site.fields[at].columns),
        (Kind::Field, "fields") => many(Kind::Field, &site.fields[at].fields),
        (Kind::Field, "referencedByCalculations") => {
            referencing_fields(site, object, |kind| matches!(kind, FieldKind::Calculated { .. }))
        }
        (Kind::Field, "referencedByRemoteFields") => {
            referencing_fields(site, object, |kind| matches!(kind, FieldKind::Remote))
        }

        (Kind::User, "ownedWorkbooks") => site
            .all(Kind::Workbook)
            .filter(|found| site.workbooks[found.at()].owner == object.index)
            .collect(),
        (Kind::User, "ownedDatasources") => site
            .all(Kind::Datasource)
            .filter(|found| {
                site.datasources[found.at()]
                    .published
                    .as_ref()
                    .is_some_and(|part| part.owner == object.index)
            })
            .collect(),
        (Kind::Tag, "workbooks") => tagged(site, object.index, Kind::Workbook),
        (Kind::Tag, "views") => tagged(site, object.index, Kind::View),
        (Kind::Tag, "publishedDatasources") => tagged(site, object.index, Kind::Datasource),
        (Kind::Tag, "databaseTables") => tagged(site, object.index, Kind::Table),
        (Kind::Tag, "databases") => tagged(site, object.index, Kind::Database),
        (Kind::Tag, "columns") => tagged(site, object.index, Kind::Column),
        // Worksheet-local fields, filters, flows and what only flows lead to do not exist in a simulated site.
        _ => Vec::new(),
    }
}

fn views(site: &Site, workbook: u32, kind: ViewKind) -> Vec<Ref> {
    site.views_of(workbook, kind)
        .map(|view| Ref::new(Kind::View, view))
        .collect()
}

fn labels_of(site: &Site, object: Ref, kind: LabelKind) -> Vec<Ref> {
    let labels = site
        .labels_on(object)
        .filter(|&label| site.labels[label as usize].kind == kind);
    labels.map(|label| Ref::new(Kind::Label, label)).collect()
}

fn referencing_queries(site: &Site, table: u32) -> Vec<Ref> {
    let users = lineage::direct_users(site, Ref::new(Kind::Table, table)).into_iter();
    users.filter(|user| user.kind == Kind::CustomSql).collect()
}

fn referencing_fields(site: &Site, field: Ref, is_wanted: impl Fn(&FieldKind) -> bool) -> Vec<Ref> {
    let users = lineage::direct_users(site, field).into_iter();
    users
        .filter(|user| user.kind == Kind::Field && is_wanted(&site.fields[user.at()].kind))
        .collect()
}

fn tagged(site: &Site, tag: u32, kind: Kind) -> Vec<Ref> {
    site.all(kind)
        .filter(|&object| site.tags_of(object).contains(&tag))
        .collect()
}
