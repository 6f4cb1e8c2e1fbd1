//! What stands after ANY, ALL, SOME and IN: sqlparser knows queries and arrays there, engines also
//! know lists, VALUES and names of tables.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::Token;
use tailwater_core::dialect::Dialect;

use super::tape::{Tape, word as token};

pub(super) fn word(tape: &mut Tape, position: usize, keyword: Keyword, dialect: Dialect) {
    match keyword {
        Keyword::ANY | Keyword::ALL | Keyword::SOME if tape.is(position + 1, &Token::LParen) => {
            list(tape, position);
        }
        Keyword::IN if matches!(dialect, Dialect::Sqlite | Dialect::ClickHouse) => {
            table(tape, position + 1);
        }
        _ => {}
    }
}

/// `= ANY (1, 2)`, `= ALL (VALUES 1, 2)`, Teradata's `IN ANY ('a', 'b')`.
fn list(tape: &mut Tape, position: usize) {
    let after_in =
        matches!(tape.before(position), Some(Token::Word(before)) if before.keyword == Keyword::IN);
    if after_in {
        tape.drop_range(position, position + 1);
        return;
    }
    let compares = matches!(
        tape.before(position),
        Some(Token::Eq | Token::Neq | Token::Lt | Token::LtEq | Token::Gt | Token::GtEq)
    );
    let open = position + 1;
    let Some(close) = tape.closing(open).filter(|_| compares) else {
        return;
    };
    if tape.is_word(open + 1, "values") {
        tape.insert(
            open + 1,
            vec![token("SELECT"), Token::Mul, token("FROM"), Token::LParen],
        );
        tape.insert(close, vec![Token::RParen]);
    } else if has_comma(tape, open + 1, close) && !tape.is_any_word(open + 1, &["select", "sel", "with"]) {
        tape.insert(open + 1, vec![Token::LParen]);
        tape.insert(close, vec![Token::RParen]);
    }
}

/// `x IN ids`: the rows of a table, without brackets.
fn table(tape: &mut Tape, position: usize) {
    let end = tape.name_end(position);
    if tape.word(position).is_none() || tape.is(end, &Token::LParen) || tape.is(end, &Token::LBracket) {
        return;
    }
    tape.insert(
        position,
        vec![Token::LParen, token("SELECT"), Token::Mul, token("FROM")],
    );
    tape.insert(end, vec![Token::RParen]);
}

fn has_comma(tape: &mut Tape, from: usize, to: usize) -> bool {
    let mut at = from;
    while at < to {
        match tape.at(at) {
            Some(Token::Comma) => return true,
            Some(Token::LParen) => match tape.closing(at) {
                Some(close) => at = close,
                None => return false,
            },
            _ => {}
        }
        at += 1;
    }
    false
}
