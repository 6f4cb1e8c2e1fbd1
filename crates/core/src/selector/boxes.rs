//! The two number boxes *up* and *down* beside a selector, for those who do not know its syntax.
//!
//! A selector of one part is a word between two depths: `2+fct_orders+` is `fct_orders`, two steps up and
//! everything down. The way there and back loses nothing.

use std::fmt;

use super::matching::find;
use super::parse::{Criterion, Reach, parse, split_leading_plus, split_trailing_plus};
use super::universe::Universe;
use crate::project::{Node, ResourceType};

/// How far to go in one direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Depth {
    /// This many steps; none for 0.
    Steps(usize),
    /// As far as it goes.
    All,
}

impl Depth {
    /// Reads a number or `all`.
    pub fn from_text(text: &str) -> Option<Self> {
        match text {
            "all" => Some(Self::All),
            _ => text.parse().ok().map(Self::Steps),
        }
    }
}

impl fmt::Display for Depth {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Steps(steps) => write!(formatter, "{steps}"),
            Self::All => formatter.write_str("all"),
        }
    }
}

/// A selector of one part, taken apart. `Display` puts it together again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Boxes {
    /// The part without its graph operators.
    pub word: String,
    /// How far up, to what it reads.
    pub up: Depth,
    /// How far down, to what reads it.
    pub down: Depth,
}

impl fmt::Display for Boxes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.up {
            Depth::Steps(0) => {}
            Depth::Steps(steps) => write!(formatter, "{steps}+")?,
            Depth::All => formatter.write_str("+")?,
        }
        formatter.write_str(&self.word)?;
        match self.down {
            Depth::Steps(0) => Ok(()),
            Depth::Steps(steps) => write!(formatter, "+{steps}"),
            Depth::All => formatter.write_str("+"),
        }
    }
}

/// Takes a selector apart; `None` for one of several parts, with an `@`, an exclusion or a mistake, and for one that
/// would mean something else when it is put together again, such as `0+1+x`.
pub fn boxes_of(text: &str) -> Option<Boxes> {
    let boxes = apart(text)?;
    (apart(&boxes.to_string()).as_ref() == Some(&boxes)).then_some(boxes)
}

fn apart(text: &str) -> Option<Boxes> {
    let selector = parse(text).ok()?;
    let [word] = selector.include.as_slice() else {
        return None;
    };
    let [criterion] = word.0.as_slice() else {
        return None;
    };
    if criterion.with_childrens_parents || !selector.exclude.is_empty() {
        return None;
    }
    Some(Boxes {
        word: bare(criterion).to_owned(),
        up: depth(criterion.parents),
        down: depth(criterion.children),
    })
}

/// The selector of one node with its surroundings.
pub fn selector_of(node: &Node, universe: &Universe<'_>, up: Depth, down: Depth) -> String {
    let word = word_of(node, universe);
    Boxes { word, up, down }.to_string()
}

/// The shortest word that selects the node alone. A name that the syntax has no way to write, such as one
/// with a blank, is given as it is.
fn word_of(node: &Node, universe: &Universe<'_>) -> String {
    let method = match node.resource_type {
        ResourceType::Source => {
            let source = node.source_name.as_deref().unwrap_or_default();
            let short = format!("source:{source}.{}", node.name);
            let long = format!("source:{}.{source}.{}", node.package, node.name);
            return first_unique([short, long], universe);
        }
        ResourceType::Exposure => "exposure",
        ResourceType::Metric => "metric",
        ResourceType::SemanticModel => "semantic_model",
        ResourceType::SavedQuery => "saved_query",
        ResourceType::UnitTest => "unit_test",
        _ => {
            let name = match &node.version {
                Some(version) => format!("{}.v{version}", node.name),
                None => node.name.clone(),
            };
            return first_unique([name, node.fqn.join(".")], universe);
        }
    };
    let short = format!("{method}:{}", node.name);
    let long = format!("{method}:{}.{}", node.package, node.name);
    first_unique([short, long], universe)
}

/// The first word that finds one node only, else the last.
fn first_unique(words: [String; 2], universe: &Universe<'_>) -> String {
    let [short, long] = words;
    let is_unique = parse(&short).ok().is_some_and(|selector| {
        let found = selector.include.first().and_then(|word| word.0.first());
        let found = found.and_then(|criterion| find(&criterion.condition, universe).ok());
        found.is_some_and(|found| found.len() == 1)
    });
    if is_unique || long.is_empty() { short } else { long }
}

/// A part as it was written, without its graph operators.
pub(super) fn bare(criterion: &Criterion) -> &str {
    let part = criterion.place.part.as_str();
    let (_, rest) = split_leading_plus(part.strip_prefix('@').unwrap_or(part));
    split_trailing_plus(rest).1
}

fn depth(reach: Reach) -> Depth {
    match reach {
        Reach::Nowhere => Depth::Steps(0),
        Reach::Steps(steps) => Depth::Steps(steps),
        Reach::Everywhere => Depth::All,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;
    use crate::id::NodeId;

    #[rstest]
    #[case("2+fct_orders+", "fct_orders", Depth::Steps(2), Depth::All)]
    #[case("+tag:nightly+1", "tag:nightly", Depth::All, Depth::Steps(1))]
    #[case("x", "x", Depth::Steps(0), Depth::Steps(0))]
    #[case(
        "config.strategy:delete+insert",
        "config.strategy:delete+insert",
        Depth::Steps(0),
        Depth::Steps(0)
    )]
    fn a_part_is_taken_apart_and_put_together(
        #[case] text: &str,
        #[case] word: &str,
        #[case] up: Depth,
        #[case] down: Depth,
    ) {
        let boxes = boxes_of(text).unwrap();
        assert_eq!((boxes.word.as_str(), boxes.up, boxes.down), (word, up, down));
        assert_eq!(boxes.to_string(), text);
    }

    #[rstest]
    #[case("a b")]
    #[case("a,b")]
    #[case("@a")]
    #[case("a --exclude b")]
    #[case("")]
    #[case("tagg:a")]
    #[case("0+")]
    #[case("0+1+x")]
    #[case("0+@x")]
    fn other_selectors_have_no_boxes(#[case] text: &str) {
        assert_eq!(boxes_of(text), None);
    }

    #[test]
    fn a_node_is_named_as_shortly_as_it_is_alone() {
        let node = |id: &str, kind, name: &str, fqn: &[&str]| Node {
            unique_id: NodeId::from(id),
            resource_type: kind,
            name: name.to_owned(),
            package: "shop".to_owned(),
            source_name: (kind == ResourceType::Source).then(|| "raw".to_owned()),
            fqn: fqn.iter().map(|&part| part.to_owned()).collect(),
            ..Node::default()
        };
        let nodes = [
            node("model.shop.a", ResourceType::Model, "a", &["shop", "marts", "a"]),
            node(
                "model.shop.marts",
                ResourceType::Model,
                "marts",
                &["shop", "other", "marts"],
            ),
            node(
                "source.shop.raw.a",
                ResourceType::Source,
                "a",
                &["shop", "raw", "a"],
            ),
            node("exposure.shop.e", ResourceType::Exposure, "e", &["shop", "e"]),
        ];
        let universe = Universe::new([], &nodes);
        let word = |at: usize| selector_of(&nodes[at], &universe, Depth::All, Depth::Steps(1));
        assert_eq!(word(0), "+a+1");
        // The folder `marts` would be found too.
        assert_eq!(word(1), "+shop.other.marts+1");
        assert_eq!(word(2), "+source:raw.a+1");
        assert_eq!(word(3), "+exposure:e+1");
    }

    proptest! {
        #[test]
        fn what_was_taken_apart_means_the_same_again(text in "[0-9]{0,2}\\+?[a-z.:*]{1,8}\\+?[0-9]{0,2}") {
            if let Some(boxes) = boxes_of(&text) {
                prop_assert_eq!(boxes_of(&boxes.to_string()), Some(boxes));
            }
        }
    }
}
