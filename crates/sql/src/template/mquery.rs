//! Power Query M keeps SQL in its own string literals: `#(lf)` for a line feed, `""` for `"`.
//!
//! Source: Power Query M formula language, "Lexical structure", character escape sequences.

/// The text without M's escapes; `None` when it has none. Doubled quotes count only beside another
/// escape: alone they are SQL's own.
pub(super) fn without_escapes(text: &str) -> Option<String> {
    let mut result = String::new();
    let mut rest = text;
    let mut found = false;
    while let Some(start) = rest.find("#(") {
        let after = &rest[start + 2..];
        let replacement = after
            .bytes()
            .take(64)
            .position(|byte| byte == b')')
            .and_then(|close| Some((close, unescaped(&after[..close])?)));
        if let Some((close, characters)) = replacement {
            result.push_str(&rest[..start]);
            result.push_str(&characters);
            rest = &after[close + 1..];
            found = true;
        } else {
            result.push_str(&rest[..start + 2]);
            rest = after;
        }
    }
    if !found {
        return None;
    }
    result.push_str(rest);
    Some(result.replace("\"\"", "\""))
}

/// What stands for a list of escapes such as `cr,lf` or `000A`.
fn unescaped(list: &str) -> Option<String> {
    list.split(',')
        .map(|escape| match escape.trim() {
            "lf" => Some('\n'),
            "cr" => Some('\r'),
            "tab" => Some('\t'),
            "#" => Some('#'),
            hex if hex.len() == 4 || hex.len() == 8 => {
                u32::from_str_radix(hex, 16).ok().and_then(char::from_u32)
            }
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_become_characters_and_quotes_single() {
        assert_eq!(
            without_escapes("select #(lf)#(tab)\"\"A b\"\"#(cr,lf)from t#(000A)").as_deref(),
            Some("select \n\t\"A b\"\r\nfrom t\n")
        );
    }

    #[test]
    fn text_without_escapes_keeps_its_doubled_quotes() {
        assert_eq!(without_escapes("select \"a\"\"b\" from t"), None);
        assert_eq!(without_escapes("select #(1) from t"), None);
        assert_eq!(without_escapes("select #(never closed"), None);
    }
}
