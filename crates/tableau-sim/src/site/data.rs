//! What content stands on: data sources, fields, tables, columns, databases, virtual connections.

use chrono::{DateTime, Utc};

use super::{Audience, Extract, Freshness, Identity, Ref, RefreshPlan, Schedule};

/// A connection as the site file declares it.
#[derive(Debug, Clone)]
pub(crate) struct Connection {
    pub(crate) class: String,
    pub(crate) server: String,
    pub(crate) port: Option<u16>,
    pub(crate) user: String,
    pub(crate) database: String,
}

/// Which type of the Metadata API a database is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DatabaseKind {
    Server,
    File,
    CloudFile,
    WebDataConnector,
}

impl DatabaseKind {
    /// The kind that a connection class makes.
    pub(crate) fn of_class(class: &str) -> Self {
        match class {
            "excel-direct"
            | "textscan"
            | "hyper"
            | "dataengine"
            | "msaccess"
            | "ogrdirect"
            | "semistructpassivestore-direct" => Self::File,
            "google-sheets" | "googledrive" | "onedrive" | "box" | "dropbox" => Self::CloudFile,
            class if class.starts_with("cloudfile") => Self::CloudFile,
            class if class.starts_with("webdata-direct") => Self::WebDataConnector,
            _ => Self::Server,
        }
    }
}

/// A database: a connection's database name.
#[derive(Debug, Clone)]
pub(crate) struct Database {
    pub(crate) identity: Identity,
    pub(crate) kind: DatabaseKind,
    pub(crate) connection: u32,
    /// What the Metadata API answers as its name.
    pub(crate) name: Option<String>,
    /// Tables on it answer null for `database`.
    pub(crate) is_null: bool,
    pub(crate) description: String,
    pub(crate) tags: Vec<u32>,
    pub(crate) certified: bool,
    pub(crate) tables: Vec<u32>,
    pub(crate) queries: Vec<u32>,
}

/// A database table.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    pub(crate) identity: Identity,
    pub(crate) database: u32,
    pub(crate) schema: Option<String>,
    pub(crate) name: String,
    pub(crate) full_name: String,
    pub(crate) columns: Vec<u32>,
    pub(crate) description: String,
    pub(crate) embedded: bool,
    pub(crate) certified: bool,
    pub(crate) certification_note: String,
    pub(crate) contact: Option<u32>,
    pub(crate) tags: Vec<u32>,
    pub(crate) audience: Audience,
}

/// A custom SQL query in a data source.
#[derive(Debug, Clone)]
pub(crate) struct CustomSql {
    pub(crate) identity: Identity,
    pub(crate) datasource: u32,
    pub(crate) name: String,
    pub(crate) query: String,
    pub(crate) supported: bool,
    pub(crate) database: u32,
    pub(crate) tables: Vec<u32>,
    pub(crate) columns: Vec<u32>,
}

/// A virtual connection.
#[derive(Debug, Clone)]
pub(crate) struct VirtualConnection {
    pub(crate) identity: Identity,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) project: u32,
    pub(crate) owner: u32,
    pub(crate) freshness: Freshness,
    pub(crate) tables: Vec<u32>,
}

/// A table of a virtual connection.
#[derive(Debug, Clone)]
pub(crate) struct VirtualTable {
    pub(crate) identity: Identity,
    pub(crate) connection: u32,
    pub(crate) name: String,
    pub(crate) tables: Vec<u32>,
    pub(crate) columns: Vec<u32>,
    pub(crate) extracted: bool,
    pub(crate) refreshed_at: Option<DateTime<Utc>>,
}

/// A column of a table, custom SQL query or virtual table.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    pub(crate) identity: Identity,
    pub(crate) owner: Ref,
    pub(crate) name: String,
    pub(crate) remote_type: String,
    pub(crate) description: String,
    /// Columns it comes from.
    pub(crate) upstream: Vec<u32>,
    pub(crate) tags: Vec<u32>,
}

/// A data source, embedded or published.
#[derive(Debug, Clone)]
pub(crate) struct Datasource {
    pub(crate) identity: Identity,
    pub(crate) name: String,
    /// The workbook of an embedded one.
    pub(crate) workbook: Option<u32>,
    /// What only a published one has.
    pub(crate) published: Option<Box<Published>>,
    /// The published one that an embedded one stands on.
    pub(crate) parent: Option<u32>,
    /// Embedded ones that stand on this published one.
    pub(crate) children: Vec<u32>,
    /// Connections it uses, with the LUID REST gives each use.
    pub(crate) connections: Vec<(Identity, u32)>,
    pub(crate) tables: Vec<u32>,
    pub(crate) queries: Vec<u32>,
    pub(crate) virtual_tables: Vec<u32>,
    pub(crate) fields: Vec<u32>,
    pub(crate) extract: Option<Extract>,
    pub(crate) freshness: Freshness,
    /// The lists of tables know its tables.
    pub(crate) lists_tables: bool,
    /// Lineage may be walked through the columns of its fields.
    pub(crate) walks_columns: bool,
}

/// What only published data sources have.
#[derive(Debug, Clone)]
pub(crate) struct Published {
    pub(crate) project: u32,
    pub(crate) owner: u32,
    pub(crate) description: String,
    pub(crate) content_url: String,
    pub(crate) tags: Vec<u32>,
    pub(crate) certified: bool,
    pub(crate) certification_note: String,
    pub(crate) bridge: bool,
    pub(crate) audience: Audience,
    pub(crate) refresh: RefreshPlan,
    pub(crate) schedule: Option<Schedule>,
}

/// What a field is made from.
#[derive(Debug, Clone)]
pub(crate) enum FieldKind {
    /// A column.
    Column,
    /// A formula over other fields.
    Calculated { formula: String },
    /// A field of the published data source under an embedded one.
    Remote,
}

/// A field of a data source.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub(crate) identity: Identity,
    pub(crate) kind: FieldKind,
    pub(crate) datasource: u32,
    pub(crate) name: String,
    pub(crate) columns: Vec<u32>,
    /// Fields it stands on: those of the formula, or the published one.
    pub(crate) fields: Vec<u32>,
}
