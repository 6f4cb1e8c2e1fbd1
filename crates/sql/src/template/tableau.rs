//! Tableau's parameters in custom SQL, and its doubled angle brackets.
//!
//! A parameter stands as `<[Parameters].[Parameter 1]>` or `<Parameters.Parameter 1>`. Because of
//! that, Tableau writes a literal `<` as `<<` and `>` as `>>` in the text it keeps. `<<` is also a
//! bit shift, so brackets are only made single where a parameter proves that Tableau wrote the
//! text, or where the text does not parse otherwise.

/// The longest name of a parameter that is looked for.
const MAX_NAME_LENGTH: usize = 300;

/// The text with literals in place of parameters and with single angle brackets; `None` when it
/// has no parameters.
pub(super) fn without_parameters(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut result = String::new();
    let mut copied = 0;
    let mut from = 0;
    let mut found = false;
    while let Some(offset) = find_byte(&bytes[from..], b'<') {
        let open = from + offset;
        let Some(end) = parameter_end(text, open) else {
            from = open + 1;
            continue;
        };
        // The API may hand out `<<[Parameters].[p]>>`, doubled like the rest of the text.
        let is_doubled = open > copied && bytes[open - 1] == b'<' && bytes.get(end) == Some(&b'>');
        let (start, end) = if is_doubled {
            (open - 1, end + 1)
        } else {
            (open, end)
        };
        result.push_str(&single_angles(&text[copied..start]));
        result.push_str(literal_after(&result));
        copied = end;
        from = end;
        found = true;
    }
    if !found {
        return None;
    }
    result.push_str(&single_angles(&text[copied..]));
    Some(result)
}

/// The text with `<` for `<<` and `>` for `>>`; `None` when there are none.
pub(crate) fn without_doubled_angles(text: &str) -> Option<String> {
    (text.contains("<<") || text.contains(">>")).then(|| single_angles(text))
}

fn single_angles(text: &str) -> String {
    text.replace("<<", "<").replace(">>", ">")
}

fn find_byte(bytes: &[u8], byte: u8) -> Option<usize> {
    bytes.iter().position(|&candidate| candidate == byte)
}

/// The end (exclusive) of the parameter that begins at `open`.
fn parameter_end(text: &str, open: usize) -> Option<usize> {
    let rest = text.get(open + 1..)?;
    if let Some(name) = strip_prefix_ignoring_case(rest, "[Parameters].[") {
        let mut from = 0;
        let name = &name.as_bytes()[..name.len().min(MAX_NAME_LENGTH)];
        while let Some(offset) = find_byte(&name[from..], b']') {
            let close = from + offset;
            match name.get(close + 1) {
                // `]]` is a bracket in the name.
                Some(b']') => from = close + 2,
                Some(b'>') => return Some(open + 1 + "[Parameters].[".len() + close + 2),
                _ => return None,
            }
        }
        return None;
    }
    let name = strip_prefix_ignoring_case(rest, "Parameters.")?;
    let bytes = &name.as_bytes()[..name.len().min(MAX_NAME_LENGTH)];
    let close = bytes
        .iter()
        .position(|byte| matches!(byte, b'>' | b'<' | b'\n'))?;
    (bytes[close] == b'>' && close > 0).then_some(open + 1 + "Parameters.".len() + close + 1)
}

fn strip_prefix_ignoring_case<'t>(text: &'t str, prefix: &str) -> Option<&'t str> {
    let head = text.get(..prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then(|| &text[prefix.len()..])
}

/// A literal that fits after `before`: a string after a type's name, else a number, which fits
/// after LIMIT and TOP too.
fn literal_after(before: &str) -> &'static str {
    let word = before
        .trim_end()
        .rsplit(|character: char| !character.is_ascii_alphabetic())
        .next()
        .unwrap_or_default();
    let wants_text = ["date", "timestamp", "time", "datetime", "interval"]
        .iter()
        .any(|kind| word.eq_ignore_ascii_case(kind));
    if wants_text { "'0'" } else { "0" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("x = <[Parameters].[Parameter 1]>", "x = 0")]
    #[case("x = <Parameters.From Date> and y", "x = 0 and y")]
    #[case("x = <[parameters].[a]]b]> and y", "x = 0 and y")]
    #[case("x <<= <[Parameters].[p]> or y >> 2", "x <= 0 or y > 2")]
    #[case("x <<<[Parameters].[p]>", "x <0")]
    #[case("x = <<[Parameters].[p]>>", "x = 0")]
    #[case("d >= date <[Parameters].[p]>", "d >= date '0'")]
    #[case("s = '<[Parameters].[p]>'", "s = '0'")]
    fn parameters_become_literals(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(without_parameters(text).as_deref(), Some(expected));
    }

    #[rstest]
    #[case("a < b and [Parameters].[p] > 2")]
    #[case("a << 2 and b >> 3")]
    #[case("x = <[Parameters].[never closed")]
    #[case("x <")]
    #[case("x <Parameters.")]
    #[case("é <é[Parameters].[p]>")]
    fn other_text_stays(#[case] text: &str) {
        assert_eq!(without_parameters(text), None);
    }
}
