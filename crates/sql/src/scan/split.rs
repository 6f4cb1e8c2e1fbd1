//! Where one statement ends and the next begins.

use std::ops::Range;

use tailwater_core::dialect::Dialect;

use super::lexer::{Token, tokens};

/// The ranges of the statements of `text`, in bytes: between semicolons outside of brackets, and
/// in T-SQL between lines that say GO. Ranges without a token are left out.
pub(crate) fn split_statements(text: &str, dialect: Dialect) -> Vec<Range<usize>> {
    let tokens = tokens(text, dialect);
    let mut ranges = Vec::new();
    let mut start: Option<usize> = None;
    let mut end = 0;
    let mut depth = 0_usize;
    for (position, token) in tokens.iter().enumerate() {
        if token.is('(') {
            depth += 1;
        } else if token.is(')') {
            depth = depth.saturating_sub(1);
        }
        let ends = (token.is(';') && depth == 0)
            || (dialect == Dialect::SqlServer && token.is_word("go") && is_alone_on_line(text, token));
        if ends {
            ranges.extend(start.take().map(|start| start..end));
            continue;
        }
        start.get_or_insert(token.start);
        end = token.end;
        if position + 1 == tokens.len() {
            ranges.extend(start.take().map(|start| start..end));
        }
    }
    ranges.extend(start.map(|start| start..end));
    ranges
}

/// The SQL that a statement holds as a string and runs: Redshift's `UNLOAD ('select …') TO …`, and
/// the body in dollars of a routine or a block.
pub(crate) fn embedded_sql(text: &str) -> Option<String> {
    let start = text.trim_start();
    let verb = start
        .split(|character: char| !character.is_ascii_alphabetic())
        .next()?;
    if verb.eq_ignore_ascii_case("unload") {
        unloaded_query(&start[verb.len()..])
    } else if ["create", "execute", "do"]
        .iter()
        .any(|known| verb.eq_ignore_ascii_case(known))
    {
        body_in_dollars(start)
    } else {
        None
    }
}

/// `('select … where name = ''x'' or name = \'y\'')`, or the same between `$$`.
fn unloaded_query(after_verb: &str) -> Option<String> {
    let inside = after_verb.trim_start().strip_prefix('(')?.trim_start();
    if let Some(quoted) = inside.strip_prefix("$$") {
        return quoted.split_once("$$").map(|(query, _)| query.to_owned());
    }
    let mut characters = inside.strip_prefix('\'')?.chars().peekable();
    let mut query = String::with_capacity(inside.len());
    while let Some(character) = characters.next() {
        match character {
            '\'' if characters.next_if_eq(&'\'').is_none() => return Some(query),
            '\\' if characters.peek() == Some(&'\'') => query.extend(characters.next()),
            _ => query.push(character),
        }
    }
    None
}

/// `CREATE PROCEDURE p() … AS $$ BEGIN … END $$`, `EXECUTE IMMEDIATE $$ … $$`, `DO $$ … $$`, with
/// what follows the statement. Bodies in other languages than SQL are not read.
fn body_in_dollars(text: &str) -> Option<String> {
    const OTHER_LANGUAGES: &[&str] = &[
        "javascript",
        "python",
        "java",
        "scala",
        "plpython3u",
        "plperl",
        "c",
    ];
    let (head, rest) = text.split_once("$$")?;
    let (body, tail) = rest.split_once("$$")?;
    let (options, after) = tail.split_once(';').unwrap_or((tail, ""));
    let words = || {
        head.split_ascii_whitespace()
            .chain(options.split_ascii_whitespace())
            .map(|word| word.trim_matches('\''))
    };
    let runs = words().any(|word| {
        ["procedure", "function", "immediate", "do"]
            .iter()
            .any(|kind| word.eq_ignore_ascii_case(kind))
    });
    let is_foreign = words().zip(words().skip(1)).any(|(word, language)| {
        word.eq_ignore_ascii_case("language")
            && OTHER_LANGUAGES
                .iter()
                .any(|other| language.eq_ignore_ascii_case(other))
    });
    if !runs || is_foreign || head.contains(';') {
        return None;
    }
    Some(format!("{};\n{after}", body.trim().trim_end_matches(';')))
}

fn is_alone_on_line(text: &str, token: &Token<'_>) -> bool {
    let before = text[..token.start]
        .bytes()
        .rev()
        .find(|byte| !matches!(byte, b' ' | b'\t'));
    let after = text[token.end..]
        .bytes()
        .find(|byte| !matches!(byte, b' ' | b'\t' | b'\r'));
    matches!(before, None | Some(b'\n')) && matches!(after, None | Some(b'\n'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str, dialect: Dialect) -> Vec<&str> {
        split_statements(text, dialect)
            .into_iter()
            .map(|range| &text[range])
            .collect()
    }

    #[test]
    fn semicolons_outside_of_strings_and_brackets_end_statements() {
        assert_eq!(
            split("select 1; ;select ';' ; ", Dialect::Generic),
            ["select 1", "select ';'"]
        );
        assert_eq!(split("a (b; c) d; e", Dialect::Generic), ["a (b; c) d", "e"]);
        assert_eq!(split("-- only a comment;", Dialect::Generic), Vec::<&str>::new());
    }

    #[test]
    fn the_query_of_an_unload_is_taken_out_of_its_string() {
        let unload = " Unload ('select ''x'', \\'y\\' from t') to 's3://b'";
        assert_eq!(embedded_sql(unload).as_deref(), Some("select 'x', 'y' from t"));
        assert_eq!(
            embedded_sql("unload($$select 'x' from t$$) to 's3://b'").as_deref(),
            Some("select 'x' from t")
        );
        assert_eq!(embedded_sql("unload (select a from t) to 's3://b'"), None);
        assert_eq!(embedded_sql("un"), None);
        assert_eq!(embedded_sql("unload ('select"), None);
    }

    #[test]
    fn a_body_in_dollars_is_read_when_it_is_sql() {
        assert_eq!(
            embedded_sql("create procedure p() language sql as $$ select 1 from a; $$; select 2").as_deref(),
            Some("select 1 from a;\n select 2")
        );
        assert_eq!(
            embedded_sql("create function f() returns int language JavaScript as $$ from x $$"),
            None
        );
        assert_eq!(
            embedded_sql("create view v as select $$ from x $$ as a from b"),
            None
        );
    }

    #[test]
    fn go_ends_a_batch_only_on_its_own_line() {
        assert_eq!(
            split("select 1\nGO\nselect go from t", Dialect::SqlServer),
            ["select 1", "select go from t"]
        );
    }
}
