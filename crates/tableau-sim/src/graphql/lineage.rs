//! `upstream…` and `downstream…`: lists found by walking the graph.

use std::collections::HashSet;

use super::single::is_sheet;
use crate::site::{Direction, Kind, LabelKind, Ref, Site};

/// The objects of an `upstreamX` or `downstreamX` field; none when the field is no such.
pub(super) fn walk(site: &Site, object: Ref, field: &str) -> Option<Vec<Ref>> {
    if let Some(what) = field.strip_prefix("upstream") {
        return Some(sorted(upstream(site, object, what)));
    }
    let what = field.strip_prefix("downstream")?;
    Some(sorted(downstream(site, object, what)))
}

/// Hash sets have no order; lists have one even before they are sorted as asked.
fn sorted(found: HashSet<Ref>) -> Vec<Ref> {
    let mut found: Vec<Ref> = found.into_iter().collect();
    found.sort_unstable();
    found
}

/// Where a walk begins: databases and virtual connections stand for their tables.
fn starts(site: &Site, object: Ref) -> Vec<Ref> {
    let at = object.at();
    let all = |kind, indices: &[u32]| {
        indices
            .iter()
            .map(|&index| Ref::new(kind, index))
            .collect::<Vec<_>>()
    };
    match object.kind {
        Kind::Database => {
            let mut starts = all(Kind::Table, &site.databases[at].tables);
            starts.extend(all(Kind::CustomSql, &site.databases[at].queries));
            starts
        }
        Kind::VirtualConnection => all(Kind::VirtualTable, &site.virtual_connections[at].tables),
        _ => vec![object],
    }
}

fn upstream(site: &Site, object: Ref, what: &str) -> HashSet<Ref> {
    let mut reached = site.reach(&starts(site, object), Direction::Up);
    reached.remove(&object);
    let of_kinds = |kinds: &[Kind]| -> HashSet<Ref> {
        reached
            .iter()
            .copied()
            .filter(|found| kinds.contains(&found.kind))
            .collect()
    };
    match what {
        "Tables" => {
            let mut tables = of_kinds(&[Kind::Table, Kind::CustomSql, Kind::VirtualTable]);
            // A column does not stand on the table it is in.
            if object.kind == Kind::Column {
                tables.remove(&site.columns[object.at()].owner);
            }
            tables
        }
        // Since 2021.4 without the table's own database.
        "Databases" => {
            let own = match object.kind {
                Kind::Database => Some(object.index),
                Kind::CustomSql => Some(site.queries[object.at()].database),
                Kind::Column if site.columns[object.at()].owner.kind == Kind::Table => {
                    Some(site.tables[site.columns[object.at()].owner.at()].database)
                }
                _ => None,
            };
            let of = |found: &Ref| match found.kind {
                Kind::Table => Some(site.tables[found.at()].database),
                Kind::CustomSql => Some(site.queries[found.at()].database),
                _ => None,
            };
            let databases = reached
                .iter()
                .filter_map(of)
                .filter(|database| Some(*database) != own);
            databases
                .map(|database| Ref::new(Kind::Database, database))
                .collect()
        }
        "Datasources" => {
            // A sheet or workbook stands on the data sources of the fields it reaches.
            let mut datasources = of_kinds(&[Kind::Datasource]);
            let fields = reached.iter().filter(|found| found.kind == Kind::Field);
            datasources
                .extend(fields.map(|field| Ref::new(Kind::Datasource, site.fields[field.at()].datasource)));
            if let (Kind::Field, at) = (object.kind, object.at()) {
                datasources.remove(&Ref::new(Kind::Datasource, site.fields[at].datasource));
            }
            for view in sheets_in(object, &reached) {
                for &index in &site.views[view.at()].datasources {
                    datasources.insert(Ref::new(Kind::Datasource, index));
                    let parent = site.datasources[index as usize].parent;
                    datasources.extend(parent.map(|parent| Ref::new(Kind::Datasource, parent)));
                }
            }
            datasources
        }
        "VirtualConnectionTables" => of_kinds(&[Kind::VirtualTable]),
        "VirtualConnections" => reached
            .iter()
            .filter(|found| found.kind == Kind::VirtualTable)
            .map(|found| {
                Ref::new(
                    Kind::VirtualConnection,
                    site.virtual_tables[found.at()].connection,
                )
            })
            .collect(),
        // A field whose table lists are empty still has its columns.
        "Columns" => {
            let mut columns = of_kinds(&[Kind::Column]);
            let mut fields = of_kinds(&[Kind::Field]);
            fields.extend((object.kind == Kind::Field).then_some(object));
            for field in fields {
                for &column in &site.fields[field.at()].columns {
                    columns.insert(Ref::new(Kind::Column, column));
                    columns.extend(
                        site.reach(&[Ref::new(Kind::Column, column)], Direction::Up)
                            .into_iter()
                            .filter(|found| found.kind == Kind::Column),
                    );
                }
            }
            columns
        }
        "Fields" | "SheetFieldInstances" => of_kinds(&[Kind::Field]),
        "DataQualityWarnings" => labels_upstream(site, &reached, |kind| kind == LabelKind::Warning),
        "Labels" => labels_upstream(site, &reached, |_| true),
        // Flows are not simulated.
        _ => HashSet::new(),
    }
}

/// The sheets among what was reached, and the object itself when it is one.
fn sheets_in(object: Ref, reached: &HashSet<Ref>) -> Vec<Ref> {
    let own = (object.kind == Kind::View).then_some(object);
    reached
        .iter()
        .copied()
        .filter(|found| found.kind == Kind::View)
        .chain(own)
        .collect()
}

fn labels_upstream(
    site: &Site,
    reached: &HashSet<Ref>,
    is_wanted: impl Fn(LabelKind) -> bool,
) -> HashSet<Ref> {
    (0u32..)
        .zip(&site.labels)
        .filter(|(_, label)| !label.removed && is_wanted(label.kind) && reached.contains(&label.asset))
        .map(|(index, _)| Ref::new(Kind::Label, index))
        .collect()
}

fn downstream(site: &Site, object: Ref, what: &str) -> HashSet<Ref> {
    if what == "Owners" {
        return owners_downstream(site, object);
    }
    if object.kind == Kind::Datasource {
        return below_datasource(site, object.index, what);
    }
    let starts = starts(site, object);
    let mut reached = site.reach(&starts, Direction::Down);
    reached.remove(&object);
    let of_kind = |kind: Kind| -> HashSet<Ref> {
        reached
            .iter()
            .copied()
            .filter(|found| found.kind == kind)
            .collect()
    };
    match what {
        "Sheets" => of_kind(Kind::View)
            .into_iter()
            .filter(|view| is_sheet(site, view.index))
            .collect(),
        "Dashboards" => of_kind(Kind::View)
            .into_iter()
            .filter(|view| !is_sheet(site, view.index))
            .collect(),
        // Those whose sheets use it, and those whose data sources connect to it.
        "Workbooks" => {
            let mut workbooks = of_kind(Kind::Workbook);
            for datasource in of_kind(Kind::Datasource) {
                let workbook = site.datasources[datasource.at()].workbook;
                workbooks.extend(workbook.map(|index| Ref::new(Kind::Workbook, index)));
            }
            workbooks
        }
        "Datasources" => of_kind(Kind::Datasource),
        "VirtualConnectionTables" => of_kind(Kind::VirtualTable),
        "VirtualConnections" => of_kind(Kind::VirtualTable)
            .into_iter()
            .map(|found| {
                Ref::new(
                    Kind::VirtualConnection,
                    site.virtual_tables[found.at()].connection,
                )
            })
            .collect(),
        "Columns" => of_kind(Kind::Column),
        "Fields" => of_kind(Kind::Field),
        // Only flows write tables and databases.
        _ => HashSet::new(),
    }
}

/// What uses a data source: the sheets and workbooks of its embedded copies, or of itself.
fn below_datasource(site: &Site, index: u32, what: &str) -> HashSet<Ref> {
    let datasource = &site.datasources[index as usize];
    let embedded: Vec<u32> = if datasource.published.is_some() {
        datasource.children.clone()
    } else {
        vec![index]
    };
    let workbooks: HashSet<u32> = embedded
        .iter()
        .filter_map(|&copy| site.datasources[copy as usize].workbook)
        .collect();
    let sheets: HashSet<u32> = workbooks
        .iter()
        .flat_map(|&workbook| &site.workbooks[workbook as usize].views)
        .copied()
        .filter(|&view| {
            site.views[view as usize]
                .datasources
                .iter()
                .any(|used| embedded.contains(used))
        })
        .collect();
    match what {
        "Workbooks" => workbooks
            .into_iter()
            .map(|index| Ref::new(Kind::Workbook, index))
            .collect(),
        "Sheets" => sheets
            .into_iter()
            .map(|index| Ref::new(Kind::View, index))
            .collect(),
        "Dashboards" => workbooks
            .iter()
            .flat_map(|&workbook| &site.workbooks[workbook as usize].views)
            .copied()
            .filter(|&view| {
                site.views[view as usize]
                    .sheets
                    .iter()
                    .any(|sheet| sheets.contains(sheet))
            })
            .map(|index| Ref::new(Kind::View, index))
            .collect(),
        _ => HashSet::new(),
    }
}

fn owners_downstream(site: &Site, object: Ref) -> HashSet<Ref> {
    let mut owners: HashSet<u32> = HashSet::new();
    let content: Vec<Ref> = match object.kind {
        Kind::Workbook | Kind::View => vec![object],
        _ => downstream(site, object, "Workbooks")
            .into_iter()
            .chain(downstream(site, object, "Datasources"))
            .collect(),
    };
    for found in content {
        match found.kind {
            Kind::Workbook => {
                owners.insert(site.workbooks[found.at()].owner);
            }
            Kind::Datasource => {
                owners.extend(
                    site.datasources[found.at()]
                        .published
                        .as_ref()
                        .map(|part| part.owner),
                );
            }
            _ => {}
        }
    }
    owners
        .into_iter()
        .map(|index| Ref::new(Kind::User, index))
        .collect()
}

/// What stands on the object directly.
pub(super) fn direct_users(site: &Site, object: Ref) -> Vec<Ref> {
    site.directly_below(object).to_vec()
}

/// Sheets that use a field, directly or through fields that stand on it.
pub(super) fn sheets_of_field(site: &Site, field: Ref, only_direct: bool) -> Vec<Ref> {
    let users = if only_direct {
        direct_users(site, field)
    } else {
        sorted(site.reach(&[field], Direction::Down))
    };
    users
        .into_iter()
        .filter(|user| user.kind == Kind::View && is_sheet(site, user.index))
        .collect()
}
