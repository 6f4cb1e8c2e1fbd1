//! What a BI tool's connection type says about the thing behind it.

use serde::{Deserialize, Serialize};

use crate::dialect::Dialect;

/// The kind of thing that a connection reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConnectionKind {
    /// A warehouse or database that dbt may have built. Generic drivers are
    /// `Warehouse(Dialect::Generic)`, since anything can be behind them.
    Warehouse(Dialect),
    /// A file or a spreadsheet: dbt does not build those.
    File,
    /// A bare extract whose source is not known any more.
    Extract,
    /// A web service read by a connector.
    WebService,
    /// A published data source of the BI tool itself; its own tables are what counts.
    PublishedDataSource,
    /// A virtual connection of the BI tool.
    VirtualConnection,
}

impl ConnectionKind {
    /// Reads Tableau's `connectionType` (values: Tableau Metadata API, `DatabaseTable.connectionType`).
    /// An unknown value is a warehouse of the generic dialect, so that nothing is dropped for
    /// a driver that is new to us.
    pub fn from_tableau(connection_type: &str) -> Self {
        let name = connection_type.trim().to_ascii_lowercase();
        if name.starts_with("webdata-direct") || name == "web-data-connector" {
            return Self::WebService;
        }
        if name.starts_with("cloudfile:") {
            return Self::File;
        }
        match name.as_str() {
            "excel-direct"
            | "excel"
            | "textscan"
            | "textclean"
            | "csv"
            | "google-sheets"
            | "googlesheets"
            | "msaccess"
            | "semistructpassivestore-direct"
            | "ogrdirect"
            | "stat-direct"
            | "pdf-direct"
            | "onedrive"
            | "googledrive"
            | "box"
            | "dropbox"
            | "sharepointlist" => Self::File,
            "hyper" | "dataengine" => Self::Extract,
            "salesforce"
            | "google-analytics"
            | "marketo"
            | "odata"
            | "eloqua"
            | "quickbooks3"
            | "servicenow"
            | "anaplan"
            | "linkedinsalesnavigator" => Self::WebService,
            "sqlproxy" => Self::PublishedDataSource,
            "publishedconnection" => Self::VirtualConnection,
            _ => Self::Warehouse(warehouse_dialect(&name)),
        }
    }

    /// The same for an answer that may leave it out; a generic warehouse when not told.
    pub fn from_tableau_or_unknown(connection_type: Option<&str>) -> Self {
        connection_type.map_or(Self::Warehouse(Dialect::Generic), Self::from_tableau)
    }

    /// The SQL dialect spoken behind the connection; generic where there is none.
    pub const fn dialect(self) -> Dialect {
        match self {
            Self::Warehouse(dialect) => dialect,
            _ => Dialect::Generic,
        }
    }

    /// Whether tables behind this connection can be relations that dbt built.
    pub const fn can_hold_relations(self) -> bool {
        matches!(
            self,
            Self::Warehouse(_) | Self::VirtualConnection | Self::PublishedDataSource
        )
    }
}

/// Drivers carry their product's name with a prefix or suffix (`mysql_odbc`, `trino_jdbc`, `awshadoophive`).
fn warehouse_dialect(name: &str) -> Dialect {
    let named = |part: &str| name.contains(part);
    match name {
        "tbio" | "snowflake" => Dialect::Snowflake,
        "azure_sql_dw" | "azure_sqldb" | "sqlserver" | "synapse" | "fabric" => Dialect::SqlServer,
        _ if named("snowflake") => Dialect::Snowflake,
        _ if named("bigquery") => Dialect::BigQuery,
        _ if named("redshift") => Dialect::Redshift,
        _ if named("databricks") => Dialect::Databricks,
        _ if named("hive") || named("spark") || named("impala") => Dialect::Spark,
        _ if named("postgres") || named("greenplum") => Dialect::Postgres,
        _ if named("sqlserver") || named("azure_sql") => Dialect::SqlServer,
        _ if named("mysql") || named("mariadb") || named("memsql") => Dialect::MySql,
        _ if named("oracle") => Dialect::Oracle,
        _ if named("athena") => Dialect::Athena,
        _ if named("trino") || named("presto") || named("starburst") => Dialect::Trino,
        _ if named("clickhouse") => Dialect::ClickHouse,
        _ if named("duckdb") || named("motherduck") => Dialect::DuckDb,
        _ if named("sqlite") => Dialect::Sqlite,
        _ if named("teradata") => Dialect::Teradata,
        _ => Dialect::Generic,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("snowflake", ConnectionKind::Warehouse(Dialect::Snowflake))]
    #[case("googlebigquery", ConnectionKind::Warehouse(Dialect::BigQuery))]
    #[case("azure_sql_dw", ConnectionKind::Warehouse(Dialect::SqlServer))]
    #[case("mysql_odbc", ConnectionKind::Warehouse(Dialect::MySql))]
    #[case("awshadoophive", ConnectionKind::Warehouse(Dialect::Spark))]
    #[case("trino_jdbc", ConnectionKind::Warehouse(Dialect::Trino))]
    #[case("genericjdbc", ConnectionKind::Warehouse(Dialect::Generic))]
    #[case("a driver from the future", ConnectionKind::Warehouse(Dialect::Generic))]
    #[case("excel-direct", ConnectionKind::File)]
    #[case("cloudfile:onedrive-excel", ConnectionKind::File)]
    #[case("hyper", ConnectionKind::Extract)]
    #[case("webdata-direct:marketo", ConnectionKind::WebService)]
    #[case("sqlproxy", ConnectionKind::PublishedDataSource)]
    #[case("publishedConnection", ConnectionKind::VirtualConnection)]
    fn tableau_connection_types_are_known(#[case] name: &str, #[case] expected: ConnectionKind) {
        assert_eq!(ConnectionKind::from_tableau(name), expected);
    }
}
