//! The line that people type: words, `-word`, `AND`, `OR`, `"a phrase"`.
//!
//! Words side by side must all be found, `AND` between them says the same. `OR` parts groups: `a b OR c -d`
//! finds what has `a` and `b`, and what has `c` without `d`. Whatever is typed is a query: a quotation mark
//! that is not closed closes at the end, an operator with nothing beside it is left out.

use super::fold::fold;

/// Longer lines are cut: each term is one scan of everything.
const LONGEST_LINE: usize = 500;
const MOST_TERMS: usize = 16;

/// What is looked for: any of the groups. Without a group, everything is found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// The groups, each with at least one term.
    pub groups: Vec<Group>,
    /// Whether the line was too long, so that its end was left out.
    pub is_cut: bool,
}

/// Terms of which all must be found, and terms of which none may.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Group {
    /// Folded texts that must be found.
    pub with: Vec<String>,
    /// Folded texts that must not.
    pub without: Vec<String>,
}

impl Query {
    /// Reads a line. Never fails.
    pub fn parse(line: &str) -> Self {
        let (line, mut is_cut) = match line.char_indices().nth(LONGEST_LINE) {
            Some((end, _)) => (&line[..end], true),
            None => (line, false),
        };
        let mut groups = vec![Group::default()];
        let mut terms = 0;
        for piece in pieces(line) {
            match piece {
                Piece::Or => groups.push(Group::default()),
                Piece::And => {}
                Piece::Term { text, is_excluded } => {
                    let folded = fold(text);
                    let Some(group) = groups.last_mut().filter(|_| !folded.is_empty()) else {
                        continue;
                    };
                    if terms == MOST_TERMS {
                        is_cut = true;
                        break;
                    }
                    terms += 1;
                    if is_excluded {
                        group.without.push(folded);
                    } else {
                        group.with.push(folded);
                    }
                }
            }
        }
        groups.retain(|group| !group.with.is_empty() || !group.without.is_empty());
        Self { groups, is_cut }
    }

    /// Whether it finds everything.
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// Every text that must be found in some group: what is marked in a hit.
    pub(super) fn wanted(&self) -> impl Iterator<Item = &str> {
        self.groups
            .iter()
            .flat_map(|group| &group.with)
            .map(String::as_str)
    }
}

enum Piece<'a> {
    And,
    Or,
    Term { text: &'a str, is_excluded: bool },
}

fn pieces(line: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = line;
    std::iter::from_fn(move || {
        rest = rest.trim_start();
        if rest.is_empty() {
            return None;
        }
        let stripped = rest.strip_prefix('-');
        let after_sign = stripped.unwrap_or(rest);
        let is_excluded = stripped.is_some();
        if let Some(quoted) = after_sign.strip_prefix('"') {
            let (text, after) = quoted.split_once('"').unwrap_or((quoted, ""));
            rest = after;
            return Some(Piece::Term { text, is_excluded });
        }
        // A word ends at white space, and where a phrase begins.
        let end = after_sign
            .find(|character: char| character.is_whitespace() || character == '"')
            .unwrap_or(after_sign.len());
        let (text, after) = after_sign.split_at(end);
        rest = after;
        Some(match text {
            "AND" if !is_excluded => Piece::And,
            "OR" if !is_excluded => Piece::Or,
            _ => Piece::Term { text, is_excluded },
        })
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    /// Groups by `|`, terms by `,`, excluded ones with `!`.
    fn written(query: &Query) -> String {
        let group = |group: &Group| {
            let with = group.with.iter().cloned();
            let without = group.without.iter().map(|term| format!("!{term}"));
            with.chain(without).collect::<Vec<_>>().join(",")
        };
        query.groups.iter().map(group).collect::<Vec<_>>().join("|")
    }

    #[rstest]
    #[case("", "")]
    #[case("  Orders ", "orders")]
    #[case("fct orders", "fct,orders")]
    #[case("fct AND orders", "fct,orders")]
    #[case("a b OR c -d", "a,b|c,!d")]
    #[case("a and b or c", "a,and,b,or,c")]
    #[case("OR a OR OR b AND", "a|b")]
    #[case("\"Weekly  Sales\" -\"net revenue\"", "weekly sales,!net revenue")]
    #[case("\"AND\" -OR", "and,!or")]
    #[case("\"never closed", "never closed")]
    #[case("a\"b c\"d", "a,b c,d")]
    #[case("north-america", "north-america")]
    #[case("- -- ---x \"\" -\"\"", "!-,!--x")]
    #[case("-draft", "!draft")]
    fn lines_are_read(#[case] line: &str, #[case] expected: &str) {
        assert_eq!(written(&Query::parse(line)), expected);
    }

    #[test]
    fn long_lines_are_cut_and_say_so() {
        assert!(Query::parse(&"a".repeat(LONGEST_LINE + 1)).is_cut);
        let many = Query::parse(&"a ".repeat(MOST_TERMS + 1));
        assert!(many.is_cut);
        assert_eq!(many.groups[0].with.len(), MOST_TERMS);
        assert!(!Query::parse("a").is_cut);
    }

    proptest! {
        #[test]
        fn whatever_is_typed_is_a_query(line in "[ab\"\\- \u{202e}ORANDé]{0,60}|.{0,600}") {
            let query = Query::parse(&line);
            for term in query.groups.iter().flat_map(|group| group.with.iter().chain(&group.without)) {
                prop_assert!(!term.is_empty() && !term.contains('\n'));
            }
        }
    }
}
