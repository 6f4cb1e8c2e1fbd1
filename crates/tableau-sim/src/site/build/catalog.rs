//! Connections, databases, tables, columns and virtual connections.

use super::super::{
    Column, Connection, Database, DatabaseKind, Kind, Ref, Table, VirtualConnection, VirtualTable,
};
use super::builder::{Builder, freshness, next_index, reference};
use super::table_name;
use crate::error::Error;
use crate::site_file::{self, ColumnEntry, NameParts, TableEntry};

/// The values of `RemoteType` in the schema.
const REMOTE_TYPES: &[&str] = &[
    "EMPTY",
    "NULL",
    "I2",
    "I4",
    "R4",
    "R8",
    "CY",
    "DATE",
    "BSTR",
    "IDISPATCH",
    "ERROR",
    "BOOL",
    "VARIANT",
    "IUNKNOWN",
    "DECIMAL",
    "UI1",
    "ARRAY",
    "BYREF",
    "I1",
    "UI2",
    "UI4",
    "I8",
    "UI8",
    "GUID",
    "VECTOR",
    "FILETIME",
    "RESERVED",
    "BYTES",
    "STR",
    "WSTR",
    "NUMERIC",
    "UDT",
    "DBDATE",
    "DBTIME",
    "DBTIMESTAMP",
    "HCHAPTER",
    "PROPVARIANT",
    "VARNUMERIC",
    "WDC_INT",
    "WDC_FLOAT",
    "WDC_STRING",
    "WDC_DATETIME",
    "WDC_BOOL",
    "WDC_DATE",
    "WDC_GEOMETRY",
];

impl Builder {
    pub(super) fn add_catalog(&mut self, file: &site_file::Site) -> Result<(), Error> {
        for entry in &file.connections {
            let index = next_index(&self.site.connections);
            if self.connections.insert(entry.key.clone(), index).is_some() {
                return Err(self.wrong(format!("connection `{}`", entry.key), "is there twice"));
            }
            self.connection_entries.push(entry.clone());
            self.site.connections.push(Connection {
                class: entry.class.clone(),
                server: entry.server.clone(),
                port: entry.port,
                user: entry.user.clone(),
                database: entry.database.clone(),
            });
        }
        for entry in &file.tables {
            let subject = format!("table `{}`", entry.key.as_deref().unwrap_or(&entry.name));
            let table = self.described_table(&subject, None, entry)?;
            if let Some(key) = &entry.key
                && self.table_keys.insert(key.clone(), table).is_some()
            {
                return Err(self.wrong(subject, "the key is there twice"));
            }
        }
        for entry in &file.virtual_connections {
            self.add_virtual_connection(entry)?;
        }
        Ok(())
    }

    fn add_virtual_connection(&mut self, entry: &site_file::VirtualConnection) -> Result<(), Error> {
        let subject = format!("virtual connection `{}`", entry.name);
        let connection = self.connection(&subject, &entry.connection)?;
        let project = self.project(&subject, entry.project.as_ref())?;
        let owner = self.user(&subject, entry.owner.as_deref())?;
        let luid = self.luid(&subject, entry.luid.as_deref())?;
        let index = next_index(&self.site.virtual_connections);
        let identity = self
            .naming
            .identify("virtual connection", &format!("{project}/{}", entry.name), luid);
        self.site.virtual_connections.push(VirtualConnection {
            identity,
            name: entry.name.clone(),
            description: entry.description.clone(),
            project,
            owner,
            freshness: freshness(None, None),
            tables: Vec::new(),
        });
        for table in &entry.tables {
            let tables = self.table_list(&subject, Some(connection), &table.tables)?;
            let table_index = next_index(&self.site.virtual_tables);
            let full_name = format!("{}/{}", entry.name, table.name);
            let identity = self.naming.identify("virtual table", &full_name, None);
            let owner = reference(Kind::VirtualTable, table_index);
            let columns = self.columns(&subject, owner, &full_name, table.columns.as_deref(), &tables)?;
            self.site.virtual_tables.push(VirtualTable {
                identity,
                connection: index,
                name: table.name.clone(),
                tables,
                columns,
                extracted: table.extracted,
                refreshed_at: table.refreshed_at.map(|instant| instant.0),
            });
            self.site.virtual_connections[index as usize]
                .tables
                .push(table_index);
            if self.virtual_tables.insert(full_name, table_index).is_some() {
                return Err(self.wrong(subject, format!("the table `{}` is there twice", table.name)));
            }
        }
        Ok(())
    }

    /// The connection of that key.
    pub(super) fn connection(&self, subject: &str, key: &str) -> Result<u32, Error> {
        self.connections
            .get(key)
            .copied()
            .ok_or_else(|| self.wrong(subject, format!("no connection has the key `{key}`")))
    }

    /// The tables of a list.
    pub(super) fn table_list(
        &mut self,
        subject: &str,
        connection: Option<u32>,
        entries: &[TableEntry],
    ) -> Result<Vec<u32>, Error> {
        let mut tables = Vec::with_capacity(entries.len());
        for entry in entries {
            let table = match entry {
                TableEntry::Name(name) => self.named_table(subject, connection, name)?,
                TableEntry::Described(table) => self.described_table(subject, connection, table)?,
            };
            if !tables.contains(&table) {
                tables.push(table);
            }
        }
        Ok(tables)
    }

    fn named_table(&mut self, subject: &str, connection: Option<u32>, name: &str) -> Result<u32, Error> {
        if let Some(&table) = self.table_keys.get(name) {
            return Ok(table);
        }
        let mut parts = table_name::split(name)
            .filter(|parts| parts.len() <= 3)
            .ok_or_else(|| self.wrong(subject, format!("`{name}` is not a table's name or key")))?;
        let described = site_file::Table {
            name: parts.pop().unwrap_or_default(),
            schema: parts.pop().unwrap_or_default(),
            database: parts.pop(),
            ..site_file::Table::default()
        };
        self.described_table(subject, connection, &described)
    }

    fn described_table(
        &mut self,
        subject: &str,
        connection: Option<u32>,
        entry: &site_file::Table,
    ) -> Result<u32, Error> {
        if entry.name.is_empty() {
            return Err(self.wrong(subject, "a table needs a name"));
        }
        let connection = match &entry.connection {
            Some(key) => self.connection(subject, key)?,
            None => connection.ok_or_else(|| {
                self.wrong(
                    subject,
                    format!("the table `{}` is on no connection; give one", entry.name),
                )
            })?,
        };
        let rules = &self.connection_entries[connection as usize];
        let database_name = entry.database.clone().unwrap_or_else(|| rules.database.clone());
        let name_parts = rules.full_name;
        let is_workbook_file = rules.class == "excel-direct";
        let schema = (!entry.schema_is_null).then(|| entry.schema.clone());
        let key = (
            connection,
            database_name.clone(),
            schema.clone(),
            entry.name.clone(),
        );
        if let Some(&table) = self.tables.get(&key) {
            return Ok(table);
        }

        let database = self.database(connection, &database_name);
        let luid = self.luid(subject, entry.luid.as_deref())?;
        let path = format!(
            "{connection}\u{0}{database_name}\u{0}{}\u{0}{}",
            schema.as_deref().unwrap_or("\u{1}"),
            entry.name
        );
        let identity = self.naming.identify("table", &path, luid);
        let index = next_index(&self.site.tables);
        let owner = reference(Kind::Table, index);
        let audience = self.audience(subject, &entry.hidden_from)?;
        let columns = self.columns(subject, owner, &path, entry.columns.as_deref(), &[])?;
        let tags = self.tags(&entry.tags);
        self.site.tables.push(Table {
            identity,
            database,
            full_name: entry.full_name.clone().unwrap_or_else(|| {
                if is_workbook_file {
                    // Recorded: sheets of Excel files end in a dollar sign there.
                    format!("[{}$]", entry.name)
                } else {
                    full_name(
                        name_parts,
                        &database_name,
                        schema.as_deref().unwrap_or_default(),
                        &entry.name,
                    )
                }
            }),
            schema,
            name: entry.name.clone(),
            columns,
            description: entry.description.clone(),
            embedded: entry.embedded,
            certified: entry.certified,
            certification_note: String::new(),
            contact: None,
            tags,
            audience,
        });
        self.site.databases[database as usize].tables.push(index);
        self.tables.insert(key, index);
        Ok(index)
    }

    /// The database of that name on a connection.
    pub(super) fn database(&mut self, connection: u32, name: &str) -> u32 {
        let key = (connection, name.to_owned());
        if let Some(&index) = self.databases.get(&key) {
            return index;
        }
        let rules = &self.connection_entries[connection as usize];
        // A display name stands for the connection's own database, not for others on the same server.
        let shown = if name == rules.database {
            rules.display_name.as_deref().unwrap_or(name)
        } else {
            name
        };
        let index = next_index(&self.site.databases);
        let identity = self
            .naming
            .identify("database", &format!("{}\u{0}{name}", rules.key), None);
        self.site.databases.push(Database {
            identity,
            kind: DatabaseKind::of_class(&rules.class),
            connection,
            name: (!rules.database_name_is_null).then(|| shown.to_owned()),
            is_null: rules.database_is_null,
            description: String::new(),
            tags: Vec::new(),
            certified: false,
            tables: Vec::new(),
            queries: Vec::new(),
        });
        self.databases.insert(key, index);
        index
    }

    /// Makes the columns of a table, query or virtual table; `sources` are the tables their `from` names.
    pub(super) fn columns(
        &mut self,
        subject: &str,
        owner: Ref,
        path: &str,
        entries: Option<&[ColumnEntry]>,
        sources: &[u32],
    ) -> Result<Vec<u32>, Error> {
        let default = [ColumnEntry::Name("id".to_owned())];
        let mut columns = Vec::new();
        for entry in entries.unwrap_or(&default) {
            let entry = entry.column();
            if !REMOTE_TYPES.contains(&entry.remote_type.as_str()) {
                let reason = format!("`{}` is not a remote type of the Metadata API", entry.remote_type);
                return Err(self.wrong(subject, reason));
            }
            let mut upstream = Vec::new();
            for source in &entry.from {
                let found = self.column_called(sources, source).ok_or_else(|| {
                    self.wrong(
                        subject,
                        format!("no column of the tables beside it is called `{source}`"),
                    )
                })?;
                upstream.push(found);
            }
            let index = next_index(&self.site.columns);
            let identity = self
                .naming
                .identify("column", &format!("{path}\u{0}{}", entry.name), None);
            self.site.columns.push(Column {
                identity,
                owner,
                name: entry.name,
                remote_type: entry.remote_type,
                description: entry.description,
                upstream,
                tags: Vec::new(),
            });
            columns.push(index);
        }
        Ok(columns)
    }

    fn column_called(&self, tables: &[u32], name: &str) -> Option<u32> {
        let matches = |table: u32, column: u32| {
            let column_name = &self.site.columns[column as usize].name;
            column_name == name || format!("{}.{column_name}", self.site.tables[table as usize].name) == name
        };
        tables.iter().find_map(|&table| {
            self.site.tables[table as usize]
                .columns
                .iter()
                .copied()
                .find(|&column| matches(table, column))
        })
    }
}

/// `fullName` by the connection's rule.
fn full_name(parts: NameParts, database: &str, schema: &str, name: &str) -> String {
    match parts {
        NameParts::DatabaseSchemaTable if !schema.is_empty() => format!("[{database}].[{schema}].[{name}]"),
        NameParts::SchemaTable if !schema.is_empty() => format!("[{schema}].[{name}]"),
        NameParts::Table | NameParts::SchemaTable | NameParts::DatabaseSchemaTable => format!("[{name}]"),
    }
}
