//! Teradata: abbreviated verbs, locks, samples, word operators, and formats in brackets.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::Token;

use super::common::at_start;
use super::tape::{Tape, word as token};

pub(super) fn word(tape: &mut Tape, position: usize, keyword: Keyword) {
    match keyword {
        Keyword::SAMPLE if tape.follows_operand(position) => sample(tape, position),
        Keyword::MOD
            if tape.follows_operand(position)
                && tape.begins_operand(position + 1)
                && !tape.is(position + 1, &Token::LParen) =>
        {
            tape.replace(position, Token::Mod);
        }
        Keyword::WITH
            if tape.is_any_word(position + 1, &["data", "no"])
                && matches!(tape.before(position), Some(Token::RParen)) =>
        {
            with_data(tape, position);
        }
        // `BEGIN(p)`, `END(p)`: the bounds of a period
        Keyword::BEGIN | Keyword::END
            if tape.is(position + 1, &Token::LParen)
                && !tape.follows_operand(position)
                && !at_start(tape, position) =>
        {
            tape.replace(position, token("bound"));
        }
        Keyword::RANK | Keyword::PERCENT_RANK if tape.is(position + 1, &Token::LParen) => {
            ordered_call(tape, position);
        }
        Keyword::LOCK if at_start(tape, position) => locking(tape, position),
        // `CREATE TABLE a AS b WITH DATA`
        Keyword::AS
            if matches!(tape.at(position + 1), Some(Token::Word(_)))
                && tape.is_word(tape.name_end(position + 1), "with")
                && tape.is_any_word(tape.name_end(position + 1) + 1, &["data", "no"]) =>
        {
            tape.insert(position + 1, vec![token("SELECT"), Token::Mul, token("FROM")]);
            with_data(tape, tape.name_end(position + 1));
        }
        // `CAST(a AS CHAR(10) CHARACTER SET UNICODE NOT CASESPECIFIC)`
        Keyword::CHARACTER if tape.is_word(position + 1, "set") && tape.follows_operand(position) => {
            let mut end = position + 3;
            if tape.is_word(end, "not") {
                end += 1;
            }
            if tape.is_any_word(end, &["casespecific", "cs"]) {
                end += 1;
            }
            tape.drop_range(position, end);
        }
        Keyword::RETURNS
            if tape.is(position + 1, &Token::LParen)
                && matches!(tape.before(position), Some(Token::RParen)) =>
        {
            if let Some(close) = tape.closing(position + 1) {
                tape.drop_range(position, close + 1);
            }
        }
        Keyword::CURRENT | Keyword::NoKeyword if at_start(tape, position) && is_temporal(tape, position) => {
            let query = (position..tape.len().min(position + 32)).find(|&at| {
                tape.is_any_word(at, &["select", "sel", "with", "insert", "ins", "delete", "del"])
            });
            if let Some(query) = query {
                tape.drop_range(position, query);
            }
        }
        // `ROWS … RESET WHEN a > 1` in a window
        Keyword::RESET if tape.is_word(position + 1, "when") => {
            if let Some(end) = super::common::end_of_brackets(tape, position) {
                let frame = (position..end).find(|&at| tape.is_any_word(at, &["rows", "range"]));
                tape.drop_range(position, frame.unwrap_or(end));
            }
        }
        Keyword::NORMALIZE
            if matches!(tape.before(position), Some(Token::Word(before)) if before.keyword == Keyword::SELECT)
                && !tape.is(position + 1, &Token::LParen) =>
        {
            let mut end = position + 1;
            while tape.is_any_word(end, &["on", "meets", "or", "overlaps"]) {
                end += 1;
            }
            tape.drop_range(position, end);
        }
        Keyword::NoKeyword => plain_word(tape, position),
        _ => {}
    }
}

/// `VALIDTIME AS OF DATE '…' SELECT`, `NONSEQUENCED VALIDTIME SELECT`, `CURRENT VALIDTIME SELECT`.
fn is_temporal(tape: &Tape, position: usize) -> bool {
    const TIMES: &[&str] = &["validtime", "transactiontime"];
    tape.is_any_word(position, TIMES)
        || (tape.is_any_word(position, &["current", "sequenced", "nonsequenced"])
            && tape.is_any_word(position + 1, TIMES))
}

fn plain_word(tape: &mut Tape, position: usize) {
    let Some(text) = tape.word(position).map(|word| word.value.len()) else {
        return;
    };
    match text {
        2 => word_operator(tape, position),
        3 if tape.is_word(position, "sel") && begins_query(tape, position) => {
            tape.replace(position, token("SELECT"));
        }
        3 if tape.is_word(position, "del") && at_start(tape, position) => {
            tape.replace(position, token("DELETE"));
        }
        3 if tape.is_word(position, "ins") && at_start(tape, position) => {
            tape.replace(position, token("INSERT"));
        }
        4 | 5 | 8
            if tape.is_any_word(position, &["csum", "msum", "mavg", "mdiff", "quantile"])
                && tape.is(position + 1, &Token::LParen) =>
        {
            ordered_call(tape, position);
        }
        3 if tape.is_word(position, "upd") && at_start(tape, position) => {
            tape.replace(position, token("UPDATE"));
        }
        7 if tape.is_word(position, "locking") => locking(tape, position),
        _ => {}
    }
}

/// `RANK(total DESC)`: the analytics of old order inside the call.
fn ordered_call(tape: &mut Tape, position: usize) {
    let Some(close) = tape.closing(position + 1) else {
        return;
    };
    for at in position + 2..close {
        if tape.is_any_word(at, &["asc", "desc"])
            && matches!(tape.at(at + 1), Some(Token::RParen | Token::Comma))
        {
            tape.drop_range(at, at + 1);
        }
    }
}

/// `WITH DATA PRIMARY INDEX (a) ON COMMIT PRESERVE ROWS` after `CREATE TABLE … AS (…)`.
fn with_data(tape: &mut Tape, position: usize) {
    let end = (position..tape.len())
        .find(|&at| matches!(tape.at(at), Some(Token::SemiColon)))
        .unwrap_or(tape.len());
    tape.drop_range(position, end);
}

fn begins_query(tape: &Tape, position: usize) -> bool {
    // `INSERT INTO t SEL * FROM s`; a column or an alias of that name is not followed so.
    if tape.follows_operand(position)
        && (tape.begins_operand(position + 1)
            || tape.is(position + 1, &Token::Mul)
            || tape.is_any_word(position + 1, &["distinct", "top", "all", "case"]))
    {
        return true;
    }
    match tape.before(position) {
        None | Some(Token::SemiColon | Token::LParen | Token::RParen) => true,
        Some(Token::Word(before)) => {
            matches!(
                before.keyword,
                Keyword::UNION
                    | Keyword::ALL
                    | Keyword::MINUS
                    | Keyword::EXCEPT
                    | Keyword::INTERSECT
                    | Keyword::AS
                    | Keyword::ACCESS
                    | Keyword::EXPLAIN
            ) || before.value.eq_ignore_ascii_case("access")
        }
        _ => false,
    }
}

/// `a EQ b`, `a NE b`, `a LT b`, `a LE b`, `a GT b`, `a GE b`.
fn word_operator(tape: &mut Tape, position: usize) {
    if !tape.follows_operand(position) || !tape.begins_operand(position + 1) {
        return;
    }
    let operator = [
        ("eq", Token::Eq),
        ("ne", Token::Neq),
        ("lt", Token::Lt),
        ("le", Token::LtEq),
        ("gt", Token::Gt),
        ("ge", Token::GtEq),
    ]
    .into_iter()
    .find(|(name, _)| tape.is_word(position, name));
    if let Some((_, operator)) = operator {
        tape.replace(position, operator);
    }
}

/// `LOCKING ROW FOR ACCESS`, `LOCKING TABLE db.t FOR READ MODE NOWAIT`, `LOCK ROW ACCESS`.
fn locking(tape: &mut Tape, position: usize) {
    const MODES: &[&str] = &["access", "read", "share", "write", "exclusive", "checksum"];
    let limit = tape.len().min(position + 12);
    let Some(mode) = (position + 1..limit).find(|&at| tape.is_any_word(at, MODES)) else {
        return;
    };
    let mut end = mode + 1;
    while tape.is_any_word(end, &["mode", "nowait", "override"]) {
        end += 1;
    }
    let before_query = tape.is_any_word(
        end,
        &[
            "select", "sel", "with", "locking", "lock", "insert", "ins", "update", "upd", "delete", "del",
            "merge",
        ],
    ) || tape.is(end, &Token::LParen);
    if before_query {
        tape.drop_range(position, end);
    }
}

/// `SAMPLE 10`, `SAMPLE .1, .2`, `SAMPLE RANDOMIZED ALLOCATION 100` at the end of a query.
fn sample(tape: &mut Tape, position: usize) {
    let mut end = position + 1;
    while tape.is_any_word(end, &["with", "replacement", "randomized", "allocation"]) {
        end += 1;
    }
    if !matches!(tape.at(end), Some(Token::Number(..))) {
        return;
    }
    while matches!(tape.at(end), Some(Token::Number(..))) {
        end += 1;
        if tape.is(end, &Token::Comma) && matches!(tape.at(end + 1), Some(Token::Number(..))) {
            end += 1;
        }
    }
    tape.drop_range(position, end);
}

/// `x (FORMAT '…')`, `x (TITLE '…')`, `x (NOT CASESPECIFIC)`, `x (NAMED y)`; `a ** b`.
pub(super) fn symbol(tape: &mut Tape, position: usize) {
    super::common::power(tape, position);
    // `?name` asks for a value.
    if matches!(tape.at(position), Some(Token::Placeholder(mark)) if mark == "?")
        && tape.touch(position)
        && matches!(tape.at(position + 1), Some(Token::Word(_)))
    {
        tape.drop_range(position + 1, position + 2);
        return;
    }
    if !tape.is(position, &Token::LParen) || !tape.follows_operand(position) {
        return;
    }
    let is_phrase = tape.is_any_word(position + 1, &["format", "title"])
        && matches!(tape.at(position + 2), Some(Token::SingleQuotedString(_)))
        || tape.is_any_word(position + 1, &["casespecific", "cs", "uppercase"])
            && tape.is(position + 2, &Token::RParen)
        || tape.is_word(position + 1, "not") && tape.is_any_word(position + 2, &["casespecific", "cs"])
        || tape.is_any_word(
            position + 1,
            &[
                "date",
                "time",
                "timestamp",
                "integer",
                "decimal",
                "char",
                "varchar",
                "float",
            ],
        ) && tape.is(position + 2, &Token::Comma)
            && tape.is_word(position + 3, "format");
    let Some(close) = tape.closing(position) else {
        return;
    };
    if is_phrase {
        tape.drop_range(position, close + 1);
    } else if tape.is_word(position + 1, "named") && close == position + 3 {
        tape.drop_range(position, position + 1);
        tape.replace(position + 1, token("AS"));
        tape.drop_range(close, close + 1);
    }
}
