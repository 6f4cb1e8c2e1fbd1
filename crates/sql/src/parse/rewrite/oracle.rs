//! Oracle: partitions, samples and flashback after a table, database links, KEEP.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::Token;

use crate::upstream::{Note, Upstream};

use super::tape::{REACH, Tape, word as token};

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
        // `UNPIVOT (v FOR m IN (jan AS 1, feb AS 2))`
        Keyword::AS
            if matches!(tape.at(position + 1), Some(Token::Number(..)))
                && matches!(tape.at(position + 2), Some(Token::Comma | Token::RParen)) =>
        {
            tape.drop_range(position, position + 2);
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
        Keyword::XML if matches!(tape.before(position), Some(Token::Word(before)) if before.keyword == Keyword::PIVOT) =>
        {
            tape.drop_range(position, position + 1);
        }
        // `FROM CONTAINERS(hr.emp)`: the table of every pluggable database
        _ if tape.is_any_word(position, &["containers", "shards"])
            && tape.is(position + 1, &Token::LParen)
            && tape.closing(position + 1) == Some(tape.name_end(position + 2)) =>
        {
            let close = tape.name_end(position + 2);
            tape.drop_range(position, position + 2);
            tape.drop_range(close, close + 1);
        }
        Keyword::VERSIONS if tape.is_word(position + 1, "between") => versions(tape, position),
        // `c MEMBER OF d`
        Keyword::MEMBER
            if tape.is_word(position + 1, "of")
                && tape.follows_operand(position)
                && !tape.is(position + 2, &Token::LParen) =>
        {
            tape.replace(position, Token::Eq);
            tape.drop_range(position + 1, position + 2);
        }
        Keyword::LOG if tape.is_word(position + 1, "errors") => {
            let end = (position..tape.len()).find(|&at| tape.is(at, &Token::SemiColon));
            tape.drop_range(position, end.unwrap_or(tape.len()));
        }
        // `a LEFT JOIN b PARTITION BY (b.k) ON …`
        Keyword::PARTITION
            if tape.is_word(position + 1, "by")
                && tape.is(position + 2, &Token::LParen)
                && !matches!(tape.before(position), Some(Token::LParen))
                && let Some(close) = tape.closing(position + 2)
                && tape.is_any_word(close + 1, &["on", "using", "left", "right", "full", "join"]) =>
        {
            tape.drop_range(position, close + 1);
        }
        Keyword::NoKeyword if tape.is_word(position, "model") && tape.follows_operand(position) => {
            model(tape, position);
        }
        // `FOR UPDATE OF a WAIT 5`
        _ if tape.is_word(position, "wait") && matches!(tape.at(position + 1), Some(Token::Number(..))) => {
            tape.drop_range(position, position + 2);
        }
        Keyword::SAMPLE
            if tape.is_word(position + 1, "block")
                && tape.is(position + 2, &Token::LParen)
                && tape.follows_operand(position) =>
        {
            drop_with_brackets(tape, position + 1);
            tape.drop_range(position, position + 1);
        }
        // `IS NOT EMPTY`
        _ if tape.is_word(position, "empty")
            && matches!(tape.before(position), Some(Token::Word(before))
                if matches!(before.keyword, Keyword::IS | Keyword::NOT)) =>
        {
            tape.replace(position, token("NULL"));
        }
        _ if tape.is_word(position, "subpartition") && tape.is(position + 1, &Token::LParen) => {
            drop_with_brackets(tape, position);
        }
        _ => {}
    }
}

/// `"Ledger"@"link"`: the link stands apart from a name in quotes.
pub(super) fn symbol(tape: &mut Tape, position: usize) {
    let (Some(Token::Word(table)), Some(Token::Word(link))) = (tape.before(position), tape.at(position + 1))
    else {
        return;
    };
    if tape.is(position, &Token::AtSign) {
        let note = Note::DatabaseLink {
            table: table.value.clone(),
            link: link.value.clone(),
        };
        let end = tape.name_end(position + 1);
        tape.drop_range(position, end);
        if tape.notes.len() < Upstream::MAX_NOTES {
            tape.notes.push(note);
        }
    }
}

/// `VERSIONS BETWEEN SCN MINVALUE AND MAXVALUE` after a table.
fn versions(tape: &mut Tape, position: usize) {
    let mut from = position + 2;
    if tape.is_any_word(from, &["scn", "timestamp"]) {
        from += 1;
    }
    if let Some(middle) = tape.operand_end(from)
        && tape.is_word(middle, "and")
        && let Some(end) = tape.operand_end(middle + 1)
    {
        tape.drop_range(position, end);
    }
}

/// `MODEL … DIMENSION BY (…) MEASURES (…) RULES (…)`: what it computes has the names of the columns
/// that it begins with.
fn model(tape: &mut Tape, position: usize) {
    if !tape.is_any_word(
        position + 1,
        &[
            "partition",
            "dimension",
            "ignore",
            "keep",
            "unique",
            "return",
            "main",
            "reference",
        ],
    ) {
        return;
    }
    let mut at = position + 1;
    let mut last = None;
    loop {
        match tape.at(at) {
            Some(_) if at == position + REACH => return,
            Some(Token::LParen) => match tape.closing(at) {
                Some(close) => {
                    last = Some(close);
                    at = close;
                }
                None => return,
            },
            Some(Token::Word(word)) if word.keyword == Keyword::UNION => break,
            Some(Token::Word(_)) if !tape.are_words(at, &["order", "by"]) => {}
            _ => break,
        }
        at += 1;
    }
    if let Some(last) = last {
        tape.drop_range(position, last + 1);
    }
}

fn drop_with_brackets(tape: &mut Tape, position: usize) {
    // `OVER (PARTITION (…))` is no table's partition; `PARTITION BY` has no bracket.
    if matches!(tape.before(position), Some(Token::LParen)) {
        return;
    }
    if let Some(close) = tape.closing(position + 1) {
        let mut end = close + 1;
        if tape.is_word(end, "seed") && tape.is(end + 1, &Token::LParen) {
            end = tape.closing(end + 1).map_or(end, |close| close + 1);
        }
        tape.drop_range(position, end);
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
pub(super) fn database_link(tape: &mut Tape, position: usize) {
    let Some((table, mut link)) = tape
        .word(position)
        .and_then(|word| word.value.split_once('@'))
        .map(|(table, link)| (table.to_owned(), link.to_owned()))
    else {
        return;
    };
    if table.is_empty() {
        return;
    }
    let mut end = tape.name_end(position);
    if link.is_empty()
        && tape.touch(position)
        && let Some(Token::Word(quoted)) = tape.at(position + 1)
    {
        link.clone_from(&quoted.value);
        end = tape.name_end(position + 1);
    }
    tape.replace(position, token(&table));
    tape.drop_range(position + 1, end);
    if tape.notes.len() < Upstream::MAX_NOTES {
        tape.notes.push(Note::DatabaseLink { table, link });
    }
}
