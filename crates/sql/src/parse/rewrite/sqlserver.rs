//! T-SQL: query hints, table hints, batch separators.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::Token;

use super::tape::{Tape, word as word_token};

/// Table hints. Source: SQL Server, "Table hints (Transact-SQL)".
const TABLE_HINTS: &[&str] = &[
    "forcescan",
    "forceseek",
    "holdlock",
    "index",
    "keepdefaults",
    "keepidentity",
    "noexpand",
    "nolock",
    "nowait",
    "paglock",
    "readcommitted",
    "readcommittedlock",
    "readpast",
    "readuncommitted",
    "repeatableread",
    "rowlock",
    "serializable",
    "snapshot",
    "spatial_window_max_cells",
    "tablock",
    "tablockx",
    "updlock",
    "xlock",
];

pub(super) fn word(tape: &mut Tape, position: usize, keyword: Keyword) {
    match keyword {
        Keyword::FROM | Keyword::JOIN => default_schema(tape, position + 1),
        // `WITH XMLNAMESPACES ('uri' AS ns), c AS (…)`
        Keyword::WITH
            if tape.is_word(position + 1, "xmlnamespaces")
                && let Some(close) = tape.closing(position + 2) =>
        {
            if tape.is(close + 1, &Token::Comma) {
                tape.drop_range(position + 1, close + 2);
            } else {
                tape.drop_range(position, close + 1);
            }
        }
        // `OPTION (RECOMPILE, MAXDOP 1)` after a query.
        Keyword::OPTION if tape.is(position + 1, &Token::LParen) && tape.follows_operand(position) => {
            if let Some(close) = tape.closing(position + 1) {
                tape.drop_range(position, close + 1);
            }
        }
        Keyword::CREATE | Keyword::ALTER if super::common::at_start(tape, position) => {
            routine(tape, position);
        }
        Keyword::NoKeyword if tape.is_word(position, "go") && tape.is_alone_on_line(position) => {
            tape.replace(position, Token::SemiColon);
        }
        // `GO 5` repeats the batch.
        Keyword::NoKeyword
            if tape.is_word(position, "go")
                && matches!(tape.at(position + 1), Some(Token::Number(..)))
                && tape.is_alone_on_line(position + 1) =>
        {
            tape.drop_range(position + 1, position + 2);
            tape.replace(position, Token::SemiColon);
        }
        // `DELETE TOP (10) FROM t`
        Keyword::TOP
            if matches!(tape.before(position), Some(Token::Word(before)) if before.keyword == Keyword::DELETE)
                && tape.is(position + 1, &Token::LParen) =>
        {
            if let Some(close) = tape.closing(position + 1) {
                tape.drop_range(position, close + 1);
            }
        }
        // `DECLARE c CURSOR LOCAL FAST_FORWARD FOR SELECT …`
        Keyword::CURSOR if matches!(tape.before(position), Some(Token::Word(_))) => {
            let end = (position + 1..tape.len().min(position + 8)).find(|&at| tape.is_word(at, "for"));
            if let Some(end) = end
                && (position + 1..end).all(|at| tape.word(at).is_some())
            {
                tape.drop_range(position + 1, end);
            }
        }
        Keyword::NoKeyword if tape.is_word(position, "openrowset") && tape.is_word(position + 2, "bulk") => {
            bulk_rows(tape, position);
        }
        // `INNER HASH JOIN`
        Keyword::HASH | Keyword::MERGE | Keyword::NoKeyword
            if tape.is_any_word(position, &["hash", "loop", "merge", "remote"])
                && tape.is_word(position + 1, "join")
                && matches!(tape.before(position), Some(Token::Word(_))) =>
        {
            tape.drop_range(position, position + 1);
        }
        _ if tape.is(position + 1, &Token::LParen)
            && tape.is_any_word(position, &["changetable", "containstable", "freetexttable"]) =>
        {
            table_in_call(tape, position);
        }
        _ => hints(tape, position, keyword),
    }
}

/// `CHANGETABLE(CHANGES dbo.T, 0)`, `CONTAINSTABLE(dbo.Docs, Body, 'x')`: a function whose first argument is a table,
/// turned into one of a query.
fn table_in_call(tape: &mut Tape, position: usize) {
    let mut name = position + 2;
    if tape.is_any_word(name, &["changes", "version"]) {
        tape.drop_range(name, name + 1);
        name += 1;
    }
    let end = tape.name_end(name);
    if let Some(close) = tape.closing(position + 1)
        && matches!(tape.at(name), Some(Token::Word(_)))
        && end <= close
    {
        tape.insert(
            name,
            vec![
                Token::LParen,
                word_token("SELECT"),
                Token::Mul,
                word_token("FROM"),
            ],
        );
        tape.drop_range(end, close);
        tape.insert(close, vec![Token::RParen]);
    }
}

/// `OPENROWSET(BULK 'https://…', FORMAT = 'PARQUET') WITH (a int, b varchar(10))`: a file, of which
/// the list declares the columns.
fn bulk_rows(tape: &mut Tape, position: usize) {
    tape.drop_range(position + 2, position + 3);
    if let Some(close) = tape.closing(position + 1)
        && tape.is_word(close + 1, "with")
        && let Some(end) = tape.closing(close + 2)
    {
        tape.drop_range(close + 1, end + 1);
    }
}

/// `CREATE PROCEDURE p @from date AS BEGIN … END`: what it would run is what is read.
fn routine(tape: &mut Tape, position: usize) {
    let mut at = position + 1;
    if tape.are_words(at, &["or", "alter"]) {
        at += 2;
    }
    if !tape.is_any_word(at, &["procedure", "proc"]) {
        return;
    }
    let Some(body) = (at..tape.len()).find(|&at| {
        tape.is_word(at, "as")
            && !matches!(tape.before(at), Some(Token::Word(before)) if before.value.starts_with('@'))
    }) else {
        return;
    };
    let mut end = tape.len();
    while end > body && tape.is(end - 1, &Token::SemiColon) {
        end -= 1;
    }
    if tape.is_word(body + 1, "begin") && tape.is_word(end - 1, "end") {
        tape.drop_range(position, body + 2);
        tape.drop_range(end - 1, end);
    } else {
        tape.drop_range(position, body + 1);
    }
}

/// `WITH (NOLOCK)` in any place after a table, also before its alias.
pub(super) fn hints(tape: &mut Tape, position: usize, keyword: Keyword) {
    if keyword == Keyword::WITH
        && let Some(close) = hint_list(tape, position + 1)
    {
        tape.drop_range(position, close + 1);
    }
}

/// `FROM orders (NOLOCK)`.
pub(super) fn symbol(tape: &mut Tape, position: usize) {
    if tape.is(position, &Token::Comma) {
        default_schema(tape, position + 1);
    }
    let after_name = matches!(
        tape.before(position),
        Some(Token::Word(before)) if before.quote_style.is_some() || !super::tape::opens_clause(before.keyword)
    );
    if after_name && let Some(close) = hint_list(tape, position) {
        tape.drop_range(position, close + 1);
    }
}

/// `server.db..orders`: the schema that is left out is `dbo`. (`db..orders` is known to sqlparser.)
fn default_schema(tape: &mut Tape, position: usize) {
    let is_word = |offset: usize| matches!(tape.at(position + offset), Some(Token::Word(_)));
    let is_period = |offset: usize| tape.is(position + offset, &Token::Period);
    if is_word(0) && is_period(1) && is_word(2) && is_period(3) && is_period(4) && is_word(5) {
        tape.insert(position + 4, vec![word_token("dbo")]);
    }
}

/// The end of a bracketed list of table hints.
fn hint_list(tape: &mut Tape, open: usize) -> Option<usize> {
    if !tape.is(open, &Token::LParen) || !tape.is_any_word(open + 1, TABLE_HINTS) {
        return None;
    }
    let follows = matches!(
        tape.at(open + 2),
        Some(Token::RParen | Token::Comma | Token::Eq | Token::LParen | Token::Word(_))
    );
    // `count(index)` is a call on a column: only lists whose first hint stands where hints do.
    let is_column_call =
        tape.is_any_word(open + 1, &["index", "snapshot"]) && tape.is(open + 2, &Token::RParen);
    (follows && !is_column_call).then(|| tape.closing(open)).flatten()
}
