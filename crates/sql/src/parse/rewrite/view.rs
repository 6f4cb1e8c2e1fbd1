//! Hive's LATERAL VIEW in places where sqlparser does not look for it.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::Token;

use super::tape::{REACH, Tape, word as token};

/// `FROM t LATERAL VIEW explode(a) e AS x JOIN u ON …`: sqlparser wants all the joins before the
/// views, so a view with a join after it becomes `CROSS JOIN LATERAL explode(a) AS e(x)`.
pub(super) fn before_join(tape: &mut Tape, position: usize) {
    if !tape.are_words(position, &["lateral", "view"]) || !is_joined_after(tape, position) {
        return;
    }
    let mut function = position + 2;
    if tape.is_word(function, "outer") {
        function += 1;
    }
    let open = tape.name_end(function);
    if !tape.is(open, &Token::LParen) {
        return;
    }
    let Some(close) = tape.closing(open) else {
        return;
    };
    let mut at = close + 1;
    let name = match tape.at(at) {
        Some(name @ Token::Word(word)) if word.keyword != Keyword::AS => {
            let name = name.clone();
            at += 1;
            name
        }
        _ => token("lateral_view"),
    };
    let mut columns = Vec::new();
    if tape.is_word(at, "as") {
        at += 1;
        while let Some(column @ Token::Word(_)) = tape.at(at) {
            columns.push(column.clone());
            at += 1;
            if tape.is(at, &Token::Comma) && matches!(tape.at(at + 1), Some(Token::Word(_))) {
                columns.push(Token::Comma);
                at += 1;
            } else {
                break;
            }
        }
    }
    tape.replace(position, token("CROSS"));
    tape.replace(position + 1, token("JOIN"));
    tape.drop_range(position + 2, function);
    tape.insert(function, vec![token("LATERAL")]);
    tape.drop_range(close + 1, at);
    let mut alias = vec![token("AS"), name];
    if !columns.is_empty() {
        alias.push(Token::LParen);
        alias.append(&mut columns);
        alias.push(Token::RParen);
    }
    tape.insert(at, alias);
}

/// Whether a join follows in the same FROM clause.
fn is_joined_after(tape: &mut Tape, position: usize) -> bool {
    let mut at = position;
    while at < position + REACH {
        match tape.at(at) {
            None | Some(Token::RParen | Token::SemiColon) => return false,
            Some(Token::LParen) => match tape.closing(at) {
                Some(close) => at = close,
                None => return false,
            },
            Some(Token::Word(word)) => match word.keyword {
                Keyword::JOIN => return true,
                Keyword::WHERE | Keyword::GROUP | Keyword::ORDER | Keyword::UNION | Keyword::SELECT => {
                    return false;
                }
                _ => {}
            },
            Some(_) => {}
        }
        at += 1;
    }
    false
}
