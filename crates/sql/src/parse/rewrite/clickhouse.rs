//! ClickHouse: FINAL, SAMPLE, strictness of joins, scalars in WITH, query parameters.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::Token;

use super::common::asof_without_condition;
use super::tape::{REACH, Tape, word as token};

const JOIN_WORDS: &[&str] = &[
    "join", "left", "right", "inner", "full", "outer", "any", "all", "semi", "anti", "asof",
];

pub(super) fn word(tape: &mut Tape, position: usize, keyword: Keyword) {
    tuple_element(tape, position);
    match keyword {
        Keyword::ARRAY if tape.is_word(position + 1, "join") => array_join(tape, position),
        Keyword::LIMIT => limit_by(tape, position),
        Keyword::WITH if tape.is_word(position + 1, "ties") => tape.drop_range(position, position + 2),
        Keyword::USING => bare_using(tape, position),
        // `FROM view(SELECT …)`
        Keyword::VIEW
            if tape.is(position + 1, &Token::LParen)
                && tape.is_any_word(position + 2, &["select", "with"]) =>
        {
            tape.drop_range(position, position + 1);
        }
        Keyword::FINAL if tape.follows_operand(position) && !tape.is(position + 1, &Token::Period) => {
            tape.drop_range(position, position + 1);
        }
        Keyword::SAMPLE if tape.follows_operand(position) => sample(tape, position),
        Keyword::GLOBAL
            if tape.is_any_word(position + 1, JOIN_WORDS)
                || tape.is_any_word(position + 1, &["in", "not"]) =>
        {
            tape.drop_range(position, position + 1);
        }
        Keyword::ANY | Keyword::ALL if is_strictness(tape, position) => {
            tape.drop_range(position, position + 1);
        }
        Keyword::ASOF if asof_without_condition(tape, position) => tape.drop_range(position, position + 1),
        Keyword::WITH => scalars(tape, position),
        // `SEMI LEFT JOIN` is `LEFT SEMI JOIN`.
        Keyword::SEMI | Keyword::ANTI
            if tape.is_any_word(position + 1, &["left", "right"]) && tape.is_word(position + 2, "join") =>
        {
            let words = tape.copies(position, position + 2);
            if let [strictness, side] = words.as_slice() {
                tape.replace(position, side.clone());
                tape.replace(position + 1, strictness.clone());
            }
        }
        // `* APPLY(sum)`, `COLUMNS('x') APPLY(v -> v + 1)`
        Keyword::APPLY
            if tape.is(position + 1, &Token::LParen)
                && matches!(tape.before(position), Some(Token::Mul | Token::RParen)) =>
        {
            if let Some(close) = tape.closing(position + 1) {
                tape.drop_range(position, close + 1);
            }
        }
        Keyword::INTO if tape.is_word(position + 1, "outfile") => {
            tape.drop_range(position, position + 3);
        }
        _ if tape.are_words(position, &["paste", "join"]) => tape.replace(position, token("CROSS")),
        _ => {}
    }
}

/// `JOIN t USING id, day` without brackets.
fn bare_using(tape: &mut Tape, position: usize) {
    if tape.word(position + 1).is_none() {
        return;
    }
    let mut end = tape.name_end(position + 1);
    while tape.is(end, &Token::Comma) && matches!(tape.at(end + 1), Some(Token::Word(_))) {
        end = tape.name_end(end + 1);
    }
    tape.insert(position + 1, vec![Token::LParen]);
    tape.insert(end, vec![Token::RParen]);
}

/// `pair.1` is an element of a tuple.
fn tuple_element(tape: &mut Tape, position: usize) {
    let mut at = position;
    while tape.touch(at)
        && matches!(tape.at(at + 1), Some(Token::Number(number, _)) if number.starts_with('.'))
    {
        at += 1;
    }
    if at > position {
        tape.drop_range(position + 1, at + 1);
    }
}

/// The position of the next comma, semicolon, closing bracket or clause at this level.
fn next_at_level(tape: &mut Tape, from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        match tape.at(at)? {
            Token::LParen => at = tape.closing(at)?,
            Token::Comma | Token::RParen | Token::SemiColon => return Some(at),
            Token::Word(word) if ends_list(word.keyword) => return Some(at),
            _ => {}
        }
        at += 1;
    }
}

const fn ends_list(keyword: Keyword) -> bool {
    matches!(
        keyword,
        Keyword::WHERE
            | Keyword::PREWHERE
            | Keyword::GROUP
            | Keyword::ORDER
            | Keyword::HAVING
            | Keyword::LIMIT
            | Keyword::JOIN
            | Keyword::UNION
            | Keyword::SETTINGS
            | Keyword::FORMAT
            | Keyword::SELECT
    )
}

/// `ARRAY JOIN xs AS x, ys AS y`: each further array gets a join of its own.
fn array_join(tape: &mut Tape, position: usize) {
    let mut at = position + 2;
    while let Some(comma) = next_at_level(tape, at)
        && tape.is(comma, &Token::Comma)
    {
        tape.replace(comma, token("JOIN"));
        tape.insert(comma, vec![token("ARRAY")]);
        at = comma + 1;
    }
}

/// `LIMIT 2 BY a LIMIT 10`: sqlparser has one LIMIT, so the first goes.
fn limit_by(tape: &mut Tape, position: usize) {
    let mut at = position + 1;
    while matches!(tape.at(at), Some(Token::Number(..) | Token::Comma)) || tape.is_word(at, "offset") {
        at += 1;
    }
    if at == position + 1 || !tape.is_word(at, "by") {
        return;
    }
    while let Some(next) = next_at_level(tape, at) {
        if tape.is_word(next, "limit") {
            tape.drop_range(position, next);
            return;
        }
        if !tape.is(next, &Token::Comma) {
            return;
        }
        at = next + 1;
    }
}

/// `ANY LEFT JOIN`, `LEFT ANY JOIN`; not `= ANY (…)`, `UNION ALL` or `SELECT ALL`.
fn is_strictness(tape: &Tape, position: usize) -> bool {
    let after_set_operation = matches!(tape.before(position), Some(Token::Word(before))
        if matches!(before.keyword, Keyword::UNION | Keyword::EXCEPT | Keyword::INTERSECT | Keyword::SELECT));
    !after_set_operation && tape.is_any_word(position + 1, JOIN_WORDS)
}

/// `SAMPLE 0.1`, `SAMPLE 1/10 OFFSET 1/2`, `SAMPLE 10000`.
fn sample(tape: &mut Tape, position: usize) {
    let Some(mut end) = ratio_end(tape, position + 1) else {
        return;
    };
    if tape.is_word(end, "offset")
        && let Some(after) = ratio_end(tape, end + 1)
    {
        end = after;
    }
    tape.drop_range(position, end);
}

fn ratio_end(tape: &Tape, position: usize) -> Option<usize> {
    let is_number = |at: usize| matches!(tape.at(at), Some(Token::Number(..)));
    if !is_number(position) {
        return None;
    }
    Some(if tape.is(position + 1, &Token::Div) && is_number(position + 2) {
        position + 3
    } else {
        position + 1
    })
}

/// `WITH 10 AS n, (SELECT max(x) FROM t) AS m SELECT …`: a scalar stands before its name. Turned
/// into `n AS (SELECT 10)`, so that what the scalar reads is found.
fn scalars(tape: &mut Tape, with: usize) {
    let mut start = with + 1;
    if tape.is_word(start, "recursive") {
        start += 1;
    }
    loop {
        let is_table = matches!(tape.at(start), Some(Token::Word(_)))
            && tape.is_word(start + 1, "as")
            && tape.is(start + 2, &Token::LParen);
        let end = if is_table {
            match tape.closing(start + 2) {
                Some(close) => close + 1,
                None => return,
            }
        } else {
            let Some(as_at) = scalar_end(tape, start) else {
                return;
            };
            let Some(name) = tape
                .at(as_at + 1)
                .filter(|token| matches!(token, Token::Word(_)))
                .cloned()
            else {
                return;
            };
            tape.insert(start, vec![name, token("AS"), Token::LParen, token("SELECT")]);
            tape.replace(as_at, Token::RParen);
            tape.drop_range(as_at + 1, as_at + 2);
            as_at + 2
        };
        if !tape.is(end, &Token::Comma) {
            return;
        }
        start = end + 1;
    }
}

/// The position of the AS that ends a scalar.
fn scalar_end(tape: &mut Tape, start: usize) -> Option<usize> {
    let mut position = start;
    while position < tape.len() {
        match tape.at(position)? {
            Token::LParen => position = tape.closing(position)?,
            Token::SemiColon | Token::Comma | Token::RParen => return None,
            Token::Word(word) if matches!(word.keyword, Keyword::SELECT | Keyword::WITH) => return None,
            Token::Word(word) if word.keyword == Keyword::AS => {
                return (position > start).then_some(position);
            }
            _ => {}
        }
        position += 1;
    }
    None
}

/// `a ? b : c` reads what `a OR b OR c` reads.
fn ternary(tape: &mut Tape, position: usize) {
    let is_mark =
        |tape: &Tape, at: usize| matches!(tape.at(at), Some(Token::Placeholder(mark)) if mark == "?");
    if !is_mark(tape, position) || !tape.follows_operand(position) {
        return;
    }
    let mut at = position + 1;
    let mut open = 0_usize;
    loop {
        match tape.at(at) {
            None | Some(Token::Comma | Token::RParen | Token::SemiColon) => return,
            Some(Token::LParen) => match tape.closing(at) {
                Some(close) => at = close,
                None => return,
            },
            Some(_) if at == position + REACH => return,
            Some(Token::Colon) if open == 0 => break,
            Some(Token::Colon) => open -= 1,
            Some(_) if is_mark(tape, at) => open += 1,
            Some(_) => {}
        }
        at += 1;
    }
    tape.replace(position, token("OR"));
    tape.replace(at, token("OR"));
}

/// `{name:Type}` is a query parameter; `pair.1` the first element of a tuple.
pub(super) fn symbol(tape: &mut Tape, position: usize) {
    ternary(tape, position);
    if tape.is(position, &Token::LBrace)
        && matches!(tape.at(position + 1), Some(Token::Word(_)))
        && tape.is(position + 2, &Token::Colon)
        && let Some(close) =
            (position + 3..tape.len().min(position + 16)).find(|&at| tape.is(at, &Token::RBrace))
    {
        let is_identifier = tape.is_word(position + 3, "identifier");
        tape.replace(
            position,
            if is_identifier {
                token(crate::template::PLACEHOLDER)
            } else {
                Token::Number("0".to_owned(), false)
            },
        );
        tape.drop_range(position + 1, close + 1);
    }
}
