//! `CREATE … TABLE t … AS SELECT …`: the options between the name and the query are those of a
//! dozen engines, and none of them reads anything.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::Token;

use tailwater_core::dialect::Dialect;

use super::tape::{Tape, word};

/// Leaves of a CREATE at `position` its kind, the name, the columns and the query.
pub(super) fn create_as(tape: &mut Tape, position: usize, dialect: Dialect) {
    let limit = tape.len().min(position + 10);
    let Some(kind) = (position + 1..limit).find(|&at| tape.is_any_word(at, &["table", "view"])) else {
        return;
    };
    // Only words stand between: `CREATE FUNCTION f(x TABLE …)` is something else.
    if (position + 1..kind)
        .any(|at| tape.word(at).is_none() || tape.is_any_word(at, &["function", "procedure"]))
    {
        return;
    }
    let mut name = kind + 1;
    while tape.is_any_word(name, &["if", "not", "exists"]) {
        name += 1;
    }
    let mut after_name = tape.name_end(name);
    while tape.is(after_name, &Token::Minus) {
        after_name = tape.name_end(after_name + 1);
    }
    if tape.is(after_name, &Token::LParen)
        && !tape.is_any_word(after_name + 1, &["index", "key", "unique", "primary"])
        && let Some(close) = tape.closing(after_name)
    {
        after_name = close + 1;
    }
    let Some(query) = query_after(tape, after_name) else {
        return;
    };
    if dialect == Dialect::ClickHouse || tape.is_word(kind, "table") {
        type_columns(tape, tape.name_end(name), after_name);
    }
    tape.drop_range(position + 1, kind);
    tape.drop_range(kind + 1, name);
    if tape.is_word(query - 1, "as") {
        tape.drop_range(after_name, query - 1);
    } else {
        tape.drop_range(after_name, query);
        tape.insert(query, vec![word("AS")]);
    }
}

/// `(a, b)` becomes `(a String, b String)`: sqlparser wants types in a table's columns, and in
/// `ClickHouse` in a view's.
fn type_columns(tape: &mut Tape, open: usize, after: usize) {
    for at in open..after {
        let is_bare = matches!(tape.before(at), Some(Token::LParen | Token::Comma))
            && matches!(tape.at(at), Some(Token::Word(_)))
            && matches!(tape.at(at + 1), Some(Token::Comma | Token::RParen));
        if is_bare {
            tape.insert(at + 1, vec![word("String")]);
        }
    }
}

/// Where the query of a CREATE begins: after AS, or in MySQL right after the options.
fn query_after(tape: &mut Tape, from: usize) -> Option<usize> {
    const QUERY: &[&str] = &[
        "select", "sel", "with", "from", "values", "table", "locking", "lock", "pivot",
    ];
    let mut at = from;
    loop {
        match tape.at(at)? {
            Token::SemiColon => return None,
            Token::LParen => at = tape.closing(at)?,
            Token::Word(word) if word.keyword == Keyword::AS => {
                let mut inner = at + 1;
                while tape.is(inner, &Token::LParen) {
                    inner += 1;
                }
                if tape.is_any_word(inner, QUERY) {
                    return Some(at + 1);
                }
            }
            Token::Word(word) if word.keyword == Keyword::SELECT => return Some(at),
            _ => {}
        }
        at += 1;
    }
}
