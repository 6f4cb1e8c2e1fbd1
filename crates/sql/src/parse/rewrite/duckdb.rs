//! DuckDB: statements that are queries in other words, samples, joins by position.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::Token;

use super::common::{asof_without_condition, at_start};
use super::tape::{REACH, Tape, word as token};

/// DuckDB: `USING SAMPLE 10%`, `POSITIONAL JOIN`, `ASOF JOIN`, `SUMMARIZE t`.
pub(super) fn word(tape: &mut Tape, position: usize, keyword: Keyword) {
    match keyword {
        Keyword::USING if tape.is_word(position + 1, "sample") => {
            let mut end = position + 2;
            if let Some(after) = tape.operand_end(end) {
                end = after;
            }
            if matches!(tape.at(end), Some(Token::Mod)) || tape.is_any_word(end, &["rows", "percent"]) {
                end += 1;
            }
            if tape.is(end, &Token::LParen)
                && let Some(close) = tape.closing(end)
            {
                end = close + 1;
            }
            tape.drop_range(position, end);
        }
        Keyword::ASOF if asof_without_condition(tape, position) => tape.drop_range(position, position + 1),
        Keyword::PIVOT | Keyword::UNPIVOT
            if matches!(
                tape.before(position),
                None | Some(Token::SemiColon | Token::LParen)
            ) =>
        {
            pivot_statement(tape, position);
        }
        Keyword::FROM if begins_query(tape, position) => from_first(tape, position),
        // `LIMIT 10%`
        Keyword::LIMIT if tape.is(position + 2, &Token::Mod) && !tape.begins_operand(position + 3) => {
            tape.drop_range(position + 2, position + 3);
        }
        Keyword::BY
            if tape.is_any_word(position + 1, &["name", "position"])
                && tape.is_any_word(position + 2, &["select", "from", "with", "values"])
                && tape.follows_operand(position) =>
        {
            tape.drop_range(position, position + 2);
        }
        // `sum(a) FILTER (b)`
        Keyword::FILTER
            if tape.is(position + 1, &Token::LParen)
                && matches!(tape.before(position), Some(Token::RParen))
                && !tape.is_word(position + 2, "where") =>
        {
            tape.insert(position + 2, vec![token("WHERE")]);
        }
        Keyword::GLOB if tape.follows_operand(position) && tape.begins_operand(position + 1) => {
            tape.replace(position, token("LIKE"));
        }
        Keyword::FOR => comprehension(tape, position),
        _ if tape.are_words(position, &["positional", "join"]) => tape.replace(position, token("CROSS")),
        _ if tape.is_word(position, "summarize") && at_start(tape, position) => {
            if matches!(tape.at(position + 1), Some(Token::Word(next)) if next.keyword != Keyword::SELECT) {
                tape.replace(position, token("FROM"));
            } else {
                tape.drop_range(position, position + 1);
            }
        }
        _ => {}
    }
}

/// `[f(x) FOR x IN xs IF g(x)]` reads what `list_filter(x -> f(x), xs, x -> g(x))` reads.
fn comprehension(tape: &mut Tape, position: usize) {
    let Some(in_at) = (position + 2..position + 5).find(|&at| tape.is_word(at, "in")) else {
        return;
    };
    let mut depth = 0_usize;
    let Some(open) = (position.saturating_sub(REACH)..position).rev().find(|&at| {
        match tape.at(at) {
            Some(Token::RBracket | Token::RParen) => depth += 1,
            Some(Token::LBracket) if depth == 0 => return true,
            Some(Token::LBracket | Token::LParen) => depth = depth.saturating_sub(1),
            _ => {}
        }
        false
    }) else {
        return;
    };
    let Some(close) = (in_at..tape.len().min(in_at + REACH)).find(|&at| {
        match tape.at(at) {
            Some(Token::LBracket | Token::LParen) => depth += 1,
            Some(Token::RBracket) if depth == 0 => return true,
            Some(Token::RBracket | Token::RParen) => depth = depth.saturating_sub(1),
            _ => {}
        }
        false
    }) else {
        return;
    };
    let mut lambda = vec![Token::LParen];
    lambda.extend(tape.copies(position + 1, in_at));
    lambda.extend([Token::RParen, Token::Arrow]);
    tape.replace(open, token("list_filter"));
    let mut opening = vec![Token::LParen];
    opening.extend(lambda.iter().cloned());
    tape.insert(open + 1, opening);
    tape.replace(position, Token::Comma);
    tape.drop_range(position + 1, in_at + 1);
    if let Some(condition) =
        (in_at..close).find(|&at| tape.is_word(at, "if") && !tape.is(at + 1, &Token::LParen))
    {
        tape.replace(condition, Token::Comma);
        tape.insert(condition + 1, lambda);
    }
    tape.replace(close, Token::RParen);
}

fn begins_query(tape: &Tape, position: usize) -> bool {
    match tape.before(position) {
        None | Some(Token::SemiColon | Token::LParen) => true,
        Some(Token::Word(before)) => matches!(
            before.keyword,
            Keyword::UNION | Keyword::ALL | Keyword::EXCEPT | Keyword::INTERSECT | Keyword::AS
        ),
        _ => false,
    }
}

/// `FROM t WHERE x` without a SELECT: sqlparser takes only `FROM t` and `FROM t SELECT …`.
fn from_first(tape: &mut Tape, position: usize) {
    let mut at = position + 1;
    loop {
        match tape.at(at) {
            None | Some(Token::RParen | Token::SemiColon) => break,
            Some(Token::LParen) => match tape.closing(at) {
                Some(close) => at = close,
                None => return,
            },
            Some(Token::Word(word)) if matches!(word.keyword, Keyword::SELECT | Keyword::UNION) => break,
            Some(_) => {}
        }
        at += 1;
    }
    if !tape.is_word(at, "select") {
        tape.insert(position, vec![token("SELECT"), Token::Mul]);
    }
}

/// `PIVOT t ON c USING sum(x) GROUP BY g` reads what `FROM t SELECT c, sum(x), g` reads.
fn pivot_statement(tape: &mut Tape, position: usize) {
    let mut at = position + 1;
    let mut has_list = false;
    tape.replace(position, token("FROM"));
    while at < tape.len() {
        match tape.at(at) {
            Some(Token::LParen) => match tape.closing(at) {
                Some(close) => at = close,
                None => return,
            },
            Some(Token::RParen | Token::SemiColon) | None => return,
            _ if tape.is_any_word(at, &["on", "using"]) => {
                tape.replace(at, if has_list { Token::Comma } else { token("SELECT") });
                has_list = true;
            }
            _ if has_list && tape.are_words(at, &["group", "by"]) => {
                tape.replace(at, Token::Comma);
                tape.drop_range(at + 1, at + 2);
            }
            _ if tape.is_word(at, "in") => {
                let end = tape.closing(at + 1).map_or(at + 1, |close| close + 1);
                tape.drop_range(at, end);
                at = end;
                continue;
            }
            _ if tape.is_word(at, "into") => {
                let end = (at..tape.len())
                    .find(|&end| matches!(tape.at(end), Some(Token::RParen | Token::SemiColon)))
                    .unwrap_or(tape.len());
                tape.drop_range(at, end);
                return;
            }
            _ => {}
        }
        at += 1;
    }
}
