//! Tables, custom SQL and virtual connections.

use serde::{Deserialize, Serialize};

use super::{Instant, ProjectPath, shorthand::shorthand};

/// A table in a list: a name, or a full description in place.
///
/// A name is the `key` of a `[[site.table]]`, or `table`, `schema.table` or `database.schema.table`; a part
/// that holds a dot stands in brackets: `[odd.schema].orders`.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum TableEntry {
    /// A key or a dotted name.
    Name(String),
    /// All there is to say about it.
    Described(Box<Table>),
}

shorthand!(
    TableEntry,
    Box<Table>,
    "a table's name or a table that describes it"
);

impl From<&str> for TableEntry {
    fn from(name: &str) -> Self {
        Self::Name(name.to_owned())
    }
}

/// A database table. Two entries with the same connection, database, schema and name are the same table,
/// and the first that says something about an attribute wins.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// A name to refer to it by, when the dotted name will not do.
    pub key: Option<String>,
    /// The connection's key; inside a data source, the data source's connection when left out.
    pub connection: Option<String>,
    /// The database; the connection's when left out.
    pub database: Option<String>,
    /// The schema as Tableau reports it, which may be empty or wrong.
    #[serde(default)]
    pub schema: String,
    /// Tableau reports null for the schema.
    #[serde(default)]
    pub schema_is_null: bool,
    /// The table's name.
    pub name: String,
    /// What `fullName` answers; put together by the connection's `full_name` rule when left out.
    pub full_name: Option<String>,
    /// The columns; one column `id` when left out, none when `[]`.
    pub columns: Option<Vec<ColumnEntry>>,
    /// The description in the catalog.
    #[serde(default)]
    pub description: String,
    /// The table belongs to one workbook or data source and is no catalog asset of its own.
    #[serde(default)]
    pub embedded: bool,
    /// Whether it is certified.
    #[serde(default)]
    pub certified: bool,
    /// Roles and user names to whom the Metadata API answers null names.
    #[serde(default)]
    pub hidden_from: Vec<String>,
    /// Tags.
    #[serde(default)]
    pub tags: Vec<String>,
    /// The LUID; made from the names when left out.
    pub luid: Option<String>,
}

/// A column in a list: its name, or a description.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum ColumnEntry {
    /// A text column.
    Name(String),
    /// All there is to say about it.
    Described(Column),
}

shorthand!(
    ColumnEntry,
    Column,
    "a column's name or a table that describes it"
);

/// A column.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// The name.
    pub name: String,
    /// The `RemoteType` of the Metadata API, such as `I8`, `R8`, `WSTR`, `DATE`.
    #[serde(default = "text_type")]
    pub remote_type: String,
    /// The description.
    #[serde(default)]
    pub description: String,
    /// For custom SQL and virtual tables: the columns it comes from, as `table.column` of the tables listed
    /// beside it.
    #[serde(default)]
    pub from: Vec<String>,
}

impl ColumnEntry {
    /// The entry spelled out.
    pub fn column(&self) -> Column {
        match self {
            Self::Name(name) => Column {
                name: name.clone(),
                remote_type: text_type(),
                description: String::new(),
                from: Vec::new(),
            },
            Self::Described(column) => column.clone(),
        }
    }
}

impl From<&str> for ColumnEntry {
    fn from(name: &str) -> Self {
        Self::Name(name.to_owned())
    }
}

fn text_type() -> String {
    "WSTR".to_owned()
}

/// A custom SQL query inside a data source.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustomSql {
    /// The name; `Custom SQL Query` when left out.
    #[serde(default = "custom_sql_name")]
    pub name: String,
    /// The query as Tableau stores it.
    pub query: String,
    /// Whether Tableau could parse it; when not, `tables` must be empty.
    #[serde(default = "yes")]
    pub supported: bool,
    /// The tables Tableau found in it, which may be wrong.
    #[serde(default)]
    pub tables: Vec<TableEntry>,
    /// The columns it yields; one column `id` when left out.
    pub columns: Option<Vec<ColumnEntry>>,
    /// Another connection than the data source's.
    pub connection: Option<String>,
}

fn custom_sql_name() -> String {
    "Custom SQL Query".to_owned()
}

fn yes() -> bool {
    true
}

/// Where the Metadata API lets the tables of a data source be seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TablesReported {
    /// In `upstreamTables` and through the columns of fields, as it should be.
    #[default]
    Everywhere,
    /// `upstreamTables` is empty; only `fields { upstreamColumns { table } }` knows them.
    ColumnsOnly,
    /// `upstreamTables` knows them, and fields have no upstream columns.
    ListsOnly,
    /// Nowhere.
    Nowhere,
}

/// A virtual connection: a published connection with chosen tables.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VirtualConnection {
    /// The name; data sources refer to its tables as `name/table`.
    pub name: String,
    /// The connection's key.
    pub connection: String,
    /// The project; `Default` when left out.
    pub project: Option<ProjectPath>,
    /// The owner's user name; the first user when left out.
    pub owner: Option<String>,
    /// The description.
    #[serde(default)]
    pub description: String,
    /// Its tables.
    #[serde(default, alias = "table")]
    pub tables: Vec<VirtualTable>,
    /// The LUID; made from project and name when left out.
    pub luid: Option<String>,
}

/// A table of a virtual connection.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VirtualTable {
    /// The name inside the virtual connection.
    pub name: String,
    /// The warehouse tables under it; none when Tableau does not know them.
    #[serde(default)]
    pub tables: Vec<TableEntry>,
    /// The columns; one column `id` when left out.
    pub columns: Option<Vec<ColumnEntry>>,
    /// Whether the virtual connection keeps an extract of it.
    #[serde(default)]
    pub extracted: bool,
    /// When that extract was last refreshed.
    pub refreshed_at: Option<Instant>,
}
