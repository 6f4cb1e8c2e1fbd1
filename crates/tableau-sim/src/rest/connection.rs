//! The connections of workbooks and data sources.

use super::call::{Call, Reply, SignedIn};
use super::{datasource, workbook};
use crate::wire::{Element, Fault};

/// `GET …/workbooks/{workbook}/connections`.
pub(super) fn of_workbook(call: &Call<'_>) -> Result<Reply, Fault> {
    let session = call.session()?;
    let workbook = workbook::find(call, session)?;
    let datasources = &session.site.workbooks[workbook as usize].datasources;
    let rows = datasources
        .iter()
        .flat_map(|&index| elements(session, index, false));
    Ok(Reply::ok(Element::list("connections", rows)))
}

/// `GET …/datasources/{datasource}/connections`.
pub(super) fn of_datasource(call: &Call<'_>) -> Result<Reply, Fault> {
    let session = call.session()?;
    let index = datasource::find(session, call.part(0))?;
    // The database name came with newer servers.
    let with_database = call.version >= (3, 25);
    Ok(Reply::ok(Element::list(
        "connections",
        elements(session, index, with_database),
    )))
}

fn elements(session: &SignedIn, index: u32, with_database: bool) -> Vec<Element> {
    let site = &session.site;
    let datasource = &site.datasources[index as usize];
    // Which LUID stands here for a published data source is not settled; the embedded copy's is given.
    let source = || {
        Element::new("datasource")
            .with("id", datasource.identity.luid)
            .with("name", &datasource.name)
    };
    if datasource.parent.is_some() {
        let connection = Element::new("connection")
            .with("id", datasource.identity.id)
            .with("type", "sqlproxy")
            .with("serverAddress", "localhost")
            .with("serverPort", "80")
            .with("userName", "")
            .with("embedPassword", false)
            .child(source());
        return vec![connection];
    }
    if datasource.connections.is_empty() && !datasource.virtual_tables.is_empty() {
        let connection = Element::new("connection")
            .with("id", datasource.identity.id)
            .with("type", "publishedConnection")
            .with("serverAddress", "")
            .with("serverPort", "")
            .with("userName", "")
            .with("embedPassword", false)
            .child(source());
        return vec![connection];
    }
    let uses = datasource.connections.iter();
    uses.map(|(identity, connection)| {
        let connection = &site.connections[*connection as usize];
        Element::new("connection")
            .with("id", identity.luid)
            .with("type", &connection.class)
            .with("serverAddress", &connection.server)
            .with(
                "serverPort",
                connection.port.map(|port| port.to_string()).unwrap_or_default(),
            )
            .with("userName", &connection.user)
            .with_some("dbName", with_database.then_some(&connection.database))
            .with("embedPassword", !connection.user.is_empty())
            .with("queryTaggingEnabled", false)
            .with("authenticationType", "Username Password")
            .child(source())
    })
    .collect()
}
