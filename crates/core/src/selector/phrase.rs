//! A selector in words, so that everyone can check what was asked.

use super::boxes::bare;
use super::method::Method;
use super::parse::{Criterion, Intersection, Reach, Selector};

impl Selector {
    /// What is selected, in plain words: `fct_orders, everything above, 1 step below`.
    pub fn phrase(&self) -> String {
        let mut text = if self.include.is_empty() {
            "everything".to_owned()
        } else {
            join(&self.include, "; ")
        };
        if !self.exclude.is_empty() {
            text.push_str(", without ");
            text.push_str(&join(&self.exclude, " and "));
        }
        text
    }
}

fn join(words: &[Intersection], separator: &str) -> String {
    words.iter().map(word).collect::<Vec<_>>().join(separator)
}

fn word(word: &Intersection) -> String {
    word.0
        .iter()
        .map(part)
        .collect::<Vec<_>>()
        .join("; of these only ")
}

fn part(criterion: &Criterion) -> String {
    let mut text = subject(bare(criterion));
    if criterion.with_childrens_parents {
        text.push_str(", everything below and all that this stands on");
    }
    match (criterion.parents, criterion.children) {
        (Reach::Everywhere, Reach::Everywhere) => text.push_str(", everything above and below"),
        (Reach::Steps(up), Reach::Steps(down)) if up == down && up > 0 => {
            text.push_str(&[", ", &steps(up), " above and below"].concat());
        }
        (up, down) => {
            for (reach, side) in [(up, " above"), (down, " below")] {
                let how_far = match reach {
                    Reach::Nowhere | Reach::Steps(0) => continue,
                    Reach::Steps(count) => steps(count),
                    Reach::Everywhere => "everything".to_owned(),
                };
                text.push_str(&[", ", &how_far, side].concat());
            }
        }
    }
    text
}

fn steps(count: usize) -> String {
    if count == 1 {
        "1 step".to_owned()
    } else {
        format!("{count} steps")
    }
}

/// A method and its value. Rare methods are shown as they are written.
fn subject(bare: &str) -> String {
    let Some((method, value)) = bare
        .split_once(':')
        .and_then(|(name, value)| Some((Method::from_name(name)?, value)))
    else {
        return bare.to_owned();
    };
    match method {
        Method::Fqn => value.to_owned(),
        Method::Tag => format!("everything tagged {value}"),
        Method::ResourceType => format!("every {}", value.replace('_', " ")),
        Method::Path => format!("everything in {value}"),
        Method::Source | Method::Package | Method::Group | Method::File => {
            format!("{} {value}", method.name())
        }
        Method::Exposure | Method::Metric | Method::SemanticModel | Method::SavedQuery | Method::UnitTest => {
            format!("{} {value}", method.name().replace('_', " "))
        }
        _ => bare.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use crate::selector::parse;

    #[rstest]
    #[case("", "everything")]
    #[case("+fct_orders+1", "fct_orders, everything above, 1 step below")]
    #[case("+a+", "a, everything above and below")]
    #[case("1+a+1", "a, 1 step above and below")]
    #[case("3+a+0", "a, 3 steps above")]
    #[case("@a", "a, everything below and all that this stands on")]
    #[case("tag:nightly exposure:e", "everything tagged nightly; exposure e")]
    #[case(
        "a+,resource_type:semantic_model",
        "a, everything below; of these only every semantic model"
    )]
    #[case("config.materialized:view", "config.materialized:view")]
    #[case(
        "+a --exclude b tag:c",
        "a, everything above, without b and everything tagged c"
    )]
    #[case(
        "source:raw.orders path:models/marts",
        "source raw.orders; everything in models/marts"
    )]
    fn selectors_are_said_in_words(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(parse(text).unwrap().phrase(), expected);
    }
}
