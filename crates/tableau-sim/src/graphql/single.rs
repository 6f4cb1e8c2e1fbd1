//! Fields that lead to one object.

use super::object::Object;
use crate::site::{FieldKind, Kind, Ref, Site, ViewKind};

/// The object that a field leads to, if any.
pub(super) fn object<'a>(from: Object<'a>, field: &str) -> Option<Object<'a>> {
    let found = target(from.context.site, from.node, field)?;
    let behind_hidden = from.hides_what_it_leads_to() && matches!(found.kind, Kind::Database | Kind::Table);
    Some(Object {
        context: from.context,
        node: found,
        behind_hidden,
    })
}

fn target(site: &Site, object: Ref, field: &str) -> Option<Ref> {
    let at = object.at();
    let some = |kind, index| Some(Ref::new(kind, index));
    if field == "site" {
        return some(Kind::Site, 0);
    }
    if field == "dataQualityWarning" {
        let mut labels = site.labels_on(object);
        let warning =
            labels.find(|&label| site.labels[label as usize].kind == crate::site::LabelKind::Warning);
        return warning.map(|label| Ref::new(Kind::Label, label));
    }
    match (object.kind, field) {
        (Kind::Workbook, "owner") => some(Kind::User, site.workbooks[at].owner),
        (Kind::View, "workbook") => some(Kind::Workbook, site.views[at].workbook),
        (Kind::Datasource, "workbook") => site.datasources[at]
            .workbook
            .map(|index| Ref::new(Kind::Workbook, index)),
        (Kind::Datasource, "owner") => {
            let owner = site.datasources[at]
                .published
                .as_ref()
                .map(|published| published.owner);
            owner.map(|index| Ref::new(Kind::User, index))
        }
        (Kind::Datasource, "certifier") => {
            let published = site.datasources[at].published.as_ref()?;
            published.certified.then(|| Ref::new(Kind::User, published.owner))
        }
        (Kind::Table, "database") => {
            let database = site.tables[at].database;
            (!site.databases[database as usize].is_null).then(|| Ref::new(Kind::Database, database))
        }
        (Kind::Table, "contact") => site.tables[at].contact.map(|index| Ref::new(Kind::User, index)),
        (Kind::CustomSql, "database") => {
            let database = site.queries[at].database;
            (!site.databases[database as usize].is_null).then(|| Ref::new(Kind::Database, database))
        }
        (Kind::VirtualTable, "virtualConnection") => {
            some(Kind::VirtualConnection, site.virtual_tables[at].connection)
        }
        (Kind::VirtualTable, "owner") => {
            let connection = site.virtual_tables[at].connection as usize;
            some(Kind::User, site.virtual_connections[connection].owner)
        }
        (Kind::VirtualConnection, "owner") => some(Kind::User, site.virtual_connections[at].owner),
        (Kind::Column, "table") => Some(site.columns[at].owner),
        (Kind::Column, "remoteColumn") => site.columns[at]
            .upstream
            .first()
            .map(|&index| Ref::new(Kind::Column, index)),
        (Kind::Field, "datasource") => some(Kind::Datasource, site.fields[at].datasource),
        (Kind::Field, "remoteField") => match site.fields[at].kind {
            FieldKind::Remote => site.fields[at]
                .fields
                .first()
                .map(|&index| Ref::new(Kind::Field, index)),
            _ => None,
        },
        (Kind::Parameter, "workbook") => some(Kind::Workbook, site.parameters[at].workbook),
        (Kind::Label, "author") => some(Kind::User, site.labels[at].author),
        (Kind::Label, "asset") => Some(site.labels[at].asset),
        _ => None,
    }
}

/// Whether a view is on the schema's side a sheet.
pub(super) fn is_sheet(site: &Site, view: u32) -> bool {
    site.views[view as usize].kind == ViewKind::Sheet
}
