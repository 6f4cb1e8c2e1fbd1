//! Which grammars are tried, in which order.

use sqlparser::ast::Statement;
use sqlparser::parser::Parser;
use tailwater_core::dialect::Dialect;

use super::grammar::Grammar;

/// How deep constructs may nest.
const RECURSION_LIMIT: usize = 200;

/// Parses `sql`.
pub(crate) fn parse(sql: &str, dialect: Dialect) -> Result<Vec<Statement>, String> {
    let grammar = Grammar::of(dialect);
    grammar.refuel(64 * sql.len() as u64 + 1_000);
    Parser::new(&grammar)
        .with_recursion_limit(RECURSION_LIMIT)
        .try_with_sql(sql)
        .and_then(|mut parser| parser.parse_statements())
        .map_err(|error| error.to_string())
}
