//! Oracle: partitions, samples and flashback after a table, database links, KEEP.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::Token;

use crate::upstream::{Note, Upstream};

use super::tape::{Tape, word as token};

pub(super) fn word(tape: &mut Tape, position: usize, keyword: Keyword) {
    match keyword {
        Keyword::PARTITION | Keyword::SAMPLE
            if tape.is(position + 1, &Token::LParen) && tape.follows_operand(position) =>
        {
            drop_with_brackets(tape, position);
        }
        Keyword::AS
            if tape.is_word(position + 1, "of") && tape.is_any_word(position + 2, &["timestamp", "scn"]) =>
        {
            if let Some(end) = tape.operand_end(position + 3) {
                tape.drop_range(position, end);
            }
        }
        Keyword::ONLY
            if matches!(tape.before(position), Some(Token::Word(before)) if before.keyword == Keyword::FROM)
                && tape.is(position + 1, &Token::LParen) =>
        {
            tape.drop_range(position, position + 1);
        }
        Keyword::NoKeyword if tape.is_word(position, "keep") => keep(tape, position),
        Keyword::ORDER if tape.is_word(position + 1, "siblings") => {
            tape.drop_range(position + 1, position + 2);
        }
        Keyword::NoKeyword if tape.word(position).is_some_and(|word| word.value.contains('@')) => {
            database_link(tape, position);
        }
        Keyword::PARTITION
            if tape.is_word(position + 1, "for")
                && tape.is(position + 2, &Token::LParen)
                && tape.follows_operand(position) =>
        {
            if let Some(close) = tape.closing(position + 2) {
                tape.drop_range(position, close + 1);
            }
        }
        _ if tape.is_word(position, "subpartition") && tape.is(position + 1, &Token::LParen) => {
            drop_with_brackets(tape, position);
        }
        _ => {}
    }
}

fn drop_with_brackets(tape: &mut Tape, position: usize) {
    // `OVER (PARTITION (…))` is no table's partition; `PARTITION BY` has no bracket.
    if matches!(tape.before(position), Some(Token::LParen)) {
        return;
    }
    if let Some(close) = tape.closing(position + 1) {
        tape.drop_range(position, close + 1);
    }
}

/// `max(a) KEEP (DENSE_RANK LAST ORDER BY b)` reads the columns of `WITHIN GROUP (ORDER BY b)`.
fn keep(tape: &mut Tape, position: usize) {
    let opens = tape.is(position + 1, &Token::LParen)
        && tape.is_word(position + 2, "dense_rank")
        && tape.is_any_word(position + 3, &["first", "last"]);
    if opens {
        tape.replace(position, token("WITHIN"));
        tape.insert(position + 1, vec![token("GROUP")]);
        tape.drop_range(position + 2, position + 4);
    }
}

/// `orders@reporting.example.com`: the table behind a database link.
fn database_link(tape: &mut Tape, position: usize) {
    let Some((table, link)) = tape
        .word(position)
        .and_then(|word| word.value.split_once('@'))
        .map(|(table, link)| (table.to_owned(), link.to_owned()))
    else {
        return;
    };
    if table.is_empty() {
        return;
    }
    tape.replace(position, token(&table));
    let end = tape.name_end(position);
    tape.drop_range(position + 1, end);
    if tape.notes.len() < Upstream::MAX_NOTES {
        tape.notes.push(Note::DatabaseLink { link });
    }
}
