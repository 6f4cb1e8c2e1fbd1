//! Rules of one or two lines for dialects that need few of them.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Token, Word};

use super::tape::{REACH, Tape, word};

/// `FOR SYSTEM_TIME AS OF …`, `FOR VERSION AS OF …`, `FOR TIMESTAMP BETWEEN … AND …` after a table
/// choose rows of the same table.
pub(super) fn time_travel(tape: &mut Tape, position: usize) {
    if !tape.is_any_word(
        position + 1,
        &[
            "system_time",
            "system_version",
            "version",
            "timestamp",
            "business_time",
        ],
    ) {
        return;
    }
    let after = position + 2;
    let end = if tape.are_words(after, &["as", "of"]) {
        tape.operand_end(after + 2)
    } else if tape.is_word(after, "all") {
        Some(after + 1)
    } else if tape.is_any_word(after, &["between", "from"]) {
        match tape.operand_end(after + 1) {
            Some(middle) if tape.is_any_word(middle, &["and", "to"]) => tape.operand_end(middle + 1),
            _ => None,
        }
    } else if tape.are_words(after, &["contained", "in"]) {
        tape.closing(after + 2).map(|close| close + 1)
    } else {
        None
    };
    if let Some(end) = end {
        tape.drop_range(position, end);
    }
}

/// `TABLE orders` as a query of its own.
pub(super) fn table_command(tape: &mut Tape, position: usize) {
    let stands_for_query = match tape.before(position) {
        None | Some(Token::SemiColon) => true,
        Some(Token::Word(before)) => matches!(
            before.keyword,
            Keyword::UNION | Keyword::ALL | Keyword::EXCEPT | Keyword::INTERSECT
        ),
        // `EXISTS (TABLE x)`; in `f(TABLE x)` it is an argument.
        Some(Token::LParen) => {
            position >= 2
                && matches!(tape.at(position - 2), Some(Token::Word(word))
                    if matches!(word.keyword, Keyword::EXISTS | Keyword::IN | Keyword::AS | Keyword::ANY | Keyword::FROM))
                && tape.is(tape.name_end(position + 1), &Token::RParen)
        }
        _ => false,
    };
    if stands_for_query && matches!(tape.at(position + 1), Some(Token::Word(_))) {
        tape.insert(position, vec![word("SELECT"), Token::Mul]);
        tape.replace(position, word("FROM"));
    }
}

/// `a DIV b` and `a MOD b`.
pub(super) fn word_division(tape: &mut Tape, position: usize, keyword: Keyword) {
    if tape.follows_operand(position)
        && tape.begins_operand(position + 1)
        && !(keyword == Keyword::MOD && tape.is(position + 1, &Token::LParen))
    {
        tape.replace(
            position,
            if keyword == Keyword::DIV {
                Token::Div
            } else {
                Token::Mod
            },
        );
    }
}

/// `d + 14 DAYS`, as DB2 and the TPC's own texts have it, and the precision in
/// `INTERVAL '90' DAY (3)`.
pub(super) fn labelled_duration(tape: &mut Tape, position: usize) {
    match tape.before(position) {
        Some(Token::Number(..)) => {
            let is_summand =
                position >= 2 && matches!(tape.at(position - 2), Some(Token::Plus | Token::Minus));
            let ends_term = match tape.at(position + 1) {
                // `select a + 14 days from t` names a column.
                Some(Token::Comma) => false,
                Some(Token::Word(next)) => next.keyword != Keyword::FROM,
                _ => true,
            };
            if is_summand && ends_term {
                tape.drop_range(position, position + 1);
            }
        }
        // `(d2 - d1) DAY(4) TO SECOND`
        Some(Token::RParen)
            if tape.is(position + 1, &Token::LParen)
                && matches!(tape.at(position + 2), Some(Token::Number(..)))
                && tape.is(position + 3, &Token::RParen) =>
        {
            let end = if tape.is_word(position + 4, "to") {
                position + 6
            } else {
                position + 4
            };
            tape.drop_range(position, end);
        }
        Some(Token::SingleQuotedString(_))
            if tape.is(position + 1, &Token::LParen)
                && matches!(tape.at(position + 2), Some(Token::Number(..)))
                && tape.is(position + 3, &Token::RParen) =>
        {
            tape.drop_range(position + 1, position + 4);
        }
        _ => {}
    }
}

/// `a ISNULL`, `a NOTNULL`.
pub(super) fn postfix_null(tape: &mut Tape, position: usize, negated: bool) {
    if !tape.follows_operand(position)
        || tape.is(position + 1, &Token::LParen)
        || tape.begins_operand(position + 1)
    {
        return;
    }
    tape.replace(position, word("IS"));
    let rest = if negated {
        vec![word("NOT"), word("NULL")]
    } else {
        vec![word("NULL")]
    };
    tape.insert(position + 1, rest);
}

/// `a ** b`: any operator does for what is read.
pub(super) fn power(tape: &mut Tape, position: usize) {
    if tape.is(position, &Token::Mul) && tape.is(position + 1, &Token::Mul) && tape.touch(position) {
        tape.drop_range(position, position + 1);
    }
}

/// `EXPLAIN PLAN FOR SELECT …`, `EXPLAIN EXTENDED SELECT …`: the words that say what to explain.
pub(super) fn explain(tape: &mut Tape, position: usize) {
    let mut end = position + 1;
    while tape.is_any_word(
        end,
        &[
            "ast",
            "codegen",
            "cost",
            "estimate",
            "extended",
            "for",
            "formatted",
            "pipeline",
            "plan",
            "syntax",
        ],
    ) {
        end += 1;
    }
    tape.drop_range(position + 1, end);
}

/// ODBC's `{oj a LEFT OUTER JOIN b ON …}`, and `${variable}` of Databricks, Hive and many tools.
pub(super) fn braces(tape: &mut Tape, position: usize) {
    let is_variable = matches!(tape.before(position), Some(Token::Placeholder(dollar)) if dollar == "$");
    if is_variable {
        if let Some(close) = tape.closing(position) {
            tape.replace(position - 1, word(crate::template::PLACEHOLDER));
            tape.drop_range(position, close + 1);
        }
    } else if tape.is_word(position + 1, "oj")
        && let Some(close) = tape.closing(position)
    {
        tape.drop_range(position, position + 2);
        tape.drop_range(close, close + 1);
    }
}

/// Trino's types in brackets: `CAST(x AS ARRAY(VARCHAR))`.
pub(super) fn trino_word(tape: &mut Tape, position: usize, keyword: Keyword) {
    match keyword {
        Keyword::VALUES => bare_values(tape, position),
        // `JSON_VALUE(j, 'lax $.a' RETURNING int)`
        Keyword::RETURNING if matches!(tape.before(position), Some(Token::SingleQuotedString(_))) => {
            if let Some(end) = end_of_brackets(tape, position) {
                tape.drop_range(position, end);
            }
        }
        // Athena: `USING EXTERNAL FUNCTION f(x varchar) RETURNS varchar LAMBDA 'f' SELECT …`
        Keyword::USING if at_start(tape, position) && tape.is_word(position + 1, "external") => {
            let query = (position..tape.len().min(position + REACH))
                .find(|&at| tape.is_any_word(at, &["select", "with"]));
            if let Some(query) = query {
                tape.drop_range(position, query);
            }
        }
        _ => {}
    }
    if keyword == Keyword::AS
        && tape.is_any_word(position + 1, &["array", "map", "row"])
        && tape.is(position + 2, &Token::LParen)
        && let Some(close) = tape.closing(position + 2)
        && tape.is(close + 1, &Token::RParen)
    {
        tape.replace(position + 1, word("VARCHAR"));
        tape.drop_range(position + 2, close + 1);
    }
}

/// The position of the bracket that closes the level of `position`.
pub(super) fn end_of_brackets(tape: &mut Tape, position: usize) -> Option<usize> {
    let mut at = position;
    while at < position + REACH {
        match tape.at(at)? {
            Token::LParen => at = tape.closing(at)?,
            Token::RParen => return Some(at),
            Token::SemiColon => return None,
            _ => {}
        }
        at += 1;
    }
    None
}

/// `f(TABLE(t) PARTITION BY a ORDER BY b)`: how the rows come to a table function.
pub(super) fn table_argument(tape: &mut Tape, position: usize) {
    if matches!(
        tape.before(position),
        Some(Token::LParen | Token::Comma | Token::RArrow)
    ) && tape.is(position + 1, &Token::LParen)
        && let Some(close) = tape.closing(position + 1)
        && tape.is_any_word(close + 1, &["partition", "order", "with", "distribute"])
        && let Some(end) = end_of_brackets(tape, close + 1)
    {
        tape.drop_range(close + 1, end);
    }
}

/// `&name` and `&&name`: variables that SQL*Plus and SnowSQL fill in.
pub(super) fn substitution(tape: &mut Tape, position: usize) {
    let mut name = position + 1;
    if tape.is(position, &Token::Ampersand) && tape.is(name, &Token::Ampersand) {
        name += 1;
    }
    let opens = matches!(tape.at(position), Some(Token::Ampersand | Token::Overlap));
    if opens && !tape.follows_operand(position) && tape.touch(position) && tape.word(name).is_some() {
        tape.replace(position, word(crate::template::PLACEHOLDER));
        tape.drop_range(position + 1, name + 1);
    }
}

/// Trino's `VALUES 1, 2`: rows of one column without brackets.
fn bare_values(tape: &mut Tape, position: usize) {
    let mut start = position + 1;
    loop {
        let mut end = start;
        loop {
            match tape.at(end) {
                None | Some(Token::Comma | Token::RParen | Token::SemiColon) => break,
                Some(Token::Word(word)) if ends_values(word.keyword) => break,
                Some(Token::LParen) if end == start => return,
                Some(Token::LParen) => match tape.closing(end) {
                    Some(close) => end = close,
                    None => return,
                },
                Some(_) => {}
            }
            end += 1;
        }
        if end == start {
            return;
        }
        tape.insert(start, vec![Token::LParen]);
        tape.insert(end, vec![Token::RParen]);
        if !tape.is(end, &Token::Comma) {
            return;
        }
        start = end + 1;
    }
}

const fn ends_values(keyword: Keyword) -> bool {
    matches!(
        keyword,
        Keyword::UNION
            | Keyword::EXCEPT
            | Keyword::INTERSECT
            | Keyword::ORDER
            | Keyword::LIMIT
            | Keyword::OFFSET
            | Keyword::FETCH
    )
}

/// `NEXT VALUE FOR numbers` is a number.
pub(super) fn next_value(tape: &mut Tape, position: usize) {
    if tape.are_words(position + 1, &["value", "for"])
        && let Some(end) = tape.operand_end(position + 3)
    {
        tape.replace(position, Token::Number("1".to_owned(), false));
        tape.drop_range(position + 1, end);
    }
}

/// `'a' 'b'` on two lines is one string.
pub(super) fn joined_strings(tape: &mut Tape, position: usize) {
    let both_strings = matches!(tape.at(position), Some(Token::SingleQuotedString(_)))
        && matches!(tape.at(position + 1), Some(Token::SingleQuotedString(_)));
    if both_strings && tape.line(position) != tape.line(position + 1) {
        tape.drop_range(position + 1, position + 2);
    }
}

/// Snowflake's `@stage/path/file.csv`: one quoted name, so that no slash is taken for a division.
pub(super) fn snowflake_stage(tape: &mut Tape, position: usize) {
    let after_from = matches!(tape.before(position), Some(Token::Word(before))
        if matches!(before.keyword, Keyword::FROM | Keyword::JOIN | Keyword::INTO))
        || matches!(tape.before(position), Some(Token::Comma | Token::LParen));
    if !after_from || !tape.is(position, &Token::AtSign) {
        return;
    }
    let mut end = position;
    while tape.touch(end)
        && !matches!(
            tape.at(end + 1),
            Some(Token::LParen | Token::RParen | Token::Comma | Token::SemiColon) | None
        )
    {
        end += 1;
    }
    let path: String = tape
        .copies(position, end + 1)
        .iter()
        .map(ToString::to_string)
        .collect();
    tape.replace(
        position,
        Token::Word(Word {
            value: path,
            quote_style: Some('"'),
            keyword: Keyword::NoKeyword,
        }),
    );
    tape.drop_range(position + 1, end + 1);
    copied_query(tape, position, end + 1);
}

/// `COPY INTO @stage/x FROM (SELECT …) …`: the query is what is read. Where it stands on more than a stage, sqlparser
/// knows no such thing.
fn copied_query(tape: &mut Tape, stage: usize, from: usize) {
    let Some(start) = stage.checked_sub(2) else { return };
    if tape.are_words(start, &["copy", "into"])
        && at_start(tape, start)
        && tape.is_word(from, "from")
        && tape.is(from + 1, &Token::LParen)
        && tape.is_any_word(from + 2, &["select", "with"])
        && let Some(close) = tape.closing(from + 1)
    {
        let end = (close..tape.len()).find(|&at| tape.is(at, &Token::SemiColon));
        tape.drop_range(start, from + 1);
        tape.drop_range(close + 1, end.unwrap_or(tape.len()));
    }
}

/// PostgreSQL: `FROM ONLY t`, `BETWEEN SYMMETRIC`, `ROWS FROM (f())`.
pub(super) fn postgres_word(tape: &mut Tape, position: usize, keyword: Keyword) {
    match keyword {
        Keyword::ONLY if in_from(tape, position) => {
            tape.drop_range(position, position + 1);
        }
        Keyword::SYMMETRIC | Keyword::ASYMMETRIC => tape.drop_range(position, position + 1),
        Keyword::NoKeyword if tape.is_word(position, "approximate") && tape.word(position + 1).is_some() => {
            tape.drop_range(position, position + 1);
        }
        Keyword::ROWS if tape.is_word(position + 1, "from") && tape.is(position + 2, &Token::LParen) => {
            rows_from(tape, position);
        }
        // `JOIN b USING (id) AS j`: the alias names the merged columns only.
        Keyword::USING
            if tape.is(position + 1, &Token::LParen)
                && let Some(close) = tape.closing(position + 1)
                && tape.is_word(close + 1, "as") =>
        {
            tape.drop_range(close + 1, close + 3);
        }
        _ => {}
    }
}

/// `ROWS FROM (f(1), g(2) AS (x int)) AS r(a, b)`: the rows of the functions side by side, each
/// column of which may come from any argument.
fn rows_from(tape: &mut Tape, position: usize) {
    let open = position + 2;
    let Some(close) = tape.closing(open) else {
        return;
    };
    let mut at = open + 1;
    while at < close {
        if tape.is(at, &Token::LParen) {
            let Some(inner) = tape.closing(at) else { return };
            if tape.is_word(at - 1, "as") {
                tape.drop_range(at - 1, inner + 1);
            }
            at = inner;
        }
        at += 1;
    }
    tape.drop_range(position, position + 1);
    tape.replace(position + 1, word("rows_from"));
}

/// Whether a name of a FROM clause can begin here.
fn in_from(tape: &Tape, position: usize) -> bool {
    matches!(tape.before(position), Some(Token::Word(before))
        if matches!(before.keyword, Keyword::FROM | Keyword::JOIN | Keyword::UPDATE | Keyword::USING | Keyword::LATERAL))
        && matches!(tape.at(position + 1), Some(Token::Word(_) | Token::LParen))
}

/// SQLite: `INDEXED BY i` and `NOT INDEXED` are hints.
pub(super) fn sqlite_word(tape: &mut Tape, position: usize, keyword: Keyword) {
    if keyword == Keyword::NOT && tape.is_word(position + 1, "indexed") {
        tape.drop_range(position, position + 2);
    } else if tape.are_words(position, &["indexed", "by"]) {
        tape.drop_range(position, position + 3);
    } else if keyword == Keyword::IS {
        is_operand(tape, position);
    }
}

/// SQLite compares any two values by `a IS b` and `a IS NOT b`.
fn is_operand(tape: &mut Tape, position: usize) {
    let mut operand = position + 1;
    if tape.is_word(operand, "not") {
        operand += 1;
    }
    if tape.begins_operand(operand) && !tape.is_any_word(operand, &["null", "true", "false", "distinct"]) {
        tape.replace(position, Token::Eq);
        tape.drop_range(position + 1, operand);
    }
}

/// Whether a statement begins here.
pub(super) fn at_start(tape: &Tape, position: usize) -> bool {
    matches!(tape.before(position), None | Some(Token::SemiColon))
}

/// `ASOF JOIN … ON …`, unlike Snowflake's `MATCH_CONDITION (…)`.
pub(super) fn asof_without_condition(tape: &Tape, position: usize) -> bool {
    tape.is_any_word(position + 1, &["join", "left", "right", "inner", "full"])
        && !(position..tape.len().min(position + 24)).any(|at| tape.is_word(at, "match_condition"))
}
