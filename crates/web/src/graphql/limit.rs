//! What a query may cost.
//!
//! Three limits: how deep it is, how many selections it has once its fragments are put in, and how much it
//! may read (a page of `first` nodes counts `first` times). The first two are measured here, before anything
//! else looks at the query: fragments that name one another twice double at each step, and the rules that the
//! library checks would walk all of it.

use std::collections::HashMap;

use async_graphql::parser::types::{ExecutableDocument, Selection, SelectionSet};

/// How deep fields may be nested.
pub const DEEPEST: usize = 12;
/// How deep questions about the schema itself may be nested: the usual one of tools is 14 deep.
const DEEPEST_INTROSPECTION: usize = 24;
/// How many selections a query may have with its fragments put in.
pub const MOST_SELECTIONS: usize = 4_000;
/// How much a query may read: about one a field, times the size of its pages.
pub const MOST_COMPLEX: usize = 200_000;
/// How large a request may be, in bytes.
pub const LARGEST_BYTES: usize = 256 << 10;
/// How many nodes a page has when the query does not say.
pub const USUAL_PAGE: usize = 100;
/// How many nodes a page has at most.
pub const LARGEST_PAGE: usize = 500;
/// How many resources a lineage has when the query does not say.
pub const USUAL_LINEAGE: usize = 5_000;
/// How many resources a lineage has at most.
pub const LARGEST_LINEAGE: usize = 50_000;

/// How many levels of selections and fragments are followed at all. Deeper than any query within the limits,
/// and shallow enough for the stack.
const DEEPEST_WALK: usize = 64;

/// Why a query is not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Excess {
    /// It is nested too deep.
    Depth,
    /// It has too many selections.
    Size,
    /// One of its fragments contains itself.
    Cycle,
}

/// Measures a query, without its fragments' being walked more than once.
pub fn check(document: &ExecutableDocument) -> Result<(), Excess> {
    let mut measure = Measure {
        document,
        fragments: HashMap::new(),
    };
    // Fragments that nothing uses are checked too: the library's rules will walk them.
    for name in document.fragments.keys() {
        measure.fragment(name.as_str(), 0)?;
    }
    for (_, operation) in document.operations.iter() {
        let size = measure.selections(&operation.node.selection_set.node, 0)?;
        if size.depth > DEEPEST || size.introspection_depth > DEEPEST_INTROSPECTION {
            return Err(Excess::Depth);
        }
        if size.selections > MOST_SELECTIONS {
            return Err(Excess::Size);
        }
    }
    Ok(())
}

/// What a complexity is counted with for a page.
pub fn page_cost(first: Option<i32>, each: usize) -> usize {
    let first = first.and_then(|first| usize::try_from(first).ok());
    first
        .unwrap_or(USUAL_PAGE)
        .clamp(1, LARGEST_PAGE)
        .saturating_mul(each)
}

/// What a complexity is counted with for a refresh, which is read from the store and not from the catalog.
pub fn refresh_cost(each: usize) -> usize {
    each.saturating_add(50)
}

/// What a complexity is counted with for a comparison of two moments, which is read from the store whole.
pub fn diff_cost(each: usize) -> usize {
    each.saturating_mul(USUAL_PAGE).saturating_add(5_000)
}

/// What a complexity is counted with for a lineage, whose nodes are smaller.
pub fn lineage_cost(first: Option<i32>, each: usize) -> usize {
    let first = first.and_then(|first| usize::try_from(first).ok());
    let nodes = first.unwrap_or(USUAL_LINEAGE).clamp(10, LARGEST_LINEAGE);
    (nodes / 10).saturating_mul(each)
}

/// What a complexity is counted with for a list beside a node, of which nobody knows the length: neighbours,
/// columns, tests.
pub const fn list_cost(each: usize) -> usize {
    5_usize.saturating_mul(each)
}

#[derive(Debug, Clone, Copy, Default)]
struct Size {
    selections: usize,
    depth: usize,
    introspection_depth: usize,
    /// Levels of fields and fragments together.
    levels: usize,
}

enum Fragment {
    InWork,
    Measured(Size),
}

struct Measure<'a> {
    document: &'a ExecutableDocument,
    fragments: HashMap<&'a str, Fragment>,
}

impl<'a> Measure<'a> {
    fn selections(&mut self, set: &'a SelectionSet, level: usize) -> Result<Size, Excess> {
        if level > DEEPEST_WALK {
            return Err(Excess::Depth);
        }
        let mut total = Size::default();
        for selection in &set.items {
            let size = match &selection.node {
                Selection::Field(field) => {
                    let inner = self.selections(&field.node.selection_set.node, level + 1)?;
                    let name = field.node.name.node.as_str();
                    if name == "__schema" || name == "__type" {
                        Size {
                            depth: 1,
                            introspection_depth: inner.depth + 1,
                            ..inner
                        }
                    } else {
                        Size {
                            depth: inner.depth + 1,
                            ..inner
                        }
                    }
                }
                Selection::InlineFragment(fragment) => {
                    self.selections(&fragment.node.selection_set.node, level + 1)?
                }
                Selection::FragmentSpread(spread) => {
                    self.fragment(spread.node.fragment_name.node.as_str(), level + 1)?
                }
            };
            total = Size {
                selections: total.selections.saturating_add(size.selections).saturating_add(1),
                depth: total.depth.max(size.depth),
                introspection_depth: total.introspection_depth.max(size.introspection_depth),
                levels: total.levels.max(size.levels + 1),
            };
        }
        Ok(total)
    }

    /// A fragment that is not there has no size; that it is missing is for the library to say.
    fn fragment(&mut self, name: &str, level: usize) -> Result<Size, Excess> {
        let document = self.document;
        let Some((name, fragment)) = document.fragments.get_key_value(name) else {
            return Ok(Size::default());
        };
        match self.fragments.get(name.as_str()) {
            Some(Fragment::InWork) => return Err(Excess::Cycle),
            // The same answer as if it were walked again, in whichever order fragments come.
            Some(Fragment::Measured(size)) if level + size.levels > DEEPEST_WALK => {
                return Err(Excess::Depth);
            }
            Some(Fragment::Measured(size)) => return Ok(*size),
            None => {}
        }
        self.fragments.insert(name.as_str(), Fragment::InWork);
        let size = self.selections(&fragment.node.selection_set.node, level + 1)?;
        if size.selections > MOST_SELECTIONS {
            return Err(Excess::Size);
        }
        self.fragments.insert(name.as_str(), Fragment::Measured(size));
        Ok(size)
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use async_graphql::parser::parse_query;

    use super::*;

    fn checked(query: &str) -> Result<(), Excess> {
        check(&parse_query(query).unwrap())
    }

    #[test]
    fn depth_counts_fields_through_fragments() {
        let nested = |depth: usize| format!("{}a{}", "{a".repeat(depth - 1) + "{", "}".repeat(depth));
        assert_eq!(checked(&nested(DEEPEST)), Ok(()));
        assert_eq!(checked(&nested(DEEPEST + 1)), Err(Excess::Depth));
        let inner = nested(DEEPEST - 1);
        assert_eq!(checked(&format!("{{a{{...f}}}} fragment f on X {inner}")), Ok(()));
        assert_eq!(
            checked(&format!("{{a{{b{{... on X{{...f}}}}}}}} fragment f on X {inner}")),
            Err(Excess::Depth)
        );
    }

    #[test]
    fn fragments_that_double_are_found_without_walking_them() {
        let mut query = "{...f0}".to_owned();
        for number in 0..20 {
            let next = number + 1;
            write!(query, " fragment f{number} on Query {{...f{next} ...f{next}}}").unwrap();
        }
        query.push_str(" fragment f20 on Query {__typename}");
        assert_eq!(checked(&query), Err(Excess::Size));
        let unused = query.replacen("{...f0}", "{__typename}", 1);
        assert_eq!(checked(&unused), Err(Excess::Size));
    }

    #[test]
    fn cycles_and_long_chains_of_fragments_end() {
        assert_eq!(
            checked("{...a} fragment a on Query {...b} fragment b on Query {...a}"),
            Err(Excess::Cycle)
        );
        let mut chain = "{...f0}".to_owned();
        for number in 0..5_000 {
            write!(chain, " fragment f{number} on Query {{...f{}}}", number + 1).unwrap();
        }
        assert_eq!(checked(&chain), Err(Excess::Depth));
    }

    #[test]
    fn many_aliases_are_counted() {
        let mut aliases = String::new();
        for number in 0..=MOST_SELECTIONS {
            write!(aliases, "a{number}:__typename ").unwrap();
        }
        assert_eq!(checked(&format!("{{{aliases}}}")), Err(Excess::Size));
    }

    #[test]
    fn pages_cost_their_size_whatever_is_asked() {
        assert_eq!(page_cost(None, 3), 300);
        assert_eq!(page_cost(Some(-1), 3), 300);
        assert_eq!(page_cost(Some(0), 3), 3);
        assert_eq!(page_cost(Some(i32::MAX), 3), 1_500);
        assert_eq!(page_cost(Some(10), usize::MAX), usize::MAX);
        assert_eq!(lineage_cost(Some(1_000), 3), 300);
    }
}
