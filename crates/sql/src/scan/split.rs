//! Where one statement ends and the next begins.

use std::ops::Range;

use tailwater_core::dialect::Dialect;

use super::lexer::{Kind, Token, tokens};

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

/// The query inside of Redshift's `UNLOAD ('select … where name = ''x''') TO …`, which holds it
/// as a string.
pub(crate) fn unloaded_query(text: &str, dialect: Dialect) -> Option<String> {
    let start = text.trim_start();
    if !start.get(..6)?.eq_ignore_ascii_case("unload") {
        return None;
    }
    match tokens(start, dialect).as_slice() {
        [unload, open, query, close, ..]
            if unload.is_word("unload") && open.is('(') && query.kind == Kind::Literal && close.is(')') =>
        {
            Some(query.text.replace("''", "'"))
        }
        _ => None,
    }
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
        let unload = " Unload ('select ''x'' from t') to 's3://b'";
        assert_eq!(
            unloaded_query(unload, Dialect::Redshift).as_deref(),
            Some("select 'x' from t")
        );
        assert_eq!(
            unloaded_query("unload (select a from t) to 's3://b'", Dialect::Athena),
            None
        );
        assert_eq!(unloaded_query("un", Dialect::Redshift), None);
    }

    #[test]
    fn go_ends_a_batch_only_on_its_own_line() {
        assert_eq!(
            split("select 1\nGO\nselect go from t", Dialect::SqlServer),
            ["select 1", "select go from t"]
        );
    }
}
