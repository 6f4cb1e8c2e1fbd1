//! Databases, tables and columns of the catalog.

use super::call::{Call, Reply, SignedIn};
use super::tag;
use crate::site::{Kind, Ref, Site};
use crate::wire::{Element, Fault, Node};

/// `GET …/databases`.
pub(super) fn list_databases(call: &Call<'_>) -> Result<Reply, Fault> {
    let session = call.session()?;
    let site = &session.site;
    let shown = site
        .all(Kind::Database)
        .filter(|&object| site.shows(object, session.user))
        .collect();
    let (pagination, rows) = call.page()?.cut(shown)?;
    let rows = rows
        .into_iter()
        .map(|object: Ref| database_element(site, object.index));
    Ok(Reply::page(pagination, Element::list("databases", rows)))
}

/// `GET …/databases/{database}`.
pub(super) fn show_database(call: &Call<'_>) -> Result<Reply, Fault> {
    let session = call.session()?;
    let index = find(session, Kind::Database, call.part(0))?;
    Ok(Reply::ok(database_element(&session.site, index)))
}

/// `PUT …/databases/{database}`: description, certification.
pub(super) fn update_database(call: &Call<'_>) -> Result<Reply, Fault> {
    let session = call.session()?;
    let index = find(session, Kind::Database, call.part(0))?;
    require_administrator(session, 409_051)?;
    let wanted = call.body()?.required("database")?;
    let description = wanted.attribute("description").map(str::to_owned);
    let certified = flag(wanted, "isCertified");
    call.change(|site| {
        let database = &mut site.databases[index as usize];
        database.description = description.unwrap_or_else(|| database.description.clone());
        database.certified = certified.unwrap_or(database.certified);
    })?;
    Ok(Reply::ok(database_element(&call.present()?.site, index)))
}

/// `GET …/tables`.
pub(super) fn list_tables(call: &Call<'_>) -> Result<Reply, Fault> {
    let session = call.session()?;
    let site = &session.site;
    let shown = site
        .all(Kind::Table)
        .filter(|&object| !site.tables[object.at()].embedded && site.shows(object, session.user))
        .collect();
    let (pagination, rows) = call.page()?.cut(shown)?;
    let rows = rows
        .into_iter()
        .map(|object: Ref| table_element(site, object.index));
    Ok(Reply::page(pagination, Element::list("tables", rows)))
}

/// `GET …/tables/{table}`.
pub(super) fn show_table(call: &Call<'_>) -> Result<Reply, Fault> {
    let session = call.session()?;
    let index = find(session, Kind::Table, call.part(0))?;
    Ok(Reply::ok(table_element(&session.site, index)))
}

/// `PUT …/tables/{table}`: only the given attributes change. Tableau's Python client always sends
/// `isCertified`, as `none` when it means nothing.
pub(super) fn update_table(call: &Call<'_>) -> Result<Reply, Fault> {
    let session = call.session()?;
    let index = find(session, Kind::Table, call.part(0))?;
    require_administrator(session, 409_058)?;
    refuse_embedded(&session.site, index)?;
    let wanted = call.body()?.required("table")?;
    let description = wanted.attribute("description").map(str::to_owned);
    let note = wanted.attribute("certificationNote").map(str::to_owned);
    let certified = flag(wanted, "isCertified");
    let contact = match wanted
        .child("contact")
        .and_then(|contact| contact.attribute("id"))
    {
        Some(id) if !id.is_empty() => {
            let user = session.site.find(Kind::User, id);
            Some(user.ok_or_else(|| Fault::not_found(404_002, "User", id))?)
        }
        _ => None,
    };
    call.change(|site| {
        let table = &mut site.tables[index as usize];
        table.description = description.unwrap_or_else(|| table.description.clone());
        table.certification_note = note.unwrap_or_else(|| table.certification_note.clone());
        table.certified = certified.unwrap_or(table.certified);
        table.contact = contact.or(table.contact);
    })?;
    Ok(Reply::ok(table_element(&call.present()?.site, index)))
}

/// `GET …/tables/{table}/columns`.
pub(super) fn list_columns(call: &Call<'_>) -> Result<Reply, Fault> {
    let session = call.session()?;
    let index = find(session, Kind::Table, call.part(0))?;
    let columns = session.site.tables[index as usize].columns.clone();
    let (pagination, rows) = call.page()?.cut(columns)?;
    let rows = rows
        .into_iter()
        .map(|column| column_element(&session.site, column));
    Ok(Reply::page(pagination, Element::list("columns", rows)))
}

/// `PUT …/tables/{table}/columns/{column}`: the description; an empty one clears it.
pub(super) fn update_column(call: &Call<'_>) -> Result<Reply, Fault> {
    let session = call.session()?;
    let table = find(session, Kind::Table, call.part(0))?;
    require_administrator(session, 409_064)?;
    let column = session.site.find(Kind::Column, call.part(1));
    let column = column.filter(|column| session.site.tables[table as usize].columns.contains(column));
    let column = column.ok_or_else(|| {
        Fault::conflict(
            409_066,
            format!("Column '{}' could not be found in the table.", call.part(1)),
        )
    })?;
    refuse_embedded(&session.site, table)?;
    let description = call
        .body()?
        .required("column")?
        .attribute("description")
        .map(str::to_owned);
    call.change(|site| {
        let column = &mut site.columns[column as usize];
        column.description = description.unwrap_or_else(|| column.description.clone());
    })?;
    Ok(Reply::ok(column_element(&call.present()?.site, column)))
}

fn find(session: &SignedIn, kind: Kind, luid: &str) -> Result<u32, Fault> {
    let found = session
        .site
        .find(kind, luid)
        .filter(|&index| session.site.shows(Ref::new(kind, index), session.user));
    found.ok_or_else(|| match kind {
        Kind::Database => Fault::not_found(404_031, "Database", luid),
        _ => Fault::not_found(404_032, "Table", luid),
    })
}

fn require_administrator(session: &SignedIn, code: u32) -> Result<(), Fault> {
    if session.viewer().role.is_administrator() {
        return Ok(());
    }
    Err(Fault::conflict(
        code,
        "The user is not permitted to update this asset.",
    ))
}

fn refuse_embedded(site: &Site, table: u32) -> Result<(), Fault> {
    if site.tables[table as usize].embedded {
        return Err(Fault::forbidden(
            403_113,
            "The operation is not allowed on an embedded table.",
        ));
    }
    Ok(())
}

fn flag(node: &Node, name: &str) -> Option<bool> {
    match node.attribute(name)? {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

fn database_element(site: &Site, index: u32) -> Element {
    let database = &site.databases[index as usize];
    let connection = &site.connections[database.connection as usize];
    Element::new("database")
        .with("id", database.identity.luid)
        .with("name", database.name.as_deref().unwrap_or_default())
        .with("connectionType", &connection.class)
        .with("isEmbedded", false)
        .with("description", &database.description)
        .with("isCertified", database.certified)
        .with("hostName", &connection.server)
        .with("type", "DatabaseServer")
        .child(tag::list(site, &database.tags))
}

fn table_element(site: &Site, index: u32) -> Element {
    let table = &site.tables[index as usize];
    let contact = table
        .contact
        .map(|user| Element::new("contact").with("id", site.users[user as usize].identity.luid));
    let database = &site.databases[table.database as usize];
    Element::new("table")
        .with("id", table.identity.luid)
        .with("name", &table.name)
        .with("description", &table.description)
        .with("isEmbedded", table.embedded)
        .with("isCertified", table.certified)
        .with("certificationNote", &table.certification_note)
        .with("schema", table.schema.as_deref().unwrap_or_default())
        .child(
            Element::new("location")
                .with("id", database.identity.luid)
                .with("name", database.name.as_deref().unwrap_or_default())
                .with("type", "Database"),
        )
        .child_some(contact)
        .child(tag::list(site, &table.tags))
}

fn column_element(site: &Site, index: u32) -> Element {
    let column = &site.columns[index as usize];
    Element::new("column")
        .with("id", column.identity.luid)
        .with("name", &column.name)
        .with("description", &column.description)
        .with("remoteType", &column.remote_type)
        .with("parentTableId", site.identity(column.owner).luid)
}
