//! BigQuery: arguments that are tables and models, names of legacy SQL.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Token, Word};

use super::tape::Tape;

/// BigQuery: `ML.PREDICT(MODEL d.m, TABLE d.t)`.
pub(super) fn word(tape: &mut Tape, position: usize, keyword: Keyword) {
    let is_argument = matches!(tape.before(position), Some(Token::LParen | Token::Comma));
    if !is_argument || !matches!(tape.at(position + 1), Some(Token::Word(_))) {
        return;
    }
    let mut end = position + 2;
    while matches!(tape.at(end), Some(Token::Period | Token::Minus)) {
        end += 2;
    }
    if !matches!(tape.at(end), Some(Token::RParen | Token::Comma)) {
        return;
    }
    if keyword == Keyword::TABLE {
        tape.insert(position + 1, vec![Token::LParen]);
        tape.insert(end, vec![Token::RParen]);
    } else if tape.is_word(position, "model") {
        tape.replace(position, Token::Number("0".to_owned(), false));
        tape.drop_range(position + 1, end);
    }
}

/// Legacy BigQuery SQL: `[project:dataset.table]`, with a dash in the project's name.
pub(super) fn symbol(tape: &mut Tape, position: usize) {
    let mut open = match tape.before(position) {
        Some(Token::Word(before)) if matches!(before.keyword, Keyword::FROM | Keyword::JOIN) => position,
        // `TABLE_DATE_RANGE([project:dataset.events_], …)`
        Some(Token::LParen) => {
            if let Some(function) = position.checked_sub(2)
                && tape.is_any_word(function, &["table_date_range", "table_date_range_strict"])
                && let Some(close) = tape.closing(position - 1)
                && let Some((path, _)) = legacy_path(tape, position)
            {
                tape.replace(function, quoted_path(format!("{path}*")));
                tape.drop_range(position - 1, close + 1);
            }
            return;
        }
        _ => return,
    };
    // The commas of legacy SQL unite: `FROM [p:d.a], [p:d.b]`.
    while let Some((path, close)) = legacy_path(tape, open) {
        tape.replace(open, quoted_path(path));
        tape.drop_range(open + 1, close + 1);
        if !tape.is(close + 1, &Token::Comma) {
            return;
        }
        open = close + 2;
    }
}

fn quoted_path(path: String) -> Token {
    Token::Word(Word {
        value: path,
        quote_style: Some('`'),
        keyword: Keyword::NoKeyword,
    })
}

/// The path between the brackets at `position`, with dots, and where they close.
fn legacy_path(tape: &Tape, position: usize) -> Option<(String, usize)> {
    if !tape.is(position, &Token::LBracket) {
        return None;
    }
    let close = (position + 1..tape.len().min(position + 32)).find(|&at| tape.is(at, &Token::RBracket))?;
    if !(position..close).all(|at| tape.touch(at)) {
        return None;
    }
    let path: String = tape
        .copies(position + 1, close)
        .iter()
        .map(|token| match token {
            Token::Colon => ".".to_owned(),
            Token::Word(word) => word.value.clone(),
            other => other.to_string(),
        })
        .collect();
    Some((path, close))
}
