//! From the text to a [`Selector`].
//!
//! dbt's own grammar of one part is the regular expression
//! `@?(\d*\+)?([\w.]+:)?value(\+\d*)?`, with the shortest possible value; this follows it.

use std::cell::Cell;

use super::condition::Condition;
use super::error::{SelectorError, SelectorProblem};
use super::method::{Method, nearest};

/// Selections are made by programs, too, but each part is looked for among all nodes.
const MOST_PARTS: usize = 5_000;

/// A selection, read and ready to be evaluated.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selector {
    /// Of these words any may hold; without any, everything is meant.
    pub(super) include: Vec<Intersection>,
    /// What is taken out again.
    pub(super) exclude: Vec<Intersection>,
}

impl Selector {
    /// Whether it says nothing, and so means everything.
    pub fn is_empty(&self) -> bool {
        self.include.is_empty() && self.exclude.is_empty()
    }
}

/// Parts that were joined by commas: all must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Intersection(pub Vec<Criterion>);

/// One part: a condition and its graph operators.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Criterion {
    pub condition: Condition,
    /// `@x`: with its descendants, and the ancestors of all of those.
    pub with_childrens_parents: bool,
    pub parents: Reach,
    pub children: Reach,
    pub place: Place,
}

/// How far a `+` goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    Nowhere,
    Steps(usize),
    Everywhere,
}

/// Where a part stands in the text, for messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub part: String,
    pub offset: usize,
    pub column: usize,
}

impl Place {
    pub fn error(&self, problem: SelectorProblem) -> SelectorError {
        SelectorError {
            problem,
            part: self.part.clone(),
            offset: self.offset,
            column: self.column,
        }
    }
}

/// Reads a selection: words separated by blanks, of which any may hold. `--select` or `-s` may stand in
/// front, and `--exclude` before the words that are taken out again; words may be quoted as in a shell. Empty
/// text means everything.
///
/// # Errors
/// Names the part that cannot be read, and where it stands.
pub fn parse(text: &str) -> Result<Selector, SelectorError> {
    let mut selector = Selector::default();
    let mut is_exclude = false;
    let columns = Columns::new(text);
    let place = |start: usize, part: &str| Place {
        part: part.to_owned(),
        offset: start,
        column: columns.of(start),
    };
    let mut parts = 0;
    let mut count = |word: &str, offset: usize| {
        parts += word.split(',').count();
        if parts > MOST_PARTS {
            return Err(place(offset, word).error(SelectorProblem::TooManyWords { most: MOST_PARTS }));
        }
        Ok(())
    };
    for (offset, word) in words(text) {
        let (option, value) = match word.split_once('=') {
            Some((option, value)) if option.starts_with("--") => (option, Some(value)),
            _ => (word, None),
        };
        match option {
            "--select" | "-s" | "--models" | "--model" | "-m" => is_exclude = false,
            "--exclude" => is_exclude = true,
            _ if option.starts_with("--") => {
                return Err(place(offset, option).error(SelectorProblem::UnknownOption));
            }
            _ => {
                count(word, offset)?;
                let intersection = parse_word(word, offset, &place)?;
                selector.add(intersection, is_exclude);
            }
        }
        if let Some(value) = value {
            let start = offset + option.len() + 1;
            for (inner, word) in words(value) {
                count(word, start + inner)?;
                let intersection = parse_word(word, start + inner, &place)?;
                selector.add(intersection, is_exclude);
            }
        }
    }
    Ok(selector)
}

/// The columns of places that are asked for in rising order, mostly: each character is counted once.
struct Columns<'t> {
    text: &'t str,
    /// The offset that was asked for last, and its column.
    last: Cell<(usize, usize)>,
}

impl<'t> Columns<'t> {
    const fn new(text: &'t str) -> Self {
        Self {
            text,
            last: Cell::new((0, 1)),
        }
    }

    fn of(&self, offset: usize) -> usize {
        let (from, column) = match self.last.get() {
            last @ (from, _) if from <= offset => last,
            _ => (0, 1),
        };
        let column = column + self.text[from..offset].chars().count();
        self.last.set((offset, column));
        column
    }
}

impl Selector {
    fn add(&mut self, intersection: Intersection, is_exclude: bool) {
        if is_exclude {
            self.exclude.push(intersection);
        } else {
            self.include.push(intersection);
        }
    }
}

/// The words of a text with their offsets, without the quotes around them.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split_whitespace()
        .map(|word| word.trim_matches(['"', '\'']))
        .filter(|word| !word.is_empty())
        .map(|word| (word.as_ptr().addr() - text.as_ptr().addr(), word))
}

fn parse_word(
    word: &str,
    offset: usize,
    place: &impl Fn(usize, &str) -> Place,
) -> Result<Intersection, SelectorError> {
    let mut start = offset;
    let mut criteria = Vec::new();
    for part in word.split(',') {
        criteria.push(parse_part(part, place(start, part))?);
        start += part.len() + 1;
    }
    Ok(Intersection(criteria))
}

fn parse_part(part: &str, place: Place) -> Result<Criterion, SelectorError> {
    let (with_childrens_parents, rest) = match part.strip_prefix('@') {
        Some(rest) => (true, rest),
        None => (false, part),
    };
    let (parents, rest) = split_leading_plus(rest);
    let (children, rest) = split_trailing_plus(rest);
    let (method, value) = match rest.split_once(':') {
        Some((method, value)) if is_method_word(method) => (Some(method), value),
        _ => (None, rest),
    };
    let (method, arguments) = match method {
        None => (Method::of_bare_word(value), Vec::new()),
        Some(written) => {
            let mut names = written.split('.');
            let name = names.next().unwrap_or_default();
            let method = Method::from_name(name).ok_or_else(|| {
                place.error(SelectorProblem::UnknownMethod {
                    name: name.to_owned(),
                    nearest: nearest(name, &Method::ALL.map(Method::name)),
                })
            })?;
            (method, names.collect())
        }
    };
    if with_childrens_parents && children != Reach::Nowhere {
        return Err(place.error(SelectorProblem::AtWithPlus));
    }
    match Condition::new(method, &arguments, value) {
        Ok(condition) => Ok(Criterion {
            condition,
            with_childrens_parents,
            parents,
            children,
            place,
        }),
        Err(problem) => Err(place.error(problem)),
    }
}

/// `2+x` is two steps, `+x` any number.
pub(super) fn split_leading_plus(text: &str) -> (Reach, &str) {
    let rest = text.trim_start_matches(|character: char| character.is_ascii_digit());
    match rest.strip_prefix('+') {
        Some(behind) => (reach(&text[..text.len() - rest.len()]), behind),
        None => (Reach::Nowhere, text),
    }
}

/// `x+2` is two steps, `x+` any number.
pub(super) fn split_trailing_plus(text: &str) -> (Reach, &str) {
    let rest = text.trim_end_matches(|character: char| character.is_ascii_digit());
    match rest.strip_suffix('+') {
        Some(before) => (reach(&text[rest.len()..]), before),
        None => (Reach::Nowhere, text),
    }
}

fn reach(digits: &str) -> Reach {
    if digits.is_empty() {
        Reach::Everywhere
    } else {
        // More steps than a machine word can count are more than any graph has.
        Reach::Steps(digits.parse().unwrap_or(usize::MAX))
    }
}

/// Whether text before a colon is a method and not part of the value, as `fct-orders` in `fct-orders:x` is.
fn is_method_word(text: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|character| character.is_alphanumeric() || matches!(character, '_' | '.'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;
    use crate::diagnostic::Diagnostic;

    fn only(text: &str) -> Criterion {
        let mut selector = parse(text).unwrap();
        assert_eq!((selector.include.len(), selector.exclude.len()), (1, 0));
        let Intersection(mut criteria) = selector.include.remove(0);
        assert_eq!(criteria.len(), 1);
        criteria.remove(0)
    }

    #[rstest]
    #[case("x", Reach::Nowhere, Reach::Nowhere)]
    #[case("+x", Reach::Everywhere, Reach::Nowhere)]
    #[case("2+x+1", Reach::Steps(2), Reach::Steps(1))]
    #[case("0+x+", Reach::Steps(0), Reach::Everywhere)]
    #[case("99999999999999999999999+x", Reach::Steps(usize::MAX), Reach::Nowhere)]
    #[case("2x", Reach::Nowhere, Reach::Nowhere)]
    #[case("x2", Reach::Nowhere, Reach::Nowhere)]
    fn plus_signs_are_read(#[case] text: &str, #[case] parents: Reach, #[case] children: Reach) {
        let criterion = only(text);
        assert_eq!((criterion.parents, criterion.children), (parents, children));
    }

    #[rstest]
    #[case("config.strategy:delete+insert", "delete+insert")]
    #[case("config.a:x+y+", "x+y")]
    #[case("config.a:b:c", "b:c")]
    fn the_value_is_what_operators_leave(#[case] text: &str, #[case] expected: &str) {
        let Condition::Config { value, .. } = only(text).condition else {
            panic!("not a config");
        };
        assert_eq!(value, expected);
    }

    #[test]
    fn options_quotes_and_blanks_are_understood() {
        let plain = parse("+a tag:b,c --exclude d e").unwrap();
        assert_eq!((plain.include.len(), plain.exclude.len()), (2, 2));
        assert_eq!(plain.include[1].0.len(), 2);
        let values = |selector: &Selector| {
            let of = |list: &[Intersection]| -> Vec<Condition> {
                list.iter()
                    .flat_map(|word| word.0.iter().map(|part| part.condition.clone()))
                    .collect()
            };
            (of(&selector.include), of(&selector.exclude))
        };
        for text in [
            "--select +a tag:b,c --exclude d e",
            "-s  +a\ttag:b,c\n--exclude=d --exclude=e",
            "--exclude 'd e' --select \"+a tag:b,c\"",
        ] {
            assert_eq!(values(&parse(text).unwrap()), values(&plain), "{text}");
        }
        assert!(parse("  ").unwrap().is_empty());
    }

    #[test]
    fn a_selection_longer_than_anybody_writes_is_refused() {
        assert_eq!(parse(&"é ".repeat(MOST_PARTS)).unwrap().include.len(), MOST_PARTS);
        for text in [
            "é ".repeat(200_000),
            "é,".repeat(200_000),
            format!("--select={}", "é ".repeat(200_000)),
        ] {
            let error = parse(&text).unwrap_err();
            assert_eq!(error.code(), "TW-SELECTOR-LONG");
            assert!(error.to_string().len() < 500, "{error}");
        }
    }

    #[test]
    fn a_message_repeats_the_beginning_of_a_long_part() {
        let error = parse(&format!("{}:x", "m".repeat(5_000))).unwrap_err();
        assert!(error.to_string().len() < 500, "{error}");
    }

    #[rstest]
    #[case("tagg:x", 1)]
    #[case("a --exclude b,tagg:x", 15)]
    #[case("é +modle:x", 3)]
    #[case("@x+", 1)]
    #[case("a version:2", 3)]
    #[case("source:a.b.c.d", 1)]
    #[case("exposure:a.b.c", 1)]
    #[case("resource_type:models", 1)]
    #[case("test_type:genric", 1)]
    #[case("state:modifed", 1)]
    #[case("path:/models", 1)]
    #[case("a --defer", 3)]
    fn mistakes_are_named_with_their_place(#[case] text: &str, #[case] column: usize) {
        let error = parse(text).unwrap_err();
        assert_eq!(error.column, column, "{error}");
        assert!(text[error.offset..].starts_with(&error.part));
        assert!(error.hint().is_some());
    }

    #[test]
    fn mistakes_are_explained() {
        let explained: Vec<String> = [
            "tagg:x",
            "@x+",
            "a version:2",
            "source:a.b.c.d",
            "resource_type:models",
            "path:/models",
            "a --defer",
        ]
        .into_iter()
        .map(|text| {
            let error = parse(text).unwrap_err();
            format!("{text}\n  {}: {error}\n  {}", error.code(), error.hint().unwrap())
        })
        .collect();
        insta::assert_snapshot!(explained.join("\n"));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_in_its_place(text in "[a-z@+0-9:.,*\\[\\] \"'éß=-]{0,30}") {
            if let Err(error) = parse(&text) {
                prop_assert!(text[error.offset..].starts_with(&error.part));
            }
        }
    }
}
