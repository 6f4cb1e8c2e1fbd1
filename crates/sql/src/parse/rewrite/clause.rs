//! Clauses of many dialects that choose rows, order or form, and never what is read.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::Token;

use super::tape::{Tape, word as token};

/// Takes the clause that begins with the word at `position` away, where there is one.
pub(super) fn clause(tape: &mut Tape, position: usize, keyword: Keyword) {
    let end = match keyword {
        Keyword::TABLESAMPLE => sample_end(tape, position),
        Keyword::WITH => with_end(tape, position),
        Keyword::ON => on_end(tape, position),
        Keyword::EXCLUDE => exclusion_end(tape, position),
        Keyword::MATERIALIZED if tape.is(position + 1, &Token::LParen) => Some(position + 1),
        Keyword::NOT
            if tape.is_word(position + 1, "materialized") && tape.is(position + 2, &Token::LParen) =>
        {
            Some(position + 2)
        }
        // `FOR NO KEY UPDATE`, `FOR KEY SHARE`
        Keyword::NO if is_after(tape, position, Keyword::FOR) && tape.is_word(position + 1, "key") => {
            Some(position + 2)
        }
        Keyword::KEY if is_after(tape, position, Keyword::FOR) => Some(position + 1),
        // `TRIM(BOTH FROM a)`
        Keyword::BOTH | Keyword::LEADING | Keyword::TRAILING if tape.is_word(position + 1, "from") => {
            Some(position + 2)
        }
        Keyword::REPLACE if tape.is_word(position + 1, "into") => {
            tape.replace(position, token("INSERT"));
            None
        }
        Keyword::NoKeyword
            if tape.is_word(position, "subset") && matches!(tape.before(position), Some(Token::RParen)) =>
        {
            (position..tape.len().min(position + 200)).find(|&at| tape.is_word(at, "define"))
        }
        // `c(n) USING KEY (n) AS (…)`
        Keyword::USING if tape.is_word(position + 1, "key") && tape.is(position + 2, &Token::LParen) => {
            tape.closing(position + 2).map(|close| close + 1)
        }
        Keyword::SEARCH | Keyword::CYCLE | Keyword::NoKeyword
            if matches!(tape.before(position), Some(Token::RParen)) =>
        {
            recursion_end(tape, position)
        }
        _ => None,
    };
    if let Some(end) = end {
        tape.drop_range(position, end);
    }
}

fn is_after(tape: &Tape, position: usize, keyword: Keyword) -> bool {
    matches!(tape.before(position), Some(Token::Word(before)) if before.keyword == keyword)
}

/// `TABLESAMPLE BERNOULLI (10 PERCENT) REPEATABLE (1)`.
fn sample_end(tape: &mut Tape, position: usize) -> Option<usize> {
    let mut open = position + 1;
    if tape.word(open).is_some() {
        open += 1;
    }
    if !tape.is(open, &Token::LParen) {
        return None;
    }
    let end = tape.closing(open)? + 1;
    if tape.is_any_word(end, &["repeatable", "seed"]) && tape.is(end + 1, &Token::LParen) {
        return tape.closing(end + 1).map(|close| close + 1);
    }
    Some(end)
}

/// `WITH CHECK OPTION`, `WITH READ ONLY`, `WITH NO DATA`, `WITH ARRAY WRAPPER`.
fn with_end(tape: &Tape, position: usize) -> Option<usize> {
    let mut end = position + 1;
    if tape.are_words(end, &["check", "option"]) || tape.are_words(end, &["read", "only"]) {
        return Some(end + 2);
    }
    if tape.are_words(end, &["no", "data"]) {
        return Some(end + 2);
    }
    if tape.is_word(end, "data") && matches!(tape.at(end + 1), None | Some(Token::SemiColon)) {
        return Some(end + 1);
    }
    while tape.is_any_word(end, &["conditional", "unconditional", "array"]) {
        end += 1;
    }
    tape.is_word(end, "wrapper").then_some(end + 1)
}

/// `ON OVERFLOW TRUNCATE '…' WITH COUNT` in LISTAGG.
fn on_end(tape: &Tape, position: usize) -> Option<usize> {
    if !tape.is_word(position + 1, "overflow") {
        return None;
    }
    let mut end = position + 3;
    if matches!(tape.at(end), Some(Token::SingleQuotedString(_))) {
        end += 1;
    }
    if tape.is_any_word(end, &["with", "without"]) && tape.is_word(end + 1, "count") {
        end += 2;
    }
    Some(end)
}

/// `SEARCH DEPTH FIRST BY a, b SET x` and `CYCLE a SET y TO 1 DEFAULT 0 USING z` after a recursive
/// CTE.
fn recursion_end(tape: &Tape, position: usize) -> Option<usize> {
    let mut at = position;
    if tape.is_word(at, "search") && tape.are_words(at + 2, &["first", "by"]) {
        at = (at + 4..tape.len().min(at + 64)).find(|&at| tape.is_word(at, "set"))? + 2;
    }
    if tape.is_word(at, "cycle") && tape.word(at + 1).is_some() {
        at = (at + 2..tape.len().min(at + 64)).find(|&at| tape.is_word(at, "set"))? + 2;
        if tape.is_word(at, "to") && tape.is_word(at + 2, "default") {
            at += 4;
        }
        if tape.is_word(at, "using") {
            at += 2;
        }
    }
    (at > position).then_some(at)
}

/// `EXCLUDE TIES` of a window's frame.
fn exclusion_end(tape: &Tape, position: usize) -> Option<usize> {
    if tape.is_any_word(position + 1, &["ties", "group"]) {
        return Some(position + 2);
    }
    (tape.are_words(position + 1, &["current", "row"]) || tape.are_words(position + 1, &["no", "others"]))
        .then_some(position + 3)
}

/// Symbols: `%(name)s` of a driver, `^=`, `+=`, `^@`.
pub(super) fn symbol(tape: &mut Tape, position: usize) {
    match tape.at(position) {
        Some(Token::Mod)
            if tape.is(position + 1, &Token::LParen)
                && tape.is(position + 3, &Token::RParen)
                && tape.is_word(position + 4, "s")
                && !tape.follows_operand(position) =>
        {
            tape.replace(position, Token::Number("0".to_owned(), false));
            tape.drop_range(position + 1, position + 5);
        }
        Some(Token::Caret) if tape.is(position + 1, &Token::Eq) && tape.touch(position) => {
            tape.replace(position, Token::Neq);
            tape.drop_range(position + 1, position + 2);
        }
        Some(Token::Plus | Token::Minus) if tape.is(position + 1, &Token::Eq) && tape.touch(position) => {
            tape.drop_range(position, position + 1);
        }
        Some(Token::CaretAt) => tape.replace(position, Token::Eq),
        _ => {}
    }
}
