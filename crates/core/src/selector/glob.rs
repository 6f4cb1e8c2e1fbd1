//! Shell-style patterns as Python's `fnmatch` reads them, since that is what dbt uses.
//!
//! `*` is any text, with dots and slashes; `?` is any character; `[a-c]` is one of these and `[!a-c]` is none
//! of them. A bracket that is not closed stands for itself. Upper and lower case differ.

use std::str::Chars;

/// A pattern, ready to be matched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Glob {
    /// Without wildcards: compared as text.
    Literal(String),
    /// With wildcards.
    Pattern(Vec<Token>),
}

/// One element of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    Character(char),
    AnyCharacter,
    AnyText,
    Class {
        is_negated: bool,
        ranges: Vec<(char, char)>,
    },
}

impl Glob {
    /// Reads a pattern. Every text is one.
    pub fn new(text: &str) -> Self {
        if !text.contains(['*', '?', '[']) {
            return Self::Literal(text.to_owned());
        }
        let characters: Vec<char> = text.chars().collect();
        let mut tokens = Vec::with_capacity(characters.len());
        let mut at = 0;
        // Behind an opening bracket that nothing closes, no other is closed either: the rest is not searched again.
        let mut may_close = true;
        while let Some(&character) = characters.get(at) {
            at += 1;
            tokens.push(match character {
                '*' => {
                    if tokens.last() == Some(&Token::AnyText) {
                        continue;
                    }
                    Token::AnyText
                }
                '?' => Token::AnyCharacter,
                '[' if may_close => {
                    if let Some((class, length)) = read_class(&characters[at..]) {
                        at += length;
                        class
                    } else {
                        may_close = false;
                        Token::Character('[')
                    }
                }
                other => Token::Character(other),
            });
        }
        Self::Pattern(tokens)
    }

    /// Whether the whole text fits the pattern. Takes at most the product of both lengths in steps.
    pub fn matches(&self, text: &str) -> bool {
        let tokens = match self {
            Self::Literal(literal) => return literal == text,
            Self::Pattern(tokens) => tokens,
        };
        let mut rest = text.chars();
        let mut at = 0;
        // Where to go back to: behind the last `*`, with the text that it has not taken yet.
        let mut retry: Option<(usize, Chars<'_>)> = None;
        loop {
            if tokens.get(at) == Some(&Token::AnyText) {
                at += 1;
                retry = Some((at, rest.clone()));
                continue;
            }
            let mut ahead = rest.clone();
            match (tokens.get(at), ahead.next()) {
                (None, None) => return true,
                (Some(token), Some(character)) if token.takes(character) => {
                    at += 1;
                    rest = ahead;
                }
                _ => {
                    let Some((behind, mut untaken)) = retry.take() else {
                        return false;
                    };
                    if untaken.next().is_none() {
                        return false;
                    }
                    at = behind;
                    rest = untaken.clone();
                    retry = Some((behind, untaken));
                }
            }
        }
    }
}

impl Token {
    fn takes(&self, character: char) -> bool {
        match self {
            Self::Character(own) => *own == character,
            Self::AnyCharacter => true,
            Self::AnyText => false,
            Self::Class { is_negated, ranges } => {
                ranges
                    .iter()
                    .any(|&(low, high)| (low..=high).contains(&character))
                    != *is_negated
            }
        }
    }
}

/// Reads a class from behind its opening bracket, with the number of characters up to and with its closing
/// one.
fn read_class(characters: &[char]) -> Option<(Token, usize)> {
    let is_negated = characters.first() == Some(&'!');
    let start = usize::from(is_negated);
    // A closing bracket in first place is a member.
    let end = (start + 1..characters.len()).find(|&at| characters[at] == ']')?;
    let members = &characters[start..end];
    let mut ranges = Vec::new();
    let mut at = 0;
    while at < members.len() {
        match members[at..] {
            [low, '-', high, ..] => {
                ranges.push((low, high));
                at += 3;
            }
            [only, ..] => {
                ranges.push((only, only));
                at += 1;
            }
            [] => break,
        }
    }
    Some((Token::Class { is_negated, ranges }, end + 1))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    // Every case was asked of Python 3.11's `fnmatch.fnmatchcase`.
    #[rstest]
    #[case("stg_*", "stg_orders", true)]
    #[case("*", "", true)]
    #[case("*.core.*", "shop.core.orders", true)]
    #[case("a*b*c", "a-b-b-c", true)]
    #[case("a*b*c", "a-b-b-d", false)]
    #[case("?", "", false)]
    #[case("f?t", "fct", true)]
    #[case("stg__[op]*", "stg__products", true)]
    #[case("stg__[!op]*", "stg__products", false)]
    #[case("[a-c]x", "bx", true)]
    #[case("[c-a]x", "bx", false)]
    #[case("[]]x", "]x", true)]
    #[case("[!]]x", "]x", false)]
    #[case("[a-]x", "-x", true)]
    #[case("[-a]x", "-x", true)]
    #[case("[abc", "[abc", true)]
    #[case("a[", "a[", true)]
    #[case("[!]", "[!]", true)]
    #[case("Orders", "orders", false)]
    #[case("é?", "éa", true)]
    fn patterns_are_those_of_fnmatch(#[case] pattern: &str, #[case] text: &str, #[case] expected: bool) {
        assert_eq!(Glob::new(pattern).matches(text), expected);
    }

    #[test]
    fn many_stars_take_no_exponential_time() {
        let pattern = "*a".repeat(50) + "b";
        assert!(!Glob::new(&pattern).matches(&"a".repeat(2_000)));
    }

    /// The meaning by definition, for patterns of `a`, `b`, `?` and `*`.
    fn naive(pattern: &[char], text: &[char]) -> bool {
        match pattern {
            [] => text.is_empty(),
            ['*', rest @ ..] => (0..=text.len()).any(|taken| naive(rest, &text[taken..])),
            ['?', rest @ ..] => !text.is_empty() && naive(rest, &text[1..]),
            [own, rest @ ..] => text.first() == Some(own) && naive(rest, &text[1..]),
        }
    }

    #[test]
    fn brackets_that_nothing_closes_are_searched_once() {
        let glob = Glob::new(&"[".repeat(200_000));
        assert!(glob.matches(&"[".repeat(200_000)));
        assert!(!glob.matches("["));
    }

    proptest! {
        #[test]
        fn matching_equals_its_definition(pattern in "[ab?*]{0,7}", text in "[ab]{0,8}") {
            let characters = |text: &str| text.chars().collect::<Vec<_>>();
            prop_assert_eq!(
                Glob::new(&pattern).matches(&text),
                naive(&characters(&pattern), &characters(&text))
            );
        }

        #[test]
        fn any_pattern_can_be_matched(pattern in ".{0,20}", text in ".{0,20}") {
            let _ = Glob::new(&pattern).matches(&text);
        }
    }
}
