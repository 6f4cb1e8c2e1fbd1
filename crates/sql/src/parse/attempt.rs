//! Which grammars are tried, in which order.
//!
//! The text's own dialect cuts it into tokens whatever grammar parses them: what is a string and
//! what a name does not depend on who parses.

use sqlparser::ast::Statement;
use sqlparser::dialect::{Dialect as SqlparserDialect, MsSqlDialect};
use sqlparser::parser::{Parser, ParserError, ParserOptions};
use sqlparser::tokenizer::Token;
use tailwater_core::dialect::Dialect;

use crate::upstream::Note;

use super::cut::cut;
use super::grammar::Grammar;
use super::rewrite::{Tape, rewrite};

/// How deep constructs may nest.
const RECURSION_LIMIT: usize = 200;

/// Brackets nested deeper than this are not given to a parser: no construct of the recursion limit
/// can hold them.
const MAX_BRACKETS: usize = 2 * RECURSION_LIMIT;

/// Chains longer than this are not given to a parser: the tree would lean deeper than a stack
/// should grow.
const MAX_LINKS: usize = 150_000;

/// Texts longer than this are tried in their own dialect and the generic one only.
const RETRY_LENGTH: usize = 256 * 1024;

/// Expressions that the parser may start for each byte of the text.
const FUEL_PER_BYTE: u64 = 16;
const FUEL_AT_LEAST: u64 = 4_096;

/// The statements of a text, with what a reader should know of what the rewriting took away.
#[derive(Debug)]
pub(crate) struct Parsed {
    pub(crate) statements: Vec<Statement>,
    pub(crate) notes: Vec<Note>,
}

/// Why a grammar does not take a text.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// Not its syntax; another grammar may know better.
    Syntax(String),
    /// Nested or chained beyond the bounds, whatever the grammar.
    Bounds(String),
}

impl Refusal {
    /// The message for the answer.
    pub(crate) fn into_message(self) -> String {
        match self {
            Self::Syntax(message) | Self::Bounds(message) => message,
        }
    }
}

impl From<ParserError> for Refusal {
    fn from(error: ParserError) -> Self {
        match error {
            ParserError::RecursionLimitExceeded => Self::Bounds(error.to_string()),
            _ => Self::Syntax(error.to_string()),
        }
    }
}

/// A text cut into tokens, ready to be parsed once.
pub(crate) struct Prepared {
    tape: Result<Tape, Refusal>,
    length: usize,
}

impl Prepared {
    /// How deep the tree can lean to one side.
    pub(crate) fn links(&self) -> usize {
        self.tape.as_ref().map_or(0, |tape| tape.links.min(MAX_LINKS))
    }
}

/// Cuts a text into tokens.
pub(crate) fn prepare(sql: &str, dialect: Dialect) -> Prepared {
    let grammar = Grammar::of(dialect);
    Prepared {
        tape: tape(sql, dialect, &grammar),
        length: sql.len(),
    }
}

fn tape(sql: &str, dialect: Dialect, grammar: &Grammar) -> Result<Tape, Refusal> {
    let mut tape = Tape::new(cut(sql, grammar).map_err(ParserError::from)?);
    rewrite(&mut tape, dialect);
    Ok(tape)
}

/// Parses a text in its own dialect.
pub(crate) fn parse(prepared: Prepared, dialect: Dialect) -> Result<Parsed, Refusal> {
    parse_tape(prepared.tape?, prepared.length, &Grammar::of(dialect))
}

/// Parses a text in the first grammar that accepts it, other than its own dialect's.
pub(crate) fn parse_otherwise(sql: &str, dialect: Dialect) -> Option<Parsed> {
    let own = Grammar::of(dialect);
    let is_cut = tape(sql, dialect, &own).is_ok();
    let others = if sql.len() > RETRY_LENGTH {
        &[Dialect::Generic]
    } else {
        others(dialect)
    };
    let has_hive = matches!(dialect, Dialect::Spark | Dialect::Databricks | Dialect::Generic);
    let hive = (has_hive && sql.len() <= RETRY_LENGTH).then(|| (Dialect::Spark, Grammar::hive()));
    let by_own_tokens = others
        .iter()
        .map(|&other| (other, Grammar::of(other)))
        .chain(hive)
        .find_map(|(other, grammar)| {
            let (cutter, rules) = if is_cut {
                (&own, dialect)
            } else {
                (&grammar, other)
            };
            let tape = tape(sql, rules, cutter).ok()?;
            parse_tape(tape, sql.len(), &grammar).ok()
        });
    by_own_tokens.or_else(|| {
        let other = quotes_of_another(sql, dialect)?;
        let grammar = Grammar::of(other);
        parse_tape(tape(sql, other, &grammar).ok()?, sql.len(), &grammar).ok()
    })
}

/// The dialect whose quotes a text seems to use in place of its own: brackets where names stand,
/// or `"` and backticks for names where the dialect has them for something else.
fn quotes_of_another(sql: &str, dialect: Dialect) -> Option<Dialect> {
    let has_bracketed_name = sql.contains("].[")
        || sql.match_indices('[').take(64).any(|(bracket, _)| {
            let before = sql[..bracket].trim_end();
            ["from", "join"].iter().any(|word| {
                before
                    .get(before.len().saturating_sub(word.len())..)
                    .is_some_and(|tail| tail.eq_ignore_ascii_case(word))
            })
        });
    if has_bracketed_name && dialect != Dialect::SqlServer {
        return Some(Dialect::SqlServer);
    }
    (sql.contains(['"', '`']) && dialect != Dialect::Generic).then_some(Dialect::Generic)
}

fn parse_tape(mut tape: Tape, length: usize, grammar: &Grammar) -> Result<Parsed, Refusal> {
    if tape.depth > MAX_BRACKETS {
        return Err(Refusal::Bounds(format!(
            "brackets are nested {} deep",
            tape.depth
        )));
    }
    if tape.links > MAX_LINKS {
        return Err(Refusal::Bounds(format!(
            "an expression chains more than {MAX_LINKS} operators"
        )));
    }
    grammar.refuel(FUEL_AT_LEAST + FUEL_PER_BYTE * length as u64);
    let notes = std::mem::take(&mut tape.notes);
    let options = ParserOptions {
        trailing_commas: grammar.supports_trailing_commas(),
        // T-SQL puts statements after each other with nothing between.
        require_semicolon_stmt_delimiter: !(grammar as &dyn SqlparserDialect).is::<MsSqlDialect>(),
        ..ParserOptions::default()
    };
    let mut parser = Parser::new(grammar)
        .with_options(options)
        .with_recursion_limit(RECURSION_LIMIT)
        .with_tokens_with_locations(tape.into_tokens());
    let statements = parser.parse_statements()?;
    // The parser takes a stray END for the end of the text.
    match &parser.peek_token_ref().token {
        Token::EOF => Ok(Parsed { statements, notes }),
        rest => Err(Refusal::Syntax(format!("unexpected `{rest}` after a statement"))),
    }
}

/// The grammars to try after a text's own, likeliest first.
const fn others(dialect: Dialect) -> &'static [Dialect] {
    use Dialect as D;
    match dialect {
        D::Generic => &[
            D::Postgres,
            D::Snowflake,
            D::DuckDb,
            D::SqlServer,
            D::MySql,
            D::BigQuery,
            D::Databricks,
            D::ClickHouse,
            D::Oracle,
        ],
        D::Redshift => &[D::Postgres, D::Generic, D::Snowflake, D::DuckDb],
        D::Postgres => &[D::Generic, D::DuckDb, D::Snowflake, D::Redshift],
        D::Databricks => &[D::Generic, D::Snowflake, D::DuckDb, D::BigQuery],
        D::Spark => &[D::Databricks, D::Generic, D::Snowflake, D::DuckDb],
        D::Athena | D::Trino => &[D::DuckDb, D::Snowflake, D::Postgres, D::Databricks, D::BigQuery],
        D::MySql => &[D::Generic, D::Postgres, D::DuckDb, D::Sqlite],
        D::ClickHouse => &[D::Generic, D::DuckDb, D::Snowflake, D::MySql],
        D::DuckDb => &[D::Generic, D::Postgres, D::Snowflake, D::ClickHouse],
        D::Oracle | D::Teradata => &[D::Generic, D::Snowflake, D::Postgres, D::DuckDb],
        D::Snowflake | D::BigQuery | D::SqlServer | D::Sqlite => {
            &[D::Generic, D::Postgres, D::Databricks, D::DuckDb]
        }
    }
}
