//! Names that look like columns or tables and are neither.

use tailwater_core::dialect::Dialect;

use crate::template::PLACEHOLDER;

/// Whether an unquoted name is a value of the engine, not a column: `ROWNUM`, `SYSDATE`.
///
/// Sources: the manuals' lists of pseudo columns and of functions called without parentheses.
pub(super) fn is_pseudo_column(dialect: Dialect, name: &str) -> bool {
    if name.starts_with(['@', ':', '$', '?']) || name.starts_with("__$") || name == PLACEHOLDER {
        return true;
    }
    let is_any = |names: &[&str]| names.iter().any(|pseudo| pseudo.eq_ignore_ascii_case(name));
    if is_any(&[
        "current_date",
        "current_time",
        "current_timestamp",
        "localtime",
        "localtimestamp",
        "current_user",
        "session_user",
        "null",
        "true",
        "false",
        "default",
    ]) {
        return true;
    }
    if is_row_property(dialect, name) {
        return true;
    }
    match dialect {
        Dialect::Oracle => is_any(&[
            "sysdate",
            "systimestamp",
            "rownum",
            "level",
            "user",
            "uid",
            "connect_by_isleaf",
            "connect_by_iscycle",
            "dbtimezone",
            "sessiontimezone",
        ]),
        Dialect::Redshift => is_any(&["sysdate", "level", "user"]),
        Dialect::Snowflake => is_any(&["sysdate", "level"]),
        Dialect::Postgres => is_any(&["user", "current_catalog", "current_schema", "current_role"]),
        Dialect::SqlServer => is_any(&["system_user", "user", "$action", "$identity", "$rowguid"]),
        Dialect::Sqlite => is_any(&["oid"]),
        Dialect::Teradata => is_any(&["date", "time", "user", "session", "database"]),
        Dialect::MySql => is_any(&["utc_date", "utc_time", "utc_timestamp"]),
        _ => false,
    }
}

/// Whether an unquoted name is what the engine adds to each row of a table, also behind the table's name: `t.ROWID`.
pub(super) fn is_row_property(dialect: Dialect, name: &str) -> bool {
    let is_any = |names: &[&str]| names.iter().any(|pseudo| pseudo.eq_ignore_ascii_case(name));
    match dialect {
        Dialect::Oracle => is_any(&["rowid", "ora_rowscn"]),
        Dialect::Snowflake => is_any(&[
            "metadata$filename",
            "metadata$file_row_number",
            "metadata$action",
            "metadata$isupdate",
            "metadata$row_id",
        ]),
        Dialect::Postgres => is_any(&["ctid", "tableoid"]),
        Dialect::Sqlite => is_any(&["rowid", "_rowid_"]),
        Dialect::BigQuery => is_any(&["_table_suffix", "_partitiontime", "_partitiondate", "_file_name"]),
        Dialect::ClickHouse => is_any(&["_table", "_database", "_part", "_partition_id"]),
        Dialect::Databricks | Dialect::Spark => is_any(&["_metadata"]),
        _ => false,
    }
}

/// Whether a qualifier names rows that the engine makes, not a relation.
pub(super) fn is_pseudo_row(dialect: Dialect, name: &str) -> bool {
    let is_any = |names: &[&str]| names.iter().any(|pseudo| pseudo.eq_ignore_ascii_case(name));
    match dialect {
        Dialect::SqlServer => is_any(&["inserted", "deleted"]) || name.starts_with('@'),
        Dialect::Postgres | Dialect::Sqlite => is_any(&["excluded", "old", "new"]),
        Dialect::MySql => is_any(&["values", "old", "new"]) || name.starts_with('@'),
        Dialect::Oracle => is_any(&["old", "new"]),
        _ => false,
    }
}

/// Whether a relation of this one part is the engine's own row source: `DUAL`.
pub(super) fn is_pseudo_table(dialect: Dialect, name: &str) -> bool {
    let has_dual = matches!(
        dialect,
        Dialect::Oracle
            | Dialect::MySql
            | Dialect::Snowflake
            | Dialect::Databricks
            | Dialect::Spark
            | Dialect::Generic
    );
    has_dual && name.eq_ignore_ascii_case("dual")
}

/// Functions whose arguments can be the bare name of a unit of time.
const DATE_FUNCTIONS: &[&str] = &[
    "add_months",
    "age",
    "date_add",
    "date_bucket",
    "date_diff",
    "date_part",
    "date_sub",
    "date_trunc",
    "dateadd",
    "datediff",
    "datediff_big",
    "datefromparts",
    "datename",
    "datepart",
    "datesub",
    "datetime_add",
    "datetime_diff",
    "datetime_sub",
    "datetime_trunc",
    "datetrunc",
    "ends_on",
    "generate_date_array",
    "last_day",
    "next_day",
    "time_add",
    "time_diff",
    "time_slice",
    "time_sub",
    "time_trunc",
    "timeadd",
    "timediff",
    "timestamp_add",
    "timestamp_diff",
    "timestamp_sub",
    "timestamp_trunc",
    "timestampadd",
    "timestampdiff",
    "trunc",
];

/// Whether a function takes units of time as bare words.
pub(super) fn takes_time_units(function: &str) -> bool {
    DATE_FUNCTIONS
        .iter()
        .any(|name| name.eq_ignore_ascii_case(function))
}

/// Whether a bare word is a unit of time.
pub(super) fn is_time_unit(word: &str) -> bool {
    const UNITS: &[&str] = &[
        "century",
        "d",
        "day",
        "dayofweek",
        "dayofyear",
        "days",
        "dd",
        "decade",
        "dow",
        "doy",
        "dw",
        "dy",
        "epoch",
        "hh",
        "hour",
        "hours",
        "isodow",
        "isowk",
        "isoweek",
        "isoyear",
        "m",
        "mcs",
        "mi",
        "microsecond",
        "microseconds",
        "millennium",
        "millisecond",
        "milliseconds",
        "minute",
        "minutes",
        "mm",
        "mon",
        "month",
        "months",
        "ms",
        "n",
        "nanosecond",
        "ns",
        "q",
        "qq",
        "quarter",
        "quarters",
        "s",
        "second",
        "seconds",
        "ss",
        "us",
        "w",
        "week",
        "weekday",
        "weeks",
        "wk",
        "ww",
        "y",
        "year",
        "years",
        "yy",
        "yyyy",
        "sql_tsi_day",
        "sql_tsi_hour",
        "sql_tsi_minute",
        "sql_tsi_month",
        "sql_tsi_quarter",
        "sql_tsi_second",
        "sql_tsi_week",
        "sql_tsi_year",
        "sunday",
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
    ];
    UNITS.iter().any(|unit| unit.eq_ignore_ascii_case(word))
}
