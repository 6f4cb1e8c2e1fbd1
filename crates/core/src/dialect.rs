//! SQL dialects, and how the names that other systems use map onto them.
//!
//! Three vocabularies meet here: what a person types (`--dialect tsql`), what dbt writes into
//! `metadata.adapter_type` (`fabric`) and what a BI tool calls a connection (`azure_sql_dw`).
//! All three end in one [`Dialect`].

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A family of SQL: its quoting, its case folding and how many levels a table's name has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dialect {
    /// Snowflake: folds unquoted names to upper case.
    Snowflake,
    /// Google BigQuery: backticks, `project.dataset.table`, wildcard tables.
    BigQuery,
    /// Amazon Redshift: PostgreSQL's grammar with its own additions.
    Redshift,
    /// Databricks SQL with Unity Catalog: three levels, backticks.
    Databricks,
    /// Apache Spark and Hive: two levels, backticks.
    Spark,
    /// PostgreSQL and what speaks its SQL (Greenplum, Materialize, CockroachDB).
    Postgres,
    /// SQL Server, Azure SQL, Synapse and Fabric: brackets.
    SqlServer,
    /// MySQL and MariaDB: two levels, backticks.
    MySql,
    /// Oracle: folds to upper case, two levels.
    Oracle,
    /// Amazon Athena: Trino's grammar, backticks in DDL.
    Athena,
    /// Trino, Presto and Starburst.
    Trino,
    /// ClickHouse: two levels, case-sensitive.
    ClickHouse,
    /// DuckDB.
    DuckDb,
    /// SQLite.
    Sqlite,
    /// Teradata: two levels.
    Teradata,
    /// Anything else: the most permissive reading.
    Generic,
}

impl Dialect {
    /// Every dialect, in the order in which help texts list them.
    pub const ALL: [Self; 16] = [
        Self::Snowflake,
        Self::BigQuery,
        Self::Redshift,
        Self::Databricks,
        Self::Spark,
        Self::Postgres,
        Self::SqlServer,
        Self::MySql,
        Self::Oracle,
        Self::Athena,
        Self::Trino,
        Self::ClickHouse,
        Self::DuckDb,
        Self::Sqlite,
        Self::Teradata,
        Self::Generic,
    ];

    /// The name used on the command line and in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Snowflake => "snowflake",
            Self::BigQuery => "bigquery",
            Self::Redshift => "redshift",
            Self::Databricks => "databricks",
            Self::Spark => "spark",
            Self::Postgres => "postgres",
            Self::SqlServer => "sqlserver",
            Self::MySql => "mysql",
            Self::Oracle => "oracle",
            Self::Athena => "athena",
            Self::Trino => "trino",
            Self::ClickHouse => "clickhouse",
            Self::DuckDb => "duckdb",
            Self::Sqlite => "sqlite",
            Self::Teradata => "teradata",
            Self::Generic => "generic",
        }
    }

    /// Whether a table's name has no level above the schema, so that what a BI tool calls the
    /// database is what dbt calls the schema.
    pub const fn is_two_level(self) -> bool {
        matches!(
            self,
            Self::Spark | Self::MySql | Self::ClickHouse | Self::Teradata
        )
    }

    /// Whether the database that a BI tool reports for this warehouse may be a display name or
    /// missing, and so can be no reason to refuse a match (BigQuery's friendly project name,
    /// Databricks custom SQL, Athena's catalog).
    pub const fn is_database_advisory(self) -> bool {
        matches!(self, Self::BigQuery | Self::Athena | Self::Databricks)
    }

    /// Whether a node that lives in a warehouse of `other` can be what a connection of this
    /// dialect reads. Generic drivers (ODBC, JDBC) read anything; people reach Redshift through
    /// the PostgreSQL driver, Athena through Trino's, Databricks through Spark's.
    pub fn fits(self, other: Self) -> bool {
        let family = |dialect| match dialect {
            Self::Redshift => Self::Postgres,
            Self::Athena => Self::Trino,
            Self::Spark => Self::Databricks,
            any => any,
        };
        self == Self::Generic || other == Self::Generic || family(self) == family(other)
    }

    /// The dialect behind dbt's `metadata.adapter_type`; unknown adapters are [`Self::Generic`].
    pub fn from_adapter(adapter_type: &str) -> Self {
        adapter_type.parse().unwrap_or(Self::Generic)
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// The text is not the name of a SQL dialect.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is not a SQL dialect that Tailwater knows")]
pub struct UnknownDialect {
    /// What was given.
    pub given: String,
}

impl FromStr for Dialect {
    type Err = UnknownDialect;

    /// Accepts the names of [`Dialect::name`], dbt adapters and the usual synonyms, in any case.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(
            match text
                .trim()
                .to_ascii_lowercase()
                .replace(['-', '_', ' '], "")
                .as_str()
            {
                "snowflake" => Self::Snowflake,
                "bigquery" | "googlebigquery" => Self::BigQuery,
                "redshift" | "amazonredshift" => Self::Redshift,
                "databricks" => Self::Databricks,
                "spark" | "sparksql" | "hive" | "impala" => Self::Spark,
                "postgres" | "postgresql" | "greenplum" | "materialize" | "cockroachdb" | "risingwave"
                | "alloydb" | "cratedb" => Self::Postgres,
                "sqlserver" | "mssql" | "tsql" | "transactsql" | "synapse" | "fabric" | "azuresql" => {
                    Self::SqlServer
                }
                "mysql" | "mariadb" | "singlestore" | "tidb" | "doris" | "starrocks" => Self::MySql,
                "oracle" | "plsql" => Self::Oracle,
                "athena" => Self::Athena,
                "trino" | "presto" | "prestodb" | "starburst" | "dremio" => Self::Trino,
                "clickhouse" => Self::ClickHouse,
                "duckdb" | "motherduck" => Self::DuckDb,
                "sqlite" | "sqlite3" => Self::Sqlite,
                "teradata" => Self::Teradata,
                "generic" | "ansi" | "vertica" | "exasol" | "netezza" => Self::Generic,
                _ => {
                    return Err(UnknownDialect {
                        given: text.to_owned(),
                    });
                }
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_parses_back_to_its_dialect() {
        for dialect in Dialect::ALL {
            assert_eq!(dialect.name().parse(), Ok(dialect));
        }
    }

    #[test]
    fn synonyms_and_adapters_are_understood() {
        assert_eq!("T-SQL".parse(), Ok(Dialect::SqlServer));
        assert_eq!("PostgreSQL".parse(), Ok(Dialect::Postgres));
        assert_eq!(Dialect::from_adapter("fabric"), Dialect::SqlServer);
        assert_eq!(Dialect::from_adapter("something new"), Dialect::Generic);
    }

    #[test]
    fn redshift_is_reached_through_the_postgres_driver_but_snowflake_is_not() {
        assert!(Dialect::Postgres.fits(Dialect::Redshift));
        assert!(!Dialect::Postgres.fits(Dialect::Snowflake));
        assert!(Dialect::Generic.fits(Dialect::DuckDb));
    }
}
