//! Scripts and style sheets without what browsers do not read.
//!
//! A third of a script is comments and types in comments: for developers, who have the source. This is no parser; it
//! relies on how our own files are written (a comment begins a line, no text goes over lines), and a test holds them to
//! it.

/// The text without comments, blank lines and indentation.
pub fn without_comments(text: &str) -> String {
    let mut slim = String::with_capacity(text.len());
    let mut is_comment = false;
    for line in text.lines().map(str::trim) {
        if is_comment || line.starts_with("/*") && !is_cast(line) {
            is_comment = !line.ends_with("*/");
        } else if !line.is_empty() && !line.starts_with("//") {
            push_without_casts(&mut slim, line);
            slim.push('\n');
        }
    }
    slim
}

/// Whether a line begins with a type in a comment and goes on with code.
fn is_cast(line: &str) -> bool {
    line.split_once("*/").is_some_and(|(_, rest)| !rest.is_empty())
}

fn push_without_casts(slim: &mut String, line: &str) {
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("/** @type") {
        let Some((_, after)) = after.split_once("*/") else {
            break;
        };
        slim.push_str(before);
        rest = after.strip_prefix(' ').unwrap_or(after);
    }
    slim.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_go_and_code_stays() {
        let text = "/**\n * Head\n */\n\nimport { a } from \"./a.js\"; // kept: it does not begin the line\n  // gone\n\
                    /* one line */\n  const b = /** @type {string} */ (a);\n/** @type {any} */ (b).c(/** @type {X<Y>} */ (d));\n\
                    const url = \"http://x\";\n";
        assert_eq!(
            without_comments(text),
            "import { a } from \"./a.js\"; // kept: it does not begin the line\nconst b = (a);\n(b).c((d));\n\
             const url = \"http://x\";\n"
        );
    }

    #[test]
    fn a_comment_without_an_end_takes_the_rest_and_no_more() {
        assert_eq!(without_comments("a\n/* b\nc"), "a\n");
        assert_eq!(without_comments(""), "");
    }
}
