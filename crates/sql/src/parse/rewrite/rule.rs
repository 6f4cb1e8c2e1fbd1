//! Which rules run on which dialect: one pass over the tokens.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::Token;
use tailwater_core::dialect::Dialect;

use super::tape::{Tape, word};
use super::{
    bigquery, clause, clickhouse, common, create, duckdb, mysql, oracle, quantifier, spark, sqlserver,
    teradata, view,
};

/// Runs the rules of `dialect` over a tape.
pub(in crate::parse) fn rewrite(tape: &mut Tape, dialect: Dialect) {
    let mut position = 0;
    while position < tape.len() {
        if !tape.is_dropped(position) {
            visit(tape, position, dialect);
        }
        position += 1;
    }
}

fn visit(tape: &mut Tape, position: usize, dialect: Dialect) {
    let keyword = match tape.at(position) {
        Some(Token::Word(word)) if word.quote_style.is_none() => word.keyword,
        Some(Token::Word(_) | Token::Period | Token::Number(..)) | None => return,
        Some(_) => {
            symbol(tape, position, dialect);
            return;
        }
    };
    match keyword {
        Keyword::FOR => common::time_travel(tape, position),
        Keyword::TABLE => {
            common::table_command(tape, position);
            common::table_argument(tape, position);
        }
        Keyword::NEXT => common::next_value(tape, position),
        Keyword::DIV | Keyword::MOD => common::word_division(tape, position, keyword),
        Keyword::CREATE if common::at_start(tape, position) => create::create_as(tape, position, dialect),
        Keyword::DAY
        | Keyword::DAYS
        | Keyword::WEEK
        | Keyword::WEEKS
        | Keyword::MONTH
        | Keyword::MONTHS
        | Keyword::YEAR
        | Keyword::YEARS
        | Keyword::HOUR
        | Keyword::HOURS
        | Keyword::MINUTE
        | Keyword::MINUTES => common::labelled_duration(tape, position),
        Keyword::NOTNULL => common::postfix_null(tape, position, true),
        Keyword::NoKeyword if tape.is_word(position, "isnull") => common::postfix_null(tape, position, false),
        Keyword::REPLACE if common::at_start(tape, position) && tape.is_word(position + 1, "view") => {
            tape.replace(position, word("CREATE"));
            create::create_as(tape, position, dialect);
        }
        // `PRIOR a`, of which sqlparser knows only the one in CONNECT BY
        Keyword::PRIOR if !tape.follows_operand(position) && tape.begins_operand(position + 1) => {
            tape.drop_range(position, position + 1);
        }
        Keyword::LATERAL => view::before_join(tape, position),
        Keyword::EXPLAIN if common::at_start(tape, position) => common::explain(tape, position),
        Keyword::ANY | Keyword::ALL | Keyword::SOME | Keyword::IN => {
            quantifier::word(tape, position, keyword, dialect);
        }
        _ => clause::clause(tape, position, keyword),
    }
    match dialect {
        Dialect::SqlServer => sqlserver::word(tape, position, keyword),
        Dialect::Teradata => teradata::word(tape, position, keyword),
        Dialect::Oracle => oracle::word(tape, position, keyword),
        Dialect::ClickHouse => clickhouse::word(tape, position, keyword),
        Dialect::Postgres | Dialect::Redshift => common::postgres_word(tape, position, keyword),
        Dialect::Sqlite => common::sqlite_word(tape, position, keyword),
        Dialect::DuckDb => duckdb::word(tape, position, keyword),
        Dialect::Spark | Dialect::Databricks => spark::word(tape, position, keyword),
        Dialect::MySql => mysql::word(tape, position, keyword),
        Dialect::Generic => {
            teradata::word(tape, position, keyword);
            sqlserver::hints(tape, position, keyword);
            oracle::database_link(tape, position);
        }
        Dialect::BigQuery => bigquery::word(tape, position, keyword),
        Dialect::Athena | Dialect::Trino => common::trino_word(tape, position, keyword),
        Dialect::Snowflake => {}
    }
}

fn symbol(tape: &mut Tape, position: usize, dialect: Dialect) {
    match dialect {
        Dialect::SqlServer => sqlserver::symbol(tape, position),
        Dialect::Snowflake => {
            common::snowflake_stage(tape, position);
            common::substitution(tape, position);
        }
        Dialect::Oracle => {
            common::substitution(tape, position);
            oracle::symbol(tape, position);
        }
        Dialect::Teradata => teradata::symbol(tape, position),
        Dialect::DuckDb => common::power(tape, position),
        Dialect::ClickHouse => clickhouse::symbol(tape, position),
        Dialect::Generic => {
            sqlserver::symbol(tape, position);
            common::snowflake_stage(tape, position);
        }
        Dialect::BigQuery => bigquery::symbol(tape, position),
        Dialect::Spark | Dialect::Databricks => spark::symbol(tape, position),
        _ => {}
    }
    match tape.at(position) {
        Some(Token::SingleQuotedString(_)) => common::joined_strings(tape, position),
        Some(Token::LBrace) => common::braces(tape, position),
        _ => clause::symbol(tape, position),
    }
}
