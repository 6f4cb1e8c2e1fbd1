//! MySQL: locks, and lists of tables in brackets.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::Token;

use super::common::at_start;
use super::tape::{Tape, word as token};

/// MySQL: `LOCK IN SHARE MODE`, `PROCEDURE ANALYSE()`.
pub(super) fn word(tape: &mut Tape, position: usize, keyword: Keyword) {
    if keyword == Keyword::UPDATE && at_start(tape, position) {
        update_list(tape, position + 1);
    } else if keyword == Keyword::LOCK && tape.are_words(position + 1, &["in", "share", "mode"]) {
        tape.drop_range(position, position + 4);
    } else if keyword == Keyword::INTO {
        into(tape, position);
    } else if tape.are_words(position, &["sounds", "like"]) {
        tape.drop_range(position, position + 1);
    // `INTERVAL(a, 1, 2)` is a function.
    } else if keyword == Keyword::INTERVAL
        && let Some(close) = tape.closing(position + 1)
        && tape.is(position + 1, &Token::LParen)
        && !matches!(tape.at(close + 1), Some(Token::Word(unit)) if is_unit(unit.keyword))
    {
        tape.replace(position, token("interval_of"));
    } else if keyword == Keyword::PROCEDURE
        && tape.is_word(position + 1, "analyse")
        && let Some(close) = tape.closing(position + 2)
    {
        tape.drop_range(position, close + 1);
    } else if keyword == Keyword::FROM || (keyword == Keyword::JOIN && !is_index_hint(tape, position)) {
        table_list(tape, position + 1);
    }
}

/// `INTO OUTFILE 'x' FIELDS TERMINATED BY ','`, `INTO @a, @b`.
fn into(tape: &mut Tape, position: usize) {
    let is_variable = tape
        .word(position + 1)
        .is_some_and(|word| word.value.starts_with('@'))
        || tape.is(position + 1, &Token::AtSign);
    if !tape.is_any_word(position + 1, &["outfile", "dumpfile"]) && !is_variable {
        return;
    }
    let end = (position..tape.len())
        .find(|&at| tape.is_any_word(at, &["from", "for"]) || tape.is(at, &Token::SemiColon));
    tape.drop_range(position, end.unwrap_or(tape.len()));
}

const fn is_unit(keyword: Keyword) -> bool {
    matches!(
        keyword,
        Keyword::SECOND
            | Keyword::MINUTE
            | Keyword::HOUR
            | Keyword::DAY
            | Keyword::WEEK
            | Keyword::MONTH
            | Keyword::QUARTER
            | Keyword::YEAR
            | Keyword::MICROSECOND
            | Keyword::NoKeyword
    )
}

/// `UPDATE a, b SET a.x = b.x`: the commas are joins.
fn update_list(tape: &mut Tape, from: usize) {
    let mut at = from;
    loop {
        match tape.at(at) {
            None | Some(Token::SemiColon | Token::RParen) => return,
            Some(Token::Word(word)) if word.keyword == Keyword::SET => return,
            Some(Token::LParen) => match tape.closing(at) {
                Some(close) => at = close,
                None => return,
            },
            Some(Token::Comma) => {
                tape.replace(at, token("JOIN"));
                tape.insert(at, vec![token("CROSS")]);
            }
            Some(_) => {}
        }
        at += 1;
    }
}

/// `FORCE INDEX FOR JOIN (i)`.
fn is_index_hint(tape: &Tape, position: usize) -> bool {
    matches!(tape.before(position), Some(Token::Word(before)) if before.keyword == Keyword::FOR)
}

/// `FROM (a, b) LEFT JOIN c`: the commas in brackets are joins.
fn table_list(tape: &mut Tape, open: usize) {
    let begins_list = tape.is(open, &Token::LParen)
        && matches!(tape.at(open + 1), Some(Token::Word(_)))
        && !tape.is_any_word(open + 1, &["select", "with", "values", "table"]);
    let Some(close) = tape.closing(open).filter(|_| begins_list) else {
        return;
    };
    let mut at = open + 1;
    while at < close {
        match tape.at(at) {
            Some(Token::LParen) => match tape.closing(at) {
                Some(inner) => at = inner,
                None => return,
            },
            Some(Token::Comma) => {
                tape.replace(at, token("JOIN"));
                tape.insert(at, vec![token("CROSS")]);
            }
            _ => {}
        }
        at += 1;
    }
}
