//! Spark and Databricks: time travel, streams, scripts, directories.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::Token;

use super::common::at_start;
use super::tape::{Tape, word as token};

/// Spark: `t TIMESTAMP AS OF …` without FOR, `t@v1`, `STREAM t`.
pub(super) fn word(tape: &mut Tape, position: usize, keyword: Keyword) {
    match keyword {
        // `r'\d+'`
        Keyword::NoKeyword
            if tape.is_word(position, "r")
                && matches!(tape.at(position + 1), Some(Token::SingleQuotedString(_)))
                && tape.touch(position) =>
        {
            tape.drop_range(position, position + 1);
        }
        Keyword::WITH if tape.are_words(position + 1, &["schema", "evolution"]) => {
            tape.drop_range(position, position + 3);
        }
        // `INSERT INTO t REPLACE WHERE day = … SELECT …`
        Keyword::REPLACE if tape.is_word(position + 1, "where") => {
            let query = (position..tape.len()).find(|&at| {
                tape.is_any_word(at, &["select", "with", "from", "values"]) || tape.is(at, &Token::SemiColon)
            });
            if let Some(query) = query {
                tape.drop_range(position, query);
            }
        }
        Keyword::TIMESTAMP | Keyword::VERSION
            if tape.follows_operand(position) && tape.are_words(position + 1, &["as", "of"]) =>
        {
            if let Some(end) = tape.operand_end(position + 3) {
                tape.drop_range(position, end);
            }
        }
        // `INTERVAL 1 YEAR 2 MONTHS`
        Keyword::INTERVAL if matches!(tape.at(position + 1), Some(Token::Number(..))) => {
            let mut end = position + 3;
            while matches!(tape.at(end), Some(Token::Number(..))) && tape.word(end + 1).is_some() {
                end += 2;
            }
            tape.drop_range(position + 3, end);
        }
        // `exists(items, item -> item > 1)` is a function.
        Keyword::EXISTS
            if tape.is(position + 1, &Token::LParen)
                && !tape.is_any_word(position + 2, &["select", "with", "from", "values", "table"])
                && matches!(tape.at(position + 2), Some(Token::Word(_))) =>
        {
            tape.replace(position, token("exists_in"));
        }
        Keyword::STREAM
            if matches!(tape.before(position), Some(Token::Word(before))
                if matches!(before.keyword, Keyword::FROM | Keyword::JOIN))
                && matches!(tape.at(position + 1), Some(Token::Word(_))) =>
        {
            tape.drop_range(position, position + 1);
        }
        Keyword::STREAM
            if matches!(tape.before(position), Some(Token::Word(before))
                if matches!(before.keyword, Keyword::FROM | Keyword::JOIN))
                && tape.is(position + 1, &Token::LParen) =>
        {
            if let Some(close) = tape.closing(position + 1) {
                tape.drop_range(position, position + 2);
                tape.drop_range(close, close + 1);
            }
        }
        // `SELECT TRANSFORM(a) USING 'script' AS (b)`
        Keyword::USING if matches!(tape.at(position + 1), Some(Token::SingleQuotedString(_))) => {
            tape.drop_range(position, position + 2);
        }
        Keyword::INSERT
            if at_start(tape, position)
                && (tape.are_words(position + 1, &["overwrite", "directory"])
                    || tape.are_words(position + 1, &["overwrite", "local", "directory"])) =>
        {
            let query = (position..tape.len()).find(|&at| {
                tape.is_any_word(at, &["select", "with", "from", "values"]) || tape.is(at, &Token::SemiColon)
            });
            if let Some(query) = query {
                tape.drop_range(position, query);
            }
        }
        _ => {}
    }
}

/// Impala's `JOIN [SHUFFLE] t`, Delta's `t@v12` and `t@20240101000000000`.
pub(super) fn symbol(tape: &mut Tape, position: usize) {
    let is_version = tape.is(position, &Token::AtSign)
        && position > 0
        && tape.touch(position - 1)
        && tape.touch(position)
        && match tape.at(position + 1) {
            Some(Token::Number(..)) => true,
            Some(Token::Word(version)) => version.value.starts_with(['v', 'V']),
            _ => false,
        };
    if is_version {
        tape.drop_range(position, position + 2);
        return;
    }
    // `a ?:: int`
    if matches!(tape.at(position), Some(Token::Placeholder(_)))
        && tape.is(position + 1, &Token::DoubleColon)
        && tape.follows_operand(position)
    {
        tape.drop_range(position, position + 1);
        return;
    }
    if tape.is(position, &Token::LBracket)
        && tape.is(position + 2, &Token::RBracket)
        && matches!(tape.before(position), Some(Token::Word(before)) if before.keyword == Keyword::JOIN)
    {
        tape.drop_range(position, position + 3);
    }
}
